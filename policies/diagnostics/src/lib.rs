//! Policy `diagnostics`: for the day on which one asks whether anything arrives.

mod any_record;

/// What the platform team may set.
#[policy_sdk::settings]
#[derive(Default)]
pub struct Settings {
    /// Services (`eventSource`) whose records are reported; every record where the list is empty, as by default.
    pub event_sources: Vec<String>,
}

policy_sdk::policy! {
    name: "diagnostics",
    description: "Shows that records arrive. Its rule is off until it is switched on.",
    owner: "platform",
    settings: Settings,
    rules: [any_record::any_record],
}
