//! What one guest may use. Each limit is enforced in this folder and nowhere else.

use std::time::Duration;

/// The limits of one policy's instances.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLimits {
    /// Thread CPU time that a call may take besides what its records allow.
    pub cpu_per_call: Duration,
    /// Thread CPU time that each record of a batch adds.
    pub cpu_per_batched_record: Duration,
    /// Thread CPU time for start-up: instantiation, `describe` and `configure`, each.
    pub cpu_for_start: Duration,
    /// How many times the CPU limit a call may take in wall time.
    pub wall_factor: u32,
    /// Bytes of linear memory and tables, summed over an instance.
    pub memory_bytes: usize,
    /// Bytes that one call may hand to the host.
    pub output_bytes: usize,
    /// Look-ups in context tables for one record.
    pub lookups_per_record: u32,
    /// Log lines that one call may write.
    pub log_lines_per_call: usize,
    /// Bytes of one log line.
    pub log_line_bytes: usize,
    /// Findings of one rule for one record.
    pub findings_per_task: usize,
    /// Bytes of one finding.
    pub finding_bytes: usize,
    /// Signals of all rules for one record.
    pub signals_per_record: usize,
    /// Bytes of a signal's key or value.
    pub signal_bytes: usize,
    /// Records after which an instance is replaced by a fresh one.
    pub records_per_instance: u64,
}

impl Default for GuestLimits {
    fn default() -> Self {
        Self {
            cpu_per_call: Duration::from_millis(10),
            cpu_per_batched_record: Duration::from_micros(100),
            cpu_for_start: Duration::from_millis(1000),
            wall_factor: 10,
            memory_bytes: 64 << 20,
            output_bytes: 4 << 20,
            lookups_per_record: 64,
            log_lines_per_call: 32,
            log_line_bytes: 1 << 10,
            findings_per_task: 16,
            finding_bytes: 64 << 10,
            signals_per_record: 16,
            signal_bytes: 512,
            records_per_instance: 100_000,
        }
    }
}

/// The greatest number of records in one batch.
pub const BATCH_RECORDS: usize = 256;
/// The greatest number of bytes of records in one batch, unless a single record is longer.
pub const BATCH_BYTES: usize = 64 << 10;
