//! Everything that a feed gives, judged by several workers, with the results in the order of the records.
//!
//! Which policies judge may change meanwhile: a worker looks once for each chunk, so that a chunk is judged by one catalogue.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::chunk::{Chunk, ChunkRecord, EndedObject, Unreadable};
use super::feed::Feed;
use super::judge::{Judge, Judged};
use super::ordered::Ordered;
use super::quarantine::{Quarantined, Quarantines};
use crate::limits::Limits;
use crate::policy::Catalogue;
use crate::pulse::Pulse;

/// Chunks that may wait for an earlier one, for each worker.
const WINDOW: u64 = 8;

/// What one chunk gave, settled: what was answered by a policy that had been quarantined before is no longer in it.
#[derive(Debug)]
pub struct Scanned {
    /// The policies that judged.
    pub catalogue: Arc<Catalogue>,
    /// What was found.
    pub judged: Judged,
    /// The chunk's records.
    pub records: Vec<ChunkRecord>,
    /// The policies that the chunk has put into quarantine.
    pub quarantined: Vec<Quarantined>,
    /// What was unreadable.
    pub unreadable: Vec<Unreadable>,
    /// The objects that ended in this chunk, in their order.
    pub ended: Vec<EndedObject>,
}

/// Judges everything that a feed gives, by the policies that are `current` when a chunk is taken, and hands the results to
/// `receive`, one chunk after the other, in order. There is a worker for each pulse; it waits while it has nothing to judge, or
/// may not hand over what it has judged.
///
/// # Errors
/// What `receive` fails with; nothing more is judged then.
///
/// # Panics
/// A worker's panic is handed on, since its chunk was not judged.
pub fn judge_all<E: Send, P: Pulse + Send>(
    feed: Feed,
    current: impl Fn() -> Arc<Catalogue> + Sync,
    limits: &Limits,
    workers: Vec<P>,
    mut quarantines: Quarantines,
    mut receive: impl FnMut(Scanned) -> Result<(), E> + Send,
) -> Result<(), E> {
    let feed = Mutex::new(feed);
    let board = quarantines.board();
    let mut last = current();
    let ordered = Ordered::new(WINDOW * workers.len() as u64, |mut scanned: Scanned| {
        if !Arc::ptr_eq(&last, &scanned.catalogue) {
            last = Arc::clone(&scanned.catalogue);
            // What another worker still judges by the catalogue before is about policies that nobody asks any more.
            quarantines.forget_others(&current());
        }
        scanned.quarantined = quarantines.settle(&scanned.catalogue, &scanned.records, &mut scanned.judged);
        receive(scanned)
    });
    let work = |pulse: P| {
        let _unblock = StopOnPanic(|| ordered.stop());
        // A poisoned lock means that another worker panicked while reading; its panic ends the scan.
        let mut judge: Option<Judge> = None;
        pulse.idle();
        while let Some(chunk) = { feed.lock().unwrap_or_else(PoisonError::into_inner).next_chunk() } {
            pulse.beat(Duration::ZERO);
            let catalogue = current();
            let judge = match &mut judge {
                Some(judge) if Arc::ptr_eq(judge.catalogue(), &catalogue) => judge,
                outdated => outdated.insert(Judge::new(Arc::clone(&catalogue), limits, Arc::clone(&board))),
            };
            let judged = judge.judge(&chunk, &pulse);
            let Chunk { sequence, records, unreadable, ended } = chunk;
            let scanned = Scanned { catalogue, judged, records, quarantined: Vec::new(), unreadable, ended };
            pulse.idle();
            if !ordered.give(sequence, scanned)? {
                break;
            }
        }
        Ok(())
    };
    thread::scope(|scope| {
        let work = &work;
        let workers: Vec<_> = workers.into_iter().map(|pulse| scope.spawn(move || work(pulse))).collect();
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
