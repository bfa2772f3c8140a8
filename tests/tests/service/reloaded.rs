//! Policies, configuration and tables change under the host in every way that files change; the last good version stays.

use std::os::unix::fs::symlink;

use super::place::{EVERY_RECORD, Host, Place, records, saying, shipped, word};

/// Lets a file arrive and returns what was said of its records; they are judged by one version.
fn said(host: &mut Host, place: &Place, name: &str) -> String {
    let before = place.ids().len();
    place.put(&format!("in/{name}.jsonl"), records(name, 3).as_bytes());
    host.wait_for(&format!("the records of {name}"), || place.ids().len() == before + 3);
    let findings = place.findings();
    let of_file = findings.iter().filter(|finding| e2e::event(finding).starts_with(&format!("{name}-")));
    let words: std::collections::BTreeSet<_> = of_file.map(word).collect();
    assert_eq!(words.len(), 1, "{words:?}");
    words.into_iter().next().unwrap().to_owned()
}

fn place() -> (Place, Host) {
    let place = Place::with(&[]);
    place.configure(EVERY_RECORD);
    place.put("policies/diagnostics.wasm", &saying("version"));
    let mut host = place.host();
    host.wait_for_event("service.started", 1);
    (place, host)
}

#[test]
fn a_candidate_that_is_refused_changes_nothing_and_is_told() {
    let (place, mut host) = place();
    assert_eq!(said(&mut host, &place, "first"), "version");
    place.put("policies/diagnostics.wasm", b"\0asm and then nothing");
    host.wait_for_event("policy.refused", 1);
    assert_eq!(said(&mut host, &place, "second"), "version");
    let refused = place.host_findings("policy-refused");
    assert_eq!(refused.len(), 1);
    let reason = refused[0]["finding_info"]["desc"].as_str().unwrap();
    assert!(reason.contains("the version before stays in force"), "{reason}");
    // The same content again is no news, whatever its time says.
    place.put("policies/diagnostics.wasm", b"\0asm and then nothing");
    place.put("policies/diagnostics.wasm", &saying("another"));
    host.wait_for_event("policy.swapped", 1);
    assert_eq!(said(&mut host, &place, "third"), "another");
    assert_eq!(host.told("policy.refused"), 1);
    host.stop();
}

#[test]
fn what_counts_is_content() {
    let (place, mut host) = place();
    let path = place.path("policies/diagnostics.wasm");
    // Touched, rewritten as it was, copied over itself in halves: nothing is swapped.
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(std::time::SystemTime::now()).unwrap();
    place.put("policies/diagnostics.wasm", &saying("version"));
    place.put("policies/.diagnostics.wasm.swp", b"an editor's");
    place.put("policies/diagnostics.wasm~", b"an editor's");
    // Written in place, slowly, with half of it there for longer than anybody waits for quiet.
    let next = saying("another");
    std::fs::write(&path, &next[..next.len() / 2]).unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    assert_eq!(said(&mut host, &place, "meanwhile"), "version");
    std::fs::write(&path, &next).unwrap();
    host.wait_for_event("policy.swapped", 1);
    assert_eq!(said(&mut host, &place, "after"), "another");
    assert_eq!(host.told("policy.swapped"), 1);
    host.stop();
}

#[test]
fn links_are_followed_wherever_they_are_turned() {
    let place = Place::with(&[]);
    place.configure(EVERY_RECORD);
    // As a Kubernetes ConfigMap lies in a volume.
    std::fs::remove_dir(place.path("policies")).unwrap();
    for (folder, version) in [("..one", "version"), ("..two", "another"), ("..three", "thirdly")] {
        place.put(&format!("mount/{folder}/diagnostics.wasm"), &saying(version));
    }
    symlink("..one", place.path("mount/..data")).unwrap();
    symlink("..data/diagnostics.wasm", place.path("mount/diagnostics.wasm")).unwrap();
    symlink("mount", place.path("policies")).unwrap();
    let mut host = place.host();
    host.wait_for_event("service.started", 1);
    assert_eq!(said(&mut host, &place, "one"), "version");
    symlink("..two", place.path("mount/..new")).unwrap();
    std::fs::rename(place.path("mount/..new"), place.path("mount/..data")).unwrap();
    host.wait_for_event("policy.swapped", 1);
    assert_eq!(said(&mut host, &place, "two"), "another");
    // The folder itself is turned: no event comes from it, as from a network file system; it is looked at anyway.
    place.put("elsewhere/diagnostics.wasm", &saying("thirdly"));
    symlink("elsewhere", place.path("new")).unwrap();
    std::fs::rename(place.path("new"), place.path("policies")).unwrap();
    host.wait_for_event("policy.swapped", 2);
    assert_eq!(said(&mut host, &place, "three"), "thirdly");
    // And the new folder is watched from then on.
    place.put("elsewhere/diagnostics.wasm", &saying("fourths"));
    host.wait_for_event("policy.swapped", 3);
    host.stop();
}

