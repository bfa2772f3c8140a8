//! Rule `delete-group`.

use policy_sdk::prelude::*;

use crate::group;

/// Someone deleted a group of IAM users. Its members lose what they had through it, among them perhaps those who would have
/// to act now; or it was made for one purpose and is cleared away.
#[rule(
    id = "delete-group",
    title = "IAM group deleted",
    severity = "low",
    techniques = ["T1531", "T1070"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteGroup.html",
        "https://attack.mitre.org/techniques/T1531/",
    ],
    false_positives = ["Clearing up, or a deployment that keeps groups."],
    runbook = "Ask who deleted it. If nobody did: make it again with its policies and members, and look at what else the caller did.",
    select(event_source = "iam.amazonaws.com", event_name = "DeleteGroup", outcome = "success"),
)]
pub fn delete_group(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = group::name(event);
    Finding::new(format!("{who} deleted the IAM group {name}"))
        .detail("group", name)
        .detail("source_address", event.source_ip_text())
        .resource(group::resource(event))
}
