//! Every kind of trap, at some records of a batch.

use super::super::guest::Guest;
use super::super::records::{MARK, event_id};
use super::super::{At, Barrier, Case, Outcome, Proof};

const fn traps(words: &'static str) -> Outcome {
    Outcome::Fails { at: At::Marked, kind: "trap", words }
}

/// Does something at the marked records, and finds something in all that it survives.
fn at_mark(guest: Guest, does: &str) -> anyhow::Result<Vec<u8>> {
    at_records_with(guest, &[MARK.to_owned()], does)
}

/// Traps at the records at these positions, and finds something in the others.
fn at_positions(guest: Guest, positions: &[usize]) -> anyhow::Result<Vec<u8>> {
    let ids: Vec<String> = positions.iter().copied().map(event_id).collect();
    at_records_with(guest, &ids, "(unreachable)")
}

fn at_records_with(mut guest: Guest, texts: &[String], does: &str) -> anyhow::Result<Vec<u8>> {
    for text in texts {
        let text = guest.text(text);
        guest.judge.insert_str(0, &format!("(if (call $holds (local.get $record) (local.get $size) {text}) (then {does})) "));
    }
    guest.module()
}

const fn at(name: &'static str, does: &'static str, at: At, build: fn(Guest) -> anyhow::Result<Vec<u8>>) -> Case {
    let outcome = Outcome::Fails { at, kind: "trap", words: "unreachable" };
    Case { name, does, barrier: Barrier::WebAssembly, outcome, proof: Proof::Twin, build }
}

const fn case(name: &'static str, does: &'static str, words: &'static str, build: fn(Guest) -> anyhow::Result<Vec<u8>>) -> Case {
    Case { name, does, barrier: Barrier::WebAssembly, outcome: traps(words), proof: Proof::Twin, build }
}

