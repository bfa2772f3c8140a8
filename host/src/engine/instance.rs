//! One instance of a policy, and one call of it under its limits.

use std::sync::Arc;
use std::time::Duration;

use wasmtime::{Store, UpdateDeadline};

use super::batch::Batch;
use super::bindings::Policy;
use super::bindings::exports::trailwarden::policy::rules;
use super::clock::Deadline;
use super::error::CallError;
use super::limits::GuestLimits;
use super::meter::MemoryMeter;
use super::state::{GuestState, Tables, Utterances};
use super::{Compiled, Fuel};
use crate::limits::COMPONENT_HANDLES;

pub(super) struct Instance {
    store: Store<GuestState>,
    policy: Policy,
    limits: Arc<GuestLimits>,
    records_judged: u64,
    /// What it held when it was ready to judge.
    bytes_at_start: usize,
}

/// What a call gave, and what the guest said meanwhile.
pub(super) type Called<T> = (Result<T, CallError>, Utterances);

impl Instance {
    pub(super) fn new(compiled: &Compiled, limits: &Arc<GuestLimits>, tables: &Arc<Tables>) -> Called<Self> {
        let meter = MemoryMeter::new(limits.memory_bytes, Arc::clone(&compiled.budget));
        let deadline = Deadline::starting_now(limits.cpu_for_start, limits.wall_factor);
        let state = GuestState::new(meter, deadline, Arc::clone(limits), Arc::clone(tables));
        let mut store = Store::new(compiled.pre.engine(), state);
        store.limiter(|state| &mut state.meter);
        store.set_hostcall_fuel(limits.output_bytes);
        // Stands behind the count of `wasi`, which has a reason: a borrowed handle counts twice here.
        let handles = if compiled.uses_system { limits.system_handles.saturating_mul(2) } else { COMPONENT_HANDLES };
        store.set_max_component_handles(handles);
        store.epoch_deadline_callback(|mut context| {
            context.data_mut().deadline.check()?;
            Ok(UpdateDeadline::Continue(1))
        });
        store.set_epoch_deadline(1);
        let has_fuel = match compiled.fuel {
            Fuel::Free => Ok(()),
            // What it uses is counted; what ends it is time, as ever.
            Fuel::Counted => store.set_fuel(u64::MAX),
        };
        let instantiated = has_fuel.and_then(|()| compiled.pre.instantiate(&mut store));
        let (said, last_words) = (store.data_mut().take_utterances(), store.data_mut().take_last_words());
        let instance = match instantiated {
            Ok(policy) => Ok(Self { store, policy, limits: Arc::clone(limits), records_judged: 0, bytes_at_start: 0 }),
            Err(error) => Err(CallError::from_wasmtime(&error, last_words)),
        };
        (instance, said)
    }

    /// Whether a fresh one is to take its place: it has judged enough, or it has grown and would not shrink again.
    pub(super) fn is_worn_out(&self) -> bool {
        let grown_by = self.store.data().meter.used().saturating_sub(self.bytes_at_start);
        self.records_judged >= self.limits.records_per_instance || grown_by > self.limits.memory_growth_bytes
    }

    /// Whether it has judged any record, so that something may be left of it.
    pub(super) fn has_judged(&self) -> bool {
        self.records_judged > 0
    }

    /// Fuel that is left, where it is counted.
    pub(super) fn fuel_left(&self) -> Option<u64> {
        self.store.get_fuel().ok()
    }

    pub(super) fn record_lookups(&mut self) {
        self.store.data_mut().records_lookups = true;
    }

    pub(super) fn describe(&mut self) -> Called<String> {
        self.store.set_hostcall_fuel(self.limits.manifest_bytes);
        let cpu = self.limits.cpu_for_start;
        let called = self.call(cpu, 0, |policy, store| policy.trailwarden_policy_rules().call_describe(store));
        self.store.set_hostcall_fuel(self.limits.output_bytes);
        called
    }

    pub(super) fn configure(&mut self, settings: &str) -> Called<Result<(), String>> {
        let cpu = self.limits.cpu_for_start;
        let called = self.call(cpu, 0, |policy, store| policy.trailwarden_policy_rules().call_configure(store, settings));
        self.bytes_at_start = self.store.data().meter.used();
        called
    }

    pub(super) fn evaluate(&mut self, batch: &Batch) -> Called<Vec<rules::Answer>> {
        let records = u32::try_from(batch.len()).unwrap_or(u32::MAX);
        let cpu = self.limits.cpu_per_call.saturating_add(self.limits.cpu_per_batched_record.saturating_mul(records));
        let lookups = self.limits.lookups_per_record.saturating_mul(u64::from(records));
        let tasks = batch.task_numbers();
        self.records_judged += u64::from(records);
        self.call(cpu, lookups, |policy, store| {
            policy.trailwarden_policy_rules().call_evaluate(store, batch.bytes(), batch.ends(), &tasks)
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
        let (said, last_words) = (self.store.data_mut().take_utterances(), self.store.data_mut().take_last_words());
        (result.map_err(|error| CallError::from_wasmtime(&error, last_words)), said)
    }
}
