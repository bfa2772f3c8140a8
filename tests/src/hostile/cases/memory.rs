//! More memory than an instance may have, asked for in every way.

use std::fmt::Write as _;

use anyhow::Context as _;

use super::super::component::with_instances;
use super::super::{At, Barrier, Case, Outcome, Proof};

const BARRIER: Barrier = Barrier::Limit("memory_mib");
const MEMORY: &str = "more than 67108864 bytes of memory";
const RAISED: Proof = Proof::Raised(&[("memory_mib", 512)]);
const AT_START: Outcome = Outcome::Refused { step: "describe", words: MEMORY };
const FAILS: Outcome = Outcome::Fails { at: At::Every, kind: "memory", words: MEMORY };

pub(super) const CASES: &[Case] = &[
    Case {
        name: "memory-at-start",
        does: "declares a memory of 69 MiB",
        barrier: BARRIER,
        outcome: AT_START,
        proof: RAISED,
        build: |mut guest| {
            guest.pages = Some(1_100);
            guest.module()
        },
    },
    Case {
        name: "memory-in-evaluate",
        does: "grows its memory by 128 MiB in `evaluate`",
        barrier: BARRIER,
        outcome: FAILS,
        proof: RAISED,
        build: |mut guest| {
            guest.judge = "(if (i32.lt_s (memory.grow (i32.const 2048)) (i32.const 0)) (then (unreachable)))
                (call $find (local.get $task))"
                .into();
            guest.module()
        },
    },
    Case {
        name: "memory-bit-by-bit",
        does: "grows its memory by one page again and again, 128 MiB in all",
        barrier: BARRIER,
        outcome: FAILS,
        // Growing page by page takes longer than a record may.
        proof: Proof::Raised(&[("memory_mib", 512), ("cpu_ms_per_record", 10_000)]),
        build: |mut guest| {
            guest.judge = "(if (i32.eqz (global.get $grown)) (then
                  (local.set $n (i32.const 2048))
                  (loop $again
                    (if (i32.lt_s (memory.grow (i32.const 1)) (i32.const 0)) (then (unreachable)))
                    (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                    (br_if $again (local.get $n)))
                  (global.set $grown (i32.const 1))))
                (call $find (local.get $task))"
                .into();
            guest.items = "(global $grown (mut i32) (i32.const 0))".into();
            guest.module()
        },
    },
    Case {
        name: "memory-in-realloc",
        does: "grows its memory by 128 MiB in `cabi_realloc`",
        barrier: BARRIER,
        outcome: FAILS,
        proof: RAISED,
        build: |mut guest| {
            guest.realloc = "(if (i32.gt_u (local.get $size) (i32.const 500)) (then
                (if (i32.lt_s (memory.grow (i32.const 2048)) (i32.const 0)) (then (unreachable)))))"
                .into();
            guest.module()
        },
    },
    Case {
        name: "table-at-start",
        does: "declares a table of 5,000,000 elements",
        barrier: BARRIER,
        outcome: AT_START,
        proof: RAISED,
        build: |mut guest| {
            guest.items = "(table 5000000 funcref)".into();
            guest.module()
        },
    },
    Case {
        name: "table-in-evaluate",
        does: "grows a table by 5,000,000 elements in `evaluate`",
        barrier: BARRIER,
        outcome: FAILS,
        proof: Proof::Raised(&[("memory_mib", 2_048), ("memory_budget_mib", 8_192), ("cpu_ms_per_record", 10_000)]),
        build: |mut guest| {
            guest.items = "(table $table 1 funcref)".into();
            guest.judge =
                "(if (i32.lt_s (table.grow $table (ref.null func) (i32.const 5000000)) (i32.const 0)) (then (unreachable)))
                (call $find (local.get $task))"
                    .into();
            guest.module()
        },
    },
    Case {
        name: "many-instances",
        does: "makes 40 core instances",
        barrier: Barrier::Fixed("32 core instances in a policy"),
        outcome: Outcome::Refused { step: "describe", words: "instance" },
        proof: Proof::Twin,
        build: |guest| with_instances(guest.component()?, &wat::parse_str("(module)")?, 40),
    },
    Case {
        name: "many-memories",
        does: "makes 20 core instances with a memory each",
        barrier: Barrier::Fixed("8 memories in a policy"),
        outcome: Outcome::Refused { step: "describe", words: "memor" },
        proof: Proof::Twin,
        build: |guest| with_instances(guest.component()?, &wat::parse_str("(module (memory 1))")?, 20),
    },
    Case {
        name: "many-tables",
        does: "makes 20 core instances with two tables each",
        barrier: Barrier::Fixed("32 tables in a policy"),
        outcome: Outcome::Refused { step: "describe", words: "table" },
        proof: Proof::Twin,
        build: |guest| with_instances(guest.component()?, &wat::parse_str("(module (table 1 funcref) (table 1 funcref))")?, 20),
    },
    Case {
        name: "memories-in-sum",
        does: "makes 6 core instances with a memory of 12 MiB each, of which none is too large alone",
        barrier: BARRIER,
        outcome: AT_START,
        proof: RAISED,
        build: |guest| with_instances(guest.component()?, &wat::parse_str("(module (memory 192))")?, 6),
    },
    Case {
        name: "many-globals",
        does: "makes 20 core instances with 250,000 globals each, which is 80 MB outside all memories and tables",
        barrier: Barrier::Fixed("20,000 globals in a policy's file"),
        outcome: Outcome::Refused { step: "world", words: " globals, 20000 allowed" },
        proof: Proof::Twin,
        build: |guest| with_instances(guest.component()?, &globals(250_000)?, 20),
    },
];

fn globals(number: u32) -> anyhow::Result<Vec<u8>> {
    let mut module = String::from("(module");
    for _ in 0..number {
        module.write_str("(global (mut i64) (i64.const 0))").context("no room for the text")?;
    }
    module.push(')');
    Ok(wat::parse_str(module)?)
}
