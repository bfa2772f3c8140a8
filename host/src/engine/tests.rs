//! Real guests in the engine: how often a task is tried, on which instances, and what is said of it.
//!
//! The guests are written by hand. Each writes a line to its log in every call, so that what is kept and what is dropped of
//! its lines says how many calls there were.
#![allow(unsafe_code, reason = "the tests compile what they load")]

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use e2e::hostile::guest::Guest as Written;
use policy_contract::manifest::Manifest;

use super::*;

/// What an attacker writes into a record to make a policy fail.
const MARK: &str = "crafted";
const SETTINGS: &str = "{}";

/// Writes a line to the log.
fn log(guest: &mut Written) -> String {
    let line = guest.text("line");
    format!("(call $log (i32.const 2) {line})")
}

/// Does something at marked records, and finds something in all that it survives.
fn at_mark(guest: &mut Written, does: &str) {
    let mark = guest.text(MARK);
    guest.judge =
        format!("(if (call $holds (local.get $record) (local.get $size) {mark}) (then {does})) (call $find (local.get $task))");
}

fn compiled(budget: usize, change: impl FnOnce(&mut Written)) -> Compiled {
    let mut written = Written::named("hostile-engine");
    change(&mut written);
    let code = precompile(&written.component().unwrap(), Effort::Unoptimised, Fuel::Free).unwrap();
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(&code).unwrap();
    // SAFETY: `precompile` gave it, and the file has no name under which somebody could change it.
    let artefact = unsafe { Artefact::new(file, code) };
    Engine::new(budget).unwrap().load(&artefact).unwrap().0
}

fn limits() -> Arc<GuestLimits> {
    // Lines are not dropped for being many, and no wall clock stops anything before the CPU's does.
    let cpu_per_call = Duration::from_millis(20);
    Arc::new(GuestLimits { cpu_per_call, log_lines_per_call: 100, wall_factor: 1_000, ..GuestLimits::default() })
}

/// A guest that logs a line in `evaluate`.
fn guest(settings: &str, change: impl FnOnce(&mut Written)) -> Guest {
    with_budget(1 << 30, settings, change)
}

fn with_budget(budget: usize, settings: &str, change: impl FnOnce(&mut Written)) -> Guest {
    let compiled = compiled(budget, |written| {
        written.evaluate = log(written);
        change(written);
    });
    let manifest = Written::named("hostile-engine").manifest;
    let manifest: Manifest = serde_json::from_slice(&manifest).unwrap();
    let warm = Arc::new(compiled.warm_key());
    Guest::new(Arc::new(compiled), Arc::new(manifest), settings.into(), Arc::default(), limits(), warm)
}

fn batch(records: &[&str]) -> Batch {
    let mut batch = Batch::default();
    records.iter().for_each(|record| batch.push(record.as_bytes(), [0]).unwrap());
    batch
}

fn calls(judgement: &Judgement) -> u64 {
    judgement.said.lines.len() as u64 + judgement.said.lines_dropped
}

fn answered(judgement: &Judgement) -> Vec<usize> {
    judgement.answers.iter().map(|answer| answer.task).collect()
}

fn failed(judgement: &Judgement) -> Vec<(usize, FailureKind)> {
    judgement.failures.iter().map(|failure| (failure.task, failure.kind)).collect()
}

#[test]
fn a_policy_that_cannot_start_again_is_started_once_and_asked_nothing() {
    // It was described under other settings than it is configured with now, as if it had changed its mind.
    let mut guest = guest(r#"{"other":1}"#, |written| {
        let (said, refusal) = (log(written), written.text("not these"));
        written.configure = format!(
            "{said} (if (i32.ne (local.get $settings_size) (i32.const {})) (then
               (i32.store8 (i32.const 16) (i32.const 1))
               (i32.store (i32.const 20) (i32.const {})) (i32.store (i32.const 24) (i32.const {}))
               (return (i32.const 16))))",
            SETTINGS.len(),
            refusal.at,
            refusal.size
        );
    });
    let judgement = guest.judge(&batch(&["a", "b", "c"]));
    let start = FailureKind::Start;
    assert_eq!(failed(&judgement), [(0, start), (1, start), (2, start)]);
    let reason = judgement.cannot_start.as_deref().unwrap();
    assert!(reason.contains("refused settings that it had accepted: not these"), "{reason}");
    assert_eq!(calls(&judgement), 1, "one start");
}

