//! Every limit, once: what it bounds, its default, its unit, the range in which it may be set, and what happens where it is
//! passed.
//!
//! The configuration's `[limits]`, `trailwarden limits` and the reference page are all made from [`LIMITS`] and [`FIXED`];
//! the stages read the fields of [`Limits`]. A key's unit stands in its name and in its type, so that nobody multiplies by hand.

mod fixed;
mod page;
mod passed;
mod quantity;

use std::time::Duration;

pub use self::fixed::*;
pub use self::page::markdown;
pub use self::passed::Passed;
pub use self::quantity::{Bytes, Kibibytes, Mebibytes, Microseconds, Milliseconds, Quantity, Seconds};
use crate::engine::FailureKind;
use crate::finding::HostRule;
use crate::policy::Step;

/// What a limit is set for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The whole host: `[limits]` only.
    Host,
    /// Each policy: `[limits]` for all, `[policies.NAME.limits]` for one.
    Policy,
}

/// What is known of one limit.
#[derive(Debug)]
pub struct LimitDefinition {
    /// The key in the configuration and the field of [`Limits`].
    pub name: &'static str,
    /// What it bounds, in Markdown.
    pub doc: &'static str,
    /// The unit's symbol; empty for plain counts.
    pub unit: &'static str,
    /// The value unless the configuration says otherwise, in the unit.
    pub default: u64,
    /// The least that may be set, in the unit.
    pub min: u64,
    /// The most that may be set, in the unit.
    pub max: u64,
    /// What it is set for.
    pub scope: Scope,
    /// What happens where it is passed.
    pub passed: Passed,
    bytes_in_unit: u64,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

/// A value outside a limit's range.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("'{name}' is {value} and must be between {min} and {max}{}{unit}", if unit.is_empty() { "" } else { " " })]
pub struct OutOfRange {
    /// The limit.
    pub name: &'static str,
    /// What was to be set.
    pub value: String,
    /// The least that may be set.
    pub min: u64,
    /// The most that may be set.
    pub max: u64,
    /// The unit's symbol; empty for plain counts.
    pub unit: &'static str,
}

/// Two limits of which one makes no sense beside the other.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "'{smaller}' is {smaller_bytes} bytes and must not be larger than '{larger}', which is {larger_bytes} bytes; change one of them"
)]
pub struct Disagreement {
    /// The limit that must be the smaller one.
    pub smaller: &'static str,
    /// What it is, in bytes.
    pub smaller_bytes: u64,
    /// The limit that must not be smaller.
    pub larger: &'static str,
    /// What it is, in bytes.
    pub larger_bytes: u64,
}

macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $quantity:ty = $default:literal in $min:literal..=$max:literal, $scope:ident => $passed:expr;)+) => {
        /// The limits in force.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $quantity,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: <$quantity>::of($default),)+ }
            }
        }

        /// Every limit, in the order of the reference page.
        pub const LIMITS: &[LimitDefinition] = &[$(LimitDefinition {
            name: stringify!($name),
            doc: concat!($($doc),+),
            unit: <$quantity as Quantity>::UNIT,
            default: $default,
            min: $min,
            max: $max,
            scope: Scope::$scope,
            passed: $passed,
            bytes_in_unit: <$quantity as Quantity>::BYTES,
            get: |limits| limits.$name.number(),
            set: |limits, number| limits.$name = <$quantity>::of(number),
        }),+];
    };
}

