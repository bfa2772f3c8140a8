//! The main job, from outside: records in, sandboxed policies, findings out.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use e2e::{Run, built, event, events_by_rule, findings, project, rule, shared_records, trailwarden};

fn policies() -> String {
    built("target/policies", "make policies").unwrap().display().to_string()
}

/// A day of example records in a folder of its own, and the configuration that belongs to it.
fn sample_day() -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let day = sample_day::Day::make(sample_day::DEFAULT_SEED, sample_day::DEFAULT_RECORDS).unwrap();
    sample_day::write(&day, folder.path()).unwrap();
    (folder, project().join("examples/sample-day/trailwarden.toml").display().to_string())
}

fn scan_day(extra: &[&str]) -> Run {
    let (folder, config) = sample_day();
    let records = folder.path().display().to_string();
    let mut run =
        trailwarden(["scan", "-p", &policies(), "-c", &config].into_iter().chain(extra.iter().copied()).chain([&*records]))
            .unwrap();
    // The records' folder is another one each time and stands in findings as the object's name.
    run.stdout = run.stdout.replace(&records, "records");
    run
}

#[test]
fn the_attack_of_the_example_day_is_found_and_nothing_else() {
    let run = scan_day(&["--format", "ocsf"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let found = findings(&run).unwrap();
    let found: BTreeSet<(String, String)> = found.iter().map(|f| (rule(f).to_owned(), event(f).to_owned())).collect();
    let steps = sample_day::expected(sample_day::DEFAULT_SEED);
    let expected = steps.iter().flat_map(|step| step.rules.iter().map(|r| (r.as_str().to_owned(), step.event_id.to_string())));
    assert_eq!(found, expected.collect());
    let sum = "records   4,026 in = 34 evaluated + 3,989 selected by no rule + 0 duplicate + 0 unreadable + 3 not a record: 3 digest file";
    assert!(run.stderr.contains(sum), "{}", run.stderr);
}

#[test]
fn any_number_of_workers_writes_the_same_bytes() {
    // A finding for each of many records, so that every chunk has its place in the output.
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    std::fs::write(&config, "[policies.diagnostics.rules.any-record]\nmode = \"enforce\"\n").unwrap();
    let records = folder.path().join("records");
    let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 12_000).unwrap();
    sample_day::write(&day, &records).unwrap();
    let [config, records] = [config, records].map(|path| path.display().to_string());
    let scan = |workers: &str| {
        let args = ["scan", "-p", &policies(), "-c", &config, "--format", "ocsf", "--workers", workers, &records];
        trailwarden(args).unwrap().stdout
    };
    let one = scan("1");
    assert!(one.lines().count() > 12_000);
    for workers in ["2", "3", "8"] {
        assert!(scan(workers) == one, "{workers} workers give other bytes than one");
    }
}

#[test]
fn the_table_tells_the_story_in_the_order_of_time_without_escape_codes() {
    let run = scan_day(&["--format", "table"]);
    let rows: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(rows.len(), 22, "{}", run.stdout);
    assert!(rows[0].starts_with("TIME (UTC)"), "{}", rows[0]);
    assert!(rows[1..].is_sorted_by_key(|row| &row[..19]), "{}", run.stdout);
    assert!(rows[20].contains("logging-stopped"), "{}", rows[20]);
    assert!(!run.stdout.contains('\u{1b}'));
}

#[test]
fn a_severity_can_be_made_to_fail_the_scan() {
    assert_eq!(scan_day(&["--format", "ocsf", "--fail-on", "critical"]).code, Some(1));
    let (folder, config) = sample_day();
    let quiet = folder.path().join("AWSLogs/444455556666").display().to_string();
    let run = trailwarden(["scan", "-p", &policies(), "-c", &config, "--fail-on", "critical", &quiet]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
}

#[test]
fn real_records_give_what_an_independent_reading_of_the_rules_gives() {
    let Some(records) = shared_records("real_records_give_what_an_independent_reading_of_the_rules_gives") else { return };
    let run = trailwarden(["scan", "-p", &policies(), "--format", "ocsf", &records.display().to_string()]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let sum = run.stderr.lines().find(|line| line.starts_with("records   ")).unwrap();
    assert!(sum.contains(" 0 unreadable"), "{sum}");
    assert!(!run.stderr.contains("panicked"), "{}", run.stderr);
    let found = events_by_rule(&findings(&run).unwrap());

    let python = built("target/venv/bin/python", "make setup-tests").unwrap();
    let reading = Command::new(python).arg("tests/independent/rules.py").arg(&records).current_dir(project()).output().unwrap();
    assert!(reading.status.success(), "{}", String::from_utf8_lossy(&reading.stderr));
    let reading: BTreeMap<String, BTreeSet<String>> = serde_json::from_slice(&reading.stdout).unwrap();
    let with_findings = reading.into_iter().filter(|(_, events)| !events.is_empty()).collect();
    assert_eq!(found, with_findings);
    assert!(found.len() >= 24, "too few rules fire for the comparison to mean much: {:?}", found.keys());
}

#[test]
fn a_rule_that_is_off_by_default_is_woken_by_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    std::fs::write(&config, "[policies.diagnostics.rules.any-record]\nmode = \"enforce\"\nseverity = \"low\"\n").unwrap();
    let records = folder.path().join("records.jsonl");
    std::fs::write(&records, "{\"eventName\":\"A\",\"eventID\":\"1\"}\n{\"eventName\":\"B\",\"eventID\":\"2\"}\n").unwrap();
    let [config, records] = [config, records].map(|path| path.display().to_string());
    let run = trailwarden(["scan", "-p", &policies(), "-c", &config, "--format", "ocsf", &records]).unwrap();
    let found = findings(&run).unwrap();
    assert_eq!(events_by_rule(&found)["any-record"].len(), 2);
    assert!(found.iter().all(|finding| finding["severity"] == "Low"));
    let without = trailwarden(["scan", "-p", &policies(), "--format", "ocsf", &records]).unwrap();
    assert_eq!(without.stdout, "");
}
