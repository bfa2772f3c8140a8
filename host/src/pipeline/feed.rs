//! Objects become chunks, one after the other. Workers take turns: whoever needs a chunk reads it, so that no queue can grow
//! and a chunk's place in the order is known before it is judged.

use std::io::{self, Read};
use std::sync::Arc;

use super::chunk::{Chunk, ChunkRecord, End, EndedObject, Unreadable};
use crate::limits::{CHUNK_BYTES, CHUNK_ITEMS};
use crate::record::{Fault, Item, ObjectReader, ReadLimits, Tally};
use crate::source::{Next, Objects, StoredObject, Ticket};

/// Reads objects in their order.
pub struct Feed {
    objects: Box<dyn Objects>,
    limits: ReadLimits,
    open: Option<OpenObject>,
    next_sequence: u64,
    on_bytes: Box<dyn Fn(u64) + Send>,
}

struct OpenObject {
    name: Arc<str>,
    ticket: Option<Ticket>,
    end: End,
    reader: ObjectReader<Box<dyn Read + Send>>,
    /// Stored bytes that `on_bytes` was told of.
    told: u64,
}

impl Feed {
    /// A feed of objects. `on_bytes` is told how many stored bytes were read since it was last told.
    pub fn new(objects: impl Objects + 'static, limits: ReadLimits, on_bytes: impl Fn(u64) + Send + 'static) -> Self {
        Self { objects: Box::new(objects), limits, open: None, next_sequence: 0, on_bytes: Box::new(on_bytes) }
    }

    /// The next chunk; none when there are no more objects. Waits for an object where there is none, but not with records in
    /// hand: they are judged as soon as nothing more has come.
    pub fn next_chunk(&mut self) -> Option<Chunk> {
        let mut chunk = Chunk { sequence: self.next_sequence, ..Chunk::default() };
        let (mut items, mut bytes) = (0, 0);
        while items < CHUNK_ITEMS && bytes < CHUNK_BYTES {
            items += 1;
            let Some(open) = self.open.as_mut() else {
                match self.objects.next(items == 1) {
                    Next::Object(object) => self.open(&object, &mut chunk),
                    Next::End if items == 1 => return None,
                    Next::End | Next::NoneYet => break,
                }
                continue;
            };
            match open.reader.next() {
                Some(Item::Record(record)) => {
                    bytes += record.json.len();
                    chunk.records.push(ChunkRecord { object: Arc::clone(&open.name), record });
                }
                Some(Item::Fault(fault)) => {
                    if fault.reason.may_pass() {
                        open.end = End::Interrupted;
                    }
                    chunk.unreadable.push(unreadable(Arc::clone(&open.name), &fault));
                }
                Some(Item::Duplicate { .. } | Item::NotARecord { .. }) => {}
                None => {
                    let tally = open.reader.tally();
                    (self.on_bytes)(tally.bytes.read - open.told);
                    chunk.ended.push(EndedObject { name: Arc::clone(&open.name), ticket: open.ticket, tally, end: open.end });
                    self.open = None;
                }
            }
        }
        if let Some(open) = &mut self.open {
            let read = open.reader.tally().bytes.read;
            (self.on_bytes)(read - open.told);
            open.told = read;
        }
        self.next_sequence += 1;
        Some(chunk)
    }

    fn open(&mut self, object: &StoredObject, chunk: &mut Chunk) {
        let name: Arc<str> = object.name().into();
        let ticket = object.ticket();
        match object.open() {
            Ok(source) => {
                let reader = ObjectReader::new(source, self.limits);
                self.open = Some(OpenObject { name, ticket, end: End::Whole, reader, told: 0 });
            }
            Err(error) => {
                let is_missing = error.source.kind() == io::ErrorKind::NotFound;
                let end = if is_missing { End::Missing } else { End::NotOpened };
                chunk.ended.push(EndedObject { name: Arc::clone(&name), ticket, tally: Tally::default(), end });
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::path::PathBuf;

    use super::*;
    use crate::source::{Input, Inputs};

    fn feed(files: &[(&str, String)]) -> (tempfile::TempDir, Feed) {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in files {
            std::fs::write(folder.path().join(name), content).unwrap();
        }
        let inputs = Inputs::find([Input::from(PathBuf::from(folder.path()))]);
        (folder, Feed::new(VecDeque::from(inputs.objects), ReadLimits::default(), |_| ()))
    }

    #[test]
    fn progress_is_told_within_an_object_and_adds_up_to_its_size() {
        let content = "{\"eventName\":\"A\"}\n".repeat(10 * CHUNK_ITEMS);
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.jsonl"), &content).unwrap();
        let inputs = Inputs::find([Input::from(PathBuf::from(folder.path()))]);
        let (tell, told) = std::sync::mpsc::channel();
        chunks(Feed::new(VecDeque::from(inputs.objects), ReadLimits::default(), move |bytes| tell.send(bytes).unwrap()));
        let told: Vec<u64> = told.iter().filter(|bytes| *bytes > 0).collect();
        assert!(told.len() > 1, "{told:?}");
        assert_eq!(told.iter().sum::<u64>(), content.len() as u64);
    }

    fn chunks(mut feed: Feed) -> Vec<Chunk> {
        std::iter::from_fn(|| feed.next_chunk()).collect()
    }

    #[test]
    fn chunks_without_a_record_do_not_end_the_feed() {
        let faults = "{\"eventName\":tru}\n".repeat(3 * CHUNK_ITEMS + 1);
        let (_folder, feed) =
            feed(&[("a.jsonl", faults + "{\"eventName\":\"A\"}\n"), ("b.json", "{\"eventName\":\"B\"}".into())]);
        let chunks = chunks(feed);
        assert!(chunks.iter().enumerate().all(|(at, chunk)| chunk.sequence == at as u64));
        assert_eq!(chunks.iter().map(|chunk| chunk.unreadable.len()).sum::<usize>(), 3 * CHUNK_ITEMS + 1);
        assert_eq!(chunks.iter().map(|chunk| chunk.records.len()).sum::<usize>(), 2);
        assert_eq!(chunks.iter().map(|chunk| chunk.ended.len()).sum::<usize>(), 2);
    }

    #[test]
    fn an_object_that_is_gone_costs_the_next_one_nothing() {
        let one = || "{\"eventName\":\"A\"}".to_owned();
        let (folder, feed) = feed(&[("a.json", one()), ("b.json", one())]);
        std::fs::remove_file(folder.path().join("a.json")).unwrap();
        let chunks = chunks(feed);
        let ends: Vec<End> = chunks[0].ended.iter().map(|ended| ended.end).collect();
        assert_eq!((chunks.len(), chunks[0].records.len(), chunks[0].unreadable.len()), (1, 1, 1));
        assert_eq!(ends, [End::Missing, End::Whole]);
    }
}
