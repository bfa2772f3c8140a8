//! What was found, its identity, and its two forms: a line of OCSF for machines, a table for people.
//!
//! Takes what a policy's rule answered about a record ([`Finding`]) or what the host has to say about itself
//! ([`HostFinding`]). Gives lines ([`ocsf::write_line`]), tables ([`table::write`]) and ids ([`FindingId`]). Never asks for
//! the time, never decides where a finding goes, and never fails because of what a record holds: records are written by
//! attackers too.

pub mod facts;
pub mod ocsf;
pub mod table;

mod host;
mod id;
mod label;
mod record;
#[cfg(test)]
mod samples;
mod suppression;

use std::collections::BTreeMap;
use std::sync::Arc;

use policy_contract::finding::More;
use policy_contract::manifest::{Mode, RuleDescription};
use policy_contract::name::Name;
use policy_contract::severity::Severity;

pub use self::host::{HostFinding, HostRule, RelatedEvents, Subject};
pub use self::id::{FindingId, NotAFindingId};
pub use self::label::{About, Label};
pub use self::record::{JudgedRecord, NotAnObject, Place};
pub use self::suppression::Suppression;
pub use crate::digest::Digest;

/// What judged: fixed for the life of a loaded policy with its settings and tables.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyIdentity {
    /// The policy's name.
    pub name: Name,
    /// The policy's version, as its manifest says.
    pub version: String,
    /// The team that owns it, as its manifest says; empty where that names none.
    pub owner: String,
    /// Digest of the policy's file.
    pub digest: Digest,
    /// Digest of the settings that it accepted.
    pub settings: Digest,
    /// Digests of the context tables that were in force.
    pub tables: BTreeMap<Name, Digest>,
}

/// What a policy's rule found in a record.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The policy that judged.
    pub policy: Arc<PolicyIdentity>,
    /// The rule that found it.
    pub rule: Arc<RuleDescription>,
    /// Whether the rule was at work or in the shadow.
    pub mode: Mode,
    /// How much it matters: what the platform team set, else the finding's own severity, else the rule's.
    pub severity: Severity,
    /// How much it would matter, where the platform team set something else.
    pub untuned_severity: Option<Severity>,
    /// The headline: the finding's own title, else the rule's.
    pub title: String,
    /// One or two sentences for the person who has to act.
    pub summary: String,
    /// Tells several findings of one rule on one record apart; empty for the only one.
    pub key: String,
    /// Findings with equal grouping keys belong together for the reader.
    pub grouping: Option<String>,
    /// Details, resources and response requests.
    pub more: More,
    /// The record that it was found in.
    pub record: Arc<JudgedRecord>,
    /// The exception that the record meets, by which the finding is delivered to nobody who does not ask for it.
    pub suppression: Option<Arc<Suppression>>,
}

impl Finding {
    /// The finding's id, the same whenever the same rule finds the same thing in the same event.
    pub fn id(&self) -> FindingId {
        FindingId::of_record(&self.policy.name, &self.rule.id, self.record.event_key(), &self.key)
    }
}

/// Either kind of finding, as sinks and tables take them.
#[derive(Clone, Copy, Debug)]
pub enum Reported<'a> {
    /// What a policy found.
    Policy(&'a Finding),
    /// What the host says about itself.
    Host(&'a HostFinding),
}

impl Reported<'_> {
    /// The finding's id.
    pub fn id(&self) -> FindingId {
        match self {
            Self::Policy(finding) => finding.id(),
            Self::Host(finding) => finding.id(),
        }
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self {
            Self::Policy(finding) => finding.severity,
            Self::Host(finding) => finding.rule.severity(),
        }
    }

    /// What routing looks at of it.
    pub fn label(&self) -> Label<'_> {
        match self {
            Self::Policy(finding) => Label {
                about: About::Policy,
                owner: &finding.policy.owner,
                policy: Some(finding.policy.name.as_str()),
                rule: finding.rule.id.as_str(),
                severity: finding.severity,
                mode: finding.mode,
                is_suppressed: finding.suppression.is_some(),
            },
            Self::Host(finding) => Label { policy: finding.subject.policy.as_deref(), ..finding.rule.label() },
        }
    }

    /// The id of the rule that made it.
    pub fn rule_id(&self) -> &str {
        match self {
            Self::Policy(finding) => finding.rule.id.as_str(),
            Self::Host(finding) => finding.rule.id(),
        }
    }
}

impl<'a> From<&'a Finding> for Reported<'a> {
    fn from(finding: &'a Finding) -> Self {
        Self::Policy(finding)
    }
}

impl<'a> From<&'a HostFinding> for Reported<'a> {
    fn from(finding: &'a HostFinding) -> Self {
        Self::Host(finding)
    }
}
