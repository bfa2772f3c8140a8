//! Rule `key-disabled`.

use policy_sdk::prelude::*;

/// Someone disabled a KMS key or scheduled it for deletion. All that is encrypted with it can't be read from then on, and after
/// the waiting time never again: it is how data is held to ransom without being copied.
///
/// # Severity
/// High for a deletion; medium for a key that was disabled, which can be enabled again.
#[rule(
    id = "key-disabled",
    title = "Key disabled or scheduled for deletion",
    severity = "medium",
    techniques = ["T1485", "T1486"],
    references = [
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_ScheduleKeyDeletion.html",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_DisableKey.html",
        "https://attack.mitre.org/techniques/T1485/",
    ],
    false_positives = ["A key that nothing is encrypted with any more."],
    runbook = "Cancel the deletion and enable the key at once, then ask who did it. See what was encrypted with it, and what else the caller did.",
    select(event_source = "kms.amazonaws.com", event_name = ["DisableKey", "ScheduleKeyDeletion"], outcome = "success"),
)]
pub fn key_disabled(event: &Event) -> Finding {
    let is_deletion = event.name() == "ScheduleKeyDeletion";
    let who = event.actor().label();
    let key = event.get("requestParameters.keyId").text();
    let did = if is_deletion { "scheduled the deletion of" } else { "disabled" };
    Finding::new(format!("{who} {did} the key {key}"))
        .severity(if is_deletion { Severity::High } else { Severity::Medium })
        .detail("key", key)
        .detail("waiting_days", event.get("requestParameters.pendingWindowInDays"))
        .detail("source_address", event.source_ip_text())
        .resource(resource(event, key))
}

/// Callers give a key by its id or its ARN.
fn resource(event: &Event, id_or_arn: &str) -> Resource {
    let (partition, region, account) = (event.partition(), event.region(), event.recipient_account());
    let arn = if id_or_arn.starts_with("arn:") {
        id_or_arn.to_owned()
    } else {
        format!("arn:{partition}:kms:{region}:{account}:key/{id_or_arn}")
    };
    Resource::of_kind("AWS::KMS::Key", arn).in_region(region).in_account(account)
}
