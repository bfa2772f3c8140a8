//! Policies swapped under load: every record is judged by exactly one version, and none is missed.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use super::place::{EVERY_RECORD, Place, records, saying, word};

const SWAPS: usize = 1_000;
const RECORDS_IN_FILE: usize = 5;

#[test]
fn a_thousand_swaps_lose_nothing_and_judge_nothing_twice() {
    let place = Place::with(&[]);
    place.configure(&format!("{EVERY_RECORD}[limits]\nwarm_instances = 8\n"));
    let versions = [saying("red-one"), saying("bluetwo")];
    place.put("policies/diagnostics.wasm", &versions[0]);
    let mut host = place.host();
    host.wait_for_event("service.started", 1);

    let (is_over, arrived) = (AtomicBool::new(false), AtomicUsize::new(0));
    let mut memory = Vec::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                let number = arrived.fetch_add(1, Ordering::Relaxed);
                place.put(
                    &format!("in/{}/{number}.jsonl", number % 7),
                    records(&format!("f{number}"), RECORDS_IN_FILE).as_bytes(),
                );
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        for swap in 1..=SWAPS {
            if swap % 50 == 0 {
                // Refused, and nothing changes.
                place.put("policies/diagnostics.wasm", &versions[swap % 2][..10_000]);
                host.wait_for_event("policy.refused", swap / 50);
                memory.push(host.memory());
            }
            place.put("policies/diagnostics.wasm", &versions[swap % 2]);
            host.wait_for_event("policy.swapped", swap);
        }
        is_over.store(true, Ordering::Relaxed);
    });
    let expected = arrived.load(Ordering::Relaxed) * RECORDS_IN_FILE;
    host.wait_for("every record", || place.count() >= expected + SWAPS / 50);
    host.stop();

    let ids = place.ids();
    assert_eq!(ids.len(), expected);
    assert!(place.sink_files().len() > 1, "the sink's file was rotated under load");
    assert!(ids.values().all(|times| *times == 1));
    let mut by_version: BTreeMap<String, usize> = BTreeMap::new();
    let mut digests: BTreeMap<String, std::collections::BTreeSet<String>> = BTreeMap::new();
    for finding in place.findings().iter().filter(|finding| e2e::policy(finding).is_some()) {
        *by_version.entry(word(finding).to_owned()).or_default() += 1;
        let digest = finding["metadata"]["product"]["feature"]["uid"].as_str().unwrap();
        digests.entry(word(finding).to_owned()).or_default().insert(digest.to_owned());
    }
    assert_eq!(by_version.len(), 2, "{by_version:?}");
    assert!(by_version.values().all(|number| number * 10 >= expected * 3), "{by_version:?} of {expected}");
    assert!(digests.values().all(|digests| digests.len() == 1), "{digests:?}");
    assert_eq!(place.host_findings("policy-refused").len(), SWAPS / 50);
    // Level: the last tenth is not above the first measurements by more than noise.
    let (early, late) = (memory[2..5].iter().max().unwrap(), memory[memory.len() - 3..].iter().min().unwrap());
    assert!(*late < early + (24 << 20), "{memory:?}");
}
