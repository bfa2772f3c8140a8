//! Findings for the tests of this folder, and records as an attacker would write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy_contract::finding::{More, Resource};
use policy_contract::manifest::{Mode, RuleDescription};
use policy_contract::response::ResponseRequest;
use policy_contract::severity::Severity;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{Digest, Finding, HostFinding, HostRule, JudgedRecord, Place, PolicyIdentity, RelatedEvents, Subject, Suppression};

/// A record of a role's session, in the shape of AWS's own.
pub(super) const RECORD: &str = r#"{
    "eventVersion": "1.09",
    "userIdentity": {
        "type": "AssumedRole", "principalId": "AROAEXAMPLEID:i-0abc",
        "arn": "arn:aws:sts::111122223333:assumed-role/ci-runner/i-0abc", "accountId": "111122223333",
        "accessKeyId": "ASIAEXAMPLEKEY",
        "sessionContext": {
            "sessionIssuer": {"type": "Role", "principalId": "AROAEXAMPLEID", "arn": "arn:aws:iam::111122223333:role/ci/ci-runner",
                "accountId": "111122223333", "userName": "ci-runner"},
            "attributes": {"creationDate": "2024-06-15T08:26:40Z", "mfaAuthenticated": "false"}
        }
    },
    "eventTime": "2024-06-15T09:01:01Z", "eventSource": "s3.amazonaws.com", "eventName": "CreateBucket",
    "awsRegion": "eu-central-1", "sourceIPAddress": "198.51.100.7", "userAgent": "aws-cli/2.15.0",
    "requestParameters": {"bucketName": "example-exfil", "weight": 1.68E9}, "responseElements": null,
    "errorCode": "AccessDenied", "errorMessage": "Access Denied", "requestID": "EXAMPLEREQUESTID",
    "eventID": "6b6d6f2e-2f0b-4b6e-9d0f-3f7f2e1c8a55", "readOnly": false, "eventType": "AwsApiCall",
    "managementEvent": true, "recipientAccountId": "111122223333", "eventCategory": "Management"
}"#;

pub(super) const EVENT_KEY: &str = "6b6d6f2e-2f0b-4b6e-9d0f-3f7f2e1c8a55";

/// A finding in a record that uses everything that a finding has.
pub(super) fn full_finding(record: &str) -> Finding {
    let rule = serde_json::json!({
        "id": "bucket-change-out-of-band", "title": "Bucket created or deleted out of band",
        "description": "A bucket is changed by somebody who should not.", "severity": "high",
        "techniques": ["T1567.002", "T1530"], "references": ["https://example.com/buckets"],
        "false_positives": ["A new approved client."], "runbook": "Find out who used the role; revoke its sessions.",
        "selectors": ["all"],
    });
    let details = serde_json::json!({"broken": ["trusted-network", "privileged-principal"], "score": 0.5});
    let rule: RuleDescription = serde_json::from_value(rule).unwrap();
    Finding {
        title: rule.title.clone(),
        rule: Arc::new(rule),
        grouping: Some("arn:aws:iam::111122223333:role/ci/ci-runner".into()),
        more: More {
            details: serde_json::from_value(details).unwrap(),
            resources: vec![
                Resource {
                    uid: "arn:aws:s3:::example-exfil".into(),
                    kind: Some("AWS::S3::Bucket".into()),
                    region: Some("eu-central-1".into()),
                    account: Some("111122223333".into()),
                },
                Resource { uid: "bare".into(), ..Resource::default() },
            ],
            responses: vec![ResponseRequest::RevokeRoleSessions { role: "arn:aws:iam::111122223333:role/ci/ci-runner".into() }],
        },
        mode: Mode::Shadow,
        ..plain_finding(record)
    }
}

/// A full finding that an exception suppresses and whose severity was tuned.
pub(super) fn suppressed_finding(record: &str) -> Finding {
    let suppression = Suppression {
        exception: "ci-role".parse().unwrap(),
        reason: "the pipeline makes buckets\u{1b}[2J".into(),
        owner: "platform".into(),
        expires: "2026-04-04T00:00:00Z".parse().unwrap(),
    };
    Finding {
        mode: Mode::Enforce,
        untuned_severity: Some(Severity::Critical),
        suppression: Some(Arc::new(suppression)),
        ..full_finding(record)
    }
}