#[test]
fn a_policy_is_live_when_it_is_dropped_and_retired_when_it_is_taken_away() {
    let (place, mut host) = place();
    std::fs::copy(shipped("storage"), place.path("policies/storage.wasm")).unwrap();
    host.wait_for_event("policy.loaded", 2);
    // Another file of the same name is refused, and takes over when the first goes.
    place.put("policies/a-twin.wasm", &saying("another"));
    host.wait_for_event("policy.refused", 1);
    assert_eq!(said(&mut host, &place, "one"), "version");
    std::fs::remove_file(place.path("policies/diagnostics.wasm")).unwrap();
    host.wait_for_event("policy.swapped", 1);
    assert_eq!(said(&mut host, &place, "two"), "another");
    // With no policy left records wait; they do not pass unseen.
    std::fs::remove_file(place.path("policies/storage.wasm")).unwrap();
    host.wait_for_event("policy.retired", 1);
    std::fs::remove_file(place.path("policies/a-twin.wasm")).unwrap();
    host.wait_for_event("policies.none", 1);
    place.put("in/waiting.jsonl", records("waiting", 3).as_bytes());
    std::thread::sleep(std::time::Duration::from_millis(1_500));
    place.put("policies/diagnostics.wasm", &saying("version"));
    host.wait_for("the records that waited", || place.ids().len() == 9);
    host.stop();
}

#[test]
fn the_configuration_and_its_tables_are_reloaded_and_the_last_good_ones_kept() {
    let (place, mut host) = place();
    assert_eq!(said(&mut host, &place, "one"), "version");
    // Every finding is high from now on.
    place.configure(&format!("{EVERY_RECORD}severity = 'high'\n"));
    host.wait_for_event("config.reloaded", 1);
    assert_eq!(said(&mut host, &place, "two"), "version");
    let severity = |name: &str| {
        let of_file = |finding: &&serde_json::Value| e2e::event(finding).starts_with(&format!("{name}-"));
        place.findings().iter().find(of_file).unwrap()["severity"].as_str().unwrap().to_owned()
    };
    assert_eq!([severity("one"), severity("two")], ["Informational", "High"]);
    // A mistake, in the configuration and then in a table: what was good stays, and both are told.
    place.configure(&format!("{EVERY_RECORD}severity = 'hihg'\n"));
    host.wait_for_event("config.refused", 1);
    said(&mut host, &place, "three");
    assert_eq!(severity("three"), "High");
    let with_table = format!("{EVERY_RECORD}severity = 'low'\n[tables.trusted]\nkind = 'cidr'\nfile = 'trusted.txt'\n");
    place.put("trusted.txt", b"10.0.0.0/8\n");
    place.configure(&with_table);
    host.wait_for_event("config.reloaded", 2);
    place.put("trusted.txt", b"10.0.0.0/8\nten\n");
    host.wait_for_event("config.refused", 2);
    said(&mut host, &place, "four");
    assert_eq!(severity("four"), "Low");
    place.put("trusted.txt", b"10.0.0.0/8\n10.1.0.0/16\n");
    host.wait_for_event("config.reloaded", 3);
    assert_eq!(place.host_findings("configuration-refused").len(), 2);
    // What needs a restart is said.
    let text = std::fs::read_to_string(place.path("trailwarden.toml")).unwrap();
    place.put("trailwarden.toml", text.replace("rescan_seconds = 1", "rescan_seconds = 2").as_bytes());
    host.wait_for_event("config.needs_restart", 1);
    host.stop();
}

