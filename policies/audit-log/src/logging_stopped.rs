//! Rule `logging-stopped`.

use policy_sdk::prelude::*;

use crate::trail;

/// Someone stopped a trail. From then on nothing that happens is written down, here least of all: attackers do it before the
/// part that nobody is to see. This may be the last record for a while.
#[rule(
    id = "logging-stopped",
    title = "Trail stopped",
    severity = "high",
    techniques = ["T1562.008"],
    references = [
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StopLogging.html",
        "https://attack.mitre.org/techniques/T1562/008/",
    ],
    false_positives = ["Taking down an account or a trail that another one replaces."],
    runbook = "Start the trail again at once, then ask who stopped it. If nobody did: revoke the caller's sessions and keys, and \
        reconstruct the gap from other logs (data events, VPC flow logs, the services' own).",
    select(event_source = "cloudtrail.amazonaws.com", event_name = "StopLogging", outcome = "success"),
)]
pub fn logging_stopped(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = event.get("requestParameters.name").text();
    Finding::new(format!("{who} stopped the trail {name}"))
        .detail("trail", name)
        .detail("source_address", event.source_ip_text())
        .resource(trail::resource(event, name))
}
