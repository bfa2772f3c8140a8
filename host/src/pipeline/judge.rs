//! One worker's judgement of a chunk: route each record, gather what each policy wants into batches, ask the policies.

use std::ops::AddAssign;
use std::sync::Arc;

use policy_contract::fields::Fields;
use policy_contract::image::Image;
use policy_contract::manifest::{Mode, RecordFormat};
use policy_contract::name::Name;

use super::chunk::Chunk;
use super::counts::{Call, RuleCounts, of_rule};
use super::gather::{Gathered, Gatherer, Next};
use super::quarantine::{Board, Thresholds, Trial};
use super::sample::sample_number;
use crate::engine::{Answer, CpuWatch, FailureKind, Guest, Judgement, LogLine, Verdict};
use crate::finding::{Finding, JudgedRecord, Place, Suppression};
use crate::limits::Limits;
use crate::policy::{Catalogue, LoadedPolicy, LoadedRule, Subscriber};
use crate::pulse::Pulse;
use crate::record::{Forms, Handover};

/// What was found in a chunk.
#[derive(Debug, Default)]
pub struct Judged {
    /// Findings, in the order of the records, then of the policies, then of the rules.
    pub findings: Vec<Finding>,
    /// Findings of rules in the shadow that no exception suppresses, in the same order.
    pub shadowed: Vec<Finding>,
    /// Findings that exceptions suppress, in the same order.
    pub suppressed: Vec<Finding>,
    /// Failures of policies, in the same order.
    pub failures: Vec<Failure>,
    /// What policies wrote to their logs.
    pub log: Vec<(Name, LogLine)>,
    /// What became of the records.
    pub records: RoutedCounts,
    /// What became of each policy's tasks, in the order of the catalogue.
    pub by_policy: Vec<OfPolicy>,
}

impl Judged {
    /// The counts of all policies together.
    pub fn counts(&self) -> JudgedCounts {
        let mut counts = JudgedCounts { records: self.records, ..JudgedCounts::default() };
        for of_policy in &self.by_policy {
            counts.tasks += of_policy.tasks;
            counts.failed += of_policy.failed;
            counts.answered += of_policy.answered;
            counts.quarantined += of_policy.withheld.len() as u64;
            counts.shadowed += of_policy.shadowed;
            counts.suppressed += of_policy.suppressed;
            counts.compared += of_policy.compared;
            counts.impure += of_policy.impure;
            counts.log_lines_dropped += of_policy.log_lines_dropped;
        }
        counts
    }
}

/// What became of one policy's tasks in a chunk.
#[derive(Debug, Default)]
pub struct OfPolicy {
    /// Rules that were to look at a record.
    pub tasks: u64,
    /// Of the tasks: those that were answered, by a finding or by silence.
    pub answered: u64,
    /// Of the tasks: those that failed.
    pub failed: u64,
    /// Of the tasks: those that were not given to the policy, because it is quarantined; as positions of the record in the
    /// chunk and of the rule in the policy.
    pub withheld: Vec<(usize, usize)>,
    /// Findings of rules in the shadow that no exception suppresses.
    pub shadowed: u64,
    /// Findings that exceptions suppress.
    pub suppressed: u64,
    /// Records that were judged a second time.
    pub compared: u64,
    /// Tasks that were answered differently the second time.
    pub impure: u64,
    /// Log lines that were not kept.
    pub log_lines_dropped: u64,
    /// What became of each rule's tasks, in the order of the policy's rules; those at the end that had none may be left out.
    pub by_rule: Vec<RuleCounts>,
    /// What each batch cost that the policy was asked about.
    pub calls: Vec<Call>,
    /// What speaks against the policy.
    pub(super) trial: Trial,
    pub(super) is_stopped: bool,
}

impl OfPolicy {
    /// A task was not given to the policy.
    pub(super) fn withhold(&mut self, record: usize, rule: usize) {
        self.withheld.push((record, rule));
        self.tasks += 1;
        let counts = of_rule(&mut self.by_rule, rule);
        counts.tasks += 1;
        counts.withheld += 1;
    }

    /// A task failed.
    fn fail(&mut self, rule: usize) {
        self.failed += 1;
        of_rule(&mut self.by_rule, rule).failed += 1;
    }

