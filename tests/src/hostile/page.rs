//! The reference page of the cases, printed from their table.

use std::fmt::Write as _;
use std::path::PathBuf;

use super::elsewhere::{Elsewhere, IN_RUST, OTHERS};
use super::records::COUNT;
use super::system::{ATTACKS, Attack, Comes};
use super::{At, Barrier, Case, Outcome, Proof, cases};

/// Where the page stands in the project.
pub fn path() -> PathBuf {
    crate::project().join("docs/reference/hostile-cases.md")
}

const INTRODUCTION: &str = "# Hostile cases

<!-- Printed by `make hostile-page` from the table in tests/src/hostile/cases; a test compares them. -->

A sandbox counts as far as it was attacked. Each row is a policy that misbehaves in one way, written for the tests of the host; `make
test` loads all of them beside the policies that ship. For each row the tests hold that

- the findings of the other policies are the same bytes as without it,
- it is refused at the step, or fails at exactly the records, that the row says, and for the reason that the row says,
- what the host writes is valid, and no control sequence of the guest's reaches a terminal.

*Raised* names the limits that were raised to see that nothing else stops the guest: it then ends by itself and judges every record. Where
there is no limit to raise, the guest differs in one part only from a policy that judges every record.

`target/release/hostile-policies FOLDER` writes the modules to a folder, to try them.
";

/// The page, in Markdown.
pub fn text() -> String {
    let mut page = INTRODUCTION.to_owned();
    for (title, cases) in cases::all() {
        // Writing to a string cannot fail.
        let _ = write!(
            page,
            "\n## {title}\n\n| case | the policy … | what stops it | what the operator sees | raised |\n|---|---|---|---|---|\n"
        );
        for case in cases {
            let _ = writeln!(page, "{}", row(case));
        }
    }
    page += SYSTEM;
    for each in ATTACKS {
        let _ = writeln!(page, "{}", attack(each));
    }
    [&page, IN_RUST_TITLE, &elsewhere(IN_RUST), OTHERS_TITLE.trim_end(), "\n", &elsewhere(OTHERS), NOT_HERE].concat()
}

fn row(case: &Case) -> String {
    let Case { name, does, .. } = case;
    format!("| `{name}` | {does} | {} | {} | {} |", barrier(case.barrier), outcome(case.outcome), proof(case.proof))
}

fn barrier(barrier: Barrier) -> String {
    match barrier {
        Barrier::Limit(limit) => format!("`{limit}`"),
        Barrier::Fixed(bound) => format!("{bound}, fixed"),
        Barrier::WebAssembly => "WebAssembly".into(),
        Barrier::ComponentModel => "the component model".into(),
        Barrier::Contract => "the contract".into(),
        Barrier::Nothing => "nothing has to".into(),
    }
}

fn outcome(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused { step, words } => format!("refused at `{step}`: “{words}”"),
        Outcome::Fails { at, kind, words } => {
            let records = match at {
                At::Every => "every record".to_owned(),
                At::Marked => "the records concerned".to_owned(),
                At::Positions([one]) => format!("record {} of {COUNT}", one + 1),
                At::Positions(several) => {
                    let numbers: Vec<String> = several.iter().map(|position| (position + 1).to_string()).collect();
                    format!("records {} of {COUNT}", numbers.join(", "))
                }
            };
            format!("fails at {records}, `{kind}`: “{words}”")
        }
        Outcome::Unexplained { kind, words } => {
            format!("every record is judged; a failure without a record, `{kind}`: “{words}”")
        }
        Outcome::Judges { words: "" } => "every record is judged".into(),
        Outcome::Judges { words } => format!("every record is judged; “{words}”"),
    }
}

fn proof(proof: Proof) -> String {
    let list =
        |limits: &[(&str, u64)]| limits.iter().map(|(limit, to)| format!("`{limit}` = {to}")).collect::<Vec<_>>().join(", ");
    match proof {
        Proof::Raised(limits) => list(limits),
        Proof::Otherwise(limits, becomes) => format!("{}: {}", list(limits), outcome(becomes)),
        Proof::Twin => String::new(),
    }
}

fn elsewhere(rows: &[Elsewhere]) -> String {
    let mut table = String::from("\n| the policy … | what stops it | what comes of it | test |\n|---|---|---|---|\n");
    for Elsewhere { does, stops, comes, file, test } in rows {
        let _ = writeln!(table, "| {does} | {stops} | {comes} | `{test}` in `{file}` |");
    }
    table
}

fn attack(attack: &Attack) -> String {
    let Attack { rule, does, barrier: stops, comes } = attack;
    let comes = match comes {
        Comes::Failure { kind, words } => outcome(Outcome::Fails { at: At::Every, kind, words }),
        Comes::Sight(sees) => format!("every record is judged; it says “{sees}”"),
    };
    format!("| `{rule}` | {does} | {} | {comes} |", barrier(*stops))
}

const SYSTEM: &str = "
## The empty system

Policies in other languages get [a system with nothing in it](../adr/0004-an-empty-system.md). Each row is a rule of the policy in
`tests/hostile/system`, which attacks it; `tests/tests/system.rs` holds what comes of each at every record, and that a good policy
beside it finds what it finds alone.

| rule | it … | what stops it | what the operator sees |
|---|---|---|---|
";

const IN_RUST_TITLE: &str = "
## Policies in Rust

The same in the language in which most policies are written, under the limits' defaults. The policies stand in `tests/hostile`.
";

const OTHERS_TITLE: &str = "
## Over time, and in the file

";

const NOT_HERE: &str = "
## Not reached

`conclude` is asked for correlations only, and this host refuses those: what stands there is never called. An answer names a task and
no rule, so there is no answer for a rule that does not exist.
";
