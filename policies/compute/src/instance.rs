//! The instances that a record is about.

use policy_sdk::prelude::*;

/// The ids of those that were started, as the answer gives them.
pub fn started<'a>(event: &Event<'a>) -> Vec<&'a str> {
    event.get("responseElements.instancesSet.items[].instanceId").items().filter_map(|id| id.str()).collect()
}

/// One of them, by its id.
pub fn resource(event: &Event, id: &str) -> Resource {
    let (partition, region, account) = (event.partition(), event.region(), event.recipient_account());
    let arn = format!("arn:{partition}:ec2:{region}:{account}:instance/{id}");
    Resource::of_kind("AWS::EC2::Instance", arn).in_region(region).in_account(account)
}
