//! `trailwarden scan`: stored records in, findings out.

use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::Context as _;
use clap::Args;
use jiff::Timestamp;
use policy_contract::severity::Severity;

use super::exit::Exit;
use super::live::Progress;
use super::policies;
use super::report::{Format, Report};
use super::s3;
use super::summary::{FindingCounts, Summary};
use super::telling::Telling;
use crate::config::Config;
use crate::engine::LogLevel;
use crate::exception::Now;
use crate::finding::{HostFinding, HostRule, Subject};
use crate::pipeline::{Failures, Faults, Feed, Journaling, Quarantines, Scanned, Unreadable, judge_all};
use crate::policy::Catalogue;
use crate::record::ReadLimits;
use crate::source::{Inputs, Wanted};
use crate::store::StoreError;

/// What `trailwarden scan` is given.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 done; 1 findings at or above --fail-on; 2 wrong usage or configuration, or a policy was \
                        refused; 3 some input could not be read. Where several hold, 2 is told before 1 and 1 before 3.")]
pub(super) struct ScanArgs {
    /// A policy (*.wasm), or a folder of policies; may be given several times
    #[arg(short, long = "policies", value_name = "PATH")]
    policies: Vec<PathBuf>,

    /// The configuration: settings, context tables, modes and limits
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// The form of the output [default: table where standard output is a terminal, else ocsf]
    #[arg(long, value_enum)]
    format: Option<Format>,

    /// How many threads judge [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,

    /// End with exit code 1 if there are findings of at least this severity
    #[arg(long, value_name = "SEVERITY", value_parser = super::severity)]
    fail_on: Option<Severity>,

    /// Write tasks that fail, or that are withheld from a quarantined policy, to this journal, for `catch-up` [default: the
    /// configuration's `journal_path`]
    #[arg(short, long, value_name = "FILE")]
    journal: Option<PathBuf>,

    /// Show also what exceptions suppress, with the exception; none of it counts for --fail-on
    #[arg(long)]
    suppressed: bool,

    /// Show all that policies write to their logs, not only warnings and errors
    #[arg(short, long)]
    verbose: bool,

    /// What counts as now, by which exceptions end [default: when the scan begins]
    #[arg(long, hide = true, value_name = "TIME")]
    now: Option<Timestamp>,

    /// Of S3: only objects that CloudTrail wrote at this time or later, by the time in their names; a day or a time in UTC
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    since: Option<Timestamp>,

    /// Of S3: only objects that CloudTrail wrote before this time
    #[arg(long, value_name = "TIME", value_parser = super::time)]
    until: Option<Timestamp>,

    /// Of S3: only objects of this account; may be given several times
    #[arg(long = "account", value_name = "ID")]
    accounts: Vec<String>,

    /// Of S3: only objects of this region; may be given several times
    #[arg(long = "region", value_name = "REGION")]
    regions: Vec<String>,

    /// Records: files (.json, .json.gz, .jsonl, …), folders of them, s3://BUCKET/PREFIX, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    inputs: Vec<PathBuf>,
}

pub(super) fn run(args: ScanArgs) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let mut config = super::configuration(args.config.as_ref())?;
    config.now = Now::At(args.now.unwrap_or_else(Timestamp::now));
    let catalogue = Arc::new(policies::catalogue(&args.policies, &config)?);
    let journal = args.journal.as_ref().or(config.journal_path.as_ref());
    let journaling = journal.map(|path| Journaling::new(path, config.limits.journal_mib.bytes())).transpose()?;
    let wanted = Wanted { since: args.since, until: args.until, accounts: args.accounts, regions: args.regions };
    let inputs = s3::inputs(args.inputs, &wanted, &config)?;
    let workers = args.workers.map_or_else(default_workers, usize::from);
    catalogue.memory_warning(&config, workers).inspect(|warning| eprintln!("warning: {warning}"));

    let progress = Progress::of_bytes(inputs.total_bytes());
    let mut scanning = Scanning {
        telling: Telling {
            report: Report::new(Format::or_default(args.format)),
            findings: FindingCounts::default(),
            failures: Failures::default(),
            with_suppressed: args.suppressed,
            least_level: if args.verbose { LogLevel::Trace } else { LogLevel::Warn },
            progress: progress.clone(),
        },
        summary: Summary { left_alone: inputs.left_alone, workers, ..Summary::default() },
        journaling,
        faults: Faults::default(),
    };
    scanning.summary.policies = (catalogue.policies().len(), catalogue.refusals().len());
    let result = scanning.run(&catalogue, inputs, &config, workers, progress);
    scanning.telling.progress.finish();
    let Scanning { telling, mut summary, .. } = scanning;
    summary.findings = telling.findings;
    match result.and_then(|()| Ok(telling.report.finish()?)) {
        Ok(not_shown) => summary.not_shown = not_shown,
        Err(Stopped::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            eprintln!("error: standard output was closed; not everything was written");
            return Ok(Exit::Unreadable);
        }
        Err(stopped) => return Err(stopped).context("not everything was judged"),
    }
    summary.took = started.elapsed();
    eprintln!("{summary}");
    Ok(exit(&summary, args.fail_on))
}

