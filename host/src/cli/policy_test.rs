//! `trailwarden policy test`: a policy's fixtures, run against the compiled Wasm.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Args;
use policy_contract::name::Name;

use super::exit::Exit;
use super::fixture_files::{self, FIXTURES_END, FixtureFile};
use super::loading;
use super::policy_build::{self, BuiltPolicy};
use crate::config::Config;
use crate::harmless::harmless;
use crate::limits::Limits;
use crate::policy::examples::Example;
use crate::policy::{CompiledFile, Loader};

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
pub(super) struct Outcome {
    pub(super) passed: usize,
    pub(super) failures: Vec<String>,
}

pub(super) fn test_policy(loader: &Loader, dir: &Path, wasm: &Path) -> anyhow::Result<Outcome> {
    let file = loading::told(wasm, |notices| CompiledFile::read(loader, wasm, &Limits::default(), notices))?;
    let mut outcome = Outcome { passed: 0, failures: Vec::new() };
    let mut notices = Vec::new();
    let mut without_fixtures: BTreeSet<&Name> = file.manifest().rules.iter().map(|rule| &rule.id).collect();
    for FixtureFile { fixtures, .. } in fixture_files::read_all(dir)? {
        without_fixtures.remove(&fixtures.rule);
        for example in Example::all(&fixtures) {
            let difference = match example.differences(&file, &mut notices) {
                Ok(differences) if differences.is_empty() => {
                    outcome.passed += 1;
                    continue;
                }
                Ok(differences) => differences.join("; "),
                Err(error) => error.to_string(),
            };
            outcome.failures.push(format!("{}, {:?}: {difference}", fixtures.rule, example.case.name));
        }
    }
    // Every case makes it ready anew, and it says the same each time.
    notices.iter().take(1).for_each(|notice| loading::tell(wasm, notice));
    let missing = |rule: &Name| format!("{rule}: there are no fixtures for it (a file `*{FIXTURES_END}` under src)");
    outcome.failures.extend(without_fixtures.into_iter().map(missing));
    Ok(outcome)
}
