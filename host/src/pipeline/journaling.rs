//! Writes down what failed and what was withheld, before the object that it is in counts as read.

use std::path::Path;
use std::sync::Arc;

use policy_contract::name::Name;

use super::chunk::ChunkRecord;
use super::judge::Judged;
use crate::engine::FailureKind;
use crate::finding::{HostFinding, HostRule, RelatedEvents, Subject};
use crate::policy::Catalogue;
use crate::source::StoredObject;
use crate::store::{Added, FailedTask, Journal, Origin, StoreError, Usage};

/// Why a task is in the journal that was not given to its policy.
pub const QUARANTINED: &str = "quarantined";

/// A journal, and what was written to it.
pub struct Journaling {
    journal: Journal,
    added: Added,
    /// The events of tasks without room.
    no_room: RelatedEvents,
    no_room_told: u64,
    /// The last object's name and the name by which it can be opened again.
    last: Option<(Arc<str>, Option<String>)>,
}

impl Journaling {
    /// A journal in this file, which may hold so many bytes.
    ///
    /// # Errors
    /// Those of [`Journal::create`].
    pub fn new(path: &Path, limit_bytes: u64) -> Result<Self, StoreError> {
        let journal = Journal::create(path, limit_bytes)?;
        Ok(Self { journal, added: Added::default(), no_room: RelatedEvents::default(), no_room_told: 0, last: None })
    }

    /// Writes down what failed in a chunk and what was withheld.
    ///
    /// # Errors
    /// Those of [`Journal::add`]; it may be called again with the same chunk then.
    pub fn write(&mut self, catalogue: &Catalogue, records: &[ChunkRecord], judged: &Judged) -> Result<(), StoreError> {
        let mut tasks = Vec::new();
        for failure in &judged.failures {
            // What was answered differently the second time was answered.
            if failure.kind == FailureKind::Impure {
                continue;
            }
            if let (Some(rule), Some(record)) = (&failure.rule, &failure.record) {
                tasks.extend(self.task(&failure.policy, rule, failure.kind.as_str(), records.get(record.position)));
            }
        }
        for (policy, of_policy) in catalogue.policies().iter().zip(&judged.by_policy) {
            for (record, rule) in &of_policy.withheld {
                if let Some(rule) = policy.rules().get(*rule) {
                    let name = &policy.identity().name;
                    tasks.extend(self.task(name, &rule.description.id, QUARANTINED, records.get(*record)));
                }
            }
        }
        let (added, refused) = self.journal.add(&tasks)?;
        self.added += added;
        refused.into_iter().filter_map(|at| tasks.get(at)).for_each(|task| self.no_room.add(&*task.event_key));
        Ok(())
    }

    fn task(&mut self, policy: &Name, rule: &Name, why: &'static str, record: Option<&ChunkRecord>) -> Option<FailedTask> {
        let ChunkRecord { object, record } = record?;
        let origin = match self.lasting_name(object) {
            Some(name) => Origin::Object(name),
            None => Origin::Record(record.json.to_string()),
        };
        Some(FailedTask {
            policy: policy.clone(),
            rule: rule.clone(),
            why,
            origin,
            object: object.to_string(),
            offset: record.position.offset,
            event_key: record.event_key.as_str().to_owned(),
        })
    }

    fn lasting_name(&mut self, object: &Arc<str>) -> Option<String> {
        match &self.last {
            Some((last, name)) if last == object => name.clone(),
            _ => {
                let name = StoredObject::lasting_name(object);
                self.last = Some((Arc::clone(object), name.clone()));
                name
            }
        }
    }

    /// What was written.
    pub fn added(&self) -> Added {
        self.added
    }

    /// How full the journal is.
    ///
    /// # Errors
    /// The disk fails.
    pub fn usage(&self) -> Result<Usage, StoreError> {
        self.journal.usage()
    }

    /// The finding about what had no room, if anything had none since it was last asked for.
    ///
    /// # Errors
    /// Those of [`Journal::usage`].
    pub fn full(&mut self) -> Result<Option<HostFinding>, StoreError> {
        if self.added.no_room == self.no_room_told {
            return Ok(None);
        }
        self.no_room_told = self.added.no_room;
        let usage = self.journal.usage()?;
        let reason = format!(
            "{} tasks had no room in the journal, of whose {} bytes {} are used, and nothing will catch them up: run \
             `trailwarden catch-up`, or raise `journal_mib`, and judge these records again",
            self.added.no_room, usage.limit_bytes, usage.bytes
        );
        let finding = HostFinding::once(HostRule::JournalFull, Subject::default(), reason);
        Ok(Some(HostFinding { count: self.added.no_room, events: self.no_room.clone(), ..finding }))
    }
}
