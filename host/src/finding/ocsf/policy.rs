//! The line of what a policy found.

use std::collections::BTreeMap;

use jiff::Timestamp;
use policy_contract::finding::Resource as ContractResource;
use policy_contract::manifest::{Mode, Technique};
use policy_contract::name::Name;
use policy_contract::response::ResponseRequest;
use policy_contract::severity::Severity;
use serde::Serialize;

use super::embed::Embedded;
use super::shape::{
    Account, Analytic, Attack, Class, Cloud, Feature, FindingInfo, Line, Metadata, Owner, RelatedEvent, Remediation, Resource,
    Uid, severity,
};
use super::{EventTime, PROFILES, PROFILES_WITH_ATTACKS, Source, TimeSource, evidence, product};
use crate::finding::{Finding, Suppression};

/// What OCSF has no field for.
#[derive(Serialize)]
pub(super) struct Unmapped<'a> {
    source: Source,
    settings_digest: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    table_digests: BTreeMap<&'a Name, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    untuned_severity: Option<Severity>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<Exception<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Embedded<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    finding_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    grouping_key: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    responses: &'a [ResponseRequest],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    references: &'a [String],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    false_positives: &'a [String],
    object: &'a str,
    offset: u64,
    #[serde(skip_serializing_if = "TimeSource::is_event")]
    time_source: TimeSource,
    #[serde(skip_serializing_if = "Option::is_none")]
    unreadable_event_time: Option<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    shortened_fields: &'a [&'static str],
}

/// The exception by which a finding is suppressed.
#[derive(Serialize)]
struct Exception<'a> {
    id: &'a Name,
    reason: &'a str,
    owner: &'a str,
    expires: String,
}

impl<'a> Exception<'a> {
    fn of(suppression: &'a Suppression) -> Self {
        let Suppression { exception, reason, owner, expires } = suppression;
        Self { id: exception, reason, owner, expires: expires.to_string() }
    }
}

/// The line of a finding. `details` is the finding's details as JSON text, none where it has none.
pub(super) fn line<'a>(finding: &'a Finding, details: Option<&'a str>, processed: Option<Timestamp>) -> Line<'a, Unmapped<'a>> {
    let (rule, policy, facts) = (&*finding.rule, &*finding.policy, finding.record.facts());
    let id = finding.id();
    let time = EventTime::choose(facts.time, processed);
    let attacks: Vec<Attack<'_>> = rule.techniques.iter().map(attack).collect();
    let (severity_id, severity) = severity(finding.severity);
    let feature = Feature { name: policy.name.as_str(), version: &policy.version, uid: Some(policy.digest.to_string()) };
    Line {
        class: Class::CREATED,
        severity_id,
        severity,
        status_id: if finding.suppression.is_some() { 3 } else { 1 },
        status: if finding.suppression.is_some() { "Suppressed" } else { "New" },
        is_alert: finding.severity > Severity::Informational && finding.mode == Mode::Enforce && finding.suppression.is_none(),
        time: time.time,
        count: None,
        metadata: Metadata {
            version: super::VERSION,
            profiles: if attacks.is_empty() { PROFILES } else { PROFILES_WITH_ATTACKS },
            uid: super::uid_of_first_revision(id),
            product: product(feature),
            processed_time: processed,
            log_provider: "AWS",
            log_name: "CloudTrail",
        },
        finding_info: FindingInfo {
            uid: id.to_string(),
            title: &finding.title,
            desc: &finding.summary,
            analytic: Analytic {
                uid: rule.id.as_str(),
                name: &rule.title,
                type_id: 1,
                kind: "Rule",
                version: &policy.version,
                desc: &rule.description,
            },
            first_seen_time: facts.time,
            last_seen_time: facts.time,
            attacks: attacks.clone(),
            related_events: vec![RelatedEvent {
                uid: finding.record.event_key(),
                kind: facts.event_type.as_deref(),
                first_seen_time: facts.time,
            }],
            related_events_count: 1,
            data_sources: ["AWS CloudTrail"],
        },
        attacks,
        cloud: Cloud {
            provider: "AWS",
            account: facts.recipient_account.as_deref().map(Account::new),
            region: facts.region.as_deref(),
        },
        resources: finding.more.resources.iter().map(resource).collect(),
        evidences: vec![evidence::of(&finding.record)],
        remediation: Some(rule.runbook.as_str()).filter(|desc| !desc.is_empty()).map(|desc| Remediation { desc }),
        unmapped: unmapped(finding, details, time.source),
    }
}

fn unmapped<'a>(finding: &'a Finding, details: Option<&'a str>, time_source: TimeSource) -> Unmapped<'a> {
    let (rule, policy, facts) = (&*finding.rule, &*finding.policy, finding.record.facts());
    let place = finding.record.place();
    Unmapped {
        source: Source::Policy,
        settings_digest: policy.settings.to_string(),
        table_digests: policy.tables.iter().map(|(name, digest)| (name, digest.to_string())).collect(),
        untuned_severity: finding.untuned_severity,
        exception: finding.suppression.as_deref().map(Exception::of),
        mode: (finding.mode != Mode::Enforce).then(|| finding.mode.as_str()),
        details: details.map(Embedded::of),
        finding_key: &finding.key,
        grouping_key: finding.grouping.as_deref(),
        responses: &finding.more.responses,
        references: &rule.references,
        false_positives: &rule.false_positives,
        object: &place.object,
        offset: place.offset,
        time_source,
        unreadable_event_time: facts.time_text.as_deref().filter(|_| facts.time.is_none()),
        shortened_fields: &facts.shortened,
    }
}

/// A technique has four digits, a sub-technique its technique's id and three more.
fn attack(technique: &Technique) -> Attack<'_> {
    let id = technique.as_str();
    match id.split_once('.') {
        Some((parent, _)) => Attack { technique: Uid { uid: parent }, sub_technique: Some(Uid { uid: id }) },
        None => Attack { technique: Uid { uid: id }, sub_technique: None },
    }
}

fn resource(resource: &ContractResource) -> Resource<'_> {
    Resource {
        uid: &resource.uid,
        kind: resource.kind.as_deref(),
        region: resource.region.as_deref(),
        owner: resource.account.as_deref().map(|account| Owner { account: Account::new(account) }),
    }
}
