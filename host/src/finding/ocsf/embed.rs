//! JSON from outside as part of a line: as it is where any reader can take it, and otherwise plainly marked.
//!
//! A record's text is valid JSON, and still there is JSON that breaks readers: equal keys in one object, numbers that no
//! reader can hold, half a surrogate pair, deep nesting. Such text is embedded as a string, so nothing of it is lost and the
//! line stays readable. A text that is too long is replaced by a statement of its size and digest.

use std::collections::HashSet;
use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::finding::Digest;

/// The longest JSON text that is embedded, in bytes.
pub const LONGEST_EMBEDDED: usize = 64 * 1024;

/// The deepest nesting that is embedded as it is. Many readers stop at 128, and a line adds a few levels of its own.
const DEEPEST_EMBEDDED: usize = 100;

/// JSON from outside, fit for a line.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Embedded<'a> {
    /// As it is, without the white space between its parts.
    AsIs(Box<RawValue>),
    /// As a string, because readers would fail or disagree on it.
    AsText { not_embedded: Obstacle, text: &'a str },
    /// Left out.
    LeftOut { not_embedded: Obstacle, bytes: usize, limit: usize, digest: String },
}

/// Why JSON is not embedded as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Obstacle {
    /// It is longer than [`LONGEST_EMBEDDED`].
    TooLong,
    /// It is nested deeper than [`DEEPEST_EMBEDDED`].
    NestedTooDeeply,
    /// An object has two members with one key: readers disagree on which counts.
    EqualKeys,
    /// A number is beyond the range of a double.
    NumberOutOfRange,
    /// A string is no Unicode text.
    NotUnicode,
}

impl<'a> Embedded<'a> {
    /// Embeds a text, which is valid JSON.
    pub(super) fn of(json: &'a str) -> Self {
        if json.len() > LONGEST_EMBEDDED {
            let digest = Digest::of(json.as_bytes()).to_string();
            return Self::LeftOut { not_embedded: Obstacle::TooLong, bytes: json.len(), limit: LONGEST_EMBEDDED, digest };
        }
        match compact(json).and_then(examine) {
            Ok(raw) => Self::AsIs(raw),
            Err(not_embedded) => Self::AsText { not_embedded, text: json },
        }
    }
}

/// Takes out the white space between the parts of a JSON text, line breaks above all; looks at nesting and numbers on the way.
fn compact(json: &str) -> Result<String, Obstacle> {
    let mut compacted = String::with_capacity(json.len());
    let mut is_in_string = false;
    let mut is_escaped = false;
    let mut depth = 0_usize;
    let mut word = String::new();
    for character in json.chars() {
        if is_in_string {
            compacted.push(character);
            is_in_string = is_escaped || character != '"';
            is_escaped = !is_escaped && character == '\\';
            continue;
        }
        if character.is_ascii_alphanumeric() || matches!(character, '+' | '-' | '.') {
            word.push(character);
        } else {
            check_number(&word)?;
            word.clear();
        }
        match character {
            ' ' | '\t' | '\n' | '\r' => continue,
            '"' => is_in_string = true,
            '{' | '[' => depth += 1,
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEEPEST_EMBEDDED {
            return Err(Obstacle::NestedTooDeeply);
        }
        compacted.push(character);
    }
    check_number(&word)?;
    Ok(compacted)
}

/// Words that are no numbers are `true`, `false` and `null`.
fn check_number(word: &str) -> Result<(), Obstacle> {
    let is_fine = word.parse().map_or(true, f64::is_finite);
    if is_fine { Ok(()) } else { Err(Obstacle::NumberOutOfRange) }
}

/// Looks at keys and strings.
fn examine(json: String) -> Result<Box<RawValue>, Obstacle> {
    let mut has_equal_keys = false;
    let mut deserializer = serde_json::Deserializer::from_str(&json);
    let examined = Examine { has_equal_keys: &mut has_equal_keys }.deserialize(&mut deserializer);
    if has_equal_keys {
        return Err(Obstacle::EqualKeys);
    }
    // The text is valid JSON and not deep, so what is left to fail is a string that cannot be decoded.
    examined.and_then(|()| RawValue::from_string(json)).map_err(|_| Obstacle::NotUnicode)
}

struct Examine<'t> {
    has_equal_keys: &'t mut bool,
}

