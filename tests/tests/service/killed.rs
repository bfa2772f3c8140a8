//! The host killed without warning: what was in hand is judged again, and nothing stands in the sink twice.

use std::time::Duration;

use super::place::{EVERY_RECORD, Place, records};

const KILLS: usize = 50;
const RECORDS_IN_FILE: usize = 60;

#[test]
fn every_finding_is_there_once_after_fifty_kills() {
    let place = Place::with(&["diagnostics"]);
    place.configure(EVERY_RECORD);
    let mut arrived = 0;
    for kill in 0..KILLS {
        let mut host = place.host();
        let before = place.count();
        for _ in 0..6 {
            place.put(&format!("in/{arrived:04}.jsonl"), records(&format!("file{arrived}"), RECORDS_IN_FILE).as_bytes());
            arrived += 1;
        }
        // Killed at the start, amid writing, and at rest.
        if kill % 3 > 0 {
            host.wait_for("the first findings", || place.count() > before);
        }
        std::thread::sleep(Duration::from_millis((kill as u64 * 7) % 40));
        host.kill();
    }
    let expected = place.scanned();
    assert_eq!(expected.len(), arrived * RECORDS_IN_FILE);
    let mut host = place.host();
    host.wait_for("everything", || place.count() >= expected.len());
    host.stop();
    let ids = place.ids();
    assert_eq!(ids, expected);
    assert!(ids.values().all(|times| *times == 1));
}

#[test]
fn one_that_is_killed_while_it_starts_for_the_first_time_starts_again() {
    let place = Place::with(&["diagnostics"]);
    for kill in 0..100 {
        let host = place.host();
        std::thread::sleep(Duration::from_micros(300 * kill));
        host.kill();
        let before = place.host_started();
        let mut host = place.host();
        host.wait_for_event("service.started", before + 1);
        host.kill();
        std::fs::remove_dir_all(place.path("state")).unwrap();
    }
}

#[test]
fn what_was_in_hand_while_nothing_could_be_written_is_found_after_a_kill() {
    let place = Place::with(&["diagnostics"]);
    place.configure(EVERY_RECORD);
    let mut host = place.host_with_room("4096");
    (0..8).for_each(|file| place.put(&format!("in/{file}.jsonl"), records(&format!("of-{file}"), 500).as_bytes()));
    host.wait_for_event("sink.blocked", 1);
    host.kill();
    assert!(place.count() < 4_000);
    let mut host = place.host();
    host.wait_for("everything", || place.count() >= 4_000);
    host.stop();
    assert_eq!(place.ids(), place.scanned());
}
