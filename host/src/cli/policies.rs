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
    catalogue.absent_tables().for_each(|note| eprintln!("note: {note}"));
    Ok(catalogue)
}
