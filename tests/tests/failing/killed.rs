//! The host killed in the middle: what it printed it prints again with the same ids, and what failed is not lost.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use e2e::command;

use super::*;

/// Runs until so many lines are read from its standard output, kills it, and gives all whole lines that it had printed. It
/// can't have come to its end, since what it prints is far more than a pipe holds.
fn killed_after(lines: usize, args: &[&str]) -> Vec<String> {
    let mut child = command(args).unwrap().stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut printed = Vec::new();
    loop {
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        // The last line may be cut off in the middle.
        let Some(line) = line.strip_suffix('\n') else { break };
        printed.push(line.to_owned());
        if printed.len() == lines {
            child.kill().unwrap();
        }
    }
    assert_eq!(child.wait().unwrap().code(), None, "it had ended by itself");
    assert!(printed.len() >= lines, "{}", printed.len());
    printed
}

fn id(line: &str) -> String {
    let finding: Value = serde_json::from_str(line).unwrap();
    finding["finding_info"]["uid"].as_str().unwrap().to_owned()
}

#[test]
fn a_catch_up_that_is_killed_finds_the_same_again_and_loses_nothing() {
    let place = Place::with_records(60);
    // One object, which is caught up in chunks of 1,024 records.
    std::fs::remove_dir_all(place.path("records")).unwrap();
    std::fs::create_dir(place.path("records")).unwrap();
    std::fs::write(place.path("records/all.jsonl"), crafted(3_000)).unwrap();
    let mended = settings("");
    let whole = ids(&place.scan(Some(BREAKABLE), &mended, &[]));
    let journal = place.journal();
    // In the first chunk, of which nothing is removed yet, and in a later one, after some were.
    for (lines, is_some_removed) in [(100, false), (1_500, true)] {
        place.scan(Some(BREAKABLE), &settings("is_broken = true"), &["-j", &journal]);
        let (config, hostile) = (place.config(&mended), hostile_policy(BREAKABLE));
        let printed = killed_after(lines, &["catch-up", "--format", "ocsf", "-j", &journal, "-p", &hostile, "-c", &config]);
        let printed: BTreeSet<String> = printed.iter().map(|line| id(line)).collect();
        assert!(printed.is_subset(&whole));
        let again = place.catch_up(&mended, &[]);
        assert_eq!(again.code, Some(0), "{}", again.stderr);
        assert_eq!(ids(&again).len() < whole.len(), is_some_removed, "{}", again.stderr);
        assert_eq!(&ids(&again) | &printed, whole, "{}", again.stderr);
        assert!(!ids(&again).is_disjoint(&printed), "what was printed and not removed is found again");
    }
}

#[test]
fn a_scan_that_is_killed_has_written_down_what_failed_before_what_it_printed() {
    let place = Place::with_records(3_000);
    let (journal, hostile) = (place.journal(), hostile_policy(BREAKABLE));
    let mended = settings("");
    let in_order: Vec<String> = {
        let whole = place.scan(Some(BREAKABLE), &mended, &["--workers", "1"]);
        let its = whole.stdout.lines().filter(|line| policy(&serde_json::from_str(line).unwrap()) == Some(BREAKABLE));
        its.map(id).collect()
    };
    let failing = settings("crafted = \"Boto3\"");
    let complete = ids(&place.scan(Some(BREAKABLE), &failing, &[]));
    let (config, records) = (place.config(&failing), place.path("records"));
    let scan = ["scan", "--format", "ocsf", "-p", &hostile, "-c", &config, "-j", &journal, "--workers", "1", &records];
    let printed = killed_after(1_200, &scan);
    let last = in_order.iter().position(|id_of| *id_of == id(printed.last().unwrap())).unwrap();
    let failed_before: BTreeSet<String> = in_order[..last].iter().filter(|id| !complete.contains(*id)).cloned().collect();
    assert!(failed_before.len() > 20, "{}", failed_before.len());

    let caught_up = place.catch_up(&mended, &[]);
    assert!(failed_before.is_subset(&ids(&caught_up)), "{}", caught_up.stderr);
    // The same scan once more, to its end: everything is found by it or by catching up.
    let again = place.scan(Some(BREAKABLE), &failing, &["-j", &journal]);
    let rest = place.catch_up(&mended, &[]);
    let found = [&again, &caught_up, &rest].into_iter().flat_map(ids).collect::<BTreeSet<_>>();
    assert_eq!(found, in_order.into_iter().collect());
}
