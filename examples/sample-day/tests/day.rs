//! The day as a reader finds it in the bucket.

#![allow(clippy::expect_used, reason = "the functions beside the tests belong to them")]

mod stored;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::prelude::*;
use sample_day::{DEFAULT_RECORDS, DEFAULT_SEED, Day, DayError, MOST_RECORDS, expected, story};
use serde_json::Value;
use sha2::{Digest, Sha256};
use stored::{content, records, text};

/// The default day and its records, made and read once for all tests.
static DEFAULT: LazyLock<(Day, Vec<(String, Value)>)> = LazyLock::new(|| {
    let day = Day::make(DEFAULT_SEED, DEFAULT_RECORDS).expect("the default day can be made");
    let found = records(&day);
    (day, found)
});

fn default_day() -> &'static Day {
    &DEFAULT.0
}

fn default_records() -> &'static [(String, Value)] {
    &DEFAULT.1
}

fn small_day(seed: u64) -> Day {
    Day::make(seed, 300).expect("a small day can be made")
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let again = Day::make(DEFAULT_SEED, DEFAULT_RECORDS).expect("the default day can be made");
    assert_eq!(*default_day(), again);
}

#[test]
fn another_seed_gives_another_day() {
    let (one, other) = (small_day(1), small_day(2));
    let keys = |day: &Day| day.objects.iter().map(|object| object.key.clone()).collect::<BTreeSet<_>>();
    // Digests have no random part in their names.
    assert!(keys(&one).intersection(&keys(&other)).all(|key| key.contains("CloudTrail-Digest")));
    assert_ne!(story(1), story(2));
}

#[test]
fn the_attack_does_not_depend_on_how_many_records_there_are() {
    let ids = |all: &[(String, Value)]| all.iter().map(|(_, record)| text(record, "/eventID").to_owned()).collect();
    let small: BTreeSet<String> = ids(&records(&small_day(DEFAULT_SEED)));
    let large: BTreeSet<String> = ids(default_records());
    for step in story(DEFAULT_SEED) {
        assert!(small.contains(&step.event_id) && large.contains(&step.event_id), "{}", step.what);
    }
}

#[test]
fn the_number_of_distinct_records_is_what_was_asked_for() {
    let day = default_day();
    let all = default_records();
    let ids: BTreeSet<&str> = all.iter().map(|(_, record)| text(record, "/eventID")).collect();
    assert_eq!(ids.len(), DEFAULT_RECORDS as usize);
    assert_eq!(day.distinct_records, ids.len());
    assert_eq!(all.len(), day.distinct_records + day.repeated_records);
}

#[test]
fn too_few_and_too_many_records_are_refused_with_the_limit() {
    let Err(DayError::TooFew { least, .. }) = Day::make(DEFAULT_SEED, 10) else { panic!("ten are too few") };
    assert!(Day::make(DEFAULT_SEED, least - 1).is_err());
    assert!(Day::make(DEFAULT_SEED, least).is_ok());
    assert!(matches!(Day::make(DEFAULT_SEED, MOST_RECORDS + 1), Err(DayError::TooMany { .. })));
}

#[test]
fn every_record_has_the_fields_that_cloudtrail_always_writes() {
    const ALWAYS: [&str; 7] =
        ["eventVersion", "eventTime", "awsRegion", "eventID", "eventType", "recipientAccountId", "eventCategory"];
    const UNLESS_INSIGHT: [&str; 7] =
        ["userIdentity", "eventSource", "eventName", "sourceIPAddress", "userAgent", "requestParameters", "responseElements"];
    for (key, record) in default_records() {
        for field in ALWAYS {
            assert!(record.get(field).is_some(), "{key}: {field} is missing in {record}");
        }
        if text(record, "/eventType") == "AwsCloudTrailInsight" {
            assert!(UNLESS_INSIGHT.iter().all(|field| record.get(field).is_none()), "{record}");
            continue;
        }
        for field in UNLESS_INSIGHT {
            assert!(record.get(field).is_some(), "{key}: {field} is missing in {record}");
        }
    }
}

#[test]
fn a_file_holds_the_records_of_its_account_and_region_delivered_after_they_happened() {
    for (key, record) in default_records() {
        let (account, region) = (text(record, "/recipientAccountId"), text(record, "/awsRegion"));
        let folders: Vec<&str> = key.split('/').collect();
        assert_eq!((folders[1], folders[3]), (account, region));
        let time = text(record, "/eventTime");
        assert!(time.starts_with("2026-03-17T"), "{time}");
        let delivered = folders[7].split('_').nth(3).expect("a log file's name holds the time of delivery");
        let happened: String = time.chars().filter(char::is_ascii_alphanumeric).collect();
        assert!(delivered[..13] > happened[..13], "{delivered} {happened}");
    }
}

#[test]
fn files_are_as_large_as_real_ones() {
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for (key, _) in default_records() {
        *sizes.entry(key.clone()).or_default() += 1;
    }
    let mut sizes: Vec<usize> = sizes.into_values().collect();
    sizes.sort_unstable();
    let median = sizes[sizes.len() / 2];
    assert!((5..=20).contains(&median), "the median file holds {median} records");
}

#[test]
fn each_step_of_the_script_is_delivered_exactly_once() {
    let mut deliveries: BTreeMap<String, usize> = BTreeMap::new();
    for (_, record) in default_records() {
        *deliveries.entry(text(record, "/eventID").to_owned()).or_default() += 1;
    }
    for step in story(DEFAULT_SEED).iter().chain(&expected(DEFAULT_SEED)) {
        assert_eq!(deliveries.get(&step.event_id), Some(&1), "{}", step.what);
    }
}

