//! A real record becomes a fixture that the policy agrees with.

use std::fs;

use e2e::{Run, trailwarden};
use serde_json::{Value, json};

use crate::{Stage, shipped};

const EVENT: &str = "8f0b3c52-6f5e-4e83-a6a5-6a1d0a7f3c11";

fn record() -> Value {
    json!({
        "eventVersion": "1.10", "eventID": EVENT, "requestID": "0d9f4e5a-91a2-4f3c-8b7e-2f1f4c5d6e7f",
        "eventTime": "2026-03-17T21:05:11Z", "eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey",
        "eventType": "AwsApiCall", "eventCategory": "Management", "awsRegion": "us-east-1", "recipientAccountId": "605512340987",
        "readOnly": false, "sourceIPAddress": "93.184.216.34", "userAgent": "aws-cli/2.17.32",
        "userIdentity": {
            "type": "IAMUser", "userName": "mateo.ferrari", "accountId": "605512340987", "principalId": "AIDA3XFRBF535PLBIFPI4",
            "arn": "arn:aws:iam::605512340987:user/staff/mateo.ferrari", "accessKeyId": "AKIA3XFRBF535REALKEY",
        },
        "requestParameters": {"userName": "backup-sync"},
        "responseElements": {"accessKey": {"userName": "backup-sync", "accessKeyId": "AKIA3XFRBF535OTHERKY", "status": "Active"}},
    })
}

/// Runs the command on the record and another one.
fn fixture(stage: &Stage, args: &[&str]) -> Run {
    let records = stage.path("day.jsonl");
    fs::write(&records, format!("{}\n{}\n", json!({"eventID": "other", "eventName": "ListUsers"}), record())).unwrap();
    let records = crate::text(&records);
    trailwarden(["policy", "fixture"].iter().chain(args).copied().chain([records.as_str()])).unwrap()
}

fn assert_tells_nobody(text: &str) {
    for original in ["605512340987", "mateo", "staff", "backup-sync", "AKIA3X", "AIDA3X", "93.184.216.34", "8f0b3c52", "0d9f4e5a"]
    {
        assert!(!text.contains(original), "{original} in {text}");
    }
}

#[test]
fn a_case_is_redacted_and_says_what_was_replaced() {
    let stage = Stage::new();
    let run = fixture(&stage, &["--from", EVENT]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert_tells_nobody(&run.stdout);
    let case: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(case["name"], "CreateAccessKey by IAMUser, from a real record");
    let identity = &case["record"]["userIdentity"];
    assert_eq!(
        (&identity["arn"], &identity["userName"]),
        (&json!("arn:aws:iam::111122223333:user/path-1/user-2"), &json!("user-2"))
    );
    assert_eq!(case["record"]["responseElements"]["accessKey"]["userName"], case["record"]["requestParameters"]["userName"]);
    assert!(
        run.stderr.contains("1 account ids") && run.stderr.contains("look at the result before you commit it"),
        "{}",
        run.stderr
    );
    assert_eq!(fixture(&stage, &["--from", EVENT]).stdout, run.stdout);
}

#[test]
fn a_file_is_filled_with_what_the_policy_finds_and_the_policy_agrees_with_it() {
    let stage = Stage::new();
    let out = crate::text(&stage.path("from-real.fixtures.json"));
    let identity = shipped("identity");
    let run = fixture(&stage, &["--from", EVENT, "--policy", &identity, "--rule", "access-key-for-another", "--out", &out]);
    assert_eq!((run.code, run.stdout.as_str()), (Some(0), ""), "{}", run.stderr);
    let written = fs::read_to_string(&out).unwrap();
    assert_tells_nobody(&written);
    let mut file: Value = serde_json::from_str(&written).unwrap();
    assert_eq!(file["rule"], "access-key-for-another");
    let expect = &file["matches"][0]["expect"];
    assert!(expect["summary"][0].as_str().unwrap().contains("user-1"), "{expect}");
    // With the other side it is a whole file of fixtures, with which the compiled policy agrees.
    file["unrouted"] =
        json!([{"name": "another call", "record": {"eventSource": "iam.amazonaws.com", "eventName": "ListUsers"}}]);
    fs::create_dir_all(stage.path("crate/src")).unwrap();
    fs::write(stage.path("crate/src/from_real.fixtures.json"), file.to_string()).unwrap();
    let test = trailwarden(["policy", "test", "--wasm", &identity, &crate::text(&stage.path("crate"))]).unwrap();
    assert!(test.stdout.contains("2 cases passed"), "{}{}", test.stdout, test.stderr);
    // A file that is there is somebody's.
    let again = fixture(&stage, &["--from", EVENT, "--out", &out]);
    assert_eq!(again.code, Some(2), "{}", again.stderr);
    assert_eq!(fs::read_to_string(&out).unwrap(), written);
}

#[test]
fn what_is_not_there_is_named() {
    let stage = Stage::new();
    let run = fixture(&stage, &["--from", "nobody"]);
    assert_eq!(run.code, Some(2), "{}", run.stderr);
    assert!(run.stderr.contains("none of the 2 records has the event id nobody"), "{}", run.stderr);
    let run = fixture(&stage, &["--from", EVENT, "--policy", &shipped("identity"), "--rule", "nothing"]);
    assert!(run.stderr.contains("the policy has no rule `nothing`; it has"), "{}", run.stderr);
    let run = fixture(&stage, &["--from", EVENT, "--policy", &shipped("storage")]);
    assert!(run.stderr.contains("say which is meant with --rule"), "{}", run.stderr);
}
