//! JSON as a tree, whatever its keys are called.
//!
//! With numbers kept as they are written, `serde_json` hands a number over as an object with one reserved key, and takes any
//! object that begins with this key for a number. A record's keys are chosen by whoever made the call (tags, for
//! instance), so a record could make every policy fail to read it. Reading through [`parse`] fails on no such object; only one whose one
//! member is that key with a number's text reads as the number.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

/// The key by which `serde_json` hands over numbers (`serde_json::number::TOKEN`, which is private).
const NUMBER_KEY: &str = "$serde_json::private::Number";

/// Reads JSON text. Where a key stands twice in an object the last one counts.
///
/// # Errors
/// The text is no JSON, or nested deeper than 127 levels.
pub fn parse(text: &[u8]) -> Result<Value, serde_json::Error> {
    serde_json::from_slice::<Tree>(text).map(|tree| tree.0)
}

/// Reads the members of a JSON object, for `deserialize_with`.
pub(crate) fn members<'de, D, C>(deserializer: D) -> Result<C, D::Error>
where
    D: Deserializer<'de>,
    C: FromIterator<(String, Value)>,
{
    match Tree::deserialize(deserializer)?.0 {
        Value::Object(members) => Ok(members.into_iter().collect()),
        _ => Err(serde::de::Error::custom("expected a JSON object")),
    }
}

struct Tree(Value);

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor).map(Self)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::from(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(Tree(element)) = elements.next_element()? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = serde_json::Map::new();
        while let Some((key, Tree(value))) = members.next_entry::<String, Tree>()? {
            object.insert(key, value);
        }
        Ok(number(&object).unwrap_or(Value::Object(object)))
    }
}

/// The number that an object stands for, if it has the one member by which numbers are handed over.
fn number(object: &serde_json::Map<String, Value>) -> Option<Value> {
    let text = object.get(NUMBER_KEY).filter(|_| object.len() == 1)?.as_str()?;
    text.parse::<Number>().ok().map(Value::Number)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_keep_every_digit() {
        for text in ["0", "0.0", "-1", "123456789012345678901234567890", "0.1000", "1e+9"] {
            let value = parse(text.as_bytes()).unwrap();
            assert!(value.is_number(), "{text}");
            assert_eq!(value.to_string(), text);
        }
    }

    #[test]
    fn an_object_with_a_reserved_key_is_an_object_and_no_error() {
        for text in [
            r#"{"$serde_json::private::Number":"abc"}"#,
            r#"{"$serde_json::private::Number":{"a":1}}"#,
            r#"{"$serde_json::private::Number":"1","b":2}"#,
            r#"{"$serde_json::private::RawValue":"[}"}"#,
        ] {
            assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "[1,]", "{} {}", "nul"] {
            assert!(parse(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_filter("finite", |number| number.is_finite()).prop_map(Value::from),
            ".{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 4, |inner| {
            let array = prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from);
            let object = prop::collection::btree_map(".{0,4}", inner, 0..4);
            prop_oneof![array, object.prop_map(|members| Value::Object(members.into_iter().collect()))]
        })
    }

    proptest! {
        #[test]
        fn any_other_json_is_read_as_serde_json_reads_it(value in any_json()) {
            let text = value.to_string();
            prop_assert_eq!(parse(text.as_bytes()).unwrap(), serde_json::from_str::<Value>(&text).unwrap());
        }
    }
}
