//! Ids of findings: the same cause has the same id for ever, on every host, whatever the order of arrival.
//!
//! An id is the first half of a SHA-256 over the parts that name the cause. Every part is preceded by its length, so that no
//! two lists of parts give the same bytes, and every kind of cause begins with a word of its own. What is hashed must never
//! change: sinks, ledgers and tickets know findings by these ids.

use std::fmt;

use policy_contract::name::Name;
use sha2::{Digest as _, Sha256};

use super::host::{HostRule, Subject};

/// The id of a finding: 128 bits, written as 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FindingId([u8; 16]);

impl FindingId {
    /// The id of what a rule found in one record. `finding_key` tells several findings of one rule on one record apart.
    pub fn of_record(policy: &Name, rule: &Name, event_key: &str, finding_key: &str) -> Self {
        let mut cause = Cause::new("trailwarden finding 1");
        cause.part(policy.as_str()).part(rule.as_str()).part(event_key).part(finding_key);
        cause.id()
    }

    /// The id of what a correlation found in a group of signals. `bucket` is the number of the cell in the grid of time, as
    /// counted from 1970 (UTC) in lengths of the grid.
    pub fn of_group(policy: &Name, correlation: &Name, key: &str, bucket: i64) -> Self {
        let mut cause = Cause::new("trailwarden group 1");
        cause.part(policy.as_str()).part(correlation.as_str()).part(key).part(&bucket.to_string());
        cause.id()
    }

    /// The id of what the host says about itself: one for each rule and subject, however often it happens.
    pub fn of_host(rule: HostRule, subject: &Subject) -> Self {
        let mut cause = Cause::new("trailwarden host finding 1");
        cause.part(rule.id());
        cause.optional(subject.policy.as_deref()).optional(subject.rule.as_ref().map(Name::as_str));
        cause.optional(subject.object.as_deref()).optional(subject.offset.map(|offset| offset.to_string()).as_deref());
        cause.optional(subject.failure).optional(subject.account.as_deref()).optional(subject.region.as_deref());
        // Where there is none, the parts are those from before there were exceptions.
        if let Some(exception) = &subject.exception {
            cause.part("exception").part(exception.as_str());
        }
        cause.id()
    }
}

/// A text that is no finding's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id has 32 hexadecimal digits in lower case")]
pub struct NotAFindingId;

impl std::str::FromStr for FindingId {
    type Err = NotAFindingId;

    fn from_str(text: &str) -> Result<Self, NotAFindingId> {
        let digits = text.as_bytes();
        let digit = |at: usize| match digits.get(at)? {
            digit @ b'0'..=b'9' => Some(digit - b'0'),
            digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
            _ => None,
        };
        let mut id = [0; 16];
        for (at, byte) in id.iter_mut().enumerate() {
            *byte = digit(2 * at).zip(digit(2 * at + 1)).map(|(high, low)| high << 4 | low).ok_or(NotAFindingId)?;
        }
        if digits.len() == 32 { Ok(Self(id)) } else { Err(NotAFindingId) }
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The parts of a cause, hashed as they come.
struct Cause(Sha256);

impl Cause {
    fn new(domain: &str) -> Self {
        let mut cause = Self(Sha256::new());
        cause.part(domain);
        cause
    }

    fn part(&mut self, text: &str) -> &mut Self {
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text.as_bytes());
        self
    }

    /// An absent part differs from an empty one.
    fn optional(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.part("some").part(text),
            None => self.part("none"),
        }
    }

    fn id(self) -> FindingId {
        let whole: [u8; 32] = self.0.finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&whole[..16]);
        FindingId(half)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> Name {
        text.parse().unwrap()
    }

    #[test]
    fn ids_never_change() {
        let (policy, rule) = (name("storage"), name("bucket-policy-put"));
        let of_record = FindingId::of_record(&policy, &rule, "6b6d6f2e-2f0b-4b6e-9d0f-3f7f2e1c8a55", "");
        assert_eq!(of_record.to_string(), "e81acb443357d2d7f250e50ef1c20463");
        assert_eq!("e81acb443357d2d7f250e50ef1c20463".parse(), Ok(of_record));
        for other in
            ["e81acb443357d2d7f250e50ef1c2046", "e81acb443357d2d7f250e50ef1c204633", "E81acb443357d2d7f250e50ef1c20463", ""]
        {
            assert_eq!(other.parse::<FindingId>(), Err(NotAFindingId));
        }
        let of_group = FindingId::of_group(&policy, &rule, "111122223333", 19_888);
        assert_eq!(of_group.to_string(), "3f8b67b10c4ade32d0d68a071a1a3dbe");
        let subject = Subject { policy: Some("storage".into()), failure: Some("trap"), ..Subject::default() };
        assert_eq!(FindingId::of_host(HostRule::PolicyFailed, &subject).to_string(), "06efe680a982b3043f506f1527518be4");
    }

    #[test]
    fn every_part_of_the_subject_counts_and_absent_is_not_empty() {
        let text = |text: &str| Some(text.to_owned());
        let subjects = [
            Subject::default(),
            Subject { policy: text(""), ..Subject::default() },
            Subject { policy: text("a"), ..Subject::default() },
            Subject { rule: Some(name("a")), ..Subject::default() },
            Subject { exception: Some(name("a")), ..Subject::default() },
            Subject { object: text("a"), ..Subject::default() },
            Subject { offset: Some(0), ..Subject::default() },
            Subject { failure: Some("a"), ..Subject::default() },
            Subject { account: text("a"), ..Subject::default() },
            Subject { region: text("a"), ..Subject::default() },
        ];
        let ids: std::collections::BTreeSet<_> =
            subjects.iter().map(|subject| FindingId::of_host(HostRule::Silence, subject)).collect();
        assert_eq!(ids.len(), subjects.len());
    }

    proptest! {
        #[test]
        fn moving_a_character_from_one_part_to_the_next_gives_another_id(text in "[a-z]{2,20}", at in 1usize..19) {
            let at = at.min(text.len() - 1);
            let (policy, rule) = (name("p"), name("r"));
            let cut = FindingId::of_record(&policy, &rule, &text[..at], &text[at..]);
            let uncut = FindingId::of_record(&policy, &rule, &text, "");
            prop_assert_ne!(cut, uncut);
        }
    }
}
