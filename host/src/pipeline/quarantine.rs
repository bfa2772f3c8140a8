//! Quarantine: when a policy is switched off, and how that happens at the same record whatever the number of workers.
//!
//! Records are written by attackers too, and one who finds out what makes a policy fail can send as many such records as he
//! likes, under as many event names. So the number of failures says nothing. What he can't have at will are *principals*:
//! identities that AWS vouches for. A policy is quarantined where the larger part of its tasks fail one batch after the other,
//! and these failures concern at least half of the principals seen meanwhile, and enough of them, and enough kinds of event;
//! or where it can't start at all, which no record can cause.
//!
//! Workers only gather [`Trial`]s. The verdict is spoken by [`Quarantines`], where results come in the order of the records;
//! what a worker had already judged by then is thrown away and counted as withheld. The [`Board`] spares workers the effort,
//! and changes nothing in the result.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::chunk::ChunkRecord;
use super::judge::{Judged, OfPolicy, subscribers};
use crate::engine::{FailureKind, Judgement, Task};
use crate::finding::facts::{Facts, PrincipalType};
use crate::limits::Limits;
use crate::policy::{Catalogue, LoadedPolicy};
use crate::record::Handover;

/// A streak that has grown to so many times the tasks that a quarantine needs begins anew: it is an attacker's, and what it
/// is remembered by must not grow for ever.
const LONGEST_STREAK: u64 = 16;

/// Why a policy is quarantined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// No instance can be made ready.
    CannotStart {
        /// What went wrong, for people.
        reason: String,
    },
    /// It fails at most of what it is asked, whoever did it and whatever it is.
    FailsThroughout {
        /// How many tasks, one after the other, were looked at.
        tasks: u64,
        /// At records of how many principals it failed.
        principals: usize,
        /// At how many kinds of event it failed.
        event_kinds: usize,
    },
}

impl Verdict {
    /// The stable word for it.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::CannotStart { .. } => "cannot-start",
            Self::FailsThroughout { .. } => "fails-throughout",
        }
    }
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::CannotStart { reason } => write!(f, "{reason}"),
            Self::FailsThroughout { tasks, principals, event_kinds } => write!(
                f,
                "failed at the larger part of {tasks} tasks, batch after batch, at records of {principals} principals and {event_kinds} kinds of event"
            ),
        }
    }
}

/// A policy that was quarantined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// Position in [`Catalogue::policies`].
    pub policy: usize,
    /// Why.
    pub verdict: Verdict,
}

/// What it takes to be quarantined.
#[derive(Clone, Copy, Debug)]
pub(super) struct Thresholds {
    tasks: u64,
    principals: usize,
    event_kinds: usize,
}

impl From<&Limits> for Thresholds {
    fn from(limits: &Limits) -> Self {
        let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        Self {
            tasks: limits.quarantine_tasks,
            principals: size(limits.quarantine_principals),
            event_kinds: size(limits.quarantine_event_kinds),
        }
    }
}

/// Which policies are known to be quarantined, by their numbers, for workers.
#[derive(Debug, Default)]
pub struct Board(Mutex<BTreeSet<u64>>);

impl Board {
    pub(super) fn numbers(&self) -> MutexGuard<'_, BTreeSet<u64>> {
        // What is under this lock is whole between any two statements.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What one batch says about the policy that judged it, where most of its tasks failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Block {
    tasks: u64,
    /// The principals of its records, and whether a task failed at one of theirs.
    principals: BTreeMap<u64, bool>,
    /// Kinds of event at which a task failed.
    event_kinds: BTreeSet<u64>,
}

/// What a chunk says about one policy.
#[derive(Debug, Default)]
pub struct Trial {
    /// A batch was mostly answered: whatever was held against the policy before is void.
    is_cleared: bool,
    /// Batches of which most tasks failed, since then.
    blocks: Vec<Block>,
    streak: Streak,
    /// The chunk alone convicts the policy: what follows in it was withheld.
    verdict: Option<Verdict>,
}

impl Trial {
    /// Hears what became of a batch's tasks, whose records are found by their positions in the batch. Returns whether the
    /// policy is to be asked no more in this chunk.
    pub(super) fn hear<'r>(
        &mut self,
        tasks: &[Task],
        record: impl Fn(usize) -> &'r str,
        judgement: &Judgement,
        thresholds: Thresholds,
    ) -> bool {
        if let Some(reason) = &judgement.cannot_start {
            self.verdict = Some(Verdict::CannotStart { reason: reason.clone() });
            return true;
        }
        // A rule's own error is an answer in words and costs next to nothing; the host's lack of memory is not the policy's.
        let counts = |kind| kind != FailureKind::Error;
        let shortages = judgement.failures.iter().filter(|failure| failure.is_shortage).count();
        let failed: BTreeSet<usize> =
            judgement.failures.iter().filter(|failure| !failure.is_shortage && counts(failure.kind)).map(|f| f.task).collect();
        let tried = tasks.len() - shortages;
        if tried == 0 {
            return false;
        }
        if failed.len() * 2 < tried {
            *self = Self { is_cleared: true, ..Self::default() };
            return false;
        }
        if thresholds.tasks == 0 {
            return false;
        }
        let block = Block::of(tasks, record, tried as u64, &failed);
        self.streak.add(&block, thresholds);
        self.blocks.push(block);
        self.verdict = self.streak.verdict(thresholds);
        self.verdict.is_some()
    }
}

