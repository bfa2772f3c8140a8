//! Manifests and settings that lie, change, or are made to hurt who reads them.

use serde_json::{Value, json};

use super::super::guest::{Guest, Text};
use super::super::{Barrier, Case, Outcome, Proof};
use super::ESCAPES;

const fn refused(words: &'static str) -> Outcome {
    Outcome::Refused { step: "describe", words }
}

const fn case(name: &'static str, does: &'static str, words: &'static str, build: fn(Guest) -> anyhow::Result<Vec<u8>>) -> Case {
    Case { name, does, barrier: Barrier::Contract, outcome: refused(words), proof: Proof::Twin, build }
}

/// Describes itself with one thing changed.
fn describes(mut guest: Guest, change: impl FnOnce(&mut Value)) -> anyhow::Result<Vec<u8>> {
    guest.describes(change);
    guest.module()
}

/// Returns a text from `describe` instead of its manifest.
fn returns(text: Text) -> String {
    format!(
        "(i32.store (i32.const 16) (i32.const {})) (i32.store (i32.const 20) (i32.const {})) (return (i32.const 16))",
        text.at, text.size
    )
}

/// Describes itself by another manifest once it is configured.
fn changes(mut guest: Guest, change: impl FnOnce(&mut Value)) -> anyhow::Result<Vec<u8>> {
    let mut other = guest.clone();
    other.describes(change);
    let other = guest.text(other.manifest);
    guest.describe = format!("(if (global.get $is_configured) (then {}))", returns(other));
    guest.module()
}

/// Refuses its settings with this text.
fn refuses(text: Text) -> String {
    format!(
        "(i32.store8 (i32.const 16) (i32.const 1)) (i32.store (i32.const 20) (i32.const {}))
         (i32.store (i32.const 24) (i32.const {})) (return (i32.const 16))",
        text.at, text.size
    )
}

fn rules(number: usize) -> Value {
    let rule = |number| json!({"id": format!("r{number}"), "title": "R", "severity": "low", "selectors": ["all"]});
    (0..number).map(rule).collect()
}

