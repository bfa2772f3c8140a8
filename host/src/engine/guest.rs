//! What a worker holds for one policy: a warm instance, and the way to get every judgement out of it that it can give.
//!
//! A call that fails on a batch is repeated in halves on fresh instances, until the records at fault stand alone: they are
//! reported, and all others are judged. Since a policy is a pure function of its record, repeating changes no answer.

use std::sync::Arc;

use policy_contract::manifest::Manifest;

use super::Compiled;
use super::answer::{self, Answer};
use super::batch::Batch;
use super::error::{CallError, FailureKind};
use super::instance::{Called, Instance};
use super::limits::GuestLimits;
use super::state::{Tables, Utterances};

/// What became of the tasks of a batch.
#[derive(Debug, Default, PartialEq)]
pub struct Judgement {
    /// What the rules said, in the order of the tasks.
    pub answers: Vec<Answer>,
    /// The tasks that failed, in their order; every other one was answered, with nothing where `answers` has none.
    pub failures: Vec<TaskFailure>,
    /// A failure of a whole batch that none of its records shows alone.
    pub unexplained: Vec<CallError>,
    /// What the guest said and asked in the calls that succeeded.
    pub said: Utterances,
}

/// A task that a policy failed at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailure {
    /// Position of the task in the batch.
    pub task: usize,
    /// What kind of failure it was.
    pub kind: FailureKind,
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
    records_lookups: bool,
    warm: Option<Instance>,
}

impl Guest {
    /// A guest that makes its first instance when it is first needed. The manifest is the one described under these
    /// settings.
    pub fn new(
        compiled: Arc<Compiled>,
        manifest: Arc<Manifest>,
        settings: Arc<str>,
        tables: Arc<Tables>,
        limits: Arc<GuestLimits>,
    ) -> Self {
        Self { compiled, manifest, settings, tables, limits, records_lookups: false, warm: None }
    }

    /// Makes [`Judgement::said`] hold every look-up and its answer.
    pub fn record_lookups(&mut self) {
        self.records_lookups = true;
        self.warm = None;
    }

    /// Judges a batch, whatever the guest does.
    pub fn judge(&mut self, batch: &Batch) -> Judgement {
        let mut judgement = Judgement::default();
        self.judge_tasks(batch, 0..batch.tasks().len(), &mut judgement);
        judgement
    }

    fn judge_tasks(&mut self, whole: &Batch, tasks: std::ops::Range<usize>, judgement: &mut Judgement) {
        if tasks.is_empty() {
            return;
        }
        let part;
        let batch = if tasks.len() == whole.tasks().len() {
            whole
        } else {
            part = whole.part(tasks.clone());
            &part
        };
        let is_single = tasks.len() == 1;
        let mut attempt = self.attempt(batch);
        if is_single && attempt.as_ref().is_err_and(CallError::is_timeout) {
            attempt = self.attempt(batch);
        }
        let error = match attempt {
            Ok(answered) => return judgement.accept(answered, tasks.start),
            Err(error) => error,
        };
        if is_single {
            judgement.failures.push(TaskFailure { task: tasks.start, kind: error.kind(), reason: error.to_string() });
            return;
        }
        let failures_before = judgement.failures.len();
        let unexplained_before = judgement.unexplained.len();
        let middle = split(whole, &tasks);
        self.judge_tasks(whole, tasks.start..middle, judgement);
        self.judge_tasks(whole, middle..tasks.end, judgement);
        let is_explained = judgement.failures.len() > failures_before || judgement.unexplained.len() > unexplained_before;
        if !is_explained && !error.is_about_size() {
            judgement.unexplained.push(error);
        }
    }

    /// One call; after a failure the instance is gone.
    fn attempt(&mut self, batch: &Batch) -> Result<Answered, CallError> {
        let mut instance = match self.warm.take().filter(|instance| !instance.is_worn_out()) {
            Some(instance) => instance,
            None => self.start()?,
        };
        let (result, said) = instance.evaluate(batch);
        let (accepted, refused) = answer::check(result?, batch, &self.manifest, &self.limits)?;
        self.warm = Some(instance);
        Ok(Answered { accepted, refused, said })
    }

    fn start(&self) -> Result<Instance, CallError> {
        let mut instance = Instance::new(&self.compiled, &self.limits, &self.tables)?;
        if self.records_lookups {
            instance.record_lookups();
        }
        let (configured, _said): Called<_> = instance.configure(&self.settings);
        match configured? {
            Ok(()) => Ok(instance),
            Err(refusal) => Err(CallError::Contract { reason: format!("refused settings that it had accepted: {refusal}") }),
        }
    }
}

struct Answered {
    accepted: Vec<Answer>,
    refused: Vec<answer::Refused>,
    said: Utterances,
}

impl Judgement {
    fn accept(&mut self, answered: Answered, first_task: usize) {
        let shifted = |answer: Answer| Answer { task: answer.task + first_task, ..answer };
        self.answers.extend(answered.accepted.into_iter().map(shifted));
        self.failures.extend(answered.refused.into_iter().map(|refused| TaskFailure {
            task: refused.task + first_task,
            kind: refused.kind,
            reason: refused.reason,
        }));
        self.said.lines.extend(answered.said.lines);
        self.said.lines_dropped += answered.said.lines_dropped;
        self.said.lookups.extend(answered.said.lookups);
    }
}

/// Where to cut: between two records near the middle, or between two rules where there is one record only.
fn split(batch: &Batch, tasks: &std::ops::Range<usize>) -> usize {
    let middle = tasks.start + tasks.len() / 2;
    let record_of = |at: usize| batch.tasks().get(at).map(|task| task.record);
    let begins_record = |at: &usize| record_of(*at) != record_of(at - 1);
    let after = (middle..tasks.end).find(begins_record);
    let before = (tasks.start + 1..middle).rev().find(begins_record);
    after.or(before).unwrap_or(middle)
}

impl Compiled {
    /// Starts an instance to ask a policy what it is without settings. It is not configured: what it would say to settings
    /// that nobody gave must not matter.
    ///
    /// # Errors
    /// The call that the guest failed at, and how.
    pub(crate) fn describe(&self, limits: &Arc<GuestLimits>) -> Result<String, (&'static str, CallError)> {
        self.start(limits)?.describe().0.map_err(|error| ("describe", error))
    }

    /// Starts an instance, configures it, and asks it what it is under these settings; the inner error is its refusal.
    ///
    /// # Errors
    /// The call that the guest failed at, and how.
    pub(crate) fn describe_configured(
        &self,
        limits: &Arc<GuestLimits>,
        settings: &str,
    ) -> Result<Result<String, String>, (&'static str, CallError)> {
        let mut instance = self.start(limits)?;
        if let Err(refusal) = instance.configure(settings).0.map_err(|error| ("configure", error))? {
            return Ok(Err(refusal));
        }
        instance.describe().0.map(Ok).map_err(|error| ("describe", error))
    }

    fn start(&self, limits: &Arc<GuestLimits>) -> Result<Instance, (&'static str, CallError)> {
        // No table may be asked for before the manifest is known.
        Instance::new(self, limits, &Arc::default()).map_err(|error| ("start", error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn batches_are_cut_between_records_first() {
        let mut batch = Batch::default();
        batch.push(b"a", [0, 1, 2, 3, 4]).unwrap();
        batch.push(b"b", [0]).unwrap();
        assert_eq!(split(&batch, &(0..6)), 5);
        assert_eq!(split(&batch, &(0..5)), 2);
        assert_eq!(split(&batch, &(4..6)), 5);
    }
}