impl Block {
    fn of<'r>(tasks: &[Task], record: impl Fn(usize) -> &'r str, tried: u64, failed: &BTreeSet<usize>) -> Self {
        let mut block = Self { tasks: tried, ..Self::default() };
        let mut start = 0;
        for of_record in tasks.chunk_by(|a, b| a.record == b.record) {
            let positions = start..start + of_record.len();
            start = positions.end;
            let facts = of_record.first().and_then(|task| Facts::from_json(record(task.record as usize)).ok());
            let has_failed = failed.range(positions).next().is_some();
            *block.principals.entry(principal(facts.as_ref())).or_default() |= has_failed;
            if has_failed {
                block.event_kinds.insert(event_kind(facts.as_ref()));
            }
        }
        block
    }
}

/// Batches one after the other of which most tasks failed.
#[derive(Debug, Default)]
struct Streak {
    tasks: u64,
    principals: BTreeMap<u64, bool>,
    event_kinds: BTreeSet<u64>,
}

impl Streak {
    fn add(&mut self, block: &Block, thresholds: Thresholds) {
        if self.tasks / LONGEST_STREAK >= thresholds.tasks {
            *self = Self::default();
        }
        self.tasks += block.tasks;
        for (principal, has_failed) in &block.principals {
            *self.principals.entry(*principal).or_default() |= has_failed;
        }
        self.event_kinds.extend(&block.event_kinds);
    }

    fn verdict(&self, thresholds: Thresholds) -> Option<Verdict> {
        let principals = self.principals.values().filter(|has_failed| **has_failed).count();
        let event_kinds = self.event_kinds.len();
        let is_throughout = self.tasks >= thresholds.tasks
            && event_kinds >= thresholds.event_kinds
            && principals >= thresholds.principals
            && principals * 2 >= self.principals.len();
        is_throughout.then_some(Verdict::FailsThroughout { tasks: self.tasks, principals, event_kinds })
    }
}

/// Who acted, as far as it is something that an attacker can't have at will: a user, a role or a root that belongs to the
/// account. Of all others only the type counts: names of sessions, foreign accounts, users of an outside identity provider
/// and callers without credentials can be had in any number.
fn principal(facts: Option<&Facts>) -> u64 {
    let Some(facts) = facts else { return hash(&"unreadable") };
    let actor = &facts.actor;
    let kind = actor.kind.as_ref();
    let is_of_the_account = actor.account.is_some() && actor.account == facts.recipient_account;
    let identity = match kind {
        _ if !is_of_the_account => None,
        Some(PrincipalType::IamUser) => actor.uid.as_deref(),
        Some(PrincipalType::AssumedRole | PrincipalType::FederatedUser) => actor.session.issuer.as_deref(),
        Some(PrincipalType::Root) => actor.account.as_deref(),
        _ => None,
    };
    // A type that AWS does not have says nothing either.
    let known = kind.filter(|kind| !matches!(kind, PrincipalType::Other(_))).map(PrincipalType::as_str);
    hash(&(known, identity))
}

fn event_kind(facts: Option<&Facts>) -> u64 {
    hash(&facts.map(|facts| (&facts.event_source, &facts.event_name)))
}

/// The same for the same value in every run. Who makes two values meet only makes records look more alike.
fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// Speaks the verdicts, over results in the order of the records.
///
/// Verdicts are about one version of a policy under one configuration: the next one begins without them.
pub struct Quarantines {
    thresholds: Thresholds,
    board: Arc<Board>,
    streaks: BTreeMap<u64, Streak>,
    quarantined: BTreeSet<u64>,
}

impl Quarantines {
    /// No policy is quarantined yet.
    pub fn new(limits: &Limits) -> Self {
        Self {
            thresholds: Thresholds::from(limits),
            board: Arc::default(),
            streaks: BTreeMap::new(),
            quarantined: BTreeSet::new(),
        }
    }

    /// Which policies are quarantined, for others to look at.
    pub fn board(&self) -> Arc<Board> {
        Arc::clone(&self.board)
    }