#[test]
fn the_story_is_told_in_the_order_of_time_and_ends_with_the_trail_stopped() {
    let steps = story(DEFAULT_SEED);
    assert!(steps.is_sorted_by_key(|step| step.time));
    let last = steps.last().expect("the story has steps");
    for (_, record) in default_records() {
        let is_silenced = text(record, "/recipientAccountId") == "111122223333";
        assert!(!is_silenced || text(record, "/eventTime") <= last.time.to_string().as_str(), "{record}");
    }
}

#[test]
fn a_repeated_record_is_the_same_in_both_files() {
    let all = default_records();
    let mut first: BTreeMap<&str, (&String, &Value)> = BTreeMap::new();
    let mut repeated = 0;
    for (key, record) in all {
        if let Some((other_key, other)) = first.insert(text(record, "/eventID"), (key, record)) {
            repeated += 1;
            assert_ne!(key, other_key);
            assert_eq!(record, other);
        }
    }
    assert!(repeated > 0);
}

#[test]
fn digests_hold_the_hashes_of_the_files_that_they_cover() {
    let day = default_day();
    let mut checked = 0;
    for object in day.objects.iter().filter(|object| object.key.contains("CloudTrail-Digest")) {
        let digest = content(object);
        assert!(digest.get("Records").is_none());
        for entry in digest["logFiles"].as_array().expect("a digest lists files") {
            let key = text(entry, "/s3Object");
            let covered = day.objects.iter().find(|object| object.key == key).expect("the file exists");
            let hash = format!("{:x}", Sha256::digest(uncompressed(&covered.bytes)));
            assert_eq!(text(entry, "/hashValue"), hash);
            checked += 1;
        }
    }
    assert!(checked > 10, "only {checked} files are covered");
}

fn uncompressed(bytes: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(bytes), &mut plain).expect("a gzip file");
    plain
}

#[test]
fn every_kind_of_principal_occurs() {
    let all = records(&small_day(DEFAULT_SEED));
    let kinds: BTreeSet<&str> = all.iter().map(|(_, record)| text(record, "/userIdentity/type")).collect();
    for kind in ["IAMUser", "AssumedRole", "Root", "AWSService", "AWSAccount", "FederatedUser", "SAMLUser", "WebIdentityUser"] {
        assert!(kinds.contains(kind), "no {kind} among {kinds:?}");
    }
}

#[test]
fn the_shapes_that_trip_readers_occur() {
    let all = default_records();
    let any = |what: &str, holds: &dyn Fn(&Value) -> bool| {
        assert!(all.iter().any(|(_, record)| holds(record)), "no record with {what}");
    };
    any("an API version in its name", &|record| text(record, "/eventName").ends_with("20150331v2"));
    any("a dry run", &|record| text(record, "/errorCode") == "Client.DryRunOperation");
    any("a refusal", &|record| text(record, "/errorCode") == "AccessDenied");
    any("a failed sign-in without a code", &|record| {
        text(record, "/responseElements/ConsoleLogin") == "Failure" && record.get("errorCode").is_none()
    });
    any("a service for an address", &|record| text(record, "/sourceIPAddress") == "ecs-tasks.amazonaws.com");
    any("AWS Internal for an address", &|record| text(record, "/sourceIPAddress") == "AWS Internal");
    any("an identity without a type", &|record| {
        record["userIdentity"].is_object() && record["userIdentity"].get("type").is_none()
    });
    any("an empty session issuer", &|record| {
        record.pointer("/userIdentity/sessionContext/sessionIssuer").is_some_and(|issuer| *issuer == serde_json::json!({}))
    });
    any("a percent-encoded policy", &|record| {
        text(record, "/responseElements/role/assumeRolePolicyDocument").starts_with("%7B%22Version%22")
    });
    any("a policy document as text", &|record| text(record, "/requestParameters/policyDocument").starts_with('{'));
    any("braces and quotes in its user agent", &|record| text(record, "/userAgent").contains("({\""));
    any("other scripts", &|record| record.to_string().contains("東京"));
    any("a key with a colon", &|record| record.to_string().contains("\"aws:lambda:FunctionArn\""));
    any("a number written 0.0", &|record| record.to_string().contains("\"threshold\":0.0"));
    any("a session of Identity Center", &|record| text(record, "/userIdentity/arn").contains("AWSReservedSSO_"));
    any("a data event", &|record| text(record, "/eventCategory") == "Data");
    any("an Insight", &|record| text(record, "/eventCategory") == "Insight");
    any("the console's string flag", &|record| text(record, "/sessionCredentialFromConsole") == "true");
    let without_answer = all.iter().filter(|(_, record)| record["responseElements"].is_null()).count();
    assert!(without_answer * 10 > all.len() * 7, "most records have no answer");
}

#[test]
fn records_lie_out_of_order_inside_files() {
    let all = default_records();
    let is_out_of_order =
        |pair: &[(String, Value)]| pair[0].0 == pair[1].0 && text(&pair[0].1, "/eventTime") > text(&pair[1].1, "/eventTime");
    assert!(all.windows(2).any(is_out_of_order));
}

#[test]
fn fields_are_written_in_the_order_of_aws_with_numbers_as_they_were() {
    let texts: Vec<String> =
        default_day().objects.iter().map(|object| String::from_utf8(uncompressed(&object.bytes)).expect("UTF-8")).collect();
    assert!(texts.iter().any(|text| text.contains(r#"{"eventVersion":"1.10","userIdentity":{"type":"#)));
    assert!(texts.iter().any(|text| text.contains(r#""startTime":1.7737056E9,"#)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_seed_gives_a_day_that_can_be_read(seed: u64) {
        let day = small_day(seed);
        let all = records(&day);
        prop_assert_eq!(all.len(), day.distinct_records + day.repeated_records);
        prop_assert_eq!(&day, &small_day(seed));
    }
}