fn exit(summary: &Summary, fail_on: Option<Severity>) -> Exit {
    let (_, refused) = summary.policies;
    if refused > 0 {
        Exit::Usage
    } else if fail_on.is_some_and(|severity| summary.findings.has_any_from(severity)) {
        Exit::Found
    } else if summary.read.unreadable + summary.not_opened > 0 {
        Exit::Unreadable
    } else {
        Exit::Done
    }
}

pub(super) fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// Why a scan stops before its end.
#[derive(Debug, thiserror::Error)]
enum Stopped {
    /// Findings can't be written.
    #[error("the findings can't be written to standard output: {0}")]
    Output(#[from] io::Error),
    /// What failed can't be written down.
    #[error(transparent)]
    Journal(#[from] StoreError),
}

/// A scan under way.
struct Scanning {
    telling: Telling,
    summary: Summary,
    journaling: Option<Journaling>,
    faults: Faults,
}

impl Scanning {
    fn run(
        &mut self,
        catalogue: &Arc<Catalogue>,
        inputs: Inputs,
        config: &Config,
        workers: usize,
        progress: Progress,
    ) -> Result<(), Stopped> {
        for refusal in catalogue.refusals() {
            self.host_finding(refusal.finding())?;
        }
        for expired in config.expired_exceptions() {
            self.host_finding(expired)?;
        }
        self.summary.expected_objects = (inputs.objects.len() + inputs.errors.len()) as u64;
        for error in inputs.errors {
            let object = error.path.display().to_string().into();
            self.unreadable(Unreadable { object, offset: None, reason: error.source.to_string(), is_one_record: false })?;
        }
        let objects: VecDeque<_> = inputs.objects.into();
        let feed = Feed::new(objects, ReadLimits::from(&config.limits), move |bytes| progress.add_bytes(bytes));
        let this = &mut *self;
        let quarantines = Quarantines::new(&config.limits);
        let current = || Arc::clone(catalogue);
        judge_all(feed, current, &config.limits, vec![(); workers], quarantines, |scanned| this.receive(scanned))?;
        self.faults.rest().map_or(Ok(()), |finding| self.fault(finding))?;
        self.telling.failures(self.journaling.is_some())?;
        if let Some(mut journaling) = self.journaling.take() {
            self.summary.journaled = Some(journaling.added());
            if let Some(full) = journaling.full()? {
                self.host_finding(full)?;
            }
        }
        if let Some(contradiction) = self.summary.contradiction() {
            self.host_finding(HostFinding::once(HostRule::CountsDisagree, Subject::default(), contradiction))?;
        }
        Ok(())
    }

    fn receive(&mut self, scanned: Scanned) -> Result<(), Stopped> {
        let Scanned { catalogue, judged, records, quarantined, unreadable, ended } = scanned;
        if let Some(journaling) = &mut self.journaling {
            journaling.write(&catalogue, &records, &judged)?;
        }
        for object in &ended {
            self.summary.read += &object.tally;
            self.summary.objects += u64::from(object.end.was_opened());
        }
        self.summary.judged += judged.counts();
        self.telling.judged(&catalogue, &records, judged, quarantined)?;
        for fault in unreadable {
            self.unreadable(fault)?;
        }
        Ok(())
    }

    fn unreadable(&mut self, fault: Unreadable) -> io::Result<()> {
        if fault.offset.is_none() {
            self.summary.not_opened += 1;
        }
        self.faults.add(fault).into_iter().try_for_each(|finding| self.fault(finding))
    }

    fn fault(&mut self, finding: HostFinding) -> io::Result<()> {
        let Subject { object, offset, .. } = &finding.subject;
        let place = offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
        let object = object.as_deref().unwrap_or_default();
        self.telling.progress.line(&format!("error: {object}{place}: {}", finding.reason));
        self.host_finding(finding)
    }

    fn host_finding(&mut self, finding: HostFinding) -> io::Result<()> {
        self.telling.host_finding(finding)
    }
}
