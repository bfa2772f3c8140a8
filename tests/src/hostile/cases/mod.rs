//! The table of cases, by what they attack.

mod calls;
mod examples;
mod imports;
mod manifests;
mod memory;
mod results;
mod time;
mod traps;
mod worlds;

use super::{Barrier, Case, Outcome, Proof};

/// Every case, in the order of the page.
pub fn all() -> impl Iterator<Item = (&'static str, &'static [Case])> {
    [
        ("The well-behaved one", GOOD),
        ("Time", time::CASES),
        ("Memory", memory::CASES),
        ("Traps", traps::CASES),
        ("Answers", results::CASES),
        ("Look-ups and log lines", imports::CASES),
        ("Calls at the wrong moment", calls::CASES),
        ("What a policy says of itself", manifests::CASES),
        ("Other worlds", worlds::CASES),
        ("Its own examples", examples::CASES),
    ]
    .into_iter()
}

const GOOD: &[Case] = &[Case {
    name: "well-behaved",
    does: "judges well: each of the others is this one with one part replaced",
    barrier: Barrier::Nothing,
    outcome: Outcome::Judges { words: "" },
    proof: Proof::Twin,
    build: |guest| guest.module(),
}];

/// What a terminal would act on: clear the screen, colour, set the title, go back to the line's begin, turn the direction of
/// writing round.
const ESCAPES: &str = "\u{1b}[2J\u{1b}[31m\u{1b}]0;owned\u{7}\rgone\nnew line\u{202e}\u{9b}1A";
