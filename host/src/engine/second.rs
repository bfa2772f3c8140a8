//! The second run: a sampled record is judged again, alone and on a fresh instance, and the answers are compared.
//!
//! A policy is a pure function of its record. Nothing in the sandbox keeps it from holding something back in its own memory
//! from one record to the next, so this is tried. It finds mistakes, such as a cache that is keyed too coarsely. It is no
//! defence against malice and needs not be: a policy that wants to stay silent may do so without any memory.

use super::answer::Verdict;
use super::batch::Batch;
use super::error::{CallError, FailureKind};
use super::guest::{Answered, Guest, Judgement, TaskFailure};
use super::state::shortened;

impl Guest {
    /// Which records are judged a second time: those whose number is below this one. A record's number is drawn from what
    /// identifies the event, evenly over its range, so that the same records are taken whatever the number of workers.
    pub fn second_runs_below(&self) -> u64 {
        (1_u64 << u32::BITS).checked_div(self.limits().second_run_every).unwrap_or(0)
    }

    /// Judges a record of the batch again and compares with the judgement. Where they differ, the fresh instance's answers
    /// take the place of the others: they depend on nothing but the record, as every answer is meant to. Rules that failed at the
    /// record are left out, or they would take the others with them.
    pub fn judge_again(&self, batch: &Batch, record: usize, judgement: &mut Judgement) {
        let is_of_record = |task: &usize| batch.tasks()[*task].record as usize == record;
        let has_failed = |task: &usize| judgement.failures.iter().any(|failure| failure.task == *task);
        let tasks = (0..batch.tasks().len()).filter(is_of_record);
        let answered: Vec<usize> = tasks.filter(|task| !has_failed(task)).collect();
        if answered.is_empty() {
            return;
        }
        let (again, said) = self.attempt_afresh(&batch.part(answered.iter().copied()));
        judgement.said.drop_lines(&said);
        let again = match again {
            Ok(again) => Ok(again),
            // Nothing was learned: the machine is crowded, or the host lacks memory.
            Err(error) if error.is_timeout() || error.is_shortage() || matches!(error, CallError::NotStarted(_)) => return,
            Err(error) => Err(error),
        };
        judgement.compared += 1;
        for (position, task) in answered.into_iter().enumerate() {
            let before: Vec<&Verdict> = judgement.answers.iter().filter(|a| a.task == task).map(|a| &a.verdict).collect();
            let fresh = fresh_outcome(&again, position);
            let is_same = matches!(&fresh, Ok(fresh) if before.iter().copied().eq(fresh));
            if !is_same {
                let difference = describe(before.len(), &fresh);
                self.replace(judgement, task, fresh, difference);
            }
        }
    }

    fn replace(
        &self,
        judgement: &mut Judgement,
        task: usize,
        fresh: Result<Vec<Verdict>, (FailureKind, String)>,
        reason: String,
    ) {
        let text = |reason| shortened(reason, self.limits().failure_text_bytes);
        let failure = |kind, reason| TaskFailure { task, kind, is_shortage: false, reason: text(reason) };
        judgement.answers.retain(|answer| answer.task != task);
        match fresh {
            Ok(verdicts) => {
                let at = judgement.answers.partition_point(|answer| answer.task < task);
                let answers = verdicts.into_iter().map(|verdict| super::Answer { task, verdict });
                judgement.answers.splice(at..at, answers);
            }
            Err((kind, reason)) => {
                let at = judgement.failures.partition_point(|failure| failure.task < task);
                judgement.failures.insert(at, failure(kind, reason));
            }
        }
        judgement.impure.push(failure(FailureKind::Impure, reason));
    }
}

/// What became of a task of the second run.
fn fresh_outcome(again: &Result<Answered, CallError>, task: usize) -> Result<Vec<Verdict>, (FailureKind, String)> {
    let again = again.as_ref().map_err(|error| (error.kind(), error.to_string()))?;
    match again.refused.iter().find(|refused| refused.task == task) {
        Some(refused) => Err((refused.kind, refused.reason.clone())),
        None => Ok(again.accepted.iter().filter(|answer| answer.task == task).map(|answer| answer.verdict.clone()).collect()),
    }
}

fn describe(before: usize, fresh: &Result<Vec<Verdict>, (FailureKind, String)>) -> String {
    let fresh = match fresh {
        Ok(verdicts) if verdicts.len() == before => "others of the same number".to_owned(),
        Ok(verdicts) => verdicts.len().to_string(),
        Err((kind, reason)) => format!("a failure ({kind}: {reason})"),
    };
    format!(
        "gave {before} answers after other records, and {fresh} on a fresh instance, which stand: it keeps something from one \
         record to the next, which a policy must not; look for what it caches"
    )
}
