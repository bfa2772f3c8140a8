//! The difference between two versions, as a document and as a page for people. All but the CPU times is the same in every run.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use indicatif::HumanCount;
use policy_contract::manifest::Mode;
use policy_contract::name::Name;
use serde::Serialize;
use serde_json::Value;

use super::compare::{Change, Difference};
use super::{Comparison, Counts, Version};
use crate::harmless::harmless;
use crate::policy::LoadedRule;

/// The characters of one side of a change that the page shows; the document has all.
const SHOWN: usize = 200;

/// The difference, as it is printed.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct Report {
    old: Side,
    new: Side,
    records: u64,
    rules: Rules,
    totals: Counts,
    by_rule: BTreeMap<Name, Counts>,
    changed: Vec<Difference>,
    only_old: Vec<Difference>,
    only_new: Vec<Difference>,
}

/// One version, and what it said in all.
#[derive(Debug, Serialize)]
struct Side {
    name: Name,
    version: String,
    digest: String,
    file: String,
    evaluated: u64,
    tasks: u64,
    findings: u64,
    withheld: u64,
    quarantine: Option<String>,
    failures: Vec<Failures>,
    /// CPU time of host and policy for all records, in nanoseconds.
    cpu_ns: u64,
}

/// Failures of one kind of one rule.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Failures {
    rule: Option<Name>,
    kind: &'static str,
    times: u64,
    first_reason: String,
    first_event: Option<String>,
}

/// How the versions' rules differ.
#[derive(Debug, Serialize)]
struct Rules {
    in_both: usize,
    only_old: BTreeSet<Name>,
    only_new: BTreeSet<Name>,
    /// Rules that neither version was asked for.
    off: BTreeSet<Name>,
    changed: BTreeMap<Name, Vec<Change>>,
}

impl Report {
    /// The report of a comparison that has come to its end.
    pub(super) fn of(comparison: Comparison) -> Self {
        let Comparison { old, new, by_rule, changed, only_old, only_new, records, .. } = comparison;
        let totals = by_rule.values().fold(Counts::default(), |sum, counts| Counts {
            same: sum.same + counts.same,
            changed: sum.changed + counts.changed,
            only_old: sum.only_old + counts.only_old,
            only_new: sum.only_new + counts.only_new,
        });
        let rules = Rules::of(&old, &new);
        let [old, new] = [old, new].map(Side::of);
        Self { old, new, records, rules, totals, by_rule, changed, only_old, only_new }
    }

    /// Whether the versions find or fail differently.
    pub(in crate::cli) fn is_change(&self) -> bool {
        let Counts { changed, only_old, only_new, .. } = self.totals;
        changed + only_old + only_new > 0 || self.old.failures != self.new.failures || self.old.withheld != self.new.withheld
    }
}

impl Side {
    fn of(version: Version) -> Self {
        let Version { identity, path, said, .. } = version;
        let failures = said.failures.into_iter().map(|((rule, kind), failed)| Failures {
            rule,
            kind,
            times: failed.times,
            first_reason: failed.reason,
            first_event: failed.event,
        });
        Self {
            name: identity.name.clone(),
            version: identity.version.clone(),
            digest: identity.digest.to_string(),
            file: path.display().to_string(),
            evaluated: said.evaluated,
            tasks: said.tasks,
            findings: said.findings,
            withheld: said.withheld,
            quarantine: said.quarantine,
            failures: failures.collect(),
            cpu_ns: u64::try_from(said.cpu.as_nanos()).unwrap_or(u64::MAX),
        }
    }

    fn failed(&self) -> u64 {
        self.failures.iter().map(|failures| failures.times).sum()
    }
}

impl Rules {
    fn of(old: &Version, new: &Version) -> Self {
        let by_id = |version: &Version| -> BTreeMap<Name, LoadedRule> {
            version.rules.iter().map(|rule| (rule.description.id.clone(), rule.clone())).collect()
        };
        let (old, new) = (by_id(old), by_id(new));
        let only = |these: &BTreeMap<Name, LoadedRule>, those: &BTreeMap<Name, LoadedRule>| {
            these.keys().filter(|id| !those.contains_key(*id)).cloned().collect()
        };
        let both: Vec<_> = old.iter().filter_map(|(id, old)| Some((id, old, new.get(id)?))).collect();
        let changes = both.iter().map(|(id, old, new)| ((*id).clone(), rule_changes(old, new)));
        let is_off = |rule: Option<&LoadedRule>| rule.is_none_or(|rule| rule.mode == Mode::Off);
        let all: BTreeSet<&Name> = old.keys().chain(new.keys()).collect();
        Self {
            in_both: both.len(),
            only_old: only(&old, &new),
            only_new: only(&new, &old),
            off: all.into_iter().filter(|id| is_off(old.get(*id)) && is_off(new.get(*id))).cloned().collect(),
            changed: changes.filter(|(_, changes)| !changes.is_empty()).collect(),
        }
    }
}

