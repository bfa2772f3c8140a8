//! Policies that are not written in Rust: they find what their Rust twin finds, and what they could ask of a system is not there.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use e2e::{Run, built, event, findings, policy, rule, shared_records, trailwarden};
use serde_json::Value;

/// The policies in other languages, and the one in Rust of which they are twins.
const TWINS: [&str; 2] = ["python-identity", "javascript-identity"];
const RUST: &str = "identity";
/// Its rules that they have too.
const TWIN_RULES: [&str; 2] = ["console-login-without-mfa", "create-user"];

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What a finding says, without who says it.
fn said(finding: &Value) -> String {
    let info = &finding["finding_info"];
    let parts = [
        Value::from(rule(finding)),
        Value::from(event(finding)),
        finding["severity"].clone(),
        info["title"].clone(),
        info["desc"].clone(),
        finding["resources"].clone(),
        finding["unmapped"]["details"].clone(),
    ];
    Value::from(parts.to_vec()).to_string()
}

fn by_policy(found: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_policy: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in found {
        by_policy.entry(policy(finding).unwrap_or("trailwarden").to_owned()).or_default().insert(said(finding));
    }
    by_policy
}

/// A day of example records, and every user that an attacker might make in it: what the twins disagree on would be in an odd
/// identity.
fn records(folder: &Path) -> String {
    let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 400).unwrap();
    sample_day::write(&day, &folder.join("day")).unwrap();
    std::fs::write(folder.join("odd.jsonl"), odd_records().join("\n")).unwrap();
    text(folder)
}

