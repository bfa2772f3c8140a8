//! Reads a day back as any reader of CloudTrail would.

use std::io::Read;

use flate2::read::GzDecoder;
use sample_day::{Day, StoredObject};
use serde_json::Value;

/// The content of an object.
pub fn content(object: &StoredObject) -> Value {
    let mut text = String::new();
    GzDecoder::new(object.bytes.as_slice()).read_to_string(&mut text).expect("a gzip file of UTF-8 text");
    serde_json::from_str(&text).expect("a JSON file")
}

/// The records of every log file, each with the key of its file.
pub fn records(day: &Day) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    for object in &day.objects {
        if object.key.contains("/CloudTrail-Digest/") {
            continue;
        }
        let mut file = content(object);
        let records = file["Records"].as_array_mut().expect("a log file has `Records`");
        found.extend(records.drain(..).map(|record| (object.key.clone(), record)));
    }
    found
}

/// A string in a record, empty where there is none.
pub fn text<'a>(record: &'a Value, pointer: &str) -> &'a str {
    record.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
