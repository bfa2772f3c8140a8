//! `trailwarden limits`: every limit, what it is set to and where, and what happens where it is passed.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::exit::Exit;
use crate::config::Config;
use crate::limits::{self, FIXED, LIMITS, LimitDefinition, Limits, Scope};

/// What `trailwarden limits` is given.
#[derive(Debug, Args)]
pub(super) struct LimitsArgs {
    /// The configuration whose values are in force [default: none, so the defaults are]
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The form of the output; markdown is the reference page, with the defaults
    #[arg(long, value_enum, default_value_t = Form::Text)]
    format: Form,
}

/// The forms of what the program says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people
    Text,
    /// The reference page
    Markdown,
}

pub(super) fn run(args: &LimitsArgs) -> anyhow::Result<Exit> {
    let config = super::configuration(args.config.as_ref())?;
    match args.format {
        Form::Markdown => print!("{}", limits::markdown()),
        Form::Text => print_text(&config),
    }
    Ok(Exit::Done)
}

fn print_text(config: &Config) {
    for limit in LIMITS {
        print_limit(limit, config);
    }
    println!("\nlimits that can't be set");
    for fixed in FIXED {
        println!("{} = {}", fixed.name.to_lowercase(), with_unit(fixed.value, fixed.unit));
        println!("    {}", fixed.doc.trim());
        println!("    where it is passed: {}", consequence(fixed.passed));
    }
}

fn print_limit(limit: &LimitDefinition, config: &Config) {
    let LimitDefinition { name, unit, default, min, max, .. } = limit;
    let value = |limits: &Limits| with_unit(limit.value(limits), unit);
    let place = config.limit_place(name).map_or_else(|| "default".to_owned(), |place| format!("set at {place}"));
    let scope = match limit.scope {
        Scope::Host => "the host",
        Scope::Policy => "the host, or a policy",
    };
    println!("{name} = {} ({place})", value(&config.limits));
    for (policy, set) in config.policies_with_settings() {
        if let Some(place) = set.limit_place(name) {
            println!("    policy {policy}: {} (set at {place})", value(&set.limits));
        }
    }
    println!("    {}", limit.doc.trim());
    println!("    default {}, {min} to {}, for {scope}", with_unit(*default, unit), with_unit(*max, unit));
    println!("    where it is passed: {}", consequence(limit.passed));
}

fn with_unit(number: u64, unit: &str) -> String {
    if unit.is_empty() { number.to_string() } else { format!("{number} {unit}") }
}

fn consequence(passed: limits::Passed) -> String {
    match passed.finding() {
        Some(rule) => format!("{}; finding `{}`", passed.describe(), rule.id()),
        None => passed.describe(),
    }
}
