//! Rule `trail-updated`.

use policy_sdk::prelude::*;

use crate::trail;

/// Someone changed a trail. It still logs, but perhaps into another bucket, in one region instead of all, or without the
/// digests that show whether log files were changed afterwards.
///
/// # Severity
/// High where the call itself takes something away: other regions, global services, the validation of log files, or the whole
/// organisation. Else medium. A parameter that the call does not name stays as it was.
#[rule(
    id = "trail-updated",
    title = "Trail changed",
    severity = "medium",
    techniques = ["T1562.008"],
    references = [
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html",
        "https://attack.mitre.org/techniques/T1562/008/",
    ],
    false_positives = ["Moving a trail to another bucket or key, or a deployment that sets it again as it was."],
    runbook = "Compare the trail with what it should be. If nobody can say why it was changed: set it back, and look at what the \
        caller did in the regions and services that it left out.",
    select(event_source = "cloudtrail.amazonaws.com", event_name = "UpdateTrail", outcome = "success"),
)]
pub fn trail_updated(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = event.get("requestParameters.name").text();
    let taken_away: Vec<&str> = [
        ("isMultiRegionTrail", "other regions"),
        ("includeGlobalServiceEvents", "global services"),
        ("enableLogFileValidation", "the validation of log files"),
        ("isOrganizationTrail", "the organisation's other accounts"),
    ]
    .into_iter()
    .filter(|(parameter, _)| event.get("requestParameters").member(parameter).flag() == Some(false))
    .map(|(_, what)| what)
    .collect();
    let finding = if taken_away.is_empty() {
        Finding::new(format!("{who} changed the trail {name}"))
    } else {
        let without = taken_away.join(", ");
        Finding::new(format!("{who} changed the trail {name}, which now leaves out {without}")).severity(Severity::High)
    };
    finding
        .detail("trail", name)
        .detail("taken_away", taken_away)
        .detail("bucket", event.get("requestParameters.s3BucketName").str())
        .detail("source_address", event.source_ip_text())
        .resource(trail::resource(event, name))
}
