//! A policy's settings: a table of the file as canonical JSON, so that equal settings are equal bytes with one digest.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::error::Problem;
use super::reader::{Entry, Reader, Section};
use crate::digest::Digest;

/// Settings as they are handed to a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    json: Arc<str>,
    digest: Digest,
}

impl Settings {
    pub(super) fn of(json: String) -> Self {
        Self { digest: Digest::of(json.as_bytes()), json: json.into() }
    }

    /// One JSON object without white space, its keys sorted by their bytes at every level.
    pub fn json(&self) -> &str {
        &self.json
    }

    /// The digest of [`Self::json`].
    pub fn digest(&self) -> Digest {
        self.digest
    }
}

impl Default for Settings {
    /// The empty object.
    fn default() -> Self {
        Self::of("{}".to_owned())
    }
}

/// JSON whose objects are sorted, whatever features `serde_json` is built with.
#[derive(Serialize)]
#[serde(untagged)]
enum Json<'a> {
    Truth(bool),
    Signed(i64),
    Unsigned(u64),
    Fraction(f64),
    Text(&'a str),
    Array(Vec<Self>),
    Object(BTreeMap<&'a str, Self>),
}

/// The settings under the key `settings`; the empty ones where it is absent. `limit_bytes` bounds the JSON text.
pub(super) fn read<'a>(reader: &mut Reader<'a>, policy: &Section<'a>, title: String, limit_bytes: u64) -> Option<Settings> {
    let entry = policy.entry("settings")?;
    let section = reader.table(policy, entry, title)?;
    let object = object(reader, section.table)?;
    match serde_json::to_string(&object) {
        Ok(json) => within(reader, entry, json, limit_bytes),
        Err(cause) => {
            reader.report(entry.key.span(), Problem::NoJson { cause });
            None
        }
    }
}

fn within(reader: &mut Reader<'_>, entry: Entry<'_>, json: String, limit_bytes: u64) -> Option<Settings> {
    let bytes = json.len();
    let fits = u64::try_from(bytes).is_ok_and(|bytes| bytes <= limit_bytes);
    if !fits {
        reader.report(entry.key.span(), Problem::SettingsTooLarge { bytes, limit_bytes });
        return None;
    }
    Some(Settings::of(json))
}

/// Everything is visited, so that every bad value is reported; `None` if there was one.
fn object<'a>(reader: &mut Reader<'a>, table: &'a DeTable<'a>) -> Option<Json<'a>> {
    let members: Vec<_> = table.iter().map(|(key, value)| Some((&**key.get_ref(), json(reader, value)?))).collect();
    members.into_iter().collect::<Option<_>>().map(Json::Object)
}

fn json<'a>(reader: &mut Reader<'a>, value: &'a Spanned<DeValue<'a>>) -> Option<Json<'a>> {
    let json = match value.get_ref() {
        DeValue::String(text) => Json::Text(text),
        DeValue::Boolean(truth) => Json::Truth(*truth),
        DeValue::Integer(integer) => return whole(integer).or_else(|| no_number(reader, value)),
        DeValue::Float(float) => match float.as_str().parse::<f64>() {
            Ok(number) if number.is_finite() => Json::Fraction(number),
            _ => return no_number(reader, value),
        },
        DeValue::Datetime(_) => {
            reader.report(value.span(), Problem::DateInSettings);
            return None;
        }
        DeValue::Array(array) => {
            let elements: Vec<_> = array.iter().map(|element| json(reader, element)).collect();
            return elements.into_iter().collect::<Option<_>>().map(Json::Array);
        }
        DeValue::Table(table) => return object(reader, table),
    };
    Some(json)
}

fn whole<'a>(integer: &DeInteger<'_>) -> Option<Json<'a>> {
    let signed = i64::from_str_radix(integer.as_str(), integer.radix()).map(Json::Signed);
    signed.or_else(|_| u64::from_str_radix(integer.as_str(), integer.radix()).map(Json::Unsigned)).ok()
}

fn no_number<'a>(reader: &mut Reader<'_>, value: &Spanned<DeValue<'_>>) -> Option<Json<'a>> {
    let number = reader.text_of(value.span()).to_owned();
    reader.report(value.span(), Problem::NumberInSettings { number });
    None
}
