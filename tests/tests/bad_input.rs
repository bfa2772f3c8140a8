//! Wrong usage and broken input: a clear error that names the place, the right exit code, and everything else still judged.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails, helpers included")]

use std::fs;
use std::path::Path;

use e2e::{Run, built, findings, rule, trailwarden, trailwarden_reading};

const GOOD: &str = r#"{"eventID":"good-1","eventTime":"2026-03-17T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"CreateUser","awsRegion":"us-east-1","recipientAccountId":"111122223333","userIdentity":{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/anna","accountId":"111122223333","userName":"anna"},"requestParameters":{"userName":"bob"}}"#;

fn policy(name: &str) -> String {
    built(&format!("target/policies/{name}.wasm"), "make policies").unwrap().display().to_string()
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn scan(args: &[&str]) -> Run {
    trailwarden(["scan", "--format", "ocsf"].iter().chain(args)).unwrap()
}

fn rules(run: &Run) -> Vec<String> {
    findings(run).unwrap().iter().map(|finding| rule(finding).to_owned()).collect()
}

fn assert_says(run: &Run, code: i32, parts: &[&str]) {
    assert_eq!(run.code, Some(code), "{}", run.stderr);
    for part in parts {
        assert!(run.stderr.contains(part), "{part:?} is not in:\n{}", run.stderr);
    }
}

/// Judges the good record beside a policy that is to be refused.
fn refused(file: &str, content: &[u8], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.json");
    fs::write(&records, GOOD).unwrap();
    let policies = folder.path().join("policies");
    fs::create_dir(&policies).unwrap();
    fs::copy(policy("identity"), policies.join("identity.wasm")).unwrap();
    fs::write(policies.join(file), content).unwrap();
    let run = scan(&["-p", &text(&policies), &text(&records)]);
    assert_says(&run, 2, parts);
    assert!(run.stderr.contains(file), "{}", run.stderr);
    assert_eq!(rules(&run), ["policy-refused", "create-user"]);
}

#[test]
fn a_missing_input_is_named_and_the_others_are_judged() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.json");
    fs::write(&records, GOOD).unwrap();
    let missing = text(&folder.path().join("missing.json"));
    let run = scan(&["-p", &policy("identity"), &missing, &text(&records)]);
    assert_says(&run, 3, &[&missing, "No such file"]);
    assert_eq!(rules(&run), ["object-unreadable", "create-user"]);
}

#[test]
fn standard_input_is_read_as_a_file_is() {
    let run = trailwarden_reading(["scan", "--format", "ocsf", "-p", &policy("identity"), "-"], GOOD.as_bytes()).unwrap();
    assert_says(&run, 0, &["1 in = 1 evaluated"]);
    assert_eq!(rules(&run), ["create-user"]);
}

#[test]
fn a_folder_without_policies_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let run = scan(&["-p", &text(folder.path()), &text(folder.path())]);
    assert_says(&run, 2, &[&text(folder.path()), "no policy", "policy build"]);
    assert_says(&scan(&[&text(folder.path())]), 2, &["no policies", "-p"]);
    let nowhere = text(&folder.path().join("nowhere"));
    assert_says(&scan(&["-p", &nowhere, "-"]), 2, &[&nowhere]);
}

#[test]
fn a_file_that_is_no_wasm_is_refused() {
    refused("junk.wasm", b"#!/bin/sh\necho hello\n", &["step `read`", "no WebAssembly", "policy build"]);
}

#[test]
fn a_cut_module_is_refused() {
    let whole = fs::read(policy("identity")).unwrap();
    refused("cut.wasm", &whole[..whole.len() / 2], &["step `world`", "malformed"]);
}

#[test]
fn a_core_module_without_component_type_is_refused() {
    refused("plain.wasm", &wat::parse_str("(module)").unwrap(), &["step `world`", "policy-sdk"]);
}

