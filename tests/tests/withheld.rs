//! A policy that is switched off in the middle of a chunk: each record that it wanted is counted once, as failed or as
//! withheld, and written down. Batches of records that all want, and batches that are copied for who wants some, are stopped
//! at different places.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::path::Path;

use e2e::hostile::guest::Guest;
use e2e::hostile::records::SOURCE;
use e2e::{Run, event, findings, policy, rule, trailwarden};
use serde_json::{Value, json};

/// Records of the one object; fewer than a chunk holds.
const RECORDS: usize = 61;
/// The policy that wants every record, and the one that wants every third.
const GREEDY: &str = "hostile-wants-all";
const CHOOSY: &str = "hostile-wants-some";

/// Records by four users, of four kinds.
fn record(position: usize) -> Value {
    let user = format!("user{}", position % 4);
    json!({
        "eventSource": if position.is_multiple_of(3) { SOURCE } else { "other.amazonaws.com" },
        "eventName": format!("Do{}", position % 4),
        "eventID": format!("event-{position:02}"),
        "recipientAccountId": "111122223333",
        "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "arn": format!("arn:aws:iam::111122223333:user/{user}")},
    })
}

/// The events that a policy wants, in order.
fn wanted(name: &str) -> Vec<String> {
    let wants = |position: &usize| name == GREEDY || position.is_multiple_of(3);
    (0..RECORDS).filter(wants).map(|position| format!("event-{position:02}")).collect()
}

/// Both policies, in a folder; they fail at every record, or find something in every one.
fn policies(folder: &Path, is_broken: bool) {
    std::fs::create_dir_all(folder).unwrap();
    for name in [GREEDY, CHOOSY] {
        let mut guest = Guest::named(name);
        if is_broken {
            guest.judge = "unreachable".into();
        }
        if name == GREEDY {
            guest.describes(|manifest| manifest["rules"][0]["selectors"] = json!(["all"]));
        }
        std::fs::write(folder.join(format!("{name}.wasm")), guest.component().unwrap()).unwrap();
    }
}

/// The number in the host's own finding about a policy.
fn reported(run: &Run, kind: &str, about: &str) -> u64 {
    let found = findings(run).unwrap();
    let is_about = |finding: &&Value| policy(finding).is_none() && rule(finding) == kind && finding.to_string().contains(about);
    found.iter().filter(is_about).map(|finding| finding["count"].as_u64().unwrap()).sum()
}

#[test]
fn each_record_that_a_stopped_policy_wanted_is_counted_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    policies(&folder.path().join("broken"), true);
    policies(&folder.path().join("mended"), false);
    let lines: Vec<String> = (0..RECORDS).map(|position| record(position).to_string()).collect();
    std::fs::write(path("records.jsonl"), lines.join("\n")).unwrap();
    // Shared batches of four records; four tasks are enough to be switched off, so what waits in batches then is withheld.
    let limits = "[limits]\nbatch_records = 4\nquarantine_tasks = 4\nquarantine_principals = 2\nquarantine_event_kinds = 2\n";
    std::fs::write(path("trailwarden.toml"), limits).unwrap();
    let [broken, mended, config, journal, records] =
        ["broken", "mended", "trailwarden.toml", "journal.redb", "records.jsonl"].map(path);

    let run = trailwarden(["scan", "--format", "ocsf", "-p", &broken, "-c", &config, "-j", &journal, &records]).unwrap();
    for name in [GREEDY, CHOOSY] {
        let (failed, withheld) = (reported(&run, "policy-failed", name), reported(&run, "policy-quarantined", name));
        assert_eq!(failed, 4, "{name}: {}", run.stderr);
        assert_eq!(failed + withheld, wanted(name).len() as u64, "{name}: {}", run.stderr);
    }
    let found = findings(&run).unwrap();
    assert!(!found.iter().any(|finding| rule(finding) == "counts-disagree"), "{}", run.stderr);

    // The journal says which they were: what it has is judged now, and nothing else.
    let caught_up = trailwarden(["catch-up", "--format", "ocsf", "-j", &journal, "-p", &mended, "-c", &config]).unwrap();
    let found = findings(&caught_up).unwrap();
    for name in [GREEDY, CHOOSY] {
        let mut events: Vec<_> = found.iter().filter(|finding| policy(finding) == Some(name)).map(event).collect();
        events.sort_unstable();
        assert_eq!(events, wanted(name), "{name}: {}", caught_up.stderr);
    }
}
