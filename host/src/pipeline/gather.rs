//! Gathers records into batches for the policies that want them.
//!
//! Consecutive records that any policy wants lie together in one shared batch. Whoever wants all of them is asked about it as
//! it is, one policy after the other while it is still in the processor's cache; records are copied out of it only for a
//! policy that wants some, until its own batch is worth a call. So one more policy on every record costs no copy of its own.

use policy_contract::manifest::RecordFormat;

use crate::engine::{Batch, Task, TooLarge};
use crate::limits::Limits;
use crate::policy::Subscriber;
use crate::policy::one_record::NotHandedOver;
use crate::record::Forms;

/// A batch, and which record of the chunk each of its records is.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    /// What a policy is asked about.
    pub(super) batch: Batch,
    /// Positions in the chunk, one for each record of the batch.
    pub(super) records: Vec<usize>,
}

/// What a policy is to do next.
pub(super) enum Next<'a> {
    /// Judge a batch.
    Judge(&'a Gathered),
    /// Miss a record, by its position in the chunk: these rules fail at it.
    Miss { position: usize, rules: &'a [u32], why: NotHandedOver },
}

/// Gathers the records of one chunk after the other.
pub(super) struct Gatherer {
    json: Gathered,
    image: Gathered,
    policies: Vec<Wants>,
    batch_bytes: usize,
    batch_records: usize,
}

/// What one policy wants of its format's shared batch, and what was copied for it alone.
struct Wants {
    format: RecordFormat,
    tasks: Vec<Task>,
    records: usize,
    own: Gathered,
}

impl Gathered {
    fn clear(&mut self) {
        self.batch.clear();
        self.records.clear();
    }

    /// Whether a record has room; one that is larger than a whole batch may be is alone in it.
    fn has_room(&self, bytes: usize, (batch_bytes, batch_records): (usize, usize)) -> bool {
        let fits = self.batch.bytes().len().saturating_add(bytes) <= batch_bytes && self.batch.len() < batch_records;
        self.batch.is_empty() || fits
    }
}

impl Gatherer {
    /// A gatherer for policies that read these formats.
    pub(super) fn new(formats: impl Iterator<Item = RecordFormat>, limits: &Limits) -> Self {
        let wants = |format| Wants { format, tasks: Vec::new(), records: 0, own: Gathered::default() };
        Self {
            json: Gathered::default(),
            image: Gathered::default(),
            policies: formats.map(wants).collect(),
            batch_bytes: usize::try_from(limits.batch_kib.bytes()).unwrap_or(usize::MAX),
            batch_records: usize::try_from(limits.batch_records).unwrap_or(usize::MAX),
        }
    }

    /// Takes a record of the chunk for the rules that want it, which are in the order of the policies. `next` is called with a
    /// policy and what it is to do as soon as that is known.
    pub(super) fn add(
        &mut self,
        position: usize,
        record: &mut Forms<'_>,
        subscribers: &[Subscriber],
        next: &mut impl FnMut(usize, Next<'_>),
    ) {
        for format in [RecordFormat::Image, RecordFormat::Json] {
            let format_of = |subscriber: &Subscriber| self.policies.get(subscriber.policy).map(|wants| wants.format);
            if !subscribers.iter().any(|subscriber| format_of(subscriber) == Some(format)) {
                continue;
            }
            let shared = self.share(position, record, format, next);
            for of_policy in subscribers.chunk_by(|one, other| one.policy == other.policy) {
                let Some(policy) = of_policy.first().map(|subscriber| subscriber.policy) else { continue };
                let Some(wants) = self.policies.get_mut(policy).filter(|wants| wants.format == format) else { continue };
                let rules = of_policy.iter().map(|subscriber| subscriber.rule as u32);
                match &shared {
                    Ok(record) => {
                        wants.records += 1;
                        wants.tasks.extend(rules.map(|rule| Task { record: *record, rule }));
                    }
                    Err(why) => next(policy, Next::Miss { position, rules: &rules.collect::<Vec<_>>(), why: why.clone() }),
                }
            }
        }
    }

    /// Asks everybody about what is left of the chunk.
    pub(super) fn finish(&mut self, next: &mut impl FnMut(usize, Next<'_>)) {
        for format in [RecordFormat::Image, RecordFormat::Json] {
            self.ask_about_shared(format, next);
        }
        for (policy, wants) in self.policies.iter_mut().enumerate().filter(|(_, wants)| !wants.own.batch.is_empty()) {
            next(policy, Next::Judge(&wants.own));
            wants.own.clear();
        }
    }

    /// Puts a record into the shared batch of a format; gives its number there.
    fn share(
        &mut self,
        position: usize,
        record: &mut Forms<'_>,
        format: RecordFormat,
        next: &mut impl FnMut(usize, Next<'_>),
    ) -> Result<u32, NotHandedOver> {
        Ok(self.push(position, record.in_format(format)?, format, next)?)
    }

    fn push(
        &mut self,
        position: usize,
        record: &[u8],
        format: RecordFormat,
        next: &mut impl FnMut(usize, Next<'_>),
    ) -> Result<u32, TooLarge> {
        let limits = (self.batch_bytes, self.batch_records);
        if !self.shared(format).has_room(record.len(), limits) {
            self.ask_about_shared(format, next);
        }
        let shared = self.shared(format);
        let number = u32::try_from(shared.batch.len()).map_err(|_| TooLarge)?;
        shared.batch.push(record, [])?;
        shared.records.push(position);
        Ok(number)
    }

    fn shared(&mut self, format: RecordFormat) -> &mut Gathered {
        match format {
            RecordFormat::Json => &mut self.json,
            RecordFormat::Image => &mut self.image,
        }
    }

    /// Asks those who want every record of a shared batch, copies for those who want some, and begins another.
    fn ask_about_shared(&mut self, format: RecordFormat, next: &mut impl FnMut(usize, Next<'_>)) {
        let limits = (self.batch_bytes, self.batch_records);
        let mut shared = std::mem::take(self.shared(format));
        let wanting = self.policies.iter_mut().enumerate().filter(|(_, wants)| wants.format == format && wants.records > 0);
        for (policy, wants) in wanting {
            if wants.records == shared.batch.len() {
                shared.batch.swap_tasks(&mut wants.tasks);
                next(policy, Next::Judge(&shared));
                shared.batch.swap_tasks(&mut wants.tasks);
            } else {
                wants.copy_from(&shared, limits, |what| next(policy, what));
            }
            wants.tasks.clear();
            wants.records = 0;
        }
        shared.clear();
        *self.shared(format) = shared;
    }
}

impl Wants {
    /// Copies the records that the policy wants out of a shared batch, until its own is full.
    fn copy_from(&mut self, shared: &Gathered, limits: (usize, usize), mut next: impl FnMut(Next<'_>)) {
        let records = shared.records.iter().copied().enumerate();
        let mut tasks = self.tasks.as_slice();
        for (number, position) in records {
            let of_record = tasks.iter().take_while(|task| task.record as usize == number).count();
            let Some((of_record, rest)) = tasks.split_at_checked(of_record) else { break };
            tasks = rest;
            if of_record.is_empty() {
                continue;
            }
            let record = shared.batch.record(number);
            if !self.own.has_room(record.len(), limits) {
                next(Next::Judge(&self.own));
                self.own.clear();
            }
            let rules = of_record.iter().map(|task| task.rule);
            match self.own.batch.push(record, rules.clone()) {
                Ok(()) => self.own.records.push(position),
                Err(why) => next(Next::Miss { position, rules: &rules.collect::<Vec<_>>(), why: why.into() }),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use policy_contract::image::{Image, Node};
    use proptest::prelude::*;

    use super::*;
    use crate::limits::Kibibytes;
    use crate::record::Handover;

    /// Policy, position in the chunk, rule.
    type Place = (usize, usize, u32);

    #[derive(Debug, Default)]
    struct Heard {
        asked: Vec<Place>,
        missed: Vec<Place>,
        /// Records and bytes of each batch.
        batches: Vec<(usize, usize)>,
    }

    /// A record that says its position, in so many bytes.
    fn record(position: usize, bytes: usize) -> String {
        format!(r#"{{"position":"{position}","filler":"{}"}}"#, "x".repeat(bytes))
    }

    /// The position that a record in a batch says.
    fn said(record: &[u8], format: RecordFormat) -> String {
        match format {
            RecordFormat::Json => {
                let tree: serde_json::Value = serde_json::from_slice(record).unwrap();
                tree["position"].as_str().unwrap().to_owned()
            }
            RecordFormat::Image => {
                let root = Image::read(record).unwrap().root();
                root.member("position").and_then(Node::str).unwrap().to_owned()
            }
        }
    }

    fn gather(formats: &[RecordFormat], limits: &Limits, records: &[(String, Vec<Subscriber>)]) -> Heard {
        let (mut gatherer, mut handover) = (Gatherer::new(formats.iter().copied(), limits), Handover::default());
        let mut heard = Heard::default();
        let mut next = |policy: usize, next: Next<'_>| match next {
            Next::Judge(Gathered { batch, records }) => {
                assert_eq!(batch.len(), records.len());
                heard.batches.push((batch.len(), batch.bytes().len()));
                for task in batch.tasks() {
                    let position = records[task.record as usize];
                    assert_eq!(said(batch.record(task.record as usize), formats[policy]), position.to_string());
                    heard.asked.push((policy, position, task.rule));
                }
            }
            Next::Miss { position, rules, .. } => heard.missed.extend(rules.iter().map(|rule| (policy, position, *rule))),
        };
        // Two chunks, so that nothing of the first is left over.
        for _ in 0..2 {
            for (position, (json, subscribers)) in records.iter().enumerate() {
                gatherer.add(position, &mut handover.of(json), subscribers, &mut next);
            }
            gatherer.finish(&mut next);
        }
        heard
    }

    #[test]
    fn who_wants_every_record_is_asked_without_a_copy_and_others_with_their_own_records_only() {
        let all = |policy| Subscriber { policy, rule: 0 };
        let records: Vec<_> = (0..6)
            .map(|position| {
                let some = (position % 2 == 0).then(|| all(2));
                (record(position, 10), [all(0), all(1)].into_iter().chain(some).collect())
            })
            .collect();
        let heard = gather(&[RecordFormat::Image; 3], &Limits::default(), &records);
        let sizes: Vec<_> = heard.batches.iter().map(|(records, _)| *records).collect();
        assert_eq!(sizes, [6, 6, 3, 6, 6, 3]);
    }

    #[test]
    fn a_record_without_an_image_is_missed_by_those_who_read_images_and_by_nobody_else() {
        let subscribers =
            vec![Subscriber { policy: 0, rule: 3 }, Subscriber { policy: 0, rule: 4 }, Subscriber { policy: 1, rule: 0 }];
        // The reader lets no such record through; a lone half of a surrogate pair is what its parser might overlook.
        let odd = r#"{"position":"0","odd":"\ud800"}"#.to_owned();
        let mut gatherer = Gatherer::new([RecordFormat::Image, RecordFormat::Json].into_iter(), &Limits::default());
        let (mut asked, mut missed) = (Vec::new(), Vec::new());
        let mut next = |policy: usize, next: Next<'_>| match next {
            Next::Judge(gathered) => asked.push((policy, gathered.batch.bytes().to_vec())),
            Next::Miss { position, rules, why } => missed.push((policy, position, rules.to_vec(), why.to_string())),
        };
        gatherer.add(0, &mut Handover::default().of(&odd), &subscribers, &mut next);
        gatherer.finish(&mut next);
        assert_eq!(asked, [(1, odd.into_bytes())]);
        let [(0, 0, rules, why)] = missed.as_slice() else { panic!("{missed:?}") };
        assert_eq!(rules, &[3, 4]);
        assert!(why.contains("surrogate"), "{why}");
    }

    proptest! {
        #[test]
        fn every_rule_sees_every_record_that_it_wants_once_and_no_batch_is_too_large(
            formats in prop::collection::vec(prop_oneof![Just(RecordFormat::Image), Just(RecordFormat::Json)], 1..5),
            wanted in prop::collection::vec((0usize..2000, prop::collection::btree_set((0usize..5, 0usize..3), 0..8)), 0..30),
            batch_records in 1u64..8,
            batch_kib in 1u64..4,
        ) {
            let limits = Limits { batch_records, batch_kib: Kibibytes(batch_kib), ..Limits::default() };
            let subscriber = |(policy, rule): &(usize, usize)| Subscriber { policy: *policy, rule: *rule };
            let records: Vec<(String, Vec<Subscriber>)> = wanted.iter().enumerate().map(|(position, (bytes, wanted))| {
                (record(position, *bytes), wanted.iter().filter(|(policy, _)| *policy < formats.len()).map(subscriber).collect())
            }).collect();
            let heard = gather(&formats, &limits, &records);

            let places = |(position, (_, subscribers)): (usize, &(String, Vec<Subscriber>))| -> Vec<Place> {
                subscribers.iter().map(|subscriber| (subscriber.policy, position, subscriber.rule as u32)).collect()
            };
            let expected: BTreeSet<Place> = records.iter().enumerate().flat_map(places).collect();
            prop_assert_eq!(heard.asked.len(), expected.len() * 2, "once in each of the two chunks");
            prop_assert_eq!(heard.asked.into_iter().collect::<BTreeSet<_>>(), expected);
            prop_assert!(heard.missed.is_empty());
            for (records, bytes) in heard.batches {
                prop_assert!(records as u64 <= batch_records && (records == 1 || bytes as u64 <= batch_kib * 1024));
            }
        }
    }
}
