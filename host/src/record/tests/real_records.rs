//! Real records, where they are there: every file is read as an independent reading of the same file says.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.to_string_lossy().contains(".json") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The records of a file by way of a whole parse, and how many things it has that are none.
fn read_whole(object: &Value) -> (Vec<&Value>, usize) {
    if let Some(detail) = object.get("detail") {
        let is_record = detail.get("eventVersion").is_some();
        return if is_record { (vec![detail], 0) } else { (vec![], 1) };
    }
    let Some(elements) = object.get("Records").and_then(Value::as_array) else {
        return (vec![], 1);
    };
    let is_record = |element: &&Value| {
        let source = element.get("eventSource").and_then(Value::as_str).unwrap_or_default();
        let names = ["eventVersion", "eventName", "eventID", "eventId", "eventTime", "eventType"];
        !source.starts_with("aws:") && names.iter().any(|name| element.get(name).is_some())
    };
    let records: Vec<&Value> = elements.iter().filter(is_record).collect();
    let others = elements.len() - records.len();
    (records, others)
}

#[test]
fn real_files_are_read_as_a_whole_parse_reads_them() {
    let host = std::env::var_os("CARGO_MANIFEST_DIR").expect("cargo says where the crate is");
    let folder = Path::new(&host).join("../../shared/records");
    if !folder.is_dir() {
        println!("skipped: there is no ../shared/records beside the workspace");
        return;
    }
    let mut total = Tally::default();
    let files = files(&folder);
    for file in &files {
        let object = fs::read(file).expect("the file can be read");
        let outcome = read(&object);
        assert!(outcome.faults().is_empty(), "{}: {:?}", file.display(), outcome.faults());

        let mut plain = Vec::new();
        if object.starts_with(&[0x1f, 0x8b]) {
            flate2::read::MultiGzDecoder::new(&object[..]).read_to_end(&mut plain).expect("it is gzip");
        } else {
            plain = object;
        }
        let whole: Value = serde_json::from_slice(&plain).expect("it is json");
        let (expected, others) = read_whole(&whole);

        assert_eq!(outcome.tally.not_records_total(), others as u64, "{}", file.display());
        assert_eq!(outcome.tally.records + outcome.tally.duplicates, expected.len() as u64, "{}", file.display());
        let mut without_repeats: Vec<&Value> = Vec::new();
        for record in expected {
            if !without_repeats.contains(&record) {
                without_repeats.push(record);
            }
        }
        let found: Vec<Value> = outcome.texts().iter().map(|text| serde_json::from_str(text).expect("it is json")).collect();
        assert!(found.iter().eq(without_repeats), "{}", file.display());
        for text in outcome.texts() {
            let difference = policy_contract::image::trial::check_against_dom(text);
            assert_eq!(difference, Ok(()), "the image of a record in {}", file.display());
        }
        for record in outcome.records() {
            let at = record.position.offset as usize;
            assert!(plain[at..].starts_with(record.json.as_bytes()), "{}", file.display());
        }
        total += &outcome.tally;
    }
    println!("{} files: {total:?}", files.len());
    assert!(total.records > 0);
}
