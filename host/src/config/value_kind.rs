//! The types that a value in the file may have, in the words of an error message.

use std::fmt;

use toml::de::DeValue;

/// The type of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// `"text"`
    Text,
    /// `1`
    WholeNumber,
    /// `1.5`
    Fraction,
    /// `true`
    Truth,
    /// `2024-01-01`
    Date,
    /// `[…]`
    Array,
    /// `[name]` or `{…}`
    Table,
}

impl ValueKind {
    pub(super) fn of(value: &DeValue<'_>) -> Self {
        match value {
            DeValue::String(_) => Self::Text,
            DeValue::Integer(_) => Self::WholeNumber,
            DeValue::Float(_) => Self::Fraction,
            DeValue::Boolean(_) => Self::Truth,
            DeValue::Datetime(_) => Self::Date,
            DeValue::Array(_) => Self::Array,
            DeValue::Table(_) => Self::Table,
        }
    }
}

impl fmt::Display for ValueKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "a string",
            Self::WholeNumber => "a whole number",
            Self::Fraction => "a number with a fraction",
            Self::Truth => "true or false",
            Self::Date => "a date or time",
            Self::Array => "an array",
            Self::Table => "a table",
        })
    }
}
