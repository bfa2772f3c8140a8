//! What is counted, as plain numbers under one lock: a scrape sees all of a chunk or nothing of it.
//!
//! Labels are bounded by what is loaded and configured: what belongs to a policy goes with the policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use policy_contract::name::Name;

use super::histogram::Histogram;
use crate::config::Config;
use crate::digest::Digest;
use crate::engine::FailureKind;
use crate::finding::HostRule;
use crate::limits::{FAILURE_LINES_PER_MINUTE, POLICY_LINES_PER_MINUTE};
use crate::pipeline::{End, FoundCounts, RuleCounts};
use crate::policy::{Catalogue, Step};
use crate::record::Tally;
use crate::sink::Taken;
use crate::store::Usage;
use crate::telemetry::cap::Cap;
use crate::telemetry::log::LeastLevel;
use crate::telemetry::text::cut;

/// Bounds of the histograms of CPU time for one record, in seconds. The limit is 10 ms by default.
const RECORD_CPU_BOUNDS: &[f64] = &[0.000_001, 0.000_01, 0.000_1, 0.001, 0.01, 0.1, 1.0];
/// Bounds of the histograms of CPU time for one call, in seconds.
const CALL_CPU_BOUNDS: &[f64] = &[0.000_01, 0.000_1, 0.001, 0.01, 0.1, 1.0, 10.0];
/// Bounds of the histogram of the time to delivery, in seconds.
const DELIVERY_BOUNDS: &[f64] = &[0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0];

/// What became of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ObjectOutcome {
    /// Read to its end; faults in it are counted with the records.
    Done,
    /// It was announced and is not there.
    Missing,
    /// It could not be opened, and perhaps can be later.
    NotOpened,
    /// It could not be read to its end, and perhaps can be later.
    Interrupted,
}

impl ObjectOutcome {
    pub(super) const ALL: [Self; 4] = [Self::Done, Self::Missing, Self::NotOpened, Self::Interrupted];

    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Missing => "missing",
            Self::NotOpened => "not-opened",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<End> for ObjectOutcome {
    fn from(end: End) -> Self {
        match end {
            End::Whole => Self::Done,
            End::Missing => Self::Missing,
            End::NotOpened => Self::NotOpened,
            End::Interrupted => Self::Interrupted,
        }
    }
}

/// What came of a reload of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reload {
    Taken,
    Refused,
}

impl Reload {
    pub(super) const ALL: [Self; 2] = [Self::Taken, Self::Refused];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Taken => "reloaded",
            Self::Refused => "refused",
        }
    }
}

/// Everything that is counted.
#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) read: Tally,
    pub(crate) evaluated: u64,
    pub(crate) unselected: u64,
    pub(crate) objects: BTreeMap<ObjectOutcome, u64>,
    pub(crate) tasks: TaskCounts,
    pub(crate) delivery: Histogram,
    pub(crate) catalogue: Option<Arc<Catalogue>>,
    pub(crate) policies: BTreeMap<Name, PolicyState>,
    /// By the file's name, as it is told.
    pub(crate) refused: BTreeMap<String, Refused>,
    pub(crate) loaded: u64,
    pub(crate) swapped: u64,
    pub(crate) retired: u64,
    pub(crate) refusals: BTreeMap<Step, u64>,
    pub(crate) reloads: BTreeMap<Reload, u64>,
    pub(crate) configuration: Option<Configuration>,
    pub(crate) host_findings: BTreeMap<HostRule, u64>,
    pub(crate) sinks: BTreeMap<String, SinkState>,
    pub(crate) sources: BTreeMap<String, SourceState>,
    pub(crate) ledger: Option<(u64, u64)>,
    pub(crate) journal: Option<Usage>,
    pub(crate) queues: BTreeMap<&'static str, u64>,
    pub(crate) workers: u64,
    pub(crate) busy: u64,
    pub(crate) requests: BTreeMap<(&'static str, u16), u64>,
    pub(crate) dropped: BTreeMap<&'static str, u64>,
    /// What bounds the lines about objects and records that can't be read.
    pub(crate) fault_lines: Cap,
    /// Lines about objects that were not told.
    pub(crate) object_lines_dropped: u64,
    pub(crate) part_lines: Cap,
    /// The least level that the log tells.
    pub(crate) least_level: LeastLevel,
    /// How many files are refused at present, also beyond those in `refused`.
    pub(crate) refused_files: u64,
}

/// What became of tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct TaskCounts {
    pub(crate) answered: u64,
    pub(crate) failed: u64,
    pub(crate) withheld: u64,
}

