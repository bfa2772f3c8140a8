//! Notices that files have changed: policies, the configuration, context tables.
//!
//! The operating system's events only say that it is time to look. What has changed is found by looking: a [`Stamp`] says
//! whether a file has to be read again, and only what is read counts. So events that are lost, doubled or never sent, as on
//! network file systems, cost nothing but time: whoever waits looks again after a while anyway.

mod events;
mod stamp;

pub use events::{NotWatched, Waker, Watch, folder_of};
pub use stamp::Stamp;
