//! Wasmtime, and nothing of it outside this folder.
//!
//! Takes a component's bytes and gives machine code; takes machine code and gives a [`Compiled`] policy; takes a [`Batch`] and
//! gives a [`Judgement`]: what each task answered, and which failed and why. Knows nothing of AWS, of where files lie or of
//! configuration.
//!
//! - [`precompile`] compiles, in a process of its own; [`Engine`] loads and links the code, once for each policy.
//! - `instance` makes one call under its limits.
//! - `wasi` is the empty system that guests in other languages need to start.
//! - [`Guest`] is what a worker holds for a policy: it takes warm instances from the shelf and puts them back, throws one
//!   away after a failure, and finds the record at fault so that the others are judged.
//! - `second` judges sampled records again, so that a policy that remembers is found out.
//! - [`Probe`] makes calls one by one, for who measures what they cost.

mod answer;
mod artefact;
mod batch;
mod bindings;
mod clock;
mod error;
mod guest;
mod instance;
mod limits;
mod measure;
mod meter;
mod second;
mod shelf;
mod state;
#[cfg(test)]
mod tests;
#[doc(hidden)]
pub mod trial;
mod wasi;

use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{HasSelf, Linker};
use wasmtime::{Config, Strategy};

pub use answer::{Answer, AnsweredFinding, AnsweredSignal, Verdict};
pub use artefact::{Artefact, Effort, Held, precompile};
pub use batch::{Batch, Task, TooLarge};
pub use clock::{CpuWatch, TICK, thread_cpu_time};
pub use error::{CallError, EngineError, FailureKind, Stop, Unexplained};
pub use guest::{Guest, Judgement, TaskFailure};
pub use limits::GuestLimits;
pub use measure::{Cost, Probe};
pub use meter::MemoryBudget;
pub use shelf::WarmKey;
pub use state::{LogLevel, LogLine, LookedUp, Tables, Utterances};
pub use wasi::SYSTEM_INTERFACES;

use bindings::{Policy, PolicyPre};
use shelf::Shelf;
use state::GuestState;

use crate::limits::{Limits, WASM_STACK};

/// The one engine of a host.
pub struct Engine {
    inner: wasmtime::Engine,
    linker: Linker<GuestState>,
    budget: Arc<MemoryBudget>,
    shelf: Arc<Shelf>,
    fuel: Fuel,
}

/// Whether an engine's policies count their own instructions, as fuel. It makes them slower, and needs code of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fuel {
    /// Not counted: how policies judge.
    #[default]
    Free,
    /// Counted, without a limit: for who measures.
    Counted,
}

/// A policy's code, compiled, linked and type-checked.
pub struct Compiled {
    pre: PolicyPre<GuestState>,
    /// Whether it imports the empty system, as policies in other languages do.
    uses_system: bool,
    budget: Arc<MemoryBudget>,
    shelf: Arc<Shelf>,
    fuel: Fuel,
}

impl Engine {
    /// An engine whose instances may hold so many bytes together.
    ///
    /// # Errors
    /// The platform is not supported, or there is no thread for the clock.
    pub fn new(memory_budget_bytes: usize) -> Result<Self, EngineError> {
        Self::with_fuel(memory_budget_bytes, Fuel::Free)
    }

    /// An engine whose instances may hold so many bytes together, and which counts fuel or doesn't.
    ///
    /// # Errors
    /// As for [`Engine::new`].
    pub fn with_fuel(memory_budget_bytes: usize, fuel: Fuel) -> Result<Self, EngineError> {
        let inner = wasmtime::Engine::new(&configuration(fuel)).map_err(EngineError::Start)?;
        clock::start_ticker(inner.weak()).map_err(EngineError::Clock)?;
        let mut linker = Linker::new(&inner);
        Policy::add_to_linker::<_, HasSelf<GuestState>>(&mut linker, |state| state).map_err(EngineError::Start)?;
        wasi::add_to_linker(&mut linker).map_err(EngineError::Start)?;
        let engine = Self {
            inner,
            linker,
            budget: Arc::new(MemoryBudget::new(memory_budget_bytes)),
            shelf: Arc::new(Shelf::new(0, Duration::ZERO)),
            fuel,
        };
        let Limits { warm_instances, idle_seconds, .. } = Limits::default();
        Ok(engine.keep_warm(warm_instances, idle_seconds.duration()))
    }

    /// The same, keeping so many instances of all policies warm that nobody uses, each for so long. To be said before the
    /// first policy is compiled.
    pub fn keep_warm(mut self, instances: u64, idle: Duration) -> Self {
        self.shelf = Arc::new(Shelf::new(usize::try_from(instances).unwrap_or(usize::MAX), idle));
        self
    }

    /// What all instances hold together.
    pub fn memory_budget(&self) -> &MemoryBudget {
        &self.budget
    }
}

/// Everything that a policy cannot need is off: less to attack, and answers that are equal on every CPU.
fn configuration(fuel: Fuel) -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .concurrency_support(false)
        .epoch_interruption(true)
        .consume_fuel(fuel == Fuel::Counted)
        .cranelift_nan_canonicalization(true)
        .wasm_multi_memory(false)
        .wasm_memory64(false)
        .wasm_relaxed_simd(false)
        .max_wasm_stack(WASM_STACK);
    config
}
