//! What a running host tells over HTTP agrees with what it does, and tells apart what is wrong.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use serde_json::Value;

use super::place::{EVERY_RECORD, Host, Place, id, records, saying};

const LISTEN: &str = "[telemetry]\nlisten = '127.0.0.1:0'\n";

/// The address that the host says it listens on.
fn address(host: &mut Host) -> String {
    host.wait_for_event("telemetry.listening", 1);
    let log = host.log();
    let line = log.lines().find(|line| line.contains("telemetry.listening")).unwrap();
    let event: Value = serde_json::from_str(line).unwrap();
    event["address"].as_str().unwrap().to_owned()
}

fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

fn get_json(address: &str, path: &str) -> (u16, Value) {
    let (status, body) = get(address, path);
    (status, serde_json::from_str(&body).unwrap())
}

/// The sum of a metric's samples whose labels contain all of these words.
fn sum(metrics: &str, name: &str, labels: &[&str]) -> f64 {
    let of_metric = |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    let has_labels = |line: &&str| labels.iter().all(|label| line.contains(label));
    let values = metrics.lines().filter(of_metric).filter(has_labels).map(|line| line.rsplit(' ').next().unwrap());
    values.map(|value| value.parse::<f64>().unwrap()).sum()
}

#[test]
fn what_is_told_is_what_was_done() {
    let place = Place::with(&["identity", "storage", "diagnostics"]);
    place.configure(&format!("{EVERY_RECORD}{LISTEN}"));
    let files = place.day(2_000) as f64;
    let mut host = place.host();
    let address = address(&mut host);
    host.wait_for_event("service.started", 1);
    let metrics = || get(&address, "/metrics").1;
    host.wait_for("all files", || sum(&metrics(), "trailwarden_objects_total", &["done"]) == files);
    assert_eq!(get(&address, "/readyz").0, 200, "{}", get(&address, "/readyz").1);
    let (status, health) = get_json(&address, "/healthz");
    assert_eq!(status, 200, "{health}");
    let parts: Vec<&str> = health["parts"].as_array().unwrap().iter().map(|part| part["part"].as_str().unwrap()).collect();
    for part in ["loop:delivery", "loop:folders", "loop:reloader", "loop:worker-0", "sink:findings", "source:folder"] {
        assert!(parts.contains(&part), "{part} is none of {parts:?}");
    }

    let told = metrics();
    let findings = place.findings();
    let of_policies = findings.iter().filter(|finding| e2e::policy(finding).is_some()).count() as f64;
    let read = sum(&told, "trailwarden_records_read_total", &[]);
    assert!(read >= 2_000.0 && sum(&told, "trailwarden_records_total", &[]) == read, "{told}");
    assert_eq!(sum(&told, "trailwarden_rule_findings_total", &["mode=\"enforce\""]), of_policies);
    assert_eq!(sum(&told, "trailwarden_sink_findings_total", &[]), findings.len() as f64);
    assert_eq!(sum(&told, "trailwarden_host_findings_total", &[]), findings.len() as f64 - of_policies);
    assert_eq!(sum(&told, "trailwarden_source_objects_total", &["folder"]), files);
    assert_eq!(sum(&told, "trailwarden_delivery_seconds_count", &[]), files);
    assert_eq!(sum(&told, "trailwarden_ledger_entries", &[]), files);
    assert!(sum(&told, "trailwarden_journal_limit_bytes", &[]) > 0.0 && sum(&told, "trailwarden_workers", &[]) >= 1.0);
    assert_eq!(sum(&told, "trailwarden_queue_depth", &["files"]), 0.0);

    place.put("policies/identity.wasm", b"\0asm");
    host.wait_for_event("policy.refused", 1);
    place.put("policies/diagnostics.wasm", &saying("another"));
    host.wait_for_event("policy.swapped", 1);
    place.configure(&format!("{EVERY_RECORD}{LISTEN}moode = 1\n"));
    host.wait_for_event("config.refused", 1);
    let told = metrics();
    assert_eq!(sum(&told, "trailwarden_policies", &["refused"]), 1.0);
    assert_eq!(sum(&told, "trailwarden_policies", &["active"]), 3.0);
    assert_eq!(sum(&told, "trailwarden_swaps_total", &["swapped"]), 1.0);
    assert_eq!(sum(&told, "trailwarden_config_reloads_total", &["refused"]), 1.0);
    let (_, status) = get_json(&address, "/status");
    let policies = status["policies"].as_array().unwrap();
    let identity = policies.iter().find(|policy| policy["name"] == "identity").unwrap();
    assert!(identity["refused"]["reason"].is_string(), "{identity}");
    assert!(status["configuration"]["refused"]["reason"].as_str().unwrap().contains("moode"), "{status}");
    host.stop();
}

