//! `trailwarden policy diff`: what another version of a policy would change, on records.

mod compare;
mod report;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use policy_contract::name::Name;

use super::exit::Exit;
use super::loading;
use super::looking::{self, Reading};
use crate::config::Config;
use crate::engine::thread_cpu_time;
use crate::finding::PolicyIdentity;
use crate::pipeline::{Alone, Chunk, Failure, Judged};
use crate::policy::{Catalogue, LoadedPolicy, LoadedRule};
use crate::record::ReadLimits;
use compare::{Compared, Difference, compare};
use report::Report;

/// What `trailwarden policy diff` is given.
#[derive(Debug, Args)]
#[command(
    after_help = "Rules in the shadow are judged as if they were at work; rules that are off are not asked. A policy that disagrees \
                        with its own examples is compared nevertheless, and that is told.\n\nExit codes: 0 done; 1 with --fail-on-change, \
                        where the versions find or fail differently; 2 wrong usage or configuration, or a policy was refused; 3 some \
                        input could not be read. Where several hold, 2 is told before 1 and 1 before 3."
)]
pub(super) struct DiffArgs {
    /// The configuration of both: settings, context tables, modes and limits
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Another configuration for OLD, where it does not take that of NEW
    #[arg(long, value_name = "FILE")]
    old_config: Option<PathBuf>,

    /// The form of the output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// How many differences of each kind are listed; all are counted
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u16).range(0..=1000))]
    list: u16,

    /// End with exit code 1 if the versions find or fail differently
    #[arg(long)]
    fail_on_change: bool,

    /// The version that is at work (*.wasm)
    #[arg(value_name = "OLD")]
    old: PathBuf,

    /// The version that is to take its place (*.wasm)
    #[arg(value_name = "NEW")]
    new: PathBuf,

    /// Records: files (.json, .json.gz, .jsonl, …), folders of them, or - for standard input
    #[arg(required = true, value_name = "RECORDS")]
    records: Vec<PathBuf>,
}

/// The forms of the output of what an engineer looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Table,
    /// One JSON document
    Json,
}

pub(super) fn run(args: &DiffArgs) -> anyhow::Result<Exit> {
    let config = super::configuration(args.config.as_ref())?;
    let old_config = match &args.old_config {
        Some(file) => super::configuration(Some(file))?,
        None => config.clone(),
    };
    let loader = loading::loader(&config)?;
    let old = Version::new(looking::policy(&loader, &args.old, &old_config)?, &old_config);
    let new = Version::new(looking::policy(&loader, &args.new, &config)?, &config);
    let mut reading = Reading::of(&args.records, ReadLimits::from(&config.limits));
    let report = Comparison::of(old, new, usize::from(args.list)).on(&mut reading);
    match args.format {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(if args.fail_on_change && report.is_change() {
        Exit::Found
    } else if reading.unreadable > 0 {
        Exit::Unreadable
    } else {
        Exit::Done
    })
}

/// Compares two versions that are loaded already.
pub(super) fn between(old: LoadedPolicy, new: LoadedPolicy, config: &Config, reading: &mut Reading, list: usize) -> Report {
    Comparison::of(Version::new(old, config), Version::new(new, config), list).on(reading)
}

/// One of the versions.
struct Version {
    identity: Arc<PolicyIdentity>,
    path: PathBuf,
    rules: Vec<LoadedRule>,
    judge: Alone,
    said: Said,
}

/// What a version said of all records so far.
#[derive(Default)]
struct Said {
    evaluated: u64,
    tasks: u64,
    findings: u64,
    /// Tasks that were withheld, since the policy was quarantined.
    withheld: u64,
    quarantine: Option<String>,
    /// By rule and kind: how many, and the first record concerned.
    failures: BTreeMap<(Option<Name>, &'static str), Failed>,
    cpu: Duration,
}

/// Failures of one kind of one rule.
#[derive(Clone, Debug)]
struct Failed {
    times: u64,
    reason: String,
    event: Option<String>,
}

impl Version {
    fn new(policy: LoadedPolicy, config: &Config) -> Self {
        // As they would be in a host: here also those in the shadow are at work.
        let rules = policy.rules().to_vec();
        let policy = policy.with_shadows_at_work();
        let (identity, path) = (Arc::clone(policy.identity()), policy.path().to_owned());
        let judge = Alone::new(Arc::new(Catalogue::new(vec![Arc::new(policy)], Vec::new())), &config.limits);
        Self { identity, path, rules, judge, said: Said::default() }
    }

    fn judge(&mut self, chunk: &Chunk) -> Judged {
        let begun = thread_cpu_time();
        let (judged, quarantined) = self.judge.judge(chunk);
        self.said.cpu += thread_cpu_time().saturating_sub(begun);
        let counts = judged.counts();
        self.said.evaluated += counts.records.evaluated;
        self.said.tasks += counts.tasks;
        self.said.withheld += counts.quarantined;
        self.said.findings += judged.findings.len() as u64;
        if let Some(quarantined) = quarantined.first() {
            self.said.quarantine = Some(quarantined.verdict.to_string());
        }
        for Failure { rule, kind, reason, record, .. } in &judged.failures {
            let first =
                || Failed { times: 0, reason: reason.clone(), event: record.as_ref().map(|record| record.event_key.clone()) };
            self.said.failures.entry((rule.clone(), kind.as_str())).or_insert_with(first).times += 1;
        }
        judged
    }
}

/// What became of the findings of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
struct Counts {
    same: u64,
    changed: u64,
    only_old: u64,
    only_new: u64,
}

/// Two versions and how they differ so far.
struct Comparison {
    old: Version,
    new: Version,
    by_rule: BTreeMap<Name, Counts>,
    /// The first of each kind, as many as are listed.
    changed: Vec<Difference>,
    only_old: Vec<Difference>,
    only_new: Vec<Difference>,
    list: usize,
    records: u64,
    /// Whose turn it is to judge first: who is second finds the records in the processor's cache.
    is_new_first: bool,
}

impl Comparison {
    fn of(old: Version, new: Version, list: usize) -> Self {
        let (changed, only_old, only_new) = (Vec::new(), Vec::new(), Vec::new());
        Self { old, new, by_rule: BTreeMap::new(), changed, only_old, only_new, list, records: 0, is_new_first: false }
    }

    /// The report of all records of a reading.
    fn on(mut self, reading: &mut Reading) -> Report {
        while let Some(chunk) = reading.next() {
            self.judge(&chunk);
        }
        reading.finish();
        self.records = reading.read.records;
        Report::of(self)
    }

    fn judge(&mut self, chunk: &Chunk) {
        let (old, new) = if self.is_new_first {
            let new = self.new.judge(chunk);
            (self.old.judge(chunk), new)
        } else {
            (self.old.judge(chunk), self.new.judge(chunk))
        };
        self.is_new_first = !self.is_new_first;
        for (rule, compared) in compare(chunk, &old.findings, &new.findings) {
            let counts = self.by_rule.entry(rule).or_default();
            let (count, listed) = match compared {
                Compared::Same => {
                    counts.same += 1;
                    continue;
                }
                Compared::Changed(difference) => (&mut counts.changed, (&mut self.changed, difference)),
                Compared::OnlyOld(difference) => (&mut counts.only_old, (&mut self.only_old, difference)),
                Compared::OnlyNew(difference) => (&mut counts.only_new, (&mut self.only_new, difference)),
            };
            *count += 1;
            let (list, difference) = listed;
            if list.len() < self.list {
                list.push(difference);
            }
        }
    }
}
