//! What failed, gathered into findings of the host: one for each policy, rule and kind of failure, so that a policy that fails
//! at every record is reported once, with their number; one for each policy that was quarantined.

use std::collections::BTreeMap;

use policy_contract::name::Name;

use crate::engine::FailureKind;
use crate::finding::{HostFinding, HostRule, RelatedEvents, Subject};
use crate::pipeline::{Failure, Verdict};

/// A finding of the host that has happened once.
pub(super) fn host_finding(rule: HostRule, subject: Subject, reason: String) -> HostFinding {
    HostFinding { rule, subject, reason, time: None, count: 1, events: RelatedEvents::default() }
}

/// Failures and quarantines so far.
#[derive(Default)]
pub(super) struct Failures {
    groups: BTreeMap<(Name, Option<Name>, FailureKind), FailureGroup>,
    quarantines: BTreeMap<Name, Quarantine>,
}

struct FailureGroup {
    count: u64,
    events: RelatedEvents,
    first: String,
}

struct Quarantine {
    verdict: Verdict,
    /// The events of the tasks that were withheld.
    withheld: RelatedEvents,
}

impl Failures {
    pub(super) fn add(&mut self, failure: Failure) {
        let Failure { policy, rule, kind, reason, record } = failure;
        let place = record.as_ref().map(|record| format!(" (first at byte {} of {})", record.offset, record.object));
        let group = self.groups.entry((policy, rule, kind)).or_insert_with(|| FailureGroup {
            count: 0,
            events: RelatedEvents::default(),
            first: reason + &place.unwrap_or_default(),
        });
        group.count += 1;
        if let Some(record) = record {
            group.events.add(record.event_key);
        }
    }

    /// A policy is quarantined.
    pub(super) fn quarantine(&mut self, policy: Name, verdict: Verdict) {
        self.quarantines.insert(policy, Quarantine { verdict, withheld: RelatedEvents::default() });
    }

    /// A task was withheld from a quarantined policy.
    pub(super) fn withhold(&mut self, policy: &Name, event_key: &str) {
        if let Some(quarantine) = self.quarantines.get_mut(policy) {
            quarantine.withheld.add(event_key);
        }
    }

    /// All findings. `journaled` is whether what failed was written down.
    pub(super) fn into_findings(self, journaled: bool) -> impl Iterator<Item = HostFinding> {
        let failed = self.groups.into_iter().map(|((policy, rule, kind), group)| {
            let subject = Subject { policy: Some(policy.to_string()), rule, failure: Some(kind.as_str()), ..Subject::default() };
            let finding = host_finding(HostRule::PolicyFailed, subject, group.first);
            HostFinding { count: group.count, events: group.events, ..finding }
        });
        let quarantined = self.quarantines.into_iter().map(move |(policy, quarantine)| {
            let Quarantine { verdict, withheld } = quarantine;
            let next = if journaled {
                "mend the policy, then run `trailwarden catch-up`"
            } else {
                "mend the policy and judge these records again; with --journal, `trailwarden catch-up` would do so"
            };
            let reason = format!("{policy} {verdict}; {} tasks were withheld from it: {next}", withheld.count());
            let subject = Subject { policy: Some(policy.to_string()), failure: Some(verdict.as_str()), ..Subject::default() };
            let finding = host_finding(HostRule::PolicyQuarantined, subject, reason);
            HostFinding { count: withheld.count().max(1), events: withheld, ..finding }
        });
        failed.chain(quarantined)
    }
}
