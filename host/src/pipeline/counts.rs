//! What became of tasks, rule by rule.

use std::ops::AddAssign;
use std::time::Duration;

use policy_contract::manifest::Mode;
use policy_contract::severity::Severity;

use crate::finding::Finding;

/// What became of one rule's tasks in a chunk, and what it found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleCounts {
    /// Records that the rule was to look at.
    pub tasks: u64,
    /// Of the tasks: those that failed.
    pub failed: u64,
    /// Of the tasks: those that were not given to the policy, because it is quarantined.
    pub withheld: u64,
    /// Findings while the rule was at work; without those that an exception suppressed, as is the next.
    pub enforced: FoundCounts,
    /// Findings while it was in the shadow.
    pub shadowed: FoundCounts,
    /// Findings that an exception suppressed.
    pub suppressed: u64,
}

impl RuleCounts {
    /// Of the tasks: those that were answered, by a finding or by silence.
    pub fn answered(&self) -> u64 {
        self.tasks.saturating_sub(self.failed + self.withheld)
    }

    /// Counts a finding of the rule.
    pub(super) fn found(&mut self, finding: &Finding) {
        if finding.suppression.is_some() {
            self.suppressed += 1;
        } else if finding.mode == Mode::Shadow {
            self.shadowed.count(finding.severity);
        } else {
            self.enforced.count(finding.severity);
        }
    }
}

/// Findings by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FoundCounts([u64; Severity::ALL.len()]);

impl FoundCounts {
    /// Counts a finding.
    pub fn count(&mut self, severity: Severity) {
        for (number, of) in self.0.iter_mut().zip(Severity::ALL) {
            *number += u64::from(of == severity);
        }
    }

    /// Each severity with its findings.
    pub fn iter(&self) -> impl Iterator<Item = (Severity, u64)> {
        Severity::ALL.into_iter().zip(self.0)
    }

    /// All of them.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

impl AddAssign for FoundCounts {
    fn add_assign(&mut self, other: Self) {
        self.0.iter_mut().zip(other.0).for_each(|(number, more)| *number += more);
    }
}

/// What it cost to have one batch judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call {
    /// Records of the batch.
    pub records: u32,
    /// CPU time, repeats and new instances included.
    pub cpu: Duration,
}

/// The counts of a rule; made where there are none yet.
pub(super) fn of_rule(by_rule: &mut Vec<RuleCounts>, rule: usize) -> &mut RuleCounts {
    if by_rule.len() <= rule {
        by_rule.resize(rule + 1, RuleCounts::default());
    }
    &mut by_rule[rule]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_under_their_severity() {
        let mut found = FoundCounts::default();
        for severity in [Severity::High, Severity::Low, Severity::High] {
            found.count(severity);
        }
        found += found;
        let seen: Vec<_> = found.iter().filter(|(_, number)| *number > 0).collect();
        assert_eq!((seen, found.total()), (vec![(Severity::Low, 2), (Severity::High, 4)], 6));
    }
}
