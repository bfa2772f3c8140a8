//! What a running host reads and where it writes: `[sources.NAME]` and `[sinks.NAME]`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use policy_contract::name::Name;

use super::error::Problem;
use super::place::Place;
use super::reader::{Reader, Section};
use super::take::{Take, untaken};
use super::{Config, schema};
use crate::finding::{About, Label};
use crate::sink::{Rotation, Target};
use crate::source::Folder;

/// Where a running host has its records from.
#[derive(Clone, Debug)]
pub struct SourceConfig {
    /// The folder that is watched.
    pub folder: Folder,
    /// Where it stands.
    pub place: Place,
}

/// Where findings go.
#[derive(Clone, Debug)]
pub struct SinkConfig {
    /// What it writes to.
    pub target: Target,
    /// Which findings it takes.
    pub take: Take,
    /// Where it stands.
    pub place: Place,
}

impl Config {
    /// What goes nowhere, as warnings: each name that a sink asks for and nobody has, and the rules at work of which no sink takes
    /// what they find, at their own severity. None where there is no sink, since everything goes to standard output then. `labels`
    /// are those of all rules, at work or not.
    pub fn routing_warnings(&self, labels: &[Label<'_>]) -> Vec<String> {
        let takes: Vec<&Take> = self.sinks.values().map(|sink| &sink.take).collect();
        if takes.is_empty() {
            return Vec::new();
        }
        let mut warnings: Vec<String> =
            takes.iter().flat_map(|take| take.unknown_names(labels)).map(|unknown| unknown.brief()).collect();
        let name = |label: Label<'_>| match (label.about, label.policy) {
            (About::Policy, Some(policy)) => format!("{policy}/{} ({})", label.rule, label.severity),
            _ => format!("{} of the host ({})", label.rule, label.severity),
        };
        let nowhere: Vec<String> = untaken(&takes, labels.iter().copied()).into_iter().map(name).collect();
        if !nowhere.is_empty() {
            warnings.push(format!("no sink takes what these rules find: {}", nowhere.join(", ")));
        }
        warnings
    }
}

/// The sections `[sources.NAME]`; what is wrong with them is reported.
pub(super) fn sources<'a>(reader: &mut Reader<'a>, top: &Section<'a>) -> BTreeMap<Name, SourceConfig> {
    let sections = reader.named_tables(top, "sources", "sources");
    let source = |(name, section)| Some((name, source(reader, &section)?));
    sections.into_iter().filter_map(source).collect()
}

fn source<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Option<SourceConfig> {
    reader.refuse_unknown_keys(section, schema::SOURCE);
    let kind = kind(reader, section, "kind of source", &schema::SOURCE_KINDS, "kind = \"folder\"");
    let path = path(reader, section, "path = \"/var/lib/cloudtrail\"");
    let rescan = reader.number(section, "rescan_seconds", schema::RESCAN_SECONDS).map(Duration::from_secs);
    let settle = reader.number(section, "settle_ms", schema::SETTLE_MS).map(Duration::from_millis);
    let (_, (path, _), rescan, settle) = (kind?, path?, rescan?, settle?);
    Some(SourceConfig { folder: Folder { path, rescan, settle }, place: reader.place(section.span.clone()) })
}

/// The sections `[sinks.NAME]`; what is wrong with them, or beside a source, is reported.
pub(super) fn sinks<'a>(
    reader: &mut Reader<'a>,
    top: &Section<'a>,
    sources: &BTreeMap<Name, SourceConfig>,
) -> BTreeMap<Name, SinkConfig> {
    let mut sinks: BTreeMap<Name, SinkConfig> = BTreeMap::new();
    for (name, section) in reader.named_tables(top, "sinks", "sinks") {
        reader.refuse_unknown_keys(&section, schema::SINK);
        let take = Take::read(reader, &section);
        let kind = kind(reader, &section, "kind of sink", &schema::SINK_KINDS, "kind = \"file\"");
        let (target, span) = match kind {
            Some("stdout") => {
                for key in ["path", "rotate_mib", "keep_files"] {
                    if let Some(entry) = section.entry(key) {
                        reader.unknown_key(&section, entry, ["kind", "take"]);
                    }
                }
                (Target::StandardOutput, section.span.clone())
            }
            Some(_) => {
                let rotation = Rotation {
                    full_bytes: reader
                        .number(&section, "rotate_mib", schema::ROTATE_MIB)
                        .map_or(u64::MAX, |mebibytes| mebibytes << 20),
                    keep: reader.number(&section, "keep_files", schema::KEEP_FILES),
                };
                let Some((path, span)) = path(reader, &section, "path = \"findings/findings.jsonl\"") else { continue };
                (Target::File { path, rotation }, span)
            }
            None => continue,
        };
        if let Target::File { path, .. } = &target {
            let around = sources.iter().find(|(_, source)| lies_in(path, &source.folder.path));
            if let Some((source_name, _)) = around {
                reader.report(span.clone(), Problem::SinkInSource { source_name: source_name.clone() });
            }
        }
        if let Some((other, _)) = sinks.iter().find(|(_, other)| other.target.is_same_place(&target)) {
            reader.report(span, Problem::SinkTwice { other: other.clone() });
        }
        sinks.insert(name, SinkConfig { target, take, place: reader.place(section.span.clone()) });
    }
    sinks
}

/// Whether a file is in a folder or below it, as far as it can be known before the file is there.
fn lies_in(file: &Path, folder: &Path) -> bool {
    let real =
        |path: &Path| std::fs::canonicalize(path).or_else(|_| std::path::absolute(path)).unwrap_or_else(|_| path.to_owned());
    let parent = file.parent().unwrap_or(Path::new(""));
    real(parent).starts_with(real(folder))
}

fn kind<'a>(
    reader: &mut Reader<'a>,
    section: &Section<'a>,
    what: &'static str,
    kinds: &[&'static str],
    example: &'static str,
) -> Option<&'static str> {
    missing(reader, section, "kind", example);
    reader.word(section, "kind", what, kinds, |kind| kind)
}

fn path<'a>(reader: &mut Reader<'a>, section: &Section<'a>, example: &'static str) -> Option<(PathBuf, std::ops::Range<usize>)> {
    missing(reader, section, "path", example);
    let (path, span) = reader.path(section, "path")?;
    Some((reader.resolve(path), span))
}

fn missing(reader: &mut Reader<'_>, section: &Section<'_>, key: &'static str, example: &'static str) {
    if section.entry(key).is_none() {
        reader.report(section.span.clone(), Problem::MissingKey { key, section: section.title.clone(), example });
    }
}
