//! One instance of a policy, and one call of it under its limits.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::Compiled;
use super::batch::Batch;
use super::bindings::Policy;
use super::bindings::exports::trailwarden::policy::rules;
use super::clock::Deadline;
use super::error::CallError;
use super::limits::GuestLimits;
use super::meter::MemoryMeter;
use super::state::{GuestState, LogLevel, Tables, Utterances};

/// Bytes that a manifest may have.
const MANIFEST_BYTES: usize = 4 << 20;

pub(super) struct Instance {
    store: Store<GuestState>,
    policy: Policy,
    limits: Arc<GuestLimits>,
    records_judged: u64,
}

/// What a call gave, and what the guest said meanwhile.
pub(super) type Called<T> = (Result<T, CallError>, Utterances);

impl Instance {
    pub(super) fn new(compiled: &Compiled, limits: &Arc<GuestLimits>, tables: &Arc<Tables>) -> Result<Self, CallError> {
        let meter = MemoryMeter::new(limits.memory_bytes, Arc::clone(&compiled.budget));
        let deadline = Deadline::starting_now(limits.cpu_for_start, limits.wall_factor);
        let state = GuestState::new(meter, deadline, Arc::clone(limits), Arc::clone(tables));
        let mut store = Store::new(compiled.pre.engine(), state);
        store.limiter(|state| &mut state.meter);
        store.set_hostcall_fuel(limits.output_bytes);
        // Stands behind the count of `wasi`, which has a reason: a borrowed handle counts twice here.
        store.set_max_component_handles(if compiled.uses_system { limits.system_handles.saturating_mul(2) } else { 16 });
        store.epoch_deadline_callback(|context| {
            context.data().deadline.check()?;
            Ok(UpdateDeadline::Continue(1))
        });
        store.set_epoch_deadline(1);
        match compiled.pre.instantiate(&mut store) {
            Ok(policy) => Ok(Self { store, policy, limits: Arc::clone(limits), records_judged: 0 }),
            Err(error) => Err(CallError::from_wasmtime(&error, last_words(&store.data_mut().take_utterances()))),
        }
    }

    pub(super) fn is_worn_out(&self) -> bool {
        self.records_judged >= self.limits.records_per_instance
    }

    pub(super) fn record_lookups(&mut self) {
        self.store.data_mut().records_lookups = true;
    }

    pub(super) fn describe(&mut self) -> Called<String> {
        self.store.set_hostcall_fuel(MANIFEST_BYTES);
        let cpu = self.limits.cpu_for_start;
        let called = self.call(cpu, 0, |policy, store| policy.trailwarden_policy_rules().call_describe(store));
        self.store.set_hostcall_fuel(self.limits.output_bytes);
        called
    }

    pub(super) fn configure(&mut self, settings: &str) -> Called<Result<(), String>> {
        let cpu = self.limits.cpu_for_start;
        self.call(cpu, 0, |policy, store| policy.trailwarden_policy_rules().call_configure(store, settings))
    }

    pub(super) fn evaluate(&mut self, batch: &Batch) -> Called<Vec<rules::Answer>> {
        let records = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let cpu = self.limits.cpu_per_call.saturating_add(self.limits.cpu_per_batched_record.saturating_mul(records));
        let lookups = self.limits.lookups_per_record.saturating_mul(u64::from(records));
        self.records_judged += u64::from(records);
        self.call(cpu, lookups, |policy, store| {
            policy.trailwarden_policy_rules().call_evaluate(store, batch.bytes(), batch.ends(), batch.tasks())
        })
    }

    fn call<T>(
        &mut self,
        cpu: Duration,
        lookups: u64,
        call: impl FnOnce(&Policy, &mut Store<GuestState>) -> wasmtime::Result<T>,
    ) -> Called<T> {
        let deadline = Deadline::starting_now(cpu, self.limits.wall_factor);
        self.store.data_mut().begin_call(deadline, lookups);
        self.store.set_epoch_deadline(1);
        let result = call(&self.policy, &mut self.store);
        let said = self.store.data_mut().take_utterances();
        (result.map_err(|error| CallError::from_wasmtime(&error, last_words(&said))), said)
    }
}

/// The last line that a guest wrote at level error: where the SDK reports a panic.
fn last_words(said: &Utterances) -> Option<String> {
    said.lines.iter().rfind(|line| line.level == LogLevel::Error).map(|line| line.text.clone())
}