/// Both rules' records with every shape of identity, and with fields absent, null and of another type.
fn odd_records() -> Vec<String> {
    let session = |extra: &str| {
        format!(
            r#"{{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/ops/anna","sessionContext":{{"sessionIssuer":{{{extra}}}}}}}"#
        )
    };
    let identities = [
        "null".to_owned(),
        "7".to_owned(),
        "{}".to_owned(),
        r#"{"type":"Root","accountId":"111122223333"}"#.to_owned(),
        r#"{"type":"Root","arn":"arn:aws:iam::111122223333:root"}"#.to_owned(),
        r#"{"type":"Root","sessionContext":{"sessionIssuer":{"accountId":"444455556666"}}}"#.to_owned(),
        r#"{"type":"IAMUser","userName":"anna"}"#.to_owned(),
        r#"{"type":"IAMUser","userName":"","arn":"arn:aws:iam::111122223333:user/anna"}"#.to_owned(),
        r#"{"type":"IAMUser","userName":null,"invokedBy":"cloudformation.amazonaws.com"}"#.to_owned(),
        r#"{"type":"IAMUser","userName":["anna"],"principalId":"AIDAEXAMPLE"}"#.to_owned(),
        r#"{"type":"IAMUser","userName":"zo\u00eb \ud83d\ude00 \"x\""}"#.to_owned(),
        session(""),
        session(r#""type":"Role","arn":"arn:aws:iam::111122223333:role/path/ops","userName":"ops-role""#),
        session(r#""type":"Role","arn":"arn:aws:iam::111122223333:role/path/ops""#),
        session(r#""type":"Service","arn":"x","userName":"not-a-role""#),
        session(r#""type":"","arn":"x","userName":"""#),
        r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/alone"}"#.to_owned(),
        r#"{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/ops/a/b"}"#.to_owned(),
        r#"{"type":"AssumedRole","sessionContext":null,"accountId":"111122223333"}"#.to_owned(),
        r#"{"type":"SAMLUser","userName":"someone","principalId":"x"}"#.to_owned(),
    ];
    let bodies = [
        r#""eventSource":"iam.amazonaws.com","eventName":"CreateUser","requestParameters":{"userName":"bob"},"responseElements":{"user":{"arn":"arn:aws:iam::111122223333:user/bob"}},"recipientAccountId":"111122223333""#,
        r#""eventSource":"iam.amazonaws.com","eventName":"CreateUser","requestParameters":null,"responseElements":{"user":{"arn":"arn:aws:iam::1:user/b"}},"accountId":"444455556666""#,
        r#""eventSource":"iam.amazonaws.com","eventName":"CreateUser","requestParameters":{"userName":7},"responseElements":"no""#,
        r#""eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","additionalEventData":{"MFAUsed":"No"},"sourceIPAddress":"192.0.2.1","userAgent":"Mozilla/5.0""#,
        r#""eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","additionalEventData":{"MFAUsed":"NO"}"#,
        r#""eventSource":"signin.amazonaws.com","eventName":"ConsoleLogin","additionalEventData":{"MFAUsed":false}"#,
    ];
    let record = |(number, (identity, body)): (usize, (&String, &str))| {
        format!(r#"{{"eventID":"odd-{number}","eventTime":"2026-03-17T10:00:00Z","userIdentity":{identity},{body}}}"#)
    };
    let pairs = identities.iter().flat_map(|identity| bodies.iter().map(move |body| (identity, *body)));
    pairs.enumerate().map(record).collect()
}

fn scan(workers: &str, inputs: &[String]) -> Run {
    let twin = |name: &&str| {
        text(&built(&format!("target/policies-other-languages/{name}.wasm"), "make policies-other-languages").unwrap())
    };
    let rust = text(&built(&format!("target/policies/{RUST}.wasm"), "make policies").unwrap());
    let policies = TWINS.iter().map(twin).chain([rust]).flat_map(|path| ["-p".to_owned(), path]);
    let args = ["scan", "--format", "ocsf", "--workers", workers].map(str::to_owned);
    trailwarden(args.into_iter().chain(policies).chain(inputs.iter().cloned())).unwrap()
}

#[test]
fn policies_in_python_and_javascript_find_what_their_rust_twin_finds_and_find_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut inputs = vec![records(folder.path())];
    let real = shared_records("policies_in_python_and_javascript_find_what_their_rust_twin_finds_and_find_it_again");
    inputs.extend(real.iter().map(|path| text(path)));
    let run = scan("1", &inputs);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains(" + 0 failed"), "{}", run.stderr);

    let mut found = by_policy(&findings(&run).unwrap());
    let rust = found.remove(RUST).unwrap();
    // The others have no twins.
    let has_twin = |said: &String| TWIN_RULES.iter().any(|rule| said.starts_with(&format!("[\"{rule}\",")));
    let expected: BTreeSet<String> = rust.into_iter().filter(has_twin).collect();
    assert!(expected.len() >= 60, "too few findings for the comparison to mean much: {}", expected.len());
    for twin in TWINS {
        let twins = found.remove(twin).unwrap_or_default();
        let differences: Vec<_> = expected.symmetric_difference(&twins).collect();
        assert!(differences.is_empty(), "{twin} differs from {RUST} in {differences:#?}");
    }
    assert_eq!(found, BTreeMap::new(), "nobody else has anything to say");

    // A hash table's order, a seed or a clock would show as other bytes, in another process and on other instances.
    let again = scan("3", &inputs);
    assert!(again.stdout == run.stdout, "a second run of the same policies on the same records gives other bytes");
}

/// The policies that ask their standard libraries for what a policy must not have, a rule for each way.
const ATTACKERS: [&str; 2] = ["python-system", "javascript-system"];

/// What the attackers are told, for every record the same.
const TOLD: [(&str, &str, &str); 13] = [
    (
        "python-system",
        "reads-files",
        "folder FileNotFoundError, here FileNotFoundError, file FileNotFoundError, device FileNotFoundError, \
         process FileNotFoundError, new file FileNotFoundError, removal FileNotFoundError, new folder FileNotFoundError",
    ),
    (
        "python-system",
        "looks-around",
        "environment [], variable None, arguments [], input '', terminal False, user AttributeError",
    ),
    (
        "python-system",
        "connects",
        "name PermissionError, connection PermissionError, listener PermissionError, datagram PermissionError",
    ),
    ("python-system", "starts-others", "thread RuntimeError, process OSError, fork AttributeError, shell AttributeError"),
    ("python-system", "imports-later", "ModuleNotFoundError"),
    ("python-system", "asks-for-the-time", "0.0 0.0 1970-01-01T00:00:00+00:00"),
    ("python-system", "draws", "6c3b9aa767f785b5 228365 0.37361565043707 320dfbb2-7c88-4b8f-a460-670f79460232"),
    ("python-system", "sleeps", "slept"),
    ("python-system", "prints-a-flood", "printed"),
    (
        "javascript-system",
        "looks-around",
        "process undefined, require undefined, XMLHttpRequest undefined, WebSocket undefined, Worker undefined, \
         Deno undefined, Bun undefined, navigator undefined",
    ),
    ("javascript-system", "asks-for-the-time", "0 1970-01-01T00:00:00.000Z 0"),
    ("javascript-system", "draws", "108 59 154 167 103 247 133 181, bad8c037-a55f-4746-a6a6-e281320dfbb2"),
    ("javascript-system", "prints-a-flood", "printed"),
];

/// What stops them: the kinds of failure that it may be. An engine that fills its memory may run out of time first.
const STOPPED: [(&str, &str, &[&str]); 9] = [
    ("python-system", "waits-busily", &["time"]),
    ("python-system", "exits", &["trap"]),
    ("python-system", "fills-memory", &["memory"]),
    ("python-system", "recurses", &["error", "time"]),
    ("python-system", "draws-without-end", &["system"]),
    ("javascript-system", "fetches", &["trap"]),
    ("javascript-system", "waits-busily", &["time"]),
    ("javascript-system", "fills-memory", &["time", "memory", "trap"]),
    ("javascript-system", "recurses", &["time", "trap", "error"]),
];

#[test]
fn what_a_standard_library_could_ask_of_a_system_is_not_there() {
    const RECORDS: usize = 3;
    let folder = tempfile::tempdir().unwrap();
    let input = text(&folder.path().join("records.jsonl"));
    let record = |number: usize| {
        format!(
            r#"{{"eventID":"e-{number}","eventSource":"iam.amazonaws.com","eventName":"CreateUser","userIdentity":{{"type":"IAMUser","userName":"anna"}},"requestParameters":{{"userName":"bob"}}}}"#
        )
    };
    std::fs::write(&input, (0..RECORDS).map(record).collect::<Vec<_>>().join("\n")).unwrap();
    let good = text(&built(&format!("target/policies/{RUST}.wasm"), "make policies").unwrap());
    let attackers =
        ATTACKERS.map(|name| text(&built(&format!("target/hostile-other-languages/{name}.wasm"), "make test").unwrap()));
    let scan = |workers: &str, policies: &[&str]| {
        let policies = policies.iter().flat_map(|path| ["-p", *path]);
        let run =
            trailwarden(["scan", "--format", "ocsf", "--workers", workers].into_iter().chain(policies).chain([&*input])).unwrap();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        run
    };
    let of = |run: &Run, wanted: &[&str]| -> Vec<String> {
        let is_wanted = |line: &&str| policy(&serde_json::from_str(line).unwrap()).is_some_and(|name| wanted.contains(&name));
        run.stdout.lines().filter(is_wanted).map(str::to_owned).collect()
    };

    let alone = scan("1", &[&good]);
    let all = [&*good, &*attackers[0], &*attackers[1]];
    let beside = scan("1", &all);
    assert_eq!(of(&beside, &[RUST]), of(&alone, &[RUST]), "the good policy's findings changed");
    assert_eq!(of(&beside, &[RUST]).len(), RECORDS);

    let found = findings(&beside).unwrap();
    for (attacker, attack, expected) in TOLD {
        let its = found.iter().filter(|finding| policy(finding) == Some(attacker) && rule(finding) == attack);
        let told: Vec<_> = its.map(|finding| finding["finding_info"]["desc"].as_str().unwrap()).collect();
        assert_eq!(told, [expected; RECORDS], "{attacker}/{attack}");
    }
    for (attacker, attack, kinds) in STOPPED {
        let is_its = |finding: &&Value| {
            rule(finding) == "policy-failed" && finding["unmapped"]["rule"] == attack && finding["unmapped"]["policy"] == attacker
        };
        let failures: Vec<_> = found.iter().filter(is_its).collect();
        let said = failures.iter().map(|failure| failure["finding_info"]["desc"].to_string()).collect::<Vec<_>>();
        let records: u64 = failures.iter().filter_map(|failure| failure["count"].as_u64()).sum();
        assert_eq!(records, RECORDS as u64, "{attacker}/{attack} did not fail at every record: {said:?}");
        let is_expected = |failure: &&Value| failure["unmapped"]["failure"].as_str().is_some_and(|kind| kinds.contains(&kind));
        assert!(failures.iter().all(is_expected), "{attacker}/{attack} failed otherwise: {said:?}");
    }

    let again = scan("3", &all);
    assert_eq!(of(&again, &ATTACKERS), of(&beside, &ATTACKERS), "a second run of the attackers finds something else");
}
