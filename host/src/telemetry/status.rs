//! `/status`, `/healthz` and `/readyz` as JSON: what a person or a probe asks for.
//!
//! Neither settings nor a record's content stands in them, and paths are those that the operator named.

use std::collections::BTreeMap;

use policy_contract::manifest::Mode;
use serde::Serialize;

use super::health::{PartKind, PartReport};
use super::metrics::{PolicyState, Snapshot, file_name};
use crate::policy::{LoadedPolicy, LoadedRule};

/// Whether the process is alive and its loops move.
#[derive(Debug, Serialize)]
pub(super) struct Alive {
    status: &'static str,
    /// The parts that stand still or were ended by a panic.
    dead: Vec<PartReport>,
    parts: Vec<PartReport>,
}

/// Whether the host does what it is there for.
#[derive(Debug, Serialize)]
pub(super) struct Ready {
    status: &'static str,
    /// What is missing.
    reasons: Vec<Reason>,
}

/// Something that keeps the host from being ready.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Reason {
    part: String,
    reason: String,
}

impl Alive {
    pub(super) fn of(parts: Vec<PartReport>) -> Self {
        let dead: Vec<PartReport> = parts.iter().filter(|part| part.is_dead()).cloned().collect();
        Self { status: if dead.is_empty() { "ok" } else { "failing" }, dead, parts }
    }

    pub(super) fn dead(&self) -> &[PartReport] {
        &self.dead
    }
}

impl Ready {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        let mut reasons = Vec::new();
        if snapshot.policies().next().is_none() {
            let reason = "no policy is in force; name some with `policy_paths`, or see which were refused in /status".to_owned();
            reasons.push(Reason { part: "policies".to_owned(), reason });
        }
        for part in snapshot.parts.iter().filter(|part| part.required && !part.is_ok()) {
            let reason = part.reason.clone().unwrap_or_else(|| "it has not said yet that it is ready".to_owned());
            reasons.push(Reason { part: part.part.clone(), reason });
        }
        Self { status: if reasons.is_empty() { "ready" } else { "not-ready" }, reasons }
    }

    pub(super) fn is_ready(&self) -> bool {
        self.reasons.is_empty()
    }
}

/// Everything that is known of a running host.
#[derive(Debug, Serialize)]
pub(super) struct Status<'s> {
    version: &'static str,
    started: String,
    ready: Ready,
    configuration: Option<ConfigurationStatus>,
    policies: Vec<PolicyStatus<'s>>,
    /// Candidates that are refused at present, by file.
    refused: BTreeMap<&'s str, RefusedStatus<'s>>,
    sources: Vec<SourceStatus<'s>>,
    sinks: Vec<SinkStatus<'s>>,
    records: RecordsStatus,
    tasks: TasksStatus,
    objects: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Serialize)]
struct ConfigurationStatus {
    file: Option<String>,
    digest: String,
    since: String,
    /// Why the last reload was refused; none where it was taken.
    refused: Option<AtReason>,
}

/// Something that happened, and why.
#[derive(Debug, Serialize)]
struct AtReason {
    at: String,
    reason: String,
}

#[derive(Debug, Serialize)]
struct PolicyStatus<'s> {
    name: &'s str,
    version: &'s str,
    digest: String,
    settings: String,
    tables: BTreeMap<&'s str, String>,
    file: String,
    since: String,
    /// The strictest mode among its rules.
    mode: &'static str,
    quarantined: Option<AtReason>,
    /// Why the last candidate from its file was refused, where it is refused still.
    refused: Option<RefusedStatus<'s>>,
    warm_instances: usize,
    rules: Vec<RuleStatus<'s>>,
}

#[derive(Debug, Serialize)]
struct RefusedStatus<'s> {
    at: String,
    step: &'static str,
    reason: &'s str,
}

#[derive(Debug, Serialize)]
struct RuleStatus<'s> {
    id: &'s str,
    mode: &'static str,
    severity: &'static str,
    tasks: TasksStatus,
    findings: u64,
    shadow_findings: u64,
    suppressed: u64,
}

#[derive(Debug, Serialize)]
struct SourceStatus<'s> {
    name: &'s str,
    state: &'s str,
    reason: Option<&'s str>,
    objects: u64,
    last_object: Option<String>,
}

#[derive(Debug, Serialize)]
struct SinkStatus<'s> {
    name: &'s str,
    required: bool,
    state: &'s str,
    reason: Option<&'s str>,
    findings: u64,
    bytes: u64,
    left_out: u64,
    failures: u64,
    last_write: Option<String>,
}

/// The one sum.
#[derive(Debug, Serialize)]
struct RecordsStatus {
    read: u64,
    evaluated: u64,
    selected_by_no_rule: u64,
    duplicate: u64,
    unreadable: u64,
    not_a_record: u64,
}

#[derive(Debug, Serialize)]
struct TasksStatus {
    answered: u64,
    failed: u64,
    withheld: u64,
}

