//! Calls of the host at moments at which the component model forbids them.

use super::super::{At, Barrier, Case, Outcome, Proof};

const LEAVES: &str = "cannot leave component instance";

const fn fails() -> Outcome {
    Outcome::Fails { at: At::Every, kind: "trap", words: LEAVES }
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "logs-in-realloc",
        does: "writes to its log in `cabi_realloc`, while the host hands over records",
        barrier: Barrier::ComponentModel,
        outcome: fails(),
        proof: Proof::Twin,
        build: |mut guest| {
            let line = guest.text("in realloc");
            guest.realloc = format!("(if (i32.gt_u (local.get $size) (i32.const 500)) (then (call $log (i32.const 2) {line})))");
            guest.module()
        },
    },
    Case {
        name: "asks-in-realloc",
        does: "asks a table in `cabi_realloc`, while the host hands over records",
        barrier: Barrier::ComponentModel,
        outcome: fails(),
        proof: Proof::Twin,
        build: |mut guest| {
            let [table, value] = ["hostile-list", "anna"].map(|text| guest.text(text));
            guest.realloc =
                format!("(if (i32.gt_u (local.get $size) (i32.const 500)) (then (drop (call $contains {table} {value}))))");
            guest.module()
        },
    },
    Case {
        name: "logs-after-evaluate",
        does: "writes to its log in the post-return function of `evaluate`",
        barrier: Barrier::ComponentModel,
        outcome: fails(),
        proof: Proof::Twin,
        build: |mut guest| {
            let line = guest.text("after evaluate");
            guest.after_evaluate = format!("(call $log (i32.const 2) {line})");
            guest.module()
        },
    },
    Case {
        name: "asks-after-evaluate",
        does: "asks a table in the post-return function of `evaluate`",
        barrier: Barrier::ComponentModel,
        outcome: fails(),
        proof: Proof::Twin,
        build: |mut guest| {
            let [table, value] = ["hostile-list", "anna"].map(|text| guest.text(text));
            guest.after_evaluate = format!("(drop (call $contains {table} {value}))");
            guest.module()
        },
    },
    Case {
        name: "logs-after-describe",
        does: "writes to its log in the post-return function of `describe`",
        barrier: Barrier::ComponentModel,
        outcome: Outcome::Refused { step: "describe", words: LEAVES },
        proof: Proof::Twin,
        build: |mut guest| {
            let line = guest.text("after describe");
            guest.after_describe = format!("(call $log (i32.const 2) {line})");
            guest.module()
        },
    },
    Case {
        name: "logs-in-start",
        does: "writes to its log in the core module's start function, before its imports are filled in",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Refused { step: "describe", words: "uninitialized element" },
        proof: Proof::Twin,
        build: |mut guest| {
            let line = guest.text("in start");
            guest.start = format!("(call $log (i32.const 2) {line})");
            guest.module()
        },
    },
];
