//! Policies that misbehave beside good ones: nothing changes in what the good ones find, and every failure is reported.

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
    let before = line.split(" failed").next().unwrap();
    before.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap()
}

/// A failure of a policy as the host reports it.
#[derive(Debug)]
struct Reported {
    /// The policy's rule.
    rule: String,
    /// The kind of failure.
    kind: String,
    /// How many records.
    count: u64,
    /// The whole finding: which limit it was stands in its text, and the backstop behind a limit has another one.
    finding: String,
}

impl Reported {
    fn rule_and_kind(&self) -> (&str, &str) {
        (&self.rule, &self.kind)
    }
}

fn reported(run: &Run) -> Vec<Reported> {
    let found = findings(run).unwrap();
    let failed = found.iter().filter(|finding| rule(finding) == "policy-failed");
    let subject = |finding: &Value, key: &str| finding["unmapped"][key].as_str().unwrap_or_default().to_owned();
    let reported = failed.map(|finding| Reported {
        rule: subject(finding, "rule"),
        kind: subject(finding, "failure"),
        count: finding["count"].as_u64().unwrap_or(1),
        finding: finding.to_string(),
    });
    reported.collect()
}

/// The number of records that some rule looked at, which are all where a policy selects all.
fn evaluated(run: &Run) -> u64 {
    let line = run.stderr.lines().find(|line| line.starts_with("records ")).unwrap();
    let evaluated = line.split(" = ").nth(1).unwrap().split(' ').next().unwrap();
    evaluated.replace(',', "").parse().unwrap()
}

/// Scans with and without a hostile policy; returns what the host reports of it and how many records some rule looked at.
fn beside(name: &str) -> (Vec<Reported>, u64) {
    let folder = tempfile::tempdir().unwrap();
    let records = records(folder.path());
    let alone = scan(&records, None);
    let beside = scan(&records, Some(name));
    assert!(alone.stdout.lines().count() > 10, "{}", alone.stderr);
    assert_eq!(good_lines(&beside), alone.stdout.lines().collect::<Vec<_>>(), "{}", beside.stderr);
    let reported = reported(&beside);
    assert_eq!(reported.iter().map(|reported| reported.count).sum::<u64>(), failed_tasks(&beside), "{}", beside.stderr);
    (reported, evaluated(&beside))
}

#[test]
fn a_policy_that_never_ends_is_stopped_at_every_record() {
    let (reported, _) = beside("hostile-looping");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].rule_and_kind(), ("loops", "time"));
    assert!(reported[0].count > 20, "{reported:?}");
    assert!(reported[0].finding.contains("ms of CPU time"), "stopped by the backstop: {reported:?}");
}

#[test]
fn a_policy_that_panics_at_some_records_still_judges_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let records = records(folder.path());
    let run = scan(&records, Some("hostile-trapping"));
    let found = findings(&run).unwrap();
    let judged = found.iter().filter(|finding| rule(finding) == "traps").count() as u64;
    let (reported, evaluated) = beside("hostile-trapping");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!(reported[0].rule_and_kind(), ("traps", "trap"));
    assert!(judged > 50 && reported[0].count > 50, "{judged} judged, {reported:?}");
    assert_eq!(judged + reported[0].count, evaluated);
    // The panic's own words reach the operator.
    assert!(run.stdout.contains("hostile record "), "no panic message in the findings");
}

#[test]
fn a_policy_that_eats_memory_is_stopped_at_every_record() {
    let (reported, evaluated) = beside("hostile-hungry");
    assert!(evaluated >= 400, "{evaluated}");
    assert_eq!(reported.len(), 1, "{reported:?}");
    assert_eq!((reported[0].rule_and_kind(), reported[0].count), (("eats", "memory"), evaluated));
    assert!(reported[0].finding.contains("more than 67108864 bytes"), "stopped by the budget of all: {reported:?}");
}

#[test]
fn a_policy_that_floods_is_refused_its_answers() {
    let (reported, evaluated) = beside("hostile-flooding");
    assert!(evaluated >= 400, "{evaluated}");
    let reported: Vec<_> = reported.iter().map(|reported| (reported.rule_and_kind(), reported.count)).collect();
    assert_eq!(reported, [(("bloats", "output"), evaluated), (("floods", "output"), evaluated)]);
}
