//! Names of policies, rules, tables and correlations: one shape, checked once, so that they can stand in file names,
//! metrics labels, finding ids and configuration keys without quoting.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest name, in bytes.
pub const MAX_LENGTH: usize = 64;

/// A name in kebab case: lower-case ASCII letters and digits in words joined by single hyphens, beginning with a letter.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct Name(String);

/// A string that is no [`Name`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "{text:?} is not a name: use 1 to 64 lower-case letters and digits in words joined by single hyphens, beginning with a letter, such as `trusted-networks`"
)]
pub struct NotAName {
    /// What was given.
    pub text: String,
}

impl Name {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        let begins_with_letter = text.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
        if begins_with_letter && text.len() <= MAX_LENGTH && text.split('-').all(is_word) {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAName { text: text.to_owned() })
        }
    }
}

impl TryFrom<String> for Name {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl AsRef<str> for Name {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kebab_case_is_a_name() {
        for text in ["a", "trusted-networks", "r01", "a-1-b"] {
            assert_eq!(text.parse::<Name>().unwrap().as_str(), text);
        }
    }

    #[test]
    fn anything_else_is_not() {
        let too_long = "a".repeat(MAX_LENGTH + 1);
        for text in ["", "-a", "a-", "a--b", "A", "1a", "a_b", "a b", "ä", &too_long] {
            assert!(text.parse::<Name>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn a_document_with_a_bad_name_is_refused() {
        assert!(serde_json::from_str::<Name>("\"../etc\"").is_err());
    }
}
