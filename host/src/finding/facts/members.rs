//! The members of a JSON object whose values are not read until they are asked for.
//!
//! Records come from attackers too. A tree of values would stop at the first odd string, and some keys mean something to the
//! JSON library itself; here a value that nobody asks for cannot spoil the others.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

/// An object's members: of equal keys the last one counts, as in most readers.
#[derive(Default)]
pub(super) struct Members<'a>(BTreeMap<String, &'a RawValue>);

impl<'a> Members<'a> {
    pub(super) fn from_json(json: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json)
    }

    /// The text under a key: none where it is absent, of another type, or empty.
    pub(super) fn text(&self, key: &str) -> Option<String> {
        let value = self.0.get(key)?;
        let LossyText(text) = serde_json::from_str(value.get()).ok()?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// The flag under a key: AWS writes `true` as well as `"true"`.
    pub(super) fn flag(&self, key: &str) -> Option<bool> {
        match self.0.get(key)?.get() {
            "true" | "\"true\"" => Some(true),
            "false" | "\"false\"" => Some(false),
            _ => None,
        }
    }

    /// The object under a key: one without members where it is absent or of another type.
    pub(super) fn object(&self, key: &str) -> Self {
        self.0.get(key).and_then(|value| Self::from_json(value.get()).ok()).unwrap_or_default()
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MembersVisitor).map(Self)
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = BTreeMap<String, &'de RawValue>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a json object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = BTreeMap::new();
        while let Some((LossyText(key), value)) = map.next_entry()? {
            members.insert(key, value);
        }
        Ok(members)
    }
}

/// A JSON string in which half a surrogate pair, which JSON can write and Unicode text cannot hold, is a replacement
/// character.
struct LossyText(String);

impl<'de> Deserialize<'de> for LossyText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_bytes(LossyTextVisitor)
    }
}

struct LossyTextVisitor;

impl Visitor<'_> for LossyTextVisitor {
    type Value = LossyText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_bytes<E>(self, bytes: &[u8]) -> Result<LossyText, E> {
        Ok(LossyText(String::from_utf8_lossy(bytes).into_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_is_absent() {
        for odd in ["null", "1", "1E400", "true", "[]", "{}", "\"\"", "[\"x\"]"] {
            let json = format!(r#"{{"a":{odd},"b":"x"}}"#);
            let members = Members::from_json(&json).unwrap();
            assert_eq!(members.text("a"), None, "{odd}");
            assert_eq!(members.object("a").text("c"), None, "{odd}");
            assert_eq!(members.text("b").as_deref(), Some("x"), "{odd}");
        }
    }

    #[test]
    fn odd_strings_and_keys_spoil_nothing() {
        let json = r#"{"\udfff":1,"$serde_json::private::Number":{"x":1},"$serde_json::private::RawValue":"{","a":"\ud800!","b":"A","b":"B"}"#;
        let members = Members::from_json(json).unwrap();
        assert!(members.text("a").unwrap().ends_with('!'));
        assert!(members.text("a").unwrap().contains('\u{fffd}'));
        assert_eq!(members.text("b").as_deref(), Some("B"));
    }

    #[test]
    fn flags_are_read_as_aws_writes_them() {
        let members = Members::from_json(r#"{"a":true,"b":"false","c":1,"d":"yes"}"#).unwrap();
        assert_eq!([members.flag("a"), members.flag("b")], [Some(true), Some(false)]);
        assert_eq!([members.flag("c"), members.flag("d"), members.flag("e")], [None; 3]);
    }
}
