//! The empty system that policies in other languages get, under attack: `tests/hostile/system` has a rule for each way. What
//! it is given is empty, what it takes too much of stops it alone, and the good policies find what they find without it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::hostile::system::{ATTACKS, Comes, RECORDS};
use e2e::{Run, built, findings, policy, rule, trailwarden};
use serde_json::Value;

/// Records that the policy `identity` finds something in.
fn records(folder: &Path) -> PathBuf {
    let record = |number: u64| {
        format!(
            r#"{{"eventID":"e-{number}","eventSource":"iam.amazonaws.com","eventName":"CreateUser","userIdentity":{{"type":"IAMUser","userName":"anna"}},"requestParameters":{{"userName":"bob"}}}}"#
        )
    };
    let path = folder.join("records.jsonl");
    std::fs::write(&path, (0..RECORDS).map(record).collect::<Vec<_>>().join("\n")).unwrap();
    path
}

fn wasm(name: &str, made_by: &str) -> String {
    built(name, made_by).unwrap().display().to_string()
}

fn hostile() -> String {
    wasm("target/hostile/hostile-system.wasm", "make test")
}

fn scan(records: &Path, extra: &[&str]) -> Run {
    let identity = wasm("target/policies/identity.wasm", "make policies");
    let args = ["scan", "--format", "ocsf", "-p", &identity].into_iter().chain(extra.iter().copied());
    trailwarden(args.chain([&*records.display().to_string()])).unwrap()
}

struct Attacked {
    found: Vec<Value>,
    run: Run,
    took: Duration,
}

/// Scans with the attacker beside a good policy, sees that the good one notices nothing.
fn attacked() -> Attacked {
    let folder = tempfile::tempdir().unwrap();
    let records = records(folder.path());
    let alone = scan(&records, &[]);
    let begun = Instant::now();
    let run = scan(&records, &["-p", &hostile()]);
    let took = begun.elapsed();
    let found = findings(&run).unwrap();
    let is_good = |line: &&str| policy(&serde_json::from_str(line).unwrap()) == Some("identity");
    let good: Vec<_> = run.stdout.lines().filter(is_good).collect();
    assert_eq!(good, alone.stdout.lines().collect::<Vec<_>>(), "the good policy's findings changed");
    assert_eq!(good.len() as u64, RECORDS);
    Attacked { found, run, took }
}

impl Attacked {
    /// What a rule of the attacker found, once for each record.
    fn judged(&self, wanted: &str) -> Vec<&str> {
        let its = self.found.iter().filter(|finding| policy(finding) == Some("hostile-system") && rule(finding) == wanted);
        its.map(|finding| finding["finding_info"]["desc"].as_str().unwrap()).collect()
    }

    /// How a rule of the attacker failed: the kind, and the host's words for it.
    fn failed(&self, wanted: &str) -> (&str, &str) {
        let is_its = |finding: &&Value| rule(finding) == "policy-failed" && finding["unmapped"]["rule"] == wanted;
        let failures: Vec<_> = self.found.iter().filter(is_its).collect();
        assert_eq!(failures.len(), 1, "failures of {wanted}");
        let failure = failures[0];
        assert_eq!(failure["count"].as_u64(), Some(RECORDS), "{wanted} did not fail at every record");
        (failure["unmapped"]["failure"].as_str().unwrap(), failure["finding_info"]["desc"].as_str().unwrap())
    }
}

#[test]
fn an_attack_on_the_system_finds_nothing_there_and_stops_nobody_else() {
    let attacked = attacked();
    for attack in ATTACKS {
        match attack.comes {
            Comes::Failure { kind, words } => {
                let (failure, said) = attacked.failed(attack.rule);
                assert_eq!(failure, kind, "{}: {said}", attack.rule);
                assert!(said.contains(words), "{}: {said}", attack.rule);
            }
            Comes::Sight(seen) => assert_eq!(attacked.judged(attack.rule), vec![seen; RECORDS as usize], "{}", attack.rule),
        }
    }
    // What was slept is no time, and what was printed beyond the limit is counted.
    assert!(attacked.took < Duration::from_secs(60), "it slept: {:?}", attacked.took);
    let dropped = attacked.run.stderr.lines().find(|line| line.starts_with("log ")).unwrap();
    assert!(dropped.contains("lines of policies were beyond the limit"), "{dropped}");
}

#[test]
fn every_rule_of_the_attacker_is_in_the_table() {
    let run = trailwarden(["policy", "inspect", &hostile(), "--json"]).unwrap();
    let manifest: Value = serde_json::from_str(&run.stdout).unwrap();
    let rules: BTreeSet<&str> = manifest["rules"].as_array().unwrap().iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(rules, ATTACKS.iter().map(|attack| attack.rule).collect());
}

#[test]
fn what_a_guest_prints_reaches_the_operator_cut_like_lines_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let record = records(folder.path()).display().to_string();
    let run = trailwarden(["policy", "explain", &hostile(), &record, "--event-id", "e-0"]).unwrap();
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("info: printed to standard output"), "{}", run.stdout);
    assert!(run.stdout.contains("error: printed to standard error"), "{}", run.stdout);
    let longest = run.stdout.lines().map(str::len).max().unwrap();
    assert!(longest < 2_000, "a line of {longest} bytes went through");
}
