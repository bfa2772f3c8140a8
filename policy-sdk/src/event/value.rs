//! What stands at a place of a record. It may not be there at all, and every question has an answer then too.

use std::fmt;

use super::document::{Document, NotADocument};
use super::path::{Path, Step};

/// What stands at a place of a record (or of a [`Document`]): one value, none, or the values that a path with `[]` names.
#[derive(Clone)]
pub struct Value<'a> {
    found: Found<'a>,
}

#[derive(Clone)]
enum Found<'a> {
    Nothing,
    One(&'a serde_json::Value),
    /// What a path with `[]` names, in order.
    Several(Vec<&'a serde_json::Value>),
}

impl<'a> Value<'a> {
    pub(super) fn new(json: &'a serde_json::Value) -> Self {
        Self { found: Found::One(json) }
    }

    fn of(json: Option<&'a serde_json::Value>) -> Self {
        Self { found: json.map_or(Found::Nothing, Found::One) }
    }

    fn one(&self) -> Option<&'a serde_json::Value> {
        if let Found::One(json) = self.found { Some(json) } else { None }
    }

    /// The member of an object, by its exact key.
    pub fn member(&self, key: &str) -> Value<'a> {
        Self::of(self.one().and_then(|json| json.get(key)))
    }

    /// What a path names, from here. See [`Path`]. Absent where it names nothing.
    ///
    /// # Panics
    /// On a path that is not well-formed, which is a mistake in the rule, not in a record. For paths that are not constants
    /// there is [`Value::at`].
    #[track_caller]
    #[expect(clippy::panic, reason = "a path in a rule is code: no record can reach this, and its first use in a test does")]
    pub fn get(&self, path: &str) -> Value<'a> {
        match path.parse::<Path>() {
            Ok(path) => self.at(&path),
            Err(error) => panic!("{error}"),
        }
    }

    /// What a parsed path names, from here.
    pub fn at(&self, path: &Path) -> Value<'a> {
        let mut found = self.every();
        for step in &path.steps {
            found = found.into_iter().flat_map(|json| follow(json, step)).collect();
        }
        if path.steps.contains(&Step::All) || matches!(self.found, Found::Several(_)) {
            return Self { found: Found::Several(found) };
        }
        Self::of(found.first().copied())
    }

    fn every(&self) -> Vec<&'a serde_json::Value> {
        match &self.found {
            Found::Nothing => Vec::new(),
            Found::One(json) => vec![json],
            Found::Several(found) => found.clone(),
        }
    }

    /// Whether something stands there, even if it is null; for a path with `[]`, whether it names anything.
    pub fn exists(&self) -> bool {
        match &self.found {
            Found::Nothing => false,
            Found::One(_) => true,
            Found::Several(found) => !found.is_empty(),
        }
    }

    /// Whether the key is there and its value is null.
    pub fn is_null(&self) -> bool {
        self.one().is_some_and(serde_json::Value::is_null)
    }

    /// Whether nothing stands there, or null.
    pub fn is_absent_or_null(&self) -> bool {
        !self.exists() || self.is_null()
    }

    /// The text of a string.
    pub fn str(&self) -> Option<&'a str> {
        self.one()?.as_str()
    }

    /// The text of a string, else the empty text.
    pub fn text(&self) -> &'a str {
        self.str().unwrap_or_default()
    }

    /// A flag: `true` or `false`, or these words as a string in any case, as some services write them.
    pub fn flag(&self) -> Option<bool> {
        match self.one()? {
            serde_json::Value::Bool(flag) => Some(*flag),
            serde_json::Value::String(word) if word.eq_ignore_ascii_case("true") => Some(true),
            serde_json::Value::String(word) if word.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        }
    }

    /// A number with every digit as AWS wrote it (`0`, `0.0` and `1.68E9` all occur); an exponent reads `e+9` however it was
    /// written.
    pub fn number(&self) -> Option<&'a str> {
        if let serde_json::Value::Number(number) = self.one()? { Some(number.as_str()) } else { None }
    }

    /// A whole number, written as one (`1`, not `1.0`), or as a string that is one.
    pub fn as_i64(&self) -> Option<i64> {
        self.number().or_else(|| self.str())?.parse().ok()
    }

    /// The elements of an array, or what a path with `[]` names; none for anything else.
    ///
    /// To ask several things of the *same* element, ask them inside one closure:
    /// `rules.items().any(|rule| rule.get("fromPort").as_i64() == Some(22) && rule.get("cidrIp").str() == Some("0.0.0.0/0"))`.
    pub fn items(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let items = match &self.found {
            Found::Several(found) => found.clone(),
            Found::One(serde_json::Value::Array(items)) => items.iter().collect(),
            Found::One(_) | Found::Nothing => Vec::new(),
        };
        items.into_iter().map(Value::new)
    }

    /// The elements of an array, or the one value that is no array; none where there is nothing or null. Policy documents
    /// write one statement, action or principal either way.
    pub fn one_or_many(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let is_single = matches!(self.found, Found::One(json) if !json.is_array() && !json.is_null());
        let single = is_single.then(|| self.clone());
        single.into_iter().chain(self.items())
    }

    /// The members of an object, in the order of their keys; none for anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        let members = self.one().and_then(serde_json::Value::as_object);
        members.into_iter().flatten().map(|(key, value)| (key.as_str(), Value::new(value)))
    }

    /// Whether it is a string that contains a text, or holds such a string at any depth (keys do not count).
    pub fn mentions(&self, text: &str) -> bool {
        let mut open = self.every();
        while let Some(json) = open.pop() {
            match json {
                serde_json::Value::String(found) if found.contains(text) => return true,
                serde_json::Value::Array(items) => open.extend(items),
                serde_json::Value::Object(members) => open.extend(members.values()),
                _ => (),
            }
        }
        false
    }

    /// Whether one of the elements (or the one value that is no array) is this text.
    pub fn contains(&self, text: &str) -> bool {
        self.one_or_many().any(|item| item.str() == Some(text))
    }

    /// JSON that stands inside a string, plain or URL-encoded, as policy documents do; an object or array is taken as it is.
    ///
    /// # Errors
    /// Nothing stands there, or something that is no JSON.
    pub fn parsed(&self) -> Result<Document, NotADocument> {
        match self.one() {
            Some(serde_json::Value::String(text)) => Document::from_text(text),
            Some(json @ (serde_json::Value::Object(_) | serde_json::Value::Array(_))) => Ok(Document::new(json.clone())),
            Some(_) => Err(NotADocument::AnotherType),
            None => Err(NotADocument::Absent),
        }
    }
}

