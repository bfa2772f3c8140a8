//! What a worker holds for one policy, and the way to get every judgement out of it that it can give.
//!
//! A call that fails on a batch is repeated record by record, and a record that fails is repeated rule by rule: the tasks at
//! fault are reported, and all others are judged. A task that fails by itself on an instance that has judged other records is
//! tried once more on a fresh one, so that what a policy keeps from earlier records is held against no record. Since a policy
//! is a pure function of its record, repeating changes no answer. After a failure the instance is gone and the next call has
//! a fresh one, so a batch of n tasks of which f fail costs at most n + f calls and 2 f starts more than it would have;
//! halving it instead would cost f log n failed calls, each of which may use all of its time.

use std::ops::Range;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use policy_contract::manifest::Manifest;

use super::Compiled;
use super::answer::{self, Answer};
use super::batch::Batch;
use super::error::{CallError, FailureKind, Unexplained};
use super::instance::{Called, Instance};
use super::limits::GuestLimits;
use super::meter::MemoryBudget;
use super::shelf::WarmKey;
use super::state::{Tables, Utterances, shortened};

/// How often a call that the host has no memory for is tried again. Whoever holds the memory is bounded in time.
const SHORTAGE_TRIES: u32 = 3;
/// How long to wait for memory before the next try.
const SHORTAGE_WAIT: Duration = Duration::from_millis(10);

/// What became of the tasks of a batch.
#[derive(Debug, Default, PartialEq)]
pub struct Judgement {
    /// What the rules said, in the order of the tasks.
    pub answers: Vec<Answer>,
    /// The tasks that failed, in their order; every other one was answered, with nothing where `answers` has none.
    pub failures: Vec<TaskFailure>,
    /// Failures after which every task concerned was answered.
    pub unexplained: Vec<Unexplained>,
    /// Tasks that were answered differently on a fresh instance, whose answers stand.
    pub impure: Vec<TaskFailure>,
    /// How many records were judged a second time, and the answers compared.
    pub compared: u64,
    /// Why no instance could be made ready, where that is so and the host is not to blame: the rest was not tried.
    pub cannot_start: Option<String>,
    /// What the guest said and asked in the calls whose results count.
    pub said: Utterances,
}

/// A task that a policy failed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailure {
    /// Position of the task in the batch.
    pub task: usize,
    /// What kind of failure it was.
    pub kind: FailureKind,
    /// Whether the host lacked memory, which says nothing about the policy.
    pub is_shortage: bool,
    /// What went wrong, for people.
    pub reason: String,
}

/// One worker's hold on one policy.
pub struct Guest {
    compiled: Arc<Compiled>,
    manifest: Arc<Manifest>,
    settings: Arc<str>,
    tables: Arc<Tables>,
    limits: Arc<GuestLimits>,
    warm: Arc<WarmKey>,
    records_lookups: bool,
}

impl Guest {
    /// A guest that makes an instance when it needs one and none is warm. The manifest is the one described under these
    /// settings; `warm` belongs to this policy under this configuration.
    pub fn new(
        compiled: Arc<Compiled>,
        manifest: Arc<Manifest>,
        settings: Arc<str>,
        tables: Arc<Tables>,
        limits: Arc<GuestLimits>,
        warm: Arc<WarmKey>,
    ) -> Self {
        Self { compiled, manifest, settings, tables, limits, warm, records_lookups: false }
    }

    /// Makes [`Judgement::said`] hold every look-up and its answer. No warm instance is used from then on.
    pub fn record_lookups(&mut self) {
        self.records_lookups = true;
    }

    /// Judges a batch, whatever the guest does.
    pub fn judge(&mut self, batch: &Batch) -> Judgement {
        let mut judgement = Judgement::default();
        self.judge_tasks(batch, 0..batch.tasks().len(), &mut judgement);
        judgement
    }

