//! Answers that are malformed, encoded wrongly, too many, too large, or lies.

use super::super::guest::{ANSWER, Guest};
use super::super::{At, Barrier, Case, Outcome, Proof};

/// Finds something, then does something to the answer, which lies at `$last`.
fn spoil(mut guest: Guest, does: &str) -> anyhow::Result<Vec<u8>> {
    guest.judge = format!("(call $find (local.get $task)) {does}");
    guest.module()
}

/// Finds something in every record, and then tells a lie about the list of answers.
fn lie(mut guest: Guest, does: &str) -> anyhow::Result<Vec<u8>> {
    guest.answered = does.into();
    guest.module()
}

/// Finds something, with a text of bytes that are no UTF-8 in one of the fields.
fn no_utf8(mut guest: Guest, pointer: u32, tag: Option<u32>) -> anyhow::Result<Vec<u8>> {
    let text = guest.text(b"caf\xe9 \xff\xfe");
    let tag = tag.map(|at| format!("(i32.store8 offset={at} (global.get $last) (i32.const 1))")).unwrap_or_default();
    spoil(
        guest,
        &format!(
            "{tag} (i32.store offset={pointer} (global.get $last) (i32.const {}))
             (i32.store offset={} (global.get $last) (i32.const {}))",
            text.at,
            pointer + 4,
            text.size
        ),
    )
}

const fn contract(words: &'static str) -> Outcome {
    Outcome::Fails { at: At::Every, kind: "contract", words }
}

const fn output(words: &'static str) -> Outcome {
    Outcome::Fails { at: At::Every, kind: "output", words }
}

const fn lift(name: &'static str, does: &'static str, words: &'static str, build: fn(Guest) -> anyhow::Result<Vec<u8>>) -> Case {
    Case { name, does, barrier: Barrier::ComponentModel, outcome: contract(words), proof: Proof::Twin, build }
}

const fn breach(
    name: &'static str,
    does: &'static str,
    words: &'static str,
    build: fn(Guest) -> anyhow::Result<Vec<u8>>,
) -> Case {
    Case { name, does, barrier: Barrier::Contract, outcome: contract(words), proof: Proof::Twin, build }
}

