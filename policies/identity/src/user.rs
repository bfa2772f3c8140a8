//! The IAM user that a record is about.

use policy_sdk::prelude::*;

/// The user's name, from the request or else from the answer; none where a caller means himself and names nobody.
pub fn name<'a>(event: &Event<'a>) -> Option<&'a str> {
    let answered = ["responseElements.accessKey.userName", "responseElements.loginProfile.userName"];
    let named = event.get("requestParameters.userName").str();
    named.or_else(|| answered.into_iter().find_map(|path| event.get(path).str()))
}

/// The user's ARN, as IAM makes it of a user without a path.
pub fn resource(event: &Event, name: &str) -> Resource {
    let arn = format!("arn:{}:iam::{}:user/{name}", event.partition(), event.recipient_account());
    Resource::of_kind("AWS::IAM::User", arn).in_account(event.recipient_account())
}
