//! `trailwarden policy inspect`: what a policy says of itself.

use std::path::PathBuf;

use clap::Args;
use policy_contract::manifest::{Manifest, RuleDescription, TableNeed};
use policy_contract::selector::Selector;

use super::exit::Exit;
use super::loading;
use crate::config::Config;
use crate::harmless::harmless;
use crate::limits::Limits;
use crate::policy::CompiledFile;

/// What `trailwarden policy inspect` is given.
#[derive(Debug, Args)]
pub(super) struct InspectArgs {
    /// Print the manifest as JSON
    #[arg(long)]
    json: bool,

    /// The policy (*.wasm)
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

pub(super) fn run(args: &InspectArgs) -> anyhow::Result<Exit> {
    let loader = loading::loader(&Config::default())?;
    let mut policy = loading::told(&args.file, |notices| CompiledFile::read(&loader, &args.file, &Limits::default(), notices))?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(policy.manifest())?);
        return Ok(Exit::Done);
    }
    let examples = policy.check_examples(&loader, &Limits::default(), &mut Vec::new());
    let Manifest { name, version, description, owner, tables, rules, .. } = policy.manifest();
    println!("{name} {}, owned by {}", harmless(version), harmless(owner));
    println!("  {}", harmless(description));
    println!("  {}, {} bytes", policy.digest(), policy.bytes());
    let names = |interfaces: &[crate::policy::Interface]| interfaces.iter().map(ToString::to_string).collect::<Vec<_>>();
    println!("  imports {}", or_nothing(names(&policy.world().imports)));
    println!("  exports {}", or_nothing(names(&policy.world().exports)));
    match examples {
        Ok(0) => println!("  carries no examples"),
        Ok(number) => println!("  carries {number} examples, and agrees with them"),
        Err(error) => println!("  a host refuses it at the step `{}`: it {}", error.step(), error.text()),
    }
    if let Err(error) = policy.manifest().check() {
        println!("  without settings a host refuses it: {}", harmless(&error.to_string()));
    }
    for TableNeed { name, kind, required, description } in tables {
        let required = if *required { "required" } else { "optional" };
        println!("\ntable {name} ({}, {required})\n  {}", kind.as_str(), harmless(description));
    }
    for rule in rules {
        print_rule(rule)?;
    }
    Ok(Exit::Done)
}

fn print_rule(rule: &RuleDescription) -> anyhow::Result<()> {
    let techniques = rule.techniques.iter().map(|technique| technique.as_str().to_owned()).collect();
    println!("\nrule {} ({}, {}): {}", rule.id, rule.severity, rule.default_mode.as_str(), harmless(&rule.title));
    println!("  ATT&CK {}", or_nothing(techniques));
    for selector in &rule.selectors {
        match selector {
            Selector::All => println!("  selects every record"),
            Selector::Match(conditions) => println!("  selects {}", harmless(&serde_json::to_string(conditions)?)),
        }
    }
    rule.description.lines().for_each(|line| println!("  {}", harmless(line)));
    Ok(())
}

fn or_nothing(names: Vec<String>) -> String {
    if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
}
