//! Rule `role-trust-opened`.

use policy_sdk::NotADocument;
use policy_sdk::prelude::*;
use policy_sdk::resource_policy::{Reach, admitted};

/// Someone made or changed a role so that somebody outside the account may assume it. It is a quiet way to stay: no key, no user,
/// and what is done through it is signed by another account's credentials.
///
/// # What counts
/// A trust policy in which a statement that allows something names an account that is not known to be the role's own, under a
/// condition or not (an external id tells partners apart, and does not make them less foreign); or everybody without a
/// condition. A trust policy that can't be read is an error of the rule, which is reported.
///
/// # Severity
/// Critical where everybody is let in without a condition; else high.
#[rule(
    id = "role-trust-opened",
    title = "Role opened to another account",
    severity = "high",
    techniques = ["T1098", "T1199"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html",
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html",
        "https://attack.mitre.org/techniques/T1199/",
    ],
    false_positives = ["A partner or a tool that is meant to come in this way, or another account of the organisation."],
    runbook = "Ask who opened it for whom. If nobody knows: put the old trust policy back, revoke the role's sessions, and look at what was \
        done through it.",
    select(
        event_source = "iam.amazonaws.com",
        event_name = ["UpdateAssumeRolePolicy", "CreateRole"],
        outcome = "success",
    ),
)]
pub fn role_trust_opened(event: &Event) -> Result<Option<Finding>, NotADocument> {
    let request = event.get("requestParameters");
    let key = if event.name() == "CreateRole" { "assumeRolePolicyDocument" } else { "policyDocument" };
    let trust = request.member(key).parsed()?;
    let (principals, reach) = admitted(&trust, event.recipient_account());
    if reach == Reach::OwnAccount {
        return Ok(None);
    }
    let (severity, whom) = match reach {
        Reach::Everyone => (Severity::Critical, "everybody"),
        Reach::OtherAccount | Reach::OwnAccount => (Severity::High, "another account"),
    };
    let who = event.actor().label();
    let role = request.get("roleName").text();
    let principals: Vec<&str> = principals.into_iter().collect();
    let finding = Finding::new(format!("{who} opened the role {role} to {whom}"))
        .severity(severity)
        .detail("role", role)
        .detail("admitted", principals)
        .detail("source_address", event.source_ip_text())
        .resource(resource(event, role));
    Ok(Some(finding))
}

/// The role's ARN, as the answer gives it, else as IAM makes it of a role without a path.
fn resource(event: &Event, name: &str) -> Resource {
    let arn = match event.get("responseElements.role.arn").str() {
        Some(arn) => arn.to_owned(),
        None => format!("arn:{}:iam::{}:role/{name}", event.partition(), event.recipient_account()),
    };
    Resource::of_kind("AWS::IAM::Role", arn).in_account(event.recipient_account())
}