    /// How long it can take to judge a batch, by the policy's limits: all of it once, and then each task alone and once more afresh.
    pub fn longest(&self, batch: &Batch) -> Duration {
        let GuestLimits { cpu_per_call, cpu_per_batched_record, cpu_for_start, wall_factor, .. } = *self.limits;
        let tasks = u32::try_from(batch.tasks().len()).unwrap_or(u32::MAX);
        let alone = cpu_per_call.saturating_add(cpu_per_batched_record).saturating_add(cpu_for_start.saturating_mul(2));
        let together = cpu_per_batched_record.saturating_mul(tasks);
        alone.saturating_mul(tasks.saturating_mul(2)).saturating_add(together).saturating_mul(wall_factor)
    }

    fn judge_tasks(&mut self, whole: &Batch, tasks: Range<usize>, judgement: &mut Judgement) {
        if tasks.is_empty() {
            return;
        }
        if let Some(reason) = judgement.cannot_start.clone() {
            return judgement.fail(tasks, FailureKind::Start, false, &reason);
        }
        let part;
        let batch = if tasks.len() == whole.tasks().len() {
            whole
        } else {
            part = whole.part(tasks.clone());
            &part
        };
        let is_single = tasks.len() == 1;
        let mut attempt = self.attempt(batch, Take::Warm);
        if is_single && attempt.is_worth_another() {
            judgement.said.drop_lines(&attempt.said);
            let again = self.attempt(batch, Take::Fresh);
            if let (Err(error), true, true) = (attempt.result, attempt.was_used, again.is_answered()) {
                judgement.unexplained.push(Unexplained::AfterOthers(error));
            }
            attempt = again;
        }
        let Attempt { result, said, .. } = attempt;
        let lines_limit = self.limits.log_lines_per_call;
        let error = match result {
            Ok(answered) => {
                judgement.said.append(said, lines_limit);
                return judgement.accept(answered, tasks.start, &self.limits);
            }
            Err(error) => error,
        };
        if is_single || matches!(error, CallError::NotStarted(_)) {
            judgement.said.append(said, lines_limit);
            return self.failed(tasks, &error, judgement);
        }
        judgement.said.drop_lines(&said);
        let failures_before = judgement.failures.len();
        let unexplained_before = judgement.unexplained.len();
        for piece in pieces(whole, &tasks) {
            self.judge_tasks(whole, piece, judgement);
        }
        let is_explained = judgement.failures.len() > failures_before || judgement.unexplained.len() > unexplained_before;
        if !is_explained && !error.is_about_size() {
            judgement.unexplained.push(Unexplained::Batch(error));
        }
    }

    /// What can't be repeated any further has failed.
    fn failed(&self, tasks: Range<usize>, error: &CallError, judgement: &mut Judgement) {
        let reason = shortened(error.to_string(), self.limits.failure_text_bytes);
        judgement.fail(tasks, error.kind(), error.is_shortage(), &reason);
        if error.kind() == FailureKind::Start {
            judgement.cannot_start = Some(reason);
        }
    }

    /// One call, tried again where the host lacked memory. After a failure the instance is gone.
    fn attempt(&self, batch: &Batch, take: Take) -> Attempt {
        let mut attempt = self.attempt_once(batch, take);
        for _ in 1..SHORTAGE_TRIES {
            if !attempt.result.as_ref().is_err_and(CallError::is_shortage) {
                break;
            }
            self.warm.make_room();
            thread::sleep(SHORTAGE_WAIT);
            let before = std::mem::replace(&mut attempt, self.attempt_once(batch, take));
            attempt.said.drop_lines(&before.said);
        }
        attempt
    }

    fn attempt_once(&self, batch: &Batch, take: Take) -> Attempt {
        // A warm instance's look-ups would not be recorded.
        let warm = if take == Take::Fresh || self.records_lookups { None } else { self.warm.take() };
        let (mut instance, mut said) = match warm {
            Some(instance) => (instance, Utterances::default()),
            None => match self.start() {
                (Ok(instance), said) => (instance, said),
                (Err(error), said) => return Attempt { result: Err(error), said, was_used: false },
            },
        };
        let was_used = instance.has_judged();
        let result = self.ask(&mut instance, batch, &mut said);
        if result.is_ok() && !instance.is_worn_out() && !self.records_lookups {
            self.warm.put(instance);
        }
        Attempt { result, said, was_used }
    }

