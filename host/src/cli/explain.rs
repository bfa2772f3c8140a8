//! `trailwarden policy explain`: why a policy finds something in a record, or why it doesn't.

use std::path::PathBuf;

use anyhow::{Context as _, bail};
use clap::Args;
use jiff::Timestamp;
use policy_contract::fields::Fields;
use policy_contract::selector::Unmet;

use super::exit::Exit;
use super::{exceptions, loading};
use crate::engine::{Judgement, Verdict};
use crate::exception::Now;
use crate::harmless::harmless;
use crate::policy::{LoadedPolicy, LoadedRule, load, one_record};
use crate::record::{Item, ObjectReader, RawRecord, ReadLimits};
use crate::source::{Input, Inputs};

/// What `trailwarden policy explain` is given.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// The configuration: settings, context tables, modes and limits
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// What counts as now, by which exceptions end [default: now]
    #[arg(long, hide = true, value_name = "TIME")]
    now: Option<Timestamp>,

    /// Which record, where RECORD holds several: its eventID
    #[arg(short, long, value_name = "ID")]
    event_id: Option<String>,

    /// Explain this rule only
    #[arg(short, long, value_name = "ID")]
    rule: Option<String>,

    /// The policy (*.wasm)
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The record: a file or folder, or - for standard input
    #[arg(value_name = "RECORD")]
    record: PathBuf,
}

pub(super) fn run(args: &ExplainArgs) -> anyhow::Result<Exit> {
    let mut config = super::configuration(args.config.as_ref())?;
    config.now = Now::At(args.now.unwrap_or_else(Timestamp::now));
    let loader = loading::loader(&config)?;
    let policy = loading::told(&args.file, |notices| load(&loader, &args.file, &config, notices))?;
    let record = the_record(args, ReadLimits::from(&config.limits))?;
    let fields = Fields::from_json(&record.json).context("the record can't be read")?;

    let identity = policy.identity();
    println!("policy {} {} ({})", identity.name, identity.version, identity.digest);
    println!(
        "record {} ({} {}, {})",
        harmless(record.event_key.as_str()),
        harmless(fields.event_source.as_deref().unwrap_or("no source")),
        harmless(fields.event_name.as_deref().unwrap_or("no name")),
        fields.outcome.as_str()
    );
    let wanted = |rule: &&LoadedRule| args.rule.as_ref().is_none_or(|id| rule.description.id.as_str() == id);
    if let Some(id) = args.rule.as_ref().filter(|_| !policy.rules().iter().any(|rule| wanted(&rule))) {
        let ids: Vec<&str> = policy.rules().iter().map(|rule| rule.description.id.as_str()).collect();
        bail!("the policy has no rule `{id}`; it has {}", ids.join(", "));
    }
    for (position, rule) in policy.rules().iter().enumerate().filter(|(_, rule)| wanted(rule)) {
        println!();
        explain(&policy, position, rule, &record, &fields)?;
        exceptions::explain(rule, &record.json);
    }
    Ok(Exit::Done)
}

/// The one record that is meant.
fn the_record(args: &ExplainArgs, limits: ReadLimits) -> anyhow::Result<RawRecord> {
    let inputs = Inputs::find([Input::from(args.record.clone())]);
    if let Some(error) = inputs.errors.into_iter().next() {
        return Err(error).context("the record can't be read");
    }
    let mut candidates = Vec::new();
    let mut others = 0_u64;
    for object in inputs.objects {
        for item in ObjectReader::new(object.open()?, limits) {
            match item {
                Item::Record(record) => match &args.event_id {
                    Some(id) if record.event_key.as_str() != id => others += 1,
                    _ => candidates.push(record),
                },
                Item::Fault(fault) => eprintln!("error: {}: {fault}", object.name()),
                Item::Duplicate { .. } | Item::NotARecord { .. } => {}
            }
        }
    }
    match (candidates.len(), &args.event_id) {
        (0, Some(id)) => bail!("{} holds {others} records, and none has the event id {id}", args.record.display()),
        (0, None) => bail!("{} holds no CloudTrail record", args.record.display()),
        (1, _) | (_, Some(_)) => Ok(candidates.swap_remove(0)),
        (number, None) => bail!("{} holds {number} records: say which with --event-id", args.record.display()),
    }
}

fn explain(
    policy: &LoadedPolicy,
    position: usize,
    rule: &LoadedRule,
    record: &RawRecord,
    fields: &Fields<'_>,
) -> anyhow::Result<()> {
    let id = &rule.description.id;
    if !rule.description.selectors.iter().any(|selector| selector.matches(fields)) {
        println!("rule {id} ({}): not routed", rule.mode.as_str());
        let many = rule.description.selectors.len() > 1;
        for (number, selector) in rule.description.selectors.iter().enumerate() {
            if many {
                println!("  selector {}:", number + 1);
            }
            selector.unmet(fields).iter().for_each(print_unmet);
        }
        return Ok(());
    }
    let mut guest = policy.guest();
    guest.record_lookups();
    let batch = one_record::batch(policy, position, &record.json)?;
    let Judgement { answers, failures, said, .. } = guest.judge(&batch);
    println!("rule {id} ({}): routed, {}", rule.mode.as_str(), outcome(answers.len(), failures.len()));
    for lookup in said.lookups {
        println!("  asked {} for {:?}: {}", lookup.table, lookup.asked, harmless(&lookup.answer));
    }
    for line in said.lines {
        println!("  {}: {}", line.level.as_str(), harmless(&line.text));
    }
    for failure in failures {
        println!("  failed ({}): {}", failure.kind, harmless(&failure.reason));
    }
    for answer in answers {
        match answer.verdict {
            Verdict::Finding(finding) => {
                let severity = rule.severity.or(finding.severity).unwrap_or(rule.description.severity);
                let title = finding.title.as_deref().unwrap_or(&rule.description.title);
                println!("  finding: {severity}, {}: {}", harmless(title), harmless(&finding.summary));
                for (name, detail) in finding.more.details {
                    println!("    {}: {}", harmless(&name), harmless(&detail.to_string()));
                }
            }
            Verdict::Signal(signal) => println!("  signal: {}", harmless(&signal.key)),
        }
    }
    Ok(())
}

fn outcome(answers: usize, failures: usize) -> String {
    match (answers, failures) {
        (0, 0) => "nothing found".to_owned(),
        (0, _) => "failed".to_owned(),
        (1, _) => "1 answer".to_owned(),
        (number, _) => format!("{number} answers"),
    }
}

fn print_unmet(unmet: &Unmet) {
    let found = unmet.found.as_deref().map_or_else(|| "absent".to_owned(), |found| format!("{found:?}"));
    let wanted: Vec<String> = unmet.wanted.iter().map(|wanted| format!("{wanted:?}")).collect();
    println!("  {} is {found}, wanted {}", unmet.field, wanted.join(" or "));
}
