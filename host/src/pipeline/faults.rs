//! What can't be read, as findings of the host: the first faults of an object one by one, the others as a number.

use std::sync::Arc;

use indicatif::HumanCount;

use super::chunk::Unreadable;
use crate::finding::{HostFinding, HostRule, Subject};
use crate::limits::FAULTS_REPORTED;

/// The faults of one object after the other.
#[derive(Debug, Default)]
pub struct Faults {
    /// The object that last had a fault, and how many it has had.
    last: Option<(Arc<str>, u64)>,
}

impl Faults {
    /// Takes a fault. Returns what is to be reported by now.
    pub fn add(&mut self, fault: Unreadable) -> Vec<HostFinding> {
        let Unreadable { object, offset, reason, is_one_record } = fault;
        let (rest, has_had) = match &mut self.last {
            Some((last, count)) if *last == object => {
                *count += 1;
                (None, *count)
            }
            _ => {
                let rest = self.rest();
                self.last = Some((Arc::clone(&object), 1));
                (rest, 1)
            }
        };
        if has_had > FAULTS_REPORTED {
            return Vec::new();
        }
        let rule = if is_one_record { HostRule::RecordUnreadable } else { HostRule::ObjectUnreadable };
        let subject = Subject { object: Some(object.to_string()), offset, ..Subject::default() };
        rest.into_iter().chain([HostFinding::once(rule, subject, reason)]).collect()
    }

    /// How many faults of the last object were not reported one by one.
    pub fn rest(&mut self) -> Option<HostFinding> {
        let (object, count) = self.last.take().filter(|(_, count)| *count > FAULTS_REPORTED)?;
        let others = count - FAULTS_REPORTED;
        let subject = Subject { object: Some(object.to_string()), ..Subject::default() };
        let reason =
            format!("{} more places can't be read, after the {FAULTS_REPORTED} that are reported one by one", HumanCount(others));
        Some(HostFinding { count: others, ..HostFinding::once(HostRule::ObjectUnreadable, subject, reason) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_are_told_one_by_one_and_the_others_as_a_number() {
        let mut faults = Faults::default();
        let fault = |object: &str, offset| Unreadable {
            object: object.into(),
            offset: Some(offset),
            reason: "not json".into(),
            is_one_record: true,
        };
        let told: usize = (0..FAULTS_REPORTED + 5).map(|offset| faults.add(fault("a", offset)).len()).sum();
        assert_eq!(told as u64, FAULTS_REPORTED);
        let next = faults.add(fault("b", 0));
        assert_eq!(next.iter().map(|finding| finding.count).collect::<Vec<_>>(), [5, 1]);
        assert_eq!(faults.rest(), None);
    }
}
