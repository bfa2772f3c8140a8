//! What the operating system says of this process: its clocks and limits, and `/proc/self` where there is one
//! (proc_pid_status(5)). Where something is not there it is left out: a host without these figures still does its work.

use std::fs;

use rustix::process::{Resource, getrlimit};
use rustix::time::{ClockId, clock_gettime};

/// What is known of this process.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Process {
    /// Seconds in user mode and in the system's.
    pub(super) cpu_seconds: f64,
    pub(super) resident_bytes: Option<u64>,
    pub(super) virtual_bytes: Option<u64>,
    pub(super) threads: Option<u64>,
    pub(super) open_fds: Option<u64>,
    /// None where any number is allowed.
    pub(super) max_fds: Option<u64>,
}

impl Process {
    /// Looks it up now.
    pub(super) fn now() -> Self {
        let cpu = clock_gettime(ClockId::ProcessCPUTime);
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        Self {
            cpu_seconds: cpu.tv_sec as f64 + cpu.tv_nsec as f64 / 1e9,
            // The folder that is read here is open too.
            open_fds: fs::read_dir("/proc/self/fd").ok().map(|entries| (entries.count() as u64).saturating_sub(1)),
            max_fds: getrlimit(Resource::Nofile).current,
            ..Self::of_status(&status)
        }
    }

    fn of_status(status: &str) -> Self {
        let number = |key: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
            line.split_whitespace().next()?.parse::<u64>().ok()
        };
        let bytes = |key| number(key).map(|kibibytes| kibibytes.saturating_mul(1024));
        Self { resident_bytes: bytes("VmRSS"), virtual_bytes: bytes("VmSize"), threads: number("Threads"), ..Self::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_bytes_and_what_is_not_there_is_left_out() {
        let status = "Name:\tVmRSS: 9\nVmSize:\t    2048 kB\nVmRSS:\t       3 kB\nThreads:\t7\n";
        let of = Process::of_status(status);
        assert_eq!((of.resident_bytes, of.virtual_bytes, of.threads), (Some(3 * 1024), Some(2 << 20), Some(7)));
        assert_eq!(Process::of_status("VmRSSx: 1\nThreads: many\n"), Process::default());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_told_of() {
        let process = Process::now();
        assert!(process.resident_bytes.is_some_and(|bytes| bytes > 1 << 20), "{process:?}");
        assert!(process.virtual_bytes > process.resident_bytes && process.cpu_seconds > 0.0, "{process:?}");
        assert!(process.open_fds.is_some_and(|open| open > 0) && process.threads > Some(0), "{process:?}");
    }
}
