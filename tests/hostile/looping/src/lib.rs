//! Never ends on a record that it sees: the host must stop it at its CPU limit.

use policy_sdk::prelude::*;

/// Runs for ever.
#[rule(
    id = "loops",
    title = "Loops",
    severity = "low",
    select(event_source = ["iam.amazonaws.com", "s3.amazonaws.com", "signin.amazonaws.com", "cloudtrail.amazonaws.com"]),
)]
pub fn loops(event: &Event) -> Option<Finding> {
    let mut state = event.name().len() as u64;
    loop {
        state = std::hint::black_box(state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    }
}

policy_sdk::policy! {
    name: "hostile-looping",
    description: "Loops.",
    owner: "tests",
    rules: [loops],
}