#[test]
fn a_trap_is_repeated_on_a_fresh_instance_only_where_the_first_had_judged_others() {
    let trapping = |written: &mut Written| at_mark(written, "(unreachable)");
    let alone = guest(SETTINGS, trapping).judge(&batch(&[MARK]));
    assert_eq!((failed(&alone), calls(&alone)), (vec![(0, FailureKind::Trap)], 1));
    // The batch, the good one, the bad one on the same instance, the bad one on a fresh one.
    let second = guest(SETTINGS, trapping).judge(&batch(&["good", MARK]));
    assert_eq!((answered(&second), failed(&second), calls(&second)), (vec![0], vec![(1, FailureKind::Trap)], 4));
    assert_eq!(second.unexplained, []);
}

#[test]
fn what_ran_out_of_time_is_tried_twice_and_never_three_times() {
    let looping = |written: &mut Written| at_mark(written, "(loop $for_ever (br $for_ever))");
    let alone = guest(SETTINGS, looping).judge(&batch(&[MARK]));
    assert_eq!((failed(&alone), calls(&alone)), (vec![(0, FailureKind::Time)], 2));
    let second = guest(SETTINGS, looping).judge(&batch(&["good", MARK]));
    assert_eq!((answered(&second), failed(&second), calls(&second)), (vec![0], vec![(1, FailureKind::Time)], 4));
    assert_eq!(second.unexplained, []);
}

#[test]
fn what_fails_only_after_other_records_is_answered_and_reported_without_a_record() {
    for (does, kind) in [("(unreachable)", FailureKind::Trap), ("(loop $for_ever (br $for_ever))", FailureKind::Time)] {
        let mut guest = guest(SETTINGS, |written| {
            written.judge =
                format!("(if (i32.gt_u (global.get $judged) (i32.const 1)) (then {does})) (call $find (local.get $task))");
        });
        let judgement = guest.judge(&batch(&["a", "b", "c"]));
        assert_eq!((answered(&judgement), failed(&judgement)), (vec![0, 1, 2], vec![]));
        let kinds: Vec<_> = judgement.unexplained.iter().map(|unexplained| unexplained.error().kind()).collect();
        assert_eq!(kinds, [kind, kind]);
        assert!(judgement.unexplained[0].to_string().contains("not on a fresh instance"));
        // The batch; the first; the second twice; the third, on the instance that answered the second, twice.
        assert_eq!(calls(&judgement), 6, "{kind}");
    }
}

#[test]
fn a_batch_that_fails_as_a_whole_is_reported_where_no_record_does() {
    let mut guest = guest(SETTINGS, |written| {
        // A task is two numbers.
        written.evaluate += "(if (i32.gt_u (local.get $tasks_count) (i32.const 2)) (then (unreachable)))";
    });
    let judgement = guest.judge(&batch(&["a", "b"]));
    assert_eq!((answered(&judgement), failed(&judgement)), (vec![0, 1], vec![]));
    assert!(matches!(judgement.unexplained.as_slice(), [Unexplained::Batch(CallError::Trapped { .. })]));
}

#[test]
fn what_the_host_has_no_memory_for_is_nobodys_fault_and_all_its_lines_are_counted() {
    let mut guest = with_budget(1 << 20, SETTINGS, |written| {
        written.configure = log(written) + "(drop (memory.grow (i32.const 32)))";
    });
    let judgement = guest.judge(&batch(&["a"]));
    assert!(judgement.failures.iter().all(|failure| failure.is_shortage), "{judgement:?}");
    assert_eq!((failed(&judgement), &judgement.cannot_start), (vec![(0, FailureKind::Memory)], &None));
    assert_eq!(calls(&judgement), 3, "each try wrote a line");
}

#[test]
fn lines_that_are_written_before_anything_is_judged_are_counted() {
    let compiled = compiled(1 << 30, |written| {
        let line = log(written);
        (written.describe, written.configure) = (line.repeat(2), line.repeat(300));
    });
    let (described, unheard) = compiled.describe(&limits());
    assert!(described.is_ok() && unheard == 2, "{unheard}");
    let (described, unheard) = compiled.describe_configured(&limits(), SETTINGS);
    assert!(described.is_ok() && unheard == 302, "{unheard}");
}