pub(super) const CASES: &[Case] = &[
    Case {
        name: "huge-manifest",
        does: "describes itself by a manifest of 5 MiB",
        barrier: Barrier::Limit("manifest_kib"),
        outcome: refused("can't be taken"),
        proof: Proof::Raised(&[("manifest_kib", 16_384)]),
        build: |guest| describes(guest, |manifest| manifest["description"] = "x".repeat(5 << 20).into()),
    },
    Case {
        name: "million-rules",
        does: "has as many rules as fit into a manifest, some 60,000, each of which wants every record",
        barrier: Barrier::Fixed("1,000 rules in a policy"),
        outcome: refused("has 60000 rules, 1000 allowed"),
        proof: Proof::Twin,
        build: |guest| describes(guest, |manifest| manifest["rules"] = rules(60_000)),
    },
    case("manifest-beyond-memory", "describes itself by a text that lies beyond its memory", "out of bounds", |mut guest| {
        guest.describe = returns(Text { at: 0x7fff_0000, size: 100 });
        guest.module()
    }),
    case("manifest-not-utf8", "describes itself by a text that is no UTF-8", "utf-8", |mut guest| {
        guest.manifest = b"{\"name\": \"\xff\"}".to_vec();
        guest.module()
    }),
    case("manifest-is-no-json", "describes itself by a text that is no JSON", "manifest that can't be read", |mut guest| {
        guest.manifest = b"I am a good policy".to_vec();
        guest.module()
    }),
    case(
        "manifest-is-nested",
        "describes itself by a document that is nested 100,000 deep",
        "manifest that can't be read",
        |mut guest| {
            guest.manifest = format!("{{\"later\": {}", "[".repeat(100_000)).into_bytes();
            guest.module()
        },
    ),
    case("name-is-a-path", "calls itself `../../../../etc/passwd`", "is not a name", |guest| {
        describes(guest, |manifest| manifest["name"] = "../../../../etc/passwd".into())
    }),
    case("name-with-escapes", "calls itself by a terminal's control sequences", "is not a name", |guest| {
        describes(guest, |manifest| manifest["name"] = ESCAPES.into())
    }),
    case("name-of-a-megabyte", "calls itself by a name of 1 MiB", "is not a name", |guest| {
        describes(guest, |manifest| manifest["name"] = "x".repeat(1 << 20).into())
    }),
    case("rule-that-is-a-path", "has a rule `../rule`", "is not a name", |guest| {
        describes(guest, |manifest| manifest["rules"][0]["id"] = "../rule".into())
    }),
    case("version-with-escapes", "has a version of a terminal's control sequences", "the version", |guest| {
        describes(guest, |manifest| manifest["version"] = "1.0\u{1b}[2J\u{1b}[31m".into())
    }),
    case("no-rules", "has no rules", "has no rules", |guest| describes(guest, |manifest| manifest["rules"] = json!([]))),
    case("rule-twice", "has two rules of one id", "stands twice", |guest| {
        describes(guest, |manifest| manifest["rules"] = json!([manifest["rules"][0], manifest["rules"][0]]))
    }),
    case("selects-nothing", "has a rule that selects nothing", "has no selectors", |guest| {
        describes(guest, |manifest| manifest["rules"][0]["selectors"] = json!([]))
    }),
    case("requires-a-capability", "requires a capability that no host has", "requires \"network\"", |guest| {
        describes(guest, |manifest| manifest["requires"] = json!(["network"]))
    }),
    Case {
        name: "changes-its-name",
        does: "calls itself otherwise once it is configured, like a policy that ships",
        barrier: Barrier::Contract,
        outcome: Outcome::Refused { step: "configure", words: "after it is configured" },
        proof: Proof::Twin,
        build: |guest| changes(guest, |manifest| manifest["name"] = "audit-log".into()),
    },
    Case {
        name: "loses-its-rules",
        does: "has no rules any more once it is configured",
        barrier: Barrier::Contract,
        outcome: refused("has no rules"),
        proof: Proof::Twin,
        build: |guest| changes(guest, |manifest| manifest["rules"] = json!([])),
    },
    Case {
        name: "describes-itself-anew",
        does: "has another version each time that it is asked",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: "" },
        proof: Proof::Twin,
        build: |guest| changes(guest, |manifest| manifest["version"] = "2.0.0".into()),
    },
    Case {
        name: "takes-a-name",
        does: "calls itself `audit-log`, as a policy that was loaded before does",
        barrier: Barrier::Contract,
        outcome: Outcome::Refused { step: "activate", words: "is named `audit-log`, as is the policy in" },
        proof: Proof::Twin,
        build: |guest| describes(guest, |manifest| manifest["name"] = "audit-log".into()),
    },
    Case {
        name: "correlates",
        does: "declares a correlation, to be asked in `conclude`",
        barrier: Barrier::Contract,
        outcome: refused("correlations"),
        proof: Proof::Twin,
        build: |guest| {
            describes(guest, |manifest| {
                manifest["correlations"] = json!([{
                    "id": "c", "title": "C", "severity": "high", "rules": ["hostile"], "window_seconds": 60,
                    "condition": {"kind": "event-count", "at_least": 3}, "concludes": true,
                }]);
            })
        },
    },
    Case {
        name: "needs-a-table",
        does: "requires a table that nobody configured",
        barrier: Barrier::Contract,
        outcome: Outcome::Refused { step: "tables", words: "hostile-absent" },
        proof: Proof::Twin,
        build: |guest| {
            describes(guest, |manifest| manifest["tables"] = json!([{"name": "hostile-absent", "kind": "arn", "required": true}]))
        },
    },
    Case {
        name: "refuses-with-escapes",
        does: "refuses its settings with a message of a terminal's control sequences",
        barrier: Barrier::Contract,
        outcome: Outcome::Refused { step: "configure", words: "refuses its settings" },
        proof: Proof::Twin,
        build: |mut guest| {
            let text = guest.text(ESCAPES);
            guest.configure = refuses(text);
            guest.module()
        },
    },
    Case {
        name: "refuses-at-length",
        does: "refuses its settings with a message of 3 MiB",
        barrier: Barrier::Fixed("4 KiB of a refusal's text"),
        outcome: Outcome::Refused { step: "configure", words: "… (cut) …" },
        proof: Proof::Twin,
        build: |mut guest| {
            let text = guest.text("no ".repeat(1 << 20));
            guest.configure = refuses(text);
            guest.module()
        },
    },
    Case {
        name: "refusal-not-utf8",
        does: "refuses its settings with a message that is no UTF-8",
        barrier: Barrier::ComponentModel,
        outcome: Outcome::Refused { step: "configure", words: "utf-8" },
        proof: Proof::Twin,
        build: |mut guest| {
            let text = guest.text(b"no \xff");
            guest.configure = refuses(text);
            guest.module()
        },
    },
    Case {
        name: "neither-accepts-nor-refuses",
        does: "answers `configure` with a result that is neither ok nor an error",
        barrier: Barrier::ComponentModel,
        outcome: Outcome::Refused { step: "configure", words: "discriminant" },
        proof: Proof::Twin,
        build: |mut guest| {
            guest.configure = "(i32.store8 (i32.const 16) (i32.const 2)) (return (i32.const 16))".into();
            guest.module()
        },
    },
    Case {
        name: "last-words-with-escapes",
        does: "writes control sequences to its log at level error, and traps in `configure`",
        barrier: Barrier::WebAssembly,
        outcome: Outcome::Refused { step: "configure", words: "unreachable" },
        proof: Proof::Twin,
        build: |mut guest| {
            let text = guest.text(ESCAPES);
            guest.configure = format!("(call $log (i32.const 4) {text}) (unreachable)");
            guest.module()
        },
    },
    Case {
        name: "escapes-in-the-manifest",
        does: "has a terminal's control sequences in its description, its rule's title and all other texts",
        barrier: Barrier::Nothing,
        outcome: Outcome::Judges { words: "" },
        proof: Proof::Twin,
        build: |guest| {
            describes(guest, |manifest| {
                for key in ["description", "owner"] {
                    manifest[key] = ESCAPES.into();
                }
                let rule = &mut manifest["rules"][0];
                for key in ["title", "description", "runbook"] {
                    rule[key] = ESCAPES.into();
                }
                rule["references"] = json!([ESCAPES]);
                rule["false_positives"] = json!([ESCAPES]);
            })
        },
    },
];
