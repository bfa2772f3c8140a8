//! Context tables: the platform team's lists of who and what is trusted, and what it means for a value to be in one.
//!
//! The host and the native tests of rules answer from this same code.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::manifest::TableKind;

/// What a table says of a value; `membership` in `policy.wit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Membership {
    /// The value is in the table.
    Inside,
    /// The value is not in the table.
    Outside,
    /// The question has no answer: a table of networks was asked for something that is no address.
    NotApplicable,
}

/// A table's content, ready to be asked.
#[derive(Debug, PartialEq, Eq)]
pub struct Table {
    entries: Entries,
}

#[derive(Debug, PartialEq, Eq)]
enum Entries {
    Exact(HashSet<String>),
    /// Sorted by address and disjoint in each family is not assumed; tables of networks are short.
    Cidr(Vec<IpNet>),
    Arn(Vec<String>),
    Map(BTreeMap<String, String>),
}

/// A table's text that cannot be read. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum BadTable {
    /// A line of a table of networks that is neither network nor address.
    #[error("line {line}: {text:?} is neither a network such as 10.0.0.0/8 nor an address")]
    NotANetwork {
        /// The line.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A line of a table of ARNs that does not begin like one.
    #[error(
        "line {line}: {text:?} is no ARN pattern: it must begin with `arn:` or be `*`-ended from there, such as arn:aws:iam::111122223333:role/admin-*"
    )]
    NotAnArn {
        /// The line.
        line: usize,
        /// What stands there.
        text: String,
    },
    /// A map that is no JSON object.
    #[error("not a JSON object of keys and values: {0}")]
    NotAMap(#[from] serde_json::Error),
}

impl Table {
    /// Reads a table. A list has one entry a line; blank lines and lines that begin with `#` are skipped, and so is what
    /// follows ` #`. A map is one JSON object.
    ///
    /// # Errors
    /// The first line that is no entry of this kind.
    pub fn parse(kind: TableKind, text: &str) -> Result<Self, BadTable> {
        let entries = match kind {
            TableKind::Exact => Entries::Exact(lines(text).map(|(_, entry)| entry.to_owned()).collect()),
            TableKind::Cidr => Entries::Cidr(lines(text).map(parse_network).collect::<Result<_, _>>()?),
            TableKind::Arn => Entries::Arn(lines(text).map(parse_arn).collect::<Result<_, _>>()?),
            TableKind::Map => {
                let map: BTreeMap<String, serde_json::Value> = serde_json::from_str(text)?;
                Entries::Map(map.into_iter().map(|(key, value)| (key, value.to_string())).collect())
            }
        };
        Ok(Self { entries })
    }

    /// A table of networks and addresses, one in each text.
    ///
    /// # Errors
    /// The first text that is neither; its line is its position, counted from 1.
    pub fn of_networks<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, BadTable> {
        let networks = texts.into_iter().enumerate().map(|(at, text)| parse_network((at + 1, text)));
        Ok(Self { entries: Entries::Cidr(networks.collect::<Result<_, _>>()?) })
    }

    /// What kind of table it is.
    pub fn kind(&self) -> TableKind {
        match self.entries {
            Entries::Exact(_) => TableKind::Exact,
            Entries::Cidr(_) => TableKind::Cidr,
            Entries::Arn(_) => TableKind::Arn,
            Entries::Map(_) => TableKind::Map,
        }
    }

    /// How many entries it has.
    pub fn len(&self) -> usize {
        match &self.entries {
            Entries::Exact(texts) => texts.len(),
            Entries::Cidr(networks) => networks.len(),
            Entries::Arn(patterns) => patterns.len(),
            Entries::Map(map) => map.len(),
        }
    }

    /// Whether it has no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether a value is in the table; for a map, whether it is one of the keys.
    pub fn contains(&self, value: &str) -> Membership {
        let is_inside = match &self.entries {
            Entries::Exact(texts) => texts.contains(value),
            Entries::Cidr(networks) => match value.parse::<IpAddr>() {
                // A dual-stack listener writes an IPv4 address as `::ffff:192.0.2.1`.
                Ok(address) => networks.iter().any(|network| network.contains(&address.to_canonical())),
                Err(_) => return Membership::NotApplicable,
            },
            Entries::Arn(patterns) => patterns.iter().any(|pattern| glob_matches(pattern, value)),
            Entries::Map(map) => map.contains_key(value),
        };
        if is_inside { Membership::Inside } else { Membership::Outside }
    }

    /// The JSON text of the value under a key; a table that is no map holds none.
    pub fn lookup(&self, key: &str) -> Option<&str> {
        match &self.entries {
            Entries::Map(map) => map.get(key).map(String::as_str),
            Entries::Exact(_) | Entries::Cidr(_) | Entries::Arn(_) => None,
        }
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(at, line)| {
        let entry = line.split(" #").next().unwrap_or_default().trim();
        let is_entry = !entry.is_empty() && !entry.starts_with('#');
        is_entry.then_some((at + 1, entry))
    })
}

