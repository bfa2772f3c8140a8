//! Policies that fail: when they are quarantined, what is written down of them, and how they catch up.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

mod killed;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use e2e::hostile::guest::Guest;
use e2e::hostile::records::records;
use e2e::{Run, built, event, findings, policy, rule, trailwarden, trailwarden_reading};
use serde_json::Value;

const BREAKABLE: &str = "hostile-breakable";

/// A folder with records of a day, and room for configurations and journals.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn with_records(number: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let day = sample_day::Day::make(sample_day::DEFAULT_SEED, number).unwrap();
        sample_day::write(&day, &folder.path().join("records")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> String {
        self.folder.path().join(name).display().to_string()
    }

    fn config(&self, text: &str) -> String {
        let path = self.path("trailwarden.toml");
        std::fs::write(&path, text).unwrap();
        path
    }

    fn journal(&self) -> String {
        self.path("state/journal.redb")
    }

    fn scan(&self, hostile: Option<&str>, config: &str, extra: &[&str]) -> Run {
        let config = self.config(config);
        let good = built("target/policies", "make policies").unwrap().display().to_string();
        let hostile = hostile.map(hostile_policy);
        let mut args = vec!["scan", "--format", "ocsf", "-p", &good, "-c", &config];
        args.extend(hostile.iter().flat_map(|path| ["-p", path]));
        args.extend(extra);
        let records = self.path("records");
        args.push(&records);
        trailwarden(args).unwrap()
    }

    fn catch_up(&self, config: &str, extra: &[&str]) -> Run {
        let (config, journal, hostile) = (self.config(config), self.journal(), hostile_policy(BREAKABLE));
        let args = ["catch-up", "--format", "ocsf", "-j", &journal, "-p", &hostile, "-c", &config];
        trailwarden(args.into_iter().chain(extra.iter().copied())).unwrap()
    }
}

fn hostile_policy(name: &str) -> String {
    built(&format!("target/hostile/{name}.wasm"), "make test").unwrap().display().to_string()
}

fn settings(settings: &str) -> String {
    format!("[policies.{BREAKABLE}.settings]\n{settings}\n")
}

fn of_host<'f>(found: &'f [Value], wanted: &str) -> Vec<&'f Value> {
    found.iter().filter(|finding| policy(finding).is_none() && rule(finding) == wanted).collect()
}

/// Lines of the policies that ship, byte for byte.
fn good_lines(run: &Run) -> Vec<&str> {
    let is_good = |line: &&str| {
        let finding: Value = serde_json::from_str(line).unwrap();
        policy(&finding).is_some_and(|policy| !policy.starts_with("hostile-"))
    };
    run.stdout.lines().filter(is_good).collect()
}

