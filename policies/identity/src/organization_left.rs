//! Rule `organization-left`.

use policy_sdk::prelude::*;

/// The account left its organisation, or was taken out of it. The organisation's policies bind it no more, its trail and its
/// detectors lose sight of it, and whoever holds the account pays for it alone.
#[rule(
    id = "organization-left",
    title = "Account left the organisation",
    severity = "critical",
    techniques = ["T1562", "T1666"],
    references = [
        "https://docs.aws.amazon.com/organizations/latest/APIReference/API_LeaveOrganization.html",
        "https://docs.aws.amazon.com/organizations/latest/APIReference/API_RemoveAccountFromOrganization.html",
        "https://attack.mitre.org/techniques/T1666/",
    ],
    false_positives = ["A move to another organisation, which is announced and seldom."],
    runbook = "Reach whoever is responsible for the account at once. If nobody meant it: invite the account back, and treat everything in it as taken over.",
    select(
        event_source = "organizations.amazonaws.com",
        event_name = ["LeaveOrganization", "RemoveAccountFromOrganization"],
        outcome = "success",
    ),
)]
pub fn organization_left(event: &Event) -> Finding {
    let who = event.actor().label();
    let account = event.get("requestParameters.accountId").str().unwrap_or(event.recipient_account());
    Finding::new(format!("{who} took the account {account} out of its organisation"))
        .detail("account", account)
        .detail("source_address", event.source_ip_text())
}
