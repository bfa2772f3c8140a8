//! The group that a record is about.

use policy_sdk::prelude::*;

/// Its name, empty where the record does not say.
pub fn name<'a>(event: &Event<'a>) -> &'a str {
    event.get("requestParameters.groupName").text()
}

/// Its ARN, as the answer gives it, else as IAM makes it of a group without a path.
pub fn resource(event: &Event) -> Resource {
    let arn = match event.get("responseElements.group.arn").str() {
        Some(arn) => arn.to_owned(),
        None => format!("arn:{}:iam::{}:group/{}", event.partition(), event.recipient_account(), name(event)),
    };
    Resource::of_kind("AWS::IAM::Group", arn).in_account(event.recipient_account())
}
