//! One worker's judgement of a chunk: route each record, gather what each policy wants into batches, ask the policies.

use std::ops::AddAssign;
use std::sync::Arc;

use policy_contract::fields::Fields;
use policy_contract::manifest::Mode;
use policy_contract::name::Name;

use super::chunk::Chunk;
use super::gather::{Gathered, Gatherer, Next, NotHandedOver};
use crate::engine::{Answer, FailureKind, Guest, Judgement, LogLine, Verdict};
use crate::finding::{Finding, JudgedRecord, Place};
use crate::limits::Limits;
use crate::policy::{Catalogue, LoadedPolicy};

/// What was found in a chunk.
#[derive(Debug, Default)]
pub struct Judged {
    /// Findings, in the order of the records, then of the policies, then of the rules.
    pub findings: Vec<Finding>,
    /// Tasks that failed, in the same order.
    pub failures: Vec<Failure>,
    /// What policies wrote to their logs.
    pub log: Vec<(Name, LogLine)>,
    /// Log lines that were beyond the limit.
    pub log_lines_dropped: u64,
    /// What became of the records and tasks.
    pub counts: JudgedCounts,
}

/// What became of records and tasks. `tasks = answered + failed`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct JudgedCounts {
    /// What became of the records.
    pub records: RoutedCounts,
    /// Rules that were to look at a record.
    pub tasks: u64,
    /// Of the tasks: those that were answered, by a finding or by silence.
    pub answered: u64,
    /// Of the tasks: those that failed.
    pub failed: u64,
    /// Findings of rules in the shadow, which are not in the list.
    pub shadowed: u64,
}

impl AddAssign for JudgedCounts {
    fn add_assign(&mut self, other: Self) {
        self.records.evaluated += other.records.evaluated;
        self.records.unselected += other.records.unselected;
        self.tasks += other.tasks;
        self.answered += other.answered;
        self.failed += other.failed;
        self.shadowed += other.shadowed;
    }
}

/// What became of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoutedCounts {
    /// At least one rule looked at them.
    pub evaluated: u64,
    /// No rule selects them.
    pub unselected: u64,
}

/// A policy that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The policy.
    pub policy: Name,
    /// The rule; none where a batch failed and none of its records shows why.
    pub rule: Option<Name>,
    /// What kind of failure.
    pub kind: FailureKind,
    /// What went wrong, for people.
    pub reason: String,
    /// The record concerned: its object, offset and event key.
    pub record: Option<FailedRecord>,
}

/// The record that a policy failed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedRecord {
    /// The object's name.
    pub object: Arc<str>,
    /// Where in it, in decompressed bytes.
    pub offset: u64,
    /// The event's key.
    pub event_key: String,
}

/// One worker's hold on all policies.
pub struct Judge {
    catalogue: Arc<Catalogue>,
    guests: Vec<Guest>,
    gatherer: Gatherer,
}

/// What one policy said of a chunk, before it is put in order.
struct Said {
    record: usize,
    policy: usize,
    rule: usize,
    what: Result<Verdict, (FailureKind, String)>,
}

impl Judge {
    /// A judge that starts its instances when they are first needed.
    pub fn new(catalogue: Arc<Catalogue>, limits: &Limits) -> Self {
        let guests = catalogue.policies().iter().map(|policy| policy.guest()).collect();
        let gatherer = Gatherer::new(&catalogue, limits);
        Self { catalogue, guests, gatherer }
    }

