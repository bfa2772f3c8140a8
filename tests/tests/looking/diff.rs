//! What `policy diff` says of two versions.

use e2e::hostile::guest::Guest;
use e2e::hostile::records::{COUNT, MARK, MARKED, event_id};
use e2e::{Run, trailwarden};
use serde_json::{Value, json};

use crate::{Stage, shipped};

const NAME: &str = "hostile-diff";

fn diff(args: &[&str]) -> Run {
    trailwarden(["policy", "diff"].iter().chain(args)).unwrap()
}

/// The document, without what no two runs have in common.
fn document(run: &Run) -> Value {
    let mut document: Value =
        serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {}{}", run.stdout, run.stderr));
    for side in ["old", "new"] {
        assert!(document[side]["cpu_ns"].as_u64().unwrap() > 0);
        document[side]["cpu_ns"] = Value::Null;
    }
    document
}

/// A version that finds something only where there is no mark, in other words and of another severity in the first record.
fn another() -> Guest {
    let mut guest = Guest::named(NAME);
    let (mark, summary, first) = (guest.text(MARK), guest.text("found otherwise"), guest.text("REQUEST01"));
    guest.judge = format!(
        "(if (call $holds (local.get $record) (local.get $size) {mark}) (then (return)))
         (call $find (local.get $task))
         (if (call $holds (local.get $record) (local.get $size) {first}) (then
           (i32.store offset=24 (global.get $last) (i32.const {}))
           (i32.store offset=28 (global.get $last) (i32.const {}))))",
        summary.at, summary.size
    );
    guest
}

#[test]
fn a_version_beside_itself_changes_nothing() {
    let stage = Stage::new();
    let file = stage.policy("same", &Guest::named(NAME).module().unwrap());
    let run = diff(&["--fail-on-change", &file, &file, &stage.records()]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.contains("old 12, new 12: 12 the same, 0 changed, 0 only in old, 0 only in new"), "{}", run.stdout);
    let run = diff(&["--format", "json", &shipped("identity"), &shipped("identity"), &stage.records()]);
    let document = document(&run);
    assert_eq!(
        (&document["records"], &document["totals"]["same"], &document["totals"]["changed"]),
        (&json!(13), &json!(1), &json!(0))
    );
    assert!(document["rules"]["in_both"].as_u64().unwrap() > 5, "{document:#}");
}

#[test]
fn what_only_one_finds_and_what_changed_is_listed_in_order_and_counted() {
    let stage = Stage::new();
    let old = stage.policy("old", &Guest::named(NAME).module().unwrap());
    let new = stage.policy("new", &another().module().unwrap());
    let run = diff(&["--format", "json", &old, &new, &stage.records()]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    let first = document(&run);
    let events = |list: &str| -> Vec<String> {
        first[list].as_array().unwrap().iter().map(|difference| difference["event"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(events("only_old"), MARKED.map(event_id));
    assert_eq!(events("changed"), [event_id(1)]);
    assert_eq!(events("only_new"), [""; 0]);
    assert_eq!(first["changed"][0]["changes"], json!([{"what": "summary", "old": "found", "new": "found otherwise"}]));
    let totals = json!({"same": COUNT - 4, "changed": 1, "only_old": 3, "only_new": 0});
    assert_eq!((&first["totals"], &first["by_rule"]["hostile"]), (&totals, &totals));
    assert_eq!(first, document(&diff(&["--format", "json", &old, &new, &stage.records()])));

    let run = diff(&["--format", "json", "--list", "1", "--fail-on-change", &new, &old, &stage.records()]);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let turned = document(&run);
    assert_eq!((turned["only_new"].as_array().unwrap().len(), &turned["totals"]["only_new"]), (1, &json!(3)));
    let table = diff(&["--list", "1", &new, &old, &stage.records()]).stdout;
    assert!(table.contains("only in new (the first 1 of 3)"), "{table}");
    assert!(table.contains("summary: \"found otherwise\" → \"found\""), "{table}");
}

#[test]
fn versions_with_other_rules_and_selectors_and_failures_are_compared() {
    let stage = Stage::new();
    let old = stage.policy("old", &Guest::named(NAME).module().unwrap());
    let mut guest = Guest::named(NAME);
    let mark = guest.text(MARK);
    guest.judge = format!(
        "(if (call $holds (local.get $record) (local.get $size) {mark}) (then (unreachable)))
         (if (i32.eq (local.get $rule) (i32.const 0)) (then (call $find (local.get $task))))"
    );
    guest.describes(|manifest| {
        manifest["rules"][0]["selectors"][0]["match"]["outcome"] = json!(["success"]);
        manifest["rules"]
            .as_array_mut()
            .unwrap()
            .push(json!({"id": "more", "title": "More", "severity": "low", "selectors": ["all"]}));
    });
    let new = stage.policy("new", &guest.module().unwrap());
    let document = document(&diff(&["--format", "json", &old, &new, &stage.records()]));
    assert_eq!(document["rules"]["only_new"], json!(["more"]));
    let changes = document["rules"]["changed"]["hostile"].as_array().unwrap();
    assert!(changes.len() == 1 && changes[0]["what"] == "selectors", "{changes:?}");
    assert_eq!((&document["old"]["evaluated"], &document["new"]["evaluated"]), (&json!(12), &json!(13)));
    let failures = document["new"]["failures"].as_array().unwrap();
    let told: Vec<_> = failures.iter().map(|failure| (failure["rule"].clone(), failure["times"].clone())).collect();
    assert_eq!(told, [(json!("hostile"), json!(3)), (json!("more"), json!(3))]);
    assert_eq!((&failures[0]["kind"], &failures[0]["first_event"]), (&json!("trap"), &json!(event_id(0))));
    assert_eq!(document["totals"], json!({"same": 9, "changed": 0, "only_old": 3, "only_new": 0}));
}

#[test]
fn a_rule_that_leaves_the_shadow_is_a_change_though_both_are_judged() {
    let stage = Stage::new();
    let mut guest = Guest::named(NAME);
    guest.describes(|manifest| manifest["rules"][0]["default_mode"] = json!("shadow"));
    let old = stage.policy("old", &guest.module().unwrap());
    let new = stage.policy("new", &Guest::named(NAME).module().unwrap());
    let document = document(&diff(&["--format", "json", &old, &new, &stage.records()]));
    assert_eq!(document["rules"]["changed"]["hostile"], json!([{"what": "mode", "old": "shadow", "new": "enforce"}]));
    assert_eq!(document["totals"]["same"], json!(COUNT));
}

#[test]
fn a_refused_version_and_a_missing_record_have_their_codes() {
    let stage = Stage::new();
    let file = stage.policy("same", &Guest::named(NAME).module().unwrap());
    let broken = stage.policy("broken", b"\0asm");
    let run = diff(&[&file, &broken, &stage.records()]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("broken.wasm was refused at the step"), "{}", run.stderr);
    let run = diff(&[&file, &file, &stage.records(), "nowhere.json"]);
    assert_eq!(run.code, Some(3), "{}", run.stderr);
    assert!(run.stdout.contains("12 the same"), "{}", run.stdout);
}
