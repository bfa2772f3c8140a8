//! What failed, gathered into findings of the host: one for each policy, rule and kind of failure, so that a policy that fails
//! at every record is reported once, with their number; one for each policy that was quarantined.
//!
//! A scan tells all of them at its end. A running host has no end: it tells of a group at its first failure and whenever it has
//! grown tenfold, always with the whole number so far.

use std::collections::BTreeMap;

use policy_contract::name::Name;

use super::judge::Failure;
use super::quarantine::Verdict;
use crate::engine::FailureKind;
use crate::finding::{HostFinding, HostRule, RelatedEvents, Subject};

/// Failures and quarantines so far.
#[derive(Default)]
pub struct Failures {
    groups: BTreeMap<(Name, Option<Name>, FailureKind), FailureGroup>,
    quarantines: BTreeMap<Name, Quarantine>,
}

struct FailureGroup {
    so_far: SoFar,
    first: String,
}

struct Quarantine {
    verdict: Verdict,
    /// The events of the tasks that were withheld.
    withheld: SoFar,
}

impl Quarantine {
    fn finding(&self, policy: &Name, journaled: bool) -> HostFinding {
        let Self { verdict, withheld } = self;
        let next = if journaled {
            "mend the policy, then run `trailwarden catch-up`"
        } else {
            "mend the policy and judge these records again; with --journal, `trailwarden catch-up` would do so"
        };
        let reason = format!("{policy} {verdict}; {} tasks were withheld from it: {next}", withheld.count);
        let subject = Subject { policy: Some(policy.to_string()), failure: Some(verdict.as_str()), ..Subject::default() };
        let finding = HostFinding::once(HostRule::PolicyQuarantined, subject, reason);
        HostFinding { count: withheld.count.max(1), events: withheld.events.clone(), ..finding }
    }
}

/// Events, and of how many of them somebody was told.
#[derive(Default)]
struct SoFar {
    events: RelatedEvents,
    count: u64,
    told: Option<u64>,
}

impl SoFar {
    fn add(&mut self, event_key: Option<&str>) {
        self.count += 1;
        if let Some(event_key) = event_key {
            self.events.add(event_key);
        }
    }

    /// Whether it is new, or has grown tenfold since it was told.
    fn is_due(&self) -> bool {
        self.told.is_none_or(|told| self.count >= told.max(1).saturating_mul(10))
    }

    fn has_grown(&self) -> bool {
        self.told.is_none_or(|told| self.count > told)
    }
}

impl Failures {
    /// Adds a failure to its group.
    pub fn add(&mut self, failure: Failure) {
        let Failure { policy, rule, kind, reason, record } = failure;
        let place = record.as_ref().map(|record| format!(" (first at byte {} of {})", record.offset, record.object));
        let group = self
            .groups
            .entry((policy, rule, kind))
            .or_insert_with(|| FailureGroup { so_far: SoFar::default(), first: reason + &place.unwrap_or_default() });
        group.so_far.add(record.as_ref().map(|record| &*record.event_key));
    }

    /// A policy is quarantined.
    pub fn quarantine(&mut self, policy: Name, verdict: Verdict) {
        self.quarantines.insert(policy, Quarantine { verdict, withheld: SoFar::default() });
    }

    /// A task was withheld from a quarantined policy.
    pub fn withhold(&mut self, policy: &Name, event_key: &str) {
        if let Some(quarantine) = self.quarantines.get_mut(policy) {
            quarantine.withheld.add(Some(event_key));
        }
    }

    /// A policy is not quarantined any more: another version has taken its place. Returns the finding where more was withheld
    /// since it was told. `journaled` is whether what was withheld was written down.
    pub fn release(&mut self, policy: &Name, journaled: bool) -> Option<HostFinding> {
        let quarantine = self.quarantines.remove(policy)?;
        quarantine.withheld.has_grown().then(|| quarantine.finding(policy, journaled))
    }

    /// The findings that are new or have grown tenfold. `journaled` is whether what failed was written down.
    pub fn due(&mut self, journaled: bool) -> Vec<HostFinding> {
        self.findings(journaled, SoFar::is_due)
    }

    /// The findings that are new or have grown at all. `journaled` is whether what failed was written down.
    pub fn rest(&mut self, journaled: bool) -> Vec<HostFinding> {
        self.findings(journaled, SoFar::has_grown)
    }

    fn findings(&mut self, journaled: bool, is_wanted: impl Fn(&SoFar) -> bool) -> Vec<HostFinding> {
        let mut findings = Vec::new();
        for ((policy, rule, kind), FailureGroup { so_far, first }) in &mut self.groups {
            if !is_wanted(so_far) {
                continue;
            }
            so_far.told = Some(so_far.count);
            let subject = Subject {
                policy: Some(policy.to_string()),
                rule: rule.clone(),
                failure: Some(kind.as_str()),
                ..Subject::default()
            };
            let finding = HostFinding::once(HostRule::PolicyFailed, subject, first.clone());
            findings.push(HostFinding { count: so_far.count, events: so_far.events.clone(), ..finding });
        }
        for (policy, quarantine) in &mut self.quarantines {
            if !is_wanted(&quarantine.withheld) {
                continue;
            }
            quarantine.withheld.told = Some(quarantine.withheld.count);
            findings.push(quarantine.finding(policy, journaled));
        }
        findings
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure() -> Failure {
        Failure { policy: "p".parse().unwrap(), rule: None, kind: FailureKind::Trap, reason: "it trapped".into(), record: None }
    }

    #[test]
    fn a_group_is_told_at_first_and_whenever_it_has_grown_tenfold_and_at_the_end() {
        let mut failures = Failures::default();
        let mut told = Vec::new();
        for _ in 0..1_234 {
            failures.add(failure());
            told.extend(failures.due(true).iter().map(|finding| finding.count));
        }
        assert_eq!(told, [1, 10, 100, 1_000]);
        assert_eq!(failures.rest(true).iter().map(|finding| finding.count).collect::<Vec<_>>(), [1_234]);
        assert!(failures.rest(true).is_empty());
    }

    #[test]
    fn a_quarantine_is_told_until_another_version_ends_it() {
        let (mut failures, name): (_, Name) = (Failures::default(), "p".parse().unwrap());
        failures.quarantine(name.clone(), Verdict::CannotStart { reason: "can't start".into() });
        assert_eq!(failures.due(true).len(), 1);
        failures.withhold(&name, "event");
        let [finding] = &failures.rest(true)[..] else { panic!("one finding") };
        assert!(finding.reason.contains("1 tasks were withheld"), "{}", finding.reason);
        failures.withhold(&name, "another");
        let finding = failures.release(&name, true).unwrap();
        assert_eq!(finding.count, 2);
        failures.withhold(&name, "event");
        assert!(failures.rest(true).is_empty());
    }
}
