//! Why a store can't be used.

use std::path::PathBuf;

/// Why a store can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file or its folder can't be opened or made.
    #[error("the {what} {} can't be opened: {source}", path.display())]
    Open {
        /// What it is a file of.
        what: Kept,
        /// The file, or its folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// Somebody else can read or write it: it may hold whole records.
    #[error("the {what} {} is not private: {flaw}; `{remedy}` mends it", path.display())]
    NotPrivate {
        /// What it is a file of.
        what: Kept,
        /// The file or its folder.
        path: PathBuf,
        /// What is wrong.
        flaw: &'static str,
        /// The command to give.
        remedy: String,
    },
    /// Another process uses it.
    #[error("the {what} {} is used by another process: wait until it has ended", path.display())]
    InUse {
        /// What it is a file of.
        what: Kept,
        /// The file.
        path: PathBuf,
    },
    /// It is no such store, or one that this version can't read.
    #[error("the file {} is no {what} of this version: {reason}; name another file", path.display())]
    NotThis {
        /// What it is a file of.
        what: Kept,
        /// The file.
        path: PathBuf,
        /// What was found.
        reason: String,
    },
    /// It can't be read or written.
    #[error("the {what} {} can't be read or written: {source}", path.display())]
    Storage {
        /// What it is a file of.
        what: Kept,
        /// The file.
        path: PathBuf,
        /// What the store says.
        source: Box<redb::Error>,
    },
}

/// The stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// Tasks that failed.
    Journal,
    /// Objects that are done.
    Ledger,
}

impl std::fmt::Display for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Journal => "journal",
            Self::Ledger => "ledger",
        })
    }
}
