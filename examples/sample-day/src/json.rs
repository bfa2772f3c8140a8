//! JSON whose keys stay in the order in which they were written.
//!
//! CloudTrail writes `eventVersion` first, not the alphabet's first key, and writes numbers as `0`, `0.0` and `1.68E9`.
//! `serde_json::Value` sorts keys unless a feature is turned on for the whole workspace, so records are built from this
//! small tree and serialised with `serde_json`.

use std::borrow::Cow;

use serde::ser::{Error as _, Serialize, Serializer};
use serde_json::value::RawValue;

/// A JSON value with ordered keys and numbers as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, exactly as its digits stand here. Text that is no JSON number is refused when it is serialised.
    Number(String),
    /// A string.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object, keys in this order.
    Object(Vec<(Cow<'static, str>, Json)>),
}

impl Json {
    /// A number in a form of its own, `1.68E9` say.
    pub fn number_as_written(digits: &str) -> Self {
        Json::Number(digits.to_owned())
    }

    /// An object without keys.
    pub fn empty_object() -> Self {
        Json::Object(Vec::new())
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Json::Null => serializer.serialize_unit(),
            Json::Bool(value) => serializer.serialize_bool(*value),
            Json::Number(digits) => RawValue::from_string(digits.clone())
                .map_err(|error| S::Error::custom(format!("`{digits}` is not a JSON number: {error}")))?
                .serialize(serializer),
            Json::Text(text) => serializer.serialize_str(text),
            Json::List(items) => serializer.collect_seq(items),
            Json::Object(members) => serializer.collect_map(members.iter().map(|(key, value)| (key, value))),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Json::Text(text.to_owned())
    }
}

impl From<String> for Json {
    fn from(text: String) -> Self {
        Json::Text(text)
    }
}

impl From<bool> for Json {
    fn from(value: bool) -> Self {
        Json::Bool(value)
    }
}

impl From<u32> for Json {
    fn from(value: u32) -> Self {
        Json::Number(value.to_string())
    }
}

impl From<u64> for Json {
    fn from(value: u64) -> Self {
        Json::Number(value.to_string())
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(items: Vec<T>) -> Self {
        Json::List(items.into_iter().map(Into::into).collect())
    }
}

/// Builds a [`Json::Object`]: `object! { "bucketName": name, "maxKeys": 1000_u32 }`.
macro_rules! object {
    ($($key:literal : $value:expr),+ $(,)?) => {
        $crate::json::Json::Object(vec![$((::std::borrow::Cow::Borrowed($key), $crate::json::Json::from($value))),+])
    };
}
pub(crate) use object;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stay_in_the_order_in_which_they_were_written() {
        let value = object! { "zebra": 1_u32, "apple": Json::Null, "mango": vec!["a", "b"] };
        assert_eq!(serde_json::to_string(&value).unwrap(), r#"{"zebra":1,"apple":null,"mango":["a","b"]}"#);
    }

    #[test]
    fn numbers_keep_their_form() {
        let value = Json::List(vec![Json::number_as_written("1.68E9"), Json::number_as_written("0.0"), Json::from(0_u32)]);
        assert_eq!(serde_json::to_string(&value).unwrap(), "[1.68E9,0.0,0]");
    }

    #[test]
    fn text_that_is_no_number_is_refused() {
        assert!(serde_json::to_string(&Json::number_as_written("1,5")).is_err());
    }
}
