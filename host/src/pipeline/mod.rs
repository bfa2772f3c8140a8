//! The flow itself: objects → records → route → evaluate → findings.
//!
//! [`feed`](Feed) turns objects into chunks of records; a [`Judge`] turns a chunk into what was found in it;
//! [`judge_all`] runs several judges over one feed and hands the results on in the order of the records, so that the
//! same input and policies give the same output whatever the number of workers; [`Alone`] is one judge without others. `quarantine` decides, in that order, which
//! policies are asked no more; `failures`, `faults` and `journaling` turn what went wrong into findings of the host and into entries of
//! the journal.

mod alone;
mod chunk;
mod counts;
mod failures;
mod faults;
mod feed;
mod gather;
mod journaling;
mod judge;
mod ordered;
mod quarantine;
mod sample;
mod scan;

pub use alone::Alone;
pub use chunk::{Chunk, ChunkRecord, End, EndedObject, Unreadable};
pub use counts::{Call, FoundCounts, RuleCounts};
pub use failures::Failures;
pub use faults::Faults;
pub use feed::Feed;
pub use journaling::{Journaling, QUARANTINED};
pub use judge::{FailedRecord, Failure, Judge, Judged, JudgedCounts, OfPolicy, RoutedCounts};
pub use quarantine::{Board, Quarantined, Quarantines, Verdict};
pub use scan::{Scanned, judge_all};
