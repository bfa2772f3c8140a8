//! `trailwarden policy fixture`: a real record becomes a redacted case of a rule's fixtures.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::{Args, ValueEnum};
use policy_contract::fields::Fields;
use policy_contract::fixture::{Expectation, Found};
use policy_contract::json;
use policy_contract::name::Name;
use serde::Serialize;
use serde_json::{Value, json as object};

use super::exit::Exit;
use super::loading;
use super::looking::Reading;
use crate::config::Config;
use crate::limits::Limits;
use crate::policy::examples::found_in;
use crate::policy::{CompiledFile, LoadedPolicy};
use crate::record::{RawRecord, ReadLimits};
use crate::redaction::{Redacted, redact};

/// What `trailwarden policy fixture` is given.
#[derive(Debug, Args)]
#[command(
    after_help = "What identifies an account, a person, a machine or a thing is replaced, the same by the same; what rules look at \
                        stays. That goes by known keys and forms: a person must look at the result before it is shown to anybody.\n\n\
                        Without --rule the case alone is printed, to be pasted into a list of cases; with --rule a whole file, whose \
                        other lists are to be filled. With --policy the redacted record is judged, without settings and tables, and \
                        the case expects what the policy finds now.\n\nExit codes: 0 done; 1 the policy judges the redacted record \
                        otherwise than the real one; 2 wrong usage, or there is no such event; 3 the event was found, and some input \
                        could not be read."
)]
pub(super) struct FixtureArgs {
    /// Which record: its eventID
    #[arg(long, value_name = "EVENT_ID")]
    from: String,

    /// The rule that the fixture is for
    #[arg(long, value_name = "ID")]
    rule: Option<Name>,

    /// What the rule is to do with the record [default: what the policy does, or else match]
    #[arg(long, value_enum)]
    expect: Option<Expect>,

    /// Fill in what this policy (*.wasm) finds in the redacted record now
    #[arg(short, long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// Write to this new file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Records: files (.json, .json.gz, .jsonl, …), folders of them, or - for standard input
    #[arg(required = true, value_name = "RECORDS")]
    records: Vec<PathBuf>,
}

/// The lists of cases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Expect {
    /// The rule finds something
    Match,
    /// The record is routed to the rule, which finds nothing
    Pass,
    /// The rule's selectors leave the record out
    Unrouted,
}

impl Expect {
    fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Pass => "pass",
            Self::Unrouted => "unrouted",
        }
    }
}

pub(super) fn run(args: &FixtureArgs) -> anyhow::Result<Exit> {
    let limits = Limits::default();
    let mut reading = Reading::of(&args.records, ReadLimits::from(&limits));
    let found = find(&mut reading, &args.from);
    reading.finish();
    let Some(original) = found else {
        bail!("none of the {} records has the event id {}", reading.read.records, args.from);
    };
    let record = json::parse(original.json.as_bytes()).context("the record can't be read")?;
    let redacted = redact(&record);
    let judged = match &args.policy {
        Some(file) => Some(judged(args, file, &original.json, &redacted.record)?),
        None => None,
    };
    let expect = args.expect.or(judged.as_ref().map(Judged::expect)).unwrap_or(Expect::Match);
    let rule = args.rule.as_ref().or(judged.as_ref().map(|judged| &judged.rule));
    let case = case(&redacted.record, judged.as_ref().filter(|_| expect == Expect::Match));
    let document = rule.map_or_else(|| case.clone(), |rule| fixtures(rule, expect, &case));
    write(args.out.as_deref(), &(serde_json::to_string_pretty(&document)? + "\n"))?;
    tell(&redacted, rule, expect);
    let is_as_before = judged.as_ref().is_none_or(|judged| judged.tell(expect));
    Ok(if !is_as_before {
        Exit::Found
    } else if reading.unreadable > 0 {
        Exit::Unreadable
    } else {
        Exit::Done
    })
}

fn find(reading: &mut Reading, event_id: &str) -> Option<RawRecord> {
    while let Some(chunk) = reading.next() {
        let found = chunk.records.into_iter().find(|record| record.record.event_key.as_str() == event_id);
        if let Some(found) = found {
            return Some(found.record);
        }
    }
    None
}

/// What a rule makes of the record, as it was and redacted.
struct Judged {
    rule: Name,
    /// None where the rule's selectors leave the record out.
    original: Option<Vec<Found>>,
    redacted: Option<Vec<Found>>,
}

impl Judged {
    fn expect(&self) -> Expect {
        match self.redacted.as_deref() {
            None => Expect::Unrouted,
            Some([]) => Expect::Pass,
            Some(_) => Expect::Match,
        }
    }

    /// Tells where the redacted record is judged otherwise than the real one, or than it is meant to be. Returns whether all is as it should be.
    fn tell(&self, expect: Expect) -> bool {
        let in_short = |found: &Option<Vec<Found>>| {
            found.as_ref().map(|found| found.iter().map(|found| (found.severity, found.title.clone())).collect::<Vec<_>>())
        };
        if self.expect() != expect {
            eprintln!("note: the rule `{}` does not do so now: with this policy it is `{}`", self.rule, self.expect().as_str());
        }
        let is_as_before = in_short(&self.original) == in_short(&self.redacted);
        if !is_as_before {
            eprintln!(
                "warning: the rule `{}` judges the redacted record otherwise than the real one: something that it looks at was \
                 replaced; put back what is harmless by hand",
                self.rule
            );
        }
        is_as_before
    }
}

