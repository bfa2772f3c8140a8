//! A policy that fails at everything is set aside while the host runs, and misses nothing in the end.

use std::collections::BTreeSet;

use e2e::{built, findings, trailwarden};

use super::place::{Place, counted, id, records};

const BREAKABLE: &str = "hostile-breakable";

#[test]
fn a_policy_in_quarantine_is_released_by_what_mends_it_and_catches_up() {
    let place = Place::with(&[]);
    let policy = place.path("policies/breakable.wasm");
    std::fs::copy(built(&format!("target/hostile/{BREAKABLE}.wasm"), "make test").unwrap(), &policy).unwrap();
    let settings = |is_broken: bool| format!("[policies.{BREAKABLE}.settings]\nis_broken = {is_broken}\n");
    place.configure(&settings(true));
    place.day(3_000);
    let mut host = place.host();
    host.wait_for_event("policy.quarantined", 1);
    place.configure(&settings(false));
    host.wait_for_event("policy.swapped", 1);
    place.put("in/after.jsonl", records("after", 3).as_bytes());
    let is_after = |finding: &serde_json::Value| e2e::event(finding).starts_with("after-");
    host.wait_for("what came after", || place.findings().iter().filter(|finding| is_after(finding)).count() == 3);
    host.stop();

    let quarantined = place.host_findings("policy-quarantined");
    // It is told again as it grows, as one finding.
    assert_eq!(quarantined.iter().map(id).collect::<BTreeSet<_>>().len(), 1);
    let withheld: Vec<u64> = quarantined.iter().map(|finding| finding["count"].as_u64().unwrap()).collect();
    assert!(withheld.is_sorted() && withheld[0] >= 1, "{withheld:?}");
    let [journal, policy, config] = ["state/failed-tasks.redb", "policies/breakable.wasm", "trailwarden.toml"]
        .map(|name| place.path(name).display().to_string());
    let caught_up = || {
        let run = trailwarden(["catch-up", "--format", "ocsf", "-j", &journal, "-p", &policy, "-c", &config]).unwrap();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        findings(&run).unwrap().iter().map(id).collect::<Vec<_>>()
    };
    let (live, later) = (place.ids(), caught_up());
    assert!(later.len() >= 1_000, "{} caught up", later.len());
    // What had failed was found later, and nothing else: as often as by a scan, since some records arrive in two files.
    let live = live.into_iter().flat_map(|(id, times)| std::iter::repeat_n(id, times as usize));
    assert_eq!(counted(live.chain(later)), place.scanned());
    assert_eq!(caught_up(), Vec::<String>::new());
}
