//! Traps where its settings say so: at every record, as a policy that was built wrong, or at records that an attacker crafted.

use policy_sdk::prelude::*;

/// What it traps at.
#[policy_sdk::settings]
#[derive(Default)]
pub struct Settings {
    /// Trap at every record.
    pub is_broken: bool,
    /// Trap at records whose user agent contains this; empty: at none.
    pub crafted: String,
}

/// Finds something in every record that it does not trap at.
#[rule(id = "breaks", title = "Breaks", severity = "low", select(all))]
#[expect(clippy::panic, reason = "it is what this policy is for")]
pub fn breaks(event: &Event, cx: &Context<Settings>) -> Option<Finding> {
    let settings = cx.settings();
    let agent = event.get("userAgent").str().unwrap_or_default();
    if settings.is_broken || (!settings.crafted.is_empty() && agent.contains(&settings.crafted)) {
        panic!("hostile record {}", event.name());
    }
    Some(Finding::new(format!("judged {}", event.name())))
}

policy_sdk::policy! {
    name: "hostile-breakable",
    description: "Breaks.",
    owner: "tests",
    settings: Settings,
    rules: [breaks],
}
