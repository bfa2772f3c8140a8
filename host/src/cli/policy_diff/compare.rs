//! What two versions of a policy say of the same records, held against each other.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use policy_contract::name::Name;
use serde::Serialize;
use serde_json::Value;

use crate::finding::Finding;
use crate::pipeline::Chunk;

/// Something that a version found and the other didn't, or found in other words.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Difference {
    /// The event's key.
    pub event: String,
    /// The event's time, as it is written.
    pub time: Option<String>,
    /// The object that the record came in.
    pub object: String,
    /// Where in it, in decompressed bytes.
    pub offset: u64,
    /// The rule.
    pub rule: Name,
    /// What was found: by the version that found it, by the new one where both did.
    pub finding: Found,
    /// What is otherwise in the new version; empty where only one found it.
    pub changes: Vec<Change>,
}

/// What a finding says, in short.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Found {
    pub severity: &'static str,
    pub title: String,
    pub summary: String,
    pub key: String,
}

/// One thing that the two versions say differently.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Change {
    /// What: `severity`, `title`, `summary`, `key`, `grouping`, `detail NAME`, `resources`, `responses`.
    pub what: String,
    /// What the old version says; null where it says nothing.
    pub old: Value,
    /// What the new version says; null where it says nothing.
    pub new: Value,
}

/// What became of one thing that was found.
#[derive(Debug)]
pub(super) enum Compared {
    Same,
    Changed(Difference),
    OnlyOld(Difference),
    OnlyNew(Difference),
}

/// Compares what two versions found in a chunk: in the order of its records, then of the rules' ids, then of the findings' keys.
pub(super) fn compare(chunk: &Chunk, old: &[Finding], new: &[Finding]) -> Vec<(Name, Compared)> {
    let place = |object: &str, offset| (object.to_owned(), offset);
    let positions: HashMap<_, usize> = chunk
        .records
        .iter()
        .enumerate()
        .map(|(position, record)| (place(&record.object, record.record.position.offset), position))
        .collect();
    let position = |finding: &Finding| {
        let at = finding.record.place();
        positions.get(&place(&at.object, at.offset)).copied().unwrap_or(usize::MAX)
    };
    let mut by_rule: BTreeMap<(usize, &Name), [Vec<&Finding>; 2]> = BTreeMap::new();
    for (side, findings) in [old, new].into_iter().enumerate() {
        for finding in findings {
            by_rule.entry((position(finding), &finding.rule.id)).or_default()[side].push(finding);
        }
    }
    let compared = |((_, rule), [old, new]): ((usize, &Name), [Vec<&Finding>; 2])| {
        pair(old, new).into_iter().map(|compared| (rule.clone(), compared)).collect::<Vec<_>>()
    };
    by_rule.into_iter().flat_map(compared).collect()
}

/// Pairs what one rule found in one record: by their keys, and what is left then in its order, so that a key that changed is a change.
fn pair(mut old: Vec<&Finding>, mut new: Vec<&Finding>) -> Vec<Compared> {
    let mut compared = Vec::new();
    let keys: BTreeSet<&str> = old.iter().map(|finding| finding.key.as_str()).collect();
    for key in keys {
        // No rule gives two findings of one record the same key.
        let at = |findings: &[&Finding]| findings.iter().position(|finding| finding.key == key);
        if let (Some(in_old), Some(in_new)) = (at(&old), at(&new)) {
            compared.push(both(old.remove(in_old), new.remove(in_new)));
        }
    }
    let by_key = |findings: &mut Vec<&Finding>| findings.sort_by(|a, b| a.key.cmp(&b.key));
    by_key(&mut old);
    by_key(&mut new);
    let (mut old, mut new) = (old.into_iter(), new.into_iter());
    loop {
        compared.push(match (old.next(), new.next()) {
            (Some(old), Some(new)) => both(old, new),
            (Some(old), None) => Compared::OnlyOld(difference(old, Vec::new())),
            (None, Some(new)) => Compared::OnlyNew(difference(new, Vec::new())),
            (None, None) => return compared,
        });
    }
}

fn both(old: &Finding, new: &Finding) -> Compared {
    let changes = changes(old, new);
    if changes.is_empty() { Compared::Same } else { Compared::Changed(difference(new, changes)) }
}

fn difference(finding: &Finding, changes: Vec<Change>) -> Difference {
    let place = finding.record.place();
    Difference {
        event: finding.record.event_key().to_owned(),
        time: finding.record.facts().time_text.clone(),
        object: place.object.clone(),
        offset: place.offset,
        rule: finding.rule.id.clone(),
        finding: Found {
            severity: finding.severity.as_str(),
            title: finding.title.clone(),
            summary: finding.summary.clone(),
            key: finding.key.clone(),
        },
        changes,
    }
}

/// Everything that the new finding says differently.
fn changes(old: &Finding, new: &Finding) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut compare = |what: &str, old: Value, new: Value| {
        if old != new {
            changes.push(Change { what: what.to_owned(), old, new });
        }
    };
    compare("severity", old.severity.as_str().into(), new.severity.as_str().into());
    compare("title", old.title.as_str().into(), new.title.as_str().into());
    compare("summary", old.summary.as_str().into(), new.summary.as_str().into());
    compare("key", old.key.as_str().into(), new.key.as_str().into());
    compare("grouping", old.grouping.as_deref().into(), new.grouping.as_deref().into());
    let names: BTreeSet<&String> = old.more.details.keys().chain(new.more.details.keys()).collect();
    for name in names {
        let of = |finding: &Finding| finding.more.details.get(name).cloned().unwrap_or(Value::Null);
        compare(&format!("detail {name}"), of(old), of(new));
    }
    // Both are texts, numbers and lists of them: none is refused as JSON.
    compare("resources", json(&old.more.resources), json(&new.more.resources));
    compare("responses", json(&old.more.responses), json(&new.more.responses));
    changes
}

fn json(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
