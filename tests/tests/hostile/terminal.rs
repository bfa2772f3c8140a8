//! No control sequence of a guest's reaches a terminal, and no message of a guest's is without end.

use e2e::hostile::{Case, cases};
use e2e::{Run, trailwarden};

use crate::beside::Stage;

/// The longest line that a person is shown of a policy.
const LONGEST: usize = 8 << 10;

fn escaping() -> impl Iterator<Item = &'static Case> {
    let cases = cases::all().flat_map(|(_, cases)| cases);
    let written = ["escapes", "is-a-path", "refuses", "megabyte", "asks-for-a-path", "huge"];
    cases.filter(move |case| written.iter().any(|word| case.name.contains(word)))
}

fn assert_harmless(what: &str, text: &str) {
    let is_harmful = |character: &char| character.is_control() && *character != '\n' || *character == '\u{202e}';
    let harmful = text.chars().find(is_harmful);
    let line = text.lines().find(|line| line.chars().any(|character| is_harmful(&character))).unwrap_or_default();
    assert_eq!(harmful, None, "{what}: {}", line.escape_debug());
    let longest = text.lines().map(str::len).max().unwrap_or_default();
    assert!(longest <= LONGEST, "{what}: a line of {longest} bytes");
}

#[test]
fn what_a_person_sees_of_a_scan_is_harmless() {
    let stage = Stage::new();
    for case in escaping() {
        stage.add(&case.policy(), &case.module().unwrap());
    }
    let limits = "[limits]\nwall_time_factor = 1000\n";
    let Run { stdout, stderr, .. } = stage.scan(limits, true, &["--verbose"]);
    assert_harmless("standard error of scan", &stderr);
    // JSON writes control characters out; what is left is no other line.
    assert!(stdout.lines().all(|line| line.starts_with('{') && line.ends_with('}')));
    let table = stage.scan(limits, true, &["--format", "table"]);
    assert_harmless("table", &table.stdout);
}

#[test]
fn what_a_person_sees_of_one_policy_is_harmless() {
    let stage = Stage::new();
    for case in escaping() {
        stage.add(&case.policy(), &case.module().unwrap());
        let file = stage.path().join(format!("policies/{}.wasm", case.policy())).display().to_string();
        let config = stage.path().join("empty.toml");
        std::fs::write(&config, "").unwrap();
        let config = config.display().to_string();
        let record = stage.path().join("records/hostile.jsonl").display().to_string();
        let folder = stage.path().display().to_string();
        let event = e2e::hostile::records::event_id(0);
        let commands = [
            &["policy", "inspect", &file][..],
            &["policy", "test", "--wasm", &file, &folder],
            &["policy", "explain", "--event-id", &event, &file, &record],
            &["config", "check", "-p", &file, &config],
        ];
        for arguments in commands {
            let run = trailwarden(arguments).unwrap();
            assert_harmless(&arguments.join(" "), &run.stdout);
            assert_harmless(&arguments.join(" "), &run.stderr);
        }
    }
}