limits! {
    /// CPU time of one call, before what its records add.
    cpu_ms_per_record: Milliseconds = 10 in 1..=60_000, Policy => Passed::Fails(FailureKind::Time);
    /// CPU time that each record of a batch adds to the bound of the batch's call.
    cpu_us_per_batched_record: Microseconds = 100 in 0..=1_000_000, Policy => Passed::Fails(FailureKind::Time);
    /// CPU time of each of the steps in which an instance is made ready: instantiation, `describe`, `configure`.
    start_cpu_ms: Milliseconds = 1_000 in 1..=600_000, Policy => Passed::CannotStart(Step::Configure);
    /// Wall time of a call, as a multiple of its CPU time: it ends calls that wait without using CPU.
    wall_time_factor: u64 = 10 in 1..=1_000, Policy => Passed::Fails(FailureKind::Time);
    /// Memory of one instance: all its linear memories and tables together.
    memory_mib: Mebibytes = 64 in 1..=4_096, Policy => Passed::Fails(FailureKind::Memory);
    /// Memory of all instances of all policies together. Warm instances make room first.
    memory_budget_mib: Mebibytes = 1_024 in 1..=1_048_576, Host => Passed::Fails(FailureKind::Memory);
    /// Memory that an instance may have beyond what it had when it was configured, and still be kept warm.
    memory_growth_mib: Mebibytes = 16 in 0..=4_096, Policy => Passed::Replaced;
    /// Records that one instance judges before a fresh one takes its place.
    records_per_instance: u64 = 100_000 in 1..=1_000_000_000, Policy => Passed::Replaced;
    /// Instances of all policies and workers that are kept warm together; the one that was used least recently goes first.
    warm_instances: u64 = 2_048 in 0..=1_000_000, Host => Passed::Replaced;
    /// Time for which an instance is kept warm without being used.
    idle_seconds: Seconds = 60 in 1..=86_400, Host => Passed::Replaced;
    /// One record in so many, on average, is judged a second time, alone on a fresh instance; a difference is the failure. 0: none.
    second_run_every: u64 = 10_000 in 0..=1_000_000_000, Policy => Passed::Fails(FailureKind::Impure);
    /// Findings for one record from one rule.
    findings_per_record: u64 = 16 in 1..=1_024, Policy => Passed::Fails(FailureKind::Output);
    /// Size of one finding.
    finding_kib: Kibibytes = 64 in 1..=1_024, Policy => Passed::Fails(FailureKind::Output);
    /// Size of everything that a policy answers for one batch, and of what it hands over in one call of the host.
    output_kib_per_batch: Kibibytes = 4_096 in 1..=65_536, Policy => Passed::Fails(FailureKind::Contract);
    /// Length of the text with which a task fails: a rule's own error, a panic's message.
    failure_text_bytes: Bytes = 1_024 in 64..=65_536, Policy => Passed::Cut;
    /// Log lines that are kept of one call, and of all calls that repeat a failed one; more are counted and dropped.
    log_lines_per_call: u64 = 32 in 0..=10_000, Policy => Passed::Cut;
    /// Length of one log line; the rest is cut off.
    log_line_bytes: Bytes = 1_024 in 64..=65_536, Policy => Passed::Cut;
    /// Signals for one record.
    signals_per_record: u64 = 16 in 1..=1_024, Policy => Passed::Fails(FailureKind::Output);
    /// Length of a correlation's key or value.
    correlation_key_bytes: Bytes = 512 in 16..=4_096, Policy => Passed::Fails(FailureKind::Output);
    /// Context look-ups for one record.
    lookups_per_record: u64 = 64 in 0..=100_000, Policy => Passed::Fails(FailureKind::Lookup);
    /// Length of the value or key that a context table is asked for.
    lookup_key_bytes: Bytes = 8_192 in 64..=1_048_576, Policy => Passed::Fails(FailureKind::Lookup);
    /// Length of what a context table answers.
    lookup_answer_kib: Kibibytes = 256 in 1..=16_384, Policy => Passed::Fails(FailureKind::Lookup);
    /// Handles (clocks, streams, what can be waited for) that an instance may hold of the empty system that policies in other languages get.
    system_handles: u64 = 256 in 16..=65_536, Policy => Passed::Fails(FailureKind::System);
    /// Random bytes of one call, for policies in other languages; they are the same in every call.
    random_kib_per_call: Kibibytes = 16 in 0..=1_024, Policy => Passed::Fails(FailureKind::System);
    /// Size of a policy's file.
    component_mib: Mebibytes = 32 in 1..=1_024, Host => Passed::Refused(Step::Read);
    /// Memory (address space) of the process that compiles a policy.
    compile_memory_mib: Mebibytes = 3_072 in 128..=65_536, Host => Passed::Refused(Step::Compile);
    /// CPU time of the process that compiles a policy. A policy that goes beyond it, or beyond the memory or the deadline, is tried once more, unoptimised.
    compile_cpu_seconds: Seconds = 60 in 1..=3_600, Host => Passed::Refused(Step::Compile);
    /// Wall time for the compilation of a policy.
    compile_deadline_seconds: Seconds = 180 in 1..=7_200, Host => Passed::Refused(Step::Compile);
    /// Size of the machine code that a policy is compiled to.
    compiled_mib: Mebibytes = 256 in 1..=4_096, Host => Passed::Refused(Step::Compile);
    /// Size of the folder with compiled policies; those used longest ago are deleted.
    cache_mib: Mebibytes = 4_096 in 1..=1_048_576, Host => Passed::Deleted;
    /// Size of a policy's manifest as JSON.
    manifest_kib: Kibibytes = 4_096 in 1..=65_536, Host => Passed::Refused(Step::Describe);
    /// Size of a policy's settings as JSON.
    settings_kib: Kibibytes = 1_024 in 1..=16_384, Host => Passed::Invalid;
    /// Size of a context table's file.
    table_file_mib: Mebibytes = 16 in 1..=1_024, Host => Passed::Invalid;
    /// Tasks of a policy, one after the other, of which the larger part failed, before it can be quarantined; 0: only a policy that can't start is.
    quarantine_tasks: u64 = 1_000 in 0..=1_000_000, Host => Passed::Quarantined;
    /// Principals at whose records a policy must fail before it can be quarantined. See [quarantine](../explanation/quarantine.md).
    quarantine_principals: u64 = 8 in 2..=1_000, Host => Passed::Quarantined;
    /// Kinds of event (source and name) at which a policy must fail before it can be quarantined.
    quarantine_event_kinds: u64 = 8 in 2..=1_000, Host => Passed::Quarantined;
    /// What the journal of failed tasks holds; what has no room is reported and counted.
    journal_mib: Mebibytes = 256 in 1..=65_536, Host => Passed::Reported(HostRule::JournalFull);
    /// Size of one object, decompressed.
    object_mib: Mebibytes = 1_024 in 1..=65_536, Host => Passed::Reported(HostRule::ObjectUnreadable);
    /// How many times larger than its compressed form an object may become.
    compression_ratio: u64 = 200 in 2..=1_100, Host => Passed::Reported(HostRule::ObjectUnreadable);
    /// Size of one record.
    record_kib: Kibibytes = 1_024 in 1..=65_536, Host => Passed::Reported(HostRule::RecordUnreadable);
    /// How deeply objects and arrays of a record may be nested.
    nesting_depth: u64 = 64 in 16..=127, Host => Passed::Reported(HostRule::RecordUnreadable);
    /// Size of the records that are handed to a policy in one call; a larger record is handed over alone.
    batch_kib: Kibibytes = 64 in 1..=4_096, Host => Passed::Divided;
    /// Records that are handed to a policy in one call.
    batch_records: u64 = 256 in 1..=65_536, Host => Passed::Divided;
}

