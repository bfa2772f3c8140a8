//! Answers with far more than it may: many findings, one huge finding, many log lines.

use policy_sdk::prelude::*;

/// Makes more findings of a record than a rule may.
#[rule(id = "floods", title = "Floods", severity = "low", select(all))]
pub fn floods(_event: &Event, cx: &Context) -> Vec<Finding> {
    (0..1_000).for_each(|number| cx.warn(format!("flood {number}")));
    (0..100).map(|number| Finding::new("flood").key(number.to_string())).collect()
}

/// Makes one finding that is larger than a finding may be.
#[rule(id = "bloats", title = "Bloats", severity = "low", select(all))]
pub fn bloats(_event: &Event) -> Option<Finding> {
    Some(Finding::new("x".repeat(1 << 20)))
}

policy_sdk::policy! {
    name: "hostile-flooding",
    description: "Floods.",
    owner: "tests",
    rules: [floods, bloats],
}
