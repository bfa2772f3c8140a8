//! The cells of one finding, as text that is safe to show.

use jiff::Timestamp;
use policy_contract::severity::Severity;

use super::text::shortened;
use crate::finding::facts::{Actor, PrincipalType};
use crate::finding::{Finding, HostFinding, Reported, Suppression};
use crate::harmless::harmless;

/// The most columns for a principal and for an account with its region. Real ones rarely need more, and one giant name must
/// not push everything else out of sight; the whole text stands in the OCSF line.
const WIDEST_NAME: usize = 40;

/// What stands in a cell that has nothing to show.
const NOTHING: &str = "-";

/// One row.
pub(super) struct Row {
    pub severity: Severity,
    pub time: String,
    pub rule: String,
    pub principal: String,
    pub place: String,
    pub summary: String,
}

impl Row {
    pub(super) fn of(reported: Reported<'_>) -> Self {
        match reported {
            Reported::Policy(finding) => Self::of_policy(finding),
            Reported::Host(finding) => Self::of_host(finding),
        }
    }

    fn of_policy(finding: &Finding) -> Self {
        let facts = finding.record.facts();
        let summary = if finding.summary.trim().is_empty() { &finding.title } else { &finding.summary };
        let summary = match finding.suppression.as_deref() {
            Some(Suppression { exception, reason, owner, .. }) => {
                format!("[suppressed by {exception} of {owner}: {reason}] {summary}")
            }
            None => summary.clone(),
        };
        Self {
            severity: finding.severity,
            time: time(facts.time),
            rule: harmless(finding.rule.id.as_str()),
            principal: name(principal(&facts.actor)),
            place: place(facts.recipient_account.as_deref(), facts.region.as_deref()),
            summary: harmless(&summary),
        }
    }

    fn of_host(finding: &HostFinding) -> Self {
        let subject = &finding.subject;
        let about = match (subject.object.as_deref(), subject.offset) {
            (Some(object), Some(offset)) => format!("{object}, byte {offset}: "),
            (Some(object), None) => format!("{object}: "),
            (None, _) => String::new(),
        };
        let times = if finding.count > 1 { format!(" ({} times)", finding.count) } else { String::new() };
        Self {
            severity: finding.rule.severity(),
            time: time(finding.time),
            rule: harmless(finding.rule.id()),
            principal: name(subject.policy.as_ref().map(|policy| format!("policy {policy}"))),
            place: place(subject.account.as_deref(), subject.region.as_deref()),
            summary: harmless(&format!("{about}{}{times}", finding.reason)),
        }
    }
}

/// `2024-06-15 09:01:01`, UTC.
fn time(time: Option<Timestamp>) -> String {
    time.map_or_else(|| NOTHING.to_owned(), |time| time.strftime("%Y-%m-%d %H:%M:%S").to_string())
}

/// The shortest text by which a reader knows a principal: a name, with the session's where it has one, else what identifies
/// it, else its type.
fn principal(actor: &Actor) -> Option<String> {
    if actor.kind == Some(PrincipalType::Root) {
        return Some("root".to_owned());
    }
    let name = actor.name.as_deref().or_else(|| actor.uid.as_deref().map(without_path)).or(actor.principal_id.as_deref());
    match (name, actor.session.name.as_deref()) {
        (Some(name), Some(session)) if name != session => Some(format!("{name}/{session}")),
        (Some(name), _) | (None, Some(name)) => Some(name.to_owned()),
        (None, None) => {
            let known = actor.invoked_by.as_deref().or(actor.account.as_deref());
            known.or(actor.kind.as_ref().map(PrincipalType::as_str)).map(str::to_owned)
        }
    }
}

/// The name at the end of an ARN.
fn without_path(arn: &str) -> &str {
    arn.rsplit(['/', ':']).next().filter(|name| !name.is_empty()).unwrap_or(arn)
}

fn place(account: Option<&str>, region: Option<&str>) -> String {
    name(match (account, region) {
        (Some(account), Some(region)) => Some(format!("{account}/{region}")),
        (account, region) => account.or(region).map(str::to_owned),
    })
}

fn name(text: Option<String>) -> String {
    text.map_or_else(|| NOTHING.to_owned(), |text| shortened(&harmless(&text), WIDEST_NAME))
}
