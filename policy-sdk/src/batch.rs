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
