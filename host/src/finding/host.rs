//! What the host says about itself: a closed set of rules of its own, reported like any other finding, so that what goes
//! wrong with the watch is seen where the alarms are seen.

use std::collections::BTreeSet;

use jiff::Timestamp;
use policy_contract::name::Name;
use policy_contract::severity::Severity;

use super::id::FindingId;
use crate::limits::LISTED_EVENTS;

/// The rules by which the host reports on itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HostRule {
    /// A policy's rule could not judge a record.
    PolicyFailed,
    /// A policy, or a new version of one, was not loaded.
    PolicyRefused,
    /// A new version of the configuration was not taken.
    ConfigurationRefused,
    /// An exception has expired and suppresses nothing any more.
    ExceptionExpired,
    /// A policy was switched off because it can't start or fails on many unlike records.
    PolicyQuarantined,
    /// The journal of failed tasks has no room.
    JournalFull,
    /// A record that a policy failed at is no longer where it was.
    RecordMissing,
    /// A record inside an object could not be read.
    RecordUnreadable,
    /// An object, or the rest of one, could not be read.
    ObjectUnreadable,
    /// An object was announced and is not there.
    ObjectMissing,
    /// A message from the queue has no known shape.
    MessageUnreadable,
    /// Records went in that nothing accounts for.
    CountsDisagree,
    /// An account or region that used to send objects has sent none for longer than set.
    Silence,
}

impl HostRule {
    /// Every rule of the host.
    pub const ALL: [Self; 13] = [
        Self::PolicyFailed,
        Self::PolicyRefused,
        Self::ConfigurationRefused,
        Self::ExceptionExpired,
        Self::PolicyQuarantined,
        Self::JournalFull,
        Self::RecordMissing,
        Self::RecordUnreadable,
        Self::ObjectUnreadable,
        Self::ObjectMissing,
        Self::MessageUnreadable,
        Self::CountsDisagree,
        Self::Silence,
    ];

    /// The rule's id, as in `finding_info.analytic.uid`. Part of finding ids: it never changes.
    pub fn id(self) -> &'static str {
        match self {
            Self::PolicyFailed => "policy-failed",
            Self::PolicyRefused => "policy-refused",
            Self::ConfigurationRefused => "configuration-refused",
            Self::ExceptionExpired => "exception-expired",
            Self::PolicyQuarantined => "policy-quarantined",
            Self::JournalFull => "journal-full",
            Self::RecordMissing => "record-missing",
            Self::RecordUnreadable => "record-unreadable",
            Self::ObjectUnreadable => "object-unreadable",
            Self::ObjectMissing => "object-missing",
            Self::MessageUnreadable => "message-unreadable",
            Self::CountsDisagree => "counts-disagree",
            Self::Silence => "silence",
        }
    }

    /// The rule's headline.
    pub fn title(self) -> &'static str {
        match self {
            Self::PolicyFailed => "A policy failed",
            Self::PolicyRefused => "A policy was refused",
            Self::ConfigurationRefused => "A configuration was refused",
            Self::ExceptionExpired => "An exception has expired",
            Self::PolicyQuarantined => "A policy was quarantined",
            Self::JournalFull => "The journal of failed tasks is full",
            Self::RecordMissing => "A record that a policy failed at is gone",
            Self::RecordUnreadable => "A record could not be read",
            Self::ObjectUnreadable => "An object could not be read",
            Self::ObjectMissing => "An object is missing",
            Self::MessageUnreadable => "A message could not be understood",
            Self::CountsDisagree => "Records are not accounted for",
            Self::Silence => "A source has gone silent",
        }
    }

    /// What it means for the watch, for the person who has to act.
    pub fn description(self) -> &'static str {
        match self {
            Self::PolicyFailed => "A rule gave no answer for some records, so it would have missed what they show.",
            Self::PolicyRefused => "The file was not loaded; the last good version, where there is one, stays in force.",
            Self::ConfigurationRefused => "The configuration or a context table can't be used; the last good one stays in force.",
            Self::ExceptionExpired => {
                "What it suppressed is delivered again; it stays in the configuration until somebody removes it."
            }
            Self::PolicyQuarantined => "The policy can't start or fails on many unlike records, and judges none from here on.",
            Self::JournalFull => "Tasks that failed or were withheld were not written down, so nothing will catch them up.",
            Self::RecordMissing => "Its object is gone or holds something else there, so the failed task can't be caught up.",
            Self::RecordUnreadable => "The record was judged by no policy; the other records of its object were.",
            Self::ObjectUnreadable => "Records before the fault were judged, what comes after it was not.",
            Self::ObjectMissing => "An announced object is not in its bucket, which may be tampering with the trail.",
            Self::MessageUnreadable => "The message names no object that can be read, so nothing of it was judged.",
            Self::CountsDisagree => "The sum of judged, unselected, duplicate and unreadable records is not the number read.",
            Self::Silence => "No object has arrived from there for longer than set: the trail may have been stopped.",
        }
    }

    /// Whether it is about one object, which has it whenever it is read.
    pub fn is_about_an_object(self) -> bool {
        matches!(self, Self::RecordUnreadable | Self::ObjectUnreadable | Self::ObjectMissing)
    }

    /// How much it matters: what blinds the whole watch is critical, what blinds a part of it is high, what only makes noise is
    /// low.
    pub fn severity(self) -> Severity {
        match self {
            Self::PolicyQuarantined | Self::CountsDisagree => Severity::Critical,
            Self::PolicyFailed
            | Self::PolicyRefused
            | Self::ConfigurationRefused
            | Self::JournalFull
            | Self::RecordMissing
            | Self::ObjectUnreadable
            | Self::ObjectMissing
            | Self::Silence => Severity::High,
            Self::RecordUnreadable | Self::MessageUnreadable => Severity::Medium,
            Self::ExceptionExpired => Severity::Low,
        }
    }
}

