//! Files that arrive: each is judged once, across restarts, and all of it.

use std::io::Write as _;

use e2e::validate;

use super::place::{EVERY_RECORD, Place, records};

#[test]
fn a_day_of_records_gives_what_a_scan_finds_once_and_a_restart_adds_nothing() {
    let place = Place::with(&["audit-log", "compute", "identity", "network", "secrets", "storage"]);
    place.day(2_000);
    let expected = place.scanned();
    assert!(expected.len() > 10);
    let mut host = place.host();
    host.wait_for("every finding", || place.ids().len() >= expected.len());
    host.stop();
    let ids = place.ids();
    assert_eq!(ids, expected);
    assert!(ids.values().all(|times| *times == 1));
    validate(&(place.lines().join("\n") + "\n")).unwrap();

    let mut host = place.host();
    host.wait_for_event("service.started", 2);
    place.put("in/later.jsonl", records("later", 1).as_bytes());
    host.stop();
    assert_eq!(place.ids(), ids);
    assert!(place.host_findings("counts-disagree").is_empty());
}

#[test]
fn a_file_is_judged_when_it_is_whole_however_it_arrives() {
    let place = Place::with(&["diagnostics"]);
    place.configure(EVERY_RECORD);
    let mut host = place.host();
    host.wait_for_event("service.started", 1);
    // Renamed into place, into a folder that is new.
    place.put("in/a/b/renamed.jsonl", records("renamed", 3).as_bytes());
    host.wait_for("the renamed file", || place.ids().len() == 3);
    // Written bit by bit: nothing of it is seen before it is closed.
    let mut file = std::fs::File::create(place.path("in/slow.jsonl")).unwrap();
    let text = records("slow", 40);
    for part in text.as_bytes().chunks(text.len() / 10 + 1) {
        file.write_all(part).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    drop(file);
    host.wait_for("the slow file", || place.ids().len() == 43);
    // Left alone by somebody who never closes it.
    let mut open = std::fs::File::create(place.path("in/open.jsonl")).unwrap();
    open.write_all(records("open", 2).as_bytes()).unwrap();
    host.wait_for("the open file", || place.ids().len() == 45);
    // Names that are not those of records.
    place.put("in/readme.txt", b"not records");
    place.put("in/.hidden.jsonl", records("hidden", 1).as_bytes());
    place.put("in/last.jsonl", records("last", 1).as_bytes());
    host.wait_for("the last file", || place.ids().len() == 46);
    host.stop();
    drop(open);
    assert!(place.ids().values().all(|times| *times == 1), "{:?}", place.ids());
    assert!(place.host_findings("object-unreadable").is_empty());
}

#[test]
fn what_cannot_be_read_is_told_once_and_costs_nothing_else() {
    let place = Place::with(&["diagnostics"]);
    place.configure(EVERY_RECORD);
    place.put("in/a.jsonl", format!("{}{{\"eventName\":tru}}\n{}", records("a", 2), records("b", 2)).as_bytes());
    place.put("in/cut.json", br#"{"Records":[{"eventID":"cut-1","eventName":"GetUser"},{"eventID":"#);
    place.put("in/noise.json.gz", b"\x1f\x8b\x08 this is no gzip");
    place.put("in/z.jsonl", records("z", 1).as_bytes());
    let mut host = place.host();
    host.wait_for("what can be read", || place.ids().len() == 6);
    host.stop();
    let told: Vec<_> = ["record-unreadable", "object-unreadable"].iter().map(|rule| place.host_findings(rule).len()).collect();
    assert_eq!(told, [1, 2], "{:#?}", place.lines());
    let mut host = place.host();
    host.wait_for_event("service.started", 2);
    host.stop();
    assert_eq!(place.findings().len(), 9);
}

#[test]
fn a_file_that_has_changed_is_judged_again() {
    let place = Place::with(&["diagnostics"]);
    place.configure(EVERY_RECORD);
    place.put("in/a.jsonl", records("one", 2).as_bytes());
    let mut host = place.host();
    host.wait_for("the first version", || place.ids().len() == 2);
    place.put("in/a.jsonl", records("two", 3).as_bytes());
    host.wait_for("the second version", || place.ids().len() == 5);
    host.stop();
}