/// Judges the record by a policy, as `policy test` will: without settings and tables.
fn judged(args: &FixtureArgs, file: &Path, original: &str, redacted: &Value) -> anyhow::Result<Judged> {
    let config = Config::default();
    let loader = loading::loader(&config)?;
    let policy = loading::told(file, |notices| {
        let file = CompiledFile::read(&loader, file, &config.limits, notices)?;
        file.configure(&config, notices)
    })?;
    let redacted = redacted.to_string();
    let of_rule = |rule: usize| {
        anyhow::Ok(Judged {
            rule: policy.rules()[rule].description.id.clone(),
            original: found_if_routed(&policy, rule, original)?,
            redacted: found_if_routed(&policy, rule, &redacted)?,
        })
    };
    let ids = || policy.rules().iter().map(|rule| rule.description.id.as_str()).collect::<Vec<_>>().join(", ");
    if let Some(id) = &args.rule {
        let Some(rule) = policy.rules().iter().position(|rule| rule.description.id == *id) else {
            bail!("the policy has no rule `{id}`; it has {}", ids());
        };
        return of_rule(rule);
    }
    let all = (0..policy.rules().len()).map(of_rule).collect::<Result<Vec<_>, _>>()?;
    let mut finding: Vec<Judged> = all.into_iter().filter(|judged| judged.expect() == Expect::Match).collect();
    match finding.len() {
        1 => Ok(finding.swap_remove(0)),
        0 => bail!("no rule of the policy finds anything in the redacted record: say which is meant with --rule ({})", ids()),
        _ => {
            let found: Vec<&str> = finding.iter().map(|judged| judged.rule.as_str()).collect();
            bail!("several rules find something in it: say which is meant with --rule ({})", found.join(", "))
        }
    }
}

/// What a rule finds in a record; none where its selectors leave the record out.
fn found_if_routed(policy: &LoadedPolicy, rule: usize, record: &str) -> anyhow::Result<Option<Vec<Found>>> {
    let fields = Fields::from_json(record).context("the record can't be read")?;
    let selectors = &policy.rules()[rule].description.selectors;
    if !selectors.iter().any(|selector| selector.matches(&fields)) {
        return Ok(None);
    }
    let id = &policy.rules()[rule].description.id;
    Ok(Some(found_in(policy, rule, record).with_context(|| format!("the rule `{id}` can't judge it"))?))
}

/// The members of a document in the order in which a person writes them.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
enum Document {
    Case {
        name: String,
        record: Value,
        #[serde(skip_serializing_if = "Option::is_none")]
        expect: Option<Value>,
    },
    Fixtures {
        rule: Name,
        matches: Vec<Document>,
        passes: Vec<Document>,
        unrouted: Vec<Document>,
    },
}

fn case(record: &Value, judged: Option<&Judged>) -> Document {
    let text = |value: &Value| value.as_str().unwrap_or("unknown").to_owned();
    let (event, principal) = (text(&record["eventName"]), text(&record["userIdentity"]["type"]));
    let expect = judged.and_then(|judged| judged.redacted.as_deref()).and_then(expectation);
    Document::Case { name: format!("{event} by {principal}, from a real record"), record: record.clone(), expect }
}

fn fixtures(rule: &Name, expect: Expect, case: &Document) -> Document {
    let list = |of: Expect| if of == expect { vec![case.clone()] } else { Vec::new() };
    let (matches, passes, unrouted) = (list(Expect::Match), list(Expect::Pass), list(Expect::Unrouted));
    Document::Fixtures { rule: rule.clone(), matches, passes, unrouted }
}

/// All that a finding says, as far as a case can expect it.
fn expectation(found: &[Found]) -> Option<Value> {
    let first = found.first()?;
    let expectation = Expectation {
        findings: (found.len() != 1).then_some(found.len()),
        severity: Some(first.severity),
        title: Some(first.title.clone()),
        summary: vec![first.summary.clone()],
        key: (!first.key.is_empty()).then(|| first.key.clone()),
        details: first.more.details.clone(),
        resources: (!first.more.resources.is_empty()).then(|| first.more.resources.iter().map(|r| r.uid.clone()).collect()),
    };
    // Texts, numbers and JSON that came out of JSON: none is refused.
    let Value::Object(mut members) = object!(expectation) else { return None };
    let says_nothing = |value: &Value| value.is_null() || value.as_object().is_some_and(serde_json::Map::is_empty);
    members.retain(|_, value| !says_nothing(value));
    Some(Value::Object(members))
}

fn write(out: Option<&Path>, text: &str) -> anyhow::Result<()> {
    match out {
        None => print!("{text}"),
        Some(path) => {
            let new = || File::create_new(path)?.write_all(text.as_bytes());
            new().with_context(|| format!("{} can't be written; only a new file is", path.display()))?;
        }
    }
    Ok(())
}

fn tell(redacted: &Redacted, rule: Option<&Name>, expect: Expect) {
    let replaced: BTreeMap<&str, u64> = redacted.replaced.iter().map(|(kind, number)| (kind.plural(), *number)).collect();
    let list: Vec<String> = replaced.iter().map(|(kind, number)| format!("{number} {kind}")).collect();
    eprintln!("replaced: {}", if list.is_empty() { "nothing".to_owned() } else { list.join(", ") });
    eprintln!("look at the result before you commit it: what has no known key or form was left as it is");
    if rule.is_some() {
        let missing = if expect == Expect::Match { "`passes` or `unrouted`" } else { "`matches`" };
        eprintln!("to be used, the file needs a case under {missing} too");
    }
}
