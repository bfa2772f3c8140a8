//! What outlives a record: so far the journal of tasks that failed.
//!
//! A policy that fails at a record would have missed what the record shows. So what failed, and what was withheld from a
//! quarantined policy, goes into the [`Journal`] before its object counts as done; when a good version of the policy is there,
//! it catches up from it. The journal knows nothing of policies or sources: it takes [`FailedTask`]s, gives [`Entry`]s back in
//! the order of their objects, and forgets what was answered. Embedded (redb), one file, for one process at a time.

mod error;
mod journal;
mod private;
#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use journal::{Added, Entry, FailedTask, Journal, Origin, TaskKey, Usage};
