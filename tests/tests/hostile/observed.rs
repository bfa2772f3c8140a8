//! What is seen of a policy from outside: the findings of the host about it, and its own.

use std::collections::BTreeSet;

use e2e::hostile::records;
use e2e::hostile::{At, Case, Outcome};
use e2e::{Run, event, policy, rule};
use serde_json::Value;

/// What a scan says of one policy.
#[derive(Debug, Default)]
pub struct Observed {
    /// Step and reason of its refusal.
    pub refusals: Vec<(String, String)>,
    /// Kind, reason and events of its failures.
    pub failures: Vec<(String, String, BTreeSet<String>)>,
    /// The events that it found something in.
    pub found: BTreeSet<String>,
}

impl Observed {
    /// What the findings of a scan say of a policy, and of the file that has its name.
    pub fn of(name: &str, findings: &[Value]) -> Self {
        let mut observed = Self::default();
        let file = format!("{name}.wasm");
        for finding in findings {
            if policy(finding) == Some(name) {
                observed.found.insert(event(finding).to_owned());
                continue;
            }
            let subject = finding["unmapped"]["policy"].as_str().unwrap_or_default();
            let [failure, reason] = [&finding["unmapped"]["failure"], &finding["finding_info"]["desc"]];
            let [failure, reason] = [failure, reason].map(|value| value.as_str().unwrap_or_default().to_owned());
            match rule(finding) {
                "policy-refused" if subject == file => observed.refusals.push((failure, reason)),
                "policy-failed" if subject == name => observed.failures.push((failure, reason, related(finding))),
                _ => {}
            }
        }
        observed
    }

    /// What is otherwise than it has to be; nothing where all is as it has to be.
    pub fn differs(&self, case: &Case, outcome: Outcome, run: &Run) -> Option<String> {
        let is_as_expected = match outcome {
            Outcome::Refused { step, words } => {
                let is_refusal = |(at, reason): &(String, String)| at == step && reason.contains(words);
                let is_silent = self.failures.is_empty() && self.found.is_empty();
                self.refusals.len() == 1 && self.refusals.iter().all(is_refusal) && is_silent
            }
            Outcome::Fails { at, kind, words } => {
                let concerned = concerned(at);
                let is_failure = |(word, reason, events): &(String, String, BTreeSet<String>)| {
                    word == kind && reason.contains(words) && *events == concerned
                };
                let judged = &all() - &concerned;
                self.failures.len() == 1
                    && self.failures.iter().all(is_failure)
                    && self.found == judged
                    && self.refusals.is_empty()
            }
            Outcome::Unexplained { kind, words } => {
                let is_failure = |(word, reason, events): &(String, String, BTreeSet<String>)| {
                    word == kind && reason.contains(words) && events.is_empty()
                };
                self.failures.len() == 1 && self.failures.iter().all(is_failure) && self.found == all()
            }
            Outcome::Judges { words } => {
                self.failures.is_empty() && self.refusals.is_empty() && self.found == all() && run.stderr.contains(words)
            }
        };
        (!is_as_expected).then(|| {
            let short = |text: &str| text.chars().take(300).collect::<String>();
            let refusals: Vec<_> = self.refusals.iter().map(|(step, reason)| (step, short(reason))).collect();
            let failures: Vec<_> =
                self.failures.iter().map(|(kind, reason, events)| (kind, short(reason), events.len())).collect();
            format!(
                "{}: expected {outcome:?}\n    refused {refusals:?}\n    failed {failures:?}\n    found {} of {}",
                case.policy(),
                self.found.len(),
                records::COUNT
            )
        })
    }
}

fn all() -> BTreeSet<String> {
    (0..records::COUNT).map(records::event_id).collect()
}

fn concerned(at: At) -> BTreeSet<String> {
    match at {
        At::Every => all(),
        At::Marked => records::MARKED.into_iter().map(records::event_id).collect(),
        At::Positions(positions) => positions.iter().copied().map(records::event_id).collect(),
    }
}

fn related(finding: &Value) -> BTreeSet<String> {
    let events = finding["finding_info"]["related_events"].as_array().cloned().unwrap_or_default();
    events.iter().filter_map(|event| event["uid"].as_str().map(str::to_owned)).collect()
}

/// The lines of the policies that are not hostile, byte for byte.
pub fn good_lines(run: &Run) -> Vec<&str> {
    let is_good = |line: &&str| {
        let finding: Value = serde_json::from_str(line).unwrap();
        policy(&finding).is_some_and(|policy| !policy.starts_with("hostile-"))
    };
    run.stdout.lines().filter(is_good).collect()
}