/// What two versions of a rule say differently of themselves.
fn rule_changes(old: &LoadedRule, new: &LoadedRule) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |what: &str, old: Value, new: Value| {
        if old != new {
            changes.push(Change { what: what.to_owned(), old, new });
        }
    };
    let severity = |rule: &LoadedRule| rule.severity.unwrap_or(rule.description.severity).as_str().into();
    compare("mode", old.mode.as_str().into(), new.mode.as_str().into());
    compare("severity", severity(old), severity(new));
    compare("title", old.description.title.as_str().into(), new.description.title.as_str().into());
    // Lists of texts: none is refused as JSON.
    let selectors = |rule: &LoadedRule| serde_json::to_value(&rule.description.selectors).unwrap_or_default();
    compare("selectors", selectors(old), selectors(new));
    let techniques = |rule: &LoadedRule| serde_json::to_value(&rule.description.techniques).unwrap_or_default();
    compare("techniques", techniques(old), techniques(new));
    changes
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (word, side) in [("old", &self.old), ("new", &self.new)] {
            let Side { name, version, digest, file, .. } = side;
            writeln!(f, "{word}       {name} {} ({digest}) {}", harmless(version), harmless(file))?;
        }
        self.write_rules(f)?;
        let count = |number: u64| HumanCount(number).to_string();
        let (old, new) = (&self.old, &self.new);
        writeln!(
            f,
            "records   {} in; {} evaluated by old, {} by new",
            count(self.records),
            count(old.evaluated),
            count(new.evaluated)
        )?;
        let Counts { same, changed, only_old, only_new } = self.totals;
        writeln!(
            f,
            "findings  old {}, new {}: {} the same, {} changed, {} only in old, {} only in new",
            count(old.findings),
            count(new.findings),
            count(same),
            count(changed),
            count(only_old),
            count(only_new)
        )?;
        writeln!(f, "failures  old {}, new {}", count(old.failed()), count(new.failed()))?;
        for (word, side) in [("old", old), ("new", new)] {
            for Failures { rule, kind, times, first_reason, first_event } in &side.failures {
                let rule = rule.as_ref().map_or("the policy", Name::as_str);
                let event = first_event.as_ref().map(|event| format!(" at {}", harmless(event))).unwrap_or_default();
                writeln!(f, "          {word}: {rule}, {kind}: {}, the first{event}: {}", count(*times), short(first_reason))?;
            }
            if let Some(verdict) = &side.quarantine {
                let withheld = count(side.withheld);
                writeln!(f, "          {word}: quarantined, {withheld} tasks were withheld: it {}", short(verdict))?;
            }
        }
        self.write_time(f)?;
        self.write_by_rule(f)?;
        let lists = [
            ("changed", &self.changed, changed),
            ("only in old", &self.only_old, only_old),
            ("only in new", &self.only_new, only_new),
        ];
        for (title, list, total) in lists.into_iter().filter(|(_, _, total)| *total > 0) {
            let listed = list.len() as u64;
            let of = if listed < total { format!("the first {} of ", count(listed)) } else { String::new() };
            writeln!(f, "\n{title} ({of}{})", count(total))?;
            list.iter().try_for_each(|difference| write_difference(difference, f))?;
        }
        Ok(())
    }
}

impl Report {
    fn write_rules(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Rules { in_both, only_old, only_new, off, changed } = &self.rules;
        write!(f, "rules     {in_both} in both")?;
        for (names, what) in [(only_old, "only in old"), (only_new, "only in new"), (off, "off and not asked")] {
            if !names.is_empty() {
                let list: Vec<&str> = names.iter().map(Name::as_str).collect();
                write!(f, "; {} {what}: {}", names.len(), list.join(", "))?;
            }
        }
        writeln!(f)?;
        for (rule, changes) in changed {
            for change in changes {
                writeln!(f, "          {rule}: {}", one_line(change))?;
            }
        }
        Ok(())
    }

    fn write_time(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let each = |side: &Side| {
            let time = Duration::from_nanos(side.cpu_ns);
            let micros = side.cpu_ns as f64 / 1_000.0 / self.records.max(1) as f64;
            format!("{:.1} ms ({micros:.2} µs a record)", time.as_secs_f64() * 1_000.0)
        };
        writeln!(f, "CPU time  old {}, new {}; of host and policy", each(&self.old), each(&self.new))
    }

    fn write_by_rule(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.by_rule.is_empty() {
            return Ok(());
        }
        let width = self.by_rule.keys().map(|rule| rule.as_str().len()).max().unwrap_or_default().max("RULE".len());
        writeln!(f, "\n{:width$}  {:>9}  {:>9}  {:>9}  {:>9}", "RULE", "SAME", "CHANGED", "ONLY OLD", "ONLY NEW")?;
        for (rule, Counts { same, changed, only_old, only_new }) in &self.by_rule {
            let rule = rule.as_str();
            writeln!(f, "{rule:width$}  {same:>9}  {changed:>9}  {only_old:>9}  {only_new:>9}")?;
        }
        Ok(())
    }
}

fn write_difference(difference: &Difference, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let Difference { event, time, rule, finding, changes, .. } = difference;
    let time = time.as_deref().unwrap_or("no time");
    writeln!(f, "  {}  {}  {rule}  {}", harmless(time), finding.severity, harmless(event))?;
    if changes.is_empty() {
        let text = if finding.summary.trim().is_empty() { &finding.title } else { &finding.summary };
        return writeln!(f, "    {}", short(text));
    }
    changes.iter().try_for_each(|change| writeln!(f, "    {}", one_line(change)))
}

fn one_line(Change { what, old, new }: &Change) -> String {
    let side = |value: &Value| match value {
        Value::Null => "nothing".to_owned(),
        value => short(&value.to_string()),
    };
    format!("{}: {} → {}", harmless(what), side(old), side(new))
}

/// A text in one harmless line, and its beginning where it is long.
fn short(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => harmless(&text[..end]) + "…",
        None => harmless(text),
    }
}
