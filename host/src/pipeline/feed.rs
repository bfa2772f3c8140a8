//! Objects become chunks, one after the other. Workers take turns: whoever needs a chunk reads it, so that no queue can grow
//! and a chunk's place in the order is known before it is judged.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::Arc;

use super::chunk::{Chunk, ChunkRecord, Unreadable};
use crate::record::{Fault, Item, ObjectReader, ReadLimits};
use crate::source::StoredObject;

/// Records that a chunk has at most.
const CHUNK_RECORDS: usize = 1024;
/// Bytes of records at which a chunk ends.
const CHUNK_BYTES: usize = 1 << 20;

/// Reads objects in their order.
pub struct Feed {
    objects: VecDeque<StoredObject>,
    limits: ReadLimits,
    open: Option<OpenObject>,
    next_sequence: u64,
    on_bytes: Box<dyn Fn(u64) + Send>,
}

struct OpenObject {
    name: Arc<str>,
    reader: ObjectReader<Box<dyn Read + Send>>,
}

impl Feed {
    /// A feed of objects. `on_bytes` is told how many stored bytes were read since it was last told.
    pub fn new(objects: Vec<StoredObject>, limits: ReadLimits, on_bytes: impl Fn(u64) + Send + 'static) -> Self {
        Self { objects: objects.into(), limits, open: None, next_sequence: 0, on_bytes: Box::new(on_bytes) }
    }

    /// The next chunk; none when all objects are read.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        let mut chunk = Chunk { sequence: self.next_sequence, ..Chunk::default() };
        let mut bytes = 0;
        let mut has_read = false;
        while chunk.records.len() + chunk.unreadable.len() < CHUNK_RECORDS && bytes < CHUNK_BYTES {
            let Some(open) = self.open.as_mut() else {
                let Some(object) = self.objects.pop_front() else { break };
                has_read = true;
                self.open(&object, &mut chunk);
                continue;
            };
            match open.reader.next() {
                Some(Item::Record(record)) => {
                    bytes += record.json.len();
                    chunk.records.push(ChunkRecord { object: Arc::clone(&open.name), record });
                }
                Some(Item::Fault(fault)) => chunk.unreadable.push(unreadable(Arc::clone(&open.name), &fault)),
                Some(Item::Duplicate { .. } | Item::NotARecord { .. }) => {}
                None => {
                    let tally = open.reader.tally();
                    (self.on_bytes)(tally.bytes.read);
                    chunk.ended += &tally;
                    chunk.objects_ended += 1;
                    self.open = None;
                }
            }
        }
        if chunk.records.is_empty() && !has_read && chunk.objects_ended == 0 {
            return None;
        }
        self.next_sequence += 1;
        Some(chunk)
    }

    fn open(&mut self, object: &StoredObject, chunk: &mut Chunk) {
        let name: Arc<str> = object.name().into();
        match object.open() {
            Ok(source) => self.open = Some(OpenObject { name, reader: ObjectReader::new(source, self.limits) }),
            Err(error) => {
                let reason = error.source.to_string();
                chunk.unreadable.push(Unreadable { object: name, offset: None, reason, is_one_record: false });
            }
        }
    }
}

fn unreadable(object: Arc<str>, fault: &Fault) -> Unreadable {
    Unreadable {
        object,
        offset: Some(fault.position.offset),
        reason: format!("{}; {}", fault.reason, fault.skipped),
        is_one_record: fault.reason.concerns_one_record(),
    }
}
