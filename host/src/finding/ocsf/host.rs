//! The line of what the host says about itself.

use jiff::Timestamp;
use policy_contract::name::Name;
use policy_contract::severity::Severity;
use serde::Serialize;

use super::shape::{Account, Analytic, Class, Cloud, Feature, FindingInfo, Line, Metadata, RelatedEvent, severity};
use super::{EventTime, PRODUCT, PRODUCT_VERSION, PROFILES, Source, TimeSource, product};
use crate::finding::facts::is_expressible;
use crate::finding::{HostFinding, Subject};

/// What OCSF has no field for.
#[derive(Serialize)]
pub(super) struct Unmapped<'a> {
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exception: Option<&'a Name>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<&'static str>,
    #[serde(skip_serializing_if = "TimeSource::is_event")]
    time_source: TimeSource,
}

/// The line of a finding of the host.
pub(super) fn line(finding: &HostFinding, processed: Option<Timestamp>) -> Line<'_, Unmapped<'_>> {
    let Subject { policy, rule, exception, object, offset, failure, account, region } = &finding.subject;
    let id = finding.id();
    let event_time = finding.time.filter(is_expressible);
    let time = EventTime::choose(event_time, processed);
    let (severity_id, severity) = severity(finding.rule.severity());
    Line {
        class: Class::CREATED,
        severity_id,
        severity,
        status_id: 1,
        status: "New",
        is_alert: finding.rule.severity() > Severity::Informational,
        time: time.time,
        count: Some(finding.count),
        metadata: Metadata {
            version: super::VERSION,
            profiles: PROFILES,
            uid: super::uid_of_first_revision(id),
            product: product(Feature { name: "trailwarden", version: PRODUCT_VERSION, uid: None }),
            processed_time: processed,
            log_provider: PRODUCT,
            log_name: "self-report",
        },
        finding_info: FindingInfo {
            uid: id.to_string(),
            title: finding.rule.title(),
            desc: &finding.reason,
            analytic: Analytic {
                uid: finding.rule.id(),
                name: finding.rule.title(),
                type_id: 1,
                kind: "Rule",
                version: PRODUCT_VERSION,
                desc: finding.rule.description(),
            },
            first_seen_time: event_time,
            last_seen_time: None,
            attacks: Vec::new(),
            related_events: finding.events.listed().map(related_event).collect(),
            related_events_count: finding.events.count(),
            data_sources: [PRODUCT],
        },
        attacks: Vec::new(),
        cloud: Cloud { provider: "AWS", account: account.as_deref().map(Account::new), region: region.as_deref() },
        resources: Vec::new(),
        evidences: Vec::new(),
        remediation: None,
        unmapped: Unmapped {
            source: Source::Host,
            policy: policy.as_deref(),
            rule: rule.as_ref(),
            exception: exception.as_ref(),
            object: object.as_deref(),
            offset: *offset,
            failure: *failure,
            time_source: time.source,
        },
    }
}

fn related_event(uid: &str) -> RelatedEvent<'_> {
    RelatedEvent { uid, kind: None, first_seen_time: None }
}