fn parse_network((line, text): (usize, &str)) -> Result<IpNet, BadTable> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(|network| network.trunc()).map_err(|_| BadTable::NotANetwork { line, text: text.to_owned() })
}

fn parse_arn((line, text): (usize, &str)) -> Result<String, BadTable> {
    if text.starts_with("arn:") { Ok(text.to_owned()) } else { Err(BadTable::NotAnArn { line, text: text.to_owned() }) }
}

/// Whether a pattern in which `*` is any run of characters and `?` any one matches a whole text. Takes time in proportion
/// to the product of the lengths at worst, whatever the pattern.
pub fn glob_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            retry = Some((p + 1, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == text[t]) {
            p += 1;
            t += 1;
        } else if let Some((after_star, from)) = retry {
            retry = Some((after_star, from + 1));
            p = after_star;
            t = from + 1;
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn table(kind: TableKind, text: &str) -> Table {
        Table::parse(kind, text).unwrap()
    }

    #[test]
    fn comments_and_blank_lines_are_skipped() {
        let names = table(TableKind::Exact, "# who\n\n  anna  # lead\nbob\n");
        assert_eq!(names.len(), 2);
        assert_eq!(names.contains("anna"), Membership::Inside);
        assert_eq!(names.contains("Anna"), Membership::Outside);
    }

    #[test]
    fn an_address_is_inside_its_network_and_a_service_name_is_no_address() {
        let networks = table(TableKind::Cidr, "10.0.0.0/8\n192.0.2.7\n2001:db8::/32\n");
        for (value, expected) in [
            ("10.1.2.3", Membership::Inside),
            ("192.0.2.7", Membership::Inside),
            ("192.0.2.8", Membership::Outside),
            ("2001:db8::1", Membership::Inside),
            ("::ffff:10.1.2.3", Membership::Inside),
            ("cloudformation.amazonaws.com", Membership::NotApplicable),
            ("AWS Internal", Membership::NotApplicable),
            ("", Membership::NotApplicable),
        ] {
            assert_eq!(networks.contains(value), expected, "{value}");
        }
    }

    #[test]
    fn networks_that_stand_in_a_list_are_a_table_too() {
        let table = Table::of_networks(["10.0.0.0/8", "2001:db8::1"]).unwrap();
        assert_eq!((table.kind(), table.len()), (TableKind::Cidr, 2));
        assert_eq!(table.contains("10.1.1.1"), Membership::Inside);
        let error = Table::of_networks(["10.0.0.0/8", "10.0.0.0/8 # office"]).unwrap_err();
        assert!(matches!(error, BadTable::NotANetwork { line: 2, .. }), "{error}");
    }

    #[test]
    fn arns_match_by_pattern() {
        let principals = table(TableKind::Arn, "arn:aws:iam::*:role/admin-*\narn:aws:iam::111122223333:user/a?na\n");
        for (value, expected) in [
            ("arn:aws:iam::111122223333:role/admin-x", Membership::Inside),
            ("arn:aws:iam::111122223333:role/x/admin-x", Membership::Outside),
            ("arn:aws:iam::111122223333:user/anna", Membership::Inside),
            ("arn:aws:iam::111122223333:user/ana", Membership::Outside),
        ] {
            assert_eq!(principals.contains(value), expected, "{value}");
        }
    }

    #[test]
    fn a_map_gives_the_value_under_a_key() {
        let owners = table(TableKind::Map, r#"{"111122223333": {"team": "data"}, "444455556666": 1.0}"#);
        assert_eq!(owners.lookup("111122223333"), Some(r#"{"team":"data"}"#));
        assert_eq!(owners.lookup("444455556666"), Some("1.0"));
        assert_eq!(owners.lookup("x"), None);
        assert_eq!(owners.contains("111122223333"), Membership::Inside);
    }

    #[test]
    fn a_bad_line_is_named() {
        let error = Table::parse(TableKind::Cidr, "10.0.0.0/8\n\nten\n").unwrap_err();
        assert!(matches!(error, BadTable::NotANetwork { line: 3, .. }), "{error}");
        assert!(matches!(Table::parse(TableKind::Arn, "role/x").unwrap_err(), BadTable::NotAnArn { line: 1, .. }));
        assert!(matches!(Table::parse(TableKind::Map, "[]").unwrap_err(), BadTable::NotAMap(_)));
    }

    /// The obvious definition, exponential in the number of stars.
    fn glob_by_definition(pattern: &[char], text: &[char]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some(('*', rest)) => (0..=text.len()).any(|at| glob_by_definition(rest, &text[at..])),
            Some((c, rest)) => {
                text.split_first().is_some_and(|(t, others)| (*c == '?' || c == t) && glob_by_definition(rest, others))
            }
        }
    }

    proptest! {
        #[test]
        fn patterns_mean_what_the_definition_says(pattern in "[ab*?]{0,8}", text in "[ab*]{0,8}") {
            let expected = glob_by_definition(&pattern.chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>());
            prop_assert_eq!(glob_matches(&pattern, &text), expected);
        }
    }
}
