//! Rule `root-activity`.

use policy_sdk::prelude::*;

/// The root user of the account changed something. It may do everything and nothing binds it, so it is kept for the few things
/// that only it can do; whatever else it does is a bad habit or somebody else.
///
/// # Left out on purpose
/// Reading, and what a service does on the root user's behalf (`invokedBy`). Sign-ins have a rule of their own.
#[rule(
    id = "root-activity",
    title = "Root user changed something",
    severity = "high",
    techniques = ["T1078.004"],
    references = [
        "https://docs.aws.amazon.com/IAM/latest/UserGuide/root-user-tasks.html",
        "https://attack.mitre.org/techniques/T1078/004/",
    ],
    false_positives = ["One of the tasks that only the root user can do, announced beforehand."],
    runbook = "Reach the owner of the root user by telephone. If it was not them: reset the root password through AWS Support, delete the \
        root user's access keys, and undo what it did.",
    select(event_type = "AwsApiCall", principal_type = "Root", outcome = "success", read_only = false),
)]
pub fn root_activity(event: &Event) -> Option<Finding> {
    let actor = event.actor();
    if actor.invoked_by().is_some() {
        return None;
    }
    let (who, call, service) = (actor.label(), event.name(), event.source());
    let finding = Finding::new(format!("{who} called {call} of {service}"))
        .detail("event_name", call)
        .detail("event_source", service)
        .detail("with_access_key", actor.access_key_id().is_some_and(|key| key.starts_with("AKIA")))
        .detail("source_address", event.source_ip_text());
    Some(finding)
}