#[test]
fn a_policy_of_another_world_is_refused_with_both_versions() {
    let other = wat::parse_str(r#"(component (instance $i) (export "trailwarden:policy/rules@2.0.0" (instance $i)))"#).unwrap();
    refused("other.wasm", &other, &["step `world`", "trailwarden:policy/rules@2.0.0", "trailwarden:policy/rules@1.0.0"]);
}

#[test]
fn a_policy_with_forbidden_imports_is_refused_and_they_are_named() {
    let greedy = wat::parse_str(
        r#"(component (import "wasi:http/outgoing-handler@0.2.3" (instance))
            (instance $i) (export "trailwarden:policy/rules@1.0.0" (instance $i)))"#,
    )
    .unwrap();
    refused("greedy.wasm", &greedy, &["step `world`", "wasi:http/outgoing-handler@0.2.3"]);
}

#[test]
fn two_files_with_one_policy_name_are_told_apart() {
    let twin = fs::read(policy("identity")).unwrap();
    refused("twin.wasm", &twin, &["step `activate`", "identity.wasm"]);
}

#[test]
fn settings_that_a_policy_refuses_are_shown_with_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[policies.storage.settings]\napproved_client = [\"Terraform\"]\n").unwrap();
    let run = scan(&["-p", &policy("storage"), "-p", &policy("identity"), "-c", &text(&config), "-"]);
    assert_says(&run, 2, &["step `configure`", "approved_client", "[policies.storage.settings]"]);
}

#[test]
fn a_policy_whose_required_table_is_absent_is_refused_and_judges_once_it_is_there() {
    let demanding = built("target/hostile/hostile-demanding.wasm", "make test").unwrap();
    refused("demanding.wasm", &fs::read(&demanding).unwrap(), &["step `tables`", "known-principals", "arn"]);

    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("records.json");
    fs::write(&records, GOOD).unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[tables.known-principals]\nkind = \"arn\"\nfile = \"known.txt\"\n").unwrap();
    for (known, expected) in [("arn:aws:iam::*:user/anna", 0), ("arn:aws:iam::*:user/bob", 1)] {
        fs::write(folder.path().join("known.txt"), known).unwrap();
        let run = scan(&["-p", &text(&demanding), "-c", &text(&config), &text(&records)]);
        assert_says(&run, 0, &["1 in = 1 evaluated"]);
        assert_eq!(rules(&run).len(), expected, "{known}");
    }
}

#[test]
fn a_table_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("networks.txt"), "10.0.0.0/8\n").unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[tables.trusted-networks]\nkind = \"exact\"\nfile = \"networks.txt\"\n").unwrap();
    let run = scan(&["-p", &policy("storage"), "-p", &policy("identity"), "-c", &text(&config), "-"]);
    assert_says(&run, 2, &["step `tables`", "trusted-networks", "cidr"]);
}

#[test]
fn an_unknown_key_of_the_configuration_comes_with_its_place_and_a_suggestion() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[policies.storage]\nmdoe = \"off\"\n").unwrap();
    for run in
        [scan(&["-p", &policy("identity"), "-c", &text(&config), "-"]), trailwarden(["config", "check", &text(&config)]).unwrap()]
    {
        assert_says(&run, 2, &["trailwarden.toml:2:1", "mdoe", "mode"]);
    }
}

#[test]
fn a_rule_that_the_configuration_misspells_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[policies.identity.rules.create-usr]\nmode = \"off\"\n").unwrap();
    let run = trailwarden(["config", "check", "-p", &policy("identity"), &text(&config)]).unwrap();
    assert_says(&run, 2, &["step `activate`", "create-usr", "create-user"]);
}