pub(super) const CASES: &[Case] = &[
    case("unreachable", "executes `unreachable` at records with a certain user agent", "unreachable", |guest| {
        at_mark(guest, "(unreachable)")
    }),
    at("traps-at-the-first", "traps at the first record of a batch", At::Positions(&[0]), |guest| at_positions(guest, &[0])),
    at("traps-in-the-middle", "traps at a record in the middle of a batch", At::Positions(&[5]), |guest| {
        at_positions(guest, &[5])
    }),
    at("traps-at-the-last", "traps at the last record of a batch", At::Positions(&[11]), |guest| at_positions(guest, &[11])),
    at("traps-at-two", "traps at two records of a batch, one after the other", At::Positions(&[7, 8]), |guest| {
        at_positions(guest, &[7, 8])
    }),
    at("traps-at-both-ends", "traps at the first and the last record of a batch", At::Positions(&[0, 11]), |guest| {
        at_positions(guest, &[0, 11])
    }),
    at("traps-at-every-record", "traps at every record", At::Every, |mut guest| {
        guest.judge = "(unreachable)".into();
        guest.module()
    }),
    case("divides-by-zero", "divides by zero", "divide by zero", |guest| {
        at_mark(guest, "(drop (i32.div_s (i32.const 1) (local.get $n)))")
    }),
    case("overflows", "divides the least number by -1", "integer overflow", |guest| {
        at_mark(guest, "(drop (i32.div_s (i32.const -2147483648) (i32.sub (local.get $n) (i32.const 1))))")
    }),
    case("converts-nan", "makes an integer of what is not a number", "invalid conversion to integer", |guest| {
        at_mark(guest, "(drop (i32.trunc_f64_s (f64.div (f64.const 0) (f64.convert_i32_s (local.get $n)))))")
    }),
    case("converts-too-large", "makes a 32-bit integer of 1e300", "integer overflow", |guest| {
        at_mark(guest, "(drop (i32.trunc_f64_u (f64.const 1e300)))")
    }),
    case("reads-beyond-memory", "reads beyond its memory", "out of bounds memory access", |guest| {
        at_mark(guest, "(drop (i64.load (i32.const -8)))")
    }),
    case(
        "writes-beyond-memory",
        "writes at an address and an offset that are more than 4 GiB together",
        "out of bounds memory access",
        |guest| at_mark(guest, "(i64.store offset=0xffffffff (i32.const -1) (i64.const 0))"),
    ),
    case("fills-beyond-memory", "fills beyond its memory", "out of bounds memory access", |guest| {
        at_mark(guest, "(memory.fill (i32.const 0) (i32.const 255) (i32.const -1))")
    }),
    case("copies-beyond-memory", "copies from beyond its memory", "out of bounds memory access", |guest| {
        at_mark(guest, "(memory.copy (i32.const 0) (i32.const -100) (i32.const 1000))")
    }),
    case(
        "calls-beyond-table",
        "calls through an index that its table does not have",
        "out of bounds table access",
        |mut guest| {
            guest.items = "(table $table 4 funcref) (type $nothing (func))".into();
            at_mark(guest, "(call_indirect $table (type $nothing) (i32.const 4))")
        },
    ),
    case("calls-nothing", "calls through an empty element of its table", "uninitialized element", |mut guest| {
        guest.items = "(table $table 4 funcref) (type $nothing (func))".into();
        at_mark(guest, "(call_indirect $table (type $nothing) (i32.const 0))")
    }),
    case(
        "calls-another-type",
        "calls a function through its table as one of another type",
        "indirect call type mismatch",
        |mut guest| {
            guest.items =
                "(table $table 4 funcref) (elem (i32.const 0) $free) (type $other (func (param i64) (result f64)))".into();
            at_mark(guest, "(drop (call_indirect $table (type $other) (i64.const 0) (i32.const 0)))")
        },
    ),
    case("reads-beyond-table", "reads an element that its table does not have", "out of bounds table access", |mut guest| {
        guest.items = "(table $table 4 funcref)".into();
        at_mark(guest, "(drop (table.get $table (i32.const 99)))")
    }),
    Case {
        name: "recursion",
        does: "calls itself without end",
        barrier: Barrier::Fixed("512 KiB of stack"),
        outcome: traps("call stack exhausted"),
        proof: Proof::Twin,
        build: |mut guest| {
            guest.items = DESCEND.into();
            at_mark(guest, "(drop (call $descend (i32.const 0x7fffffff)))")
        },
    },
    Case {
        name: "recursion-that-fits",
        does: "calls itself 1,000 deep: the same guest as `recursion`, with an end",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: "" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.items = DESCEND.into();
            at_mark(guest, "(drop (call $descend (i32.const 1000)))")
        },
    },
    Case {
        name: "traps-in-realloc",
        does: "traps in `cabi_realloc` when records are handed over",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Fails { at: At::Every, kind: "trap", words: "unreachable" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.realloc = "(if (i32.gt_u (local.get $size) (i32.const 500)) (then (unreachable)))".into();
            guest.module()
        },
    },
    Case {
        name: "traps-after-evaluate",
        does: "answers, and traps in the post-return function",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Fails { at: At::Every, kind: "trap", words: "unreachable" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.after_evaluate = "(unreachable)".into();
            guest.module()
        },
    },
    Case {
        name: "traps-in-start",
        does: "traps in the core module's start function",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Refused { step: "describe", words: "unreachable" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.start = "(unreachable)".into();
            guest.module()
        },
    },
    Case {
        name: "data-beyond-memory",
        does: "has data that does not fit into its memory",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Refused { step: "describe", words: "out of bounds memory access" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.items = r#"(data (i32.const 0x7fffffff) "beyond")"#.into();
            guest.module()
        },
    },
    Case {
        name: "traps-in-describe",
        does: "traps in `describe`",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Refused { step: "describe", words: "unreachable" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.describe = "(unreachable)".into();
            guest.module()
        },
    },
    Case {
        name: "traps-in-configure",
        does: "traps in `configure`",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Refused { step: "configure", words: "unreachable" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.configure = "(unreachable)".into();
            guest.module()
        },
    },
    Case {
        name: "good-until-the-sixth",
        does: "judges five records well and traps at the sixth that one instance is given, whichever it is",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Unexplained { kind: "trap", words: "not on a fresh instance" },
        proof: Proof::Twin,
        build: |guest| from_the_sixth(guest, "(unreachable)"),
    },
    Case {
        name: "fast-until-the-sixth",
        does: "judges five records well and loops at the sixth that one instance is given, whichever it is",
        barrier: Barrier::Limit("cpu_ms_per_record"),
        outcome: Outcome::Unexplained { kind: "time", words: "not on a fresh instance" },
        proof: Proof::Twin,
        build: |guest| from_the_sixth(guest, "(loop $for_ever (br $for_ever))"),
    },
    Case {
        name: "in-order-until-the-sixth",
        does: "judges five records of a batch well and makes two findings with equal keys of each that follows",
        barrier: Barrier::Contract,
        outcome: Outcome::Fails {
            at: At::Positions(&[5, 6, 7, 8, 9, 10, 11]),
            kind: "contract",
            words: "two findings with the key",
        },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.answers_per_task = 2;
            from_the_sixth(guest, "(call $find (local.get $task))")
        },
    },
];

/// Does something from the sixth record on that an instance is given, and finds something in all that it survives.
fn from_the_sixth(mut guest: Guest, does: &str) -> anyhow::Result<Vec<u8>> {
    guest.judge = format!("(if (i32.gt_u (global.get $judged) (i32.const 5)) (then {does})) (call $find (local.get $task))");
    guest.module()
}

/// A function that calls itself so deep as it is told, with something to keep on the stack.
const DESCEND: &str = "(func $descend (param $depth i32) (result i32)
    (if (result i32) (i32.eqz (local.get $depth))
      (then (i32.const 0))
      (else (i32.add (local.get $depth) (call $descend (i32.sub (local.get $depth) (i32.const 1)))))))";
