//! Why the journal can't be used.

use std::path::PathBuf;

/// Why the journal can't be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file or its folder can't be opened or made.
    #[error("the journal {} can't be opened: {source}", path.display())]
    Open {
        /// The file, or its folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Somebody else can read or write it: it may hold whole records.
    #[error("the journal {} is not private: {what}; `{remedy}` mends it", path.display())]
    NotPrivate {
        /// The file or its folder.
        path: PathBuf,
        /// What is wrong.
        what: &'static str,
        /// The command to give.
        remedy: String,
    },
    /// Another process uses it.
    #[error("the journal {} is used by another process: wait until it has ended", path.display())]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// It is no journal, or one that this version can't read.
    #[error("the file {} is no journal of this version: {reason}; name another file", path.display())]
    NotAJournal {
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It can't be read or written.
    #[error("the journal {} can't be read or written: {source}", path.display())]
    Storage {
        /// The file.
        path: PathBuf,
        /// What the store says.
        source: Box<redb::Error>,
    },
}
