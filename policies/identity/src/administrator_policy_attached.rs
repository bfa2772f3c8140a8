//! Rule `administrator-policy-attached`.

use policy_sdk::prelude::*;

/// Someone gave a user, a role or a group all rights in the account. With stolen keys that are allowed to do so this is the
/// shortest way to everything.
///
/// # What counts
/// AWS's own policy `AdministratorAccess`, attached; or a policy written in the call itself (`Put…Policy`) in which a statement
/// allows every action on every resource without a condition. A policy of the account's own that allows as much is not seen
/// here: the call names it and does not hold it.
#[rule(
    id = "administrator-policy-attached",
    title = "Administrator's rights given",
    severity = "high",
    techniques = ["T1098.003"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_job-functions.html",
        "https://attack.mitre.org/techniques/T1098/003/",
    ],
    false_positives = ["Setting up an account, or an emergency access that is written down elsewhere."],
    runbook = "Ask who gave it why. If nobody knows: take it away again, revoke the sessions and keys of both, and look at what they did.",
    select(
        event_source = "iam.amazonaws.com",
        event_name = [
            "AttachUserPolicy", "AttachRolePolicy", "AttachGroupPolicy",
            "PutUserPolicy", "PutRolePolicy", "PutGroupPolicy",
        ],
        outcome = "success",
    ),
)]
pub fn administrator_policy_attached(event: &Event) -> Option<Finding> {
    let attached = event.get("requestParameters.policyArn").text();
    let is_administrators = attached.ends_with(":iam::aws:policy/AdministratorAccess");
    let written = event.get("requestParameters.policyDocument");
    let allows_all = written.parsed().is_ok_and(|policy| allows_everything(&policy));
    if !is_administrators && !allows_all {
        return None;
    }
    let (who, to) = (event.actor().label(), receiver(event));
    let (kind, name) = (to.word, to.name);
    let finding = Finding::new(format!("{who} gave the {kind} {name} administrator's rights"))
        .detail("receiver", name)
        .detail("policy", if is_administrators { attached } else { event.get("requestParameters.policyName").text() })
        .detail("source_address", event.source_ip_text())
        .resource(to.resource(event));
    Some(finding)
}

/// Whether a statement of a policy allows every action on every resource without a condition.
fn allows_everything(policy: &Document) -> bool {
    let is_all = |value: Value| value.contains("*");
    policy.get("Statement").one_or_many().any(|statement| {
        let is_allowed = statement.get("Effect").text() == "Allow" && !statement.get("Condition").exists();
        let actions = statement.get("Action");
        is_allowed && (is_all(actions.clone()) || actions.contains("*:*")) && is_all(statement.get("Resource"))
    })
}

/// Whom a policy is given to.
struct Receiver<'a> {
    word: &'static str,
    kind: &'static str,
    name: &'a str,
}

fn receiver<'a>(event: &Event<'a>) -> Receiver<'a> {
    let (word, kind, key) = match event.name() {
        "AttachUserPolicy" | "PutUserPolicy" => ("user", "AWS::IAM::User", "userName"),
        "AttachRolePolicy" | "PutRolePolicy" => ("role", "AWS::IAM::Role", "roleName"),
        _ => ("group", "AWS::IAM::Group", "groupName"),
    };
    Receiver { word, kind, name: event.get("requestParameters").member(key).text() }
}

impl Receiver<'_> {
    /// Its ARN, as IAM makes it where there is no path.
    fn resource(&self, event: &Event) -> Resource {
        let (partition, account) = (event.partition(), event.recipient_account());
        let arn = format!("arn:{partition}:iam::{account}:{}/{}", self.word, self.name);
        Resource::of_kind(self.kind, arn).in_account(account)
    }
}
