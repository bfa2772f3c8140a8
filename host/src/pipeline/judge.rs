//! One worker's judgement of a chunk: route each record, gather what each policy wants into batches, ask the policies.

use std::ops::AddAssign;
use std::sync::Arc;

use policy_contract::fields::Fields;
use policy_contract::manifest::Mode;
use policy_contract::name::Name;

use super::chunk::Chunk;
use crate::engine::{Answer, Batch, FailureKind, Guest, Judgement, LogLine, Verdict};
use crate::finding::{Finding, JudgedRecord, Place};
use crate::limits::Limits;
use crate::policy::{Catalogue, LoadedPolicy};
use crate::record::Handover;

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
    gathering: Vec<Gathering>,
    handover: Handover,
    batch_bytes: usize,
    batch_records: usize,
}

/// A batch that is being filled for one policy, and which record of the chunk each of its records is.
#[derive(Default)]
struct Gathering {
    batch: Batch,
    records: Vec<usize>,
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
        let gathering = catalogue.policies().iter().map(|_| Gathering::default()).collect();
        let batch_bytes = usize::try_from(limits.batch_kib.bytes()).unwrap_or(usize::MAX);
        let batch_records = usize::try_from(limits.batch_records).unwrap_or(usize::MAX);
        Self { catalogue, guests, gathering, handover: Handover::default(), batch_bytes, batch_records }
    }

    /// Judges a chunk.
    pub fn judge(&mut self, chunk: &Chunk) -> Judged {
        let mut judged = Judged::default();
        let mut said = Vec::new();
        let mut subscribers = Vec::new();
        // Taken out, so that a record's forms can be lent to what changes the rest.
        let mut handover = std::mem::take(&mut self.handover);
        for (position, record) in chunk.records.iter().enumerate() {
            let json = &record.record.json;
            match Fields::from_json(json) {
                Ok(fields) => self.catalogue.router().route(&fields, &mut subscribers),
                // The reader checks that every record is a JSON object; should the two ever disagree, every policy sees it.
                Err(_) => subscribers = self.catalogue.rules_at_work(),
            }
            if subscribers.is_empty() {
                judged.counts.records.unselected += 1;
                continue;
            }
            judged.counts.records.evaluated += 1;
            let mut forms = handover.of(json);
            for of_policy in subscribers.chunk_by(|a, b| a.policy == b.policy) {
                let policy = of_policy[0].policy;
                let rules = of_policy.iter().map(|subscriber| subscriber.rule);
                let format = self.catalogue.policies()[policy].record_format();
                match forms.in_format(format) {
                    Ok(handed_over) => self.gather(policy, position, handed_over, rules, &mut said, &mut judged),
                    Err(error) => not_handed_over(policy, position, rules, &error.to_string(), &mut said, &mut judged),
                }
            }
        }
        self.handover = handover;
        for policy in 0..self.guests.len() {
            self.ask(policy, &mut said, &mut judged);
        }
        said.sort_by_key(|said| (said.record, said.policy, said.rule));
        self.report(chunk, said, &mut judged);
        judged
    }

    fn gather(
        &mut self,
        policy: usize,
        position: usize,
        record: &[u8],
        rules: impl Iterator<Item = usize> + Clone,
        said: &mut Vec<Said>,
        judged: &mut Judged,
    ) {
        let Gathering { batch, .. } = &self.gathering[policy];
        let would_overflow = batch.bytes().len() + record.len() > self.batch_bytes || batch.len() >= self.batch_records;
        if would_overflow && !batch.is_empty() {
            self.ask(policy, said, judged);
        }
        let gathering = &mut self.gathering[policy];
        match gathering.batch.push(record, rules.clone().map(|rule| rule as u32)) {
            Ok(()) => gathering.records.push(position),
            Err(error) => not_handed_over(policy, position, rules, &error.to_string(), said, judged),
        }
    }

    /// Asks a policy about what was gathered for it.
    fn ask(&mut self, policy: usize, said: &mut Vec<Said>, judged: &mut Judged) {
        let Gathering { batch, records } = std::mem::take(&mut self.gathering[policy]);
        if batch.is_empty() {
            return;
        }
        let Judgement { answers, failures, unexplained, said: utterances } = self.guests[policy].judge(&batch);
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
        let name = &self.catalogue.policies()[policy].identity().name;
        for error in unexplained {
            let reason = format!("{error}; the batch failed as a whole, and none of its records does so alone");
            judged.failures.push(Failure { policy: name.clone(), rule: None, kind: error.kind(), reason, record: None });
        }
        judged.log.extend(utterances.lines.into_iter().map(|line| (name.clone(), line)));
        judged.log_lines_dropped += utterances.lines_dropped;
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

/// Says of each of a policy's tasks for a record that it failed.
fn not_handed_over(
    policy: usize,
    record: usize,
    rules: impl Iterator<Item = usize>,
    reason: &str,
    said: &mut Vec<Said>,
    judged: &mut Judged,
) {
    let reason = format!("the record could not be handed over: {reason}");
    let before = said.len();
    said.extend(rules.map(|rule| Said { record, policy, rule, what: Err((FailureKind::Contract, reason.clone())) }));
    let tasks = (said.len() - before) as u64;
    judged.counts.tasks += tasks;
    judged.counts.failed += tasks;
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
