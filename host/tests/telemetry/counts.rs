//! Real records through real policies: what is told adds up.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use trailwarden::config::Config;
use trailwarden::limits::Limits;
use trailwarden::pipeline::{Feed, JudgedCounts, Quarantines, judge_all};
use trailwarden::policy::Catalogue;
use trailwarden::record::ReadLimits;
use trailwarden::sink::Taken;
use trailwarden::source::{Input, Inputs};
use trailwarden::telemetry::{METRICS, Telemetry};

use super::support::{get_json, library, reconcile, samples, server, sum, write_policy, write_records};

/// Judges a folder's objects and tells of it; gives what was counted without the telemetry.
fn judge(folder: &std::path::Path, catalogue: &Arc<Catalogue>, telemetry: &Telemetry) -> (JudgedCounts, u64, u64) {
    let inputs = Inputs::find([Input::from(folder.to_owned())]);
    let limits = Limits::default();
    let feed = Feed::new(VecDeque::from(inputs.objects), ReadLimits::from(&limits), |_| ());
    let (mut counts, mut findings, mut items) = (JudgedCounts::default(), 0, 0);
    let result: Result<(), std::convert::Infallible> = judge_all(
        feed,
        || Arc::clone(catalogue),
        &limits,
        vec![telemetry.worker(0), telemetry.worker(1)],
        Quarantines::new(&limits),
        |scanned| {
            counts += scanned.judged.counts();
            findings += scanned.judged.findings.len() as u64;
            items += scanned.ended.iter().map(|ended| ended.tally.items()).sum::<u64>();
            for (policy, of_policy) in scanned.catalogue.policies().iter().zip(&scanned.judged.by_policy) {
                let by_rule = &of_policy.by_rule;
                assert_eq!(by_rule.iter().map(|rule| rule.tasks).sum::<u64>(), of_policy.tasks, "{policy:?}");
                assert_eq!(by_rule.iter().map(|rule| rule.failed).sum::<u64>(), of_policy.failed, "{policy:?}");
                assert_eq!(by_rule.iter().map(|rule| rule.answered()).sum::<u64>(), of_policy.answered, "{policy:?}");
                assert_eq!(by_rule.iter().map(|rule| rule.withheld).sum::<u64>(), of_policy.withheld.len() as u64, "{policy:?}");
                assert_eq!(by_rule.iter().map(|rule| rule.shadowed.total()).sum::<u64>(), of_policy.shadowed, "{policy:?}");
                assert_eq!(by_rule.iter().map(|rule| rule.suppressed).sum::<u64>(), of_policy.suppressed, "{policy:?}");
            }
            telemetry.scanned(&scanned);
            telemetry.ended(&scanned.ended);
            Ok(())
        },
    );
    result.unwrap();
    (counts, findings, items)
}

