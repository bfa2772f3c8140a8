//! Rule `secret-read-by-person`.

use policy_sdk::prelude::*;

/// A secret was read with a user's lasting keys, or by the root user. Secrets are there for workloads, which have roles; people
/// rarely need to see one, and stolen keys are mostly a user's.
///
/// # What counts
/// Secrets of Secrets Manager, and parameters of Systems Manager that were decrypted with the call (`withDecryption`), read
/// outside the console by an IAM user or the root user. What was read does not stand in the record.
#[rule(
    id = "secret-read-by-person",
    title = "Secret read with a user's keys",
    severity = "low",
    techniques = ["T1555.006", "T1552"],
    references = [
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html",
        "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_GetParameter.html",
        "https://attack.mitre.org/techniques/T1555/006/",
    ],
    false_positives = ["A service that still works with a user's keys: better give it a role, or except it from this rule."],
    runbook = "Ask the user. If it was not them: deactivate the key, and change every secret that was read.",
    select(
        event_source = "secretsmanager.amazonaws.com",
        event_name = ["GetSecretValue", "BatchGetSecretValue"],
        principal_type = ["IAMUser", "Root"],
        outcome = "success",
    ),
    select(
        event_source = "ssm.amazonaws.com",
        event_name = ["GetParameter", "GetParameters", "GetParametersByPath"],
        principal_type = ["IAMUser", "Root"],
        outcome = "success",
    ),
)]
pub fn secret_read_by_person(event: &Event) -> Option<Finding> {
    let request = event.get("requestParameters");
    let is_parameter = event.source() == "ssm.amazonaws.com";
    if event.is_from_console() || (is_parameter && request.get("withDecryption").flag() != Some(true)) {
        return None;
    }
    let asked_for = ["secretId", "secretIdList", "name", "names", "path"];
    let names = asked_for.into_iter().flat_map(|key| request.member(key).one_or_many().collect::<Vec<_>>());
    let names: Vec<&str> = names.filter_map(|name| name.str()).collect();
    let who = event.actor().label();
    let finding = Finding::new(format!("{who} read {}", names.join(", ")))
        .detail("secrets", names)
        .detail("source_address", event.source_ip_text())
        .detail("user_agent", event.user_agent());
    Some(finding)
}
