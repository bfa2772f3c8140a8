//! Rule `create-user`.

use policy_sdk::prelude::*;

/// Someone made a new IAM user. Attackers do so to keep a way in that outlives the credentials that they came with; where
/// people sign in through an identity provider, nobody else needs to.
#[rule(
    id = "create-user",
    title = "IAM user created",
    severity = "medium",
    techniques = ["T1136.003"],
    references = ["https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateUser.html"],
    false_positives = ["An automation that makes users for services which cannot assume roles."],
    runbook = "Ask who made it what it is for. If nobody knows: deactivate its keys, delete its sign-in profile, look at what it did.",
    select(event_source = "iam.amazonaws.com", event_name = "CreateUser", outcome = "success"),
)]
pub fn create_user(event: &Event) -> Finding {
    let creator = event.actor().label();
    let created = event.get("requestParameters.userName").text();
    let finding = Finding::new(format!("{creator} created the IAM user {created}")).detail("user_name", created);
    match event.get("responseElements.user.arn").str() {
        Some(arn) => finding.resource(Resource::of_kind("AWS::IAM::User", arn).in_account(event.recipient_account())),
        None => finding,
    }
}