pub(super) const CASES: &[Case] = &[
    lift("list-beyond-memory", "answers with a list that lies beyond its memory", "out of bounds", |guest| {
        lie(guest, "(i32.store (i32.const 16) (i32.const 0x7ffffff0))")
    }),
    lift("list-too-long", "answers with a list that is longer than its memory", "out of bounds", |guest| {
        lie(guest, "(i32.store (i32.const 20) (i32.const -1))")
    }),
    lift("list-of-overflowing-size", "answers with a list whose size in bytes is 8 beyond 2^32", "out of bounds", |guest| {
        // 71,582,789 × 60 = 2^32 + 44: what is left of it would fit.
        lie(guest, "(i32.store (i32.const 20) (i32.const 71582789))")
    }),
    lift("list-misaligned", "answers with a list at an odd address", "not aligned", |guest| {
        lie(guest, "(i32.store (i32.const 16) (i32.add (global.get $answers) (i32.const 1)))")
    }),
    lift("result-misaligned", "returns an odd address for its result", "not aligned", |guest| {
        lie(guest, "(return (i32.const 17))")
    }),
    lift("result-beyond-memory", "returns an address beyond its memory for its result", "out of bounds", |guest| {
        lie(guest, "(return (i32.const -4))")
    }),
    lift("text-beyond-memory", "gives a text that lies beyond its memory", "out of bounds", |guest| {
        spoil(guest, "(i32.store offset=24 (global.get $last) (i32.const 0x7fffffff))")
    }),
    lift("text-too-long", "gives a text that is longer than its memory", "out of bounds", |guest| {
        spoil(guest, "(i32.store offset=28 (global.get $last) (i32.const -1))")
    }),
    lift("summary-not-utf8", "gives a summary that is no UTF-8", "utf-8", |guest| no_utf8(guest, 24, None)),
    lift("title-not-utf8", "gives a title that is no UTF-8", "utf-8", |guest| no_utf8(guest, 16, Some(12))),
    lift("key-not-utf8", "gives a finding key that is no UTF-8", "utf-8", |guest| no_utf8(guest, 32, None)),
    lift("grouping-not-utf8", "gives a grouping key that is no UTF-8", "utf-8", |guest| no_utf8(guest, 44, Some(40))),
    lift("more-not-utf8", "gives a JSON document that is no UTF-8", "utf-8", |guest| no_utf8(guest, 52, None)),
    lift(
        "texts-cut-in-utf16",
        "says that its texts are UTF-16, and gives half a character",
        "unpaired surrogate",
        |mut guest| {
            // Manifest and log lines would have to be UTF-16 too, so the guest re-encodes its manifest.
            let manifest = String::from_utf8(guest.manifest.clone())?;
            guest.manifest = manifest.encode_utf16().flat_map(u16::to_le_bytes).collect();
            guest.encoding = wit_component::StringEncoding::UTF16;
            guest.describe = format!(
                "(i32.store (i32.const 16) (i32.const {at})) (i32.store (i32.const 20) (i32.const {units})) (return (i32.const 16))",
                at = 1024 + 4,
                units = guest.manifest.len() / 2
            );
            let half = guest.text(0xd800_u16.to_le_bytes());
            guest.text([0, 0]);
            let manifest = guest.manifest.clone();
            guest.text(manifest);
            spoil(
                guest,
                &format!(
                    "(i32.store offset=24 (global.get $last) (i32.const {})) (i32.store offset=28 (global.get $last) (i32.const 1))",
                    half.at
                ),
            )
        },
    ),
    lift("severity-that-is-none", "gives severity number 5 of 0 to 4", "discriminant", |guest| {
        spoil(
            guest,
            "(i32.store8 offset=8 (global.get $last) (i32.const 1)) (i32.store8 offset=9 (global.get $last) (i32.const 5))",
        )
    }),
    lift("option-that-is-none", "gives an option that is neither absent nor present", "option discriminant", |guest| {
        spoil(guest, "(i32.store8 offset=12 (global.get $last) (i32.const 2))")
    }),
    lift("verdict-that-is-none", "gives a verdict of a fourth kind", "discriminant", |guest| {
        spoil(guest, "(i32.store8 offset=4 (global.get $last) (i32.const 3))")
    }),
    breach("task-that-is-not-there", "answers a task that it was not given", "answered task number", |guest| {
        spoil(guest, "(i32.store (global.get $last) (i32.const 1000000))")
    }),
    breach("equal-finding-keys", "makes two findings of one record with equal keys", "two findings with the key", |mut guest| {
        guest.answers_per_task = 2;
        spoil(guest, "(call $find (local.get $task))")
    }),
    breach("more-is-no-json", "gives a document that is no JSON", "`more` can't be read", |mut guest| {
        let text = guest.text("{\"details\": {");
        more(guest, text)
    }),
    breach("more-is-nested", "gives a document that is nested 10,000 deep", "`more` can't be read", |mut guest| {
        let text = guest.text(format!("{{\"details\": {{\"a\": {}", "[".repeat(10_000)));
        more(guest, text)
    }),
    breach("response-undeclared", "asks for a response that its manifest does not declare", "does not declare", |mut guest| {
        let text = guest.text(r#"{"responses": [{"action": "start-logging", "trail": "t"}]}"#);
        more(guest, text)
    }),
    breach("response-that-is-none", "asks for a response that no host has", "`more` can't be read", |mut guest| {
        let text = guest.text(r#"{"responses": [{"action": "delete-account", "account": "111122223333"}]}"#);
        more(guest, text)
    }),
    breach("signal-to-nothing", "sends a signal to a correlation that is not there", "which is not there", |guest| {
        spoil(
            guest,
            "(i32.store8 offset=4 (global.get $last) (i32.const 1)) (i32.store offset=8 (global.get $last) (i32.const 7))
             (i64.store offset=12 (global.get $last) (i64.const 0)) (i32.store8 offset=20 (global.get $last) (i32.const 0))",
        )
    }),
    Case {
        name: "floods-with-findings",
        does: "makes 100 findings of each record",
        barrier: Barrier::Limit("findings_per_record"),
        outcome: output("made 100 findings of one record, 16 allowed"),
        proof: Proof::Raised(&[("findings_per_record", 100)]),
        build: |mut guest| {
            guest.answers_per_task = 100;
            let digits = guest.text((0..100).map(|number| format!("{number:02}")).collect::<String>());
            guest.judge = format!(
                "(loop $again
                  (call $find (local.get $task))
                  (i32.store offset=32 (global.get $last) (i32.add (i32.const {}) (i32.mul (local.get $n) (i32.const 2))))
                  (i32.store offset=36 (global.get $last) (i32.const 2))
                  (local.set $n (i32.add (local.get $n) (i32.const 1)))
                  (br_if $again (i32.lt_u (local.get $n) (i32.const 100))))",
                digits.at
            );
            guest.module()
        },
    },
    Case {
        name: "huge-finding",
        does: "makes a finding of 100 KiB",
        barrier: Barrier::Limit("finding_kib"),
        outcome: output("made a finding of 102400 bytes, 65536 allowed"),
        proof: Proof::Raised(&[("finding_kib", 200)]),
        build: |mut guest| {
            guest.pages = Some(10);
            // Letters, so that it is a text.
            guest.evaluate = "(memory.fill (i32.const 200000) (i32.const 120) (i32.const 102400))".into();
            spoil(
                guest,
                "(i32.store offset=24 (global.get $last) (i32.const 200000))
                 (i32.store offset=28 (global.get $last) (i32.const 102400))",
            )
        },
    },
    Case {
        name: "one-text-a-thousand-times",
        does: "gives 1,000 answers to each record that all point to one text of 60 KiB, 60 MB in all",
        barrier: Barrier::Limit("output_kib_per_batch"),
        outcome: contract("can't be taken"),
        proof: Proof::Otherwise(
            &[("output_kib_per_batch", 65_536), ("cpu_ms_per_record", 10_000)],
            output("made 1000 findings of one record"),
        ),
        build: |mut guest| {
            guest.answers_per_task = 1_000;
            guest.pages = Some(10);
            guest.evaluate = "(memory.fill (i32.const 200000) (i32.const 120) (i32.const 61440))".into();
            guest.judge = "(loop $again
                  (call $find (local.get $task))
                  (i32.store offset=24 (global.get $last) (i32.const 200000))
                  (i32.store offset=28 (global.get $last) (i32.const 61440))
                  (local.set $n (i32.add (local.get $n) (i32.const 1)))
                  (br_if $again (i32.lt_u (local.get $n) (i32.const 1000))))"
                .into();
            guest.module()
        },
    },
    Case {
        name: "huge-error",
        does: "gives an error with a text of 5 MiB",
        barrier: Barrier::Limit("output_kib_per_batch"),
        outcome: contract("can't be taken"),
        proof: Proof::Otherwise(
            &[("output_kib_per_batch", 16_384)],
            Outcome::Fails { at: At::Every, kind: "error", words: "xxxxxxxx" },
        ),
        build: |mut guest| {
            guest.pages = Some(100);
            guest.configure = "(memory.fill (i32.const 200000) (i32.const 120) (i32.const 5242880))".into();
            spoil(
                guest,
                "(i32.store8 offset=4 (global.get $last) (i32.const 2))
                 (i32.store offset=8 (global.get $last) (i32.const 200000))
                 (i32.store offset=12 (global.get $last) (i32.const 5242880))",
            )
        },
    },
    Case {
        name: "larger-together",
        does: "makes findings that are each as large as allowed, and 7 MiB for a batch",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: "" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.answers_per_task = 10;
            guest.pages = Some(10);
            let digits = guest.text("0123456789");
            guest.evaluate = "(memory.fill (i32.const 200000) (i32.const 120) (i32.const 61440))".into();
            guest.judge = format!(
                "(loop $again
                  (call $find (local.get $task))
                  (i32.store offset=24 (global.get $last) (i32.const 200000))
                  (i32.store offset=28 (global.get $last) (i32.const 61440))
                  (i32.store offset=32 (global.get $last) (i32.add (i32.const {}) (local.get $n)))
                  (i32.store offset=36 (global.get $last) (i32.const 1))
                  (local.set $n (i32.add (local.get $n) (i32.const 1)))
                  (br_if $again (i32.lt_u (local.get $n) (i32.const 10))))",
                digits.at
            );
            guest.module()
        },
    },
    Case {
        name: "escapes-in-findings",
        does: "writes a terminal's control sequences into title, summary and keys",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: "" },
        proof: Proof::Twin,
        build: |mut guest| {
            let text = guest.text(super::ESCAPES);
            guest.judge = format!(
                "(call $find (local.get $task))
                 (i32.store8 offset=12 (global.get $last) (i32.const 1))
                 {} {} {}",
                point(16, text),
                point(24, text),
                point(32, text)
            );
            guest.module()
        },
    },
];

/// Finds something, with this document.
fn more(guest: Guest, text: super::super::guest::Text) -> anyhow::Result<Vec<u8>> {
    spoil(guest, &point(52, text))
}

/// Makes a text of the last answer this one.
fn point(offset: u32, text: super::super::guest::Text) -> String {
    debug_assert!(offset + 8 <= ANSWER, "beyond an answer");
    format!(
        "(i32.store offset={offset} (global.get $last) (i32.const {}))
         (i32.store offset={} (global.get $last) (i32.const {}))",
        text.at,
        offset + 4,
        text.size
    )
}
