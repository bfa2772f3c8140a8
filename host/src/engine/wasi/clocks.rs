//! Clocks that stand still, and waiting that is over at once.
//!
//! A policy that looked at the time would answer differently tomorrow, and a guest that sleeps in a host function sleeps out
//! of reach of epochs. So it is the first of January 1970 for ever, recognisably no time at all, and whoever waits for a later
//! time in a loop runs into the limit on CPU time.

use wasmtime::component::Resource;

use super::AlwaysReady;
use super::bindings::wasi::clocks::{monotonic_clock, wall_clock};
use super::bindings::wasi::io::poll;
use crate::engine::error::Stop;
use crate::engine::state::GuestState;

/// The time at which both clocks stand, in seconds and nanoseconds.
const STILL: wall_clock::Datetime = wall_clock::Datetime { seconds: 0, nanoseconds: 0 };

impl GuestState {
    pub(super) fn nothing_to_wait_for(&mut self) -> wasmtime::Result<Resource<AlwaysReady>> {
        self.hand_out(0)
    }
}

impl poll::HostPollable for GuestState {
    fn ready(&mut self, _handle: Resource<AlwaysReady>) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn block(&mut self, _handle: Resource<AlwaysReady>) -> wasmtime::Result<()> {
        Ok(())
    }

    fn drop(&mut self, _handle: Resource<AlwaysReady>) -> wasmtime::Result<()> {
        self.handle_dropped();
        Ok(())
    }
}

impl poll::Host for GuestState {
    fn poll(&mut self, handles: Vec<Resource<AlwaysReady>>) -> wasmtime::Result<Vec<u32>> {
        if handles.is_empty() {
            return Err(Stop::NothingToPoll.into());
        }
        // A list in linear memory has fewer than 2^32 elements.
        Ok((0..handles.len() as u32).collect())
    }
}

impl monotonic_clock::Host for GuestState {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(STILL.seconds)
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(1)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<AlwaysReady>> {
        self.nothing_to_wait_for()
    }

    fn subscribe_duration(&mut self, _length: u64) -> wasmtime::Result<Resource<AlwaysReady>> {
        self.nothing_to_wait_for()
    }
}

impl wall_clock::Host for GuestState {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(STILL)
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1 })
    }
}
