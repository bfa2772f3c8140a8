use policy_contract::finding::Resource;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use crate::finding::samples::{EVENT_KEY, RECORD, full_finding, host_finding, hostile_record, plain_finding, suppressed_finding};
use crate::finding::{HostRule, Reported};

use super::*;

fn text<'a>(finding: impl Into<Reported<'a>>, processed: Option<Timestamp>) -> String {
    let mut out = Vec::new();
    write_line(finding, processed, &mut out).unwrap();
    let line = String::from_utf8(out).unwrap();
    assert_eq!(line.find('\n'), Some(line.len() - 1), "exactly one line break, at the end");
    line
}

fn line<'a>(finding: impl Into<Reported<'a>>) -> Value {
    serde_json::from_str(&text(finding, None)).unwrap()
}

fn line_of_record(record: &Value) -> Value {
    line(&plain_finding(&record.to_string()))
}

#[test]
fn a_full_finding_is_written_byte_for_byte_like_this() {
    let processed = "2024-06-15T09:01:05.123Z".parse().unwrap();
    let written = text(&full_finding(RECORD), Some(processed));
    assert_eq!(written.replace(PRODUCT_VERSION, "VERSION"), include_str!("golden.jsonl"));
}

#[test]
fn ids_and_keys_stand_where_readers_look_for_them() {
    let finding = plain_finding(RECORD);
    let line = line(&finding);
    assert_eq!(line["finding_info"]["uid"], finding.id().to_string());
    assert_eq!(line["finding_info"]["analytic"]["uid"], "any-record");
    assert_eq!(line["finding_info"]["related_events"][0]["uid"], EVENT_KEY);
    assert_eq!(line["evidences"][0]["uid"], EVENT_KEY);
    assert_eq!(line["evidences"][0]["data"], serde_json::from_str::<Value>(RECORD).unwrap());
    assert_eq!(line["metadata"]["profiles"], json!(["cloud"]));
    assert_eq!(line["metadata"].get("processed_time"), None);
}

#[test]
fn only_what_is_enforced_and_matters_is_an_alert() {
    let mut finding = plain_finding(RECORD);
    assert_eq!(line(&finding)["is_alert"], true);
    finding.severity = policy_contract::severity::Severity::Informational;
    assert_eq!(line(&finding)["is_alert"], false);
    let shadow = line(&full_finding(RECORD));
    assert_eq!((&shadow["is_alert"], &shadow["unmapped"]["mode"]), (&json!(false), &json!("shadow")));
}

#[test]
fn what_is_suppressed_says_by_what_and_is_no_alert() {
    let line = line(&suppressed_finding(RECORD));
    assert_eq!((&line["status_id"], &line["status"], &line["is_alert"]), (&json!(3), &json!("Suppressed"), &json!(false)));
    let expected = json!({"id": "ci-role", "reason": "the pipeline makes buckets\u{1b}[2J", "owner": "platform",
        "expires": "2026-04-04T00:00:00Z"});
    assert_eq!(line["unmapped"]["exception"], expected);
    assert_eq!((&line["severity"], &line["unmapped"]["untuned_severity"]), (&json!("High"), &json!("critical")));
}

