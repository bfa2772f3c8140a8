//! The reference page of the limits, made from their definitions.

use std::fmt::Write as _;

use super::{FIXED, FixedLimit, LIMITS, LimitDefinition, Passed, Scope};

const HEAD: &str = "\
# Limits

<!-- Printed by `trailwarden limits --format markdown`. Change host/src/limits/ and print it again. -->

Every limit, with what happens where it is passed. `trailwarden limits --config FILE` prints them with the values that are in
force and the lines that set them.

**What the others notice: nothing.** A limit is passed by one policy, one record, one object or one file. What the other
policies find in the same records is the same, byte for byte. The one thing that policies share is the host's memory budget;
warm instances are thrown away before an instance that is needed goes without.

## Limits that can be set

Whole numbers, in the unit that the key's name says, under `[limits]` in the [configuration](configuration.md). Limits with
*policy* in the column *where* may also be set for one policy, in `[policies.NAME.limits]`. Sizes must fit into each other: an
instance's memory into the budget, a finding, a log line and a look-up's key into the output of a batch, a record into an object.

A *failure* is the word in `unmapped.failure` of the finding; a *finding* is the rule of the host that reports it
(`finding_info.analytic.uid`, with `\"source\":\"host\"` in `unmapped`).

| key | default | unit | range | where | what it bounds | where it is passed | failure | finding |
|---|---|---|---|---|---|---|---|---|
";

const FIXED_HEAD: &str = "
## Limits that can't be set

| limit | value | unit | what it bounds | where it is passed | failure | finding |
|---|---|---|---|---|---|---|
";

/// The reference page, `docs/reference/limits.md`.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    for limit in LIMITS {
        let LimitDefinition { name, doc, unit, default, min, max, .. } = limit;
        let scope = match limit.scope {
            Scope::Host => "host",
            Scope::Policy => "host, policy",
        };
        // Writing to a string never fails.
        let _ = writeln!(
            page,
            "| `{name}` | {default} | {unit} | {min} to {max} | {scope} | {} | {} |",
            doc.trim(),
            consequence(limit.passed)
        );
    }
    page.push_str(FIXED_HEAD);
    for FixedLimit { name, doc, value, unit, passed } in FIXED {
        let name = name.to_lowercase();
        let _ = writeln!(page, "| {name} | {value} | {unit} | {} | {} |", doc.trim(), consequence(*passed));
    }
    page
}

fn consequence(passed: Passed) -> String {
    let code = |word: Option<&str>| word.map(|word| format!("`{word}`")).unwrap_or_default();
    let failure = passed.failure().map(|kind| kind.as_str());
    let finding = passed.finding().map(|rule| rule.id());
    format!("{} | {} | {}", passed.describe(), code(failure), code(finding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_page_is_what_the_command_prints() {
        let committed = include_str!("../../../docs/reference/limits.md");
        assert!(committed == markdown(), "print it again: trailwarden limits --format markdown > docs/reference/limits.md");
    }
}