    /// Settles what became of the next chunk, which this catalogue judged: what policies answered that had been quarantined
    /// before is withheld, and what the chunk says is held against those that had not. Returns whom it quarantines, from the
    /// next chunk on.
    pub fn settle(&mut self, catalogue: &Catalogue, records: &[ChunkRecord], judged: &mut Judged) -> Vec<Quarantined> {
        let mut quarantined = Vec::new();
        for (policy, loaded) in catalogue.policies().iter().enumerate() {
            if self.quarantined.contains(&loaded.number()) {
                withhold(catalogue, policy, records, judged);
            } else if let Some(verdict) = self.verdict(policy, loaded, judged) {
                self.quarantined.insert(loaded.number());
                self.board.numbers().insert(loaded.number());
                quarantined.push(Quarantined { policy, verdict });
            }
        }
        quarantined
    }

    /// Forgets what speaks against policies that are no longer loaded.
    pub fn forget_others(&mut self, catalogue: &Catalogue) {
        let loaded: BTreeSet<u64> = catalogue.policies().iter().map(|policy| policy.number()).collect();
        self.streaks.retain(|number, _| loaded.contains(number));
        self.quarantined.retain(|number| loaded.contains(number));
        self.board.numbers().retain(|number| loaded.contains(number));
    }

    fn verdict(&mut self, policy: usize, loaded: &LoadedPolicy, judged: &mut Judged) -> Option<Verdict> {
        let trial = std::mem::take(&mut judged.by_policy.get_mut(policy)?.trial);
        if trial.verdict.is_some() {
            return trial.verdict;
        }
        if !trial.is_cleared && trial.blocks.is_empty() {
            return None;
        }
        let streak = self.streaks.entry(loaded.number()).or_default();
        if trial.is_cleared {
            *streak = Streak::default();
        }
        for block in &trial.blocks {
            streak.add(block, self.thresholds);
            if let Some(verdict) = streak.verdict(self.thresholds) {
                return Some(verdict);
            }
        }
        None
    }
}