#[test]
fn every_type_of_principal_becomes_an_actor() {
    let account = json!({"uid": "111122223333", "type_id": 10, "type": "AWS Account"});
    let id = "111122223333";
    let cases = [
        (
            json!({"type": "Root", "principalId": id, "arn": "arn:aws:iam::111122223333:root", "accountId": id}),
            json!({"user": {"type_id": 2, "type": "Admin", "uid": "arn:aws:iam::111122223333:root", "uid_alt": id, "account": account}}),
        ),
        (
            json!({"type": "IAMUser", "principalId": "AIDA", "arn": "arn:aws:iam::111122223333:user/zoe", "accountId": id,
                "accessKeyId": "AKIA", "userName": "zoe", "sessionContext": {"attributes": {"mfaAuthenticated": "true"}}}),
            json!({"user": {"type_id": 1, "type": "User", "uid": "arn:aws:iam::111122223333:user/zoe", "uid_alt": "AIDA",
                "name": "zoe", "credential_uid": "AKIA", "account": account}, "session": {"is_mfa": true}}),
        ),
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/r/s", "accountId": id,
                "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:role/x/r", "userName": "r"},
                    "webIdFederationData": {"federatedProvider": "example.com"},
                    "attributes": {"creationDate": "2024-06-15T08:26:40Z", "mfaAuthenticated": false}}}),
            json!({"user": {"type_id": 99, "type": "AssumedRole", "uid": "arn:aws:iam::111122223333:role/x/r", "name": "r", "account": account},
                "session": {"issuer": "arn:aws:iam::111122223333:role/x/r", "uid": "s",
                    "uid_alt": "arn:aws:sts::111122223333:assumed-role/r/s", "created_time": 1_718_440_000_000_i64, "is_mfa": false},
                "idp": {"name": "example.com"}}),
        ),
        (
            json!({"type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/r/s", "sessionContext": {"sessionIssuer": {}}}),
            json!({"user": {"type_id": 99, "type": "AssumedRole", "uid": "arn:aws:sts::111122223333:assumed-role/r/s"},
                "session": {"uid": "s", "uid_alt": "arn:aws:sts::111122223333:assumed-role/r/s"}}),
        ),
        (
            json!({"type": "Role", "arn": "arn:aws:iam::111122223333:role/r"}),
            json!({"user": {"type_id": 99, "type": "Role", "uid": "arn:aws:iam::111122223333:role/r"}}),
        ),
        (
            json!({"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/f",
                "sessionContext": {"sessionIssuer": {"arn": "arn:aws:iam::111122223333:user/zoe", "accountId": id, "userName": "zoe"}}}),
            json!({"user": {"type_id": 99, "type": "FederatedUser", "uid": "arn:aws:sts::111122223333:federated-user/f", "name": "zoe", "account": account},
                "session": {"issuer": "arn:aws:iam::111122223333:user/zoe", "uid": "f", "uid_alt": "arn:aws:sts::111122223333:federated-user/f"}}),
        ),
        (json!({"type": "Directory", "userName": "d"}), json!({"user": {"type_id": 99, "type": "Directory", "name": "d"}})),
        (
            json!({"type": "AWSAccount", "principalId": "AIDA", "accountId": id}),
            json!({"user": {"type_id": 99, "type": "AWSAccount", "uid_alt": "AIDA", "account": account}}),
        ),
        (
            json!({"type": "AWSService", "invokedBy": "autoscaling.amazonaws.com"}),
            json!({"user": {"type_id": 3, "type": "System", "name": "autoscaling.amazonaws.com"}, "app_name": "autoscaling.amazonaws.com"}),
        ),
        (
            json!({"type": "IdentityCenterUser", "accountId": id, "credentialId": "c",
                "onBehalfOf": {"userId": "u", "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-1"}}),
            json!({"user": {"type_id": 99, "type": "IdentityCenterUser", "uid": "u",
                "domain": "arn:aws:identitystore::111122223333:identitystore/d-1", "credential_uid": "c", "account": account}}),
        ),
        (
            json!({"type": "SAMLUser", "principalId": "p:s", "userName": "zoe@example.com", "identityProvider": "q="}),
            json!({"user": {"type_id": 99, "type": "SAMLUser", "uid_alt": "p:s", "name": "zoe@example.com"}, "idp": {"name": "q="}}),
        ),
        (
            json!({"type": "WebIdentityUser", "principalId": "p", "userName": "u", "identityProvider": "example.com"}),
            json!({"user": {"type_id": 99, "type": "WebIdentityUser", "uid_alt": "p", "name": "u"}, "idp": {"name": "example.com"}}),
        ),
        (
            json!({"type": "Unknown", "principalId": "p", "accountId": id}),
            json!({"user": {"type_id": 0, "type": "Unknown", "uid_alt": "p", "account": account}}),
        ),
        (json!({"type": "NewKind", "userName": "n"}), json!({"user": {"type_id": 99, "type": "NewKind", "name": "n"}})),
        (
            json!({"accountId": id, "invokedBy": "s3.amazonaws.com"}),
            json!({"user": {"account": account}, "app_name": "s3.amazonaws.com"}),
        ),
        (json!({"type": "Unknown", "identityProvider": "x"}), Value::Null),
        (json!({}), Value::Null),
        (json!("root"), Value::Null),
        (Value::Null, Value::Null),
    ];
    for (identity, expected) in cases {
        let written = line_of_record(&json!({"userIdentity": identity}));
        assert_eq!(written["evidences"][0]["actor"], expected, "{identity}");
    }
}

