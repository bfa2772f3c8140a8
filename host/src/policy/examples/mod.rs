//! The examples that a policy's file carries: its own fixtures, with which it shows at every start that it does what its
//! authors tested.
//!
//! `trailwarden policy build` embeds the fixtures of a policy as a custom section of its file ([`embed`]). Loading a policy ends with
//! judging each of them on an instance of its own, under the case's own settings and tables and the limits' defaults; the first
//! that disagrees refuses the policy. What comes of that depends on the file's bytes, the engine and this program alone, so it is
//! remembered beside the compiled code, and judged again only where it is not known.
//!
//! Everything here comes out of a stranger's file: its size, the number of cases and the time that all of them take are bounded.

mod case;
mod section;

use std::time::Duration;

use policy_contract::fixture::{BadFixture, Fixtures};
use policy_contract::name::Name;

pub use case::{Example, ExampleError, found_in};
pub(super) use section::find;
pub use section::{SECTION, embed};

use super::load::CompiledFile;
use crate::engine::thread_cpu_time;
use crate::limits::{EXAMPLE_CASES, EXAMPLES_BYTES, EXAMPLES_CPU_SECONDS};

/// Why a policy's examples refuse it, or can't be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadExamples {
    /// The file can't be searched for them.
    #[error("can't be searched for embedded examples: {reason}")]
    Unsearchable {
        /// What the parser says, and where.
        reason: String,
    },
    /// More than one section of them.
    #[error("has {sections} sections of embedded examples, one allowed: build it again with `trailwarden policy build`")]
    Several {
        /// How many.
        sections: u64,
    },
    /// They were written for another host.
    #[error(
        "has embedded examples in the form {form:?}, and this host reads `{SECTION}`: build it with `trailwarden policy build` of this host's version"
    )]
    OtherForm {
        /// The section's name.
        form: String,
    },
    /// They have too many bytes.
    #[error(
        "has {bytes} bytes of embedded examples, {EXAMPLES_BYTES} allowed: make its fixtures fewer or smaller, or split the policy"
    )]
    TooLarge {
        /// How many.
        bytes: usize,
    },
    /// They have too many cases.
    #[error("has {cases} embedded examples, {EXAMPLE_CASES} allowed: make its fixtures fewer, or split the policy")]
    TooMany {
        /// How many.
        cases: usize,
    },
    /// They are no fixtures.
    #[error("has embedded examples that can't be read: {reason}; build it again with `trailwarden policy build`")]
    Malformed {
        /// What the parser says.
        reason: String,
    },
    /// They are fixtures that show nothing.
    #[error("has embedded examples that are not in order: {0}")]
    NotInOrder(#[from] BadFixture),
    /// One of them disagrees with the policy.
    #[error(
        "disagrees with its own example {case:?} of the rule `{rule}`: {difference}; `trailwarden policy test` shows it too: correct the rule or its fixtures and build it again"
    )]
    Disagrees {
        /// The rule.
        rule: Name,
        /// The case.
        case: String,
        /// What is otherwise than the case says.
        difference: String,
    },
    /// They take too much time together.
    #[error(
        "has embedded examples that take more than {EXAMPLES_CPU_SECONDS} s of CPU time together ({judged} of {cases} were judged): make its start cheaper or its fixtures fewer"
    )]
    TooLong {
        /// How many were judged.
        judged: u64,
        /// How many there are.
        cases: usize,
    },
}

/// Reads the content of a section of examples.
///
/// # Errors
/// It is too large, no list of fixtures, or has too many cases.
pub fn read(section: &[u8]) -> Result<Vec<Fixtures>, BadExamples> {
    if section.len() > EXAMPLES_BYTES {
        return Err(BadExamples::TooLarge { bytes: section.len() });
    }
    let all: Vec<Fixtures> =
        serde_json::from_slice(section).map_err(|error| BadExamples::Malformed { reason: error.to_string() })?;
    let cases = count(&all);
    if cases > EXAMPLE_CASES {
        return Err(BadExamples::TooMany { cases });
    }
    all.iter().try_for_each(Fixtures::check)?;
    Ok(all)
}

/// Judges every example in a section, and gives their number.
///
/// # Errors
/// They can't be read, one disagrees, or they take too long.
pub(super) fn judge(section: &[u8], policy: &CompiledFile) -> Result<u64, BadExamples> {
    let begun = thread_cpu_time();
    let all = read(section)?;
    let mut judged = 0;
    for example in all.iter().flat_map(Example::all) {
        let disagrees = |difference| BadExamples::Disagrees {
            rule: example.fixtures.rule.clone(),
            case: example.case.name.clone(),
            difference,
        };
        // What the policy logs for its examples is told to nobody, as when it describes itself.
        let differences = example.differences(policy, &mut Vec::new()).map_err(|error| disagrees(error.to_string()))?;
        if !differences.is_empty() {
            return Err(disagrees(differences.join("; ")));
        }
        judged += 1;
        if thread_cpu_time().saturating_sub(begun) > Duration::from_secs(EXAMPLES_CPU_SECONDS) {
            return Err(BadExamples::TooLong { judged, cases: count(&all) });
        }
    }
    Ok(judged)
}

fn count(all: &[Fixtures]) -> usize {
    all.iter().map(|fixtures| Example::all(fixtures).count()).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn fixtures(cases: usize) -> Value {
        let cases: Vec<Value> = (0..cases).map(|number| json!({"name": format!("case {number}")})).collect();
        json!({"rule": "r", "record": {}, "matches": cases, "passes": [{"name": "p"}]})
    }

    fn section(fixtures: &[Value]) -> Vec<u8> {
        serde_json::to_vec(fixtures).unwrap()
    }

    #[test]
    fn sections_are_read_up_to_their_limits() {
        assert_eq!(read(b"[]"), Ok(Vec::new()));
        assert_eq!(count(&read(&section(&[fixtures(EXAMPLE_CASES - 1)])).unwrap()), EXAMPLE_CASES);
        let too_many = section(&[fixtures(EXAMPLE_CASES - 2), fixtures(1)]);
        assert_eq!(read(&too_many), Err(BadExamples::TooMany { cases: EXAMPLE_CASES + 1 }));
        let long = |bytes: usize| [b"[".as_slice(), &vec![b' '; bytes - 2], b"]"].concat();
        assert_eq!(read(&long(EXAMPLES_BYTES)), Ok(Vec::new()));
        assert_eq!(read(&long(EXAMPLES_BYTES + 1)), Err(BadExamples::TooLarge { bytes: EXAMPLES_BYTES + 1 }));
    }

    #[test]
    fn what_is_no_list_of_fixtures_in_order_is_refused() {
        let one_sided = json!({"rule": "r", "record": {}, "matches": [], "passes": [{"name": "p"}]});
        assert!(matches!(read(&section(&[one_sided])), Err(BadExamples::NotInOrder(BadFixture::OneSided { .. }))));
        for text in ["", "{}", "[1]", "[{\"rule\":\"r\"}]", "[]x", &"[".repeat(10_000)] {
            assert!(matches!(read(text.as_bytes()), Err(BadExamples::Malformed { .. })), "{text}");
        }
    }

    proptest! {
        #[test]
        fn anything_may_stand_there(content in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(read(&content).is_err() || content.iter().all(|byte| b"[] \t\r\n".contains(byte)));
        }
    }
}
