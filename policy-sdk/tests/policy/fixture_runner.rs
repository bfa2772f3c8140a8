//! The fixture runner must fail: for each way in which fixtures can be wrong, one folder that is.

use std::fs;

use policy_sdk::json;
use policy_sdk::testing::fixtures_hold;
use serde_json::Value;

use super::trails::POLICY;

/// What the runner says of a folder with one fixture file for `without-settings`.
fn failures(change: impl FnOnce(&mut Value)) -> String {
    let mut fixtures = json!({
        "rule": "without-settings",
        "tables": {"admins": ["arn:aws:iam::111122223333:role/ops/*"], "trusted-networks": ["10.0.0.0/8"]},
        "record": {"eventName": "Noted", "readOnly": true, "sourceIPAddress": "203.0.113.9"},
        "matches": [{"name": "outside"}],
        "passes": [{"name": "inside", "patch": {"sourceIPAddress": "10.0.0.1"}}],
        "unrouted": [{"name": "a write", "patch": {"readOnly": false}}],
    });
    change(&mut fixtures);
    let folder = tempfile::tempdir().unwrap();
    let nested = folder.path().join("rules");
    fs::create_dir(&nested).unwrap();
    fs::write(nested.join("noted.fixtures.json"), fixtures.to_string()).unwrap();
    let failures = fixtures_hold(&POLICY, folder.path().to_str().unwrap()).unwrap_err();
    let about_this_file = failures.lines().iter().filter(|line| !line.contains("has no fixtures"));
    about_this_file.cloned().collect::<Vec<_>>().join("\n")
}

#[test]
fn right_fixtures_hold_and_a_rule_without_any_is_named() {
    assert_eq!(failures(|_| ()), "");
    let folder = tempfile::tempdir().unwrap();
    let all = fixtures_hold(&POLICY, folder.path().to_str().unwrap()).unwrap_err();
    assert_eq!(all.lines().len(), POLICY.rules.len());
    assert!(all.to_string().contains("rule `without-settings` has no fixtures"), "{all}");
}

#[test]
fn a_case_that_goes_another_way_is_named_with_the_reason() {
    for (side, patch, expected) in [
        ("matches", json!({"sourceIPAddress": "10.0.0.1"}), "1 finding(s) expected, 0 found"),
        ("matches", json!({"readOnly": false}), "read_only is false, wanted true"),
        ("passes", json!({"readOnly": false}), "expected to be routed"),
        ("passes", json!({"sourceIPAddress": "192.0.2.1"}), "expected to be left alone"),
        ("unrouted", json!({}), "expected not to be routed"),
    ] {
        let found = failures(|fixtures| fixtures[side][0]["patch"] = patch);
        assert!(found.contains("noted.fixtures.json") && found.contains(expected), "{side}: {found}");
    }
}

#[test]
fn an_expectation_that_is_not_met_is_named() {
    let found = failures(|fixtures| fixtures["matches"][0]["expect"] = json!({"severity": "high"}));
    assert!(found.contains("severity: expected high, found low"), "{found}");
}

#[test]
fn what_is_no_usable_fixture_file_is_named() {
    for (pointer, bad, expected) in [
        ("/rule", json!("nobody"), "the policy has no rule `nobody`"),
        ("/passes", json!("x"), "invalid type"),
        ("/matches", json!([]), "needs at least one record that matches"),
        ("/tables/admins", json!(3), "must be a list of texts"),
        ("/tables/trusted-networks", json!(["ten"]), "neither a network"),
    ] {
        let found = failures(|fixtures| *fixtures.pointer_mut(pointer).unwrap() = bad);
        assert!(found.contains(expected), "{pointer}: {found}");
    }
}

#[test]
fn a_folder_that_is_not_there_is_named() {
    let error = fixtures_hold(&POLICY, "no/such/folder").unwrap_err();
    assert!(error.to_string().contains("no/such/folder"), "{error}");
}
