//! Remembers: what it answers depends on how many records it has seen before, which no policy may do.

use std::sync::atomic::{AtomicU64, Ordering};

use policy_sdk::prelude::*;

static SEEN: AtomicU64 = AtomicU64::new(0);

/// Finds something in the first record that an instance judges, and says less in every later one.
#[rule(id = "tires", title = "Tires", severity = "low", select(all))]
pub fn tires(event: &Event) -> Option<Finding> {
    match SEEN.fetch_add(1, Ordering::Relaxed) {
        0 => Some(Finding::new(format!("saw {}", event.name()))),
        1..20 => Some(Finding::new("saw something")),
        _ => None,
    }
}

policy_sdk::policy! {
    name: "hostile-remembering",
    description: "Remembers.",
    owner: "tests",
    rules: [tires],
}
