//! Rule `access-key-for-another-user`.

use policy_sdk::prelude::*;

/// Someone made an access key for a user that is not theirs. A key lasts until it is deleted, so attackers make one for a
/// user that nobody watches: it still works when the way by which they came is closed.
#[rule(
    id = "access-key-for-another-user",
    title = "Access key made for another user",
    severity = "medium",
    techniques = ["T1098.001"],
    references = ["https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateAccessKey.html"],
    false_positives = ["An administrator who sets up a user for a service that can't assume a role."],
    runbook = "Ask who made the key what it is for. If nobody knows: deactivate it, then look at what it did.",
    select(event_source = "iam.amazonaws.com", event_name = "CreateAccessKey", outcome = "success"),
)]
pub fn access_key_for_another_user(event: &Event) -> Option<Finding> {
    let maker = event.actor();
    // AWS names the key's owner in its answer also where the request left it out, which means the maker.
    let owner = event.get("responseElements.accessKey.userName").str()?;
    if maker.user_name() == Some(owner) {
        return None;
    }
    let finding = Finding::new(format!("{} made an access key for the IAM user {owner}", maker.label()));
    Some(finding.detail("key_owner", owner).detail("access_key_id", event.get("responseElements.accessKey.accessKeyId")))
}
