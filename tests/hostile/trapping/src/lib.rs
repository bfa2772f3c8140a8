//! Panics on every record that it sees, after it has found something in others of the same batch.

use policy_sdk::prelude::*;

/// Panics on calls that change something, and finds something in the others.
#[rule(id = "traps", title = "Traps", severity = "low", select(all))]
#[expect(clippy::panic, reason = "it is what this policy is for")]
pub fn traps(event: &Event) -> Option<Finding> {
    if event.read_only() == Some(true) {
        return Some(Finding::new("read"));
    }
    panic!("hostile record {}", event.name());
}

policy_sdk::policy! {
    name: "hostile-trapping",
    description: "Traps.",
    owner: "tests",
    rules: [traps],
}
