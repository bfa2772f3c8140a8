//! The trail that a record is about.

use policy_sdk::prelude::*;

/// A trail by its name or ARN: callers may give either.
pub fn resource(event: &Event, name_or_arn: &str) -> Resource {
    let arn = if name_or_arn.starts_with("arn:") {
        name_or_arn.to_owned()
    } else {
        let (partition, region, account) = (event.partition(), event.region(), event.recipient_account());
        format!("arn:{partition}:cloudtrail:{region}:{account}:trail/{name_or_arn}")
    };
    Resource::of_kind("AWS::CloudTrail::Trail", arn).in_region(event.region()).in_account(event.recipient_account())
}
