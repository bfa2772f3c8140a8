//! The limits of one policy's instances, in the units in which they are enforced. What they mean, their defaults and their
//! ranges stand in [`crate::limits`].

use std::time::Duration;

use crate::limits::Limits;

/// What one policy's instances may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    pub(super) cpu_per_call: Duration,
    pub(super) cpu_per_batched_record: Duration,
    pub(super) cpu_for_start: Duration,
    pub(super) wall_factor: u32,
    pub(super) memory_bytes: usize,
    pub(super) memory_growth_bytes: usize,
    pub(super) output_bytes: usize,
    pub(super) manifest_bytes: usize,
    pub(super) failure_text_bytes: usize,
    pub(super) lookups_per_record: u64,
    pub(super) lookup_key_bytes: usize,
    pub(super) lookup_answer_bytes: usize,
    pub(super) log_lines_per_call: usize,
    pub(super) log_line_bytes: usize,
    pub(super) findings_per_task: usize,
    pub(super) finding_bytes: usize,
    pub(super) signals_per_record: usize,
    pub(super) signal_bytes: usize,
    pub(super) records_per_instance: u64,
    pub(super) second_run_every: u64,
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
            cpu_for_start: limits.start_cpu_ms.duration(),
            wall_factor: u32::try_from(limits.wall_time_factor).unwrap_or(u32::MAX),
            memory_bytes: size(limits.memory_mib.bytes()),
            memory_growth_bytes: size(limits.memory_growth_mib.bytes()),
            output_bytes: size(limits.output_kib_per_batch.bytes()),
            manifest_bytes: size(limits.manifest_kib.bytes()),
            failure_text_bytes: size(limits.failure_text_bytes.bytes()),
            lookups_per_record: limits.lookups_per_record,
            lookup_key_bytes: size(limits.lookup_key_bytes.bytes()),
            lookup_answer_bytes: size(limits.lookup_answer_kib.bytes()),
            log_lines_per_call: size(limits.log_lines_per_call),
            log_line_bytes: size(limits.log_line_bytes.bytes()),
            findings_per_task: size(limits.findings_per_record),
            finding_bytes: size(limits.finding_kib.bytes()),
            signals_per_record: size(limits.signals_per_record),
            signal_bytes: size(limits.correlation_key_bytes.bytes()),
            records_per_instance: limits.records_per_instance,
            second_run_every: limits.second_run_every,
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