/// What is counted for one policy, from when its name first came into force.
#[derive(Clone, Debug)]
pub(crate) struct PolicyState {
    pub(crate) since: Timestamp,
    pub(crate) rules: BTreeMap<Name, RuleState>,
    pub(crate) failures: BTreeMap<(Option<Name>, FailureKind), u64>,
    pub(crate) record_cpu: Histogram,
    pub(crate) call_cpu: Histogram,
    pub(crate) second_runs: u64,
    pub(crate) lines_told: u64,
    pub(crate) lines_dropped: u64,
    pub(crate) quarantined: Option<(Timestamp, String)>,
    pub(crate) log_lines: Cap,
    pub(crate) failure_lines: Cap,
}

/// What is counted for one rule.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RuleState {
    pub(crate) tasks: TaskCounts,
    pub(crate) enforced: FoundCounts,
    pub(crate) shadowed: FoundCounts,
    pub(crate) suppressed: u64,
}

/// A candidate that is refused at present.
#[derive(Clone, Debug)]
pub(crate) struct Refused {
    pub(crate) at: Timestamp,
    pub(crate) step: Step,
    pub(crate) reason: String,
}

/// The configuration in force.
#[derive(Clone, Debug)]
pub(crate) struct Configuration {
    pub(crate) file: Option<PathBuf>,
    pub(crate) digest: Digest,
    pub(crate) since: Timestamp,
    /// Why the last reload was refused, and when; none where it was taken.
    pub(crate) refused: Option<(Timestamp, String)>,
}

/// What is counted for one sink.
#[derive(Clone, Debug, Default)]
pub(crate) struct SinkState {
    /// How many meters of this name there are.
    pub(crate) meters: u64,
    pub(crate) taken: Taken,
    pub(crate) failures: u64,
    pub(crate) is_blocked: bool,
    pub(crate) last: Option<Timestamp>,
}

/// What is counted for one source.
#[derive(Clone, Debug, Default)]
pub(crate) struct SourceState {
    /// How many meters of this name there are.
    pub(crate) meters: u64,
    pub(crate) is_reachable: bool,
    pub(crate) objects: u64,
    pub(crate) last: Option<Timestamp>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            read: Tally::default(),
            evaluated: 0,
            unselected: 0,
            objects: BTreeMap::new(),
            tasks: TaskCounts::default(),
            delivery: Histogram::new(DELIVERY_BOUNDS),
            catalogue: None,
            policies: BTreeMap::new(),
            refused: BTreeMap::new(),
            loaded: 0,
            swapped: 0,
            retired: 0,
            refusals: BTreeMap::new(),
            reloads: BTreeMap::new(),
            configuration: None,
            host_findings: BTreeMap::new(),
            sinks: BTreeMap::new(),
            sources: BTreeMap::new(),
            ledger: None,
            journal: None,
            queues: BTreeMap::new(),
            workers: 0,
            busy: 0,
            requests: BTreeMap::new(),
            dropped: BTreeMap::new(),
            fault_lines: Cap::new(FAILURE_LINES_PER_MINUTE),
            object_lines_dropped: 0,
            part_lines: Cap::new(FAILURE_LINES_PER_MINUTE),
            least_level: LeastLevel::Trace,
            refused_files: 0,
        }
    }
}

impl PolicyState {
    pub(crate) fn new(since: Timestamp) -> Self {
        Self {
            since,
            rules: BTreeMap::new(),
            failures: BTreeMap::new(),
            record_cpu: Histogram::new(RECORD_CPU_BOUNDS),
            call_cpu: Histogram::new(CALL_CPU_BOUNDS),
            second_runs: 0,
            lines_told: 0,
            lines_dropped: 0,
            quarantined: None,
            log_lines: Cap::new(POLICY_LINES_PER_MINUTE),
            failure_lines: Cap::new(FAILURE_LINES_PER_MINUTE),
        }
    }
}

impl TaskCounts {
    pub(crate) fn add(&mut self, counts: &RuleCounts) {
        self.answered += counts.answered();
        self.failed += counts.failed;
        self.withheld += counts.withheld;
    }
}

impl Configuration {
    pub(crate) fn of(config: &Config) -> Self {
        Self { file: config.file.clone(), digest: config.digest, since: Timestamp::now(), refused: None }
    }
}

/// The number under a key; 0 where there is none.
pub(crate) fn count<K: Ord>(counts: &BTreeMap<K, u64>, key: &K) -> u64 {
    counts.get(key).copied().unwrap_or_default()
}

/// A file as it is told: two files that are told alike count as one.
pub(crate) fn file_name(file: &Path) -> String {
    cut(&file.display().to_string())
}
