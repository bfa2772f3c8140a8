//! Limits that nobody has had to tune: constants, listed beside the others by `trailwarden limits`.

use policy_contract::manifest;

use super::passed::Passed;
use crate::engine::FailureKind;
use crate::finding::HostRule;
use crate::policy::Step;

/// What is known of a limit that can't be set.
#[derive(Debug)]
pub struct FixedLimit {
    /// Its name in the list: that of the constant, in lower case.
    pub name: &'static str,
    /// What it bounds, in Markdown.
    pub doc: &'static str,
    /// The value.
    pub value: u64,
    /// The unit's symbol; empty for plain counts.
    pub unit: &'static str,
    /// What happens where it is passed.
    pub passed: Passed,
}

macro_rules! fixed {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $value:expr, $unit:literal => $passed:expr;)+) => {
        $($(#[doc = $doc])+ pub const $name: $type = $value;)+

        /// Every limit that can't be set, in the order of the reference page.
        pub const FIXED: &[FixedLimit] = &[$(FixedLimit {
            name: stringify!($name),
            doc: concat!($($doc),+),
            value: $name as u64,
            unit: $unit,
            passed: $passed,
        }),+];
    };
}

fixed! {
    /// Stack of a guest, in which its calls are nested.
    WASM_STACK: usize = 512 * 1024, "bytes" => Passed::Fails(FailureKind::Trap);
    /// Core instances of one instance of a policy: one, and two more where the host wrapped a module; a runtime of another language brings more.
    CORE_INSTANCES: usize = 32, "" => Passed::Refused(Step::Describe);
    /// Linear memories of one instance of a policy; their bytes count in `memory_mib`.
    MEMORIES: usize = 8, "" => Passed::Refused(Step::Describe);
    /// Tables of one instance of a policy; each element counts as 16 bytes in `memory_mib`.
    TABLES: usize = 32, "" => Passed::Refused(Step::Describe);
    /// Globals of all core modules of a policy's file, for each of which an instance holds 16 bytes.
    GLOBALS: u64 = 20_000, "" => Passed::Refused(Step::World);
    /// Functions of all core modules of a policy's file, for each of which an instance can hold 32 bytes.
    FUNCTIONS: u64 = 200_000, "" => Passed::Refused(Step::World);
    /// Rules of a policy: with the records of a batch, they bound the tasks of a call.
    RULES: usize = manifest::MAX_RULES, "" => Passed::Refused(Step::Describe);
    /// Selectors of all rules of a policy together.
    SELECTORS: usize = manifest::MAX_SELECTORS, "" => Passed::Refused(Step::Describe);
    /// Context tables that a policy may declare.
    DECLARED_TABLES: usize = manifest::MAX_TABLES, "" => Passed::Refused(Step::Describe);
    /// Correlations of a policy.
    CORRELATIONS: usize = manifest::MAX_CORRELATIONS, "" => Passed::Refused(Step::Describe);
    /// Handles of the component model that an instance holds; the contract itself has none.
    COMPONENT_HANDLES: usize = 16, "" => Passed::Fails(FailureKind::Contract);
    /// How often a running guest's clock is looked at: a call can be over its time by this much.
    CLOCK_TICK_MS: u64 = 1, "ms" => Passed::Fails(FailureKind::Time);
    /// Bytes of the examples that a policy's file carries.
    EXAMPLES_BYTES: usize = 4 << 20, "bytes" => Passed::Refused(Step::Examples);
    /// Examples that a policy's file carries.
    EXAMPLE_CASES: usize = 10_000, "" => Passed::Refused(Step::Examples);
    /// CPU time of all examples of a policy together. Each is judged under the defaults of the limits above, whatever is configured.
    EXAMPLES_CPU_SECONDS: u64 = 10, "s" => Passed::Refused(Step::Examples);
    /// Text with which a policy was refused: its answer to its settings, words from its manifest.
    REFUSAL_TEXT: usize = 4_096, "bytes" => Passed::Cut;
    /// Size of the configuration file.
    CONFIG_FILE: u64 = 16 * 1024 * 1024, "bytes" => Passed::Invalid;
    /// Exceptions of one policy, or of one rule.
    EXCEPTIONS: usize = 256, "" => Passed::Invalid;
    /// Conditions of one exception.
    CONDITIONS: usize = 16, "" => Passed::Invalid;
    /// Values in one list of a condition; more belong into a context table.
    CONDITION_VALUES: usize = 256, "" => Passed::Invalid;
    /// Reason and owner of an exception, and each path, pattern and value of a condition.
    EXCEPTION_TEXT: usize = 1_024, "bytes" => Passed::Invalid;
    /// A record's text that is compared with a condition's values; a longer one is there, and equals nothing.
    CONDITION_TEXT: usize = 8_192, "bytes" => Passed::NotMet;
    /// Alternatives in a sink's `take`.
    TAKE_ALTERNATIVES: usize = 64, "" => Passed::Invalid;
    /// Names in one list of a sink's `take`.
    TAKE_NAMES: usize = 256, "" => Passed::Invalid;
    /// Events that a finding of the host lists; all are counted.
    LISTED_EVENTS: usize = 100, "" => Passed::Cut;
    /// Faults of one object that are reported one by one; the others are counted in one more finding.
    FAULTS_REPORTED: u64 = 100, "" => Passed::Reported(HostRule::ObjectUnreadable);
    /// Records of one object that are remembered to know a duplicate; of more, duplicates are judged like any other record.
    REMEMBERED_RECORDS: usize = 1_000_000, "" => Passed::Cut;
    /// Decompressed bytes of an object up to which `compression_ratio` is not looked at.
    RATIO_FREE: u64 = 1 << 20, "bytes" => Passed::Reported(HostRule::ObjectUnreadable);
    /// Items of objects that one worker takes at a time.
    CHUNK_ITEMS: usize = 1_024, "" => Passed::Divided;
    /// Bytes of records at which a worker has taken enough.
    CHUNK_BYTES: usize = 1 << 20, "bytes" => Passed::Divided;
    /// Days for which a file that is done and gone is remembered: when it comes back within them, it is not judged again.
    FILES_REMEMBERED_DAYS: u64 = 30, "days" => Passed::Cut;
    /// Files of a folder that is watched which wait to be read; the others are found again when these are done.
    FILES_READY: usize = 10_000, "" => Passed::Divided;
    /// Findings of a running host about objects that are remembered so that each is told once.
    FINDINGS_REMEMBERED: usize = 10_000, "" => Passed::Cut;
    /// Bytes of records that `policy bench` holds and measures; of more, the first are measured.
    BENCH_BYTES: usize = 256 << 20, "bytes" => Passed::Cut;
    /// Findings that a table shows.
    TABLE_ROWS: usize = 100_000, "" => Passed::Cut;
    /// Text of others in a line of the log, in a label or in a status, before it is made harmless.
    TELEMETRY_TEXT: usize = 1_024, "bytes" => Passed::Cut;
    /// Refused candidates that the status and the metrics name; of more, the first by their paths, and all are counted.
    TOLD_REFUSALS: usize = 1_000, "" => Passed::Cut;
    /// Lines of one policy that are told in the host's log in a minute.
    POLICY_LINES_PER_MINUTE: u64 = 600, "" => Passed::Cut;
    /// Lines that are told in a minute of the failures of one policy, or of objects that can't be read.
    FAILURE_LINES_PER_MINUTE: u64 = 60, "" => Passed::Cut;
    /// Connections to the address of metrics and health at one time.
    HTTP_CONNECTIONS: usize = 64, "" => Passed::Closed;
    /// Size of the head of a request there.
    HTTP_HEAD_BYTES: usize = 16 * 1024, "bytes" => Passed::Closed;
    /// Header lines of a request there.
    HTTP_HEAD_LINES: usize = 64, "" => Passed::Closed;
    /// Time in which the head of a request there has to come.
    HTTP_HEAD_SECONDS: u64 = 5, "s" => Passed::Closed;
    /// Time for a request and its answer there.
    HTTP_SECONDS: u64 = 30, "s" => Passed::Closed;
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::LIMITS;
    use super::*;

    #[test]
    fn no_limit_stands_twice() {
        let names = FIXED.iter().map(|fixed| fixed.name.to_lowercase()).chain(LIMITS.iter().map(|limit| limit.name.to_owned()));
        let names: Vec<String> = names.collect();
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    }
}
