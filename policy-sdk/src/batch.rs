//! A batch of records and tasks, as the contract hands it over: from bytes and offsets to verdicts.
//!
//! The batch comes from a host and is believed in nothing: offsets that lie, bytes that are no image and rule numbers that
//! do not exist become errors of the task that names them.

use crate::event::BadRecord;
use crate::judge::Judge;
use crate::{Event, Verdict};

/// Rule number `rule` is to look at record number `record`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Task {
    pub(crate) record: u32,
    pub(crate) rule: u32,
}

/// The tasks of a batch, each of which is two numbers; none where one is left over.
pub(crate) fn tasks(numbers: &[u32]) -> Option<impl Iterator<Item = Task> + '_> {
    let (tasks, left_over) = numbers.as_chunks();
    left_over.is_empty().then(|| tasks.iter().map(|[record, rule]| Task { record: *record, rule: *rule }))
}

/// Records one after the other; number i ends before `ends[i]` and begins where the one before it ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Batch<'a> {
    pub(crate) records: &'a [u8],
    pub(crate) ends: &'a [u32],
}

/// A record that cannot be had from a batch.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum BadBatch {
    #[error("the task names record {record} of a batch of {records}")]
    NoSuchRecord { record: u32, records: usize },
    #[error("record {record} is said to lie at bytes {from} to {to} of a batch of {length} bytes")]
    BadOffsets { record: u32, from: u32, to: u32, length: usize },
    #[error(transparent)]
    BadRecord(#[from] BadRecord),
}

impl<'a> Batch<'a> {
    #[inline(always)]
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
    /// Judges a batch. Each verdict comes with the position of its task. Nothing is allocated for a task that finds nothing.
    pub(crate) fn evaluate(&self, batch: Batch<'_>, tasks: impl Iterator<Item = Task>) -> Vec<(usize, Verdict)> {
        let mut answers = Vec::new();
        // Tasks come in the order of their records; where they do not, a record's header is looked at more than once.
        let mut current = None;
        for (position, task) in tasks.enumerate() {
            let record = match &current {
                Some((number, record)) if *number == task.record => record,
                _ => &current.insert((task.record, read(batch, task.record))).1,
            };
            match record {
                Ok(event) => {
                    let verdicts = self.judge(task.rule, event);
                    if !verdicts.is_empty() {
                        answers.extend(verdicts.into_iter().map(|verdict| (position, verdict)));
                    }
                }
                Err(error) => answers.push((position, Verdict::Error(error.to_string()))),
            }
        }
        answers
    }
}

#[inline(always)]
fn read(batch: Batch<'_>, number: u32) -> Result<Event<'_>, BadBatch> {
    Ok(Event::read(batch.record(number)?)?)
}

#[cfg(test)]
mod tests {
    use policy_contract::image::Writer;
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
        let numbers: Vec<u32> = tasks.iter().flat_map(|(record, rule)| [*record, *rule]).collect();
        let tasks = super::tasks(&numbers).unwrap();
        let judge = Judge { policy: &POLICY, settings: &(), host: &Nobody };
        let verdicts = judge.evaluate(Batch { records, ends }, tasks);
        let text = |verdict| if let Verdict::Error(text) = verdict { text } else { String::new() };
        verdicts.into_iter().map(|(task, verdict)| (task, text(verdict))).collect()
    }

    /// The images of these records, and where each ends.
    fn images(records: &[&str]) -> (Vec<u8>, Vec<u32>) {
        let (mut images, mut ends) = (Vec::new(), Vec::new());
        for record in records {
            Writer::new().write(record, &mut images).unwrap();
            ends.push(images.len() as u32);
        }
        (images, ends)
    }

    #[test]
    fn each_task_is_answered_from_its_own_record_in_whatever_order_tasks_come() {
        let (records, ends) = images(&[r#"{"eventName":"A"}"#, r#"{"eventName":"B"}"#]);
        let answers = evaluate(&records, &ends, &[(1, 0), (0, 0), (1, 0)]);
        assert_eq!(answers, [(0, "B".to_owned()), (1, "A".to_owned()), (2, "B".to_owned())]);
    }

    #[test]
    fn a_batch_that_lies_is_an_error_of_the_task_that_meets_the_lie() {
        let (records, _) = images(&[r#"{"eventName":"A"}"#]);
        let length = records.len() as u32;
        for (ends, task, expected) in [
            (vec![length], (1, 0), "record 1 of a batch of 1".to_owned()),
            (vec![length + 1], (0, 0), format!("bytes 0 to {} of a batch of {length} bytes", length + 1)),
            (vec![length, 3], (1, 0), format!("bytes {length} to 3")),
            (vec![u32::MAX], (0, 0), "bytes 0 to 4294967295".to_owned()),
            (vec![length], (0, 7), "rule 7 of a policy of 1".to_owned()),
            (vec![length - 1], (0, 0), format!("image of {length} bytes, and {} are there", length - 1)),
            (vec![0], (0, 0), "does not begin as a record image does".to_owned()),
        ] {
            let answers = evaluate(&records, &ends, &[task]);
            assert!(answers.len() == 1 && answers[0].1.contains(&expected), "{ends:?} {task:?}: {answers:?}");
        }
        let (array, ends) = images(&["[1]"]);
        assert!(evaluate(&array, &ends, &[(0, 0)])[0].1.contains("not an object"));
        assert!(evaluate(br#"{"eventName":"A"}"#, &[17], &[(0, 0)])[0].1.contains("does not begin as a record image does"));
    }

    #[test]
    fn half_a_task_is_none() {
        assert!(tasks(&[0, 1, 2]).is_none());
        assert_eq!(tasks(&[5, 6]).unwrap().collect::<Vec<_>>(), [Task { record: 5, rule: 6 }]);
        assert_eq!(tasks(&[]).unwrap().count(), 0);
    }

    #[test]
    fn a_bad_record_leaves_the_others_to_be_judged() {
        let (mut records, ends) = images(&[r#"{"eventName":"A"}"#, r#"{"eventName":"B"}"#, r#"{"eventName":"C"}"#]);
        records[ends[0] as usize] = b'?';
        let answers = evaluate(&records, &ends, &[(0, 0), (1, 0), (2, 0)]);
        assert_eq!((answers[0].1.as_str(), answers[2].1.as_str()), ("A", "C"));
        assert!(answers[1].1.contains("does not begin as a record image does"));
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
