//! Needs a context table and says so: without the table the host must refuse it.

use policy_sdk::TableKind;
use policy_sdk::prelude::*;

/// Who is known.
pub const KNOWN: Table = Table::required("known-principals", TableKind::Arn, "Principals that are known.");

/// Finds principals that are not known.
#[rule(id = "unknown-principal", title = "Unknown principal", severity = "low", select(all))]
pub fn unknown_principal(event: &Event, cx: &Context) -> Option<Finding> {
    let is_known = cx.contains_principal(KNOWN, &event.actor()) == Membership::Inside;
    (!is_known).then(|| Finding::new("unknown"))
}

policy_sdk::policy! {
    name: "hostile-demanding",
    description: "Needs a table.",
    owner: "tests",
    tables: [KNOWN],
    rules: [unknown_principal],
}
