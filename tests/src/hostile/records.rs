//! The records that hostile policies select: few, since most of these policies fail at each of them, and told apart from a
//! real day's by their event source.

use serde_json::{Value, json};

/// The event source of the records; no service of AWS has it.
pub const SOURCE: &str = "hostile.amazonaws.com";
/// A user agent that stands in some of the records: what an attacker writes to make a policy fail.
pub const MARK: &str = "curl/8.5.0 (trip-the-policy)";
/// How many records there are.
pub const COUNT: usize = 12;
/// The positions of the marked records: the first, one in the middle and the last.
pub const MARKED: [usize; 3] = [0, 6, COUNT - 1];

/// The records, one JSON object each.
pub fn records() -> Vec<Value> {
    (0..COUNT).map(record).collect()
}

/// The event id of a record.
pub fn event_id(position: usize) -> String {
    format!("00000000-0000-4000-8000-0000000000{position:02}")
}

fn record(position: usize) -> Value {
    json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": "arn:aws:iam::111122223333:user/anna",
            "accountId": "111122223333", "userName": "anna",
        },
        "eventTime": format!("2024-06-15T09:00:{position:02}Z"),
        "eventSource": SOURCE,
        "eventName": "DoSomething",
        "awsRegion": "eu-central-1",
        "sourceIPAddress": "198.51.100.7",
        "userAgent": if MARKED.contains(&position) { MARK } else { "aws-cli/2.15.0" },
        "requestParameters": null,
        "responseElements": null,
        "requestID": format!("REQUEST{position:02}"),
        "eventID": event_id(position),
        "readOnly": false,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    })
}
