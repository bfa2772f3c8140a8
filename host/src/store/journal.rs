//! The journal of tasks that failed or were withheld.

use std::collections::BTreeMap;
use std::ops::{AddAssign, Bound};
use std::path::Path;

use policy_contract::name::Name;
use redb::{ReadableDatabase as _, ReadableTable, Table, TableDefinition};

use super::database::Store;
use super::error::{Kept, StoreError};
use crate::digest::Digest;

/// Kind of origin, place, offset, event key, policy, rule.
type RawKey<'a> = (u8, &'a str, u64, &'a str, &'a str, &'a str);

/// The tasks: why each failed, and the name of its object as findings give it.
const TASKS: TableDefinition<'_, RawKey<'static>, (&str, &str)> = TableDefinition::new("tasks-1");
/// Records that came without an object, by their digests.
const RECORDS: TableDefinition<'_, &str, &str> = TableDefinition::new("records-1");
/// Sums over the other tables.
const SUMS: TableDefinition<'_, &str, u64> = TableDefinition::new("sums-1");
/// The key in [`SUMS`] of the bytes that the other tables hold.
const BYTES: &str = "bytes";
/// Bytes that a task takes besides its texts: numbers, lengths, its share of the tree.
const TASK_OVERHEAD: u64 = 64;

const IN_OBJECT: u8 = 0;
const KEPT_HERE: u8 = 1;

/// Where a failed task's record can be had again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// In the object of this name.
    Object(String),
    /// Nowhere: it came without an object, so this is it.
    Record(String),
}

/// A task that failed or was withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedTask {
    /// The policy.
    pub policy: Name,
    /// Its rule.
    pub rule: Name,
    /// Why: the word for the kind of failure, or `quarantined`.
    pub why: &'static str,
    /// Where the record can be had again.
    pub origin: Origin,
    /// The object's name as findings give it.
    pub object: String,
    /// Where in the object, in decompressed bytes.
    pub offset: u64,
    /// The event's key, by which the record is known again.
    pub event_key: String,
}

/// What identifies an entry: the same failure again is the same entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaskKey {
    kind: u8,
    place: String,
    offset: u64,
    event_key: String,
    policy: String,
    rule: String,
}

/// A task in the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// What identifies it.
    pub key: TaskKey,
    /// Why it failed: the word for the kind of failure, or `quarantined`.
    pub why: String,
    /// The object's name as findings give it.
    pub object: String,
}

/// What became of tasks that were to be written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Added {
    /// Tasks that were not there.
    pub new: u64,
    /// Tasks that were there already.
    pub known: u64,
    /// Tasks for which there is no room; they were not written.
    pub no_room: u64,
}

impl AddAssign for Added {
    fn add_assign(&mut self, other: Self) {
        self.new += other.new;
        self.known += other.known;
        self.no_room += other.no_room;
    }
}

/// How full the journal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of what it holds. The file is larger: it grows in steps, and what was removed is used again, not given back.
    pub bytes: u64,
    /// The most that it may hold.
    pub limit_bytes: u64,
}

/// The journal. All that a method writes is on the disk when it returns, or nothing of it is there.
pub struct Journal {
    store: Store,
    limit_bytes: u64,
}

impl TaskKey {
    fn of(task: &FailedTask) -> Self {
        let (kind, place) = match &task.origin {
            Origin::Object(name) => (IN_OBJECT, name.clone()),
            Origin::Record(json) => (KEPT_HERE, Digest::of(json.as_bytes()).to_string()),
        };
        let (policy, rule) = (task.policy.to_string(), task.rule.to_string());
        Self { kind, place, offset: task.offset, event_key: task.event_key.clone(), policy, rule }
    }

    fn from_raw((kind, place, offset, event_key, policy, rule): RawKey<'_>) -> Self {
        let text = str::to_owned;
        Self { kind, place: text(place), offset, event_key: text(event_key), policy: text(policy), rule: text(rule) }
    }

