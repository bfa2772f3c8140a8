//! That a policy agrees with the examples in its file is found out once and remembered beside its code.

use std::fs;

use e2e::hostile::component::with_section;
use e2e::hostile::guest::Guest;
use e2e::hostile::records::records;
use e2e::{Run, trailwarden};
use serde_json::json;

use crate::stage::{SEALED, Stage, assert_quiet, sealed};

/// A policy whose one example says that it finds something, and which does or doesn't.
fn policy(finds: bool) -> Vec<u8> {
    let mut guest = Guest::named("hostile-examples");
    if !finds {
        guest.judge = String::new();
    }
    let cases = [json!({"name": "a call", "record": records()[0]})];
    let fixtures = json!([{
        "rule": "hostile", "matches": cases, "passes": [],
        "unrouted": [{"name": "another source", "record": {"eventSource": "iam.amazonaws.com"}}],
    }]);
    with_section(guest.component().unwrap(), "trailwarden:examples@1", fixtures.to_string().as_bytes())
}

/// What entries say of examples, by entry.
fn held(stage: &Stage) -> Vec<String> {
    let said = |name: &String| {
        let entry = fs::read(stage.cache().join(name)).unwrap();
        let word = b"\"examples_held\":";
        let at = entry.windows(word.len()).rposition(|window| window == word).unwrap() + word.len();
        let end = at + entry[at..].iter().position(|byte| *byte == b'}').unwrap();
        String::from_utf8(entry[at..end].to_vec()).unwrap()
    };
    stage.entries().keys().map(said).collect()
}

fn assert_refused(run: &Run) {
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    let told = "was refused at the step `examples`: it disagrees with its own example \"a call\" of the rule `hostile`: 1 finding(s) expected, 0 found";
    assert!(run.stderr.contains(told), "{}", run.stderr);
}

#[test]
fn examples_are_judged_once_and_remembered_with_the_code() {
    let stage = Stage::new();
    stage.add(&policy(true));
    assert_quiet(&stage.scan(""));
    let numbers = held(&stage);
    assert!(numbers.len() == 3 && numbers.iter().all(|held| held.parse::<u64>().is_ok_and(|number| number > 0)), "{numbers:?}");
    assert!(numbers.contains(&"2".to_owned()), "{numbers:?}");
    assert_eq!(stage.unfinished(), [""; 0]);
    let entries = stage.entries();
    assert_quiet(&stage.scan(""));
    assert_eq!(stage.entries(), entries, "what was remembered is written again");
}

#[test]
fn a_policy_that_disagrees_is_refused_at_every_start_and_its_code_is_kept() {
    let stage = Stage::new();
    stage.add(&policy(false));
    assert_refused(&stage.scan(""));
    assert!(held(&stage).contains(&"null".to_owned()), "{:?}", held(&stage));
    let entries = stage.entries();
    assert_refused(&stage.scan(""));
    assert_eq!(stage.entries(), entries);
}

#[test]
fn what_is_remembered_is_not_tried_again() {
    let stage = Stage::new();
    stage.add(&policy(false));
    assert_refused(&stage.scan(""));
    // Its owner says that it has agreed, in as many bytes.
    let untried = stage.entries().into_keys().map(|name| stage.cache().join(name));
    for path in untried {
        let entry = fs::read(&path).unwrap();
        let word = b"\"examples_held\":null";
        let Some(at) = entry.windows(word.len()).rposition(|window| window == word) else { continue };
        let mut body = entry[..entry.len() - SEALED].to_vec();
        body[at..at + word.len()].copy_from_slice(b"\"examples_held\":1000");
        fs::remove_file(&path).unwrap();
        fs::write(&path, sealed(body)).unwrap();
    }
    assert_quiet(&stage.scan(""));
}

#[test]
fn without_a_cache_examples_are_judged_at_every_start() {
    let stage = Stage::new();
    stage.add(&policy(false));
    let nowhere = stage.path().join("policies/hostile.wasm");
    let run = crate::stage::run(&mut stage.command_with_cache("", &nowhere));
    assert!(run.stderr.contains("policies are compiled at every start"), "{}", run.stderr);
    assert_refused(&run);
}

#[test]
fn the_policies_that_ship_carry_examples_and_say_how_many() {
    for name in ["audit-log", "compute", "diagnostics", "identity", "network", "secrets", "storage"] {
        let file = e2e::built(&format!("target/policies/{name}.wasm"), "make policies").unwrap();
        let run = trailwarden([std::ffi::OsStr::new("policy"), "inspect".as_ref(), file.as_os_str()]).unwrap();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let line = run.stdout.lines().find_map(|line| line.trim().strip_prefix("carries ")).unwrap();
        let number: u64 = line.strip_suffix(" examples, and agrees with them").unwrap().parse().unwrap();
        assert!(number >= 3, "{name}: {line}");
    }
}