    /// Lets an instance judge a batch, and checks its answers.
    fn ask(&self, instance: &mut Instance, batch: &Batch, said: &mut Utterances) -> Result<Answered, CallError> {
        let (answers, later) = instance.evaluate(batch);
        said.append(later, self.limits.log_lines_per_call);
        let (accepted, refused) = answer::check(answers?, batch, &self.manifest, &self.limits)?;
        Ok(Answered { accepted, refused })
    }

    /// A fresh instance, ready to judge. What ran out of time is tried once more: the machine may be crowded.
    pub(super) fn start(&self) -> Called<Instance> {
        let (result, said) = self.start_once();
        match result {
            Err(error) if error.is_timeout() => {
                let (result, mut later) = self.start_once();
                later.drop_lines(&said);
                (result.map_err(|error| CallError::NotStarted(Box::new(error))), later)
            }
            result => (result.map_err(|error| CallError::NotStarted(Box::new(error))), said),
        }
    }

    fn start_once(&self) -> Called<Instance> {
        let (mut instance, mut said) = match Instance::new(&self.compiled, &self.limits, &self.tables) {
            (Ok(instance), said) => (instance, said),
            (Err(error), said) => return (Err(error), said),
        };
        if self.records_lookups {
            instance.record_lookups();
        }
        let (configured, later) = instance.configure(&self.settings);
        said.append(later, self.limits.log_lines_per_call);
        let result = match configured {
            Ok(Ok(())) => Ok(instance),
            Ok(Err(refusal)) => Err(CallError::Contract { reason: format!("refused settings that it had accepted: {refusal}") }),
            Err(error) => Err(error),
        };
        (result, said)
    }

    /// One call on an instance that has judged nothing and will judge nothing more.
    pub(super) fn attempt_afresh(&self, batch: &Batch) -> Called<Answered> {
        match self.start() {
            (Ok(mut instance), mut said) => (self.ask(&mut instance, batch, &mut said), said),
            (Err(error), said) => (Err(error), said),
        }
    }

    pub(super) fn limits(&self) -> &GuestLimits {
        &self.limits
    }
}

/// Which instance a call is made on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Take {
    /// A warm one if there is one.
    Warm,
    /// One that has judged nothing.
    Fresh,
}

/// A call, and what came of it.
struct Attempt {
    result: Result<Answered, CallError>,
    said: Utterances,
    /// Whether the instance had judged other records before.
    was_used: bool,
}

impl Attempt {
    /// Whether it failed, and might not on a fresh instance: where earlier records may be to blame, or a crowded machine. What
    /// the host lacks memory for has been tried again already.
    fn is_worth_another(&self) -> bool {
        match &self.result {
            Ok(_) | Err(CallError::NotStarted(_)) => false,
            Err(error) => !error.is_shortage() && (self.was_used || error.is_timeout()),
        }
    }

    /// Whether every task was answered.
    fn is_answered(&self) -> bool {
        self.result.as_ref().is_ok_and(|answered| answered.refused.is_empty())
    }
}

/// What a call gave, checked.
pub(super) struct Answered {
    pub(super) accepted: Vec<Answer>,
    pub(super) refused: Vec<answer::Refused>,
}

impl Judgement {
    fn accept(&mut self, answered: Answered, first_task: usize, limits: &GuestLimits) {
        let shifted = |answer: Answer| Answer { task: answer.task + first_task, ..answer };
        self.answers.extend(answered.accepted.into_iter().map(shifted));
        self.failures.extend(answered.refused.into_iter().map(|refused| TaskFailure::refused(refused, first_task, limits)));
    }

    fn fail(&mut self, tasks: Range<usize>, kind: FailureKind, is_shortage: bool, reason: &str) {
        self.failures.extend(tasks.map(|task| TaskFailure { task, kind, is_shortage, reason: reason.to_owned() }));
    }
}

