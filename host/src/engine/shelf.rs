//! Warm instances that no worker is using: shared by all workers and policies under one cap, so that a thousand policies do
//! not hold a thousand instances for each worker. The one that was used least recently goes first.
//!
//! An instance that is being used is not here: a worker takes it and puts it back.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::instance::Instance;

/// Idle instances that are thrown away when one is put back: more than one, so that the idle become fewer, and few, so that
/// nobody waits for it.
const SWEPT_AT_ONCE: usize = 2;

/// Instances of one policy under one configuration: only these may take each other's place. Dropping it drops them.
#[derive(Debug)]
pub struct WarmKey {
    number: u64,
    shelf: Arc<Shelf>,
}

impl WarmKey {
    /// A key that no other policy has.
    pub(super) fn new(shelf: &Arc<Shelf>) -> Self {
        let number = shelf.next_key.fetch_add(1, Ordering::Relaxed);
        Self { number, shelf: Arc::clone(shelf) }
    }

    /// A number that no other policy of the engine has, or has had.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// A warm instance, the one that was used last.
    pub(super) fn take(&self) -> Option<Instance> {
        self.shelf.take(self.number)
    }

    /// Puts an instance back for whoever needs it next.
    pub(super) fn put(&self, instance: Instance) {
        self.shelf.put(self.number, instance);
    }

    /// How many instances are warm.
    pub fn instances(&self) -> usize {
        self.shelf.lock().by_key.get(&self.number).map_or(0, Vec::len)
    }

    /// Throws away every warm instance of every policy, so that one that is needed has their memory.
    pub(super) fn make_room(&self) {
        self.shelf.clear();
    }
}

impl Drop for WarmKey {
    fn drop(&mut self) {
        self.shelf.forget(self.number);
    }
}

/// All warm instances.
pub(super) struct Shelf<T = Instance> {
    limit: usize,
    idle: Duration,
    next_key: AtomicU64,
    content: Mutex<Content<T>>,
}

struct Content<T> {
    /// The next stamp; a later one was put back later.
    stamp: u64,
    by_stamp: BTreeMap<u64, (u64, Instant, T)>,
    /// The stamps of each key, ascending.
    by_key: HashMap<u64, Vec<u64>>,
}

impl<T> std::fmt::Debug for Shelf<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shelf").field("limit", &self.limit).field("idle", &self.idle).finish_non_exhaustive()
    }
}

impl<T> Shelf<T> {
    /// A shelf for so many instances, each kept for so long without being used.
    pub(super) fn new(limit: usize, idle: Duration) -> Self {
        let content = Content { stamp: 0, by_stamp: BTreeMap::new(), by_key: HashMap::new() };
        Self { limit, idle, next_key: AtomicU64::new(0), content: Mutex::new(content) }
    }

    fn take(&self, key: u64) -> Option<T> {
        let mut content = self.lock();
        let stamp = content.by_key.get_mut(&key)?.pop()?;
        content.by_stamp.remove(&stamp).map(|(_, _, instance)| instance)
    }

    fn put(&self, key: u64, instance: T) {
        let now = Instant::now();
        let mut content = self.lock();
        let stamp = content.stamp;
        content.stamp += 1;
        content.by_stamp.insert(stamp, (key, now, instance));
        content.by_key.entry(key).or_default().push(stamp);
        let mut removed = Vec::new();
        while content.by_stamp.len() > self.limit {
            removed.extend(content.remove_oldest());
        }
        while removed.len() < SWEPT_AT_ONCE && content.oldest().is_some_and(|put| now.duration_since(put) > self.idle) {
            removed.extend(content.remove_oldest());
        }
        // To give memory back takes longer than anything else here: nobody waits for the lock meanwhile.
        drop(content);
    }

    fn forget(&self, key: u64) {
        let mut content = self.lock();
        let stamps = content.by_key.remove(&key).unwrap_or_default();
        let removed: Vec<_> = stamps.iter().filter_map(|stamp| content.by_stamp.remove(stamp)).collect();
        drop(content);
        drop(removed);
    }

    fn clear(&self) {
        let mut content = self.lock();
        content.by_key.clear();
        let removed = std::mem::take(&mut content.by_stamp);
        drop(content);
        drop(removed);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Content<T>> {
        // A panic under this lock would be one of the standard library's; what it holds is whole between any two statements.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T> Content<T> {
    fn oldest(&self) -> Option<Instant> {
        self.by_stamp.first_key_value().map(|(_, (_, put, _))| *put)
    }

    fn remove_oldest(&mut self) -> Option<T> {
        let (stamp, (key, _, instance)) = self.by_stamp.pop_first()?;
        if let Some(stamps) = self.by_key.get_mut(&key) {
            stamps.retain(|other| *other != stamp);
            if stamps.is_empty() {
                self.by_key.remove(&key);
            }
        }
        Some(instance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_one_that_was_used_least_recently_goes_first() {
        let shelf = Shelf::new(2, Duration::MAX);
        shelf.put(1, "a");
        shelf.put(2, "b");
        shelf.put(1, "c");
        assert_eq!((shelf.take(1), shelf.take(1), shelf.take(2)), (Some("c"), None, Some("b")));
        assert!(shelf.lock().by_stamp.is_empty());
    }

    #[test]
    fn the_idle_are_swept_when_another_is_put_back() {
        let shelf = Shelf::new(10, Duration::ZERO);
        shelf.put(1, "a");
        std::thread::sleep(Duration::from_millis(2));
        shelf.put(2, "b");
        assert_eq!((shelf.take(1), shelf.take(2)), (None, Some("b")));
    }

    #[test]
    fn what_a_policy_leaves_behind_goes_with_it_and_nobody_elses() {
        let shelf = Shelf::new(10, Duration::MAX);
        [(1, "a"), (1, "b"), (2, "c")].into_iter().for_each(|(key, instance)| shelf.put(key, instance));
        shelf.forget(1);
        assert_eq!((shelf.take(1), shelf.take(2)), (None, Some("c")));
        shelf.put(2, "d");
        shelf.clear();
        assert_eq!(shelf.take(2), None);
    }
}
