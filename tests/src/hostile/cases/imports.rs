//! Floods of look-ups and log lines, and arguments that are huge or malformed.

use super::super::guest::Guest;
use super::super::{At, Barrier, Case, Outcome, Proof};

const fn lookup(words: &'static str) -> Outcome {
    Outcome::Fails { at: At::Every, kind: "lookup", words }
}

const fn argument(
    name: &'static str,
    does: &'static str,
    words: &'static str,
    build: fn(Guest) -> anyhow::Result<Vec<u8>>,
) -> Case {
    let outcome = Outcome::Fails { at: At::Every, kind: "contract", words };
    Case { name, does, barrier: Barrier::ComponentModel, outcome, proof: Proof::Twin, build }
}

/// Does something at each record, then finds something.
fn first(mut guest: Guest, does: &str) -> anyhow::Result<Vec<u8>> {
    guest.judge = format!("{does} (call $find (local.get $task))");
    guest.module()
}

/// Does something so many times at each record, then finds something.
fn again(guest: Guest, times: u32, does: &str) -> anyhow::Result<Vec<u8>> {
    first(
        guest,
        &format!(
            "(loop $again
               {does}
               (local.set $n (i32.add (local.get $n) (i32.const 1)))
               (br_if $again (i32.lt_u (local.get $n) (i32.const {times}))))"
        ),
    )
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "floods-with-lookups",
        does: "asks a table 1,000 times for each record",
        barrier: Barrier::Limit("lookups_per_record"),
        outcome: lookup("made more than 64 look-ups"),
        proof: Proof::Raised(&[("lookups_per_record", 1_000), ("cpu_ms_per_record", 10_000)]),
        build: |mut guest| {
            let [table, value] = ["hostile-list", "anna"].map(|text| guest.text(text));
            again(guest, 1_000, &format!("(drop (call $contains {table} {value}))"))
        },
    },
    Case {
        name: "floods-with-entries",
        does: "asks for entries of a map 1,000 times for each record",
        barrier: Barrier::Limit("lookups_per_record"),
        outcome: lookup("made more than 64 look-ups"),
        proof: Proof::Raised(&[("lookups_per_record", 1_000), ("cpu_ms_per_record", 10_000)]),
        build: |mut guest| {
            let [table, key] = ["hostile-map", "anna"].map(|text| guest.text(text));
            again(guest, 1_000, &format!("(call $lookup {table} {key} (i32.const 64))"))
        },
    },
    Case {
        name: "asks-for-a-table-undeclared",
        does: "asks a table that its manifest does not declare",
        barrier: Barrier::Contract,
        outcome: lookup("which its manifest does not declare"),
        proof: Proof::Twin,
        build: |mut guest| {
            let [table, value] = ["trusted-networks", "anna"].map(|text| guest.text(text));
            first(guest, &format!("(drop (call $contains {table} {value}))"))
        },
    },
    Case {
        name: "asks-for-a-path",
        does: "asks a table that is named like a path, with control sequences",
        barrier: Barrier::Contract,
        outcome: lookup("which its manifest does not declare"),
        proof: Proof::Twin,
        build: |mut guest| {
            let table = guest.text(format!("../../../../etc/passwd{}", super::ESCAPES));
            first(guest, &format!("(drop (call $contains {table} {table}))"))
        },
    },
    Case {
        name: "asks-while-configured",
        does: "asks a table in `configure`",
        barrier: Barrier::Contract,
        outcome: Outcome::Refused { step: "configure", words: "look-ups" },
        proof: Proof::Twin,
        build: |mut guest| {
            let [table, value] = ["hostile-list", "anna"].map(|text| guest.text(text));
            guest.configure = format!("(drop (call $contains {table} {value}))");
            guest.module()
        },
    },
    Case {
        name: "asks-a-list-for-an-entry",
        does: "asks for an entry of a table that is no map",
        barrier: Barrier::Contract,
        outcome: lookup("which is no map"),
        proof: Proof::Twin,
        build: |mut guest| {
            let [table, key] = ["hostile-list", "anna"].map(|text| guest.text(text));
            first(guest, &format!("(call $lookup {table} {key} (i32.const 64))"))
        },
    },
    Case {
        name: "asks-at-length",
        does: "asks with a value of 100 KiB",
        barrier: Barrier::Limit("lookup_key_bytes"),
        outcome: lookup("value or key of 102400 bytes, 8192 allowed"),
        proof: Proof::Raised(&[("lookup_key_bytes", 200_000)]),
        build: |mut guest| {
            let (table, value) = (guest.text("hostile-list"), guest.text("x".repeat(100 << 10)));
            first(guest, &format!("(drop (call $contains {table} {value}))"))
        },
    },
    Case {
        name: "wants-a-large-entry",
        does: "asks for an entry of 300 KiB",
        barrier: Barrier::Limit("lookup_answer_kib"),
        outcome: lookup("bytes, 262144 allowed"),
        proof: Proof::Raised(&[("lookup_answer_kib", 400), ("cpu_ms_per_record", 10_000)]),
        build: |mut guest| {
            let [table, key] = ["hostile-map", "large"].map(|text| guest.text(text));
            first(guest, &format!("(call $lookup {table} {key} (i32.const 64))"))
        },
    },
    Case {
        name: "hands-over-5-mib",
        does: "asks with a value of 5 MiB",
        barrier: Barrier::Limit("output_kib_per_batch"),
        outcome: Outcome::Fails { at: At::Every, kind: "contract", words: "can't be taken" },
        proof: Proof::Otherwise(
            &[("output_kib_per_batch", 16_384), ("cpu_ms_per_record", 10_000)],
            lookup("value or key of 5242880 bytes"),
        ),
        build: |mut guest| {
            guest.pages = Some(100);
            guest.configure = "(memory.fill (i32.const 200000) (i32.const 120) (i32.const 5242880))".into();
            let table = guest.text("hostile-list");
            first(guest, &format!("(drop (call $contains {table} (i32.const 200000) (i32.const 5242880)))"))
        },
    },
    argument("lookup-beyond-memory", "asks with a value that lies beyond its memory", "out of bounds", |mut guest| {
        let table = guest.text("hostile-list");
        first(guest, &format!("(drop (call $contains {table} (i32.const 0x7ffffff0) (i32.const 100)))"))
    }),
    argument("lookup-too-long", "asks with a value that is longer than its memory", "out of bounds", |mut guest| {
        let table = guest.text("hostile-list");
        first(guest, &format!("(drop (call $contains {table} (i32.const 0) (i32.const -1)))"))
    }),
    argument("lookup-not-utf8", "asks with a value that is no UTF-8", "utf-8", |mut guest| {
        let (table, value) = (guest.text("hostile-list"), guest.text(b"\xff\xfe"));
        first(guest, &format!("(drop (call $contains {table} {value}))"))
    }),
    argument("lookup-answered-beyond-memory", "wants the answer written beyond its memory", "out of bounds", |mut guest| {
        let [table, key] = ["hostile-map", "anna"].map(|text| guest.text(text));
        first(guest, &format!("(call $lookup {table} {key} (i32.const -4))"))
    }),
    argument("lookup-answered-at-an-odd-address", "wants the answer written at an odd address", "not aligned", |mut guest| {
        let [table, key] = ["hostile-map", "anna"].map(|text| guest.text(text));
        first(guest, &format!("(call $lookup {table} {key} (i32.const 65))"))
    }),
    argument("realloc-beyond-memory", "gives room beyond its memory for the records", "beyond end of memory", |mut guest| {
        guest.realloc = "(if (i32.gt_u (local.get $size) (i32.const 500)) (then (return (i32.const -16))))".into();
        guest.module()
    }),
    argument("realloc-misaligned", "gives room at an odd address for the records' ends", "aligned", |mut guest| {
        guest.realloc = "(if (i32.and (i32.eq (local.get $align) (i32.const 4)) (global.get $is_configured))
            (then (return (i32.const 4001))))"
            .into();
        guest.module()
    }),
    argument("log-beyond-memory", "writes a log line that lies beyond its memory", "out of bounds", |guest| {
        first(guest, "(call $log (i32.const 2) (i32.const 0x7ffffff0) (i32.const 100))")
    }),
    argument("log-not-utf8", "writes a log line that is no UTF-8", "utf-8", |mut guest| {
        let line = guest.text(b"\xc3\x28");
        first(guest, &format!("(call $log (i32.const 2) {line})"))
    }),
    argument("log-level-that-is-none", "writes a log line at a sixth level", "discriminant", |mut guest| {
        let line = guest.text("line");
        first(guest, &format!("(call $log (i32.const 5) {line})"))
    }),
    Case {
        name: "floods-the-log",
        does: "writes 1,000 log lines at each record",
        barrier: Barrier::Limit("log_lines_per_call"),
        outcome: Outcome::Judges { words: "lines of policies were beyond the limit" },
        proof: Proof::Otherwise(
            &[("log_lines_per_call", 10_000), ("batch_records", 1), ("cpu_ms_per_record", 10_000)],
            Outcome::Judges { words: "warn: hostile-floods-the-log: flood" },
        ),
        build: |mut guest| {
            let line = guest.text("flood");
            again(guest, 1_000, &format!("(call $log (i32.const 3) {line})"))
        },
    },
    Case {
        name: "long-log-line",
        does: "writes a log line of 1 MiB at each record",
        barrier: Barrier::Limit("log_line_bytes"),
        outcome: Outcome::Judges { words: "(cut)" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.pages = Some(40);
            guest.evaluate = "(memory.fill (i32.const 200000) (i32.const 120) (i32.const 1048576))".into();
            first(guest, "(call $log (i32.const 3) (i32.const 200000) (i32.const 1048576))")
        },
    },
    Case {
        name: "escapes-in-the-log",
        does: "writes a terminal's control sequences and line breaks to its log",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: r"warn: hostile-escapes-in-the-log: \u{1b}[2J" },
        proof: Proof::Twin,
        build: |mut guest| {
            let line = guest.text(super::ESCAPES);
            first(guest, &format!("(call $log (i32.const 3) {line})"))
        },
    },
];
