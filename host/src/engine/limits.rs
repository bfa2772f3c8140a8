//! The limits of one policy's instances, in the units in which they are enforced. What they mean, their defaults and their
//! ranges stand in [`crate::limits`].

use std::time::Duration;

use crate::limits::Limits;

/// CPU time for each of instantiation, `describe` and `configure`, as a multiple of what a record may take: they run once
/// for each instance and not for each record.
const START_FACTOR: u32 = 100;

/// What one policy's instances may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    pub(super) cpu_per_call: Duration,
    pub(super) cpu_per_batched_record: Duration,
    pub(super) cpu_for_start: Duration,
    pub(super) wall_factor: u32,
    pub(super) memory_bytes: usize,
    pub(super) output_bytes: usize,
    pub(super) lookups_per_record: u64,
    pub(super) log_lines_per_call: usize,
    pub(super) log_line_bytes: usize,
    pub(super) findings_per_task: usize,
    pub(super) finding_bytes: usize,
    pub(super) signals_per_record: usize,
    pub(super) signal_bytes: usize,
    pub(super) records_per_instance: u64,
    pub(super) system_handles: usize,
    pub(super) random_bytes_per_call: u64,
}

impl From<&Limits> for GuestLimits {
    fn from(limits: &Limits) -> Self {
        // Every limit has an upper end that a 64-bit platform holds; a smaller platform gets the most that it can hold.
        let size = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
        Self {
            cpu_per_call: limits.cpu_ms_per_record.duration(),
            cpu_per_batched_record: limits.cpu_us_per_batched_record.duration(),
            cpu_for_start: limits.cpu_ms_per_record.duration() * START_FACTOR,
            wall_factor: u32::try_from(limits.wall_time_factor).unwrap_or(u32::MAX),
            memory_bytes: size(limits.memory_mib.bytes()),
            output_bytes: size(limits.output_kib_per_batch.bytes()),
            lookups_per_record: limits.lookups_per_record,
            log_lines_per_call: size(limits.log_lines_per_call),
            log_line_bytes: size(limits.log_line_bytes.bytes()),
            findings_per_task: size(limits.findings_per_record),
            finding_bytes: size(limits.finding_kib.bytes()),
            signals_per_record: size(limits.signals_per_record),
            signal_bytes: size(limits.correlation_key_bytes.bytes()),
            records_per_instance: limits.records_per_instance,
            system_handles: size(limits.system_handles),
            random_bytes_per_call: limits.random_kib_per_call.bytes(),
        }
    }
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}
