//! The bucket that a record is about.

use policy_sdk::prelude::*;

/// Its name, empty where the record does not say.
pub fn name<'a>(event: &Event<'a>) -> &'a str {
    event.get("requestParameters.bucketName").text()
}

/// Its ARN, region and account.
pub fn resource(event: &Event) -> Resource {
    let arn = format!("arn:{}:s3:::{}", event.partition(), name(event));
    Resource::of_kind("AWS::S3::Bucket", arn).in_region(event.region()).in_account(event.recipient_account())
}
