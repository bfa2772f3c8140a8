//! How the host ends: in an orderly way, at once, or because nobody reads what it writes.

use std::io::Read as _;
use std::process::Stdio;

use super::place::{EVERY_RECORD, Place, records};

/// The findings of so many records are far more than a pipe holds.
const MANY: usize = 5_000;

/// What keeps a host from starting.
type Spoil<'a> = &'a dyn Fn(&Place);

fn with_standard_output() -> Place {
    let place = Place::with(&["diagnostics"]);
    place.configure(EVERY_RECORD);
    let text = std::fs::read_to_string(place.path("trailwarden.toml")).unwrap();
    let text = text.replace("kind = 'file'\npath = 'out/findings.jsonl'\nrotate_mib = 10", "kind = 'stdout'");
    place.put("trailwarden.toml", text.as_bytes());
    place.put("in/a.jsonl", records("a", MANY).as_bytes());
    place
}

#[test]
fn a_second_signal_ends_it_at_once_and_what_was_not_done_comes_again() {
    let place = with_standard_output();
    let mut host = place.host_with(Stdio::piped());
    // Nobody reads: the pipe is full, and the host can't finish what it has in hand.
    host.wait_for_event("service.started", 1);
    std::thread::sleep(std::time::Duration::from_millis(500));
    host.signal("TERM");
    host.wait_for_event("service.stopping", 1);
    host.signal("INT");
    assert_eq!(host.wait(), Some(130), "{}", host.log());

    place.configure(EVERY_RECORD);
    let mut host = place.host();
    host.wait_for("everything", || place.ids().len() == MANY);
    host.stop();
}

#[test]
fn it_finishes_what_it_has_in_hand() {
    let place = with_standard_output();
    let mut host = place.host_with(Stdio::piped());
    let mut stdout = host.stdout();
    let mut first = [0; 4_096];
    stdout.read_exact(&mut first).unwrap();
    host.signal("TERM");
    let mut rest = String::new();
    stdout.read_to_string(&mut rest).unwrap();
    assert_eq!(host.wait(), Some(0), "{}", host.log());
    let lines = String::from_utf8_lossy(&first).matches('\n').count() + rest.matches('\n').count();
    assert_eq!(lines, MANY);
}

#[test]
fn nobody_reads_its_output_any_more() {
    let place = with_standard_output();
    let mut host = place.host_with(Stdio::piped());
    drop(host.stdout());
    assert_eq!(host.wait(), Some(3), "{}", host.log());
    assert!(host.log().contains("judged again at the next start"), "{}", host.log());
}

#[test]
fn what_it_needs_to_start_is_told() {
    let cases: [(Spoil<'_>, &str); 4] = [
        (&|place| std::fs::remove_dir(place.path("in")).unwrap(), "of [sources.folder] can't be looked at"),
        (
            &|place| place.put("trailwarden.toml", b"policy_paths = ['policies']\nstate_path = 'state'\n"),
            "there is nothing to read",
        ),
        (&|place| std::fs::remove_file(place.path("policies/diagnostics.wasm")).unwrap(), "no policy could be loaded"),
        (&|place| place.configure("[sinks.more]\nkind = 'file'\npath = 'in/f.jsonl'\n"), "would be read as if it held records"),
    ];
    for (spoil, expected) in cases {
        let place = Place::with(&["diagnostics"]);
        spoil(&place);
        let mut host = place.host();
        assert_eq!(host.wait(), Some(2), "{expected}: {}", host.log());
        assert!(host.log().contains(expected), "{expected}: {}", host.log());
    }
}

#[test]
fn a_second_host_in_the_same_place_is_refused() {
    let place = Place::with(&["diagnostics"]);
    let mut first = place.host();
    first.wait_for_event("service.started", 1);
    let mut second = place.host();
    assert_eq!(second.wait(), Some(2));
    assert!(second.log().contains("is used by another process"), "{}", second.log());
    first.stop();
}