/// What a host finding is about. Together with the rule these fields are its identity, so they hold nothing that changes
/// when the same thing happens again: no counts, no times, no free text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The policy's name, or the name of its file where the name could not be read.
    pub policy: Option<String>,
    /// The rule of that policy.
    pub rule: Option<Name>,
    /// The exception of that policy, or of that rule.
    pub exception: Option<Name>,
    /// The name of the object: a path, an S3 URL, `-` for standard input.
    pub object: Option<String>,
    /// Where in the object, in bytes of its decompressed content.
    pub offset: Option<u64>,
    /// The stable word for the kind of failure, as the stage that reports it defines it.
    pub failure: Option<&'static str>,
    /// The account concerned.
    pub account: Option<String>,
    /// The region concerned.
    pub region: Option<String>,
}

/// A finding of the host about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostFinding {
    /// What has happened.
    pub rule: HostRule,
    /// To what.
    pub subject: Subject,
    /// Why, in a sentence, with what to do next.
    pub reason: String,
    /// When: the time of the record concerned, where there is one.
    pub time: Option<Timestamp>,
    /// How often it has happened.
    pub count: u64,
    /// The events concerned.
    pub events: RelatedEvents,
}

impl HostFinding {
    /// A finding of what has happened once.
    pub fn once(rule: HostRule, subject: Subject, reason: String) -> Self {
        Self { rule, subject, reason, time: None, count: 1, events: RelatedEvents::default() }
    }

    /// The finding's id, the same whenever the same thing happens again.
    pub fn id(&self) -> FindingId {
        FindingId::of_host(self.rule, &self.subject)
    }
}

/// The keys of the events that a finding is about: a bounded list and the true number.
///
/// Of more than [`RelatedEvents::CAP`] events those with the least keys are listed, so that the list does not depend on the
/// order in which workers met them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RelatedEvents {
    listed: BTreeSet<String>,
    count: u64,
}

impl RelatedEvents {
    /// How many events are listed at most.
    pub const CAP: usize = LISTED_EVENTS;

    /// Adds an event. It counts each time that it is added.
    pub fn add(&mut self, event_key: impl Into<String>) {
        self.count += 1;
        self.list(event_key.into());
    }

    /// Adds all events of another list.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        other.listed.into_iter().for_each(|event_key| self.list(event_key));
    }

    /// The listed event keys, in order.
    pub fn listed(&self) -> impl ExactSizeIterator<Item = &str> {
        self.listed.iter().map(String::as_str)
    }

    /// How many events were added, listed or not.
    pub fn count(&self) -> u64 {
        self.count
    }

    fn list(&mut self, event_key: String) {
        self.listed.insert(event_key);
        if self.listed.len() > Self::CAP {
            self.listed.pop_last();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_host_rules_are_names_and_stand_once() {
        let ids: BTreeSet<Name> = HostRule::ALL.into_iter().map(|rule| rule.id().parse().unwrap()).collect();
        assert_eq!(ids.len(), HostRule::ALL.len());
    }

    #[test]
    fn the_same_thing_happening_again_has_the_same_id() {
        let mut finding = HostFinding {
            rule: HostRule::PolicyFailed,
            subject: Subject { policy: Some("storage".into()), ..Subject::default() },
            reason: "it trapped".into(),
            time: None,
            count: 1,
            events: RelatedEvents::default(),
        };
        let before = finding.id();
        finding.count = 2;
        finding.reason = "it trapped again".into();
        finding.events.add("e");
        assert_eq!(finding.id(), before);
        finding.rule = HostRule::PolicyRefused;
        assert_ne!(finding.id(), before);
    }

    #[test]
    fn related_events_are_capped_and_counted_whatever_the_order() {
        let keys: Vec<String> = (0..250).map(|number| format!("event-{number:03}")).collect();
        let mut forward = RelatedEvents::default();
        keys.iter().for_each(|key| forward.add(key));
        let (mut backward, mut other) = (RelatedEvents::default(), RelatedEvents::default());
        keys[..120].iter().rev().for_each(|key| backward.add(key));
        keys[120..].iter().for_each(|key| other.add(key));
        other.merge(backward);
        assert_eq!(forward, other);
        assert_eq!(forward.count(), 250);
        assert!(forward.listed().eq(keys[..RelatedEvents::CAP].iter().map(String::as_str)));
    }
}
