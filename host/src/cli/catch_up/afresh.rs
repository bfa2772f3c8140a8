//! Reads the journal's records again and judges them: object by object, in the order of the journal.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use policy_contract::manifest::Mode;

use super::super::summary::FindingCounts;
use super::super::telling::Telling;
use super::Stopped;
use crate::config::Config;
use crate::engine::FailureKind;
use crate::finding::{HostFinding, HostRule, RelatedEvents, Subject};
use crate::limits::{CHUNK_BYTES, CHUNK_ITEMS};
use crate::pipeline::{Chunk, ChunkRecord, Judge, Judged, QUARANTINED, Quarantines};
use crate::policy::{Catalogue, Subscriber};
use crate::record::{Item, ObjectReader, RawRecord, ReadLimits};
use crate::source::StoredObject;
use crate::store::{Entry, Journal, TaskKey};

/// Entries that are read from the journal at a time.
const PAGE: usize = 4_096;

/// What became of the journal's tasks. `tasks` is the sum of those behind it up to `not_shown`.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sums {
    /// Tasks of policies that catch up.
    pub(super) tasks: u64,
    /// Of these: those that were answered, and are removed.
    pub(super) answered: u64,
    /// Of these: those that failed again.
    pub(super) failed: u64,
    /// Of these: those that were withheld, because their policy was quarantined meanwhile.
    pub(super) withheld: u64,
    /// Of these: those whose record is not where it was.
    pub(super) gone: u64,
    /// Of these: those of rules that the policy does not have, or that are off.
    pub(super) not_at_work: u64,
    /// Of these: those that were answered, and whose findings had no room in the table.
    pub(super) not_shown: u64,
    /// Tasks of other policies.
    pub(super) of_others: u64,
    /// Findings of rules in the shadow.
    pub(super) shadowed: u64,
}

/// A catch-up under way.
pub(super) struct CatchUp<'a> {
    journal: &'a Journal,
    catalogue: Arc<Catalogue>,
    judge: Judge,
    quarantines: Quarantines,
    read_limits: ReadLimits,
    telling: Telling,
    sums: Sums,
    /// What is to be said of exceptions that have expired.
    expired: Vec<HostFinding>,
    /// Answered tasks whose findings are not on standard output yet.
    answered: Vec<TaskKey>,
}

/// A task that is to be judged again.
struct Wanted {
    subscriber: Subscriber,
    key: TaskKey,
}

/// Records that were found again, with the tasks of each.
#[derive(Default)]
struct Found {
    chunk: Chunk,
    tasks: Vec<Vec<Wanted>>,
    bytes: usize,
}

impl<'a> CatchUp<'a> {
    pub(super) fn new(journal: &'a Journal, catalogue: Arc<Catalogue>, config: &Config, telling: Telling) -> Self {
        let quarantines = Quarantines::new(&config.limits);
        let judge = Judge::new(Arc::clone(&catalogue), &config.limits, quarantines.board());
        let (read_limits, sums) = (ReadLimits::from(&config.limits), Sums::default());
        let expired = config.expired_exceptions();
        Self { journal, catalogue, judge, quarantines, read_limits, telling, sums, expired, answered: Vec::new() }
    }

    pub(super) fn hide_progress(&self) {
        self.telling.progress.finish();
    }

    /// Goes through the whole journal once.
    pub(super) fn run(&mut self) -> Result<(), Stopped> {
        let catalogue = Arc::clone(&self.catalogue);
        for refusal in catalogue.refusals() {
            self.telling.host_finding(refusal.finding())?;
        }
        for expired in std::mem::take(&mut self.expired) {
            self.telling.host_finding(expired)?;
        }
        let mut last = None;
        loop {
            let page = self.journal.entries_after(last.as_ref(), PAGE)?;
            let Some(end) = page.last() else { break };
            last = Some(end.key.clone());
            for of_object in page.chunk_by(|a, b| a.key.is_at_same_place(&b.key)) {
                self.object(of_object)?;
            }
        }
        Ok(())
    }

