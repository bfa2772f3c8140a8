//! What is no CloudTrail record is counted by what it is, and is no fault.

use super::*;

fn assert_is(object: &str, reason: NotARecord) {
    let outcome = read(object);
    assert_eq!(outcome.not_records(), [reason], "{object}: {:?}", outcome.items);
    assert_eq!(outcome.items.len(), 1, "{object}");
    assert_eq!(outcome.tally.not_records.get(&reason), Some(&1));
}

#[test]
fn digest_files_are_digests_however_long() {
    let digest = |files: &str| format!(r#"{{"awsAccountId":"111122223333","digestS3Bucket":"b","logFiles":[{files}]}}"#);
    assert_is(&digest(""), NotARecord::Digest);
    assert_is(r#"{"digestS3Bucket":"b"}"#, NotARecord::Digest);
    assert_is(r#"{"logFiles":[]}"#, NotARecord::Digest);
    let file = format!(r#"{{"s3Object":"{}"}}"#, "k".repeat(1000));
    let long = digest(&vec![file; 2000].join(","));
    assert!(long.len() > ReadLimits::default().record_bytes);
    assert_is(&long, NotARecord::Digest);
}

#[test]
fn notifications_in_the_shape_of_records_are_notifications() {
    assert_is(
        r#"{"Records":[{"eventVersion":"2.5","eventSource":"aws:s3","eventName":"ObjectCreated:Put","s3":{}}]}"#,
        NotARecord::Notification,
    );
    assert_is(
        r#"{"detail-type":"Object Created","source":"aws.s3","detail":{"bucket":{"name":"b"},"object":{"key":"k"}}}"#,
        NotARecord::Notification,
    );
}

#[test]
fn a_test_event_of_s3_is_one() {
    assert_is(r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#, NotARecord::S3TestEvent);
}

#[test]
fn messages_of_sns_and_sqs_are_wrappers() {
    assert_is(
        r#"{"Type":"Notification","TopicArn":"arn:aws:sns:us-east-1:111122223333:t","Message":"{}"}"#,
        NotARecord::MessageWrapper,
    );
    assert_is(r#"{"Records":[{"EventSource":"aws:sns","Sns":{"Message":"{}"}}]}"#, NotARecord::MessageWrapper);
    assert_is(r#"{"Messages":[],"ReceiptHandle":"x","Body":"{}"}"#, NotARecord::MessageWrapper);
    // Lambda's form of an SQS message carries an event source.
    assert_is(r#"[{"messageId":"1","receiptHandle":"x","body":"{}","eventSource":"aws:sqs"}]"#, NotARecord::MessageWrapper);
}

#[test]
fn eventbridge_events_of_other_services_are_not_taken_for_records() {
    assert_is(
        r#"{"detail-type":"ECS Service Action","detail":{"eventType":"INFO","eventName":"SERVICE_STEADY_STATE"}}"#,
        NotARecord::OtherEventBridgeEvent,
    );
    assert_is(r#"{"detail-type":"x via CloudTrail","detail":"text"}"#, NotARecord::NotAnObject);
}

#[test]
fn what_is_no_object_is_told_so() {
    for value in ["1", "\"text\"", "null", "[[]]", "[true]", r#"{"Records":[-1.5e3]}"#, r#"{"CloudTrailEvent":"1"}"#] {
        assert_is(value, NotARecord::NotAnObject);
    }
}

#[test]
fn an_object_without_any_field_of_a_record_is_unknown() {
    for value in ["{}", r#"{"Records":null}"#, r#"{"Records":{}}"#, r#"{"EventName":"x","CloudTrailEvent":null}"#] {
        assert_is(value, NotARecord::UnknownObject);
    }
}

#[test]
fn one_field_is_enough_for_a_record_and_insights_and_aggregated_records_are_records() {
    for field in ["eventVersion", "eventName", "eventSource", "eventID", "eventId", "eventTime", "eventType"] {
        assert_eq!(read(format!(r#"{{"{field}":"x"}}"#)).tally.records, 1, "{field}");
        assert_eq!(read(format!(r#"{{"{field}":null}}"#)).tally.records, 1, "{field}: null");
    }
    let insight = r#"{"eventVersion":"1.07","eventCategory":"Insight","insightDetails":{"state":"Start"},"eventID":"1"}"#;
    let aggregated = r#"{"eventId":"1","accountId":"111122223333","summaries":[]}"#;
    assert_eq!(read(format!("[{insight},{aggregated}]")).tally.records, 2);
}
