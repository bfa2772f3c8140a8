//! An empty system for guests whose language needs one to start.
//!
//! Rust policies import nothing but the contract. The run-time library of another language (Python's, say) asks for the system
//! interface WASI 0.2 before it runs a line of the policy, and calls it whenever it prints. Such a guest gets the interfaces by
//! name and nothing behind them: a policy stays a pure function of record, settings and tables, and no call of a guest waits
//! or reaches the machine. The implementations that come with wasmtime are not used: they really sleep, where no epoch
//! reaches, trap when output is full, and bring an asynchronous run-time system with them.
//!
//! | interface | what a guest gets |
//! |---|---|
//! | `wasi:io/poll`, `wasi:clocks/*` | a clock that stands still and waits that are over at once: `clocks` |
//! | `wasi:random/*` | the same bytes in every call, a limited number of them: `random` |
//! | `wasi:io/streams`, `wasi:cli/std*` | no input; output goes, cut to the limits, to the policy's log: `streams` |
//! | `wasi:cli/environment`, `exit`, `terminal-*` | nothing, a stop with a reason, no terminal: `process` |
//! | `wasi:filesystem/*`, `wasi:sockets/*` | no folder to begin at, and no socket is made: `refused` |
//!
//! Every handle is counted against a limit of the policy. What a guest drew or wrote is forgotten with each call; nothing
//! here outlives one except that count.

mod bindings;
mod clocks;
mod process;
mod random;
mod refused;
mod streams;
#[cfg(test)]
mod tests;

use wasmtime::component::{HasSelf, Linker, Resource};

use super::error::Stop;
use super::state::GuestState;
use random::Draws;
use streams::Unfinished;

/// The interfaces of WASI that a guest may import, in any version 0.2.
pub const SYSTEM_INTERFACES: [&str; 27] = [
    "wasi:cli/environment",
    "wasi:cli/exit",
    "wasi:cli/stderr",
    "wasi:cli/stdin",
    "wasi:cli/stdout",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/terminal-stderr",
    "wasi:cli/terminal-stdin",
    "wasi:cli/terminal-stdout",
    "wasi:clocks/monotonic-clock",
    "wasi:clocks/wall-clock",
    "wasi:filesystem/preopens",
    "wasi:filesystem/types",
    "wasi:io/error",
    "wasi:io/poll",
    "wasi:io/streams",
    "wasi:random/insecure",
    "wasi:random/insecure-seed",
    "wasi:random/random",
    "wasi:sockets/instance-network",
    "wasi:sockets/ip-name-lookup",
    "wasi:sockets/network",
    "wasi:sockets/tcp",
    "wasi:sockets/tcp-create-socket",
    "wasi:sockets/udp",
    "wasi:sockets/udp-create-socket",
];

/// What a guest waits for: it is over at once.
pub enum AlwaysReady {}
/// Standard input.
pub enum Closed {}
/// Standard output or standard error; which one stands in the handle's representation.
pub enum Output {}
/// A network in which nothing is found.
pub enum Network {}
/// A kind of thing of which a guest never gets one.
pub enum Nothing {}

/// What one store keeps for its guest's use of the system. Costs a guest that uses none two words.
#[derive(Default)]
pub(super) struct System {
    /// Handles that the guest holds.
    handles: usize,
    /// What the call under way did; none as long as it did nothing.
    call: Option<Box<SystemCall>>,
}

/// What one call did with the system.
#[derive(Default)]
struct SystemCall {
    draws: Draws,
    output: Unfinished,
}

impl System {
    /// Forgets what belongs to the last call.
    pub(super) fn begin_call(&mut self) {
        self.call = None;
    }

    fn call(&mut self) -> &mut SystemCall {
        self.call.get_or_insert_default()
    }
}

impl GuestState {
    /// Gives the guest a handle.
    fn hand_out<T>(&mut self, representation: u32) -> wasmtime::Result<Resource<T>> {
        let limit = self.limits().system_handles;
        if self.system.handles >= limit {
            return Err(Stop::Handles { limit }.into());
        }
        self.system.handles += 1;
        Ok(Resource::new_own(representation))
    }

    /// The guest dropped a handle that it was given.
    fn handle_dropped(&mut self) {
        self.system.handles = self.system.handles.saturating_sub(1);
    }
}

/// Makes the interfaces known to a linker, one by one.
///
/// # Errors
/// Two of them have one name.
pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    use bindings::wasi;
    type Own = HasSelf<GuestState>;

    // Libraries wait by polling what clocks and streams give them to poll.
    wasi::io::poll::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::io::error::add_to_linker::<_, Own>(linker, |state| state)?;
    // Output is how a run-time library reports an uncaught exception: the operator must see it.
    wasi::io::streams::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::stdin::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::stdout::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::stderr::add_to_linker::<_, Own>(linker, |state| state)?;
    // Asked before the first line is printed, to choose the buffering.
    wasi::cli::terminal_input::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::terminal_output::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::terminal_stdin::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::terminal_stdout::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::cli::terminal_stderr::add_to_linker::<_, Own>(linker, |state| state)?;
    // Interpreters read their settings from the environment at start.
    wasi::cli::environment::add_to_linker::<_, Own>(linker, |state| state)?;
    // `abort` and an interpreter's fatal errors end here.
    wasi::cli::exit::add_to_linker::<_, Own>(linker, |state| state)?;
    // Read at start to seed tables and to stamp log lines.
    wasi::clocks::monotonic_clock::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::clocks::wall_clock::add_to_linker::<_, Own>(linker, |state| state)?;
    // Seeds of hash tables.
    wasi::random::random::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::random::insecure::add_to_linker::<_, Own>(linker, |state| state)?;
    wasi::random::insecure_seed::add_to_linker::<_, Own>(linker, |state| state)?;
    // The C library that interpreters are built with imports these whether the policy opens anything or not.
    refused::add_to_linker(linker)
}