fn follow<'a>(json: &'a serde_json::Value, step: &Step) -> Vec<&'a serde_json::Value> {
    match step {
        Step::Key(key) => json.get(key).into_iter().collect(),
        Step::Index(index) => json.get(index).into_iter().collect(),
        Step::All => json.as_array().into_iter().flatten().collect(),
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::Nothing => f.write_str("absent"),
            Found::One(json) => write!(f, "{json}"),
            Found::Several(found) => f.debug_list().entries(found.iter().map(|json| format_args!("{json}").to_string())).finish(),
        }
    }
}

/// For a finding's details; nothing becomes null.
impl From<Value<'_>> for serde_json::Value {
    fn from(value: Value<'_>) -> Self {
        match value.found {
            Found::Nothing => Self::Null,
            Found::One(json) => json.clone(),
            Found::Several(found) => Self::Array(found.into_iter().cloned().collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn sample() -> serde_json::Value {
        serde_json::from_str(
            r#"{"key.with.dots": {"x": 1}, "n": null, "count": 1.68E9, "whole": "22", "yes": "True", "list": [
                {"port": 22, "ranges": [{"cidr": "0.0.0.0/0"}]}, {"port": 443, "ranges": [{"cidr": "10.0.0.0/8"}, {"cidr": "x"}]}
            ], "one": "a"}"#,
        )
        .unwrap()
    }

    #[test]
    fn paths_reach_keys_with_dots_and_elements() {
        let json = sample();
        let value = Value::new(&json);
        assert_eq!(value.get(r#""key.with.dots".x"#).as_i64(), Some(1));
        assert_eq!(value.get("list[1].port").as_i64(), Some(443));
        let cidrs: Vec<_> = value.get("list[].ranges[].cidr").items().map(|v| v.text().to_owned()).collect();
        assert_eq!(cidrs, ["0.0.0.0/0", "10.0.0.0/8", "x"]);
        assert!(!value.get("list[].nothing").exists());
    }

    #[test]
    fn conditions_on_the_same_element_do_not_mix_elements() {
        let json = sample();
        let list = Value::new(&json).get("list");
        let opens = |port, cidr: &str| {
            list.items().any(|rule| rule.get("port").as_i64() == Some(port) && rule.get("ranges[].cidr").contains(cidr))
        };
        assert!(opens(22, "0.0.0.0/0"));
        assert!(!opens(443, "0.0.0.0/0"));
    }

    #[test]
    fn absent_null_and_another_type_are_told_apart_and_never_panic() {
        let json = sample();
        let value = Value::new(&json);
        assert!(value.get("n").exists() && value.get("n").is_null() && value.get("n").is_absent_or_null());
        assert!(!value.get("absent").exists() && !value.get("absent").is_null());
        for path in ["absent.deeper[3].x", "n.deeper", "one.x[]", "list.port", "count[0]"] {
            let found = value.get(path);
            assert_eq!((found.str(), found.text(), found.flag(), found.number(), found.as_i64()), (None, "", None, None, None));
            assert_eq!((found.items().count(), found.entries().count(), found.exists()), (0, 0, false), "{path}");
        }
    }

    #[test]
    fn numbers_keep_their_digits_and_flags_may_be_words() {
        let json = sample();
        let value = Value::new(&json);
        assert_eq!(value.get("count").number(), Some("1.68e+9"));
        assert_eq!(value.get("count").as_i64(), None);
        assert_eq!(value.get("whole").as_i64(), Some(22));
        assert_eq!(value.get("yes").flag(), Some(true));
        assert_eq!(serde_json::Value::from(value.get("count")).to_string(), "1.68e+9");
    }

    #[test]
    fn one_or_many_reads_both_spellings() {
        let json = json!({"one": "a", "many": ["a", "b"], "none": null});
        let value = Value::new(&json);
        let count = |path: &str| value.get(path).one_or_many().count();
        assert_eq!((count("one"), count("many"), count("none"), count("absent")), (1, 2, 0, 0));
        assert!(value.get("one").contains("a") && value.get("many").contains("b") && !value.get("many").contains("c"));
    }

    #[test]
    fn mentions_looks_at_every_depth() {
        let json = sample();
        assert!(Value::new(&json).mentions("0.0.0.0"));
        assert!(!Value::new(&json).mentions("ranges"));
    }

    #[test]
    #[should_panic(expected = "the path \"a..b\" has no key at byte 2")]
    fn a_path_that_is_not_well_formed_is_a_mistake_of_the_rule() {
        let json = sample();
        Value::new(&json).get("a..b");
    }
}
