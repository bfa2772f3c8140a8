//! Rule `list-buckets`.

use policy_sdk::prelude::*;

/// Someone listed the account's buckets. Whoever takes keys looks first at what they open, and so do many tools every day: by
/// itself this says little, which is why the rule is off until it is switched on, best with exceptions for what lists them here.
#[rule(
    id = "list-buckets",
    title = "Buckets listed",
    severity = "informational",
    techniques = ["T1619", "T1580"],
    references = [
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html",
        "https://attack.mitre.org/techniques/T1619/",
    ],
    false_positives = ["The console, inventories, backups and scanners, all day."],
    runbook = "See who it was and what else they asked for in the same minutes.",
    default_mode = "off",
    select(event_source = "s3.amazonaws.com", event_name = "ListBuckets", outcome = "success"),
)]
pub fn list_buckets(event: &Event) -> Finding {
    let who = event.actor().label();
    Finding::new(format!("{who} listed the buckets"))
        .detail("source_address", event.source_ip_text())
        .detail("user_agent", event.user_agent())
}
