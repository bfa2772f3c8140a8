//! The policies that a command judges with, and what is said about those that were refused.

use std::path::PathBuf;

use anyhow::bail;
use policy_contract::name::Name;

use super::loading;
use crate::config::Config;
use crate::policy::{Catalogue, Refusal};

/// Loads the policies that are given, or else those that the configuration names.
pub(super) fn catalogue(given: &[PathBuf], config: &Config) -> anyhow::Result<Catalogue> {
    let paths = if given.is_empty() { &config.policy_paths } else { given };
    if paths.is_empty() {
        bail!("there are no policies: name a folder of them with -p, or under `policy_paths` in the configuration");
    }
    let loader = loading::loader(config)?;
    let catalogue = Catalogue::load(&loader, paths, config)
        .map_err(|(path, error)| anyhow::anyhow!("the policies in {} can't be read: {error}", path.display()))?;
    for Refusal { path, error } in catalogue.refusals() {
        eprintln!("error: the policy in {} was refused at the step `{}`: it {}", path.display(), error.step(), error.text());
    }
    catalogue.notices().iter().for_each(|(path, notice)| loading::tell(path, notice));
    if catalogue.policies().is_empty() {
        let paths: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        bail!("no policy could be loaded from {}; build some with `trailwarden policy build`", paths.join(", "));
    }
    let names: Vec<Name> = catalogue.policies().iter().map(|policy| policy.identity().name.clone()).collect();
    for unknown in config.unknown_policies(&names) {
        eprintln!("warning: {unknown}");
    }
    for policy in catalogue.policies() {
        let absent: Vec<&str> = policy.absent_tables().collect();
        if !absent.is_empty() {
            let name = &policy.identity().name;
            eprintln!(
                "note: `{name}` can ask tables that are not configured, and leaves out what they decide: {}",
                absent.join(", ")
            );
        }
    }
    Ok(catalogue)
}

/// Tells where so many workers can need more memory at once than all instances may have together: a policy that takes what it
/// may would then be felt by others, whose tasks fail for want of memory.
pub(super) fn tell_of_memory(catalogue: &Catalogue, config: &Config, workers: usize) {
    let largest = catalogue.policies().iter().map(|policy| config.policy(&policy.identity().name).limits.memory_mib.0).max();
    let needed = largest.unwrap_or_default().saturating_mul(workers as u64);
    let budget = config.limits.memory_budget_mib.0;
    if needed > budget {
        eprintln!(
            "warning: {workers} workers can need {needed} MiB for instances at once, and `memory_budget_mib` is {budget}: where \
             policies take all that they may, others can fail for want of memory; raise it, or lower `memory_mib` or --workers"
        );
    }
}