/// Ids of the hostile policy's findings.
fn ids(run: &Run) -> BTreeSet<String> {
    let of_it = |finding: &Value| policy(finding) == Some(BREAKABLE);
    let found = findings(run).unwrap();
    found.iter().filter(|f| of_it(f)).map(|f| f["finding_info"]["uid"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_policy_that_fails_throughout_is_quarantined_at_the_same_record_for_any_number_of_workers() {
    let place = Place::with_records(3_000);
    let broken = settings("is_broken = true");
    let alone = place.scan(None, &broken, &[]);
    let one = place.scan(Some(BREAKABLE), &broken, &["--workers", "1"]);
    assert_eq!(good_lines(&one), alone.stdout.lines().collect::<Vec<_>>(), "{}", one.stderr);
    for workers in ["2", "8"] {
        let many = place.scan(Some(BREAKABLE), &broken, &["--workers", workers]);
        assert!(many.stdout == one.stdout, "{workers} workers: {}", many.stderr);
    }
    let found = findings(&one).unwrap();
    let quarantined = of_host(&found, "policy-quarantined");
    assert_eq!(quarantined.len(), 1, "{}", one.stderr);
    assert_eq!(quarantined[0]["severity"], "Critical");
    assert_eq!(quarantined[0]["unmapped"]["failure"], "fails-throughout");
    let withheld = quarantined[0]["count"].as_u64().unwrap();
    let failed = of_host(&found, "policy-failed")[0]["count"].as_u64().unwrap();
    assert!(failed >= 1_000 && withheld > 500, "{failed} failed, {withheld} withheld");
    assert_eq!(of_host(&found, "counts-disagree").len(), 0, "{}", one.stderr);

    // Where any of the three is out of reach, nothing of it happens.
    for limit in ["quarantine_tasks = 0", "quarantine_principals = 1000", "quarantine_event_kinds = 1000"] {
        let off = place.scan(Some(BREAKABLE), &format!("{broken}[limits]\n{limit}\n"), &[]);
        assert_eq!(of_host(&findings(&off).unwrap(), "policy-quarantined").len(), 0, "{limit}: {}", off.stderr);
    }
}

/// Records of one role in many sessions, calling whatever there is, far more often than a quarantine needs.
fn crafted(number: usize) -> String {
    let record = |n: usize| {
        format!(
            r#"{{"eventVersion":"1.11","eventID":"e-{n}","eventTime":"2026-01-02T03:04:05Z","eventSource":"s{}.amazonaws.com","eventName":"Call{}","awsRegion":"eu-west-1","sourceIPAddress":"198.51.100.{}","userAgent":"crafted","recipientAccountId":"111122223333","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLE:s{n}","arn":"arn:aws:sts::111122223333:assumed-role/r/s{n}","accountId":"111122223333","sessionContext":{{"sessionIssuer":{{"type":"Role","arn":"arn:aws:iam::111122223333:role/r"}}}}}}}}"#,
            n % 50,
            n % 400,
            n % 250
        )
    };
    (0..number).map(|n| record(n) + "\n").collect()
}

#[test]
fn a_crafted_user_agent_switches_no_policy_off() {
    let place = Place::with_records(200);
    std::fs::write(place.path("records/AWSLogs/crafted.jsonl"), crafted(6_000)).unwrap();
    let run = place.scan(Some(BREAKABLE), &settings("crafted = \"crafted\""), &[]);
    let found = findings(&run).unwrap();
    assert_eq!(of_host(&found, "policy-quarantined").len(), 0, "{}", run.stderr);
    let failed = of_host(&found, "policy-failed");
    assert_eq!((failed.len(), failed[0]["count"].as_u64()), (1, Some(6_000)), "{}", run.stderr);
    // Everything else was judged.
    assert!(ids(&run).len() >= 200, "{}", run.stderr);
}

#[test]
fn a_mended_policy_catches_up_with_the_same_findings_once() {
    let place = Place::with_records(2_500);
    let mended = settings("is_broken = false");
    let whole = place.scan(Some(BREAKABLE), &mended, &[]);
    let journal = place.journal();
    let broken = place.scan(Some(BREAKABLE), &settings("is_broken = true"), &["-j", &journal]);
    assert!(ids(&broken).is_empty() && broken.stderr.contains("quarantined"), "{}", broken.stderr);
    let mode = std::fs::metadata(&journal).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    // The same failures again are the same entries.
    let again = place.scan(Some(BREAKABLE), &settings("is_broken = true"), &["-j", &journal]);
    assert!(again.stderr.contains("journal   0 tasks written down"), "{}", again.stderr);

    // What still fails stays.
    let failing = place.catch_up(&settings("is_broken = true"), &[]);
    assert!(failing.stderr.contains("; 0 removed"), "{}", failing.stderr);
    let caught_up = place.catch_up(&mended, &[]);
    assert_eq!(caught_up.code, Some(0), "{}", caught_up.stderr);
    assert!(ids(&caught_up).len() >= 2_500);
    assert_eq!(ids(&caught_up), ids(&whole));
    let nothing = place.catch_up(&mended, &[]);
    assert_eq!(nothing.stdout, "", "{}", nothing.stderr);
}

#[test]
fn a_record_that_is_gone_is_reported_and_its_tasks_stay() {
    let place = Place::with_records(60);
    let journal = place.journal();
    place.scan(Some(BREAKABLE), &settings("is_broken = true"), &["-j", &journal]);
    let moved = PathBuf::from(place.path("elsewhere"));
    std::fs::rename(place.path("records"), &moved).unwrap();
    let mended = settings("");
    let gone = place.catch_up(&mended, &[]);
    let found = findings(&gone).unwrap();
    assert_eq!(gone.code, Some(3), "{}", gone.stderr);
    assert!(!of_host(&found, "record-missing").is_empty() && ids(&gone).is_empty(), "{}", gone.stderr);
    std::fs::rename(&moved, place.path("records")).unwrap();
    let back = place.catch_up(&mended, &[]);
    assert!(ids(&back).len() >= 60, "{}", back.stderr);
}

#[test]
fn what_came_from_standard_input_is_kept_in_the_journal() {
    let place = Place::with_records(60);
    let (journal, hostile) = (place.journal(), hostile_policy(BREAKABLE));
    let config = place.config(&settings("is_broken = true"));
    let args = ["scan", "--format", "ocsf", "-p", &hostile, "-c", &config, "-j", &journal, "-"];
    let record = br#"{"eventID":"from-stdin","eventName":"CreateUser","eventSource":"iam.amazonaws.com"}"#;
    let run = trailwarden_reading(args, record).unwrap();
    assert!(run.stderr.contains("journal   1 tasks written down"), "{}", run.stderr);
    let caught_up = place.catch_up(&settings(""), &[]);
    let found = findings(&caught_up).unwrap();
    assert_eq!(found.iter().map(event).collect::<Vec<_>>(), ["from-stdin"], "{}", caught_up.stderr);
}

#[test]
fn a_full_journal_is_reported_with_what_had_no_room() {
    let place = Place::with_records(6_500);
    let journal = place.journal();
    let config = settings("is_broken = true") + "[limits]\njournal_mib = 1\n";
    let run = place.scan(Some(BREAKABLE), &config, &["-j", &journal]);
    let found = findings(&run).unwrap();
    let full = of_host(&found, "journal-full");
    assert_eq!(full.len(), 1, "{}", run.stderr);
    let no_room = full[0]["count"].as_u64().unwrap();
    let listed = place.catch_up(&settings(""), &["--list"]);
    let kept = listed.stdout.lines().next().unwrap();
    let kept: u64 = kept.split(' ').nth(1).unwrap().replace(',', "").parse().unwrap();
    let lost = |kind: &str| of_host(&found, kind).iter().map(|f| f["count"].as_u64().unwrap()).sum::<u64>();
    assert!(no_room > 0 && kept > 0);
    assert_eq!(kept + no_room, lost("policy-failed") + lost("policy-quarantined"), "{}", listed.stdout);
}

#[test]
fn a_policy_that_remembers_is_found_out_and_the_fresh_answers_stand() {
    let place = Place::with_records(400);
    let config = |every: u64| format!("[policies.hostile-remembering.limits]\nsecond_run_every = {every}\n");
    let run = place.scan(Some("hostile-remembering"), &config(1), &[]);
    let found = findings(&run).unwrap();
    let impure = of_host(&found, "policy-failed");
    assert_eq!(impure.len(), 1, "{}", run.stderr);
    assert_eq!(impure[0]["unmapped"]["failure"], "impure");
    assert!(impure[0]["count"].as_u64().unwrap() >= 300, "{}", run.stderr);
    // On a fresh instance it finds something in every record, which is what stands.
    let tires: Vec<&Value> = found.iter().filter(|f| rule(f) == "tires").collect();
    assert!(tires.len() >= 400 && tires.iter().all(|f| !f.to_string().contains("saw something")), "{}", run.stderr);

    let off = findings(&place.scan(Some("hostile-remembering"), &config(0), &[])).unwrap();
    assert_eq!(of_host(&off, "policy-failed").len(), 0);
    assert!(off.iter().filter(|f| rule(f) == "tires").count() < 400);
}

#[test]
fn a_rule_that_traps_takes_no_other_rules_answers_with_it_when_a_record_is_judged_again() {
    let place = Place::with_records(60);
    let mut guest = Guest::named("hostile-half");
    guest.describes(|manifest| {
        let first = manifest["rules"][0].clone();
        manifest["rules"] = vec![first.clone(), first].into();
        manifest["rules"][1]["id"] = "traps".into();
    });
    guest.judge = "(if (local.get $rule) (then (unreachable))) (call $find (local.get $task))".into();
    let (wasm, attacked) = (place.path("half.wasm"), place.path("attacked.jsonl"));
    std::fs::write(&wasm, guest.module().unwrap()).unwrap();
    std::fs::write(&attacked, records().iter().map(Value::to_string).collect::<Vec<_>>().join("\n")).unwrap();
    let config = place.config("[policies.hostile-half.limits]\nsecond_run_every = 1\n");
    let run = trailwarden(["scan", "--format", "ocsf", "-p", &wasm, "-c", &config, &attacked]).unwrap();
    let found = findings(&run).unwrap();
    assert_eq!(found.iter().filter(|f| rule(f) == "hostile").count(), records().len(), "{}", run.stderr);
    let failures = of_host(&found, "policy-failed");
    assert_eq!(failures.len(), 1, "{}", run.stderr);
    assert_eq!((&failures[0]["unmapped"]["rule"], &failures[0]["unmapped"]["failure"]), (&"traps".into(), &"trap".into()));
    assert!(run.stderr.contains("judged a second time"), "{}", run.stderr);
}

#[test]
fn every_limit_is_listed_with_its_value_and_the_line_that_set_it() {
    let place = Place::with_records(60);
    let config = place.config("[limits]\nbatch_records = 7\n[policies.storage.limits]\nfinding_kib = 9\n");
    let run = trailwarden(["limits", "-c", &config]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains(&format!("batch_records = 7 (set at {config}:2")), "{}", run.stdout);
    assert!(run.stdout.contains("    policy storage: 9 KiB (set at "), "{}", run.stdout);
    let page = std::fs::read_to_string(e2e::project().join("docs/reference/limits.md")).unwrap();
    assert_eq!(trailwarden(["limits", "--format", "markdown"]).unwrap().stdout, page);
}