    /// The policy was given a task.
    fn task(&mut self, rule: usize) {
        self.tasks += 1;
        of_rule(&mut self.by_rule, rule).tasks += 1;
    }
}

/// What became of records and tasks. `tasks = answered + failed + quarantined`.
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
    /// Of the tasks: those that were withheld from a quarantined policy.
    pub quarantined: u64,
    /// Findings of rules in the shadow, which are not in the list.
    pub shadowed: u64,
    /// Findings that exceptions suppress.
    pub suppressed: u64,
    /// Records that were judged a second time, once for each policy.
    pub compared: u64,
    /// Tasks that were answered differently the second time.
    pub impure: u64,
    /// Log lines that were not kept: beyond the limit, or of calls that were repeated.
    pub log_lines_dropped: u64,
}

impl AddAssign for JudgedCounts {
    fn add_assign(&mut self, other: Self) {
        self.records.evaluated += other.records.evaluated;
        self.records.unselected += other.records.unselected;
        self.tasks += other.tasks;
        self.answered += other.answered;
        self.failed += other.failed;
        self.quarantined += other.quarantined;
        self.shadowed += other.shadowed;
        self.suppressed += other.suppressed;
        self.compared += other.compared;
        self.impure += other.impure;
        self.log_lines_dropped += other.log_lines_dropped;
    }
}

/// What became of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoutedCounts {
    /// At least one rule wants them.
    pub evaluated: u64,
    /// No rule selects them.
    pub unselected: u64,
}

/// A policy that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The policy.
    pub policy: Name,
    /// The rule; none where something failed and every task was answered afterwards.
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
    /// Its position in the chunk.
    pub position: usize,
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
    handover: Handover,
    thresholds: Thresholds,
    board: Arc<Board>,
}

/// What one policy said of a chunk, before it is put in order.
struct Said {
    record: usize,
    policy: usize,
    rule: usize,
    what: Result<Verdict, (FailureKind, String)>,
}

/// The rules that want a record, in the order of the policies.
pub(super) fn subscribers(catalogue: &Catalogue, record: &mut Forms<'_>, subscribers: &mut Vec<Subscriber>) {
    let image = record.in_format(RecordFormat::Image).ok().and_then(|image| Image::read(image).ok());
    match image.and_then(|image| Fields::in_image(image.root())) {
        Some(fields) => catalogue.router().route(&fields, subscribers),
        // The reader checks that every record is a JSON object; should the two ever disagree, every policy sees it.
        None => *subscribers = catalogue.rules_at_work(),
    }
}

impl Judge {
    /// A judge that starts its instances when they are first needed, and asks no policy that has been quarantined.
    pub fn new(catalogue: Arc<Catalogue>, limits: &Limits, board: Arc<Board>) -> Self {
        let guests = catalogue.policies().iter().map(|policy| policy.guest()).collect();
        let formats = catalogue.policies().iter().map(|policy| policy.record_format());
        let gatherer = Gatherer::new(formats, limits);
        Self { catalogue, guests, gatherer, handover: Handover::default(), thresholds: Thresholds::from(limits), board }
    }

    /// The policies that it asks.
    pub fn catalogue(&self) -> &Arc<Catalogue> {
        &self.catalogue
    }

    /// Judges a chunk: every rule that wants a record looks at it. There is a beat before each batch.
    pub fn judge(&mut self, chunk: &Chunk, pulse: &dyn Pulse) -> Judged {
        let catalogue = Arc::clone(&self.catalogue);
        self.judge_wanted(chunk, pulse, |_, record, wanted| subscribers(&catalogue, record, wanted))
    }

