//! How a process that compiles says that memory has run out, which is the one end that it can't report afterwards: Rust ends a
//! process whose allocation fails, by the same signal as after any other abort.

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::Write as _;
use std::sync::atomic::{AtomicBool, Ordering};

/// The report, ready: it is written when there is no memory to make one.
const REPORT: &[u8] = b"\n\"OutOfMemory\"\n";

static REPORTS: AtomicBool = AtomicBool::new(false);

/// The system's allocator. In a process that compiles, it also reports an allocation that failed; everywhere else it does
/// nothing of its own. The binary names it as `#[global_allocator]`.
pub struct ReportingAllocator;

/// From now on, this process reports an allocation that fails.
pub(super) fn report_failures() {
    REPORTS.store(true, Ordering::Relaxed);
}

fn noted(memory: *mut u8) -> *mut u8 {
    if memory.is_null() && REPORTS.load(Ordering::Relaxed) {
        // Standard error has no buffer, so that this allocates nothing. If it fails, nobody is there to be told.
        let _ = std::io::stderr().write_all(REPORT);
    }
    memory
}

#[allow(unsafe_code, reason = "an allocator can't be written without")]
// SAFETY: every method hands its arguments to the system's allocator and gives back its answer, so what its caller
// guarantees and may expect is what that allocator demands and gives.
unsafe impl GlobalAlloc for ReportingAllocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        noted(unsafe { System.alloc(layout) })
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        noted(unsafe { System.alloc_zeroed(layout) })
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above.
        noted(unsafe { System.realloc(memory, layout, size) })
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::report::Report;
    use super::*;

    #[test]
    fn the_ready_report_is_one() {
        assert_eq!(Report::last_in(REPORT), Some(Report::OutOfMemory));
    }
}
