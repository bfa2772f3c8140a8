//! What is replaced, what stays, and that nothing else does.

use proptest::prelude::*;
use serde_json::json;

use super::*;

fn text_of(record: &Value) -> String {
    redact(record).record.to_string()
}

/// A record of a role's session with something of everything.
fn record() -> Value {
    json!({
        "eventVersion": "1.09",
        "eventTime": "2024-06-15T09:01:01Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "PutRolePolicy",
        "awsRegion": "eu-central-1",
        "eventID": "6b6d6f2e-2f0b-4b6e-9d0f-3f7f2e1c8a55",
        "requestID": "79104EXAMPLEB723",
        "sourceIPAddress": "93.184.216.34",
        "userAgent": "aws-cli/2.15.0 Python/3.11.6",
        "errorCode": "AccessDenied",
        "errorMessage": "User: arn:aws:sts::123456789012:assumed-role/ci-runner/anna.smith@acme.example is not authorized to perform: iam:PutRolePolicy on resource: role payments-prod",
        "recipientAccountId": "123456789012",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROA3XFRBF535PLBIFPI4:anna.smith@acme.example",
            "arn": "arn:aws:sts::123456789012:assumed-role/ci-runner/anna.smith@acme.example",
            "accountId": "123456789012",
            "accessKeyId": "ASIAIOSFODNN7REALKEY",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": "AROA3XFRBF535PLBIFPI4", "accountId": "123456789012", "userName": "ci-runner",
                "arn": "arn:aws:iam::123456789012:role/teams/build/ci-runner",
            }},
            "invokedBy": "cloudformation.amazonaws.com",
        },
        "requestParameters": {
            "roleName": "payments-prod",
            "policyName": "acme-inline",
            "policyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::210987654321:root\"},\"Action\":\"s3:GetObject\",\"Resource\":\"arn:aws:s3:::acme-ledger/*\",\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":[\"10.20.30.40/32\",\"0.0.0.0/0\",\"93.184.216.34/32\"]}}}]}",
        },
        "responseElements": {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "vpcId": "vpc-0a1b2c3d4e5f67890"},
        "tlsDetails": {"clientProvidedHostHeader": "iam.amazonaws.com"},
        "tags": [{"key": "team", "value": "acme payments"}],
    })
}

#[test]
fn what_identifies_somebody_goes_wherever_aws_writes_it() {
    let parameters = json!({
        "dNSName": "acme-payments-1234567890.eu-west-1.elb.amazonaws.com",
        "searchHost": "https://search-acme-xyz.eu-west-1.es.amazonaws.com/",
        "publicHost": "ec2-54-12-3-4.eu-west-1.compute.amazonaws.com",
        "subscriptionArn": "arn:aws:sns:eu-west-1:123456789012:acme-alerts:6b6d6f2e-2f0b-4b6e-9d0f-3f7f2e1c8a55",
        "pipeline": "arn:aws:codepipeline:eu-west-1:123456789012:acme-deploy/Build/acme-step",
        "sourceIdentity": "acme-anna",
        "secretId": "acme/production",
        "keyId": "alias/acme-payments",
        "accountAlias": "acme",
        "dBInstanceIdentifier": "acme-orders",
        "queueUrl": "https://sqs.eu-west-1.amazonaws.com/123456789012/acme-queue",
        "phoneNumber": "+49 30 1234567",
        "serialNumber": "GAHT12345678",
        "x-amz-copy-source": "acme-ledger/2026/secret.csv",
        "clientSecret": "acme-hunter2",
        "masterUserPassword": "acme-hunter2",
        "loginFrom": "address:93.184.216.34",
        "userName": "user-48213",
    });
    let text = text_of(&json!({ "requestParameters": parameters }));
    for told in ["acme", "54-12-3-4", "1234567890", "GAHT", "+49", "hunter2", "93.184", "48213", "123456789012"] {
        assert!(!text.contains(told), "{told}: {text}");
    }
    for kept in
        [".eu-west-1.elb.amazonaws.com", ".eu-west-1.es.amazonaws.com", "https://sqs.eu-west-1.amazonaws.com/111122223333/"]
    {
        assert!(text.contains(kept), "{kept}: {text}");
    }
}