#[test]
fn the_version_that_stays_follows_the_configuration() {
    let (place, mut host) = place();
    place.put("policies/diagnostics.wasm", b"\0asm and then nothing");
    host.wait_for_event("policy.refused", 1);
    // What is in the file can't be used; what is in force can be tuned all the same, as one who mends the file would.
    place.configure(&format!("{EVERY_RECORD}severity = 'high'\n"));
    host.wait_for_event("policy.swapped", 1);
    assert_eq!(said(&mut host, &place, "one"), "version");
    assert_eq!(place.findings().iter().find(|finding| e2e::event(finding) == "one-0").unwrap()["severity"], "High");
    // It is still refused, and that is no news.
    assert_eq!(host.told("policy.refused"), 1);
    place.put("policies/diagnostics.wasm", &saying("another"));
    host.wait_for_event("policy.swapped", 2);
    assert_eq!(said(&mut host, &place, "two"), "another");
    host.stop();
}

#[test]
fn what_stands_in_a_configuration_that_is_refused_is_told_to_nobody() {
    let (place, mut host) = place();
    place.configure("[policies.diagnostics]\nsettings = { token = 'sesame-open' }\nmode = 'enfocre' # sesame-open\n");
    host.wait_for_event("config.refused", 1);
    said(&mut host, &place, "one");
    host.stop();
    let log = std::fs::read_to_string(place.path("log")).unwrap();
    assert!(log.contains("'enfocre' is no mode"), "{log}");
    assert_eq!(place.host_findings("configuration-refused").len(), 1);
    assert!(!log.contains("sesame") && !place.lines().join("\n").contains("sesame"), "{log}");

    // Nor at the start.
    let mut host = place.host();
    assert_eq!(host.wait(), Some(2));
    assert!(!host.log().contains("sesame"), "{}", host.log());
}

/// Suppresses what `diagnostics` finds of one event.
const EXCEPTION: &str = "[[policies.diagnostics.exceptions]]\nid = 'one-event'\nreason = 'known'\nowner = 'ops'\nexpires = 2126-01-01\n\
                         when = [{ field = 'eventID', equals = 'all-1' }]\n";

#[test]
fn what_is_suppressed_or_in_the_shadow_goes_only_to_the_sinks_that_ask_for_it() {
    let place = Place::with(&["diagnostics"]);
    let asking = "[sinks.asking]\nkind = 'file'\npath = 'asking.jsonl'\ntake = [{ suppressed = true }, { mode = 'shadow' }]\n";
    let config = |mode: &str| format!("{asking}{EXCEPTION}[policies.diagnostics.rules.any-record]\nmode = '{mode}'\n");
    place.configure(&config("enforce"));
    let mut host = place.host();
    host.wait_for_event("service.started", 1);
    place.put("in/all.jsonl", records("all", 3).as_bytes());
    host.wait_for("what is not suppressed", || place.ids().len() == 2);
    place.configure(&config("shadow"));
    host.wait_for_event("policy.swapped", 1);
    place.put("in/shadow.jsonl", records("shadow", 4).as_bytes());
    let asked = || std::fs::read_to_string(place.path("asking.jsonl")).unwrap();
    host.wait_for("what is in the shadow", || asked().lines().count() == 5);
    // A configuration that says the same of the policy, exception included, leaves it as it is.
    place.configure(&format!("{}# the same\n", config("shadow")));
    host.wait_for_event("config.reloaded", 2);
    place.put("in/last.jsonl", records("last", 1).as_bytes());
    host.wait_for("the last one", || asked().lines().count() == 6);
    assert_eq!(host.told("policy.swapped"), 1, "{}", host.log());
    host.stop();
    assert_eq!(place.ids().len(), 2);
    let events: Vec<String> = asked().lines().map(|line| e2e::event(&serde_json::from_str(line).unwrap()).to_owned()).collect();
    assert_eq!(events, ["all-1", "shadow-0", "shadow-1", "shadow-2", "shadow-3", "last-0"]);
}
