//! Statements that hold for any object.

use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::*;

/// Any JSON, rich in the characters that confuse splitters.
fn json() -> impl Strategy<Value = Value> {
    let text = r#"[a-z{}\[\]"\\:, \n\x00é😀]{0,12}"#;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((text, inner), 0..4).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Records as they may be written: compact, or over many lines.
fn records() -> impl Strategy<Value = Vec<String>> {
    vec((json(), json(), any::<bool>()), 0..8).prop_map(|parts| {
        let number = |(ordinal, (one, two, pretty)): (usize, (Value, Value, bool))| {
            let mut fields = Map::new();
            fields.insert("requestParameters".to_owned(), one);
            fields.insert("eventID".to_owned(), Value::from(format!("id-{ordinal}")));
            fields.insert("responseElements".to_owned(), two);
            let record = Value::Object(fields);
            if pretty { format!("{record:#}") } else { record.to_string() }
        };
        parts.into_iter().enumerate().map(number).collect()
    })
}

#[derive(Debug, Clone, Copy)]
enum Shape {
    LogFile,
    LogFileWithOtherKeys,
    Array,
    ArrayOfLogFiles,
    Lines,
    Concatenated,
    EventBridgeLines,
    LookupEvents,
}

impl Shape {
    fn any() -> impl Strategy<Value = Self> {
        prop::sample::select(vec![
            Self::LogFile,
            Self::LogFileWithOtherKeys,
            Self::Array,
            Self::ArrayOfLogFiles,
            Self::Lines,
            Self::Concatenated,
            Self::EventBridgeLines,
            Self::LookupEvents,
        ])
    }

    fn write(self, records: &[String]) -> String {
        let each = |wrap: fn(&String) -> String| records.iter().map(wrap).collect::<Vec<_>>();
        match self {
            Self::LogFile => format!(r#"{{"Records":[{}]}}"#, records.join(",")),
            Self::LogFileWithOtherKeys => {
                format!("{{ \"a]\":[{{}}],\r\n\"Records\" :[\n{}\n], \"z\":\"}}\" }}\n", records.join(" ,\n "))
            }
            Self::Array => format!("[{}]\n", records.join(",\n")),
            Self::ArrayOfLogFiles => {
                let (one, two) = records.split_at(records.len() / 2);
                format!("[{{\"Records\":[{}],\"a\":1}}, {{\"Records\":[{}]}}]", one.join(","), two.join(","))
            }
            Self::Lines => records.join("\n"),
            Self::Concatenated => records.concat(),
            Self::EventBridgeLines => {
                each(|record| format!(r#"{{"detail-type":"AWS API Call via CloudTrail","detail":{record},"id":"x"}}"#)).join("\n")
            }
            Self::LookupEvents => {
                let events = each(|record| format!(r#"{{"CloudTrailEvent":{}}}"#, Value::from(record.as_str())));
                format!(r#"{{"Events":[{}],"NextToken":null}}"#, events.join(", "))
            }
        }
    }

    /// Whether the end of one record can be the end of the object.
    fn may_end_after_any_record(self) -> bool {
        matches!(self, Self::Lines | Self::Concatenated | Self::EventBridgeLines)
    }
}

/// Bytes with a good share of what the splitter looks at.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        4 => prop::sample::select(br#"{}[]",:\ne1 "#.to_vec()).prop_map(|byte| vec![byte]),
        2 => Just(b"\n".to_vec()),
        1 => any::<u8>().prop_map(|byte| vec![byte]),
        1 => Just(br#"{"Records":["#.to_vec()),
        1 => Just(br#"{"eventID":"1"}"#.to_vec()),
        1 => Just(br#""a":"#.to_vec()),
        1 => Just(b"\n{\"a\":".to_vec()),
    ];
    vec(part, 0..80).prop_map(|parts| parts.concat())
}

fn small_limits() -> impl Strategy<Value = ReadLimits> {
    (0_u64..400, 1_usize..60, 0_u8..6).prop_map(|(object_bytes, record_bytes, depth)| ReadLimits {
        object_bytes,
        record_bytes,
        depth,
        ..ReadLimits::default()
    })
}

proptest! {
    #[test]
    fn records_come_back_byte_for_byte_in_every_shape_however_the_bytes_arrive(
        records in records(),
        shape in Shape::any(),
        sizes in vec(1_usize..200, 1..4),
        packed in any::<bool>(),
    ) {
        let plain = shape.write(&records).into_bytes();
        let object = if packed { gzip(&plain) } else { plain };
        let outcome = read_from(InPieces::new(&object, sizes), ReadLimits::default());
        prop_assert_eq!(outcome.texts(), records);
        prop_assert_eq!(outcome.items.len(), outcome.records().len());
    }

    #[test]
    fn any_bytes_are_read_to_the_end_and_accounted_for(object in bytes(), sizes in vec(1_usize..50, 1..3)) {
        let outcome = read_from(InPieces::new(&object, sizes), ReadLimits::default());
        prop_assert_eq!(outcome.tally.bytes.decompressed, object.len() as u64);
        // However the bytes arrive, the answer is the same.
        let at_once = read(&object);
        prop_assert_eq!(format!("{:?}", at_once.items), format!("{:?}", outcome.items));
        prop_assert_eq!(at_once.tally, outcome.tally);
    }

    #[test]
    fn any_bytes_keep_to_any_limits(object in bytes(), limits in small_limits(), sizes in vec(1_usize..50, 1..3)) {
        let outcome = read_from(InPieces::new(&object, sizes), limits);
        prop_assert_eq!(outcome.tally.bytes.decompressed, limits.object_bytes.min(object.len() as u64));
        for record in outcome.records() {
            prop_assert!(record.json.len() <= limits.record_bytes);
        }
    }

    #[test]
    fn any_bytes_behind_a_gzip_header_never_panic_or_loop(rest in vec(any::<u8>(), 0..200)) {
        let object = [&gzip(b"")[..10], &rest].concat();
        prop_assert!(!read(object).items.is_empty());
    }

    #[test]
    fn what_was_cut_gives_a_prefix_of_its_records_and_one_fault(
        records in records(),
        shape in Shape::any(),
        cut in any::<prop::sample::Index>(),
    ) {
        let whole = shape.write(&records);
        prop_assume!(!whole.is_empty());
        let kept = cut.index(whole.len());
        let outcome = read(&whole.as_bytes()[..kept]);
        let texts = outcome.texts();
        prop_assert!(texts.len() <= records.len());
        prop_assert_eq!(&texts[..], &records[..texts.len()]);

        let left = whole.as_bytes()[..kept].trim_ascii_end().len();
        let at_an_end = left == 0
            || left == whole.trim_end().len()
            || (shape.may_end_after_any_record() && ends_at_a_record(shape, &records, left));
        let faults = outcome.faults();
        prop_assert_eq!(faults.len(), usize::from(!at_an_end), "{} {:?}", &kept, outcome.items);
        if let [fault] = faults[..] {
            prop_assert!(matches!(fault.reason, FaultReason::Truncated));
        }
    }
}

fn ends_at_a_record(shape: Shape, records: &[String], left: usize) -> bool {
    (0..=records.len()).any(|count| shape.write(&records[..count]).len() == left)
}
