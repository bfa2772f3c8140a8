//! Policies that misbehave beside good ones: nothing changes in what the good ones find, and every failure is reported.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use e2e::{Run, built, findings, policy, rule, trailwarden};
use serde_json::Value;

/// Records that the good policies find something in, and others.
fn records(folder: &std::path::Path) -> String {
    let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 400).unwrap();
    sample_day::write(&day, folder).unwrap();
    folder.display().to_string()
}

fn scan(records: &str, hostile: Option<&str>) -> Run {
    let good = built("target/policies", "make policies").unwrap().display().to_string();
    let hostile = hostile.map(|name| built(&format!("target/hostile/{name}.wasm"), "make test").unwrap());
    let hostile = hostile.map(|path| ["-p".to_owned(), path.display().to_string()]);
    let args = ["scan", "--format", "ocsf", "-p", &good].map(str::to_owned).into_iter().chain(hostile.into_iter().flatten());
    trailwarden(args.chain([records.to_owned()])).unwrap()
}

/// The lines of the good policies' findings, byte for byte.
fn good_lines(run: &Run) -> Vec<&str> {
    let is_good = |line: &&str| {
        let finding: Value = serde_json::from_str(line).unwrap();
        policy(&finding).is_some_and(|policy| !policy.starts_with("hostile-"))
    };
    run.stdout.lines().filter(is_good).collect()
}

/// The number of failed tasks in the summary, as the host counts them.
fn failed_tasks(run: &Run) -> u64 {
    let line = run.stderr.lines().find(|line| line.starts_with("policies ")).unwrap();
    let failed = line.rsplit(" + ").next().unwrap().strip_suffix(" failed").unwrap();
    failed.replace(',', "").parse().unwrap()
}

/// The failures that the host reports of a policy: rule of the policy, kind, number of records.
fn reported(run: &Run) -> Vec<(String, String, u64)> {
    let found = findings(run).unwrap();
    let failed = found.iter().filter(|finding| rule(finding) == "policy-failed");
    let subject = |finding: &Value, key: &str| finding["unmapped"][key].as_str().unwrap_or_default().to_owned();
    failed
        .map(|finding| {
            let count = finding["count"].as_u64().unwrap_or(1);
            (subject(finding, "rule"), subject(finding, "failure"), count)
        })
        .collect()
}

/// Scans with and without a hostile policy; returns what the host reports of it and how many records it selected.
fn beside(name: &str) -> Vec<(String, String, u64)> {
    let folder = tempfile::tempdir().unwrap();
    let records = records(folder.path());
    let alone = scan(&records, None);
    let beside = scan(&records, Some(name));
    assert!(alone.stdout.lines().count() > 10, "{}", alone.stderr);
    assert_eq!(good_lines(&beside), alone.stdout.lines().collect::<Vec<_>>(), "{}", beside.stderr);
    let reported = reported(&beside);
    assert_eq!(reported.iter().map(|(_, _, count)| count).sum::<u64>(), failed_tasks(&beside), "{}", beside.stderr);
    reported
}

/// Records that are judged at all, from the sum of a policy that selects everything.
const SELECTED_BY_ALL: u64 = 400 + 23;

#[test]
fn a_policy_that_never_ends_is_stopped_at_every_record() {
    let reported = beside("hostile-looping");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!((&*reported[0].0, &*reported[0].1), ("loops", "time"));
    assert!(reported[0].2 > 20, "{reported:?}");
}

#[test]
fn a_policy_that_panics_at_some_records_still_judges_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let records = records(folder.path());
    let run = scan(&records, Some("hostile-trapping"));
    let found = findings(&run).unwrap();
    let judged = found.iter().filter(|finding| rule(finding) == "traps").count() as u64;
    let reported = beside("hostile-trapping");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!((&*reported[0].0, &*reported[0].1), ("traps", "trap"));
    assert!(judged > 50 && reported[0].2 > 50, "{judged} judged, {reported:?}");
    assert_eq!(judged + reported[0].2, SELECTED_BY_ALL);
    // The panic's own words reach the operator.
    assert!(run.stdout.contains("hostile record "), "no panic message in the findings");
}

#[test]
fn a_policy_that_eats_memory_is_stopped_at_every_record() {
    let reported = beside("hostile-hungry");
    assert_eq!(reported, [("eats".to_owned(), "memory".to_owned(), SELECTED_BY_ALL)]);
}

#[test]
fn a_policy_that_floods_is_refused_its_answers() {
    let reported = beside("hostile-flooding");
    let kind = |rule: &str, kind: &str| (rule.to_owned(), kind.to_owned(), SELECTED_BY_ALL);
    assert_eq!(reported, [kind("bloats", "output"), kind("floods", "output")]);
}
