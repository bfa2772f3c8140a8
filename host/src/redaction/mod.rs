//! A real record made fit to be shown: what identifies an account, a person, a machine or a thing is replaced, and what rules
//! look at stays.
//!
//! Takes a record, gives a record of the same shape. A value has one replacement wherever it stands, also inside other texts: an account's
//! number inside an ARN, a name inside an error message, JSON inside a string. There is no secret and no state: the same record
//! gives the same result everywhere, and the result gives itself.
//!
//! - `registry` knows which value is replaced by what.
//! - `text` finds values in texts by their form; `arn` and `host` take apart what has parts; `forms` says what each form is.
//! - `keys` says what the members of a record hold, where the form alone doesn't tell.
//!
//! It goes by known keys and known forms, so it can miss what nobody has thought of: a person has to look at what comes out.

mod arn;
mod forms;
mod host;
mod keys;
mod registry;
#[cfg(test)]
mod tests;
mod text;

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use policy_contract::json;
use serde_json::{Map, Value};

use keys::{Holds, holds};
pub use registry::Kind;
use registry::Registry;

/// A record that was made fit to be shown.
#[derive(Clone, Debug, PartialEq)]
pub struct Redacted {
    /// The record.
    pub record: Value,
    /// How many different values of each kind were replaced.
    pub replaced: BTreeMap<Kind, u64>,
}

/// Replaces what identifies somebody or something in a record.
pub fn redact(record: &Value) -> Redacted {
    let mut registry = Registry::for_text(record.to_string());
    // The first pass learns all names, the second also finds those that stand in a text before the place where they are known by.
    let _ = value(&mut registry, record, Place::default());
    let redacted = value(&mut registry, record, Place::default());
    Redacted { record: redacted, replaced: registry.counts() }
}

/// Where a value stands.
#[derive(Clone, Copy, Debug, Default)]
struct Place<'a> {
    /// The key of the nearest object.
    key: &'a str,
    /// Whether it belongs to the tags of something.
    in_tags: bool,
    /// Whether its object also names a bucket.
    beside_bucket: bool,
}

fn value(registry: &mut Registry, of: &Value, place: Place<'_>) -> Value {
    match of {
        Value::Null | Value::Bool(_) => of.clone(),
        Value::Number(number) => {
            let replaced = text::rewrite(registry, &number.to_string());
            // An account's number becomes another number.
            serde_json::from_str(&replaced).map_or_else(|_| of.clone(), Value::Number)
        }
        Value::String(text) => Value::String(string(registry, text, place)),
        Value::Array(items) => items.iter().map(|item| value(registry, item, place)).collect(),
        Value::Object(members) => Value::Object(object(registry, members, place)),
    }
}

fn object(registry: &mut Registry, members: &Map<String, Value>, place: Place<'_>) -> Map<String, Value> {
    let beside_bucket = members.contains_key("bucketName");
    let member = |(key, of): (&String, &Value)| {
        let in_tags = place.in_tags || key.to_ascii_lowercase().contains("tag");
        let redacted = value(registry, of, Place { key, in_tags, beside_bucket });
        (member_key(registry, key), redacted)
    };
    members.iter().map(member).collect()
}

/// Keys are AWS's words, but for some that are somebody's, such as those of tags.
fn member_key(registry: &mut Registry, key: &str) -> String {
    registry.known(key).map(str::to_owned).unwrap_or_else(|| text::rewrite_forms(registry, key))
}

fn string(registry: &mut Registry, text: &str, place: Place<'_>) -> String {
    let held = holds(place.key, place.in_tags, place.beside_bucket);
    if keys::is_kept(text) {
        return text.to_owned();
    }
    if let Some(document) = document(text) {
        return value(registry, &document, place).to_string();
    }
    if let Some(document) = decoded(text).as_deref().and_then(document) {
        let redacted = value(registry, &document, place).to_string();
        return utf8_percent_encode(&redacted, NON_ALPHANUMERIC).to_string();
    }
    match held {
        Holds::Word => text::rewrite_word(registry, text),
        Holds::Anything => text::rewrite(registry, text),
        Holds::Named(kind) => arn::name(registry, text, kind),
        Holds::Hidden(kind) => registry.name(kind, text),
        Holds::Url => match text.rsplit_once('/') {
            Some((before, name)) => format!("{}/{}", text::rewrite(registry, before), arn::name(registry, name, Kind::Resource)),
            None => arn::name(registry, text, Kind::Resource),
        },
        Holds::Path => arn::path(registry, text, Kind::Path),
        Holds::Account => text::account_in_place(registry, text),
        Holds::AccessKey => text::whole(registry, text).unwrap_or_else(|| access_key(registry, text)),
        Holds::Principal => principal(registry, text),
        Holds::Host => text::whole(registry, text).unwrap_or_else(|| host::named(registry, text)),
    }
}

/// JSON inside a string, such as a policy document. Single words and numbers are texts.
fn document(text: &str) -> Option<Value> {
    let looks_like_one = text.trim_start().starts_with(['{', '[']);
    looks_like_one.then(|| json::parse(text.as_bytes()).ok()).flatten()
}

/// What is percent-encoded, as IAM writes the documents of policies in its answers.
fn decoded(text: &str) -> Option<String> {
    let is_encoded = text.starts_with("%7B") || text.starts_with("%5B");
    is_encoded.then(|| percent_decode_str(text).decode_utf8().ok()).flatten().map(|text| text.into_owned())
}

/// An access key that does not begin as one does.
fn access_key(registry: &mut Registry, text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    registry.replace(Kind::AccessKey, text, |number| forms::unique_id_number("AKIA", number))
}

/// A principal's id: its own, with a session's name behind a colon where it is a role's.
fn principal(registry: &mut Registry, text: &str) -> String {
    if let Some(known) = text::whole(registry, text) {
        return known;
    }
    match text.split_once(':') {
        Some((id, session)) if forms::unique_id(id).is_some() => {
            let id = text::rewrite(registry, id);
            format!("{id}:{}", arn::name(registry, session, Kind::Session))
        }
        _ => registry.name(Kind::Principal, text),
    }
}
