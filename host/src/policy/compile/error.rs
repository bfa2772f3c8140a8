//! Why no machine code came of a policy.

use std::fmt;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::limits::{Limits, Quantity as _};
use crate::policy::LoadError;

/// What the compiler used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Exhausted {
    /// Memory (address space).
    Memory {
        /// The limit.
        mib: u64,
    },
    /// CPU time.
    CpuTime {
        /// The limit.
        seconds: u64,
    },
    /// Wall time.
    Deadline {
        /// The limit.
        seconds: u64,
    },
}

impl Exhausted {
    /// Whether these limits allow more than what was used up.
    pub fn is_less_than(self, limits: &Limits) -> bool {
        match self {
            Self::Memory { mib } => mib < limits.compile_memory_mib.number(),
            Self::CpuTime { seconds } => seconds < limits.compile_cpu_seconds.number(),
            Self::Deadline { seconds } => seconds < limits.compile_deadline_seconds.number(),
        }
    }
}

impl fmt::Display for Exhausted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory { mib } => write!(f, "more than {mib} MiB of memory (`compile_memory_mib`)"),
            Self::CpuTime { seconds } => write!(f, "more than {seconds} s of CPU time (`compile_cpu_seconds`)"),
            Self::Deadline { seconds } => write!(f, "longer than {seconds} s (`compile_deadline_seconds`)"),
        }
    }
}

/// Why a policy could not be compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The process that compiles can't be started.
    #[error("can't be compiled: the compiler's process can't be started from {}: {error}; on Linux, /proc must be mounted", .program.display())]
    Start {
        /// The program that was to be started.
        program: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// The compiler refuses it.
    #[error("can't be compiled: {reason}")]
    Refused {
        /// What the compiler says.
        reason: String,
    },
    /// It takes too much to compile, optimised and without.
    #[error(
        "can't be compiled within the limits: it takes {optimised} optimised, and {unoptimised} unoptimised; split its largest functions, or raise the limits under [limits]"
    )]
    Exhausted {
        /// What the first try used up.
        optimised: Exhausted,
        /// What the second try used up.
        unoptimised: Exhausted,
    },
    /// Its machine code is too large.
    #[error("compiles to more than {mib} MiB of machine code; build it in release mode, or raise `compiled_mib` under [limits]")]
    TooLarge {
        /// The limit.
        mib: u64,
    },
    /// The compiler's process was ended by a signal that none of its limits sends.
    #[error("can't be compiled: the compiler was ended by signal {signal}{}", after(.last_words))]
    Died {
        /// The signal's number.
        signal: i32,
        /// What it wrote last.
        last_words: String,
    },
    /// The compiler has a mistake.
    #[error("can't be compiled: the compiler panicked: {message}")]
    Panicked {
        /// Its message.
        message: String,
    },
    /// There is no room for the machine code where it was to be written.
    #[error("can't be compiled: there is no room for its machine code: {error}; make room, or set `cache_path`")]
    NoRoom {
        /// What the system says.
        error: std::io::Error,
    },
    /// The process could not do its work.
    #[error("can't be compiled: {reason}")]
    Failed {
        /// What, and why.
        reason: String,
    },
    /// The process ended without a word.
    #[error("can't be compiled: {program} ended without a report (exit code {code:?}): is it `trailwarden`?{}", after(.last_words))]
    NoReport {
        /// The program that was started.
        program: String,
        /// Its exit code.
        code: Option<i32>,
        /// What it wrote last.
        last_words: String,
    },
}

/// How one try ended badly.
#[derive(Debug)]
pub(super) enum TryError {
    /// A limit: the next try may do with less.
    Exhausted(Exhausted),
    /// Another try would end the same way.
    Final(LoadError),
}

impl<E: Into<LoadError>> From<E> for TryError {
    fn from(error: E) -> Self {
        Self::Final(error.into())
    }
}

fn after(last_words: &str) -> String {
    if last_words.is_empty() { String::new() } else { format!("; it wrote {last_words:?}") }
}