    /// Tells the rest and removes what was answered.
    pub(super) fn finish(mut self) -> Result<(FindingCounts, Sums), Stopped> {
        self.telling.failures(true)?;
        let Telling { report, findings, .. } = self.telling;
        report.finish()?;
        // Only now everything is on standard output.
        self.journal.remove(&self.answered)?;
        Ok((findings, self.sums))
    }

    /// Judges the tasks whose records are in one object, or are the same kept record.
    fn object(&mut self, entries: &[Entry]) -> Result<(), Stopped> {
        let mut by_offset: BTreeMap<u64, Vec<(&Entry, Wanted)>> = BTreeMap::new();
        for entry in entries {
            if let Some(subscriber) = self.subscriber(&entry.key) {
                let wanted = Wanted { subscriber, key: entry.key.clone() };
                by_offset.entry(entry.key.offset()).or_default().push((entry, wanted));
            }
        }
        let Some((first, _)) = by_offset.values().flatten().next() else { return Ok(()) };
        let (first, object): (&Entry, Arc<str>) = (first, first.object.as_str().into());
        let mut found = Found::default();
        let mut fault = None;
        match first.key.stored_object() {
            Some(name) => match StoredObject::of_lasting_name(name).open() {
                Ok(source) => {
                    let mut reader = ObjectReader::new(source, self.read_limits);
                    while let Some(item) = if by_offset.is_empty() { None } else { reader.next() } {
                        match item {
                            Item::Record(record) => self.record(&object, record, &mut by_offset, &mut found)?,
                            Item::Fault(unreadable) => fault = Some(unreadable.to_string()),
                            Item::Duplicate { .. } | Item::NotARecord { .. } => {}
                        }
                    }
                }
                Err(error) => fault = Some(error.source.to_string()),
            },
            None => {
                let json = self.journal.record(&first.key)?.unwrap_or_default();
                for item in ObjectReader::new(json.as_bytes(), self.read_limits) {
                    if let Item::Record(mut record) = item {
                        // It was alone in what was kept, wherever it was in what came.
                        record.position.offset = first.key.offset();
                        self.record(&object, record, &mut by_offset, &mut found)?;
                    }
                }
            }
        }
        self.flush(&mut found)?;
        self.gone(&object, fault, by_offset)
    }

    /// The rule that a task is for; counted where there is none.
    fn subscriber(&mut self, key: &TaskKey) -> Option<Subscriber> {
        let policies = self.catalogue.policies();
        let Some(policy) = policies.iter().position(|policy| policy.identity().name.as_str() == key.policy()) else {
            self.sums.of_others += 1;
            return None;
        };
        self.sums.tasks += 1;
        let rules = policies[policy].rules();
        let is_meant = |rule: &crate::policy::LoadedRule| rule.description.id.as_str() == key.rule() && rule.mode != Mode::Off;
        let rule = rules.iter().position(is_meant);
        if rule.is_none() {
            self.sums.not_at_work += 1;
        }
        rule.map(|rule| Subscriber { policy, rule })
    }

    /// Takes a record that was read again, if tasks want it and it is the one that they failed at.
    fn record(
        &mut self,
        object: &Arc<str>,
        record: RawRecord,
        by_offset: &mut BTreeMap<u64, Vec<(&Entry, Wanted)>>,
        found: &mut Found,
    ) -> Result<(), Stopped> {
        let Some(candidates) = by_offset.get_mut(&record.position.offset) else { return Ok(()) };
        let is_it = |(_, wanted): &mut (&Entry, Wanted)| wanted.key.event_key() == record.event_key.as_str();
        let mut tasks: Vec<Wanted> = candidates.extract_if(.., is_it).map(|(_, wanted)| wanted).collect();
        if candidates.is_empty() {
            by_offset.remove(&record.position.offset);
        }
        if tasks.is_empty() {
            return Ok(());
        }
        tasks.sort_by_key(|wanted| wanted.subscriber);
        found.bytes += record.json.len();
        found.chunk.records.push(ChunkRecord { object: Arc::clone(object), record });
        found.tasks.push(tasks);
        if found.tasks.len() >= CHUNK_ITEMS || found.bytes >= CHUNK_BYTES { self.flush(found) } else { Ok(()) }
    }

