//! The reference page of the cases, printed from their table.

use std::fmt::Write as _;
use std::path::PathBuf;

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
    page + NOT_HERE
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
                At::Every => "every record",
                At::Marked => "the records concerned",
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

const NOT_HERE: &str = "
## Elsewhere

| case | where |
|---|---|
| a module that is cut off or in which bits are flipped, at a thousand places | `tests/tests/hostile/damage.rs` |
| the same as Rust policies, under the limits' defaults | `tests/tests/hostile/rust.rs` |
| a module that takes too much CPU time, wall time or memory to compile, or becomes too much machine code | `tests/tests/compiling/limits.rs` |
| compiled code that was damaged, exchanged or put there by others | `tests/tests/compiling/cache.rs`, `tests/tests/compiling/folder.rs` |
| what stands in `conclude` | not reached yet: this host refuses correlations |
";
