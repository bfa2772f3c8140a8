//! How long an instance lives, seen in what a policy says that counts the records which one instance has judged.

use e2e::hostile::guest::Guest;
use e2e::hostile::records::{COUNT, event_id};
use e2e::{Run, findings, policy, rule};
use serde_json::Value;

use crate::beside::Stage;

const COUNTING: &str = "hostile-counting";
/// Every record is a call of its own, so that an instance can be replaced between any two.
const ONE_BY_ONE: &str = "[limits]\nwall_time_factor = 1000\nbatch_records = 1\n";

/// Finds in every record how many its instance has judged, as two digits; does something more at each.
fn counting(does: &str) -> Guest {
    let mut guest = Guest::named(COUNTING);
    let digits = guest.text((0..=COUNT).map(|number| format!("{number:02}")).collect::<String>());
    guest.judge = format!(
        "(call $find (local.get $task))
         (i32.store offset=24 (global.get $last)
           (i32.add (i32.const {}) (i32.mul (global.get $judged) (i32.const 2))))
         (i32.store offset=28 (global.get $last) (i32.const 2))
         {does}",
        digits.at
    );
    guest
}

fn counted(run: &Run) -> Vec<u64> {
    let found = findings(run).unwrap();
    let its = found.iter().filter(|finding| policy(finding) == Some(COUNTING));
    its.map(|finding| finding["finding_info"]["desc"].as_str().unwrap().parse().unwrap()).collect()
}

/// What the counting policy says under these limits.
fn counts(guest: Guest, limits: &str) -> Vec<u64> {
    let stage = Stage::new();
    stage.add(COUNTING, &guest.module().unwrap());
    let run = stage.scan(&format!("{ONE_BY_ONE}{limits}"), true, &["--workers", "1"]);
    let counted = counted(&run);
    assert_eq!(counted.len(), COUNT, "{}", run.stderr);
    counted
}

fn one_after_the_other() -> Vec<u64> {
    (1..=COUNT as u64).collect()
}

#[test]
fn an_instance_judges_so_many_records_and_no_more() {
    assert_eq!(counts(counting(""), "records_per_instance = 5\n"), [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2]);
    assert_eq!(counts(counting(""), ""), one_after_the_other());
}

#[test]
fn an_instance_that_has_grown_is_replaced() {
    let growing = || counting("(if (i32.eq (global.get $judged) (i32.const 3)) (then (drop (memory.grow (i32.const 32)))))");
    assert_eq!(counts(growing(), "memory_growth_mib = 1\n"), [1, 2, 3, 1, 2, 3, 1, 2, 3, 1, 2, 3]);
    assert_eq!(counts(growing(), "memory_growth_mib = 4\n"), one_after_the_other());
}

#[test]
fn no_instance_is_kept_warm_where_none_may_be() {
    assert_eq!(counts(counting(""), "warm_instances = 0\n"), [1; COUNT]);
}

#[test]
fn an_instance_that_nobody_used_for_long_is_replaced() {
    // Takes more than a second at two records, and comes after the other policy at each.
    let mut dawdling = Guest::named("hostile-dawdling");
    for position in [0, 6] {
        let id = dawdling.text(event_id(position));
        let work =
            format!("(if (call $holds (local.get $record) (local.get $size) {id}) (then (call $work (i64.const 1500000000)))) ");
        dawdling.judge.insert_str(0, &work);
    }
    let dawdling = dawdling.module().unwrap();
    let counts = |idle_seconds: u64| {
        let stage = Stage::new();
        stage.add(COUNTING, &counting("").module().unwrap());
        stage.add("hostile-dawdling", &dawdling);
        let limits = format!("idle_seconds = {idle_seconds}\ncpu_ms_per_record = 60000\n");
        let run = stage.scan(&format!("{ONE_BY_ONE}{limits}"), true, &["--workers", "1"]);
        counted(&run)
    };
    // Few are thrown away at once, and the policies that ship have older ones: these go at the first pause, this one's at the
    // second, if not before.
    assert_eq!(counts(1)[7..], [1, 2, 3, 4, 5]);
    assert_eq!(counts(3_600), one_after_the_other());
}

#[test]
fn the_text_of_a_failure_is_cut() {
    let text = |limit: u64| {
        let mut guest = Guest::named(COUNTING);
        let text = guest.text("x".repeat(2_000));
        guest.judge = format!(
            "(call $find (local.get $task))
             (i32.store8 offset=4 (global.get $last) (i32.const 2))
             (i32.store offset=8 (global.get $last) (i32.const {}))
             (i32.store offset=12 (global.get $last) (i32.const {}))",
            text.at, text.size
        );
        let stage = Stage::new();
        stage.add(COUNTING, &guest.module().unwrap());
        let run = stage.scan(&format!("[limits]\nfailure_text_bytes = {limit}\n"), true, &[]);
        let found = findings(&run).unwrap();
        let failed: Vec<&Value> = found.iter().filter(|finding| rule(finding) == "policy-failed").collect();
        assert_eq!(failed.len(), 1, "{}", run.stderr);
        failed[0]["finding_info"]["desc"].as_str().unwrap().to_owned()
    };
    let cut = text(100);
    assert!(cut.starts_with(&format!("{}… (cut)", "x".repeat(100))), "{cut}");
    let whole = text(4_096);
    assert!(whole.starts_with(&"x".repeat(2_000)) && !whole.contains("(cut)"), "{whole}");
}

#[test]
fn what_is_written_to_the_log_before_the_first_record_is_counted() {
    let mut guest = counting("");
    let line = guest.text("loading");
    guest.describe = format!("(call $log (i32.const 4) {line})");
    guest.configure = guest.describe.repeat(50);
    let stage = Stage::new();
    stage.add(COUNTING, &guest.module().unwrap());
    let run = stage.scan("", true, &["--workers", "1"]);
    assert_eq!(counted(&run).len(), COUNT, "{}", run.stderr);
    // Once when it is asked what it is, and once more when it is configured.
    for told in ["it wrote 1 lines to its log while it was loaded", "it wrote 51 lines to its log while it was loaded"] {
        assert!(run.stderr.contains(told), "{told}: {}", run.stderr);
    }
}
