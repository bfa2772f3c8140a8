//! `trailwarden scan`: stored records in, findings out.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, bail};
use clap::Args;
use indicatif::HumanCount;
use policy_contract::name::Name;
use policy_contract::severity::Severity;

use super::exit::Exit;
use super::live::Progress;
use super::loading;
use super::report::{Format, Report};
use super::summary::Summary;
use crate::config::Config;
use crate::engine::{FailureKind, LogLevel};
use crate::finding::{HostFinding, HostRule, RelatedEvents, Reported, Subject};
use crate::pipeline::{Failure, Feed, Scanned, Unreadable, scan};
use crate::policy::{Catalogue, Refusal};
use crate::record::ReadLimits;
use crate::source::{Input, Inputs};

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
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    fail_on: Option<Severity>,

    /// Show all that policies write to their logs, not only warnings and errors
    #[arg(short, long)]
    verbose: bool,

    /// Records: files (.json, .json.gz, .jsonl, …), folders of them, or - for standard input
    #[arg(required = true, value_name = "PATH")]
    inputs: Vec<PathBuf>,
}

fn severity(word: &str) -> Result<Severity, policy_contract::severity::NotASeverity> {
    word.parse()
}

pub(super) fn run(args: ScanArgs) -> anyhow::Result<Exit> {
    let started = Instant::now();
    let config = super::configuration(args.config.as_ref())?;
    let catalogue = Arc::new(catalogue(&args.policies, &config)?);
    let inputs = Inputs::find(args.inputs.into_iter().map(Input::from));
    let workers = args.workers.map_or_else(default_workers, usize::from);

    let progress = Progress::of_bytes(inputs.total_bytes());
    let mut scanning = Scanning {
        report: Report::new(Format::or_default(args.format)),
        summary: Summary { left_alone: inputs.left_alone, workers, ..Summary::default() },
        failures: Failures::default(),
        faults: None,
        least_level: if args.verbose { LogLevel::Trace } else { LogLevel::Warn },
        progress: progress.clone(),
    };
    scanning.summary.policies = (catalogue.policies().len(), catalogue.refusals().len());
    let result = scanning.run(&catalogue, inputs, &config, workers, progress);
    scanning.progress.finish();
    let Scanning { report, mut summary, .. } = scanning;
    match result.and_then(|()| report.finish()) {
        Ok(not_shown) => summary.not_shown = not_shown,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
            eprintln!("error: standard output was closed; not everything was written");
            return Ok(Exit::Unreadable);
        }
        Err(error) => return Err(error).context("the findings can't be written to standard output"),
    }
    summary.took = started.elapsed();
    eprintln!("{summary}");
    Ok(exit(&summary, args.fail_on))
}

fn exit(summary: &Summary, fail_on: Option<Severity>) -> Exit {
    let (_, refused) = summary.policies;
    if refused > 0 {
        Exit::Usage
    } else if fail_on.is_some_and(|severity| summary.has_findings_from(severity)) {
        Exit::Found
    } else if summary.read.unreadable + summary.not_opened > 0 {
        Exit::Unreadable
    } else {
        Exit::Done
    }
}

fn default_workers() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

