//! A batch of records and tasks, as the contract hands it over: from bytes and offsets to verdicts.
//!
//! The batch comes from a host and is believed in nothing: offsets that lie, records that are no JSON and rule numbers that
//! do not exist become errors of the task that names them.

use crate::Verdict;
use crate::event::Record;
use crate::judge::Judge;

/// Rule number `rule` is to look at record number `record`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) record: u32,
    pub(crate) rule: u32,
}

/// Records one after the other; number i ends before `ends[i]` and begins where the one before it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) records: &'a [u8],
    pub(crate) ends: &'a [u32],
}

/// A record that cannot be had from a batch.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(crate) enum BadBatch {
    #[error("the task names record {record} of a batch of {records}")]
    NoSuchRecord { record: u32, records: usize },
    #[error("record {record} is said to lie at bytes {from} to {to} of a batch of {length} bytes")]
    BadOffsets { record: u32, from: u32, to: u32, length: usize },
}

impl<'a> Batch<'a> {
    fn record(&self, record: u32) -> Result<&'a [u8], BadBatch> {
        let no_such_record = BadBatch::NoSuchRecord { record, records: self.ends.len() };
        let Some(position) = usize::try_from(record).ok() else { return Err(no_such_record) };
        let Some(to) = self.ends.get(position).copied() else { return Err(no_such_record) };
        let before = position.checked_sub(1).and_then(|before| self.ends.get(before));
        let from = before.copied().unwrap_or_default();
        let range = usize::try_from(from).ok().zip(usize::try_from(to).ok());
        let bytes = range.and_then(|(from, to)| self.records.get(from..to));
        bytes.ok_or(BadBatch::BadOffsets { record, from, to, length: self.records.len() })
    }
}

impl<S> Judge<'_, S> {
    /// Judges a batch. Each verdict comes with the position of its task.
    pub(crate) fn evaluate(&self, batch: Batch<'_>, tasks: &[Task]) -> Vec<(usize, Verdict)> {
        // Grouped by record, so that each is parsed once and only one is held at a time.
        let mut order: Vec<(usize, Task)> = tasks.iter().copied().enumerate().collect();
        order.sort_by_key(|(_, task)| task.record);
        let mut answers = Vec::new();
        for of_one_record in order.chunk_by(|(_, one), (_, other)| one.record == other.record) {
            let Some((_, first)) = of_one_record.first() else { continue };
            let record = read(batch, first.record);
            for (position, task) in of_one_record {
                let verdicts = match &record {
                    Ok(record) => self.judge(task.rule, &record.event()),
                    Err(error) => vec![Verdict::Error(error.clone())],
                };
                answers.extend(verdicts.into_iter().map(|verdict| (*position, verdict)));
            }
        }
        answers
    }
}

fn read(batch: Batch<'_>, number: u32) -> Result<Record, String> {
    let bytes = batch.record(number).map_err(|error| error.to_string())?;
    Record::parse(bytes).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::context::{Entry, Host};
    use crate::{Context, Event, Level, Membership, Mode, Policy, Rule, Select, Severity};

    struct Nobody;

    impl Host for Nobody {
        fn contains(&self, _: &str, _: &str) -> Membership {
            Membership::Unavailable
        }

        fn lookup(&self, _: &str, _: &str) -> Entry {
            Entry::Unavailable
        }

        fn log(&self, _: Level, _: &str) {}
    }

    fn says_its_name(event: &Event<'_>, _: &Context<'_, ()>) -> Vec<Verdict> {
        vec![Verdict::Error(event.name().to_owned())]
    }

    static POLICY: Policy<()> = Policy {
        name: "echo",
        version: "1.0.0",
        description: "",
        owner: "",
        tables: &[],
        responses: &[],
        rules: &[Rule {
            id: "echo",
            title: "Echo",
            description: "",
            severity: Severity::Low,
            techniques: &[],
            references: &[],
            false_positives: &[],
            runbook: "",
            default_mode: Mode::Enforce,
            selectors: &[Select::All],
            judge: says_its_name,
        }],
        correlations: &[],
    };

    fn evaluate(records: &[u8], ends: &[u32], tasks: &[(u32, u32)]) -> Vec<(usize, String)> {
        let tasks: Vec<Task> = tasks.iter().map(|(record, rule)| Task { record: *record, rule: *rule }).collect();
        let judge = Judge { policy: &POLICY, settings: &(), host: &Nobody };
        let verdicts = judge.evaluate(Batch { records, ends }, &tasks);
        let text = |verdict| if let Verdict::Error(text) = verdict { text } else { String::new() };
        verdicts.into_iter().map(|(task, verdict)| (task, text(verdict))).collect()
    }

    #[test]
    fn each_task_is_answered_from_its_own_record_in_whatever_order_tasks_come() {
        let records = br#"{"eventName":"A"}{"eventName":"B"}"#;
        let mut answers = evaluate(records, &[17, 34], &[(1, 0), (0, 0), (1, 0)]);
        answers.sort();
        assert_eq!(answers, [(0, "B".to_owned()), (1, "A".to_owned()), (2, "B".to_owned())]);
    }

    #[test]
    fn a_batch_that_lies_is_an_error_of_the_task_that_meets_the_lie() {
        let records = br#"{"eventName":"A"}"#;
        for (ends, task, expected) in [
            (vec![17], (1, 0), "record 1 of a batch of 1"),
            (vec![18], (0, 0), "bytes 0 to 18 of a batch of 17 bytes"),
            (vec![17, 3], (1, 0), "bytes 17 to 3"),
            (vec![u32::MAX], (0, 0), "bytes 0 to 4294967295"),
            (vec![17], (0, 7), "rule 7 of a policy of 1"),
            (vec![16], (0, 0), "not JSON"),
            (vec![0], (0, 0), "not JSON"),
        ] {
            let answers = evaluate(records, &ends, &[task]);
            assert!(answers.len() == 1 && answers[0].1.contains(expected), "{ends:?} {task:?}: {answers:?}");
        }
        assert!(evaluate(b"[1]", &[3], &[(0, 0)])[0].1.contains("not an object"));
        assert!(evaluate(b"{\"\xff\":1}", &[7], &[(0, 0)])[0].1.contains("not JSON"));
    }

    #[test]
    fn a_bad_record_leaves_the_others_to_be_judged() {
        let answers = evaluate(br#"{"eventName":"A"}{"eventName"}{"eventName":"C"}"#, &[17, 30, 47], &[(0, 0), (1, 0), (2, 0)]);
        assert_eq!((answers[0].1.as_str(), answers[2].1.as_str()), ("A", "C"));
        assert!(answers[1].1.contains("not JSON"));
    }

    proptest! {
        #[test]
        fn every_task_is_answered_whatever_the_batch_says(
            records in prop::collection::vec(any::<u8>(), 0..60),
            ends in prop::collection::vec(prop_oneof![0u32..80, any::<u32>()], 0..6),
            tasks in prop::collection::vec((0u32..8, 0u32..3), 0..10),
        ) {
            let mut answered: Vec<usize> = evaluate(&records, &ends, &tasks).into_iter().map(|(task, _)| task).collect();
            answered.sort_unstable();
            prop_assert_eq!(answered, (0..tasks.len()).collect::<Vec<_>>());
        }
    }
}
