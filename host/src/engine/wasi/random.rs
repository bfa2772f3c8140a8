//! Bytes that look random and are the same in every call.
//!
//! Run-time libraries seed their hash tables and generators. An answer must not depend on it, so every call of a guest begins
//! the same sequence again: equal input gives equal output, on every host, before and after a restart. Nothing secret can be
//! made of these bytes, and a policy has nothing to make. Each draw costs the host time that no epoch interrupts; so a call
//! has a limit.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore as _, SeedableRng as _};

use super::bindings::wasi::random::{insecure, insecure_seed, random};
use crate::engine::error::Stop;
use crate::engine::state::GuestState;

/// Where the sequence begins. Any number does; it may never change, or answers would.
const SEED: u64 = 0;

/// What a call has drawn.
pub(super) struct Draws {
    generator: ChaCha8Rng,
    bytes: u64,
}

impl Default for Draws {
    fn default() -> Self {
        Self { generator: ChaCha8Rng::seed_from_u64(SEED), bytes: 0 }
    }
}

impl GuestState {
    fn draw(&mut self, length: u64) -> wasmtime::Result<&mut ChaCha8Rng> {
        let limit = self.limits().random_bytes_per_call;
        let draws = &mut self.system.call().draws;
        draws.bytes = draws.bytes.saturating_add(length);
        if draws.bytes > limit {
            return Err(Stop::Randomness { limit }.into());
        }
        Ok(&mut draws.generator)
    }

    fn draw_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        let generator = self.draw(length)?;
        // Not more than the limit, which is far below what a vector can hold.
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        generator.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn draw_number(&mut self) -> wasmtime::Result<u64> {
        Ok(self.draw(size_of::<u64>() as u64)?.next_u64())
    }
}

impl random::Host for GuestState {
    fn get_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.draw_bytes(length)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.draw_number()
    }
}

impl insecure::Host for GuestState {
    fn get_insecure_random_bytes(&mut self, length: u64) -> wasmtime::Result<Vec<u8>> {
        self.draw_bytes(length)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        self.draw_number()
    }
}

impl insecure_seed::Host for GuestState {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok((self.draw_number()?, self.draw_number()?))
    }
}
