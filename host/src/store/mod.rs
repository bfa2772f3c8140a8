//! What outlives a record: the journal of tasks that failed, and the ledger of objects that are done.
//!
//! A policy that fails at a record would have missed what the record shows. So what failed, and what was withheld from a
//! quarantined policy, goes into the [`Journal`] before its object counts as done; when a good version of the policy is there,
//! it catches up from it. The journal knows nothing of policies or sources: it takes [`FailedTask`]s, gives [`Entry`]s back in
//! the order of their objects, and forgets what was answered. The [`Ledger`] knows which objects are done, and
//! how far each sink had got by then. Both are embedded (redb), one file each, for one process at a time.

mod database;
mod error;
mod journal;
mod ledger;
mod private;
#[cfg(test)]
mod tests;

pub use error::{Kept, StoreError};
pub use journal::{Added, Entry, FailedTask, Journal, Origin, TaskKey, Usage};
pub use ledger::{FileVersion, Ledger, SinkPlace};
