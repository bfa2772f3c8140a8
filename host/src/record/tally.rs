//! The sum that must hold for every object, and in total.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::item::{Item, NotARecord};

/// What an object (or many) held.
///
/// Two sums hold: [`Tally::items`] is every item that the reader gave, each counted once; and
/// `bytes.decompressed` is `bytes.items + bytes.structure + bytes.skipped`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// CloudTrail records.
    pub records: u64,
    /// Records that were the same as an earlier one of their object.
    pub duplicates: u64,
    /// Things that are no records, by what they are.
    pub not_records: BTreeMap<NotARecord, u64>,
    /// Faults: unreadable records and places where the object itself was broken.
    pub unreadable: u64,
    /// Of the records: those that were not compared with earlier ones, because their object has too many.
    pub not_compared: u64,
    /// What became of the bytes.
    pub bytes: ByteTally,
}

/// What became of an object's bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ByteTally {
    /// Taken from the source, compressed if they were.
    pub read: u64,
    /// After decompression.
    pub decompressed: u64,
    /// In records, duplicates and things that are no records, with their envelopes.
    pub items: u64,
    /// Around them: brackets, commas, white space, other keys of a wrapper.
    pub structure: u64,
    /// Not judged because of a fault.
    pub skipped: u64,
    /// Compressed bytes behind the last gzip member that are no gzip; in no other figure but `read`.
    pub after_gzip: u64,
}

impl Tally {
    /// All items: records, duplicates, what is no record, and faults.
    pub fn items(&self) -> u64 {
        self.records + self.duplicates + self.not_records_total() + self.unreadable
    }

    /// Things that are no records, of every kind.
    pub fn not_records_total(&self) -> u64 {
        self.not_records.values().sum()
    }

    pub(super) fn count(&mut self, item: &Item) {
        match item {
            Item::Record(_) => self.records += 1,
            Item::Duplicate { .. } => self.duplicates += 1,
            Item::NotARecord { reason, .. } => *self.not_records.entry(*reason).or_default() += 1,
            Item::Fault(fault) => {
                self.unreadable += 1;
                self.bytes.skipped += fault.skipped.bytes;
            }
        }
    }
}

impl AddAssign<&Tally> for Tally {
    fn add_assign(&mut self, other: &Tally) {
        self.records += other.records;
        self.duplicates += other.duplicates;
        for (reason, count) in &other.not_records {
            *self.not_records.entry(*reason).or_default() += count;
        }
        self.unreadable += other.unreadable;
        self.not_compared += other.not_compared;
        self.bytes.read += other.bytes.read;
        self.bytes.decompressed += other.bytes.decompressed;
        self.bytes.items += other.bytes.items;
        self.bytes.structure += other.bytes.structure;
        self.bytes.skipped += other.bytes.skipped;
        self.bytes.after_gzip += other.bytes.after_gzip;
    }
}
