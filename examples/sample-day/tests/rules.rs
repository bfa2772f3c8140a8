//! A second, independent reading of the shipped rules over the day: what they must find is exactly what is expected.

#![allow(clippy::expect_used, reason = "the functions beside the tests belong to them")]

mod stored;

use std::collections::BTreeSet;
use std::net::IpAddr;

use sample_day::{DEFAULT_RECORDS, DEFAULT_SEED, Day, RuleId, expected};
use serde_json::Value;
use stored::{records, text};

const PRIVILEGED: &str = include_str!("../tables/privileged-principals.txt");
const NETWORKS: &str = include_str!("../tables/trusted-networks.txt");
const CONFIGURATION: &str = include_str!("../trailwarden.toml");

#[test]
fn the_rules_find_what_is_expected_and_nothing_else() {
    for seed in [DEFAULT_SEED, 1, 2026] {
        let day = Day::make(seed, DEFAULT_RECORDS).expect("the day can be made");
        let mut found = BTreeSet::new();
        for (_, record) in records(&day) {
            found.extend(rules_for(&record).into_iter().map(|rule| (text(&record, "/eventID").to_owned(), rule)));
        }
        let wanted: BTreeSet<(String, RuleId)> = expected(seed)
            .into_iter()
            .flat_map(|step| step.rules.into_iter().map(move |rule| (step.event_id.clone(), rule)))
            .collect();
        assert_eq!(found, wanted, "seed {seed}");
    }
}

#[test]
fn every_rule_that_the_story_knows_speaks_up_in_it() {
    let rules: BTreeSet<RuleId> = sample_day::story(DEFAULT_SEED).into_iter().flat_map(|step| step.rules).collect();
    assert_eq!(rules.len(), 12);
}

#[test]
fn the_configuration_names_the_tables_that_are_there() {
    for file in ["tables/privileged-principals.txt", "tables/trusted-networks.txt"] {
        assert!(CONFIGURATION.contains(&format!("file = \"{file}\"")));
    }
}

fn rules_for(record: &Value) -> Vec<RuleId> {
    let failed = record.get("errorCode").is_some()
        || record.get("errorMessage").is_some()
        || text(record, "/responseElements/ConsoleLogin") == "Failure";
    if failed {
        return Vec::new();
    }
    let is_change = record.get("readOnly") == Some(&Value::Bool(false)) && text(record, "/eventType") == "AwsApiCall";
    let by_root = text(record, "/userIdentity/type") == "Root" && is_change;
    let mut rules = rules_for_call(record);
    rules.extend(by_root.then_some(RuleId::RootActivity));
    rules
}

fn rules_for_call(record: &Value) -> Vec<RuleId> {
    match (text(record, "/eventSource"), text(record, "/eventName")) {
        ("signin.amazonaws.com", "ConsoleLogin") => rules_for_sign_in(record),
        ("iam.amazonaws.com", "CreateUser") => vec![RuleId::CreateUser],
        ("iam.amazonaws.com", "CreateAccessKey")
            if text(record, "/requestParameters/userName") != text(record, "/userIdentity/userName") =>
        {
            vec![RuleId::AccessKeyForAnother]
        }
        ("iam.amazonaws.com", "AttachUserPolicy")
            if text(record, "/requestParameters/policyArn").ends_with("/AdministratorAccess") =>
        {
            vec![RuleId::AdministratorPolicyAttached]
        }
        ("iam.amazonaws.com", "PutUserPolicy")
            if text(record, "/requestParameters/policyDocument").contains(r#""Action":"*","Resource":"*""#) =>
        {
            vec![RuleId::AdministratorPolicyAttached]
        }
        ("s3.amazonaws.com", "CreateBucket" | "DeleteBucket") if is_out_of_band(record) => {
            vec![RuleId::BucketChangeOutOfBand]
        }
        ("s3.amazonaws.com", "PutBucketPolicy") => vec![RuleId::BucketPolicyPut],
        ("lambda.amazonaws.com", name) if name.starts_with("UpdateFunctionCode") => {
            vec![RuleId::LambdaCodeUpdated]
        }
        ("ec2.amazonaws.com", "RunInstances") => vec![RuleId::RunInstances],
        ("cloudtrail.amazonaws.com", "CreateTrail") => vec![RuleId::TrailCreated],
        ("cloudtrail.amazonaws.com", "StopLogging") => vec![RuleId::LoggingStopped],
        _ => Vec::new(),
    }
}

fn rules_for_sign_in(record: &Value) -> Vec<RuleId> {
    if text(record, "/additionalEventData/MFAUsed") != "No" {
        return Vec::new();
    }
    match text(record, "/userIdentity/type") {
        "IAMUser" => vec![RuleId::ConsoleLoginWithoutMfa],
        "Root" => vec![RuleId::ConsoleLoginWithoutMfa, RuleId::ConsoleRootLoginWithoutMfa],
        _ => Vec::new(),
    }
}

/// Not by a privileged person, through an approved client, from a trusted network.
fn is_out_of_band(record: &Value) -> bool {
    let role = text(record, "/userIdentity/sessionContext/sessionIssuer/arn");
    let principal = if role.is_empty() { text(record, "/userIdentity/arn") } else { role };
    let is_privileged = lines(PRIVILEGED).any(|pattern| matches_pattern(pattern, principal));
    let agent = text(record, "/userAgent");
    let is_approved = ["aws-cli/", "S3Console/", "Terraform/"].iter().any(|client| agent.contains(client));
    let is_workload = agent.contains("exec-env/");
    let is_trusted = text(record, "/sourceIPAddress")
        .parse::<IpAddr>()
        .is_ok_and(|address| lines(NETWORKS).any(|network| contains(network, address)));
    !(is_privileged && is_approved && !is_workload && is_trusted)
}

fn lines(table: &str) -> impl Iterator<Item = &str> {
    table.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'))
}

fn matches_pattern(pattern: &str, value: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == value,
        Some((start, rest)) => value.strip_prefix(start).is_some_and(|tail| {
            (0..=tail.len()).filter(|at| tail.is_char_boundary(*at)).any(|at| matches_pattern(rest, &tail[at..]))
        }),
    }
}

fn contains(network: &str, address: IpAddr) -> bool {
    let (base, length) = network.split_once('/').expect("a network has a length");
    let length: u32 = length.parse().expect("a length is a number");
    match (base.parse::<IpAddr>().expect("a network has an address"), address) {
        (IpAddr::V4(base), IpAddr::V4(address)) => (base.to_bits() ^ address.to_bits()) >> (32 - length) == 0,
        (IpAddr::V6(base), IpAddr::V6(address)) => (base.to_bits() ^ address.to_bits()) >> (128 - length) == 0,
        _ => false,
    }
}
