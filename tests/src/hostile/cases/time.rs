//! Loops at every place where the host calls a guest.

use super::super::{At, Barrier, Case, Outcome, Proof};

/// Turns of a loop that takes many times what a record may, and ends in a fraction of a second.
const LONG: u64 = 20_000_000;
/// Turns of a loop that takes many times what a start may in the tests' configuration.
const LONGER: u64 = 250_000_000;

const TIME: &str = "ms of CPU time";
const BARRIER: Barrier = Barrier::Limit("cpu_ms_per_record");
const RAISED: Proof = Proof::Raised(&[("cpu_ms_per_record", 10_000)]);
const START: Barrier = Barrier::Limit("start_cpu_ms");
const START_RAISED: Proof = Proof::Raised(&[("start_cpu_ms", 100_000)]);

const fn refused(step: &'static str) -> Outcome {
    Outcome::Refused { step, words: TIME }
}

const FAILS: Outcome = Outcome::Fails { at: At::Every, kind: "time", words: TIME };

fn long() -> String {
    format!("(call $work (i64.const {LONG}))")
}

fn longer() -> String {
    format!("(call $work (i64.const {LONGER}))")
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "loops-in-start",
        does: "loops in the core module's start function",
        barrier: START,
        outcome: refused("describe"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.start = longer();
            guest.module()
        },
    },
    Case {
        name: "loops-in-describe",
        does: "loops in `describe`",
        barrier: START,
        outcome: refused("describe"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.describe = longer();
            guest.module()
        },
    },
    Case {
        name: "loops-after-describe",
        does: "loops in the post-return function of `describe`",
        barrier: START,
        outcome: refused("describe"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.after_describe = longer();
            guest.module()
        },
    },
    Case {
        name: "loops-when-asked-again",
        does: "loops in `describe` once it is configured",
        barrier: START,
        outcome: refused("describe"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.describe = format!("(if (global.get $is_configured) (then {}))", longer());
            guest.module()
        },
    },
    Case {
        name: "loops-in-configure",
        does: "loops in `configure`",
        barrier: START,
        outcome: refused("configure"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.configure = longer();
            guest.module()
        },
    },
    Case {
        name: "loops-after-configure",
        does: "loops in the post-return function of `configure`",
        barrier: START,
        outcome: refused("configure"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.after_configure = longer();
            guest.module()
        },
    },
    Case {
        name: "loops-in-realloc-of-settings",
        does: "loops in `cabi_realloc` when the settings are handed over",
        barrier: START,
        outcome: refused("configure"),
        proof: START_RAISED,
        build: |mut guest| {
            guest.realloc = format!("(if (i32.eqz (global.get $is_configured)) (then {}))", longer());
            guest.module()
        },
    },
    Case {
        name: "loops-in-evaluate",
        does: "loops in `evaluate`",
        barrier: BARRIER,
        outcome: FAILS,
        proof: RAISED,
        build: |mut guest| {
            guest.judge = format!("{} (call $find (local.get $task))", long());
            guest.module()
        },
    },
    Case {
        name: "loops-in-realloc",
        does: "loops in `cabi_realloc` when records are handed over",
        barrier: BARRIER,
        outcome: FAILS,
        proof: RAISED,
        build: |mut guest| {
            guest.realloc = format!("(if (i32.gt_u (local.get $size) (i32.const 500)) (then {}))", long());
            guest.module()
        },
    },
    Case {
        name: "loops-after-evaluate",
        does: "loops in the post-return function of `evaluate`",
        barrier: BARRIER,
        outcome: FAILS,
        proof: RAISED,
        build: |mut guest| {
            guest.after_evaluate = long();
            guest.module()
        },
    },
    Case {
        name: "loops-at-some-records",
        does: "loops at records with a certain user agent",
        barrier: BARRIER,
        outcome: Outcome::Fails { at: At::Marked, kind: "time", words: TIME },
        proof: RAISED,
        build: |mut guest| {
            let mark = guest.text(super::super::records::MARK);
            guest.judge = format!(
                "(if (call $holds (local.get $record) (local.get $size) {mark}) (then {})) (call $find (local.get $task))",
                long()
            );
            guest.module()
        },
    },
    Case {
        name: "fills-memory-without-end",
        does: "has the engine fill 60 MiB of memory again and again, which can be stopped only in between",
        barrier: BARRIER,
        outcome: FAILS,
        proof: RAISED,
        build: |mut guest| {
            guest.pages = Some(965);
            guest.judge = "(local.set $n (i32.const 60))
                (loop $again
                  (memory.fill (i32.const 131072) (local.get $n) (i32.const 62914560))
                  (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                  (br_if $again (local.get $n)))
                (call $find (local.get $task))"
                .into();
            guest.module()
        },
    },
];
