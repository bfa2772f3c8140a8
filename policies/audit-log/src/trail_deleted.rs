//! Rule `trail-deleted`.

use policy_sdk::prelude::*;

use crate::trail;

/// Someone deleted a trail. Nothing more is written to it, and unlike one that was stopped it can't be started again: it has to
/// be made anew. What it wrote before stays in its bucket.
#[rule(
    id = "trail-deleted",
    title = "Trail deleted",
    severity = "high",
    techniques = ["T1562.008"],
    references = [
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html",
        "https://attack.mitre.org/techniques/T1562/008/",
    ],
    false_positives = ["Taking down an account, or a trail that another one replaces."],
    runbook = "Make the trail anew at once, then ask who deleted it. If nobody did: revoke the caller's sessions and keys, secure the \
        bucket with the old log files, and reconstruct the gap from other logs.",
    select(event_source = "cloudtrail.amazonaws.com", event_name = "DeleteTrail", outcome = "success"),
)]
pub fn trail_deleted(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = event.get("requestParameters.name").text();
    Finding::new(format!("{who} deleted the trail {name}"))
        .detail("trail", name)
        .detail("source_address", event.source_ip_text())
        .resource(trail::resource(event, name))
}
