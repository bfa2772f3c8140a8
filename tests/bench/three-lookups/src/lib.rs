//! Wants every record, looks three things up in it and finds nothing: what one more policy costs.

use policy_sdk::prelude::*;

/// Finds what no record has.
#[rule(id = "nobody", title = "Nobody", severity = "low", select(all))]
pub fn nobody(event: &Event) -> Option<Finding> {
    let arn = event.get("userIdentity.arn").text();
    let user = event.get("requestParameters.userName").text();
    let address = event.get("sourceIPAddress").text();
    (arn == "nobody" || user == "nobody" || address == "nobody").then(|| Finding::new("nobody did it"))
}

policy_sdk::policy! {
    name: "bench-lookups-00",
    description: "Looks three things up.",
    owner: "tests",
    rules: [nobody],
}