impl TaskFailure {
    /// A task whose answers were refused.
    pub(super) fn refused(refused: answer::Refused, first_task: usize, limits: &GuestLimits) -> Self {
        let answer::Refused { task, kind, reason } = refused;
        let reason = shortened(reason, limits.failure_text_bytes);
        Self { task: task + first_task, kind, is_shortage: false, reason }
    }
}

/// The pieces in which tasks that failed together are tried again: one for each record, or one for each task where there is
/// one record only.
fn pieces(batch: &Batch, tasks: &Range<usize>) -> Vec<Range<usize>> {
    let of_range = batch.tasks().get(tasks.clone()).unwrap_or_default();
    let mut pieces = Vec::new();
    let mut start = tasks.start;
    for of_record in of_range.chunk_by(|a, b| a.record == b.record) {
        pieces.push(start..start + of_record.len());
        start += of_record.len();
    }
    if pieces.len() == 1 { tasks.clone().map(|task| task..task + 1).collect() } else { pieces }
}

/// What a policy said of itself, and how many lines it wrote to its log meanwhile, which nobody keeps: at that time, nobody
/// has said yet how much of its log is wanted. The error names the call that it failed at.
pub(crate) type Described<T> = (Result<T, (&'static str, CallError)>, u64);

impl Compiled {
    /// Starts an instance to ask a policy what it is without settings. It is not configured: what it would say to settings
    /// that nobody gave must not matter.
    pub(crate) fn describe(&self, limits: &Arc<GuestLimits>) -> Described<String> {
        let mut unheard = Utterances::default();
        let described = self.start(limits, &mut unheard).and_then(|mut instance| ask_what_it_is(&mut instance, &mut unheard));
        (described, unheard.lines_dropped)
    }

    /// Starts an instance, configures it, and asks it what it is under these settings; the inner error is its refusal.
    pub(crate) fn describe_configured(&self, limits: &Arc<GuestLimits>, settings: &str) -> Described<Result<String, String>> {
        let mut unheard = Utterances::default();
        let described = self.start(limits, &mut unheard).and_then(|mut instance| {
            let (configured, said) = instance.configure(settings);
            unheard.drop_lines(&said);
            match configured.map_err(|error| ("configure", error))? {
                Ok(()) => ask_what_it_is(&mut instance, &mut unheard).map(Ok),
                Err(refusal) => Ok(Err(refusal)),
            }
        });
        (described, unheard.lines_dropped)
    }

    fn start(&self, limits: &Arc<GuestLimits>, unheard: &mut Utterances) -> Result<Instance, (&'static str, CallError)> {
        // No table may be asked for before the manifest is known.
        let (instance, said) = Instance::new(self, limits, &Arc::default());
        unheard.drop_lines(&said);
        instance.map_err(|error| ("start", error))
    }

    /// What all instances of all policies hold together.
    pub(crate) fn memory_budget(&self) -> &MemoryBudget {
        &self.budget
    }

    /// What the warm instances of one policy under one configuration are kept under.
    pub(crate) fn warm_key(&self) -> WarmKey {
        WarmKey::new(&self.shelf)
    }
}

fn ask_what_it_is(instance: &mut Instance, unheard: &mut Utterances) -> Result<String, (&'static str, CallError)> {
    let (described, said) = instance.describe();
    unheard.drop_lines(&said);
    described.map_err(|error| ("describe", error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_taken_apart_by_record_and_records_by_rule() {
        let mut batch = Batch::default();
        batch.push(b"a", [0, 1, 2]).unwrap();
        batch.push(b"b", [0]).unwrap();
        batch.push(b"c", [0, 1]).unwrap();
        assert_eq!(pieces(&batch, &(0..6)), [0..3, 3..4, 4..6]);
        assert_eq!(pieces(&batch, &(0..3)), [0..1, 1..2, 2..3]);
        assert_eq!(pieces(&batch, &(4..6)), [4..5, 5..6]);
    }
}