    /// Judges a chunk: the rules that `want` names for the record at a position look at it, in the order of the policies.
    pub fn judge_wanted(
        &mut self,
        chunk: &Chunk,
        pulse: &dyn Pulse,
        mut want: impl FnMut(usize, &mut Forms<'_>, &mut Vec<Subscriber>),
    ) -> Judged {
        let Self { catalogue, guests, gatherer, handover, thresholds, board } = self;
        let quarantined = board.numbers().clone();
        let is_stopped = |policy: &Arc<LoadedPolicy>| quarantined.contains(&policy.number());
        let of_policy = |policy| OfPolicy { is_stopped: is_stopped(policy), ..OfPolicy::default() };
        let judged = Judged { by_policy: catalogue.policies().iter().map(of_policy).collect(), ..Judged::default() };
        let samples = chunk.records.iter().map(|record| sample_number(record.record.event_key.as_str())).collect();
        let mut hearing = Hearing {
            chunk,
            samples,
            catalogue,
            guests,
            thresholds: *thresholds,
            judged,
            said: Vec::new(),
            watch: CpuWatch::start(),
            pulse,
        };
        let mut wanted = Vec::new();
        for (position, record) in chunk.records.iter().enumerate() {
            let mut forms = handover.of(&record.record.json);
            want(position, &mut forms, &mut wanted);
            if wanted.is_empty() {
                hearing.judged.records.unselected += 1;
                continue;
            }
            hearing.judged.records.evaluated += 1;
            wanted.retain(|subscriber| !hearing.withholds(position, *subscriber));
            gatherer.add(position, &mut forms, &wanted, &mut |policy, next| hearing.next(policy, next));
        }
        gatherer.finish(&mut |policy, next| hearing.next(policy, next));
        let Hearing { mut judged, mut said, .. } = hearing;
        for of_policy in &mut judged.by_policy {
            of_policy.withheld.sort_unstable();
        }
        said.sort_by_key(|said| (said.record, said.policy, said.rule));
        self.report(chunk, said, &mut judged);
        judged
    }

    /// Turns what was said into findings and failures.
    fn report(&self, chunk: &Chunk, said: Vec<Said>, judged: &mut Judged) {
        let mut shared: Option<(usize, Arc<JudgedRecord>)> = None;
        let mut handover = Handover::default();
        for Said { record: position, policy: policy_position, rule, what } in said {
            let policy = &self.catalogue.policies()[policy_position];
            let record = &chunk.records[position];
            let failed = |kind, reason| Failure {
                policy: policy.identity().name.clone(),
                rule: policy.rules().get(rule).map(|rule| rule.description.id.clone()),
                kind,
                reason,
                record: Some(FailedRecord {
                    position,
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
            let finding = finding(policy, rule, answered, about, &mut handover);
            let of_policy = &mut judged.by_policy[policy_position];
            if let Some(finding) = &finding {
                of_rule(&mut of_policy.by_rule, rule).found(finding);
            }
            match finding {
                Some(finding) if finding.suppression.is_some() => {
                    of_policy.suppressed += 1;
                    judged.suppressed.push(finding);
                }
                Some(finding) if finding.mode == Mode::Shadow => {
                    of_policy.shadowed += 1;
                    judged.shadowed.push(finding);
                }
                Some(finding) => judged.findings.push(finding),
                None => judged.failures.push(failed(FailureKind::Contract, format!("answered for rule number {rule}"))),
            }
        }
    }
}

/// Asks the policies about a chunk and keeps what they say.
struct Hearing<'j> {
    chunk: &'j Chunk,
    /// A number for each record of the chunk, by which second runs are sampled.
    samples: Vec<u32>,
    catalogue: &'j Catalogue,
    guests: &'j mut [Guest],
    thresholds: Thresholds,
    judged: Judged,
    said: Vec<Said>,
    watch: CpuWatch,
    pulse: &'j dyn Pulse,
}

impl Hearing<'_> {
    /// Withholds a record from a rule whose policy is asked no more.
    fn withholds(&mut self, position: usize, subscriber: Subscriber) -> bool {
        let of_policy = &mut self.judged.by_policy[subscriber.policy];
        if of_policy.is_stopped {
            of_policy.withhold(position, subscriber.rule);
        }
        of_policy.is_stopped
    }

    fn next(&mut self, policy: usize, next: Next<'_>) {
        match next {
            Next::Judge(gathered) if self.judged.by_policy[policy].is_stopped => {
                // What was asked just now was the last that this policy is asked.
                for task in gathered.batch.tasks() {
                    let record = gathered.records[task.record as usize];
                    self.judged.by_policy[policy].withhold(record, task.rule as usize);
                }
            }
            Next::Judge(gathered) => self.ask(policy, gathered),
            Next::Miss { position, rules, why } => {
                let reason = format!("the record could not be handed over: {why}");
                let failed = |rule: &u32| {
                    let what = Err((FailureKind::Contract, reason.clone()));
                    Said { record: position, policy, rule: *rule as usize, what }
                };
                self.said.extend(rules.iter().map(failed));
                let of_policy = &mut self.judged.by_policy[policy];
                for rule in rules {
                    of_policy.task(*rule as usize);
                    of_policy.fail(*rule as usize);
                }
            }
        }
    }

    /// Asks a policy about a batch.
    fn ask(&mut self, policy: usize, Gathered { batch, records }: &Gathered) {
        let Self { chunk, samples, catalogue, guests, thresholds, judged, said, watch, pulse } = self;
        let of_policy = &mut judged.by_policy[policy];
        let guest = &mut guests[policy];
        pulse.beat(guest.longest(batch));
        let (mut judgement, cpu) = watch.time(|| guest.judge(batch));
        of_policy.calls.push(Call { records: records.len() as u32, cpu });
        let json = |number: usize| &*chunk.records[records[number]].record.json;
        of_policy.is_stopped = of_policy.trial.hear(batch.tasks(), json, &judgement, *thresholds);
        let second_runs_below = guest.second_runs_below();
        for (number, position) in records.iter().enumerate() {
            if u64::from(samples[*position]) < second_runs_below {
                guest.judge_again(batch, number, &mut judgement);
            }
        }
        let Judgement { answers, failures, unexplained, impure, compared, cannot_start: _, said: utterances } = judgement;
        let tasks = batch.tasks();
        tasks.iter().for_each(|task| of_policy.task(task.rule as usize));
        failures.iter().for_each(|failure| of_policy.fail(tasks[failure.task].rule as usize));
        of_policy.answered += (tasks.len() - failures.len()) as u64;
        of_policy.compared += compared;
        of_policy.impure += impure.len() as u64;
        of_policy.log_lines_dropped += utterances.lines_dropped;
        let place = |task: usize| (records[tasks[task].record as usize], tasks[task].rule as usize);
        for Answer { task, verdict } in answers {
            let (record, rule) = place(task);
            said.push(Said { record, policy, rule, what: Ok(verdict) });
        }
        for failure in failures.into_iter().chain(impure) {
            let (record, rule) = place(failure.task);
            said.push(Said { record, policy, rule, what: Err((failure.kind, failure.reason)) });
        }
        let name = &catalogue.policies()[policy].identity().name;
        for unexplained in unexplained {
            let (kind, reason) = (unexplained.error().kind(), unexplained.to_string());
            judged.failures.push(Failure { policy: name.clone(), rule: None, kind, reason, record: None });
        }
        judged.log.extend(utterances.lines.into_iter().map(|line| (name.clone(), line)));
    }
}

fn finding(
    policy: &LoadedPolicy,
    rule: usize,
    answered: crate::engine::AnsweredFinding,
    record: Arc<JudgedRecord>,
    handover: &mut Handover,
) -> Option<Finding> {
    let rule = policy.rules().get(rule)?;
    let untuned = answered.severity.unwrap_or(rule.description.severity);
    Some(Finding {
        policy: Arc::clone(policy.identity()),
        rule: Arc::clone(&rule.description),
        mode: rule.mode,
        severity: rule.severity.unwrap_or(untuned),
        untuned_severity: rule.severity.filter(|severity| *severity != untuned).map(|_| untuned),
        title: answered.title.unwrap_or_else(|| rule.description.title.clone()),
        summary: answered.summary,
        key: answered.key,
        grouping: answered.grouping,
        more: answered.more,
        suppression: suppression(rule, record.json(), handover),
        record,
    })
}

/// The first exception of a rule that a record meets. A record of which no image can be made meets none: its finding is
/// delivered.
fn suppression(rule: &LoadedRule, record: &str, handover: &mut Handover) -> Option<Arc<Suppression>> {
    if rule.exceptions.is_empty() {
        return None;
    }
    let mut forms = handover.of(record);
    let image = Image::read(forms.in_format(RecordFormat::Image).ok()?).ok()?;
    rule.exceptions.first_met(image.root()).map(Arc::clone)
}