/// Pairs of sizes of which the first must fit into the second.
const MUST_FIT: [(&str, &str); 7] = [
    ("memory_mib", "memory_budget_mib"),
    ("finding_kib", "output_kib_per_batch"),
    ("component_mib", "compile_memory_mib"),
    ("compiled_mib", "compile_memory_mib"),
    ("record_kib", "object_mib"),
    ("lookup_key_bytes", "output_kib_per_batch"),
    ("log_line_bytes", "output_kib_per_batch"),
];

impl LimitDefinition {
    /// The limit of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        LIMITS.iter().find(|limit| limit.name == name)
    }

    /// What it is set to, in its unit.
    pub fn value(&self, limits: &Limits) -> u64 {
        (self.get)(limits)
    }

    /// Sets it, in its unit.
    ///
    /// # Errors
    /// The value is outside the range; nothing is set then.
    pub fn set(&self, limits: &mut Limits, value: u64) -> Result<(), OutOfRange> {
        if (self.min..=self.max).contains(&value) {
            (self.set)(limits, value);
            return Ok(());
        }
        Err(self.out_of_range(value.to_string()))
    }

    /// The error for a value that is outside the range, or that is no `u64` at all.
    pub fn out_of_range(&self, value: String) -> OutOfRange {
        OutOfRange { name: self.name, value, min: self.min, max: self.max, unit: self.unit }
    }

    fn bytes(&self, limits: &Limits) -> u64 {
        self.value(limits).saturating_mul(self.bytes_in_unit)
    }
}

