//! `trailwarden policy test`: a policy's fixtures, run against the compiled Wasm.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use policy_contract::fields::Fields;
use policy_contract::fixture::{Case, Fixtures, Found};
use policy_contract::name::Name;
use walkdir::WalkDir;

use super::exit::Exit;
use super::loading;
use super::one_record;
use super::policy_build::{self, BuiltPolicy};
use crate::config::Config;
use crate::engine::{Judgement, Verdict};
use crate::harmless::harmless;
use crate::limits::Limits;
use crate::policy::{CompiledFile, LoadedPolicy, Loader, Notice};

/// How the name of a file with fixtures ends.
const FIXTURES_END: &str = ".fixtures.json";

/// What `trailwarden policy test` is given.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Test this compiled policy instead of building it; DIR must be the one policy's folder
    #[arg(long, value_name = "FILE")]
    wasm: Option<PathBuf>,

    /// A policy's folder, or a folder of several
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

pub(super) fn run(args: &TestArgs) -> anyhow::Result<Exit> {
    let policies = match &args.wasm {
        Some(wasm) => vec![(args.dir.clone(), wasm.clone())],
        None => {
            let built = policy_build::build_default(&args.dir)?;
            built.into_iter().map(|BuiltPolicy { crate_dir, wasm, .. }| (crate_dir, wasm)).collect()
        }
    };
    let loader = loading::loader(&Config::default())?;
    let (mut passed, mut failed) = (0, 0);
    for (dir, wasm) in policies {
        let outcome = test_policy(&loader, &dir, &wasm)?;
        passed += outcome.passed;
        failed += outcome.failures.len();
        for failure in &outcome.failures {
            println!("FAILED {}", harmless(failure));
        }
        println!("{}: {} cases passed, {} failed", wasm.display(), outcome.passed, outcome.failures.len());
    }
    println!("{passed} passed, {failed} failed");
    Ok(if failed == 0 { Exit::Done } else { Exit::Found })
}

/// What became of one policy's cases.
struct Outcome {
    passed: usize,
    failures: Vec<String>,
}

fn test_policy(loader: &Loader, dir: &Path, wasm: &Path) -> anyhow::Result<Outcome> {
    let file = loading::told(wasm, |notices| CompiledFile::read(loader, wasm, &Limits::default(), notices))?;
    let mut outcome = Outcome { passed: 0, failures: Vec::new() };
    let mut notices = Vec::new();
    let mut without_fixtures: BTreeSet<&Name> = file.manifest().rules.iter().map(|rule| &rule.id).collect();
    for path in fixture_files(dir)? {
        let fixtures = read_fixtures(&path)?;
        without_fixtures.remove(&fixtures.rule);
        let kinds = [(Kind::Match, &fixtures.matches), (Kind::Pass, &fixtures.passes), (Kind::Unrouted, &fixtures.unrouted)];
        for (kind, case) in kinds.into_iter().flat_map(|(kind, cases)| cases.iter().map(move |case| (kind, case))) {
            match run_case(&file, &fixtures, kind, case, &mut notices) {
                Ok(differences) if differences.is_empty() => outcome.passed += 1,
                Ok(differences) => {
                    outcome.failures.push(format!("{}, {:?}: {}", fixtures.rule, case.name, differences.join("; ")))
                }
                Err(error) => outcome.failures.push(format!("{}, {:?}: {error:#}", fixtures.rule, case.name)),
            }
        }
    }
    // Every case makes it ready anew, and it says the same each time.
    notices.iter().take(1).for_each(|notice| loading::tell(wasm, notice));
    let missing = |rule: &Name| format!("{rule}: there are no fixtures for it (a file `*{FIXTURES_END}` under src)");
    outcome.failures.extend(without_fixtures.into_iter().map(missing));
    Ok(outcome)
}

/// What a case is to show.
#[derive(Clone, Copy)]
enum Kind {
    Match,
    Pass,
    Unrouted,
}

/// Runs one case; what differs from what it is to show comes back as sentences.
fn run_case(
    file: &CompiledFile,
    fixtures: &Fixtures,
    kind: Kind,
    case: &Case,
    notices: &mut Vec<Notice>,
) -> anyhow::Result<Vec<String>> {
    let tables = fixtures.tables(case)?;
    let config = Config::for_trial(file.manifest(), fixtures.settings(case), tables)?;
    let policy = file.configure(&config, notices)?;
    let position = policy.rules().iter().position(|rule| rule.description.id == fixtures.rule);
    let Some(position) = position else { bail!("the policy has no rule of this name") };
    let record = fixtures.record(case)?.to_string();
    let fields = Fields::from_json(&record).context("the record can't be read")?;
    let is_routed = policy.rules()[position].description.selectors.iter().any(|selector| selector.matches(&fields));
    match (kind, is_routed) {
        (Kind::Unrouted, false) => return Ok(Vec::new()),
        (Kind::Unrouted, true) => return Ok(vec!["the record is routed to the rule".to_owned()]),
        (Kind::Match | Kind::Pass, false) => return Ok(vec!["the record is not routed to the rule".to_owned()]),
        (Kind::Match | Kind::Pass, true) => {}
    }
    let found = judge(&policy, position, &record)?;
    Ok(match kind {
        Kind::Match => case.expect.differences(&found),
        Kind::Pass | Kind::Unrouted => found.iter().map(|found| format!("found {:?}", found.summary)).collect(),
    })
}

fn judge(policy: &LoadedPolicy, position: usize, record: &str) -> anyhow::Result<Vec<Found>> {
    let rule = &policy.rules()[position].description;
    let batch = one_record::batch(policy, position, record)?;
    let Judgement { answers, failures, .. } = policy.guest().judge(&batch);
    if let Some(failure) = failures.first() {
        bail!("failed ({}): {}", failure.kind, failure.reason);
    }
    let found = answers.into_iter().filter_map(|answer| match answer.verdict {
        Verdict::Finding(finding) => Some(Found {
            severity: finding.severity.unwrap_or(rule.severity),
            title: finding.title.unwrap_or_else(|| rule.title.clone()),
            summary: finding.summary,
            key: finding.key,
            more: finding.more,
        }),
        Verdict::Signal(_) => None,
    });
    Ok(found.collect())
}

fn fixture_files(dir: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(dir.join("src")).sort_by_file_name() {
        let entry = entry.with_context(|| format!("the fixtures of {} can't be found", dir.display()))?;
        if entry.file_name().to_string_lossy().ends_with(FIXTURES_END) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

fn read_fixtures(path: &Path) -> anyhow::Result<Fixtures> {
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let fixtures: Fixtures = serde_json::from_str(&text).with_context(|| format!("{} is not in order", path.display()))?;
    fixtures.check().with_context(|| format!("{} is not in order", path.display()))?;
    Ok(fixtures)
}