    /// Judges what was found, tells what came of it, and then forgets what was answered.
    fn flush(&mut self, found: &mut Found) -> Result<(), Stopped> {
        let Found { chunk, tasks, .. } = std::mem::take(found);
        if tasks.is_empty() {
            return Ok(());
        }
        let mut judged = self.judge.judge_wanted(&chunk, &(), |position, _, wanted| {
            wanted.clear();
            wanted.extend(tasks[position].iter().map(|wanted| wanted.subscriber));
        });
        let quarantined = self.quarantines.settle(&self.catalogue, &chunk.records, &mut judged);
        let not_answered = self.not_answered(&judged);
        let counts = judged.counts();
        self.sums.shadowed += counts.shadowed;
        self.telling.judged(&self.catalogue, &chunk.records, judged, quarantined)?;
        let has_room = self.telling.report.has_room();
        let is_written = self.telling.report.flush()?;

        let mut failed_again = Vec::new();
        for (position, Wanted { subscriber, key }) in
            tasks.into_iter().enumerate().flat_map(|(position, tasks)| tasks.into_iter().map(move |wanted| (position, wanted)))
        {
            match not_answered.get(&(position, subscriber)) {
                Some(why) => {
                    *(if *why == QUARANTINED { &mut self.sums.withheld } else { &mut self.sums.failed }) += 1;
                    failed_again.push((key, *why));
                }
                None if has_room => {
                    self.sums.answered += 1;
                    self.answered.push(key);
                }
                None => self.sums.not_shown += 1,
            }
        }
        self.journal.restate(&failed_again)?;
        if is_written {
            self.journal.remove(&std::mem::take(&mut self.answered))?;
        }
        Ok(())
    }

    /// The tasks of a chunk that were not answered, as position of the record and rule, and why.
    fn not_answered(&self, judged: &Judged) -> BTreeMap<(usize, Subscriber), &'static str> {
        let mut not_answered = BTreeMap::new();
        for failure in judged.failures.iter().filter(|failure| failure.kind != FailureKind::Impure) {
            let (Some(record), Some(rule)) = (&failure.record, &failure.rule) else { continue };
            let position_of = |(policy, loaded): (usize, &Arc<crate::policy::LoadedPolicy>)| {
                let rule = loaded.rules().iter().position(|loaded| loaded.description.id == *rule)?;
                (loaded.identity().name == failure.policy).then_some(Subscriber { policy, rule })
            };
            let subscriber = self.catalogue.policies().iter().enumerate().find_map(position_of);
            not_answered.extend(subscriber.map(|subscriber| ((record.position, subscriber), failure.kind.as_str())));
        }
        for (policy, of_policy) in judged.by_policy.iter().enumerate() {
            let withheld = of_policy.withheld.iter().map(|(record, rule)| (*record, Subscriber { policy, rule: *rule }));
            not_answered.extend(withheld.map(|task| (task, QUARANTINED)));
        }
        not_answered
    }

    /// Reports tasks whose records were not found.
    fn gone(&mut self, object: &str, fault: Option<String>, left: BTreeMap<u64, Vec<(&Entry, Wanted)>>) -> Result<(), Stopped> {
        let mut events = RelatedEvents::default();
        left.values().flatten().for_each(|(entry, _)| events.add(entry.key.event_key()));
        if events.count() == 0 {
            return Ok(());
        }
        self.sums.gone += events.count();
        let why = fault.unwrap_or_else(|| "it holds something else where they were".to_owned());
        let places: BTreeSet<u64> = left.keys().copied().collect();
        let reason = format!(
            "the records at {} places of {object} can't be had again: {why}; their tasks stay in the journal: bring the object \
             back and catch up",
            places.len()
        );
        self.telling.progress.line(&format!("error: {reason}"));
        let subject = Subject { object: Some(object.to_owned()), ..Subject::default() };
        let finding = HostFinding::once(HostRule::RecordMissing, subject, reason);
        Ok(self.telling.host_finding(HostFinding { count: events.count(), events, ..finding })?)
    }
}
