//! A chunk: consecutive records, perhaps of several objects, that one worker judges at a time.

use std::sync::Arc;

use crate::record::{RawRecord, Tally};

/// Consecutive records, and what was unreadable between them.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Its place among all chunks, from 0.
    pub sequence: u64,
    /// The records.
    pub records: Vec<ChunkRecord>,
    /// What was unreadable.
    pub unreadable: Vec<Unreadable>,
    /// The sums of the objects that ended in this chunk.
    pub ended: Tally,
    /// How many objects ended in this chunk.
    pub objects_ended: u64,
}

/// A record and the object that it came in.
#[derive(Debug)]
pub struct ChunkRecord {
    /// The object's name.
    pub object: Arc<str>,
    /// The record.
    pub record: RawRecord,
}

/// A record or an object that can't be read.
#[derive(Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The object's name.
    pub object: Arc<str>,
    /// Where in it, in decompressed bytes; none where it could not be opened.
    pub offset: Option<u64>,
    /// Why, with what was lost.
    pub reason: String,
    /// Whether only one record is concerned, and not the rest of the object.
    pub is_one_record: bool,
}
