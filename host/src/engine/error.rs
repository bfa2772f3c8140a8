//! How a call of a guest can fail, told apart by type.

use std::time::Duration;

use policy_contract::name::Name;
use wasmtime::Trap;

/// Why the host stopped a guest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// Too much CPU time.
    #[error("used more than {} ms of CPU time", limit.as_millis())]
    CpuTime {
        /// The limit of this call.
        limit: Duration,
    },
    /// Too much wall time.
    #[error("took longer than {} ms", limit.as_millis())]
    WallTime {
        /// The limit of this call.
        limit: Duration,
    },
    /// Too much memory for one instance.
    #[error("asked for more than {limit} bytes of memory")]
    Memory {
        /// The limit of the instance.
        limit: usize,
    },
    /// Too much memory for all instances together.
    #[error("asked for memory beyond the budget of {limit} bytes of all policies")]
    MemoryBudget {
        /// The budget.
        limit: usize,
    },
    /// Too many look-ups.
    #[error("made more than {limit} look-ups in context tables")]
    Lookups {
        /// The limit of this call.
        limit: u64,
    },
    /// A look-up of a value or key that is too long.
    #[error("asked a context table for a value or key of {bytes} bytes, {limit} allowed")]
    LookupKey {
        /// What was asked for.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A look-up whose answer is too long.
    #[error(
        "asked for an entry of the table `{table}` that has {bytes} bytes, {limit} allowed: make the entry smaller, or raise `lookup_answer_kib`"
    )]
    LookupAnswer {
        /// The table.
        table: Name,
        /// The answer.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// A look-up in a table that the manifest does not declare.
    #[error("asked for the table {table:?}, which its manifest does not declare")]
    UndeclaredTable {
        /// What was asked for, cut to a readable length.
        table: String,
    },
    /// A look-up by key in a table that is no map.
    #[error("asked for an entry of the table `{table}`, which is no map")]
    NotAMap {
        /// The table.
        table: Name,
    },
    /// It ended itself, as a process does.
    #[error("ended itself by `exit`, {}", if *successfully { "as if all were done" } else { "reporting a failure" })]
    Exited {
        /// Whether it reported success.
        successfully: bool,
    },
    /// Too many handles of the empty system.
    #[error("held more than {limit} handles of the system interface")]
    Handles {
        /// The limit of the instance.
        limit: usize,
    },
    /// Too many random bytes.
    #[error("drew more than {limit} random bytes")]
    Randomness {
        /// The limit of this call.
        limit: u64,
    },
    /// It waited for nothing, which would never be over.
    #[error("polled an empty list, which would never be ready")]
    NothingToPoll,
    /// A function of the system that needs what no guest is given.
    #[error("called `{function}`, which no policy is given anything for")]
    NotGiven {
        /// Interface and function.
        function: String,
    },
}

/// Why a call gave no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// No instance could be made ready for the call.
    #[error("can't start: {0}")]
    NotStarted(Box<Self>),
    /// The host stopped it.
    #[error(transparent)]
    Stopped(#[from] Stop),
    /// The guest trapped; the message is what it wrote last at level error, such as a panic's.
    #[error("{}", describe_trap(*.trap, .message.as_deref()))]
    Trapped {
        /// The trap.
        trap: Trap,
        /// The guest's own last words.
        message: Option<String>,
    },
    /// What the guest answered, or gave to a function of the host, could not be taken over: malformed, or more than a call may
    /// give.
    #[error("gave values that can't be taken: {reason}")]
    Results {
        /// What the engine says.
        reason: String,
    },
    /// The guest broke the contract in another way.
    #[error("broke the contract: {reason}")]
    Contract {
        /// What was wrong.
        reason: String,
    },
}

/// A failure after which every task concerned was answered, so that it belongs to none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unexplained {
    /// A batch failed as a whole, and none of its records does so alone.
    #[error("{0}; the batch failed as a whole, and none of its records does so alone")]
    Batch(CallError),
    /// A task failed on an instance that had judged other records, and not on a fresh one.
    #[error(
        "{0}; it failed after other records and not on a fresh instance, whose answer stands: it keeps something from one \
         record to the next, which a policy must not; look for what it caches"
    )]
    AfterOthers(CallError),
}

impl Unexplained {
    /// How the call failed.
    pub fn error(&self) -> &CallError {
        match self {
            Self::Batch(error) | Self::AfterOthers(error) => error,
        }
    }
}

fn describe_trap(trap: Trap, message: Option<&str>) -> String {
    match message {
        Some(message) => format!("{message} ({trap})"),
        None => trap.to_string(),
    }
}