/// A finding in a record that says as little as a finding can.
pub(super) fn plain_finding(record: &str) -> Finding {
    let rule: RuleDescription = serde_json::from_value(serde_json::json!({
        "id": "any-record", "title": "Any record", "severity": "low", "selectors": ["all"],
    }))
    .unwrap();
    let place = Place { object: "trail/2024/06/15/a.json.gz".into(), offset: 12 };
    Finding {
        policy: Arc::new(PolicyIdentity {
            name: "storage".parse().unwrap(),
            version: "1.2.0".into(),
            owner: "data-platform".into(),
            digest: Digest::of(b"policy"),
            settings: Digest::of(b"{}"),
            tables: BTreeMap::from([("trusted-networks".parse().unwrap(), Digest::of(b"table"))]),
        }),
        severity: Severity::High,
        untuned_severity: None,
        title: rule.title.clone(),
        rule: Arc::new(rule),
        mode: Mode::Enforce,
        summary: "CreateBucket from an untrusted network.".into(),
        key: String::new(),
        grouping: None,
        more: More::default(),
        record: Arc::new(JudgedRecord::new(record, EVENT_KEY, place).unwrap()),
        suppression: None,
    }
}

/// A finding of the host with everything that one can have.
pub(super) fn host_finding(rule: HostRule) -> HostFinding {
    let mut events = RelatedEvents::default();
    (0..150).for_each(|number| events.add(format!("event-{number:03}")));
    HostFinding {
        rule,
        subject: Subject {
            policy: Some("storage".into()),
            rule: Some("any-record".parse().unwrap()),
            exception: (rule == HostRule::ExceptionExpired).then(|| "ci-role".parse().unwrap()),
            object: Some("trail/2024/06/15/a.json.gz".into()),
            offset: Some(12),
            failure: Some("trap"),
            account: Some("111122223333".into()),
            region: Some("eu-central-1".into()),
        },
        reason: "the guest executed `unreachable`: look at its log, and mend the rule".into(),
        time: Some("2024-06-15T09:01:01Z".parse().unwrap()),
        count: 150,
        events,
    }
}

const RECORD_FIELDS: &[&str] = &[
    "userIdentity",
    "eventTime",
    "eventSource",
    "eventName",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "requestID",
    "apiVersion",
    "eventType",
    "recipientAccountId",
    "accountId",
    "requestParameters",
];
const IDENTITY_FIELDS: &[&str] = &[
    "type",
    "principalId",
    "arn",
    "accountId",
    "accessKeyId",
    "userName",
    "invokedBy",
    "sessionContext",
    "sessionIssuer",
    "attributes",
    "creationDate",
    "mfaAuthenticated",
    "onBehalfOf",
    "userId",
    "identityStoreArn",
    "credentialId",
    "identityProvider",
    "webIdFederationData",
    "federatedProvider",
];
/// JSON texts that mean something somewhere, or that readers stumble over.
const TELLING: &[&str] = &[
    "null",
    "true",
    "0",
    "0.0",
    "-1",
    "1.68E9",
    "1E400",
    "99999999999999999999999999",
    "[]",
    "{}",
    "\"\"",
    "\"true\"",
    "\"false\"",
    "\"\\ud800\"",
    "\"\\u0000\\u001b[2J\\r\\n\"",
    "\"\u{9b}31m\u{202e}\u{2028}\"",
    "\"198.51.100.7\"",
    "\"2001:db8::1\"",
    "\"1x2x3x4\"",
    "\"ec2.amazonaws.com\"",
    "\"AWS Internal\"",
    "\"2024-06-15T09:01:01Z\"",
    "\"0001-01-01T00:00:00Z\"",
    "\"9999-12-31T23:59:59Z\"",
    "\"Root\"",
    "\"IAMUser\"",
    "\"AssumedRole\"",
    "\"AWSService\"",
    "\"Unknown\"",
    "\"NewKind\"",
    "\"arn:aws:sts::111122223333:assumed-role/a/b\"",
    "\"arn:aws:sts::111122223333:assumed-role/\"",
];

fn object(
    key: impl Strategy<Value = String>,
    value: impl Strategy<Value = String>,
    most: usize,
) -> impl Strategy<Value = String> {
    vec((key, value), 0..most).prop_map(|members| {
        let members: Vec<String> =
            members.into_iter().map(|(key, value)| format!("{} :\n{value}", serde_json::to_string(&key).unwrap())).collect();
        format!("{{{}}}", members.join(","))
    })
}

fn known_key(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop_oneof![9 => select(names).prop_map(str::to_owned), 1 => any::<String>()]
}

/// Valid JSON objects with the field names of a record and whatever values; keys may stand twice.
pub(super) fn hostile_record() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        6 => select(TELLING).prop_map(str::to_owned),
        2 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        1 => (1usize..6000).prop_map(|length| format!("\"{}\"", "ä".repeat(length))),
    ];
    let value = leaf.prop_recursive(4, 40, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
            object(known_key(IDENTITY_FIELDS), inner, 12),
        ]
    });
    object(known_key(RECORD_FIELDS), value, 16)
}
