//! A chunk: consecutive records, perhaps of several objects, that one worker judges at a time.

use std::sync::Arc;

use crate::record::{RawRecord, Tally};
use crate::source::Ticket;

/// Consecutive records, and what was unreadable between them.
#[derive(Debug, Default)]
pub struct Chunk {
    /// Its place among all chunks, from 0.
    pub sequence: u64,
    /// The records.
    pub records: Vec<ChunkRecord>,
    /// What was unreadable.
    pub unreadable: Vec<Unreadable>,
    /// The objects that ended in this chunk, in their order.
    pub ended: Vec<EndedObject>,
}

/// An object that was read as far as it can be.
#[derive(Debug)]
pub struct EndedObject {
    /// Its name.
    pub name: Arc<str>,
    /// By which its source knows it, where that wants to hear of it.
    pub ticket: Option<Ticket>,
    /// What it held.
    pub tally: Tally,
    /// How it ended.
    pub end: End,
}

/// How an object ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// All that it holds was read, or is unreadable whenever it is read.
    Whole,
    /// It is not there.
    Missing,
    /// It could not be opened, and perhaps can be later.
    NotOpened,
    /// It could not be read to its end, and perhaps can be later.
    Interrupted,
}

impl End {
    /// Whether anything of it could be read.
    pub fn was_opened(self) -> bool {
        matches!(self, Self::Whole | Self::Interrupted)
    }
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
