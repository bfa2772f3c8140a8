//! Rule `trail-created`.

use policy_sdk::prelude::*;

use crate::trail;

/// Someone made a new trail. Trails are few and old; a new one writes a copy of what happens in the account into a bucket of
/// its maker's choice, which tells an attacker who does what here, or stands in for the real trail while that is taken away.
#[rule(
    id = "trail-created",
    title = "Trail created",
    severity = "low",
    techniques = ["T1530", "T1562.008"],
    references = [
        "https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html",
        "https://attack.mitre.org/techniques/T1562/008/",
    ],
    false_positives = ["Setting up an account, or moving to another trail."],
    runbook = "Ask who made it what it is for. Look at the bucket that it writes to and at what it leaves out, and check that the real \
        trail still logs.",
    select(event_source = "cloudtrail.amazonaws.com", event_name = "CreateTrail", outcome = "success"),
)]
pub fn trail_created(event: &Event) -> Finding {
    let who = event.actor().label();
    let name = event.get("requestParameters.name").text();
    let bucket = event.get("requestParameters.s3BucketName").text();
    let arn = event.get("responseElements.trailARN").str().unwrap_or(name);
    Finding::new(format!("{who} created the trail {name}, which writes to the bucket {bucket}"))
        .detail("trail", name)
        .detail("bucket", bucket)
        .detail("multi_region", event.get("responseElements.isMultiRegionTrail").flag())
        .detail("log_file_validation", event.get("responseElements.logFileValidationEnabled").flag())
        .detail("source_address", event.source_ip_text())
        .resource(trail::resource(event, arn))
}