#[test]
fn the_parts_are_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let [policies, records] = ["policies", "records"].map(|name| folder.path().join(name));
    [&policies, &records].into_iter().for_each(|folder| std::fs::create_dir(folder).unwrap());
    write_policy(&policies, "finding", |_| ());
    write_policy(&policies, "failing", |guest| guest.judge = "(unreachable)".to_owned());
    write_policy(&policies, "shadow", |guest| {
        guest.describes(|manifest| manifest["rules"][0]["default_mode"] = "shadow".into());
    });
    write_policy(&policies, "talkative", |guest| {
        let text = guest.text("hello");
        guest.evaluate = format!("(call $log (i32.const 3) {text})");
    });
    for number in 0..3 {
        write_records(&records, &format!("{number}.jsonl"));
    }
    let other = "{\"eventVersion\":\"1.08\",\"eventSource\":\"s3.amazonaws.com\",\"eventName\":\"GetObject\"}\n";
    let twice = format!("{other}{other}7\n{{\"a\":tru}}\n{{\"digestS3Object\":\"x\",\"logFiles\":[]}}\n");
    std::fs::write(records.join("others.jsonl"), twice).unwrap();

    let (telemetry, server) = server();
    let catalogue = reconcile(&mut library(&policies), &telemetry).unwrap();
    assert_eq!(catalogue.policies().len(), 4);
    let (counts, findings, items) = judge(&records, &catalogue, &telemetry);
    assert!(counts.failed > 0 && counts.shadowed > 0 && findings > 0 && counts.records.unselected > 0);

    let told = samples(server.address(), "open-metrics");
    let of = |name: &str, labels: &[(&str, &str)]| sum(&told, name, labels);
    assert_eq!(of("trailwarden_records_read_total", &[]), items as f64);
    assert_eq!(of("trailwarden_records_total", &[]), items as f64);
    assert_eq!(of("trailwarden_records_total", &[("outcome", "evaluated")]), counts.records.evaluated as f64);
    assert_eq!(of("trailwarden_records_total", &[("outcome", "duplicate")]), 1.0);
    let not_records = of("trailwarden_records_total", &[("outcome", "not-a-record")]);
    assert!(not_records > 0.0 && of("trailwarden_not_records_total", &[]) == not_records);
    assert_eq!(of("trailwarden_objects_total", &[("outcome", "done")]), 4.0);

    assert_eq!(of("trailwarden_tasks_total", &[]), counts.tasks as f64);
    for (outcome, number) in [("answered", counts.answered), ("failed", counts.failed), ("withheld", counts.quarantined)] {
        assert_eq!(of("trailwarden_tasks_total", &[("outcome", outcome)]), number as f64, "{outcome}");
        assert_eq!(of("trailwarden_rule_tasks_total", &[("outcome", outcome)]), number as f64, "{outcome}");
    }
    assert_eq!(of("trailwarden_rule_findings_total", &[("mode", "enforce")]), findings as f64);
    assert_eq!(of("trailwarden_rule_findings_total", &[("mode", "shadow"), ("policy", "shadow")]), counts.shadowed as f64);
    assert_eq!(of("trailwarden_policy_failures_total", &[("policy", "failing"), ("kind", "trap")]), counts.failed as f64);

    for policy in ["finding", "failing", "shadow", "talkative"] {
        let of = |name: &str| of(name, &[("policy", policy)]);
        // Each of these policies wants the same records, once each.
        assert_eq!(of("trailwarden_policy_record_cpu_seconds_count"), 36.0, "{policy}");
        assert!(of("trailwarden_policy_call_cpu_seconds_count") >= 1.0, "{policy}");
        let (by_record, by_call) =
            (of("trailwarden_policy_record_cpu_seconds_sum"), of("trailwarden_policy_call_cpu_seconds_sum"));
        assert!((by_record - by_call).abs() <= by_call * 1e-9 && by_call > 0.0, "{policy}: {by_record} and {by_call}");
    }
    assert!(of("trailwarden_policy_log_lines_total", &[("policy", "talkative"), ("outcome", "told")]) >= 1.0);
    assert!(of("trailwarden_policy_warm_instances", &[("policy", "finding")]) >= 1.0);
    assert!(of("trailwarden_instance_memory_bytes", &[]) >= 65_536.0);

    let (_, status) = get_json(server.address(), "/status");
    assert_eq!(status["records"]["read"], items);
    assert_eq!(status["tasks"]["failed"], counts.failed);
    let policies: BTreeMap<&str, &serde_json::Value> =
        status["policies"].as_array().unwrap().iter().map(|policy| (policy["name"].as_str().unwrap(), policy)).collect();
    assert_eq!(policies["shadow"]["mode"], "shadow");
    assert_eq!(policies["shadow"]["rules"][0]["shadow_findings"], counts.shadowed);
    assert_eq!(policies["failing"]["rules"][0]["tasks"]["failed"], counts.failed);
    assert!(policies["finding"]["digest"].as_str().unwrap().starts_with("sha256:"));
}

#[test]
fn every_metric_is_told_with_its_labels_and_nothing_else_is_in_both_forms() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    // A version may hold what would end a label's value.
    let evil = "1\"}\\n{#";
    write_policy(&policies, "finding", |guest| {
        guest.describes(|manifest| manifest["version"] = evil.into());
        let text = guest.text("hello");
        guest.evaluate = format!("(call $log (i32.const 3) {text})");
    });
    write_policy(&policies, "failing", |guest| guest.judge = "(unreachable)".to_owned());
    std::fs::write(policies.join("not \"a\" \\policy\n.wasm"), "nothing").unwrap();
    write_records(folder.path(), "records.jsonl");

    let (telemetry, server) = server();
    telemetry.configured(&Config::default());
    let catalogue = reconcile(&mut library(&policies), &telemetry).unwrap();
    judge(&folder.path().join("records.jsonl"), &catalogue, &telemetry);
    let mut sink = telemetry.sink("a \"sink\" \\of\nsorts", true);
    sink.taken(Taken { findings: 3, bytes: 300, left_out: 0 });
    let source = telemetry.source("folder");
    source.reachable();
    source.announced(2);
    telemetry.ledger(1, 2);
    telemetry.journal(trailwarden::store::Usage { bytes: 1, limit_bytes: 2 });
    telemetry.queue("files", || 3);
    telemetry.delivered("records.jsonl", 12, Duration::from_secs(3));
    let _worker = telemetry.health().beating("worker-0", Duration::from_secs(60));
    super::support::exchange(server.address(), b"nonsense\r\n\r\n");
    super::support::get(server.address(), "/readyz");

    for form in ["open-metrics", "classic"] {
        let told = samples(server.address(), form);
        let base =
            |name: &str| ["_bucket", "_count", "_sum"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name).to_owned();
        let mut by_name: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for sample in &told {
            let is_histogram = sample.r#type == "histogram";
            let name = if is_histogram { base(&sample.name) } else { sample.name.clone() };
            let labels = sample.labels.keys().filter(|label| *label != "le").cloned();
            by_name.entry(name).or_default().extend(labels);
        }
        let expected: BTreeMap<String, BTreeSet<String>> = METRICS
            .iter()
            .map(|metric| (metric.name.to_owned(), metric.labels.iter().map(|label| (*label).to_owned()).collect()))
            .collect();
        assert_eq!(by_name, expected, "{form}");
        let info = told.iter().find(|sample| {
            sample.labels.get("policy").is_some_and(|p| p == "finding") && sample.name == "trailwarden_policy_info"
        });
        assert_eq!(info.unwrap().labels["version"], evil, "{form}");
        assert_eq!(sum(&told, "trailwarden_sink_findings_total", &[("sink", "a \"sink\" \\of sorts")]), 3.0, "{form}");
        let refused = told.iter().find(|sample| sample.name == "trailwarden_policy_refused_timestamp_seconds").unwrap();
        assert!(refused.labels["file"].ends_with("not \"a\" \\policy .wasm") && refused.labels["step"] == "read", "{refused:?}");
    }
}

