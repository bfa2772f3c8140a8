//! Any object: every byte accounted for, and the same items however the bytes arrive.

use std::io::{self, Read, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde::de::IgnoredAny;
use trailwarden::record::{Item, ObjectReader, ReadLimits, Tally};

/// Bytes before the object that choose limits and pieces.
const CONTROLS: usize = 4;
/// What a reader holds besides the record that it is at: its window, grown once.
const WINDOW_BYTES: usize = 256 << 10;

/// Reads the object behind the first four bytes, which choose the limits, the sizes of the pieces in which it arrives, and how
/// often it is repeated.
///
/// # Panics
/// A sum does not hold, a record is not what a record is, too much is held, or two ways of reading differ.
pub fn splitter(bytes: &[u8]) {
    let Some((&[limits_by, first, second, repeated], object)) = bytes.split_first_chunk::<CONTROLS>() else { return };
    let limits = limits(limits_by);
    // Seldom: large objects take a hundred times as long, and only those beyond the window are worth that.
    let repeated = if repeated >= 0xfc { usize::from(repeated & 0x03) * 20 + 1 } else { 1 };
    let object = object.repeat(repeated);

    let is_gzip = object.starts_with(&[0x1f, 0x8b]);
    if is_gzip {
        read(&object[..], limits);
    }
    // How much of a bomb is handed out depends on how much was read so far, which depends on the pieces.
    let limits = ReadLimits { ratio_free_bytes: u64::MAX, ..limits };
    let mut at_once = read(&object[..], limits);
    let pieces = Pieces { bytes: &object, sizes: [usize::from(first) + 1, usize::from(second) * 8 + 1], turn: 0 };
    let mut in_pieces = read(pieces, limits);
    // Whoever stops before the end has taken more from a source that gives more at once.
    for taken in [&mut at_once, &mut in_pieces].map(|outcome| std::mem::take(&mut outcome.tally.bytes.read)) {
        assert!(taken <= object.len() as u64, "{taken} bytes taken of {}", object.len());
    }
    assert_eq!(at_once, in_pieces, "the pieces in which an object arrives make a difference");

    if is_json(&object) && object.len() as u64 <= limits.object_bytes {
        let broken = at_once.items.iter().find(|item| STRUCTURAL.iter().any(|reason| item.contains(reason)));
        assert!(broken.is_none(), "the object is JSON, and said to be broken: {broken:?}");
    }
    if !is_gzip {
        let expected = limits.object_bytes.min(object.len() as u64);
        assert_eq!(at_once.tally.bytes.decompressed, expected, "not all bytes were read");
        let packed = read(&gzip(&object)[..], limits);
        assert_eq!(at_once.items, packed.items, "compression makes a difference");
    }
}

/// Faults of an object's structure, by which nobody loses a record of an object that is JSON.
const STRUCTURAL: [&str; 4] = ["reason: Truncated", "reason: Unexpected", "reason: MissingComma", "reason: TrailingComma"];

/// Whether it is one JSON value behind the other and nothing else, as another parser sees it.
fn is_json(object: &[u8]) -> bool {
    serde_json::Deserializer::from_slice(object).into_iter::<IgnoredAny>().all(|value| value.is_ok())
}

/// The default limits, or some that are soon reached.
fn limits(chosen: u8) -> ReadLimits {
    let default = ReadLimits::default();
    match chosen {
        0..=127 => default,
        128..=191 => ReadLimits { record_bytes: usize::from(chosen - 127) * 8, ..default },
        192..=223 => ReadLimits { object_bytes: u64::from(chosen - 192) * 64, ..default },
        224..=239 => ReadLimits { depth: chosen - 224, ..default },
        240..=255 => ReadLimits { remembered_records: usize::from(chosen - 240), ..default },
    }
}

/// What was read, in a form that can be compared.
#[derive(Debug, PartialEq)]
struct Outcome {
    items: Vec<String>,
    tally: Tally,
}

fn read(source: impl Read, limits: ReadLimits) -> Outcome {
    let mut reader = ObjectReader::new(source, limits);
    let mut items = Vec::new();
    let mut last_offset = 0;
    while let Some(item) = reader.next() {
        let position = match &item {
            Item::Record(record) => record.position,
            Item::Duplicate { position, .. } | Item::NotARecord { position, .. } => *position,
            Item::Fault(fault) => fault.position,
        };
        assert_eq!(position.ordinal, items.len() as u64, "an item is counted wrongly: {item:?}");
        assert!(position.offset >= last_offset, "items are out of order: {item:?}");
        last_offset = position.offset;
        if let Item::Record(record) = &item {
            assert!(record.json.len() <= limits.record_bytes, "a record is beyond the limit: {item:?}");
            let parsed = policy_contract::json::parse(record.json.as_bytes());
            assert!(parsed.is_ok_and(|value| value.is_object()), "a record is no JSON object: {item:?}");
        }
        assert!(reader.bytes_in_memory() <= 4 * limits.record_bytes + WINDOW_BYTES, "{} held", reader.bytes_in_memory());
        items.push(format!("{item:?}"));
    }
    assert!(reader.next().is_none(), "ended, and then went on");
    let tally = reader.tally();
    assert_eq!(tally.items(), items.len() as u64, "{tally:?}");
    assert!(last_offset <= tally.bytes.decompressed, "{tally:?}");
    let bytes = tally.bytes;
    assert_eq!(bytes.decompressed, bytes.items + bytes.structure + bytes.skipped, "{tally:?} {items:?}");
    Outcome { items, tally }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    // Memory takes all.
    written.unwrap_or_default()
}

/// Gives its bytes in pieces of two sizes in turn.
struct Pieces<'a> {
    bytes: &'a [u8],
    sizes: [usize; 2],
    turn: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes[self.turn % 2].min(out.len()).min(self.bytes.len());
        self.turn += 1;
        let (now, later) = self.bytes.split_at(size);
        out[..size].copy_from_slice(now);
        self.bytes = later;
        Ok(size)
    }
}