fn catalogue(given: &[PathBuf], config: &Config) -> anyhow::Result<Catalogue> {
    let paths = if given.is_empty() { &config.policy_paths } else { given };
    if paths.is_empty() {
        bail!("there are no policies: name a folder of them with -p, or under `policy_paths` in the configuration");
    }
    let loader = loading::loader(config)?;
    let catalogue = Catalogue::load(&loader, paths, config)
        .map_err(|(path, error)| anyhow::anyhow!("the policies in {} can't be read: {error}", path.display()))?;
    for Refusal { path, error } in catalogue.refusals() {
        eprintln!("error: the policy in {} was refused at the step `{}`: it {error}", path.display(), error.step());
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

/// Faults of one object that are reported one by one; a hostile object can have millions, and the rest is counted.
const FAULTS_REPORTED: u64 = 100;

/// A scan under way.
struct Scanning {
    report: Report,
    summary: Summary,
    failures: Failures,
    /// The object that last had a fault, and how many it has had.
    faults: Option<(Arc<str>, u64)>,
    least_level: LogLevel,
    progress: Progress,
}

impl Scanning {
    fn run(
        &mut self,
        catalogue: &Arc<Catalogue>,
        inputs: Inputs,
        config: &Config,
        workers: usize,
        progress: Progress,
    ) -> io::Result<()> {
        for refusal in catalogue.refusals() {
            self.host_finding(refused(refusal))?;
        }
        self.summary.expected_objects = (inputs.objects.len() + inputs.errors.len()) as u64;
        for error in inputs.errors {
            let object = error.path.display().to_string().into();
            self.unreadable(Unreadable { object, offset: None, reason: error.source.to_string(), is_one_record: false })?;
        }
        let feed = Feed::new(inputs.objects, ReadLimits::from(&config.limits), move |bytes| progress.add_bytes(bytes));
        let this = &mut *self;
        scan(feed, catalogue, &config.limits, workers, |scanned| this.receive(scanned))?;
        self.report_other_faults()?;
        for failure in std::mem::take(&mut self.failures).into_findings() {
            self.host_finding(failure)?;
        }
        if let Some(contradiction) = self.summary.contradiction() {
            self.host_finding(host_finding(HostRule::CountsDisagree, Subject::default(), contradiction))?;
        }
        Ok(())
    }

    fn receive(&mut self, scanned: Scanned) -> io::Result<()> {
        let Scanned { judged, unreadable, ended, objects_ended } = scanned;
        self.summary.read += &ended;
        self.summary.objects += objects_ended;
        self.summary.judged += judged.counts;
        self.summary.log_lines_dropped += judged.log_lines_dropped;
        for (policy, line) in judged.log {
            if line.level >= self.least_level {
                let text = line.text.escape_debug();
                self.progress.line(&format!("{}: {policy}: {text}", line.level.as_str()));
            }
        }
        for finding in judged.findings {
            self.summary.count(Reported::from(&finding));
            self.report.finding(finding)?;
        }
        for failure in judged.failures {
            self.failures.add(failure);
        }
        for fault in unreadable {
            self.unreadable(fault)?;
        }
        if self.progress.is_visible() {
            self.progress.say(format!("{} findings", HumanCount(self.summary.findings())));
        }
        Ok(())
    }

    fn unreadable(&mut self, fault: Unreadable) -> io::Result<()> {
        let Unreadable { object, offset, reason, is_one_record } = fault;
        if offset.is_none() {
            self.summary.not_opened += 1;
        }
        let has_had = match &mut self.faults {
            Some((last, count)) if *last == object => {
                *count += 1;
                *count
            }
            _ => {
                self.report_other_faults()?;
                self.faults = Some((Arc::clone(&object), 1));
                1
            }
        };
        if has_had > FAULTS_REPORTED {
            return Ok(());
        }
        let place = offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
        self.progress.line(&format!("error: {object}{place}: {reason}"));
        let rule = if is_one_record { HostRule::RecordUnreadable } else { HostRule::ObjectUnreadable };
        let subject = Subject { object: Some(object.to_string()), offset, ..Subject::default() };
        self.host_finding(host_finding(rule, subject, reason))
    }

    /// Reports how many faults of the last object were not reported one by one.
    fn report_other_faults(&mut self) -> io::Result<()> {
        let Some((object, count)) = self.faults.take().filter(|(_, count)| *count > FAULTS_REPORTED) else { return Ok(()) };
        let others = count - FAULTS_REPORTED;
        self.progress.line(&format!("error: {object}: {} more places can't be read", HumanCount(others)));
        let subject = Subject { object: Some(object.to_string()), ..Subject::default() };
        let reason = format!("{others} more places can't be read, after the {FAULTS_REPORTED} that are reported one by one");
        self.host_finding(HostFinding { count: others, ..host_finding(HostRule::ObjectUnreadable, subject, reason) })
    }

    fn host_finding(&mut self, finding: HostFinding) -> io::Result<()> {
        self.summary.count(Reported::from(&finding));
        self.report.host_finding(finding)
    }
}

fn host_finding(rule: HostRule, subject: Subject, reason: String) -> HostFinding {
    HostFinding { rule, subject, reason, time: None, count: 1, events: RelatedEvents::default() }
}

fn refused(refusal: &Refusal) -> HostFinding {
    let policy = refusal.path.file_name().map(|name| name.to_string_lossy().into_owned());
    let subject = Subject { policy, failure: Some(refusal.error.step().as_str()), ..Subject::default() };
    host_finding(HostRule::PolicyRefused, subject, format!("{}: {}", refusal.path.display(), refusal.error))
}

/// Failures of policies, one group for each policy, rule and kind, so that a policy that fails on every record is reported
/// once, with their number.
#[derive(Default)]
struct Failures {
    groups: BTreeMap<(Name, Option<Name>, FailureKind), FailureGroup>,
}

struct FailureGroup {
    count: u64,
    events: RelatedEvents,
    first: String,
}

impl Failures {
    fn add(&mut self, failure: Failure) {
        let Failure { policy, rule, kind, reason, record } = failure;
        let place = record.as_ref().map(|record| format!(" (first at byte {} of {})", record.offset, record.object));
        let group = self.groups.entry((policy, rule, kind)).or_insert_with(|| FailureGroup {
            count: 0,
            events: RelatedEvents::default(),
            first: reason + &place.unwrap_or_default(),
        });
        group.count += 1;
        if let Some(record) = record {
            group.events.add(record.event_key);
        }
    }

    fn into_findings(self) -> impl Iterator<Item = HostFinding> {
        self.groups.into_iter().map(|((policy, rule, kind), group)| {
            let subject = Subject { policy: Some(policy.to_string()), rule, failure: Some(kind.as_str()), ..Subject::default() };
            let reason = group.first;
            HostFinding { rule: HostRule::PolicyFailed, subject, reason, time: None, count: group.count, events: group.events }
        })
    }
}
