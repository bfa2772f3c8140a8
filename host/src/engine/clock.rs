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

/// Tells the CPU time of calls that this thread makes, one after the other.
///
/// To ask for the thread's CPU time takes most of a microsecond, as long as judging several records (910 ns measured, against
/// 48 for the time of day). So it is asked only about calls that took a [`TICK`] and more: a shorter one has hardly been
/// interrupted, and its CPU time is the time that it took. From a longer one is taken what the thread did not run, since the
/// CPU clock was last read.
#[derive(Debug)]
pub struct CpuWatch {
    cpu: Duration,
    wall: Instant,
}

impl CpuWatch {
    /// A watch for the thread that calls this.
    pub fn start() -> Self {
        Self { cpu: thread_cpu_time(), wall: Instant::now() }
    }

    /// Makes a call, and tells its CPU time.
    pub fn time<T>(&mut self, call: impl FnOnce() -> T) -> (T, Duration) {
        let begin = Instant::now();
        let value = call();
        let end = Instant::now();
        let took = end.duration_since(begin);
        if took < TICK {
            return (value, took);
        }
        let used = thread_cpu_time();
        let not_run = end.duration_since(self.wall).saturating_sub(used.saturating_sub(self.cpu));
        *self = Self { cpu: used, wall: end };
        (value, took.saturating_sub(not_run))
    }
}

/// When a call must have ended.
///
/// The thread's CPU clock is asked only when a call is still running at a tick, since asking takes as long as judging several
/// records and nearly every call ends before. So CPU time counts from the first tick on: a call has its limit and at most what
/// it used until then, about one [`TICK`].
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    cpu_end: Option<Duration>,
    cpu_limit: Duration,
    wall_end: Instant,
    wall_limit: Duration,
}

impl Deadline {
    /// A deadline that begins to run now, for a call made on this thread.
    pub fn starting_now(cpu_limit: Duration, wall_factor: u32) -> Self {
        let wall_limit = cpu_limit.saturating_mul(wall_factor);
        Self { cpu_end: None, cpu_limit, wall_end: Instant::now() + wall_limit, wall_limit }
    }

    /// Whether the call may go on.
    ///
    /// # Errors
    /// [`Stop::CpuTime`] or [`Stop::WallTime`] where it may not.
    pub fn check(&mut self) -> Result<(), Stop> {
        let used = thread_cpu_time();
        if used >= *self.cpu_end.get_or_insert(used.saturating_add(self.cpu_limit)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn work_for(cpu: Duration) {
        let begin = thread_cpu_time();
        while thread_cpu_time() - begin < cpu {
            std::hint::spin_loop();
        }
    }

    #[test]
    fn cpu_time_counts_from_the_first_check_and_ends_the_call() {
        let mut deadline = Deadline::starting_now(Duration::from_millis(5), 10_000);
        assert_eq!(deadline.check(), Ok(()));
        work_for(Duration::from_millis(2));
        assert_eq!(deadline.check(), Ok(()));
        work_for(Duration::from_millis(4));
        assert_eq!(deadline.check(), Err(Stop::CpuTime { limit: Duration::from_millis(5) }));
    }

    #[test]
    fn a_call_that_slept_has_used_what_it_worked() {
        let mut watch = CpuWatch::start();
        let (_, short) = watch.time(|| work_for(Duration::from_micros(200)));
        assert!((Duration::from_micros(200)..Duration::from_secs(1)).contains(&short), "{short:?}");
        let (_, slept) = watch.time(|| thread::sleep(Duration::from_millis(300)));
        assert!(slept < Duration::from_millis(100), "{slept:?}");
        let (value, worked) = watch.time(|| {
            thread::sleep(Duration::from_millis(300));
            work_for(Duration::from_millis(20));
            7
        });
        assert!((Duration::from_millis(19)..Duration::from_millis(120)).contains(&worked) && value == 7, "{worked:?}");
    }

    #[test]
    fn a_thread_that_was_not_scheduled_has_used_no_cpu_time_but_wall_time_ends() {
        // So long that a crowded machine sleeps no multiple of it.
        let mut deadline = Deadline::starting_now(Duration::from_millis(100), 5);
        assert_eq!(deadline.check(), Ok(()));
        thread::sleep(Duration::from_millis(110));
        assert_eq!(deadline.check(), Ok(()));
        thread::sleep(Duration::from_millis(400));
        assert_eq!(deadline.check(), Err(Stop::WallTime { limit: Duration::from_millis(500) }));
    }
}
