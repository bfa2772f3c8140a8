//! Rule `create-group`.

use policy_sdk::prelude::*;

use crate::group;

/// Someone made a group of IAM users. What a group may do, each member may: a new one with a harmless name is a way to give rights
/// that a look at the user does not show.
#[rule(
    id = "create-group",
    title = "IAM group created",
    severity = "low",
    techniques = ["T1136.003", "T1098"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateGroup.html",
        "https://attack.mitre.org/techniques/T1136/003/",
    ],
    false_positives = ["Setting up an account, or a deployment that keeps groups."],
    runbook = "Ask who made it what it is for, and look at its policies and members.",
    select(event_source = "iam.amazonaws.com", event_name = "CreateGroup", outcome = "success"),
)]
pub fn create_group(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = group::name(event);
    Finding::new(format!("{who} created the IAM group {name}"))
        .detail("group", name)
        .detail("source_address", event.source_ip_text())
        .resource(group::resource(event))
}