#[test]
fn a_sink_that_takes_nothing_is_told_and_nothing_is_lost() {
    let place = Place::with(&["diagnostics"]);
    place.configure(&format!("{EVERY_RECORD}{LISTEN}"));
    let mut host = place.host_with_room("4096");
    let address = address(&mut host);
    host.wait_for_event("service.started", 1);
    let expected = 4_000;
    (0..8).for_each(|file| place.put(&format!("in/{file}.jsonl"), records(&format!("of-{file}"), expected / 8).as_bytes()));
    host.wait_for_event("sink.blocked", 1);
    let (status, ready) = get_json(&address, "/readyz");
    assert_eq!((status, &ready["reasons"][0]["part"]), (503, &Value::from("sink:findings")), "{ready}");
    assert_eq!(get(&address, "/healthz").0, 200);
    let told = get(&address, "/metrics").1;
    assert_eq!(sum(&told, "trailwarden_sink_blocked", &[]), 1.0);
    assert!(sum(&told, "trailwarden_sink_failures_total", &[]) >= 1.0);
    let written = place.count();
    assert!(written < expected, "{written}");

    host.give_room();
    host.wait_for("all findings", || place.count() >= expected);
    host.wait_for("the sink to be well again", || get(&address, "/readyz").0 == 200);
    // At the start, and again.
    assert_eq!(host.told("sink.open"), 2);
    host.stop();
    let ids: Vec<String> = place.findings().iter().map(id).collect();
    assert_eq!((ids.len(), ids.iter().collect::<BTreeSet<_>>().len()), (expected, expected));
}

#[test]
fn a_ledger_that_cannot_be_written_is_told_and_written_again_once_there_is_room() {
    let place = Place::with(&["diagnostics"]);
    place.configure(&format!("{EVERY_RECORD}{LISTEN}"));
    let mut host = place.host_with_room("unlimited");
    let address = address(&mut host);
    host.wait_for_event("service.started", 1);
    place.put("in/before.jsonl", records("before", 1).as_bytes());
    host.wait_for("what came before", || place.count() == 1);
    // Room for three findings and what the log says, and none where the ledger keeps what it knows.
    const ROOM: u32 = 12 << 10;
    host.take_room(ROOM);
    for round in 0..2 {
        place.put(&format!("in/{round}.jsonl"), records(&format!("round-{round}"), 1).as_bytes());
        host.wait_for_event("delivery.blocked", round + 1);
        let (status, ready) = get_json(&address, "/readyz");
        assert_eq!((status, &ready["reasons"][0]["part"]), (503, &Value::from("loop:delivery")), "{ready}");
        assert_eq!(get(&address, "/healthz").0, 200);
        host.give_room();
        host.wait_for_event("delivery.unblocked", round + 1);
        host.wait_for("the host to be ready again", || get(&address, "/readyz").0 == 200);
        host.take_room(ROOM);
    }
    host.give_room();
    host.stop();
    assert_eq!(place.ids(), place.scanned());
}
