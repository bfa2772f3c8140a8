//! JSON inside strings: policy documents, plain or URL-encoded.

use std::fmt;

use percent_encoding::percent_decode_str;
use policy_contract::image::{BadJson, Image, Node, Writer};

use super::value::Value;

/// A JSON document of its own, such as a policy document that a record carries as a string. It lies in memory as the record
/// does, as an image.
#[derive(Clone)]
pub struct Document {
    image: Vec<u8>,
}

/// Something that is no JSON document.
#[derive(Debug, thiserror::Error)]
pub enum NotADocument {
    /// Nothing stands there.
    #[error("there is no document")]
    Absent,
    /// A number, a flag or null.
    #[error("a document is a string, an object or an array, and something else stands there")]
    AnotherType,
    /// A string that is neither JSON nor URL-encoded JSON.
    #[error("the string is neither JSON nor URL-encoded JSON: {0}")]
    NotJson(#[from] BadJson),
}

impl Document {
    pub(crate) fn from_json(text: &str) -> Result<Self, BadJson> {
        let mut image = Vec::new();
        Writer::new().write(text, &mut image)?;
        Ok(Self { image })
    }

    /// Reads JSON, else URL-encoded JSON (RFC 3986, as IAM writes policy documents).
    pub(super) fn from_text(text: &str) -> Result<Self, NotADocument> {
        let plain = Self::from_json(text);
        if plain.is_ok() || !text.contains('%') {
            return Ok(plain?);
        }
        // A document with a stray `%` is to be reported as what it is: bad JSON, at the place where it is bad.
        let decoded = percent_decode_str(text).decode_utf8();
        match decoded.ok().and_then(|decoded| Self::from_json(&decoded).ok()) {
            Some(document) => Ok(document),
            None => Ok(plain?),
        }
    }

    /// The whole document.
    pub fn value(&self) -> Value<'_> {
        Value::of(self.node())
    }

    /// None never happens: what was written can be read.
    pub(super) fn node(&self) -> Option<Node<'_>> {
        Image::read(&self.image).ok().map(Image::root)
    }

    /// What a path names in it; see [`Value::get`].
    ///
    /// # Panics
    /// As [`Value::get`] does.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value<'_> {
        self.value().get(path)
    }
}

/// For a finding's details.
impl From<Document> for serde_json::Value {
    fn from(document: Document) -> Self {
        document.value().into()
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_and_url_encoded_documents_are_read() {
        for text in [r#"{"Statement":{"Effect":"Allow"}}"#, "%7B%22Statement%22%3A%7B%22Effect%22%3A%22Allow%22%7D%7D"] {
            let document = Document::from_text(text).unwrap();
            assert_eq!(document.get("Statement.Effect").str(), Some("Allow"));
        }
    }

    #[test]
    fn a_percent_sign_in_plain_json_stays() {
        assert_eq!(Document::from_text(r#"{"a":"100%25"}"#).unwrap().get("a").str(), Some("100%25"));
    }

    #[test]
    fn what_is_no_json_is_an_error() {
        for text in ["", "{", "%7B", "%FF%FE", "hello"] {
            assert!(matches!(Document::from_text(text), Err(NotADocument::NotJson(_))), "{text:?}");
        }
        let value = Document::from_json(r#"{"n": 1, "o": {"a": 1}}"#).unwrap();
        assert!(matches!(value.get("n").parsed(), Err(NotADocument::AnotherType)));
        assert!(matches!(value.get("x").parsed(), Err(NotADocument::Absent)));
        assert_eq!(value.get("o").parsed().unwrap().get("a").as_i64(), Some(1));
    }
}