    fn raw(&self) -> RawKey<'_> {
        (self.kind, &self.place, self.offset, &self.event_key, &self.policy, &self.rule)
    }

    /// The name of the object that the record is in; none where the journal holds the record.
    pub fn stored_object(&self) -> Option<&str> {
        (self.kind == IN_OBJECT).then_some(&self.place)
    }

    /// Whether another task's record comes from the same object, or is the same kept record.
    pub fn is_at_same_place(&self, other: &Self) -> bool {
        (self.kind, &self.place) == (other.kind, &other.place)
    }

    /// Where in the object, in decompressed bytes.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The event's key.
    pub fn event_key(&self) -> &str {
        &self.event_key
    }

    /// The policy's name.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// The rule's id.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    fn bytes(&self, (why, object): (&str, &str)) -> u64 {
        let texts = [&*self.place, &self.event_key, &self.policy, &self.rule, why, object];
        texts.iter().map(|text| text.len() as u64).sum::<u64>() + TASK_OVERHEAD
    }
}

impl Journal {
    /// Opens a journal that may hold so many bytes, and makes it if it is not there.
    ///
    /// # Errors
    /// It can't be opened, is not private, is in use, or is something else.
    pub fn create(path: &Path, limit_bytes: u64) -> Result<Self, StoreError> {
        Self::open_file(path, limit_bytes, true)
    }

    /// Opens a journal that is there.
    ///
    /// # Errors
    /// As [`Journal::create`], and where there is none.
    pub fn open(path: &Path, limit_bytes: u64) -> Result<Self, StoreError> {
        Self::open_file(path, limit_bytes, false)
    }

    fn open_file(path: &Path, limit_bytes: u64, create: bool) -> Result<Self, StoreError> {
        let journal = Self { store: Store::open(path, create, Kept::Journal)?, limit_bytes };
        // Whoever reads later finds the tables there.
        journal.write(|_| Ok(()))?;
        Ok(journal)
    }

    /// Writes tasks down, in one step: when this returns, they are on the disk. Returns how many, and the positions of those
    /// that have no room.
    ///
    /// # Errors
    /// The disk is full or fails; nothing was written then.
    pub fn add(&self, tasks: &[FailedTask]) -> Result<(Added, Vec<usize>), StoreError> {
        if tasks.is_empty() {
            return Ok((Added::default(), Vec::new()));
        }
        self.write(|tables| {
            let (mut added, mut refused) = (Added::default(), Vec::new());
            for (position, task) in tasks.iter().enumerate() {
                match tables.add(task, self.limit_bytes)? {
                    Written::New => added.new += 1,
                    Written::Known => added.known += 1,
                    Written::NoRoom => refused.push(position),
                }
            }
            added.no_room = refused.len() as u64;
            Ok((added, refused))
        })
    }

    /// Says of tasks that are there why they failed this time.
    ///
    /// # Errors
    /// The disk is full or fails; nothing was written then.
    pub fn restate(&self, keys: &[(TaskKey, &str)]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.write(|tables| keys.iter().try_for_each(|(key, why)| tables.restate(key, why)))
    }

    /// Forgets tasks that were answered, and records that no other task needs.
    ///
    /// # Errors
    /// The disk fails; nothing was removed then.
    pub fn remove(&self, keys: &[TaskKey]) -> Result<(), StoreError> {
        if keys.is_empty() {
            return Ok(());
        }
        self.write(|tables| keys.iter().try_for_each(|key| tables.remove(key)))
    }

