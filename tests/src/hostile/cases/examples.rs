//! Examples that a policy's file carries, made to hurt who reads or judges them.

use serde_json::{Value, json};

use super::super::component::with_section;
use super::super::guest::Guest;
use super::super::records::{MARK, records};
use super::super::{Barrier, Case, Outcome, Proof};
use super::ESCAPES;

const fn case(
    name: &'static str,
    does: &'static str,
    barrier: Barrier,
    words: &'static str,
    build: fn(Guest) -> anyhow::Result<Vec<u8>>,
) -> Case {
    Case { name, does, barrier, outcome: Outcome::Refused { step: "examples", words }, proof: Proof::Twin, build }
}

/// The section that `trailwarden policy build` writes.
const SECTION: &str = "trailwarden:examples@1";

fn carries(guest: Guest, section: &[u8]) -> anyhow::Result<Vec<u8>> {
    Ok(with_section(guest.module()?, SECTION, section))
}

/// Fixtures of the rule with the records that hostile policies select, of which the first is marked; more is merged into them.
fn fixtures(more: &Value) -> Vec<u8> {
    let mut records = records().into_iter();
    let (marked, other) = (records.next(), records.next());
    let mut fixtures = json!({
        "rule": "hostile",
        "matches": [{"name": "marked", "record": marked}, {"name": "not marked", "record": other}],
        "passes": [],
        "unrouted": [{"name": "of another source", "record": {"eventSource": "iam.amazonaws.com"}}],
    });
    if let (Some(fixtures), Some(more)) = (fixtures.as_object_mut(), more.as_object()) {
        fixtures.extend(more.clone());
    }
    json!([fixtures]).to_string().into_bytes()
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "agrees",
        does: "carries examples and agrees with them",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: "" },
        proof: Proof::Twin,
        build: |guest| carries(guest, &fixtures(&json!({}))),
    },
    case(
        "disagrees-with-itself",
        "finds something in an example in which it says to find nothing",
        Barrier::Contract,
        "disagrees with its own example \"quiet\" of the rule `hostile`: found \"found\"",
        |guest| carries(guest, &fixtures(&json!({"passes": [{"name": "quiet", "record": records()[1]}]}))),
    ),
    case(
        "loops-at-an-example",
        "never ends at one of its examples",
        Barrier::Limit("cpu_ms_per_record"),
        "its own example \"marked\" of the rule `hostile`: failed (time)",
        |mut guest| {
            let mark = guest.text(MARK);
            guest.judge = format!(
                "(if (call $holds (local.get $record) (local.get $size) {mark}) (then (loop $for_ever (br $for_ever))))
                 (call $find (local.get $task))"
            );
            carries(guest, &fixtures(&json!({})))
        },
    ),
    case(
        "takes-long-for-its-examples",
        "uses much time to take the settings of each of its many examples, and of nothing else",
        Barrier::Fixed("10 s of CPU time for all examples"),
        "take more than 10 s of CPU time together",
        |mut guest| {
            guest.configure =
                "(if (i32.gt_u (local.get $settings_size) (i32.const 2)) (then (call $work (i64.const 200000000))))".into();
            let cases: Vec<Value> = (0..200).map(|number| json!({"name": number.to_string(), "record": records()[1]})).collect();
            carries(guest, &fixtures(&json!({"settings": {"take": "your time"}, "matches": cases})))
        },
    ),
    case(
        "example-without-a-rule",
        "carries examples of a rule that it does not have",
        Barrier::Contract,
        "the policy has no rule of this name",
        |guest| carries(guest, &fixtures(&json!({"rule": "another"}))),
    ),
    case(
        "example-of-a-strange-table",
        "carries examples with a table that it does not declare",
        Barrier::Contract,
        "does not declare the table `another`",
        |guest| carries(guest, &fixtures(&json!({"tables": {"another": ["x"]}}))),
    ),
    case(
        "example-escapes",
        "carries an example whose name is a terminal's control sequences",
        Barrier::Contract,
        "the record is not routed to the rule",
        |guest| carries(guest, &fixtures(&json!({"matches": [{"name": ESCAPES, "record": {"eventSource": ESCAPES}}]}))),
    ),
    case(
        "examples-are-no-json",
        "carries examples that are no JSON",
        Barrier::Contract,
        "examples that can't be read",
        |guest| carries(guest, b"\xff\x00 trust me"),
    ),
    case(
        "examples-without-end",
        "carries examples that are nested a million levels deep",
        Barrier::Contract,
        "examples that can't be read",
        |guest| carries(guest, &[b'['; 1_000_000]),
    ),
    case(
        "huge-examples",
        "carries 5 MiB of examples",
        Barrier::Fixed("4 MiB of examples"),
        "has 5242880 bytes of embedded examples, 4194304 allowed",
        |guest| carries(guest, &[b' '; 5 << 20]),
    ),
    case(
        "thousands-of-examples",
        "carries 20,000 examples",
        Barrier::Fixed("10,000 examples"),
        "has 20001 embedded examples, 10000 allowed",
        |guest| carries(guest, &fixtures(&json!({"matches": vec![json!({"name": ""}); 20_000]}))),
    ),
    case(
        "examples-twice",
        "carries two sections of examples",
        Barrier::Contract,
        "has 2 sections of embedded examples, one allowed",
        |guest| Ok(with_section(carries(guest, &fixtures(&json!({})))?, SECTION, &fixtures(&json!({})))),
    ),
    case(
        "examples-of-another-form",
        "carries examples in a form that this host does not read",
        Barrier::Contract,
        "and this host reads `trailwarden:examples@1`",
        |guest| Ok(with_section(guest.module()?, "trailwarden:examples@2", b"[]")),
    ),
];