impl CallError {
    /// Sorts an error of wasmtime by type. Whatever is neither a stop of ours nor a trap came from lifting values.
    pub(super) fn from_wasmtime(error: &wasmtime::Error, last_words: Option<String>) -> Self {
        if let Some(stop) = error.downcast_ref::<Stop>() {
            return Self::Stopped(stop.clone());
        }
        if let Some(trap) = error.downcast_ref::<Trap>() {
            return Self::Trapped { trap: *trap, message: last_words };
        }
        // Around the cause stands a list of code addresses, which says nothing to the operator.
        Self::Results { reason: error.root_cause().to_string() }
    }

    /// Whether the same call may succeed on a crowded machine's second try.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Stopped(Stop::CpuTime { .. } | Stop::WallTime { .. }))
    }

    /// Whether it can be the sum of harmless parts: a smaller batch is the cure, and nobody's fault is shown.
    pub fn is_about_size(&self) -> bool {
        match self {
            Self::Stopped(stop) => match stop {
                Stop::CpuTime { .. }
                | Stop::WallTime { .. }
                | Stop::Memory { .. }
                | Stop::MemoryBudget { .. }
                | Stop::Lookups { .. }
                | Stop::Handles { .. }
                | Stop::Randomness { .. } => true,
                Stop::LookupKey { .. }
                | Stop::LookupAnswer { .. }
                | Stop::UndeclaredTable { .. }
                | Stop::NotAMap { .. }
                | Stop::Exited { .. }
                | Stop::NothingToPoll
                | Stop::NotGiven { .. } => false,
            },
            // The engine has no type of its own for results beyond the limit.
            Self::Results { .. } => true,
            Self::NotStarted(_) | Self::Trapped { .. } | Self::Contract { .. } => false,
        }
    }

    /// Whether it is the host that lacks memory: nothing is said about the policy.
    pub fn is_shortage(&self) -> bool {
        match self {
            Self::NotStarted(cause) => cause.is_shortage(),
            Self::Stopped(stop) => matches!(stop, Stop::MemoryBudget { .. }),
            Self::Trapped { .. } | Self::Results { .. } | Self::Contract { .. } => false,
        }
    }

    /// The word for this kind of failure in findings and metrics.
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::NotStarted(cause) if cause.is_shortage() => FailureKind::Memory,
            Self::NotStarted(_) => FailureKind::Start,
            Self::Stopped(Stop::CpuTime { .. } | Stop::WallTime { .. }) => FailureKind::Time,
            Self::Stopped(Stop::Memory { .. } | Stop::MemoryBudget { .. }) => FailureKind::Memory,
            Self::Stopped(
                Stop::Lookups { .. }
                | Stop::LookupKey { .. }
                | Stop::LookupAnswer { .. }
                | Stop::UndeclaredTable { .. }
                | Stop::NotAMap { .. },
            ) => FailureKind::Lookup,
            Self::Stopped(Stop::Handles { .. } | Stop::Randomness { .. } | Stop::NothingToPoll | Stop::NotGiven { .. }) => {
                FailureKind::System
            }
            Self::Trapped { .. } | Self::Stopped(Stop::Exited { .. }) => FailureKind::Trap,
            Self::Results { .. } | Self::Contract { .. } => FailureKind::Contract,
        }
    }
}

/// The kinds of failure of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The rule itself said that it could not judge.
    Error,
    /// The guest trapped, panicked or ended itself.
    Trap,
    /// Too much CPU or wall time.
    Time,
    /// Too much memory.
    Memory,
    /// Look-ups that are not allowed.
    Lookup,
    /// More of the empty system interface than there is.
    System,
    /// Answers that break a limit.
    Output,
    /// Answers that break the contract.
    Contract,
    /// No instance could be made ready, so that no record was tried.
    Start,
    /// Another answer on a fresh instance than on a used one: the policy keeps something from one record to the next.
    Impure,
}

impl FailureKind {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Trap => "trap",
            Self::Time => "time",
            Self::Memory => "memory",
            Self::Lookup => "lookup",
            Self::System => "system",
            Self::Output => "output",
            Self::Contract => "contract",
            Self::Start => "start",
            Self::Impure => "impure",
        }
    }
}

impl std::fmt::Display for FailureKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// Why the engine or a policy could not be made ready.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The engine's configuration is refused.
    #[error("the WebAssembly engine can't start: {0:#}")]
    Start(wasmtime::Error),
    /// No thread for the clock.
    #[error("the engine's clock can't start: {0}")]
    Clock(std::io::Error),
    /// The component is refused by the compiler.
    #[error("can't be compiled: {0:#}")]
    Compile(wasmtime::Error),
    /// Machine code that the engine does not take.
    #[error("was compiled to code that can't be loaded: {0:#}")]
    Load(wasmtime::Error),
    /// The component imports or exports what does not fit the contract.
    #[error("doesn't fit the contract: {0:#}")]
    Link(wasmtime::Error),
}
