//! From an image back to JSON: as text, and as a tree for a finding's details.
//!
//! An image that lies may say that a value is in many places, or in itself. So both go no deeper than [`DEEPEST`] levels and
//! read no more bytes than the image has; what is beyond reads as null, and a key as the empty one.

use std::fmt::{self, Write as _};

use super::layout::Kind;
use super::read::{Budget, Node};

/// Levels of arrays and objects that an image may have: as many as `serde_json` reads.
pub const DEEPEST: usize = 127;

/// JSON text without white space: members in their order, numbers as they were written.
impl fmt::Display for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_json(*self, f, 0, &mut Budget::of(*self))
    }
}

impl fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_json(node: Node<'_>, f: &mut fmt::Formatter<'_>, depth: usize, budget: &mut Budget) -> fmt::Result {
    if depth > DEEPEST || !budget.allows(node) {
        return f.write_str("null");
    }
    match node.kind() {
        Kind::Null => f.write_str("null"),
        Kind::False => f.write_str("false"),
        Kind::True => f.write_str("true"),
        Kind::Number => f.write_str(node.number().unwrap_or("null")),
        Kind::Text => write_string(node.str().unwrap_or_default(), f),
        Kind::Array => {
            f.write_char('[')?;
            for (position, element) in node.elements().enumerate() {
                if position > 0 {
                    f.write_char(',')?;
                }
                write_json(element, f, depth + 1, budget)?;
            }
            f.write_char(']')
        }
        Kind::Object => {
            f.write_char('{')?;
            for (position, (key, value)) in node.entries().enumerate() {
                if position > 0 {
                    f.write_char(',')?;
                }
                write_string(budget.text(key), f)?;
                f.write_char(':')?;
                write_json(value, f, depth + 1, budget)?;
            }
            f.write_char('}')
        }
    }
}

fn write_string(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    let mut written = 0;
    for (at, character) in text.char_indices().filter(|(_, character)| matches!(character, '"' | '\\' | '\0'..='\u{1f}')) {
        f.write_str(text.get(written..at).unwrap_or_default())?;
        match character {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            control => write!(f, "\\u{:04x}", u32::from(control))?,
        }
        written = at + character.len_utf8();
    }
    f.write_str(text.get(written..).unwrap_or_default())?;
    f.write_char('"')
}

/// As a tree, whose keys are sorted and whose numbers are spelt as `serde_json` does (`1.68e+9` for `1.68E9`).
impl From<Node<'_>> for serde_json::Value {
    fn from(node: Node<'_>) -> Self {
        tree(node, 0, &mut Budget::of(node))
    }
}

fn tree(node: Node<'_>, depth: usize, budget: &mut Budget) -> serde_json::Value {
    use serde_json::Value;
    if depth > DEEPEST || !budget.allows(node) {
        return Value::Null;
    }
    match node.kind() {
        Kind::Null => Value::Null,
        Kind::False => Value::Bool(false),
        Kind::True => Value::Bool(true),
        Kind::Number => node.number().and_then(|number| number.parse().ok()).map_or(Value::Null, Value::Number),
        Kind::Text => Value::String(node.str().unwrap_or_default().to_owned()),
        Kind::Array => node.elements().map(|element| tree(element, depth + 1, budget)).collect(),
        Kind::Object => {
            let member = |(key, value)| (budget.text(key).to_owned(), tree(value, depth + 1, budget));
            Value::Object(node.entries().map(member).collect())
        }
    }
}