impl<'s> Status<'s> {
    pub(super) fn of(snapshot: &'s Snapshot) -> Self {
        let state = &snapshot.state;
        let refused = || {
            let status = |refused: &'s super::metrics::Refused| RefusedStatus {
                at: refused.at.to_string(),
                step: refused.step.as_str(),
                reason: &refused.reason,
            };
            state.refused.iter().map(move |(file, refused)| (file.as_str(), status(refused)))
        };
        let mut refused_by_file: BTreeMap<&str, RefusedStatus<'_>> = refused().collect();
        let policies = snapshot.policies().map(|(policy, of_policy)| {
            let refused = refused_by_file.remove(file_name(policy.path()).as_str());
            PolicyStatus::of(policy, of_policy, refused)
        });
        Self {
            version: env!("CARGO_PKG_VERSION"),
            started: snapshot.started.to_string(),
            ready: Ready::of(snapshot),
            configuration: state.configuration.as_ref().map(|configuration| ConfigurationStatus {
                file: configuration.file.as_ref().map(|file| file_name(file)),
                digest: configuration.digest.to_string(),
                since: configuration.since.to_string(),
                refused: configuration.refused.clone().map(|(at, reason)| AtReason { at: at.to_string(), reason }),
            }),
            policies: policies.collect(),
            refused: refused().collect(),
            sources: snapshot.parts.iter().filter_map(|part| SourceStatus::of(snapshot, part)).collect(),
            sinks: snapshot.parts.iter().filter_map(|part| SinkStatus::of(snapshot, part)).collect(),
            records: RecordsStatus {
                read: state.read.items(),
                evaluated: state.evaluated,
                selected_by_no_rule: state.unselected,
                duplicate: state.read.duplicates,
                unreadable: state.read.unreadable,
                not_a_record: state.read.not_records_total(),
            },
            tasks: TasksStatus::of(&state.tasks),
            objects: state.objects.iter().map(|(outcome, number)| (outcome.as_str(), *number)).collect(),
        }
    }
}

impl<'s> PolicyStatus<'s> {
    fn of(policy: &'s LoadedPolicy, of_policy: &PolicyState, refused: Option<RefusedStatus<'s>>) -> Self {
        let identity = policy.identity();
        let has = |mode| policy.rules().iter().any(|rule| rule.mode == mode);
        let mode = [Mode::Enforce, Mode::Shadow].into_iter().find(|mode| has(*mode)).unwrap_or(Mode::Off);
        Self {
            name: identity.name.as_str(),
            version: &identity.version,
            digest: identity.digest.to_string(),
            settings: identity.settings.to_string(),
            tables: identity.tables.iter().map(|(table, digest)| (table.as_str(), digest.to_string())).collect(),
            file: file_name(policy.path()),
            since: of_policy.since.to_string(),
            mode: mode.as_str(),
            quarantined: of_policy.quarantined.clone().map(|(at, reason)| AtReason { at: at.to_string(), reason }),
            refused,
            warm_instances: policy.warm_instances(),
            rules: policy.rules().iter().map(|rule| RuleStatus::of(rule, of_policy)).collect(),
        }
    }
}

impl<'s> RuleStatus<'s> {
    fn of(rule: &'s LoadedRule, of_policy: &PolicyState) -> Self {
        let id = &rule.description.id;
        let counted = of_policy.rules.get(id).copied().unwrap_or_default();
        Self {
            id: id.as_str(),
            mode: rule.mode.as_str(),
            severity: rule.severity.unwrap_or(rule.description.severity).as_str(),
            tasks: TasksStatus::of(&counted.tasks),
            findings: counted.enforced.total(),
            shadow_findings: counted.shadowed.total(),
            suppressed: counted.suppressed,
        }
    }
}

impl TasksStatus {
    fn of(tasks: &super::metrics::TaskCounts) -> Self {
        Self { answered: tasks.answered, failed: tasks.failed, withheld: tasks.withheld }
    }
}

impl<'s> SourceStatus<'s> {
    fn of(snapshot: &'s Snapshot, part: &'s PartReport) -> Option<Self> {
        let counted = snapshot.state.sources.get(&part.name).filter(|_| part.kind == PartKind::Source)?;
        Some(Self {
            name: &part.name,
            state: part.state,
            reason: part.reason.as_deref(),
            objects: counted.objects,
            last_object: counted.last.map(|last| last.to_string()),
        })
    }
}

impl<'s> SinkStatus<'s> {
    fn of(snapshot: &'s Snapshot, part: &'s PartReport) -> Option<Self> {
        let counted = snapshot.state.sinks.get(&part.name).filter(|_| part.kind == PartKind::Sink)?;
        Some(Self {
            name: &part.name,
            required: part.required,
            state: part.state,
            reason: part.reason.as_deref(),
            findings: counted.taken.findings,
            bytes: counted.taken.bytes,
            left_out: counted.taken.left_out,
            failures: counted.failures,
            last_write: counted.last.map(|last| last.to_string()),
        })
    }
}
