//! Time limits: CPU time of the calling thread, with wall time as a backstop.
//!
//! Epochs only wake the check; what decides is the thread's CPU clock, since a crowded or throttled machine must not fail a
//! good policy that was merely not scheduled.

use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};
use wasmtime::EngineWeak;

use super::error::Stop;
use crate::limits::CLOCK_TICK_MS;

/// How often running guests are checked.
pub const TICK: Duration = Duration::from_millis(CLOCK_TICK_MS);

/// CPU time that the calling thread has used since it began.
pub fn thread_cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(seconds, nanoseconds)
}

/// When a call must have ended.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    cpu_end: Duration,
    cpu_limit: Duration,
    wall_end: Instant,
    wall_limit: Duration,
}

impl Deadline {
    /// A deadline that begins to run now, for a call made on this thread.
    pub fn starting_now(cpu_limit: Duration, wall_factor: u32) -> Self {
        let wall_limit = cpu_limit.saturating_mul(wall_factor);
        Self { cpu_end: thread_cpu_time() + cpu_limit, cpu_limit, wall_end: Instant::now() + wall_limit, wall_limit }
    }

    /// Whether the call may go on.
    ///
    /// # Errors
    /// [`Stop::CpuTime`] or [`Stop::WallTime`] where it may not.
    pub fn check(&self) -> Result<(), Stop> {
        if thread_cpu_time() >= self.cpu_end {
            return Err(Stop::CpuTime { limit: self.cpu_limit });
        }
        if Instant::now() >= self.wall_end {
            return Err(Stop::WallTime { limit: self.wall_limit });
        }
        Ok(())
    }
}

/// Starts the thread that wakes the checks. It holds the engine weakly and ends with it; after a stall it goes on with
/// single ticks instead of catching up.
///
/// # Errors
/// The operating system refuses another thread.
pub fn start_ticker(engine: EngineWeak) -> std::io::Result<()> {
    thread::Builder::new().name("epoch-ticker".into()).spawn(move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    })?;
    Ok(())
}