/// Takes back what a worker judged before it could know of the quarantine.
fn withhold(catalogue: &Catalogue, policy: usize, records: &[ChunkRecord], judged: &mut Judged) {
    let Some(of_policy) = judged.by_policy.get_mut(policy) else { return };
    if of_policy.tasks == of_policy.withheld.len() as u64 {
        return;
    }
    // What it was asked before it was known to be quarantined has cost what it has cost.
    let mut only_withheld = OfPolicy { calls: std::mem::take(&mut of_policy.calls), ..OfPolicy::default() };
    let (mut handover, mut wanted) = (Handover::default(), Vec::new());
    for (position, record) in records.iter().enumerate() {
        subscribers(catalogue, &mut handover.of(&record.record.json), &mut wanted);
        let mine = wanted.iter().filter(|subscriber| subscriber.policy == policy);
        mine.for_each(|subscriber| only_withheld.withhold(position, subscriber.rule));
    }
    *of_policy = only_withheld;
    let name = &catalogue.policies()[policy].identity().name;
    judged.findings.retain(|finding| finding.policy.name != *name);
    judged.shadowed.retain(|finding| finding.policy.name != *name);
    judged.suppressed.retain(|finding| finding.policy.name != *name);
    judged.failures.retain(|failure| failure.policy != *name);
    judged.log.retain(|(policy, _)| policy != name);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::TaskFailure;

    const THRESHOLDS: Thresholds = Thresholds { tasks: 100, principals: 4, event_kinds: 4 };

    fn record(identity: &str, event_name: usize) -> String {
        format!(
            r#"{{"eventSource":"s3.amazonaws.com","eventName":"Event{event_name}","recipientAccountId":"111122223333","userIdentity":{identity}}}"#
        )
    }

    fn role(number: usize, session: usize) -> String {
        format!(
            r#"{{"type":"AssumedRole","accountId":"111122223333","arn":"arn:aws:sts::111122223333:assumed-role/r{number}/s{session}","sessionContext":{{"sessionIssuer":{{"arn":"arn:aws:iam::111122223333:role/r{number}"}}}}}}"#
        )
    }

    /// A batch with one task for each record, each of which failed with this kind or was answered.
    fn hear(trial: &mut Trial, records: &[(String, Option<FailureKind>)]) -> bool {
        hear_shortage(trial, records, false)
    }

    fn hear_shortage(trial: &mut Trial, records: &[(String, Option<FailureKind>)], is_shortage: bool) -> bool {
        let tasks: Vec<Task> = (0..records.len()).map(|record| Task { record: record as u32, rule: 0 }).collect();
        let failures = records
            .iter()
            .enumerate()
            .filter_map(|(task, (_, kind))| Some(TaskFailure { task, kind: (*kind)?, is_shortage, reason: String::new() }));
        let judgement = Judgement { failures: failures.collect(), ..Judgement::default() };
        trial.hear(&tasks, |record| &records[record].0, &judgement, THRESHOLDS)
    }

    fn each(number: usize, record: impl Fn(usize) -> String, kind: Option<FailureKind>) -> Vec<(String, Option<FailureKind>)> {
        (0..number).map(|at| (record(at), kind)).collect()
    }

    #[test]
    fn a_policy_that_fails_whoever_did_whatever_is_convicted_once_there_is_enough_of_it() {
        let mut trial = Trial::default();
        let failing = each(60, |at| record(&role(at % 5, 0), at % 7), Some(FailureKind::Trap));
        assert!(!hear(&mut trial, &failing));
        assert!(hear(&mut trial, &failing));
        let verdict = Verdict::FailsThroughout { tasks: 120, principals: 5, event_kinds: 7 };
        assert_eq!(trial.verdict, Some(verdict));
    }

    #[test]
    fn an_attacker_convicts_nobody_with_what_he_can_have_at_will() {
        let service = |at: usize| format!(r#"{{"type":"AWSService","invokedBy":"s{at}.amazonaws.com"}}"#);
        let account = |at: usize| format!(r#"{{"type":"AWSAccount","accountId":"{at:012}","principalId":"AIDA{at}"}}"#);
        let outside = |at: usize| format!(r#"{{"type":"IAMUser","accountId":"{at:012}","arn":"arn:aws:iam::{at:012}:user/u"}}"#);
        let web = |at: usize| format!(r#"{{"type":"WebIdentityUser","principalId":"p{at}","userName":"u{at}"}}"#);
        let signing_in = |at: usize| format!(r#"{{"type":"IAMUser","accountId":"111122223333","userName":"u{at}"}}"#);
        let invented = |at: usize| format!(r#"{{"type":"Type{at}","arn":"arn:aws:iam::111122223333:user/u{at}"}}"#);
        let sessions = |at: usize| role(0, at);
        let none = |_: usize| "null".to_owned();
        let kinds: [&dyn Fn(usize) -> String; 8] = [&service, &account, &outside, &web, &signing_in, &invented, &sessions, &none];
        for (number, identity) in kinds.into_iter().enumerate() {
            let mut trial = Trial::default();
            let crafted = each(1_000, |at| record(&identity(at), at), Some(FailureKind::Trap));
            let principals: BTreeSet<u64> =
                crafted.iter().map(|(json, _)| principal(Facts::from_json(json).ok().as_ref())).collect();
            assert_eq!(principals.len(), 1, "kind {number}");
            assert!((0..20).all(|_| !hear(&mut trial, &crafted)), "kind {number}");
        }
    }

    #[test]
    fn a_flood_by_a_few_does_not_outweigh_the_many_who_are_judged() {
        let mut trial = Trial::default();
        let mut batch = each(200, |at| record(&role(at % 4, at), at), Some(FailureKind::Time));
        batch.extend(each(10, |at| record(&role(10 + at, 0), at), None));
        assert!((0..20).all(|_| !hear(&mut trial, &batch)));
    }

    #[test]
    fn a_batch_that_was_mostly_answered_clears_what_was_before() {
        let mut trial = Trial::default();
        let failing = each(60, |at| record(&role(at % 5, 0), at % 7), Some(FailureKind::Trap));
        assert!(!hear(&mut trial, &failing));
        assert!(!hear(&mut trial, &each(3, |at| record(&role(at, 0), at), None)));
        assert!(!hear(&mut trial, &failing));
        assert!(trial.is_cleared && trial.blocks.len() == 1);
        assert!(hear(&mut trial, &failing));
    }

    #[test]
    fn a_rules_own_errors_and_the_hosts_lack_of_memory_convict_nobody() {
        let mut trial = Trial::default();
        let with = |kind| each(500, |at| record(&role(at % 50, 0), at % 50), Some(kind));
        assert!(!hear(&mut trial, &with(FailureKind::Error)));
        assert!(!hear_shortage(&mut trial, &with(FailureKind::Memory), true));
        assert!(hear(&mut trial, &with(FailureKind::Memory)));
    }

    #[test]
    fn a_policy_that_cannot_start_is_convicted_at_once() {
        let judgement = Judgement { cannot_start: Some("no".into()), ..Judgement::default() };
        let mut trial = Trial::default();
        assert!(trial.hear(&[], |_| "", &judgement, THRESHOLDS));
        assert_eq!(trial.verdict.as_ref().map(Verdict::as_str), Some("cannot-start"));
    }

    #[test]
    fn a_streak_that_convicts_nobody_does_not_grow_for_ever() {
        let mut streak = Streak::default();
        for number in 0..10_000 {
            let block = Block { tasks: 10, principals: BTreeMap::from([(number, true)]), event_kinds: BTreeSet::from([1]) };
            streak.add(&block, THRESHOLDS);
            assert!(streak.tasks <= (LONGEST_STREAK + 1) * THRESHOLDS.tasks && streak.principals.len() < 200);
        }
    }
}