#[test]
fn what_is_retired_is_told_no_more_and_what_it_did_stays_in_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let policies = folder.path().join("policies");
    std::fs::create_dir(&policies).unwrap();
    for name in ["staying", "leaving"] {
        write_policy(&policies, name, |_| ());
    }
    write_records(folder.path(), "records.jsonl");
    let (telemetry, server) = server();
    let mut library = library(&policies);
    let before = reconcile(&mut library, &telemetry).unwrap();
    judge(&folder.path().join("records.jsonl"), &before, &telemetry);
    std::fs::remove_file(policies.join("leaving.wasm")).unwrap();
    write_policy(&policies, "staying", |guest| guest.describes(|manifest| manifest["version"] = "2".into()));
    reconcile(&mut library, &telemetry).unwrap();
    // What a worker has judged by the policies from before comes late, and brings nothing back.
    judge(&folder.path().join("records.jsonl"), &before, &telemetry);

    let told = samples(server.address(), "open-metrics");
    assert!(told.iter().all(|sample| sample.labels.get("policy").is_none_or(|policy| policy == "staying")));
    assert_eq!(sum(&told, "trailwarden_rule_tasks_total", &[]), 24.0);
    assert_eq!(sum(&told, "trailwarden_tasks_total", &[]), 48.0);
    assert_eq!(sum(&told, "trailwarden_policy_info", &[("version", "2")]), 1.0);
    for (outcome, number) in [("loaded", 2.0), ("swapped", 1.0), ("retired", 1.0), ("refused", 0.0)] {
        assert_eq!(sum(&told, "trailwarden_swaps_total", &[("outcome", outcome)]), number, "{outcome}");
    }
}

#[test]
fn a_refused_candidate_is_told_until_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    write_policy(folder.path(), "storage", |_| ());
    let good = std::fs::read(folder.path().join("storage.wasm")).unwrap();
    let (telemetry, server) = server();
    let mut library = library(folder.path());
    reconcile(&mut library, &telemetry).unwrap();
    std::fs::write(folder.path().join("storage.wasm"), "half").unwrap();
    assert!(reconcile(&mut library, &telemetry).is_none());

    let told = samples(server.address(), "classic");
    let labels = [("policy", "storage"), ("step", "read")];
    assert!(sum(&told, "trailwarden_policy_refused_timestamp_seconds", &labels) > 1e9);
    assert_eq!(sum(&told, "trailwarden_swaps_total", &[("outcome", "refused"), ("step", "read")]), 1.0);
    assert_eq!(sum(&told, "trailwarden_policies", &[("state", "refused")]), 1.0);
    let (_, status) = get_json(server.address(), "/status");
    let refused = &status["policies"][0]["refused"];
    assert_eq!(refused["step"], "read");
    assert!(refused["reason"].as_str().unwrap().contains("no WebAssembly"), "{refused}");

    std::fs::write(folder.path().join("storage.wasm"), good).unwrap();
    reconcile(&mut library, &telemetry);
    let told = samples(server.address(), "classic");
    assert_eq!(sum(&told, "trailwarden_policies", &[("state", "refused")]), 0.0);
    assert_eq!(get_json(server.address(), "/status").1["policies"][0]["refused"], serde_json::Value::Null);
}
