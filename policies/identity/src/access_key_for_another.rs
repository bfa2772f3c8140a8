//! Rule `access-key-for-another`.

use policy_sdk::prelude::*;

use crate::user;

/// Someone made an access key for another user. Who holds it acts as that user, from anywhere, until it is deleted; the user
/// need not notice. It is the usual way to stay in an account, and to take over a user who may do more.
///
/// # What counts
/// A key whose user is another than the caller. A caller that is no IAM user, such as a role's session or the root user, always
/// makes keys for another, except the root user for itself, who names no user.
#[rule(
    id = "access-key-for-another",
    title = "Access key created for another user",
    severity = "medium",
    techniques = ["T1098.001"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html",
        "https://attack.mitre.org/techniques/T1098/001/",
    ],
    false_positives = ["An automation that changes the keys of users for services: except its role from this rule."],
    runbook = "Ask both whether they know of it. If not: deactivate the key, see where it was used, and revoke the caller's credentials.",
    select(event_source = "iam.amazonaws.com", event_name = "CreateAccessKey", outcome = "success"),
)]
pub fn access_key_for_another(event: &Event) -> Option<Finding> {
    let actor = event.actor();
    let user = user::name(event)?;
    if actor.kind() == ActorKind::IamUser && actor.user_name() == Some(user) {
        return None;
    }
    let who = actor.label();
    let finding = Finding::new(format!("{who} created an access key for the user {user}"))
        .detail("user_name", user)
        .detail("access_key_id", event.get("responseElements.accessKey.accessKeyId").str())
        .detail("source_address", event.source_ip_text())
        .resource(user::resource(event, user));
    Some(finding)
}
