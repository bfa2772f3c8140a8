//! The reference page of the telemetry, made from its definitions.

use std::fmt::Write as _;

use super::http::{ENDPOINTS, Endpoint};
use super::log::events::{EVENTS, EventDefinition};
use super::log::fields::FIELDS;
use super::metrics::{METRICS, MetricDefinition};

const HEAD: &str = "\
# Telemetry

<!-- Printed by `trailwarden telemetry --format markdown`. Change host/src/telemetry/ and print it again. -->

What a running host tells of itself. Where it listens and how it logs is set under `[telemetry]` in the
[configuration](configuration.md#telemetry). [Watch a host](../how-to/watch-a-host.md) has alerts to begin with.

## Endpoints

Plain GETs over HTTP/1.1, one request a connection, without encryption or a password: let only your monitoring reach the
address. Answers hold no secret, no setting and nothing of a record; where a policy refuses its
settings, the reason is in the policy's own words, which in policies of this SDK do not repeat them. What one who asks can cost the host is
[limited](limits.md#limits-that-cant-be-set).

| path | what is to be had |
|---|---|
";

const METRICS_HEAD: &str = "
## Metrics

Names, units and kinds follow Prometheus' conventions; those that begin with `process_` are the ones that its clients have in
common. A scrape sees all of a chunk of records or nothing of it.

Labels are bounded: `policy` and `rule` by what is in force, `sink` and `source` by the configuration, `file` by the 1,000
refusals that are remembered, all others by the program. What belongs to a policy goes when it is retired; the metrics without a `policy` keep what it
contributed. Findings and failures have a series once there is one; tasks have theirs from the start, so alert on
`trailwarden_rule_tasks_total{outcome=\"failed\"}`.

Two sums hold once no object is being read: `trailwarden_records_total` over its outcomes is `trailwarden_records_read_total`, and
`trailwarden_rule_tasks_total` over the rules is `trailwarden_tasks_total`, unless a policy, or a rule of one, is gone.

| metric | kind | labels | what it tells | when it moves |
|---|---|---|---|---|
";

const EVENTS_HEAD: &str = "
## Log

One line for each event on standard error, as text or as JSON. Every line has `timestamp` (UTC), `level`, `event` and `message`. Names
of events and fields are stable, messages and reasons are for people. Text of others is made harmless for a terminal and cut to
1,024 bytes; lines that records or policies can bring about in any number are told so often a minute, and then counted (`trailwarden_object_log_lines_dropped_total`, `trailwarden_policy_log_lines_total`). Settings are never
logged; what a policy writes itself is told as it is, so a policy should not write what its settings hold.

| event | level | what has happened | fields |
|---|---|---|---|
";

const FIELDS_HEAD: &str = "
### Fields

| field | what it holds |
|---|---|
";

/// The reference page, `docs/reference/telemetry.md`.
pub fn markdown() -> String {
    let mut page = HEAD.to_owned();
    // Writing to a string never fails.
    for Endpoint { path, doc, .. } in ENDPOINTS {
        let _ = writeln!(page, "| `{path}` | {doc} |");
    }
    page.push_str(METRICS_HEAD);
    for MetricDefinition { name, kind, labels, help, action, .. } in METRICS {
        let _ = writeln!(page, "| `{name}` | {} | {} | {} | {action} |", kind.as_str(), code(labels), help.trim());
    }
    page.push_str(EVENTS_HEAD);
    for EventDefinition { name, level, fields, doc } in EVENTS {
        let _ = writeln!(page, "| `{name}` | {level} | {} | {} |", doc.trim(), code(fields));
    }
    page.push_str(FIELDS_HEAD);
    for (field, doc) in FIELDS {
        let _ = writeln!(page, "| `{field}` | {doc} |");
    }
    page
}

fn code(words: &[&str]) -> String {
    words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_to_stand_in_the_log_is_an_event() {
        let is_event = |word: &str| {
            word.split('.').count() == 2 && word.bytes().all(|byte| byte.is_ascii_lowercase() || b"._".contains(&byte))
        };
        for MetricDefinition { name, action, .. } in METRICS {
            for word in action.split('`').skip(1).step_by(2).filter(|word| is_event(word)) {
                assert!(EVENTS.iter().any(|event| event.name == word), "{name}: {word}");
            }
        }
    }

    #[test]
    fn the_reference_page_is_what_the_command_prints() {
        let committed = include_str!("../../../docs/reference/telemetry.md");
        let again = "print it again: trailwarden telemetry --format markdown > docs/reference/telemetry.md";
        assert!(committed == markdown(), "{again}");
    }
}
