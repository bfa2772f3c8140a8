//! The flow itself: objects → records → route → evaluate → findings.
//!
//! [`feed`](Feed) turns objects into chunks of records; a [`Judge`] turns a chunk into what was found in it;
//! [`scan`](scan()) runs several judges over one feed and hands the results on in the order of the records, so that the
//! same input and policies give the same output whatever the number of workers; [`Alone`] is one judge without others. `quarantine` decides, in that order, which
//! policies are asked no more.

mod alone;
mod chunk;
mod feed;
mod gather;
mod judge;
mod ordered;
mod quarantine;
mod scan;

pub use alone::Alone;
pub use chunk::{Chunk, ChunkRecord, Unreadable};
pub use feed::Feed;
pub use judge::{FailedRecord, Failure, Judge, Judged, JudgedCounts, OfPolicy, RoutedCounts};
pub use quarantine::{Quarantined, Quarantines, Verdict};
pub use scan::{Scanned, scan};
