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
    let twice = ids.values().filter(|times| **times > 1).count();
    assert_eq!(twice, 0, "of {} findings", ids.len());
}