#[test]
fn everything_around_a_fault_is_judged_and_the_fault_is_reported_with_its_offset() {
    let folder = tempfile::tempdir().unwrap();
    let second = GOOD.replace("good-1", "good-2");
    let broken = folder.path().join("broken.json");
    fs::write(&broken, format!(r#"{{"Records":[{GOOD},{{"eventName":"x" "y"}},{second}]}}"#)).unwrap();
    let cut = folder.path().join("cut.json");
    fs::write(&cut, format!(r#"{{"Records":[{GOOD},{{"eventName":"Cre"#)).unwrap();
    let run = scan(&["-p", &policy("identity"), &text(&broken), &text(&cut)]);
    assert_says(&run, 3, &["broken.json at byte", "cut.json at byte", "2 unreadable"]);
    let found = rules(&run);
    assert_eq!(found.iter().filter(|rule| *rule == "create-user").count(), 3, "{found:?}");
    assert_eq!(found.iter().filter(|rule| rule.ends_with("-unreadable")).count(), 2, "{found:?}");
}

#[test]
fn an_object_with_very_many_faults_is_counted_and_not_repeated() {
    let folder = tempfile::tempdir().unwrap();
    let records = folder.path().join("flood.jsonl");
    fs::write(&records, format!("{}{GOOD}\n", "{\"eventName\":tru}\n".repeat(5_000))).unwrap();
    let run = scan(&["-p", &policy("identity"), &text(&records)]);
    assert_says(&run, 3, &["5,001 in = 1 evaluated", "5,000 unreadable", "4,900 more places"]);
    let found = rules(&run);
    assert_eq!(found.len(), 102, "a hundred faults, the rest in one, and the good record's finding");
    assert!(found.contains(&"create-user".to_owned()));
}

#[test]
fn keys_that_mean_something_to_the_json_library_hide_nothing() {
    for odd in [r#"{"$serde_json::private::Number":"x"}"#, r#"{"$serde_json::private::RawValue":"["}"#] {
        let record = GOOD.replace(r#""requestParameters":{"#, &format!(r#""requestParameters":{{"tags":{odd},"#));
        let run = trailwarden_reading(["scan", "--format", "ocsf", "-p", &policy("identity"), "-"], record.as_bytes()).unwrap();
        assert_eq!(rules(&run), ["create-user"], "{odd}: {}", run.stderr);
    }
}

#[test]
fn explain_says_which_selector_field_failed_and_what_a_rule_asked() {
    let folder = tempfile::tempdir().unwrap();
    let record = folder.path().join("record.json");
    fs::write(&record, GOOD).unwrap();
    let not_routed = trailwarden(["policy", "explain", &policy("storage"), &text(&record)]).unwrap();
    assert_eq!(not_routed.code, Some(0), "{}", not_routed.stderr);
    assert!(not_routed.stdout.contains("rule bucket-policy-put (enforce): not routed"), "{}", not_routed.stdout);
    assert!(
        not_routed.stdout.contains(r#"event_source is "iam.amazonaws.com", wanted "s3.amazonaws.com""#),
        "{}",
        not_routed.stdout
    );

    fs::write(folder.path().join("networks.txt"), "10.0.0.0/8\n").unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[tables.trusted-networks]\nkind = \"cidr\"\nfile = \"networks.txt\"\n").unwrap();
    let bucket = GOOD.replace("iam.amazonaws.com", "s3.amazonaws.com").replace("CreateUser", "CreateBucket");
    let bucket = bucket.replace(r#""userIdentity""#, r#""sourceIPAddress":"192.0.2.1","userIdentity""#);
    fs::write(&record, bucket).unwrap();
    let routed = trailwarden(["policy", "explain", "-c", &text(&config), &policy("storage"), &text(&record)]).unwrap();
    assert!(routed.stdout.contains("rule bucket-change-out-of-band (enforce): routed, 1 answer"), "{}", routed.stdout);
    assert!(routed.stdout.contains(r#"asked trusted-networks for "192.0.2.1": outside"#), "{}", routed.stdout);
}

#[test]
fn more_workers_than_the_memory_of_all_instances_can_serve_are_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("trailwarden.toml");
    fs::write(&config, "[limits]\nmemory_mib = 64\nmemory_budget_mib = 128\n").unwrap();
    let (config, policy) = (text(&config), policy("diagnostics"));
    let with = |workers| trailwarden(["scan", "-p", &policy, "-c", &config, "--workers", workers, "-"]).unwrap();
    let warned = "warning: 3 workers can need 192 MiB for instances at once, and `memory_budget_mib` is 128";
    assert!(with("3").stderr.contains(warned), "{}", with("3").stderr);
    assert!(!with("2").stderr.contains("memory_budget_mib"), "{}", with("2").stderr);
}

#[test]
fn wrong_usage_ends_with_2() {
    assert_eq!(trailwarden(["scan"]).unwrap().code, Some(2));
    assert_eq!(trailwarden(["scan", "--fail-on", "urgent", "-"]).unwrap().code, Some(2));
    assert_eq!(trailwarden(["policy", "inspect", "/nonexistent.wasm"]).unwrap().code, Some(2));
}
