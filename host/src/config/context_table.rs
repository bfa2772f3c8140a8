//! Context tables: from `[tables.NAME]` to a table that can be asked.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy_contract::manifest::TableKind;
use policy_contract::tables::{BadTable, Table};

use super::error::{ConfigError, ConfigErrors, Problem};
use super::place::Place;
use super::reader::{Reader, Section};
use super::schema;
use crate::digest::Digest;

/// A context table that was read.
#[derive(Clone, Debug)]
pub struct ContextTable {
    /// The file that it came from.
    pub path: PathBuf,
    /// The digest of the file's bytes.
    pub digest: Digest,
    /// What is in it.
    pub table: Arc<Table>,
    /// Where it is configured.
    pub(super) place: Place,
}

/// Why a file's bytes could not be had.
pub(super) enum ReadError {
    Io(io::Error),
    TooLarge,
}

/// Reads a file of at most so many bytes, whatever its metadata say.
pub(super) fn read_file(path: &Path, limit_bytes: u64) -> Result<Vec<u8>, ReadError> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(ReadError::Io)?;
    file.take(limit_bytes.saturating_add(1)).read_to_end(&mut bytes).map_err(ReadError::Io)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|length| length <= limit_bytes);
    if fits { Ok(bytes) } else { Err(ReadError::TooLarge) }
}

/// A file's bytes as text, without the byte order mark that some editors write: it would be part of the first entry.
pub(super) fn as_text<'a>(path: &Path, bytes: &'a [u8]) -> Result<&'a str, ConfigErrors> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.strip_prefix('\u{feff}').unwrap_or(text)),
        Err(error) => Err(not_utf8(path, bytes, error.valid_up_to()).into()),
    }
}

fn not_utf8(path: &Path, bytes: &[u8], offset: usize) -> ConfigError {
    let readable = String::from_utf8_lossy(bytes);
    // Up to the offset, the readable form has the same bytes.
    let place = Place::in_text(path, &readable, offset..offset + 1);
    ConfigError { place, problem: Problem::NotUtf8 { offset } }
}

/// The table that a section `[tables.NAME]` describes; what is wrong with it is reported.
pub(super) fn read<'a>(reader: &mut Reader<'a>, section: &Section<'a>, limit_bytes: u64) -> Option<ContextTable> {
    reader.refuse_unknown_keys(section, schema::TABLE);
    let kind = reader.word(section, "kind", "kind of table", &schema::TABLE_KINDS, TableKind::as_str);
    let file = reader.path(section, "file");
    reader.report_missing_keys(section, schema::TABLE);
    let (kind, (file, span)) = (kind?, file?);
    let path = reader.resolve(file);
    let bytes = match read_file(&path, limit_bytes) {
        Ok(bytes) => bytes,
        Err(ReadError::Io(cause)) => {
            reader.report(span, Problem::UnreadableTable { path, cause });
            return None;
        }
        Err(ReadError::TooLarge) => {
            let problem = Problem::TooLarge { limit_bytes, limit: Some("table_file_mib") };
            reader.report_elsewhere(ConfigError { place: Place::file(&path), problem });
            return None;
        }
    };
    match parse(&path, kind, &bytes) {
        Ok(table) => {
            let place = reader.place(section.span.clone());
            Some(ContextTable { digest: Digest::of(&bytes), table: Arc::new(table), path, place })
        }
        Err(errors) => {
            reader.report_elsewhere(errors);
            None
        }
    }
}

fn parse(path: &Path, kind: TableKind, bytes: &[u8]) -> Result<Table, ConfigErrors> {
    let text = as_text(path, bytes)?;
    let table = Table::parse(kind, text).map_err(|bad| match bad {
        BadTable::NotANetwork { line, text: entry } => at_line(path, text, line, entry, |text| Problem::NotANetwork { text }),
        BadTable::NotAnArn { line, text: entry } => at_line(path, text, line, entry, |text| Problem::NotAnArn { text }),
        BadTable::NotAMap(cause) => {
            // `serde_json` counts a column in bytes and points behind the byte at fault.
            let start = line_start(text, cause.line()) + cause.column().saturating_sub(1);
            let place = Place::in_text(path, text, start..start + 1);
            ConfigError { place, problem: Problem::NotAMap { cause } }
        }
    })?;
    Ok(table)
}

fn at_line(path: &Path, text: &str, line: usize, entry: String, problem: fn(String) -> Problem) -> ConfigError {
    let start = line_start(text, line);
    let start = start + text.get(start..).and_then(|rest| rest.find(&entry)).unwrap_or_default();
    let place = Place::in_text(path, text, start..start + entry.len());
    ConfigError { place, problem: problem(entry) }
}

/// Where a line begins, lines counted from 1.
fn line_start(text: &str, line: usize) -> usize {
    text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum()
}
