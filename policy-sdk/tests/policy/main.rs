//! The SDK from outside: a policy that uses everything, judged by the host in memory, and the schemas of its documents.

// What prepares a test fails it as loudly as the test itself; clippy knows only functions that are marked as tests.
#![allow(clippy::unwrap_used, clippy::panic)]

mod fixture_runner;
mod schemas;
mod trails;

use policy_sdk::prelude::*;
use policy_sdk::testing::{Harness, HarnessError};

use trails::{ADMINS, OWNERS, Settings, TRUSTED, UNDECLARED};

fn harness() -> Harness<Settings> {
    Harness::new(&trails::POLICY).unwrap().table(ADMINS, "arn:aws:iam::111122223333:role/ops/*").unwrap()
}

fn stopped(name: &str, address: &str) -> String {
    json!({
        "eventSource": "cloudtrail.amazonaws.com", "eventName": "StopLogging", "recipientAccountId": "111122223333",
        "sourceIPAddress": address, "requestParameters": {"name": name},
        "userIdentity": {"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/admin/anna",
            "sessionContext": {"sessionIssuer": {"type": "Role", "userName": "admin", "arn": "arn:aws:iam::111122223333:role/ops/admin"}}}
    })
    .to_string()
}

#[test]
fn a_rule_answers_with_findings_and_signals() {
    let harness = harness().table(OWNERS, r#"{"111122223333": {"team": "data"}}"#).unwrap();
    let judged = harness.judge(&stopped("main", "203.0.113.9")).unwrap();
    let rule = judged.rule("trail-stopped").unwrap();
    assert!(rule.is_routed());
    assert_eq!(rule.findings()[0].summary, "admin/anna stopped main");
    assert_eq!(rule.findings()[0].more.details["owner"], "data");
    let signal = rule.signals()[0];
    assert_eq!((signal.correlation(), signal.signal_key(), signal.signal_value()), ("many-stops", "admin/anna", Some("main")));
    assert_eq!(rule.log[0].text, "actor admin/anna");
}

#[test]
fn a_session_is_matched_by_its_role_and_what_was_asked_is_written_down() {
    let harness = harness().table(TRUSTED, "10.0.0.0/8").unwrap();
    let judged = harness.judge(&stopped("main", "10.1.2.3")).unwrap();
    let rule = judged.rule("trail-stopped").unwrap();
    assert_eq!(rule.verdicts, []);
    let asked: Vec<_> = rule.asked.iter().map(|ask| (ask.table.as_str(), ask.value.as_str(), ask.answer.as_str())).collect();
    assert_eq!(
        asked,
        [("admins", "arn:aws:iam::111122223333:role/ops/admin", "inside"), ("trusted-networks", "10.1.2.3", "inside")]
    );
}

#[test]
fn an_err_is_a_verdict_of_the_rule_and_the_others_go_on() {
    let record = json!({"eventName": "DeleteTrail2026", "errorCode": "Client.DryRunOperation"}).to_string();
    let judged = harness().judge(&record).unwrap();
    assert_eq!(judged.rule("trail-stopped").unwrap().errors(), ["the record names no trail"]);
    assert!(judged.rule("mistaken").unwrap().is_routed());
}

#[test]
fn a_record_that_no_selector_wants_is_not_routed_and_the_reason_is_named() {
    let judged =
        harness().judge(r#"{"eventName": "StopLogging", "eventSource": "cloudtrail.amazonaws.com", "errorCode": "X"}"#).unwrap();
    let rule = judged.rule("trail-stopped").unwrap();
    assert!(!rule.is_routed() && rule.verdicts.is_empty());
    assert_eq!(rule.unmet.len(), 2);
    assert_eq!(rule.unmet[0][0].field, "outcome");
}

#[test]
fn a_rule_without_settings_stands_in_a_policy_with_settings() {
    let record = r#"{"eventName": "Noted", "readOnly": true, "sourceIPAddress": "203.0.113.9"}"#;
    let judged = harness().table(TRUSTED, "10.0.0.0/8").unwrap().judge(record).unwrap();
    assert_eq!(judged.findings("without-settings").len(), 1);
    assert_eq!(harness().judge(record).unwrap().findings("without-settings").len(), 0, "an unavailable table is not outside");
}

#[test]
fn mistakes_of_a_policy_become_errors_that_say_what_to_do() {
    for (mistake, expected) in [
        ("table", "list it under `tables:`"),
        ("lookup", "is no map"),
        ("signal", "list the constant under `correlations:`"),
        ("response", "list it under `responses:`"),
        ("keys", "tell them apart with `Finding::key`"),
    ] {
        let harness = harness().settings(&json!({"mistake": mistake}).to_string()).unwrap();
        let judged = harness.judge("{}").unwrap();
        let errors = judged.rule("mistaken").unwrap().errors().join(";");
        assert!(errors.contains(expected), "{mistake}: {errors}");
    }
}

#[test]
fn settings_and_tables_that_do_not_fit_are_refused() {
    assert!(matches!(harness().settings(r#"{"quite": true}"#), Err(HarnessError::Settings(_))));
    assert!(matches!(harness().table(TRUSTED, "ten"), Err(HarnessError::Table { .. })));
    assert!(matches!(harness().table(UNDECLARED, ""), Err(HarnessError::UnknownTable { .. })));
    let without_admins = Harness::new(&trails::POLICY).unwrap();
    assert!(matches!(without_admins.judge("{}"), Err(HarnessError::MissingTable { .. })));
    assert!(matches!(harness().judge("[]"), Err(HarnessError::Record(_))));
}

#[test]
fn a_group_is_concluded_by_the_correlation_that_it_belongs_to() {
    let group = |correlation: &str| {
        json!({"correlation": correlation, "key": "anna", "count": 4, "first_time": "2026-03-02T08:00:00Z",
            "last_time": "2026-03-02T08:05:00Z"})
        .to_string()
    };
    let finding = harness().conclude(&group("many-stops")).unwrap().unwrap();
    assert_eq!(finding.summary, "anna stopped 4 trails");
    let quiet = harness().settings(r#"{"quiet": true}"#).unwrap();
    assert_eq!(quiet.conclude(&group("many-stops")).unwrap(), None);
    let unknown = harness().conclude(&group("others")).unwrap_err().to_string();
    assert!(unknown.contains("no correlation `others`"), "{unknown}");
    assert!(harness().conclude("{}").unwrap_err().to_string().contains("not readable"));
}

#[test]
fn the_manifest_says_what_the_attributes_say() {
    let manifest = trails::POLICY.manifest().unwrap();
    let rule = &manifest.rules[0];
    assert_eq!(rule.description, "Someone stopped a trail.\n\nIt is the second paragraph.");
    assert_eq!((rule.selectors.len(), rule.techniques[0].as_str()), (2, "T1562.008"));
    assert_eq!(manifest.rules[1].default_mode, Mode::Off);
    assert_eq!(manifest.version, env!("CARGO_PKG_VERSION"));
    assert!(manifest.correlations[0].concludes);
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&serde_json::to_string(&manifest).unwrap()).unwrap()["tables"][1]["required"],
        true
    );
}
