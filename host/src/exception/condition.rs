//! One condition of an exception: what of the record is asked for, and what it must be.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use policy_contract::image::Node;
use policy_contract::name::Name;
use policy_contract::path::Path;
use policy_contract::tables::{Membership, Table, glob_matches};

use super::fact::Fact;
use super::field::{is_nothing, places, text};
use crate::limits::CONDITION_TEXT;

/// Characters of a value that a person is shown.
const SHOWN_CHARACTERS: usize = 120;

/// One condition.
#[derive(Debug, PartialEq)]
pub struct Condition {
    /// What of the record is asked for.
    pub asked: Asked,
    /// What it must be.
    pub test: Test,
}

/// What of a record is asked for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// What stands at a path.
    Field {
        /// The path.
        path: Path,
        /// The path as it was written.
        text: String,
    },
    /// What the host reads out of every record.
    Fact(Fact),
}

/// What it must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Test {
    /// One of these texts.
    OneOf(Vec<String>),
    /// A text that this pattern matches: `*` is any run of characters, `?` any one.
    Like(String),
    /// An address in one of these networks.
    Cidr(Arc<Table>),
    /// In this context table.
    InTable(Name, Arc<Table>),
    /// Not there, or null.
    Absent,
    /// There, and not null.
    Present,
}

impl Condition {
    /// Whether a record meets it, by the root of the record's image. Of a path with `[]` every element must, and there must be
    /// one: an exception for one network is none for a record that names that network and another.
    pub fn is_met(&self, record: Node<'_>) -> bool {
        match &self.asked {
            Asked::Field { path, .. } => places(record, path).is_some_and(|places| match &self.test {
                Test::Absent => places.iter().all(|place| is_nothing(*place)),
                Test::Present => !places.is_empty() && !places.iter().any(|place| is_nothing(*place)),
                test => {
                    let meets = |place: &Option<Node<'_>>| place.and_then(text).is_some_and(|text| test.is_met_by(&text));
                    !places.is_empty() && places.iter().all(meets)
                }
            }),
            Asked::Fact(fact) => {
                let found = fact.of(record);
                match &self.test {
                    Test::Absent => found.is_empty(),
                    Test::Present => !found.is_empty(),
                    test => found.iter().any(|text| text.len() <= CONDITION_TEXT && test.is_met_by(text)),
                }
            }
        }
    }

    /// What a record has there, for a person who asks why the condition is met or not.
    pub fn found(&self, record: Node<'_>) -> String {
        let found: Vec<String> = match &self.asked {
            Asked::Field { path, .. } => match places(record, path) {
                None => return "no list".to_owned(),
                Some(places) => places.into_iter().map(|place| place.map_or_else(|| "absent".to_owned(), shown_node)).collect(),
            },
            Asked::Fact(fact) => fact.of(record).iter().map(|text| shown(&format!("{text:?}"))).collect(),
        };
        if found.is_empty() { "absent".to_owned() } else { shown(&found.join(", ")) }
    }
}

impl Test {
    fn is_met_by(&self, text: &str) -> bool {
        match self {
            Self::OneOf(wanted) => wanted.iter().any(|wanted| wanted == text),
            Self::Like(pattern) => glob_matches(pattern, text),
            Self::Cidr(table) | Self::InTable(_, table) => table.contains(text) == Membership::Inside,
            Self::Absent | Self::Present => false,
        }
    }
}

fn shown_node(node: Node<'_>) -> String {
    shown(&node.to_string())
}

fn shown(text: &str) -> String {
    let mut characters = text.chars();
    let start: String = characters.by_ref().take(SHOWN_CHARACTERS).collect();
    if characters.next().is_some() { start + "…" } else { start }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Field { text, .. } => f.write_str(text),
            Self::Fact(fact) => f.write_str(fact.as_str()),
        }
    }
}

impl fmt::Display for Test {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OneOf(wanted) => {
                let wanted: Vec<Cow<'_, str>> = wanted.iter().map(|text| format!("{text:?}").into()).collect();
                f.write_str(&shown(&wanted.join(" or ")))
            }
            Self::Like(pattern) => write!(f, "like {pattern:?}"),
            Self::Cidr(table) => write!(f, "an address in one of {} networks", table.len()),
            Self::InTable(name, _) => write!(f, "in the table {name}"),
            Self::Absent => f.write_str("absent"),
            Self::Present => f.write_str("present"),
        }
    }
}
