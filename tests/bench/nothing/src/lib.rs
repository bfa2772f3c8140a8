//! Wants every record and looks at none: what is left is the cost of being called.

use policy_sdk::prelude::*;

/// Finds nothing.
#[rule(id = "nothing", title = "Nothing", severity = "low", select(all))]
pub fn nothing(_event: &Event) -> Option<Finding> {
    None
}

policy_sdk::policy! {
    name: "bench-nothing-00",
    description: "Looks at nothing.",
    owner: "tests",
    rules: [nothing],
}