#[test]
fn a_source_stands_in_ip_only_if_it_is_an_address() {
    let endpoint = |text: &str| line_of_record(&json!({"sourceIPAddress": text}))["evidences"][0]["src_endpoint"].clone();
    assert_eq!(endpoint("198.51.100.7"), json!({"ip": "198.51.100.7"}));
    assert_eq!(endpoint("ec2.amazonaws.com"), json!({"svc_name": "ec2.amazonaws.com"}));
    assert_eq!(endpoint("1x2x3x4"), json!({"domain": "1x2x3x4"}));
    assert_eq!(endpoint(""), Value::Null);
}

#[test]
fn a_time_that_is_not_the_events_own_says_so() {
    let finding = plain_finding(r#"{"eventTime":"yesterday"}"#);
    let unknown = line(&finding);
    assert_eq!((&unknown["time"], &unknown["unmapped"]["time_source"]), (&json!(1_000_000_000_000_i64), &json!("unknown")));
    assert_eq!(unknown["unmapped"]["unreadable_event_time"], "yesterday");
    assert_eq!(unknown["finding_info"].get("first_seen_time"), None);
    let processed: Timestamp = "2024-06-15T09:01:05Z".parse().unwrap();
    let known: Value = serde_json::from_str(&text(&finding, Some(processed))).unwrap();
    assert_eq!((&known["time"], &known["unmapped"]["time_source"]), (&json!(processed.as_millisecond()), &json!("processing")));
    let own = line(&plain_finding(RECORD));
    assert_eq!((&own["time"], own["unmapped"].get("time_source")), (&json!(1_718_442_061_000_i64), None));
}

#[test]
fn a_record_that_is_too_long_is_replaced_by_what_it_was() {
    let record = format!(r#"{{"eventName":"PutObject","userAgent":"{}"}}"#, "a".repeat(LONGEST_EMBEDDED));
    let line = line(&plain_finding(&record));
    let data = &line["evidences"][0]["data"];
    assert_eq!((&data["not_embedded"], &data["bytes"]), (&json!("too-long"), &json!(record.len())));
    assert_eq!(line["evidences"][0]["api"]["operation"], "PutObject");
    assert_eq!(line["unmapped"]["shortened_fields"], json!(["userAgent"]));
    assert_eq!(line["unmapped"]["offset"], 12);
}

#[test]
fn a_finding_of_the_host_can_be_told_from_a_policys() {
    for rule in HostRule::ALL {
        let finding = host_finding(rule);
        let line = line(&finding);
        assert_eq!(line["finding_info"]["analytic"]["uid"], rule.id());
        assert_eq!(line["finding_info"]["uid"], finding.id().to_string());
        assert_eq!(line["metadata"]["product"]["feature"]["name"], "trailwarden");
        assert_eq!(line["unmapped"]["source"], "host");
        assert_eq!(line["finding_info"]["related_events"].as_array().unwrap().len(), 100);
        assert_eq!(line["finding_info"]["related_events_count"], 150);
        assert_eq!(line["count"], 150);
    }
    assert_eq!(line(&plain_finding(RECORD))["unmapped"]["source"], "policy");
}

proptest! {
    #[test]
    fn whatever_a_record_holds_its_line_is_one_line_of_json(record in hostile_record()) {
        for finding in [plain_finding(&record), full_finding(&record)] {
            let written = text(&finding, None);
            let line: Value = serde_json::from_str(&written).unwrap();
            let data = &line["evidences"][0]["data"];
            let is_the_record = serde_json::from_str::<Value>(&record).is_ok_and(|value| *data == value);
            let is_its_text = data["text"] == record.as_str();
            prop_assert!(is_the_record || is_its_text || data["not_embedded"] == "too-long");
            prop_assert_eq!(written, text(&finding, None));
        }
    }
}

/// A finding in which a policy repeats a hostile record wherever it can.
fn hostile_finding(record: &str) -> Finding {
    let mut finding = full_finding(RECORD);
    let details = serde_json::from_str(record).unwrap_or_else(|_| record.into());
    finding.more.details.insert(record.to_owned(), details);
    finding.more.resources.push(Resource {
        uid: String::new(),
        kind: Some(record.to_owned()),
        region: Some(String::new()),
        account: Some(record.to_owned()),
    });
    Finding { title: String::new(), summary: record.to_owned(), key: record.to_owned(), grouping: Some(String::new()), ..finding }
}

/// Findings in hostile records, of the host, and in every real record that there is, as lines for the validator.
fn lines_for_the_schema() -> String {
    let mut lines = String::new();
    let processed = "2024-06-15T09:01:05Z".parse().ok();
    let mut runner = TestRunner::deterministic();
    for _ in 0..300 {
        let record = hostile_record().new_tree(&mut runner).unwrap().current();
        lines += &text(&plain_finding(&record), None);
        lines += &text(&full_finding(&record), processed);
        lines += &text(&hostile_finding(&record), None);
        lines += &text(&suppressed_finding(&record), processed);
    }
    for rule in HostRule::ALL {
        let full = host_finding(rule);
        lines += &text(&full, processed);
        let bare = HostFinding { subject: Default::default(), events: Default::default(), time: None, ..full };
        lines += &text(&bare, None);
    }
    for record in real_records::all() {
        lines += &text(&full_finding(&record), None);
    }
    lines
}

#[test]
fn every_line_is_valid_against_the_published_schema() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (python, validator) = (root.join("target/venv/bin/python"), root.join("tests/ocsf/validate.py"));
    if !python.exists() || !validator.exists() {
        eprintln!("skipped: the schema's validator is not set up, see `make setup`");
        return;
    }
    let lines = lines_for_the_schema();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), &lines).unwrap();
    let judged = std::process::Command::new(python).arg(validator).arg(file.path()).output().unwrap();
    let faults: String = String::from_utf8_lossy(&judged.stdout).lines().take(20).map(|fault| format!("{fault}\n")).collect();
    assert!(judged.status.success(), "{faults}{}", String::from_utf8_lossy(&judged.stderr));
    eprintln!("{}", String::from_utf8_lossy(&judged.stderr).trim_end());
}

/// The real records beside the project, where they are.
mod real_records {
    use std::io::Read;
    use std::path::Path;

    use serde_json::value::RawValue;

    #[derive(serde::Deserialize)]
    struct Object {
        #[serde(rename = "Records")]
        records: Vec<Box<RawValue>>,
    }

    pub(super) fn all() -> Vec<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/records");
        if !folder.exists() {
            eprintln!("skipped: there are no real records beside the project");
            return Vec::new();
        }
        let folders = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir());
        let files = folders.flat_map(|folder| std::fs::read_dir(folder).unwrap()).map(|entry| entry.unwrap().path());
        let objects: Vec<_> = files.filter(|path| path.to_string_lossy().ends_with(".json.gz")).map(|path| read(&path)).collect();
        let without_records = objects.iter().filter(|records| records.is_none()).count();
        let records: Vec<String> = objects.into_iter().flatten().flatten().collect();
        eprintln!("{} real records; {without_records} objects have no list of records", records.len());
        records
    }

    fn read(path: &Path) -> Option<Vec<String>> {
        let mut json = String::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut json).unwrap();
        let object: Object = serde_json::from_str(&json).ok()?;
        Some(object.records.into_iter().map(|record| record.get().to_owned()).collect())
    }
}
