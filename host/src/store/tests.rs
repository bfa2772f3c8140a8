//! The journal through its face.

use std::path::PathBuf;

use super::{Added, FailedTask, Journal, Origin, StoreError};

const LIMIT: u64 = 1 << 20;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal");
    (folder, path)
}

fn task(rule: &str, origin: Origin, offset: u64) -> FailedTask {
    let (policy, rule) = ("storage".parse().unwrap(), rule.parse().unwrap());
    FailedTask { policy, rule, why: "trap", origin, object: "day.json".into(), offset, event_key: format!("e{offset}") }
}

fn in_object(offset: u64) -> FailedTask {
    task("rule", Origin::Object("/day.json".into()), offset)
}

fn kept(rule: &str, json: &str) -> FailedTask {
    task(rule, Origin::Record(json.into()), 7)
}

fn used(journal: &Journal) -> u64 {
    journal.usage().unwrap().bytes
}

#[test]
fn the_same_failure_again_is_the_same_entry_and_outlives_the_process() {
    let (_folder, path) = place();
    let journal = Journal::create(&path, LIMIT).unwrap();
    let tasks = [in_object(3), in_object(20)];
    assert_eq!(journal.add(&tasks).unwrap(), (Added { new: 2, known: 0, no_room: 0 }, vec![]));
    let bytes = used(&journal);
    let again = [FailedTask { why: "time", ..in_object(3) }];
    assert_eq!(journal.add(&again).unwrap().0, Added { new: 0, known: 1, no_room: 0 });
    assert_eq!(used(&journal), bytes);
    drop(journal);
    let journal = Journal::open(&path, LIMIT).unwrap();
    let entries = journal.entries_after(None, 10).unwrap();
    let seen: Vec<_> = entries.iter().map(|entry| (entry.key.offset(), &*entry.why, entry.key.stored_object())).collect();
    assert_eq!(seen, [(3, "time", Some("/day.json")), (20, "trap", Some("/day.json"))]);
    assert_eq!(journal.entries_after(Some(&entries[0].key), 10).unwrap(), entries[1..]);
}

#[test]
fn a_kept_record_goes_with_the_last_task_that_needs_it_and_its_bytes_with_it() {
    let (_folder, path) = place();
    let journal = Journal::create(&path, LIMIT).unwrap();
    journal.add(&[kept("one", "{}"), kept("two", "{}"), kept("one", "{ }")]).unwrap();
    let entries = journal.entries_after(None, 10).unwrap();
    let of_record: Vec<_> = entries.iter().filter(|e| journal.record(&e.key).unwrap().as_deref() == Some("{}")).collect();
    assert_eq!((entries.len(), of_record.len()), (3, 2));
    journal.remove(&[of_record[0].key.clone()]).unwrap();
    assert_eq!(journal.record(&of_record[1].key).unwrap().as_deref(), Some("{}"));
    journal.remove(&[of_record[1].key.clone()]).unwrap();
    assert_eq!(journal.record(&of_record[1].key).unwrap(), None);
    let rest: Vec<_> = journal.entries_after(None, 10).unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(rest.len(), 1);
    journal.remove(&rest).unwrap();
    assert_eq!(used(&journal), 0);
}

#[test]
fn what_has_no_room_is_named_and_room_that_is_made_is_used() {
    let (_folder, path) = place();
    let journal = Journal::create(&path, 300).unwrap();
    let (added, refused) = journal.add(&[in_object(1), in_object(2), in_object(3), in_object(4)]).unwrap();
    assert_eq!(added.new + added.no_room, 4);
    assert!(added.new > 0 && used(&journal) <= 300, "{added:?}");
    assert_eq!(refused, (added.new as usize..4).collect::<Vec<_>>());
    // What is there already needs no room.
    assert_eq!(journal.add(&[in_object(1)]).unwrap().0.known, 1);
    let first = journal.entries_after(None, 1).unwrap().remove(0).key;
    journal.remove(&[first.clone(), first]).unwrap();
    assert_eq!(journal.add(&[in_object(4)]).unwrap().0.new, 1);
}

#[test]
fn a_task_that_fails_in_another_way_says_so_and_one_that_was_removed_stays_so() {
    let (_folder, path) = place();
    let journal = Journal::create(&path, LIMIT).unwrap();
    journal.add(&[in_object(1), in_object(2)]).unwrap();
    let keys: Vec<_> = journal.entries_after(None, 10).unwrap().into_iter().map(|entry| entry.key).collect();
    journal.remove(&keys[..1]).unwrap();
    journal.restate(&[(keys[0].clone(), "memory"), (keys[1].clone(), "memory")]).unwrap();
    assert_eq!(journal.counts().unwrap().into_iter().collect::<Vec<_>>(), [(("storage".into(), "memory".into()), 1)]);
    journal.remove(&keys).unwrap();
    assert_eq!(used(&journal), 0);
}

#[test]
fn another_process_and_another_file_are_refused_by_name() {
    let (folder, path) = place();
    let journal = Journal::create(&path, LIMIT).unwrap();
    assert!(matches!(Journal::create(&path, LIMIT), Err(StoreError::InUse { .. })));
    drop(journal);
    let other = folder.path().join("other");
    drop(super::private::open(&other, true, super::Kept::Journal).unwrap());
    std::fs::write(&other, "records of something else, longer than any header that a store may have".repeat(200)).unwrap();
    assert!(matches!(Journal::open(&other, LIMIT), Err(StoreError::NotThis { .. })));
}
