//! Every shape in which records come.

use super::*;

fn three() -> [String; 3] {
    [event(1), event(2), event(3)]
}

fn assert_gives_three(object: &str) {
    let outcome = read(object);
    assert_eq!(outcome.texts(), three(), "{object}");
    assert_eq!(outcome.items.len(), 3, "{object}: {:?}", outcome.items);
    for record in outcome.records() {
        let at = record.position.offset as usize;
        assert!(object[at..].starts_with(&*record.json), "{object}: {record:?}");
    }
}

#[test]
fn a_log_file_gives_its_records() {
    assert_gives_three(&format!(r#"{{"Records":[{}]}}"#, three().join(",")));
}

#[test]
fn white_space_and_other_keys_around_the_list_do_not_matter() {
    let list = three().join(" \r\n,\t");
    assert_gives_three(&format!(
        "\n {{ \"a\" : [1,{{\"Records\":[]}}] ,\"Records\"\n: [ {list}\n] , \"b\":{{\"c\":\"]}}\"}} }}\n"
    ));
}

#[test]
fn a_key_written_with_escapes_is_the_same_key() {
    assert_gives_three(&format!(r#"{{"\u0052ecords":[{}]}}"#, three().join(",")));
}

#[test]
fn a_bare_array_gives_its_records() {
    assert_gives_three(&format!("[{}]", three().join(",\n")));
}

#[test]
fn records_may_stand_one_a_line() {
    assert_gives_three(&three().join("\n"));
    assert_gives_three(&(three().join("\r\n") + "\r\n\r\n"));
}

#[test]
fn records_may_stand_one_behind_the_other() {
    assert_gives_three(&three().concat());
}

#[test]
fn whole_log_files_may_stand_one_behind_the_other() {
    let [one, two, three] = three();
    assert_gives_three(&format!(r#"{{"Records":[{one}]}}{{"Records":[]}}[{two}]{three}"#));
}

#[test]
fn whole_log_files_may_stand_in_an_array() {
    let [one, two, three] = three();
    assert_gives_three(&format!(r#"[{{"Records":[{one},{two}],"a":[]}},{{"Records":[]}},{three}]"#));
}

#[test]
fn a_single_record_may_stand_alone_over_several_lines() {
    let record = "{\n  \"eventID\": \"1\",\n  \"requestParameters\": {\n    \"a\": [\n      {}\n    ]\n  }\n}";
    let outcome = read(record);
    assert_eq!(outcome.texts(), [record]);
    assert_eq!(outcome.items.len(), 1);
}

#[test]
fn an_eventbridge_event_gives_its_detail_untouched() {
    let detail = r#"{ "eventVersion":"1.08", "eventID":"1", "x":1.0 }"#;
    for kind in ["AWS API Call via CloudTrail", "AWS Console Sign In via CloudTrail", "AWS Service Event via CloudTrail"] {
        let object = format!(r#"{{"version":"0","detail-type":"{kind}","detail": {detail} ,"id":"e"}}"#);
        for object in [object.clone(), format!("[{object}]"), format!("{{\"Records\":[{object}]}}")] {
            let outcome = read(&object);
            assert_eq!(outcome.texts(), [detail]);
            let record = outcome.records()[0];
            assert_eq!(record.position.offset as usize, object.find(detail).expect("it is there"));
        }
    }
}

#[test]
fn an_eventbridge_event_of_another_name_is_read_if_its_detail_has_an_event_version() {
    let outcome = read(r#"{"detail-type":"mine","detail":{"eventVersion":"1.11","eventID":"1"}}"#);
    assert_eq!(outcome.tally.records, 1);
}

#[test]
fn lookup_events_give_the_text_in_their_strings() {
    let text = r#"{"eventID":"1","userAgent":"a \"quoted\" }] agent","n":1.68E9}"#;
    let string = serde_json::to_string(text).expect("a string");
    let event = format!(r#"{{"EventId":"1","CloudTrailEvent":{string},"Resources":[]}}"#);
    for object in [format!(r#"{{"Events":[{event}],"NextToken":"t"}}"#), event.clone(), format!("[{event}]")] {
        let outcome = read(&object);
        assert_eq!(outcome.texts(), [text], "{object}");
        assert_eq!(outcome.records()[0].position.offset as usize, object.find(&string).expect("it is there"));
    }
}

#[test]
fn a_lookup_event_that_was_unpacked_by_a_tool_is_read() {
    let outcome = read(r#"{"Events":[{"CloudTrailEvent":{"eventID":"1"}}]}"#);
    assert_eq!(outcome.texts(), [r#"{"eventID":"1"}"#]);
}

#[test]
fn brackets_quotes_and_escapes_in_strings_confuse_nothing() {
    let record = r#"{"eventID":"1","userAgent":"}{][\"\\","x\"}":"\\\\\"{\"Records\":[","y":"\u007b\\"}"#;
    for object in [format!(r#"{{"Records":[{record},{}]}}"#, event(2)), format!("{record}\n{}", event(2))] {
        assert_eq!(read(object).texts(), [record.to_owned(), event(2)]);
    }
}

#[test]
fn numbers_keys_that_repeat_and_keys_that_differ_in_case_stay_as_they_are() {
    let record = r#"{"eventID":"1","a":0.0,"a":1.68E9,"A":0,"b":123456789012345678901234567890,"eventID":"2"}"#;
    let outcome = read(format!("[{record}]"));
    assert_eq!(outcome.texts(), [record]);
    assert_eq!(outcome.records()[0].event_key.as_str(), "2");
}

#[test]
fn a_byte_order_mark_is_tolerated() {
    let outcome = read(format!("\u{feff}[{}]\n\u{feff}{}", event(1), event(2)));
    assert_eq!(outcome.texts(), [event(1), event(2)]);
    assert_eq!(outcome.items.len(), 2);
}

#[test]
fn an_empty_object_has_no_items() {
    for object in ["", " \n", "[]", r#"{"Records":[]}"#, r#"{"Records":[ ] }"#] {
        let outcome = read(object);
        assert!(outcome.items.is_empty(), "{object}: {:?}", outcome.items);
        assert_eq!(outcome.tally.bytes.decompressed, object.len() as u64);
    }
}

#[test]
fn a_record_of_256_kilobytes_is_read() {
    let record = format!(r#"{{"eventID":"1","x":"{}"}}"#, "\\\"x".repeat(256 * 1024 / 3));
    assert_eq!(read(format!(r#"{{"Records":[{record}]}}"#)).texts(), [&record]);
    assert_eq!(read(&record).texts(), [&record]);
}

#[test]
fn the_event_key_is_the_event_id_then_the_aggregated_one_then_a_hash() {
    let key = |record: &str| read(record).records()[0].event_key.to_string();
    assert_eq!(key(r#"{"eventId":"b","eventID":"a"}"#), "a");
    assert_eq!(key(r#"{"eventId":"b","accountId":"1"}"#), "b");
    assert_eq!(key(r#"{"eventId":"b","eventID":""}"#), "b");
    assert_eq!(key(r#"{"eventID":"\u0061"}"#), "a");
    // printf '{"eventName":"x","eventID":7}' | sha256sum
    assert_eq!(
        key(r#"{"eventName":"x","eventID":7}"#),
        "sha256:2a575c2fd003d38003c87d3045b2bae5086919eedfa421b236b910d0347b1371"
    );
}

#[test]
fn the_same_record_again_is_a_duplicate_and_the_same_key_with_other_content_is_not() {
    let other = r#"{"eventID":"1","eventName":"GetObject"}"#;
    let outcome = read([&event(1), other, &event(1), &event(2)].join("\n"));
    assert_eq!(outcome.texts(), [&event(1), other, &event(2)]);
    assert!(matches!(&outcome.items[2], Item::Duplicate { event_key, .. } if event_key.as_str() == "1"));
    assert_eq!(outcome.tally.duplicates, 1);
}

#[test]
fn records_beyond_the_memory_for_duplicates_are_kept_and_counted() {
    let limits = ReadLimits { remembered_records: 1, ..ReadLimits::default() };
    let outcome = read_within([event(1), event(2), event(2), event(1)].join("\n"), limits);
    assert_eq!((outcome.tally.records, outcome.tally.duplicates, outcome.tally.not_compared), (3, 1, 2));
}
