//! The empty system that policies in other languages get, under attack: `tests/hostile/system` has a rule for each way. What
//! it is given is empty, what it takes too much of stops it alone, and the good policies find what they find without it.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use e2e::{Run, built, findings, policy, rule, trailwarden};
use serde_json::Value;

const RECORDS: u64 = 12;

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
    for (attack, kind, words) in [
        ("waits-busily", "time", "10 ms of CPU time"),
        ("polls-nothing", "system", "polled an empty list"),
        ("polls-a-million", "contract", "too much data"),
        ("polls-a-thousand", "contract", "handle limit"),
        ("draws-all-at-once", "system", "more than 16384 random bytes"),
        ("draws-for-ever", "system", "more than 16384 random bytes"),
        ("prints-all-at-once", "contract", "too much data"),
        ("exits", "trap", "ended itself by `exit`, as if all were done"),
        ("exits-badly", "trap", "ended itself by `exit`, reporting a failure"),
        ("hoards-handles", "system", "more than 256 handles"),
    ] {
        let (failure, said) = attacked.failed(attack);
        assert_eq!(failure, kind, "{attack}: {said}");
        assert!(said.contains(words), "{attack}: {said}");
    }

    // What is there is empty, on every record the same.
    let seen = "0 variables, 0 arguments, cwd None, 0 folders, input Err(\"closed\"), terminal false, time (0, 0, 0), \
        tcp Err(ErrorCode { code: 1, name: \"access-denied\", message: \"\" }), \
        udp Err(ErrorCode { code: 1, name: \"access-denied\", message: \"\" }), \
        name Err(ErrorCode { code: 1, name: \"access-denied\", message: \"\" })";
    assert_eq!(attacked.judged("looks-around"), vec![seen; RECORDS as usize]);
    assert_eq!(attacked.judged("draws"), vec!["[108, 59, 154, 167] 13463722431525287783"; RECORDS as usize]);
    // What is slept is no time, and what is printed is cut; neither is a failure.
    assert_eq!(attacked.judged("sleeps"), vec!["slept"; RECORDS as usize]);
    assert!(attacked.took < Duration::from_secs(60), "it slept: {:?}", attacked.took);
    assert_eq!(attacked.judged("prints-a-flood"), vec!["printed true"; RECORDS as usize]);
    let dropped = attacked.run.stderr.lines().find(|line| line.starts_with("log ")).unwrap();
    assert!(dropped.contains("lines of policies were beyond the limit"), "{dropped}");
    // An instance that has leaked too much is replaced, and every record is judged.
    assert_eq!(attacked.judged("leaks-handles"), vec!["leaked"; RECORDS as usize]);
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
