//! Runs the fixtures of a policy's rules: every `*.fixtures.json` under a folder, the `src` of its crate as a rule.

use std::collections::BTreeSet;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use policy_contract::fixture::{Case, Expectation, Fixtures, Found};
use policy_contract::manifest::RuleDescription;

use super::harness::{Harness, HarnessError, JudgedRule};
use crate::{Finding, Policy, Settings};

/// Everything that did not hold, one line each. Its `Debug` is its `Display`, since that is what a failed test prints.
pub struct FixtureFailures {
    failures: Vec<String>,
}

impl FixtureFailures {
    /// The lines: file, case, and what differs.
    pub fn lines(&self) -> &[String] {
        &self.failures
    }
}

impl fmt::Display for FixtureFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} fixture(s) do not hold", self.failures.len())?;
        self.failures.iter().try_for_each(|failure| write!(f, "\n  {failure}"))
    }
}

impl fmt::Debug for FixtureFailures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for FixtureFailures {}

/// Runs every `*.fixtures.json` under a folder, and asks that every rule has one.
///
/// # Errors
/// Everything that does not hold: a policy that a host would refuse, a file that cannot be read or is no fixture file, a rule
/// without one, a case that went another way.
pub fn fixtures_hold<S: Settings>(policy: &'static Policy<S>, folder: &str) -> Result<(), FixtureFailures> {
    let mut run = Run { policy, failures: Vec::new(), shown: BTreeSet::new() };
    let manifest = match policy.manifest() {
        Ok(manifest) => manifest,
        Err(error) => return Err(FixtureFailures { failures: vec![format!("the policy: {error}")] }),
    };
    let mut files = Vec::new();
    if let Err(error) = find(Path::new(folder), &mut files) {
        run.failures.push(error);
    }
    files.sort();
    for file in &files {
        run.file(file, &manifest.rules);
    }
    for rule in &manifest.rules {
        if !run.shown.contains(rule.id.as_str()) {
            run.failures.push(format!("rule `{}` has no fixtures: write `<its file>.fixtures.json` beside its source", rule.id));
        }
    }
    if run.failures.is_empty() { Ok(()) } else { Err(FixtureFailures { failures: run.failures }) }
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    for entry in entries {
        let path = entry.map_err(|error| format!("{}: {error}", folder.display()))?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".fixtures.json")) {
            files.push(path);
        }
    }
    Ok(())
}

/// What a list of cases says of its records.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Matches,
    Passes,
    Unrouted,
}

struct Run<S: 'static> {
    policy: &'static Policy<S>,
    failures: Vec<String>,
    shown: BTreeSet<String>,
}

impl<S: Settings> Run<S> {
    fn file(&mut self, path: &Path, rules: &[RuleDescription]) {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let text = fs::read_to_string(path).map_err(|error| error.to_string());
        let fixtures = text.and_then(|text| serde_json::from_str::<Fixtures>(&text).map_err(|error| error.to_string()));
        let fixtures = match fixtures.and_then(|fixtures| fixtures.check().map(|()| fixtures).map_err(|error| error.to_string()))
        {
            Ok(fixtures) => fixtures,
            Err(error) => return self.failures.push(format!("{name}: {error}")),
        };
        let Some(rule) = rules.iter().find(|rule| rule.id == fixtures.rule) else {
            return self.failures.push(format!("{name}: the policy has no rule `{}`", fixtures.rule));
        };
        self.shown.insert(rule.id.to_string());
        let sides = [(Side::Matches, &fixtures.matches), (Side::Passes, &fixtures.passes), (Side::Unrouted, &fixtures.unrouted)];
        for (side, cases) in sides {
            for case in cases {
                let differences = match self.judge(&fixtures, case, rule) {
                    Ok(judged) => differences(side, &judged, &case.expect, rule),
                    Err(error) => vec![error],
                };
                let lines = differences.into_iter().map(|difference| format!("{name}: {:?}: {difference}", case.name));
                self.failures.extend(lines);
            }
        }
    }

    fn judge(&self, fixtures: &Fixtures, case: &Case, rule: &RuleDescription) -> Result<JudgedRule, String> {
        let record = fixtures.record(case).map_err(|error| error.to_string())?.to_string();
        let tables = fixtures.tables(case).map_err(|error| error.to_string())?;
        let run = || -> Result<Option<JudgedRule>, HarnessError> {
            let mut harness = Harness::new(self.policy)?.settings(&fixtures.settings(case))?;
            for (table, text) in &tables {
                harness = harness.table_named(table.as_str(), text)?;
            }
            let judged = harness.judge(&record)?;
            Ok(judged.rules.into_iter().find(|judged| judged.rule == rule.id.as_str()))
        };
        let judged = run().map_err(|error| error.to_string())?;
        judged.ok_or_else(|| format!("the policy has no rule `{}`", rule.id))
    }
}

fn differences(side: Side, judged: &JudgedRule, expected: &Expectation, rule: &RuleDescription) -> Vec<String> {
    let errors: Vec<String> = judged.errors().into_iter().map(|error| format!("the rule failed: {error}")).collect();
    if !errors.is_empty() {
        return errors;
    }
    match side {
        Side::Unrouted if judged.is_routed() => vec!["expected not to be routed to the rule, and was".to_owned()],
        Side::Unrouted => Vec::new(),
        Side::Matches | Side::Passes if !judged.is_routed() => vec![unrouted(judged)],
        Side::Passes if judged.verdicts.is_empty() => Vec::new(),
        Side::Passes => vec![format!("expected to be left alone, and got {:?}", judged.verdicts)],
        Side::Matches if judged.verdicts.is_empty() && expected.findings == Some(0) => {
            vec!["expected a signal, and nothing was found".to_owned()]
        }
        Side::Matches => {
            let found: Vec<Found> = judged.findings().into_iter().map(|finding| in_force(finding, rule)).collect();
            expected.differences(&found)
        }
    }
}

fn unrouted(judged: &JudgedRule) -> String {
    let reasons: Vec<String> = judged
        .unmet
        .iter()
        .map(|unmet| {
            let conditions = unmet.iter().map(|unmet| {
                let found = unmet.found.as_deref().unwrap_or("nothing");
                format!("{} is {found}, wanted {}", unmet.field, unmet.wanted.join(" or "))
            });
            conditions.collect::<Vec<_>>().join(" and ")
        })
        .collect();
    format!("expected to be routed to the rule, and was not: {}", reasons.join("; or "))
}

/// The finding with the rule's severity and title where it does not override them.
fn in_force(finding: &Finding, rule: &RuleDescription) -> Found {
    Found {
        severity: finding.severity.unwrap_or(rule.severity),
        title: finding.title.clone().unwrap_or_else(|| rule.title.clone()),
        summary: finding.summary.clone(),
        key: finding.key.clone(),
        more: finding.more.clone(),
    }
}
