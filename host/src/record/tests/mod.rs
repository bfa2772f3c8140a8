//! Statements about whole objects.

mod broken;
mod compressed;
mod properties;
mod real_records;
mod shapes;
mod strangers;

use std::io::{self, Read, Write};

use super::{Fault, FaultReason, Item, NotARecord, ObjectReader, RawRecord, ReadLimits, Tally};

/// All that an object gave.
struct Outcome {
    items: Vec<Item>,
    tally: Tally,
}

impl Outcome {
    fn records(&self) -> Vec<&RawRecord> {
        self.items.iter().filter_map(|item| if let Item::Record(record) = item { Some(record) } else { None }).collect()
    }

    fn texts(&self) -> Vec<&str> {
        self.records().iter().map(|record| &*record.json).collect()
    }

    fn faults(&self) -> Vec<&Fault> {
        self.items.iter().filter_map(|item| if let Item::Fault(fault) = item { Some(fault) } else { None }).collect()
    }

    fn only_fault(&self) -> &Fault {
        let faults = self.faults();
        assert_eq!(faults.len(), 1, "{:?}", self.items);
        faults[0]
    }

    fn not_records(&self) -> Vec<NotARecord> {
        self.items
            .iter()
            .filter_map(|item| if let Item::NotARecord { reason, .. } = item { Some(*reason) } else { None })
            .collect()
    }
}

fn read(object: impl AsRef<[u8]>) -> Outcome {
    read_within(object, ReadLimits::default())
}

fn read_within(object: impl AsRef<[u8]>, limits: ReadLimits) -> Outcome {
    read_from(object.as_ref(), limits)
}

/// Reads to the end and checks what holds for every object.
fn read_from(source: impl Read, limits: ReadLimits) -> Outcome {
    let mut reader = ObjectReader::new(source, limits);
    let items: Vec<Item> = reader.by_ref().collect();
    assert!(reader.next().is_none(), "ended, and then went on");
    let tally = reader.tally();

    assert_eq!(tally.items(), items.len() as u64, "{items:?}");
    let bytes = tally.bytes;
    assert_eq!(bytes.decompressed, bytes.items + bytes.structure + bytes.skipped, "{tally:?} {items:?}");
    for (ordinal, item) in items.iter().enumerate() {
        let position = match item {
            Item::Record(record) => record.position,
            Item::Duplicate { position, .. } | Item::NotARecord { position, .. } => *position,
            Item::Fault(fault) => fault.position,
        };
        assert_eq!(position.ordinal, ordinal as u64);
        assert!(position.offset <= bytes.decompressed);
    }
    Outcome { items, tally }
}

fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(plain).expect("writing to memory");
    encoder.finish().expect("writing to memory")
}

fn event(id: u32) -> String {
    format!(r#"{{"eventID":"{id}","eventName":"PutObject"}}"#)
}

/// Gives its bytes in pieces of the sizes that are named, over and over.
struct InPieces<'a> {
    bytes: &'a [u8],
    sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
}

impl<'a> InPieces<'a> {
    fn new(bytes: &'a [u8], sizes: Vec<usize>) -> Self {
        Self { bytes, sizes: sizes.into_iter().cycle() }
    }
}

impl Read for InPieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let size = self.sizes.next().unwrap_or(1).clamp(1, out.len());
        let count = self.bytes.len().min(size);
        let (now, later) = self.bytes.split_at(count);
        out[..count].copy_from_slice(now);
        self.bytes = later;
        Ok(count)
    }
}