    /// Judges a chunk.
    pub fn judge(&mut self, chunk: &Chunk) -> Judged {
        let Self { catalogue, guests, gatherer } = self;
        let mut judged = Judged::default();
        let mut said = Vec::new();
        let mut records = RoutedCounts::default();
        let mut subscribers = Vec::new();
        let mut next = |policy: usize, next: Next<'_>| match next {
            Next::Judge(gathered) => {
                hear(&catalogue.policies()[policy], policy, gathered, &mut guests[policy], &mut said, &mut judged)
            }
            Next::Miss { position, rules, why } => miss(policy, position, rules, &why, &mut said, &mut judged),
        };
        for (position, record) in chunk.records.iter().enumerate() {
            let json = &record.record.json;
            match Fields::from_json(json) {
                Ok(fields) => catalogue.router().route(&fields, &mut subscribers),
                // The reader checks that every record is a JSON object; should the two ever disagree, every policy sees it.
                Err(_) => subscribers = catalogue.rules_at_work(),
            }
            if subscribers.is_empty() {
                records.unselected += 1;
            } else {
                records.evaluated += 1;
                gatherer.add(position, json, &subscribers, &mut next);
            }
        }
        gatherer.finish(&mut next);
        judged.counts.records = records;
        said.sort_by_key(|said: &Said| (said.record, said.policy, said.rule));
        self.report(chunk, said, &mut judged);
        judged
    }

    /// Turns what was said into findings and failures.
    fn report(&self, chunk: &Chunk, said: Vec<Said>, judged: &mut Judged) {
        let mut shared: Option<(usize, Arc<JudgedRecord>)> = None;
        for Said { record: position, policy, rule, what } in said {
            let policy = &self.catalogue.policies()[policy];
            let record = &chunk.records[position];
            let failed = |kind, reason| Failure {
                policy: policy.identity().name.clone(),
                rule: policy.rules().get(rule).map(|rule| rule.description.id.clone()),
                kind,
                reason,
                record: Some(FailedRecord {
                    object: Arc::clone(&record.object),
                    offset: record.record.position.offset,
                    event_key: record.record.event_key.as_str().to_owned(),
                }),
            };
            let answered = match what {
                Ok(Verdict::Finding(answered)) => answered,
                // Correlations are refused when a policy is loaded, so that no signal gets this far.
                Ok(Verdict::Signal(_)) => continue,
                Err((kind, reason)) => {
                    judged.failures.push(failed(kind, reason));
                    continue;
                }
            };
            let about = match &shared {
                Some((at, about)) if *at == position => Arc::clone(about),
                _ => {
                    let place = Place { object: record.object.to_string(), offset: record.record.position.offset };
                    match JudgedRecord::new(record.record.json.clone(), record.record.event_key.as_str(), place) {
                        Ok(about) => Arc::new(about),
                        Err(error) => {
                            judged.failures.push(failed(FailureKind::Contract, error.to_string()));
                            continue;
                        }
                    }
                }
            };
            shared = Some((position, Arc::clone(&about)));
            match finding(policy, rule, answered, about) {
                Some(finding) if finding.mode == Mode::Shadow => judged.counts.shadowed += 1,
                Some(finding) => judged.findings.push(finding),
                None => judged.failures.push(failed(FailureKind::Contract, format!("answered for rule number {rule}"))),
            }
        }
    }
}

/// Asks a policy about a batch.
fn hear(loaded: &LoadedPolicy, policy: usize, gathered: &Gathered, guest: &mut Guest, said: &mut Vec<Said>, judged: &mut Judged) {
    let Gathered { batch, records } = gathered;
    let Judgement { answers, failures, unexplained, said: utterances } = guest.judge(batch);
    let tasks = batch.tasks();
    judged.counts.tasks += tasks.len() as u64;
    judged.counts.failed += failures.len() as u64;
    judged.counts.answered += (tasks.len() - failures.len()) as u64;
    let place = |task: usize| (records[tasks[task].record as usize], tasks[task].rule as usize);
    for Answer { task, verdict } in answers {
        let (record, rule) = place(task);
        said.push(Said { record, policy, rule, what: Ok(verdict) });
    }
    for failure in failures {
        let (record, rule) = place(failure.task);
        said.push(Said { record, policy, rule, what: Err((failure.kind, failure.reason)) });
    }
    let name = &loaded.identity().name;
    for error in unexplained {
        let reason = format!("{error}; the batch failed as a whole, and none of its records does so alone");
        judged.failures.push(Failure { policy: name.clone(), rule: None, kind: error.kind(), reason, record: None });
    }
    judged.log.extend(utterances.lines.into_iter().map(|line| (name.clone(), line)));
    judged.log_lines_dropped += utterances.lines_dropped;
}

/// Says of each of a policy's tasks for a record that it failed.
fn miss(policy: usize, record: usize, rules: &[u32], why: &NotHandedOver, said: &mut Vec<Said>, judged: &mut Judged) {
    let failed = |rule: &u32| {
        let reason = format!("the record could not be handed over: {why}");
        Said { record, policy, rule: *rule as usize, what: Err((FailureKind::Contract, reason)) }
    };
    said.extend(rules.iter().map(failed));
    judged.counts.tasks += rules.len() as u64;
    judged.counts.failed += rules.len() as u64;
}

fn finding(
    policy: &LoadedPolicy,
    rule: usize,
    answered: crate::engine::AnsweredFinding,
    record: Arc<JudgedRecord>,
) -> Option<Finding> {
    let rule = policy.rules().get(rule)?;
    Some(Finding {
        policy: Arc::clone(policy.identity()),
        rule: Arc::clone(&rule.description),
        mode: rule.mode,
        severity: rule.severity.or(answered.severity).unwrap_or(rule.description.severity),
        title: answered.title.unwrap_or_else(|| rule.description.title.clone()),
        summary: answered.summary,
        key: answered.key,
        grouping: answered.grouping,
        more: answered.more,
        record,
    })
}
