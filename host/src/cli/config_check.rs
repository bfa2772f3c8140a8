//! `trailwarden config check`: is a configuration in order, alone and with the policies that it is for?

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use policy_contract::name::Name;

use super::exit::Exit;
use super::{exceptions, loading};
use crate::config::Config;
use crate::exception::Now;
use crate::policy::Catalogue;

/// What `trailwarden config check` is given.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// A policy or a folder of policies to check the settings of, besides those under `policy_paths`
    #[arg(short, long = "policies", value_name = "PATH")]
    policies: Vec<PathBuf>,

    /// What counts as now, by which exceptions end [default: now]
    #[arg(long, hide = true, value_name = "TIME")]
    now: Option<Timestamp>,

    /// The configuration
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &CheckArgs) -> anyhow::Result<Exit> {
    let mut config = match Config::load(&args.file) {
        Ok(config) => config,
        Err(errors) => {
            eprintln!("{errors}");
            return Ok(Exit::Usage);
        }
    };
    config.now = Now::At(args.now.unwrap_or_else(Timestamp::now));
    exceptions::warn(&config);
    let place = |path: &PathBuf| path.canonicalize().unwrap_or_else(|_| path.clone());
    let is_other = |given: &&PathBuf| !config.policy_paths.iter().any(|path| place(path) == place(given));
    let paths: Vec<PathBuf> = config.policy_paths.iter().chain(args.policies.iter().filter(is_other)).cloned().collect();
    println!("{}: {} context tables", args.file.display(), config.tables.len());
    for (name, table) in &config.tables {
        println!("  {name}: {} entries, {}", table.table.len(), table.digest);
    }
    if paths.is_empty() {
        println!("  no policies are named, so settings were not tried; name some with -p");
        return Ok(Exit::Done);
    }
    let loader = loading::loader(&config)?;
    let catalogue = Catalogue::load(&loader, &paths, &config)
        .map_err(|(path, error)| anyhow::anyhow!("the policies in {} can't be read: {error}", path.display()))?;
    for policy in catalogue.policies() {
        let identity = policy.identity();
        println!("  policy {} {}: {} rules", identity.name, identity.version, policy.rules().len());
        for rule in policy.rules() {
            let severity = rule.severity.unwrap_or(rule.description.severity);
            println!("    {}: {}, {severity}", rule.description.id, rule.mode.as_str());
            exceptions::list(rule);
        }
    }
    let names: Vec<Name> = catalogue.policies().iter().map(|policy| policy.identity().name.clone()).collect();
    let unknown = config.unknown_policies(&names);
    unknown.iter().for_each(|error| eprintln!("{error}"));
    for warning in config.routing_warnings(&catalogue.labels()) {
        eprintln!("warning: {warning}");
    }
    catalogue.notices().iter().for_each(|(path, notice)| loading::tell(path, notice));
    for refusal in catalogue.refusals() {
        eprintln!("{}: refused at the step `{}`: it {}", refusal.path.display(), refusal.error.step(), refusal.error.text());
    }
    let is_in_order = unknown.is_empty() && catalogue.refusals().is_empty();
    Ok(if is_in_order { Exit::Done } else { Exit::Usage })
}
