//! Broken objects: everything that can still be read is read, and the rest is told and counted.

use super::super::Expected;
use super::*;

fn log_file(records: &[&str]) -> String {
    format!(r#"{{"Records":[{}]}}"#, records.join(","))
}

/// `bad` between two good records, in a list and in lines: both good ones are read.
fn assert_refused_alone(bad: &str, is_expected: impl Fn(&FaultReason) -> bool) {
    for object in [log_file(&[&event(1), bad, &event(2)]), [&event(1), bad, &event(2)].join("\n")] {
        let outcome = read(&object);
        assert_eq!(outcome.texts(), [event(1), event(2)], "{object}: {:?}", outcome.items);
        let fault = outcome.only_fault();
        assert!(is_expected(&fault.reason), "{object}: {fault}");
        assert_eq!(fault.position.ordinal, 1);
        assert!(fault.skipped.bytes >= bad.len() as u64);
        assert!(!fault.skipped.rest_lost);
    }
}

#[test]
fn a_record_that_is_no_json_is_refused_alone() {
    for bad in [
        r#"{"eventID":}"#,
        r#"{"eventID" "3"}"#,
        r#"{"eventID":"3",}"#,
        r#"{"eventID":"\x"}"#,
        r#"{eventID:"3"}"#,
        r#"{"eventID":"3" "a":01}"#,
    ] {
        assert_refused_alone(bad, |reason| matches!(reason, FaultReason::InvalidJson { .. }));
    }
}

#[test]
fn the_place_of_what_is_no_json_is_named() {
    let object = format!("{}\n{{\"eventID\":\n tru}}\n", event(1));
    let outcome = read(&object);
    let FaultReason::InvalidJson { offset, .. } = outcome.only_fault().reason else { panic!() };
    let word = object.find("tru").expect("it is there");
    assert!((word..word + 4).contains(&(offset as usize)), "{offset} {word}");
}

#[test]
fn half_a_surrogate_pair_is_refused_and_a_whole_one_is_not() {
    assert_refused_alone(r#"{"eventID":"3","userAgent":"\ud83d"}"#, |reason| matches!(reason, FaultReason::InvalidJson { .. }));
    assert_refused_alone(r#"{"eventID":"\uDC00"}"#, |reason| matches!(reason, FaultReason::InvalidJson { .. }));
    for good in [r#"{"eventID":"3","a":"\ud83d\ude00"}"#, r#"{"eventID":"3","a":"\\ud83d"}"#] {
        assert_eq!(read(good).texts(), [good]);
    }
}

#[test]
fn a_record_that_is_no_utf8_is_refused_alone_and_the_byte_is_named() {
    let good = event(1);
    let object = [br#"{"Records":[{"eventID":"#, &b"\"\xff\"},"[..], good.as_bytes(), b"]}"].concat();
    let outcome = read(&object);
    assert_eq!(outcome.texts(), [good]);
    assert!(matches!(outcome.only_fault().reason, FaultReason::NotUtf8 { offset: 24 }), "{:?}", outcome.items);
}

#[test]
fn a_record_over_the_limit_is_skipped_and_counted() {
    let bad = format!(r#"{{"eventID":"3","a":"{}","b":{{"c":["}}"]}}}}"#, "x\\\"".repeat(1 << 20));
    let length = bad.len() as u64;
    assert_refused_alone(&bad, |reason| matches!(reason, FaultReason::TooLong { bytes, .. } if *bytes == length));
}

#[test]
fn a_record_of_exactly_the_limit_is_read_and_one_more_byte_is_not() {
    for object in [log_file(&[&event(1)]), event(1)] {
        let limit = |record_bytes| ReadLimits { record_bytes, ..ReadLimits::default() };
        assert_eq!(read_within(&object, limit(event(1).len())).tally.records, 1);
        let outcome = read_within(&object, limit(event(1).len() - 1));
        assert!(matches!(outcome.only_fault().reason, FaultReason::TooLong { .. } | FaultReason::WrapperTooLong { .. }));
    }
}

#[test]
fn memory_stays_bounded_by_one_record_however_long_it_is() {
    let head = br#"[{"eventID":"3","a":""#;
    let tail = format!(r#""}},{}]"#, event(1));
    let source = head.chain(io::repeat(b'x').take(300 << 20)).chain(tail.as_bytes());
    let mut reader = ObjectReader::new(source, ReadLimits::default());
    let items: Vec<Item> = reader.by_ref().collect();
    assert!(matches!(&items[..], [Item::Fault(_), Item::Record(_)]));
    assert!(reader.bytes_in_memory() < 4 << 20, "{}", reader.bytes_in_memory());
}

#[test]
fn a_record_that_is_too_deep_is_refused_alone() {
    let nested = |levels: usize| format!(r#"{{"eventID":"3","a":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert_refused_alone(&nested(65), |reason| matches!(reason, FaultReason::TooDeep { depth: 65, limit: 64 }));
    assert_refused_alone(&nested(100_000), |reason| matches!(reason, FaultReason::TooDeep { depth: 100_000, .. }));
    assert_eq!(read(nested(64)).tally.records, 1);
    // The envelope's own levels do not count.
    let enveloped = |levels| format!(r#"{{"detail-type":"x via CloudTrail","detail":{}}}"#, nested(levels));
    assert_eq!(read(enveloped(64)).tally.records, 1);
    assert!(matches!(read(enveloped(65)).only_fault().reason, FaultReason::TooDeep { depth: 65, .. }));
    let in_string = format!(r#"{{"CloudTrailEvent":{}}}"#, serde_json::to_string(&nested(65)).expect("a string"));
    assert!(matches!(read(in_string).only_fault().reason, FaultReason::TooDeep { depth: 65, .. }));
}

#[test]
fn no_limit_allows_more_levels_than_later_parsers_can_read() {
    let limits = ReadLimits { depth: u8::MAX, ..ReadLimits::default() };
    let nested = |levels: usize| format!(r#"{{"eventID":{}{}}}"#, "[".repeat(levels - 1), "]".repeat(levels - 1));
    let deepest = nested(127);
    assert_eq!(read_within(&deepest, limits).tally.records, 1);
    assert!(serde_json::from_str::<serde_json::Value>(&deepest).is_ok());
    let reason = &read_within(nested(128), limits).items;
    assert!(matches!(&reason[..], [Item::Fault(Fault { reason: FaultReason::TooDeep { limit: 127, .. }, .. })]));
}

#[test]
fn a_lookup_event_whose_string_is_no_json_is_refused_alone() {
    assert_refused_alone(r#"{"CloudTrailEvent":"{\"eventID\":"}"#, |reason| matches!(reason, FaultReason::InvalidJson { .. }));
}

#[test]
fn a_comma_too_few_or_too_many_is_a_fault_and_loses_no_record() {
    let missing = read(format!("[{} {}]", event(1), event(2)));
    assert_eq!(missing.texts(), [event(1), event(2)]);
    assert!(matches!(missing.only_fault().reason, FaultReason::MissingComma));
    let trailing = read(format!(r#"{{"Records":[{},]}}"#, event(1)));
    assert_eq!(trailing.texts(), [event(1)]);
    assert!(matches!(trailing.only_fault().reason, FaultReason::TrailingComma));
}

#[test]
fn stray_bytes_in_a_list_lose_the_rest_and_say_how_much() {
    let object = format!("[{} ;; {}]", event(1), event(2));
    let outcome = read(&object);
    assert_eq!(outcome.texts(), [event(1)]);
    let fault = outcome.only_fault();
    assert!(matches!(fault.reason, FaultReason::Unexpected { found: b';', expected: Expected::CommaOrEndOfList }));
    let stray = object.find(';').expect("it is there") as u64;
    assert_eq!((fault.position.offset, fault.skipped.bytes), (stray, object.len() as u64 - stray));
}

#[test]
fn after_a_broken_log_file_the_next_line_is_read() {
    let outcome = read(format!("[{} ;;]\nnoise\n[{}]", event(1), event(2)));
    assert_eq!(outcome.texts(), [event(1), event(2)]);
    assert_eq!(outcome.faults().len(), 1);
}

#[test]
fn a_line_that_was_cut_anywhere_takes_only_itself_along() {
    let whole = r#"{"eventID":"3","a":{"b":[1,{"c":"d"},true]},"e":"f\"g"}"#;
    for kept in 1..whole.len() {
        let object = [&event(1), &whole[..kept], &event(2), &event(4)].join("\n");
        let outcome = read(&object);
        assert_eq!(outcome.texts(), [event(1), event(2), event(4)], "{object}: {:?}", outcome.items);
        assert_eq!(outcome.only_fault().skipped.bytes, kept as u64 + 1, "{object}");
    }
}

#[test]
fn lines_of_noise_are_one_fault_and_the_json_behind_is_read() {
    let object = format!("hello\nworld }}\n {{no\n{}\n", event(1));
    let outcome = read(&object);
    assert_eq!(outcome.texts(), [event(1)]);
    assert_eq!(outcome.only_fault().skipped.bytes as usize, object.find("{\"").expect("it is there"));
}

#[test]
fn nul_bytes_behind_the_records_are_a_fault() {
    let outcome = read(event(1) + &"\0".repeat(512));
    assert_eq!(outcome.tally.records, 1);
    assert_eq!(outcome.only_fault().skipped.bytes, 512);
}

#[test]
fn a_wrong_bracket_is_a_fault() {
    let outcome = read(log_file(&[&event(1), r#"{"eventID":["2"}"#, &event(3)]));
    assert_eq!(outcome.texts(), [event(1)]);
    assert!(matches!(outcome.only_fault().reason, FaultReason::Unexpected { found: b'}', expected: Expected::MatchingBracket }));
}

#[test]
fn a_wrapper_that_is_no_json_beside_its_list_is_a_fault_and_its_records_are_read() {
    for object in [format!(r#"{{"a" 1,"Records":[{}]}}"#, event(1)), format!(r#"{{"Records":[{}],"b":}}"#, event(1))] {
        let outcome = read(&object);
        assert_eq!(outcome.texts(), [event(1)], "{object}");
        assert!(matches!(outcome.only_fault().reason, FaultReason::InvalidJson { .. }), "{object}");
    }
}

#[test]
fn a_wrapper_with_too_much_beside_its_list_is_a_fault_and_its_records_are_read() {
    let much = "x".repeat(2 << 20);
    for object in [
        format!(r#"{{"a":"{much}","Records":[{}]}}"#, event(1)),
        format!(r#"{{"Records":[{}],"a":"{much}"}}"#, event(1)),
        format!(r#"{{"Events":[],"a":"{much}","Records":[{}]}}"#, event(1)),
    ] {
        let outcome = read(&object);
        assert_eq!(outcome.texts(), [event(1)]);
        assert!(matches!(outcome.only_fault().reason, FaultReason::WrapperTooLong { .. }));
    }
}

#[test]
fn utf16_is_told_as_such() {
    let text = log_file(&[&event(1)]);
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    for object in [[&[0xff, 0xfe], &little[..]].concat(), [&[0xfe, 0xff], &big[..]].concat(), little.clone(), big.clone()] {
        let outcome = read(&object);
        assert!(matches!(outcome.only_fault().reason, FaultReason::Utf16));
        assert_eq!(outcome.tally.bytes.skipped, object.len() as u64);
    }
}

#[test]
fn faults_read_like_sentences() {
    let outcome = read(format!("[{} ;]", event(1)));
    assert_eq!(
        outcome.only_fault().to_string(),
        "byte 41: unexpected `;` where a comma or the end of the list should be; repair the object at this place; 2 bytes skipped"
    );
}

#[test]
fn a_byte_order_mark_inside_a_list_is_a_fault() {
    let outcome = read(format!("[\u{feff}{}]", event(1)));
    assert!(matches!(outcome.only_fault().reason, FaultReason::Unexpected { found: 0xef, .. }));
}

#[test]
fn a_number_at_which_a_list_was_cut_is_not_counted_as_whole() {
    let outcome = read(format!("[{},12", event(1)));
    assert_eq!(outcome.texts(), [event(1)]);
    assert!(matches!(outcome.only_fault().reason, FaultReason::Truncated));
    assert_eq!(outcome.items.len(), 2);
}

#[test]
fn a_log_file_cut_behind_its_list_takes_only_itself_along() {
    for rest in [",\"a\":1", "", ",\"a\":\"b"] {
        let object = format!("{{\"Records\":[{}]{rest}\n{}\n", event(1), event(2));
        let outcome = read(&object);
        assert_eq!(outcome.texts(), [event(1), event(2)], "{object}: {:?}", outcome.items);
        assert_eq!(outcome.only_fault().skipped.bytes as usize, rest.len() + 1);
    }
}

#[test]
fn the_limit_for_what_is_beside_a_list_is_that_of_a_record_however_small() {
    let object = format!(r#"{{"a":"{}","Records":[{}]}}"#, "x".repeat(60), event(1));
    let limits = ReadLimits { record_bytes: 50, ..ReadLimits::default() };
    let outcome = read_within(&object, limits);
    assert_eq!(outcome.texts(), [event(1)]);
    assert!(matches!(outcome.only_fault().reason, FaultReason::WrapperTooLong { limit: 50, .. }));
}

#[test]
fn lines_that_are_all_cut_are_looked_at_twice_and_not_once_for_each_line() {
    // Every line could be the value of the one before. At a go for each line this would take hours.
    let object = "{\"a\":\n".repeat(100_000);
    let outcome = read(&object);
    assert_eq!(outcome.faults().len(), 2);
    assert_eq!(outcome.tally.bytes.skipped, object.len() as u64);
}

#[test]
fn how_much_arrives_at_once_makes_no_difference_to_where_a_value_beyond_the_limit_breaks() {
    let limits = ReadLimits { record_bytes: 32, ..ReadLimits::default() };
    let long = format!(r#"{{"a":[{}"#, "1,".repeat(40));
    // A line that begins like a value stands before the break, and the break begins one.
    for object in [format!("{long}\n[1]\n{}", event(1)), format!("{long}1\n{}\n{}", event(1), event(2))] {
        let at_once = read_within(&object, limits);
        for size in 1..object.len() {
            let in_pieces = read_from(InPieces::new(object.as_bytes(), vec![size]), limits);
            assert_eq!(format!("{:?}", in_pieces.items), format!("{:?}", at_once.items), "in pieces of {size}");
        }
    }
}