#[test]
fn a_record_keeps_its_shape_and_loses_who_it_is_about() {
    let redacted = redact(&record()).record;
    let expected = json!({
        "eventVersion": "1.09",
        "eventTime": "2024-06-15T09:01:01Z",
        "eventSource": "iam.amazonaws.com",
        "eventName": "PutRolePolicy",
        "awsRegion": "eu-central-1",
        "eventID": "00000000-0000-4000-8000-000000000001",
        "requestID": "REQUEST000000002",
        "sourceIPAddress": "198.51.100.2",
        "userAgent": "aws-cli/2.15.0 Python/3.11.6",
        "errorCode": "AccessDenied",
        "errorMessage": "User: arn:aws:sts::111122223333:assumed-role/role-1/person-1@example.com is not authorized to perform: iam:PutRolePolicy on resource: role role-2",
        "recipientAccountId": "111122223333",
        "userIdentity": {
            "type": "AssumedRole",
            "principalId": "AROAEXAMPLE000000001:person-1@example.com",
            "arn": "arn:aws:sts::111122223333:assumed-role/role-1/person-1@example.com",
            "accountId": "111122223333",
            "accessKeyId": "ASIAEXAMPLE000000001",
            "sessionContext": {"sessionIssuer": {
                "type": "Role", "principalId": "AROAEXAMPLE000000001", "accountId": "111122223333", "userName": "role-1",
                "arn": "arn:aws:iam::111122223333:role/path-1/path-2/role-1",
            }},
            "invokedBy": "cloudformation.amazonaws.com",
        },
        "requestParameters": {
            "roleName": "role-2",
            "policyName": "policy-1",
            "policyDocument": "{\"Statement\":[{\"Action\":\"s3:GetObject\",\"Condition\":{\"IpAddress\":{\"aws:SourceIp\":[\"10.255.0.1/32\",\"0.0.0.0/0\",\"198.51.100.2/32\"]}},\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Resource\":\"arn:aws:s3:::bucket-1/*\"}],\"Version\":\"2012-10-17\"}",
        },
        "responseElements": {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess", "vpcId": "vpc-00000000000000001"},
        "tlsDetails": {"clientProvidedHostHeader": "iam.amazonaws.com"},
        "tags": [{"key": "team", "value": "value-1"}],
    });
    assert_eq!(redacted, expected, "{redacted:#}");
}

#[test]
fn what_was_redacted_stays_as_it_is() {
    let once = redact(&record());
    let twice = redact(&once.record);
    assert_eq!(once.record, twice.record);
    assert!(twice.replaced.is_empty(), "{:?}", twice.replaced);
}

fn redacted(key: &str, text: &str) -> String {
    redact(&json!({key: text})).record[key].as_str().unwrap().to_owned()
}

#[test]
fn what_rules_look_at_stays() {
    for (key, text) in [
        ("sourceIPAddress", "AWS Internal"),
        ("sourceIPAddress", "ec2.amazonaws.com"),
        ("sourceIPAddress", "127.0.0.1"),
        ("cidrIp", "0.0.0.0/0"),
        ("cidrIpv6", "::/0"),
        ("userName", "HIDDEN_DUE_TO_SECURITY_REASONS"),
        ("eventName", "AssumeRoleWithSAML"),
        ("eventName", "https://portal.sso.us-east-1.amazonaws.com/instance/appinstances"),
        ("arn", "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"),
        ("principal", "*"),
        ("endpoint", "s3.eu-central-1.amazonaws.com"),
        ("userAgent", "Boto3/1.26.0 Python/3.9.16 Linux/5.10 exec-env/CloudShell"),
        ("apiVersion", "2015-03-31"),
        ("date", "2024-06-15T09:01:01Z"),
    ] {
        assert_eq!(redacted(key, text), text, "{key}");
    }
}

#[test]
fn the_shapes_of_names_and_addresses_stay() {
    for (key, text, expected) in [
        (
            "arn",
            "arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_AdministratorAccess_0f1e2d3c4b5a6978",
            "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-central-1/AWSReservedSSO_AdministratorAccess_0000000000000001",
        ),
        (
            "arn",
            "arn:aws:iam::123456789012:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
            "arn:aws:iam::111122223333:role/aws-service-role/ecs.amazonaws.com/AWSServiceRoleForECS",
        ),
        ("userName", "AWSReservedSSO_AcmeOperations1WithALongName_0f1e2d3c4b5a6978", "AWSReservedSSO_name-1_0000000000000001"),
        ("a", "arn:aws:s3:::acme-ledger/2024/*", "arn:aws:s3:::bucket-1/2024/*"),
        ("a", "arn:aws:s3:::acme-*", "arn:aws:s3:::bucket-1*"),
        ("a", "arn:aws:sns:eu-west-1:123456789012:alerts", "arn:aws:sns:eu-west-1:111122223333:resource-1"),
        (
            "a",
            "arn:aws:lambda:eu-west-1:123456789012:function:ledger:7",
            "arn:aws:lambda:eu-west-1:111122223333:function:resource-1:7",
        ),
        ("sourceIPAddress", "10.1.2.3", "10.255.0.1"),
        ("sourceIPAddress", "192.168.1.5", "192.168.255.1"),
        ("sourceIPAddress", "172.20.0.9", "172.31.0.1"),
        ("sourceIPAddress", "2a00:1450::1", "2001:db8::1"),
        ("sourceIPAddress", "fd12:3456::1", "fd00::1"),
        ("sourceIPAddress", "vault.acme.example", "host-1.example.com"),
        ("cidrIp", "93.184.0.0/16", "198.51.100.1/16"),
        ("text", "from 93.184.216.34:443.", "from 198.51.100.1:443."),
        ("Host", "ledger.s3.eu-west-1.amazonaws.com", "resource-1.s3.eu-west-1.amazonaws.com"),
        ("text", "see https://wiki.acme.example/x?y", "see https://host-1.example.com/x?y"),
        ("text", "ip-10-0-0-5.eu-west-1.compute.internal", "host-1.example.com"),
        ("accessKeyId", "AKIAIOSFODNN7REALKEY", "AKIAEXAMPLE000000001"),
        ("accessKeyId", "EXAMPLE_KEY_ID", "AKIAEXAMPLE000000001"),
        ("accountId", "0987654321", "111122223333"),
        ("a", "arn:aws:iam::1234567890120:root", "arn:aws:iam::111122223333:root"),
        ("principalId", "123456789012", "111122223333"),
        (
            "principalId",
            "arn:aws:iam::123456789012:oidc-provider/git.acme.example:repo:main",
            "arn:aws:iam::111122223333:oidc-provider/host-1.example.com",
        ),
        ("password", "hunter2", "redacted-1"),
        ("text", "i-0abc1234def567890 and sg-12345678", "i-00000000000000001 and sg-00000002"),
        ("bucketName", "aws-cloudtrail-logs-123456789012-acme", "bucket-1"),
    ] {
        assert_eq!(redacted(key, text), expected, "{text}");
    }
}

#[test]
fn json_inside_texts_is_redacted_also_where_it_is_percent_encoded() {
    let encoded =
        utf8_percent_encode(r#"{"Principal":{"AWS":"arn:aws:iam::123456789012:user/anna"}}"#, NON_ALPHANUMERIC).to_string();
    let redacted = redacted("assumeRolePolicyDocument", &encoded);
    let decoded = percent_decode_str(&redacted).decode_utf8().unwrap().into_owned();
    assert_eq!(decoded, r#"{"Principal":{"AWS":"arn:aws:iam::111122223333:user/user-1"}}"#);
}

#[test]
fn two_values_never_become_one() {
    let record = json!({"a": {"userName": "anna"}, "b": {"userName": "user-1"}, "c": {"userName": "bert"}});
    let redacted = redact(&record).record;
    assert_eq!(redacted, json!({"a": {"userName": "user-2"}, "b": {"userName": "user-1"}, "c": {"userName": "user-3"}}));
}

/// What may identify somebody, as it stands in a record.
#[derive(Clone, Debug)]
struct Secrets {
    account: String,
    other_account: String,
    access_key: String,
    principal: String,
    user: String,
    role: String,
    session: String,
    bucket: String,
}

fn secrets() -> impl Strategy<Value = Secrets> {
    let account = "[2-9][0-9]{11}".prop_filter("an example", |account| !forms::is_replaced_account(account));
    // Six letters that are in no word of AWS's.
    let name = || "[a-z]{2}[qxz]{2}[a-z0-9_.-]{2,12}[a-z0-9]".prop_filter("a replacement", |name| !forms::is_replaced_name(name));
    let key = "(AKIA|ASIA)[A-Z2-7]{16}".prop_filter("a replacement", |key| !key.contains("EXAMPLE"));
    let names = (name(), name(), name(), name());
    ((account.clone(), account), key, "AROA[A-Z2-7]{17}", names).prop_map(
        |((account, other_account), access_key, principal, names)| {
            let (user, role, session, bucket) = names;
            Secrets { account, other_account, access_key, principal, user, role, session, bucket }
        },
    )
}

fn record_with(secrets: &Secrets) -> Value {
    let Secrets { account, other_account, access_key, principal, user, role, session, bucket } = secrets;
    let arn = format!("arn:aws:sts::{account}:assumed-role/{role}/{session}");
    let document = json!({"Statement": [{"Principal": {"AWS": [format!("arn:aws:iam::{other_account}:user/{user}"), other_account]}, "Resource": format!("arn:aws:s3:::{bucket}/*")}]});
    json!({
        "eventSource": "s3.amazonaws.com",
        "errorMessage": format!("{arn} may not write to {bucket} of {account} with {access_key}, said {user}: {role}/{session}."),
        "recipientAccountId": account,
        "userIdentity": {
            "principalId": format!("{principal}:{session}"), "arn": arn, "accountId": account, "accessKeyId": access_key,
            "sessionContext": {"sessionIssuer": {"userName": role, "arn": format!("arn:aws:iam::{account}:role/{role}")}},
        },
        "requestParameters": {
            "bucketName": bucket, "Host": format!("{bucket}.s3.eu-west-1.amazonaws.com"), "userName": user,
            "policyDocument": document.to_string(),
            "assumeRolePolicyDocument": utf8_percent_encode(&document.to_string(), NON_ALPHANUMERIC).to_string(),
            "url": format!("https://{bucket}.s3.amazonaws.com/{user}?X-Amz-Credential={access_key}%2F20240615"),
            "numbers": [account.parse::<u64>().unwrap()],
            "nested": {"deeper": [format!("x-{account}-y"), {"roleSessionName": session}]},
        },
    })
}

proptest! {
    #[test]
    fn no_account_key_or_name_survives_and_nothing_is_left_to_redact(secrets in secrets()) {
        let once = redact(&record_with(&secrets));
        let text = once.record.to_string();
        let Secrets { account, other_account, access_key, principal, user, role, session, bucket } = &secrets;
        for original in [account, other_account, access_key, principal, user, role, session, bucket] {
            prop_assert!(!text.contains(original.as_str()), "{} survives in {}", original, text);
        }
        prop_assert_eq!(redact(&once.record).record, once.record);
    }

    #[test]
    fn whatever_a_record_holds_it_is_redacted_once(texts in prop::collection::btree_map("[a-zA-Z]{1,10}", ".{0,60}", 0..6)) {
        let record = json!(texts);
        let once = redact(&record).record;
        prop_assert_eq!(redact(&once).record, once);
    }
}

#[test]
fn an_account_is_found_in_texts_of_any_shape() {
    let text = text_of(&json!({"a": "x123456789012y", "b": 123_456_789_012_u64, "123456789012": 1, "c": "1234567890123"}));
    assert_eq!(text, r#"{"111122223333":1,"a":"x111122223333y","b":111122223333,"c":"1234567890123"}"#);
}

#[test]
fn real_records_are_redacted_once_and_tell_no_account_and_no_key() {
    let host = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let folder = std::path::Path::new(&host).join("../../shared/records");
    if !folder.is_dir() {
        println!("skipped: there is no ../shared/records beside the workspace");
        return;
    }
    let inputs = crate::source::Inputs::find([crate::source::Input::from(folder)]);
    let (mut number, mut faults) = (0, Vec::new());
    for object in inputs.objects {
        for item in crate::record::ObjectReader::new(object.open().unwrap(), crate::record::ReadLimits::default()) {
            let crate::record::Item::Record(record) = item else { continue };
            let record = json::parse(record.json.as_bytes()).unwrap();
            number += 1;
            faults.extend(fault(&record).map(|fault| format!("{fault}: {record}")));
        }
    }
    assert!(number > 1_000, "{number}");
    assert!(faults.is_empty(), "{} of {number}:\n{}", faults.len(), faults[..faults.len().min(10)].join("\n"));
}

/// What is otherwise than it should be once a record is redacted.
fn fault(record: &Value) -> Option<String> {
    let once = redact(record).record;
    if redact(&once).record != once {
        return Some(format!("is redacted twice: {once}"));
    }
    if (&once["eventName"], &once["eventSource"]) != (&record["eventName"], &record["eventSource"]) {
        return Some(format!("is another event: {once}"));
    }
    let identity = &record["userIdentity"];
    let accounts = [&record["recipientAccountId"], &identity["accountId"]].into_iter().filter_map(Value::as_str);
    let accounts = accounts.filter(|account| account.bytes().all(|byte| byte.is_ascii_digit()) && account.len() > 8);
    let ids = [&identity["accessKeyId"], &identity["principalId"]].into_iter().filter_map(Value::as_str);
    let ids = ids.flat_map(|id| id.split(':')).filter(|id| forms::unique_id(id).is_some());
    let originals =
        accounts.filter(|id| !forms::is_replaced_account(id)).chain(ids.filter(|id| !forms::is_replaced_unique_id(id)));
    let text = once.to_string();
    originals.into_iter().find(|original| text.contains(*original)).map(|original| format!("{original} survives in {text}"))
}
