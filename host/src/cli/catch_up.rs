//! `trailwarden catch-up`: what failed and was written to a journal, judged again.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::HumanCount;
use jiff::Timestamp;
use policy_contract::severity::Severity;

use super::exit::Exit;
use super::live::Progress;
use super::policies;
use super::report::{Format, Report};
use super::summary::FindingCounts;
use super::telling::Telling;
use crate::engine::LogLevel;
use crate::exception::Now;
use crate::pipeline::Failures;
use crate::store::{Journal, StoreError};

mod afresh;

use afresh::{CatchUp, Sums};

/// What `trailwarden catch-up` is given.
#[derive(Debug, Args)]
#[command(
    after_help = "What is answered now is removed from the journal, after its findings were written; what fails again, and \
                        what is no longer where it was, stays. Exit codes: as for `scan`; 3 where a record is gone."
)]
pub(super) struct CatchUpArgs {
    /// The journal [default: the configuration's `journal_path`]
    #[arg(short, long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// A policy (*.wasm) that catches up, or a folder of policies; may be given several times
    #[arg(short, long = "policies", value_name = "PATH")]
    policies: Vec<PathBuf>,

    /// The configuration: settings, context tables, modes and limits
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Show what is in the journal, by policy and reason, and judge nothing
    #[arg(long)]
    list: bool,

    /// The form of the output [default: table where standard output is a terminal, else ocsf]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// End with exit code 1 if there are findings of at least this severity
    #[arg(long, value_name = "SEVERITY", value_parser = super::severity)]
    fail_on: Option<Severity>,

    /// Show also what exceptions suppress, with the exception; none of it counts for --fail-on
    #[arg(long)]
    suppressed: bool,

    /// Show all that policies write to their logs, not only warnings and errors
    #[arg(short, long)]
    verbose: bool,

    /// What counts as now, by which exceptions end [default: when the catch-up begins]
    #[arg(long, hide = true, value_name = "TIME")]
    now: Option<Timestamp>,
}

/// Why a catch-up stops before its end.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    /// Findings can't be written.
    #[error("the findings can't be written to standard output, and the journal is as it was before them: {0}")]
    Output(#[from] io::Error),
    /// The journal can't be read or written.
    #[error(transparent)]
    Journal(#[from] StoreError),
}

pub(super) fn run(args: CatchUpArgs) -> anyhow::Result<Exit> {
    let mut config = super::configuration(args.config.as_ref())?;
    config.now = Now::At(args.now.unwrap_or_else(Timestamp::now));
    let Some(path) = args.journal.as_ref().or(config.journal_path.as_ref()) else {
        bail!("there is no journal: name it with --journal, or as `journal_path` in the configuration");
    };
    let journal = Journal::open(path, config.limits.journal_mib.bytes())?;
    if args.list {
        list(&journal)?;
        return Ok(Exit::Done);
    }
    let catalogue = Arc::new(policies::catalogue(&args.policies, &config)?);
    let telling = Telling {
        report: Report::new(Format::or_default(args.format)),
        findings: FindingCounts::default(),
        failures: Failures::default(),
        with_suppressed: args.suppressed,
        least_level: if args.verbose { LogLevel::Trace } else { LogLevel::Warn },
        progress: Progress::of_bytes(None),
    };
    let refused = catalogue.refusals().len();
    let mut catch_up = CatchUp::new(&journal, catalogue, &config, telling);
    let result = catch_up.run();
    catch_up.hide_progress();
    let (findings, sums) = match result.and_then(|()| catch_up.finish()) {
        Ok(done) => done,
        Err(Stopped::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            eprintln!("error: standard output was closed; what was not written is still in the journal");
            return Ok(Exit::Unreadable);
        }
        Err(stopped) => return Err(stopped).context("not everything was caught up"),
    };
    eprintln!("{}", Summary { findings: &findings, sums: &sums });
    let is_found = args.fail_on.is_some_and(|severity| findings.has_any_from(severity));
    Ok(match (refused, is_found, sums.gone) {
        (1.., _, _) => Exit::Usage,
        (0, true, _) => Exit::Found,
        (0, false, 1..) => Exit::Unreadable,
        (0, false, 0) => Exit::Done,
    })
}

fn list(journal: &Journal) -> Result<(), StoreError> {
    let counts = journal.counts()?;
    let usage = journal.usage()?;
    let mut of_policies: BTreeMap<&str, u64> = BTreeMap::new();
    for ((policy, _), number) in &counts {
        *of_policies.entry(policy).or_default() += number;
    }
    for (policy, number) in of_policies {
        println!("{policy}: {} tasks", HumanCount(number));
        for ((_, why), number) in counts.iter().filter(|((of, _), _)| of == policy) {
            println!("  {why:<12} {:>9}", HumanCount(*number).to_string());
        }
    }
    println!("{} of {} bytes are used", HumanCount(usage.bytes), HumanCount(usage.limit_bytes));
    Ok(())
}

/// What a catch-up says at its end.
struct Summary<'a> {
    findings: &'a FindingCounts,
    sums: &'a Sums,
}

impl std::fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Sums { tasks, answered, failed, withheld, gone, not_at_work, of_others, not_shown, shadowed } = *self.sums;
        self.findings.write(shadowed, f)?;
        let parts = [
            (answered, "answered"),
            (failed, "failed again"),
            (withheld, "quarantined"),
            (gone, "whose record is gone"),
            (not_at_work, "of rules that are not at work"),
            (not_shown, "answered without room in the table"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, what)| format!("{} {what}", HumanCount(*number)))
            .collect();
        write!(f, "journal   {} tasks of these policies", HumanCount(tasks))?;
        if !parts.is_empty() {
            write!(f, " = {}", parts.join(" + "))?;
        }
        write!(f, "; {} removed, {} left", HumanCount(answered), HumanCount(tasks - answered))?;
        if of_others > 0 {
            write!(f, ", and {} of other policies", HumanCount(of_others))?;
        }
        Ok(())
    }
}
