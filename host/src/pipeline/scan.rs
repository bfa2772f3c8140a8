//! Stored objects, judged once, by several workers, with the results in the order of the records.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use super::chunk::{Chunk, ChunkRecord, Unreadable};
use super::feed::Feed;
use super::judge::{Judge, Judged};
use super::ordered::Ordered;
use super::quarantine::{Quarantined, Quarantines};
use crate::limits::Limits;
use crate::policy::Catalogue;
use crate::record::Tally;

/// Chunks that may wait for an earlier one, for each worker.
const WINDOW: u64 = 8;

/// What one chunk gave, settled: what was answered by a policy that had been quarantined before is no longer in it.
#[derive(Debug)]
pub struct Scanned {
    /// What was found.
    pub judged: Judged,
    /// The chunk's records.
    pub records: Vec<ChunkRecord>,
    /// The policies that the chunk has put into quarantine.
    pub quarantined: Vec<Quarantined>,
    /// What was unreadable.
    pub unreadable: Vec<Unreadable>,
    /// The sums of the objects that ended in this chunk.
    pub ended: Tally,
    /// How many objects ended in this chunk.
    pub objects_ended: u64,
}

/// Judges everything that a feed gives and hands the results to `receive`, one chunk after the other, in order.
///
/// # Errors
/// What `receive` fails with; nothing more is judged then.
///
/// # Panics
/// A worker's panic is handed on, since its chunk was not judged.
pub fn scan<E: Send>(
    feed: Feed,
    catalogue: &Arc<Catalogue>,
    limits: &Limits,
    workers: usize,
    mut receive: impl FnMut(Scanned) -> Result<(), E> + Send,
) -> Result<(), E> {
    let feed = Mutex::new(feed);
    let mut quarantines = Quarantines::new(Arc::clone(catalogue), limits);
    let judges: Vec<_> = (0..workers).map(|_| Judge::new(Arc::clone(catalogue), limits, &quarantines)).collect();
    let ordered = Ordered::new(WINDOW * workers as u64, |mut scanned: Scanned| {
        scanned.quarantined = quarantines.settle(&scanned.records, &mut scanned.judged);
        receive(scanned)
    });
    let work = |mut judge: Judge| {
        let _unblock = StopOnPanic(|| ordered.stop());
        // A poisoned lock means that another worker panicked while reading; its panic ends the scan.
        while let Some(chunk) = { feed.lock().unwrap_or_else(PoisonError::into_inner).next_chunk() } {
            let judged = judge.judge(&chunk);
            let Chunk { sequence, records, unreadable, ended, objects_ended } = chunk;
            let scanned = Scanned { judged, records, quarantined: Vec::new(), unreadable, ended, objects_ended };
            if !ordered.give(sequence, scanned)? {
                break;
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = judges.into_iter().map(|judge| scope.spawn(move || work(judge))).collect();
        let results = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        results.collect::<Vec<_>>().into_iter().collect()
    })
}

/// Lets the other workers go when this one panics, so that the panic reaches the caller instead of a standstill.
struct StopOnPanic<F: Fn()>(F);

impl<F: Fn()> Drop for StopOnPanic<F> {
    fn drop(&mut self) {
        if thread::panicking() {
            (self.0)();
        }
    }
}