impl<'de> DeserializeSeed<'de> for Examine<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Examine<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any json value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            if !keys.insert(key) {
                *self.has_equal_keys = true;
                return Err(A::Error::custom("equal keys"));
            }
            map.next_value_seed(Examine { has_equal_keys: &mut *self.has_equal_keys })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element_seed(Examine { has_equal_keys: &mut *self.has_equal_keys })?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(json: &str) -> String {
        serde_json::to_string(&Embedded::of(json)).unwrap()
    }

    fn obstacle(json: &str) -> Obstacle {
        match Embedded::of(json) {
            Embedded::AsIs(raw) => panic!("embedded as it is: {raw}"),
            Embedded::AsText { not_embedded, text } => {
                assert_eq!(text, json);
                not_embedded
            }
            Embedded::LeftOut { not_embedded, .. } => not_embedded,
        }
    }

    #[test]
    fn ordinary_json_is_embedded_as_written_without_white_space() {
        let written = "{\r\n\t\"b\" : [ 0, 0.0, -1.68E9, 1e+3, true, null ],\n \"a\": \"x  y\\n\\\" {\\\\\" }";
        assert_eq!(embedded(written), r#"{"b":[0,0.0,-1.68E9,1e+3,true,null],"a":"x  y\n\" {\\"}"#);
    }

    #[test]
    fn json_that_breaks_readers_is_embedded_as_text() {
        assert_eq!(obstacle(r#"{"a":{"b":1,"\u0062":2}}"#), Obstacle::EqualKeys);
        assert_eq!(obstacle(r#"{"a":[1E400]}"#), Obstacle::NumberOutOfRange);
        assert_eq!(obstacle(&format!("{{\"a\":{}}}", "9".repeat(5000))), Obstacle::NumberOutOfRange);
        assert_eq!(obstacle(r#"{"a":"\ud800"}"#), Obstacle::NotUnicode);
        assert_eq!(obstacle(r#"{"\udc00":1}"#), Obstacle::NotUnicode);
        let deep = format!("{}{}", "[".repeat(DEEPEST_EMBEDDED + 1), "]".repeat(DEEPEST_EMBEDDED + 1));
        assert_eq!(obstacle(&deep), Obstacle::NestedTooDeeply);
        let text = embedded(r#"{"a":1,"a":2}"#);
        assert_eq!(text, r#"{"not_embedded":"equal-keys","text":"{\"a\":1,\"a\":2}"}"#);
    }

    #[test]
    fn equal_keys_of_different_objects_and_keys_that_differ_in_case_are_fine() {
        let json = r#"{"a":{"a":1},"A":[{"a":1},{"a":1}]}"#;
        assert_eq!(embedded(json), json);
    }

    #[test]
    fn keys_that_mean_something_to_the_json_library_are_keys() {
        let json = r#"{"$serde_json::private::Number":{"$serde_json::private::RawValue":"{"}}"#;
        assert_eq!(embedded(json), json);
    }

    #[test]
    fn a_long_text_is_left_out_and_the_line_says_so() {
        let fitting = format!("\"{}\"", "a".repeat(LONGEST_EMBEDDED - 2));
        assert_eq!(embedded(&fitting), fitting);
        let long = format!("\"{}\"", "a".repeat(LONGEST_EMBEDDED - 1));
        let digest = Digest::of(long.as_bytes());
        let expected = format!(r#"{{"not_embedded":"too-long","bytes":65537,"limit":65536,"digest":"{digest}"}}"#);
        assert_eq!(embedded(&long), expected);
    }
}