impl Limits {
    /// Every pair of limits that do not fit together.
    pub fn disagreements(&self) -> Vec<Disagreement> {
        let pairs = MUST_FIT.iter().filter_map(|(smaller, larger)| {
            let (smaller, larger) = (LimitDefinition::named(smaller)?, LimitDefinition::named(larger)?);
            let (smaller_bytes, larger_bytes) = (smaller.bytes(self), larger.bytes(self));
            let disagree = smaller_bytes > larger_bytes;
            disagree.then_some(Disagreement { smaller: smaller.name, smaller_bytes, larger: larger.name, larger_bytes })
        });
        pairs.collect()
    }

    /// CPU time of the calling thread for one call that judges so many records.
    pub fn cpu_time(&self, records: usize) -> Duration {
        let records = u32::try_from(records).unwrap_or(u32::MAX);
        let added = self.cpu_us_per_batched_record.duration().saturating_mul(records);
        self.cpu_ms_per_record.duration().saturating_add(added)
    }

    /// Wall time for one call that judges so many records.
    pub fn wall_time(&self, records: usize) -> Duration {
        let factor = u32::try_from(self.wall_time_factor).unwrap_or(u32::MAX);
        self.cpu_time(records).saturating_mul(factor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_in_range_and_fit_together() {
        let mut limits = Limits::default();
        for limit in LIMITS {
            assert_eq!(limit.value(&limits), limit.default, "{}", limit.name);
            limit.set(&mut limits, limit.default).unwrap();
        }
        assert_eq!(limits, Limits::default());
        assert_eq!(limits.disagreements(), []);
    }

    #[test]
    fn every_limit_can_be_set_to_both_ends_of_its_range_and_no_further() {
        for limit in LIMITS {
            let mut limits = Limits::default();
            for value in [limit.min, limit.max] {
                limit.set(&mut limits, value).unwrap();
                assert_eq!(limit.value(&limits), value);
            }
            let refused = limit.set(&mut limits, limit.max + 1).unwrap_err();
            assert_eq!(limit.value(&limits), limit.max);
            assert!(refused.to_string().contains(limit.name), "{refused}");
        }
    }

    #[test]
    fn a_unit_that_a_name_ends_with_is_the_unit_of_the_value() {
        for limit in LIMITS {
            for (part, unit) in
                [("_ms", "ms"), ("_us", "µs"), ("_mib", "MiB"), ("_kib", "KiB"), ("_bytes", "bytes"), ("_seconds", "s")]
            {
                assert_eq!(limit.name.contains(part), limit.unit == unit, "{}", limit.name);
            }
        }
    }

    #[test]
    fn sizes_that_do_not_fit_are_named_with_both_values() {
        let limits = Limits { memory_mib: Mebibytes(2_048), ..Limits::default() };
        let expected = Disagreement {
            smaller: "memory_mib",
            smaller_bytes: 2_048 * 1024 * 1024,
            larger: "memory_budget_mib",
            larger_bytes: 1_024 * 1024 * 1024,
        };
        assert_eq!(limits.disagreements(), [expected]);
        for (smaller, larger) in MUST_FIT {
            for name in [smaller, larger] {
                assert_ne!(LimitDefinition::named(name).unwrap().bytes_in_unit, 0, "{name}");
            }
        }
    }

    #[test]
    fn a_batch_has_time_for_a_record_and_a_little_for_each() {
        let limits = Limits::default();
        assert_eq!(limits.cpu_time(256), Duration::from_micros(10_000 + 25_600));
        assert_eq!(limits.wall_time(0), Duration::from_millis(100));
        assert!(limits.wall_time(usize::MAX) > limits.cpu_time(usize::MAX));
    }
}