    /// At most so many entries behind one, in the order of their objects and of the places in them.
    ///
    /// # Errors
    /// The disk fails.
    pub fn entries_after(&self, last: Option<&TaskKey>, most: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.with(|database| {
            let tasks = database.begin_read()?.open_table(TASKS)?;
            let start = last.map_or(Bound::Unbounded, |key| Bound::Excluded(key.raw()));
            let entries = tasks.range::<RawKey<'_>>((start, Bound::Unbounded))?.take(most).map(|entry| {
                let (key, value) = entry?;
                let (why, object) = value.value();
                Ok(Entry { key: TaskKey::from_raw(key.value()), why: why.to_owned(), object: object.to_owned() })
            });
            entries.collect()
        })
    }

    /// The record that is kept for a task whose record is in no object.
    ///
    /// # Errors
    /// The disk fails.
    pub fn record(&self, key: &TaskKey) -> Result<Option<String>, StoreError> {
        if key.kind != KEPT_HERE {
            return Ok(None);
        }
        self.store.with(|database| {
            let records = database.begin_read()?.open_table(RECORDS)?;
            Ok(records.get(&*key.place)?.map(|record| record.value().to_owned()))
        })
    }

    /// How many tasks there are of each policy and reason.
    ///
    /// # Errors
    /// The disk fails.
    pub fn counts(&self) -> Result<BTreeMap<(String, String), u64>, StoreError> {
        self.store.with(|database| {
            let mut counts = BTreeMap::new();
            for entry in database.begin_read()?.open_table(TASKS)?.range::<RawKey<'_>>(..)? {
                let (key, value) = entry?;
                let (_, _, _, _, policy, _) = key.value();
                *counts.entry((policy.to_owned(), value.value().0.to_owned())).or_default() += 1;
            }
            Ok(counts)
        })
    }

    /// How full it is.
    ///
    /// # Errors
    /// The disk fails.
    pub fn usage(&self) -> Result<Usage, StoreError> {
        let bytes = self.store.with(|database| {
            let sums = database.begin_read()?.open_table(SUMS)?;
            Ok(sums.get(BYTES)?.map(|bytes| bytes.value()).unwrap_or_default())
        })?;
        Ok(Usage { bytes, limit_bytes: self.limit_bytes })
    }

    fn write<T>(&self, change: impl FnOnce(&mut Tables<'_>) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        self.store.with(|database| {
            // The default durability: on the disk before `commit` returns.
            let transaction = database.begin_write()?;
            let result = {
                let mut sums = transaction.open_table(SUMS)?;
                let bytes = sums.get(BYTES)?.map(|bytes| bytes.value()).unwrap_or_default();
                let (tasks, records) = (transaction.open_table(TASKS)?, transaction.open_table(RECORDS)?);
                let mut tables = Tables { tasks, records, bytes };
                let result = change(&mut tables)?;
                sums.insert(BYTES, tables.bytes)?;
                result
            };
            transaction.commit()?;
            Ok(result)
        })
    }
}

/// The tables within one transaction.
struct Tables<'t> {
    tasks: Table<'t, RawKey<'static>, (&'static str, &'static str)>,
    records: Table<'t, &'static str, &'static str>,
    bytes: u64,
}

/// What became of one task.
enum Written {
    New,
    Known,
    NoRoom,
}

impl Tables<'_> {
    fn add(&mut self, task: &FailedTask, limit_bytes: u64) -> Result<Written, redb::Error> {
        let key = TaskKey::of(task);
        let value = (task.why, &*task.object);
        let before = self.tasks.get(key.raw())?.map(|before| key.bytes(before.value()));
        let record = match &task.origin {
            Origin::Record(json) if self.records.get(&*key.place)?.is_none() => Some(json),
            Origin::Record(_) | Origin::Object(_) => None,
        };
        let record_bytes = record.map_or(0, |json| (json.len() + key.place.len()) as u64);
        let bytes = self.bytes - before.unwrap_or_default() + key.bytes(value) + record_bytes;
        if before.is_none() && bytes > limit_bytes {
            return Ok(Written::NoRoom);
        }
        if let Some(json) = record {
            self.records.insert(&*key.place, &**json)?;
        }
        self.tasks.insert(key.raw(), value)?;
        self.bytes = bytes;
        Ok(if before.is_some() { Written::Known } else { Written::New })
    }

    fn restate(&mut self, key: &TaskKey, why: &str) -> Result<(), redb::Error> {
        let before = self.tasks.get(key.raw())?.map(|value| (key.bytes(value.value()), value.value().1.to_owned()));
        let Some((bytes_before, object)) = before else { return Ok(()) };
        self.tasks.insert(key.raw(), (why, &*object))?;
        self.bytes = self.bytes.saturating_sub(bytes_before) + key.bytes((why, &object));
        Ok(())
    }

    fn remove(&mut self, key: &TaskKey) -> Result<(), redb::Error> {
        let Some(bytes) = self.tasks.remove(key.raw())?.map(|removed| key.bytes(removed.value())) else { return Ok(()) };
        self.bytes = self.bytes.saturating_sub(bytes);
        if key.kind != KEPT_HERE {
            return Ok(());
        }
        let from = (KEPT_HERE, &*key.place, 0, "", "", "");
        let next = self.tasks.range::<RawKey<'_>>(from..)?.next().transpose()?;
        let is_needed = next.is_some_and(|(next, _)| TaskKey::from_raw(next.value()).is_at_same_place(key));
        if !is_needed && let Some(record) = self.records.remove(&*key.place)? {
            self.bytes = self.bytes.saturating_sub((record.value().len() + key.place.len()) as u64);
        }
        Ok(())
    }
}
