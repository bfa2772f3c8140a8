//! Asks for memory until the host says no.

use policy_sdk::prelude::*;

/// Eats memory.
#[rule(id = "eats", title = "Eats", severity = "low", select(all))]
pub fn eats(_event: &Event) -> Option<Finding> {
    let mut eaten: Vec<Vec<u8>> = Vec::new();
    loop {
        // Not filled: filling would run into the limit on time first.
        eaten.push(Vec::with_capacity(8 << 20));
        std::hint::black_box(&eaten);
    }
}

policy_sdk::policy! {
    name: "hostile-hungry",
    description: "Eats.",
    owner: "tests",
    rules: [eats],
}
