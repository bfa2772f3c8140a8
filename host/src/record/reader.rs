//! The face of the folder: one object's bytes in, its items out.

use std::io::Read;

use sha2::{Digest, Sha256};

use super::classify::{Found, Piece, Verdict, classify};
use super::duplicates::{Duplicates, Seen};
use super::fault::{Fault, Skipped};
use super::item::{EventKey, Item, NotARecord, Position, RawRecord};
use super::limits::ReadLimits;
use super::split::{Cut, Splitter};
use super::tally::Tally;

/// Reads one object. Never holds more of it than one record, whatever its size, and never fails: what cannot be read
/// is an [`Item::Fault`]. Once it has ended it stays ended.
pub struct ObjectReader<R> {
    splitter: Splitter<R>,
    duplicates: Duplicates,
    depth_limit: u32,
    tally: Tally,
}

impl<R: Read> ObjectReader<R> {
    /// Reads `source`, which holds the object's bytes as they were stored, compressed or not. It needs no buffer of
    /// its own. Nothing is read before the first item is asked for.
    pub fn new(source: R, limits: ReadLimits) -> Self {
        Self {
            splitter: Splitter::new(source, limits),
            duplicates: Duplicates::new(limits.remembered_records),
            depth_limit: limits.effective_depth(),
            tally: Tally::default(),
        }
    }

    /// What was read so far; after the last item, what the object holds.
    pub fn tally(&self) -> Tally {
        let mut tally = self.tally.clone();
        let input = self.splitter.input();
        tally.bytes.read = input.bytes_read();
        tally.bytes.decompressed = input.bytes_decompressed();
        tally.bytes.after_gzip = input.bytes_after_gzip();
        tally.bytes.structure = self.splitter.structure_bytes();
        tally
    }

    /// Bytes held now for the part of the object that is in memory, for a budget over many readers. At most a small
    /// multiple of the limit for records.
    pub fn bytes_in_memory(&self) -> usize {
        self.splitter.capacity()
    }

    fn value(&mut self, offset: u64, len: usize, depth: u32) -> Item {
        let piece = Piece { text: self.splitter.text(len), offset, depth, depth_limit: self.depth_limit };
        let ordinal = self.tally.items();
        let position = Position { offset, ordinal };
        let bytes = len as u64;
        let item = match classify(piece) {
            Verdict::Record(found) => {
                let position = Position { offset: offset + found.within as u64, ordinal };
                record(&mut self.duplicates, &mut self.tally, found, position)
            }
            Verdict::NotARecord(reason) => Item::NotARecord { position, reason },
            Verdict::Unreadable(reason) => {
                let skipped = Skipped::exactly(bytes);
                Item::Fault(Fault { position, reason, skipped })
            }
        };
        if !matches!(item, Item::Fault(_)) {
            self.tally.bytes.items += bytes;
        }
        self.splitter.finish(len);
        item
    }
}

impl<R: Read> Iterator for ObjectReader<R> {
    type Item = Item;

    fn next(&mut self) -> Option<Item> {
        let ordinal = self.tally.items();
        let item = match self.splitter.next_cut()? {
            Cut::Value { offset, len, depth } => self.value(offset, len, depth),
            Cut::LongDigest { offset, bytes } => {
                self.tally.bytes.items += bytes;
                Item::NotARecord { position: Position { offset, ordinal }, reason: NotARecord::Digest }
            }
            Cut::Fault { offset, reason, skipped } => {
                Item::Fault(Fault { position: Position { offset, ordinal }, reason, skipped })
            }
        };
        self.tally.count(&item);
        Some(item)
    }
}

impl<R: Read> std::iter::FusedIterator for ObjectReader<R> {}

fn record(duplicates: &mut Duplicates, tally: &mut Tally, found: Found<'_>, position: Position) -> Item {
    let sha256: [u8; 32] = Sha256::digest(found.json.as_bytes()).into();
    let event_key = match found.event_id {
        Some(event_id) => EventKey::new(event_id),
        None => EventKey::new(format!("sha256:{}", hexadecimal(&sha256))),
    };
    match duplicates.see(&sha256) {
        Seen::Before => {
            return Item::Duplicate { event_key, position };
        }
        Seen::NotCompared => tally.not_compared += 1,
        Seen::New => {}
    }
    Item::Record(RawRecord { json: found.json.into(), position, event_key })
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
