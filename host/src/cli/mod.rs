//! The command line: one file for each subcommand.
//!
//! Arguments are parsed into plain structs and turned into the library's own types before anything happens. Results go to
//! standard output, everything else to standard error. Errors end here, with their causes and an [`Exit`] code.

mod catch_up;
mod compile_policy;
mod config_check;
mod config_schema;
mod exceptions;
mod exit;
mod explain;
mod fixture_files;
mod inspect;
mod limits;
mod live;
mod loading;
mod looking;
mod policies;
mod policy_bench;
mod policy_build;
mod policy_catalogue;
mod policy_dev;
mod policy_diff;
mod policy_fixture;
mod policy_new;
mod policy_test;
mod report;
mod run;
mod s3;
mod scan;
mod summary;
mod telemetry;
mod telling;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::Offset;
use policy_contract::severity::{NotASeverity, Severity};

use crate::config::Config;
use crate::policy::compile::SUBCOMMAND;
use exit::Exit;

/// Judges AWS CloudTrail records in sandboxed WebAssembly policies.
#[derive(Debug, Parser)]
#[command(name = "trailwarden", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the service: judge what arrives, deliver what is found, and swap policies while it runs
    Run(run::RunArgs),
    /// Judge stored records and print what was found
    Scan(scan::ScanArgs),
    /// Judge again what failed and was written to a journal, and print what was found
    CatchUp(catch_up::CatchUpArgs),
    /// Write, build, test and look into policies
    #[command(subcommand)]
    Policy(PolicyCommand),
    /// List every limit, what it is set to and what happens where it is passed
    Limits(limits::LimitsArgs),
    /// List what a running host tells of itself: metrics, endpoints, events of the log
    Telemetry(telemetry::TelemetryArgs),
    /// Look into the configuration
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Compile the policy on standard input: what this program starts itself for
    #[command(hide = true, name = SUBCOMMAND)]
    CompilePolicy(compile_policy::CompilePolicyArgs),
}

#[derive(Debug, Subcommand)]
enum PolicyCommand {
    /// Write a new policy that builds and passes its tests at once
    New(policy_new::NewArgs),
    /// Compile policies to Wasm, with their fixtures as examples
    Build(policy_build::BuildArgs),
    /// Run a policy's fixtures against the compiled Wasm
    Test(policy_test::TestArgs),
    /// Show what a policy says of itself
    Inspect(inspect::InspectArgs),
    /// Show why a policy finds something in a record, or why it doesn't
    Explain(explain::ExplainArgs),
    /// Compare two versions of a policy on records
    Diff(policy_diff::DiffArgs),
    /// Make a redacted fixture of a real record
    Fixture(policy_fixture::FixtureArgs),
    /// Measure what a policy costs on records, and where that goes
    Bench(policy_bench::BenchArgs),
    /// Build, test and compare again whenever something is saved
    Dev(policy_dev::DevArgs),
    /// Print what policies find, as a page of Markdown
    Catalogue(policy_catalogue::CatalogueArgs),
}

#[derive(Debug, Subcommand)]
enum ConfigCommand {
    /// Check a configuration file, and the policies that it is for
    Check(config_check::CheckArgs),
    /// Print the JSON Schema of the configuration, for editors
    Schema,
}

/// Runs the command that the process was given.
pub fn run() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Run(args) => run::run(args),
        Command::Scan(args) => scan::run(args),
        Command::CatchUp(args) => catch_up::run(args),
        Command::Policy(PolicyCommand::New(args)) => policy_new::run(args).map(|()| Exit::Done),
        Command::Policy(PolicyCommand::Build(args)) => policy_build::run(args).map(|()| Exit::Done),
        Command::Policy(PolicyCommand::Test(args)) => policy_test::run(&args),
        Command::Policy(PolicyCommand::Inspect(args)) => inspect::run(&args),
        Command::Policy(PolicyCommand::Explain(args)) => explain::run(&args),
        Command::Policy(PolicyCommand::Diff(args)) => policy_diff::run(&args),
        Command::Policy(PolicyCommand::Fixture(args)) => policy_fixture::run(&args),
        Command::Policy(PolicyCommand::Bench(args)) => policy_bench::run(&args),
        Command::Policy(PolicyCommand::Dev(args)) => policy_dev::run(&args),
        Command::Policy(PolicyCommand::Catalogue(args)) => policy_catalogue::run(&args),
        Command::Limits(args) => limits::run(&args),
        Command::Telemetry(args) => {
            telemetry::run(&args);
            Ok(Exit::Done)
        }
        Command::Config(ConfigCommand::Check(args)) => config_check::run(&args),
        Command::Config(ConfigCommand::Schema) => config_schema::run(),
        Command::CompilePolicy(args) => Ok(compile_policy::run(&args)),
    };
    match result {
        Ok(exit) => exit.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            Exit::Usage.into()
        }
    }
}

/// A severity, as an argument.
/// A day, or a time in UTC.
fn time(text: &str) -> Result<Timestamp, String> {
    let day = || text.parse::<Date>().ok().filter(|_| text.len() == "2026-11-24".len());
    let begin = |day: Date| Offset::UTC.to_timestamp(day.at(0, 0, 0, 0)).ok();
    let time = text.parse().ok().or_else(|| day().and_then(begin));
    time.ok_or_else(|| "write a day such as 2026-11-24, or a time such as 2026-11-24T09:15:00Z".to_owned())
}

fn severity(word: &str) -> Result<Severity, NotASeverity> {
    word.parse()
}

/// The configuration in a file, or the defaults.
fn configuration(file: Option<&PathBuf>) -> anyhow::Result<Config> {
    match file {
        Some(file) => Config::load(file).map_err(|errors| anyhow::anyhow!("the configuration can't be used\n{errors}")),
        None => Ok(Config::default()),
    }
}
