//! One judge on the calling thread, chunk after chunk: for who compares or measures, and wants no other worker beside it.

use std::sync::Arc;

use super::chunk::Chunk;
use super::judge::{Judge, Judged};
use super::quarantine::{Quarantined, Quarantines};
use crate::limits::Limits;
use crate::policy::Catalogue;

/// A judge without others, and the quarantine of its policies.
pub struct Alone {
    judge: Judge,
    quarantines: Quarantines,
}

impl Alone {
    /// A judge that asks the policies of a catalogue. No policy is quarantined yet.
    pub fn new(catalogue: Arc<Catalogue>, limits: &Limits) -> Self {
        let quarantines = Quarantines::new(limits);
        Self { judge: Judge::new(catalogue, limits, quarantines.board()), quarantines }
    }

    /// Judges the next chunk, settled, and says whom it has put into quarantine.
    pub fn judge(&mut self, chunk: &Chunk) -> (Judged, Vec<Quarantined>) {
        let mut judged = self.judge.judge(chunk, &());
        let quarantined = self.quarantines.settle(self.judge.catalogue(), &chunk.records, &mut judged);
        (judged, quarantined)
    }
}
