//! A batch: records one after the other in one buffer, and the tasks that say which rule looks at which.

/// Rule number `rule` of the policy (its position in the manifest) is to look at record number `record` of the batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Task {
    /// Position of the record in the batch.
    pub record: u32,
    /// Position of the rule in the manifest.
    pub rule: u32,
}

/// Records and tasks for one call. Tasks are in order of their records.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    ends: Vec<u32>,
    tasks: Vec<Task>,
}

/// A batch that would grow beyond what its offsets can address.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
#[error("a batch can't hold more than 4 GiB of records")]
pub struct TooLarge;

impl Batch {
    /// Appends a record and the rules that want it.
    ///
    /// # Errors
    /// [`TooLarge`]; the batch is unchanged.
    pub fn push(&mut self, record: &[u8], rules: impl IntoIterator<Item = u32>) -> Result<(), TooLarge> {
        let end = u32::try_from(self.bytes.len() + record.len()).map_err(|_| TooLarge)?;
        let position = u32::try_from(self.ends.len()).map_err(|_| TooLarge)?;
        self.bytes.extend_from_slice(record);
        self.ends.push(end);
        self.tasks.extend(rules.into_iter().map(|rule| Task { record: position, rule }));
        Ok(())
    }

    /// Exchanges its tasks for others over the same records, which are in order of their records too.
    pub fn swap_tasks(&mut self, tasks: &mut Vec<Task>) {
        std::mem::swap(&mut self.tasks, tasks);
    }

    /// Forgets its records and tasks, and keeps its memory for the next ones.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
        self.tasks.clear();
    }

    /// The records' bytes, one after the other.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where each record ends in [`Batch::bytes`].
    pub fn ends(&self) -> &[u32] {
        &self.ends
    }

    /// The tasks, in order of their records.
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The tasks as the contract hands them over: a record's number, then a rule's, for each.
    pub fn task_numbers(&self) -> Vec<u32> {
        let mut numbers = Vec::with_capacity(self.tasks.len() * 2);
        self.tasks.iter().for_each(|task| numbers.extend([task.record, task.rule]));
        numbers
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The bytes of one record; empty for a position that is not there.
    pub fn record(&self, position: usize) -> &[u8] {
        let end = self.ends.get(position).copied().unwrap_or_default() as usize;
        let start = position.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default() as usize;
        self.bytes.get(start..end).unwrap_or_default()
    }

    /// The batch of the tasks at these positions only, with the records that they need. The positions are ascending.
    pub fn part(&self, tasks: impl IntoIterator<Item = usize>) -> Self {
        let mut part = Self::default();
        let mut last_record = None;
        for task in tasks.into_iter().filter_map(|position| self.tasks.get(position)) {
            if last_record != Some(task.record) {
                part.bytes.extend_from_slice(self.record(task.record as usize));
                // No longer than the whole, whose offsets fit.
                part.ends.push(part.bytes.len() as u32);
                last_record = Some(task.record);
            }
            part.tasks.push(Task { record: part.ends.len() as u32 - 1, rule: task.rule });
        }
        part
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch() -> Batch {
        let mut batch = Batch::default();
        batch.push(b"one", [0, 2]).unwrap();
        batch.push(b"", [1]).unwrap();
        batch.push(b"three", [0]).unwrap();
        batch
    }

    fn tasks(batch: &Batch) -> Vec<(u32, u32)> {
        batch.tasks().iter().map(|task| (task.record, task.rule)).collect()
    }

    #[test]
    fn records_lie_one_after_the_other() {
        let batch = batch();
        assert_eq!((batch.bytes(), batch.ends()), (&b"onethree"[..], &[3, 3, 8][..]));
        assert_eq!([batch.record(0), batch.record(1), batch.record(2), batch.record(3)], [&b"one"[..], b"", b"three", b""]);
    }

    #[test]
    fn a_batch_that_was_cleared_begins_anew() {
        let mut cleared = batch();
        cleared.clear();
        assert!(cleared.is_empty() && cleared.bytes().is_empty() && cleared.tasks().is_empty());
        cleared.push(b"two", [5]).unwrap();
        assert_eq!((cleared.record(0), tasks(&cleared)), (&b"two"[..], vec![(0, 5)]));
    }

    #[test]
    fn a_part_holds_only_what_its_tasks_need() {
        let part = batch().part(1..3);
        assert_eq!((part.bytes(), part.ends()), (&b"one"[..], &[3, 3][..]));
        assert_eq!(tasks(&part), [(0, 2), (1, 1)]);
        assert_eq!(part.task_numbers(), [0, 2, 1, 1]);
        let ends_of_it = batch().part([1, 3]);
        assert_eq!((ends_of_it.bytes(), tasks(&ends_of_it)), (&b"onethree"[..], vec![(0, 2), (1, 0)]));
        let (whole, all) = (batch(), batch().part(0..4));
        assert_eq!((all.bytes(), all.ends(), tasks(&all)), (whole.bytes(), whole.ends(), tasks(&whole)));
    }
}
