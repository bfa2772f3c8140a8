//! What stands at a place of a record. It may not be there at all, and every question has an answer then too.

use std::fmt;

use policy_contract::image::{Kind, Node};
use policy_contract::path::{BadPath, Path, Step, Steps, key_end};

use super::document::{Document, NotADocument};

/// What stands at a place of a record (or of a [`Document`]): one value, none, or the values that a path with `[]` names.
#[derive(Clone)]
pub struct Value<'a> {
    found: Found<'a>,
}

#[derive(Clone)]
enum Found<'a> {
    Nothing,
    One(Node<'a>),
    /// What a path with `[]` names, in order.
    Several(Vec<Node<'a>>),
}

impl<'a> Value<'a> {
    pub(super) fn new(node: Node<'a>) -> Self {
        Self { found: Found::One(node) }
    }

    #[inline]
    pub(super) fn of(node: Option<Node<'a>>) -> Self {
        Self { found: node.map_or(Found::Nothing, Found::One) }
    }

    #[inline]
    fn one(&self) -> Option<Node<'a>> {
        if let Found::One(node) = self.found { Some(node) } else { None }
    }

    /// The member of an object, by its exact key.
    pub fn member(&self, key: &str) -> Value<'a> {
        Self::of(self.one().and_then(|node| node.member(key)))
    }

    /// What a path names, from here. See [`Path`]. Absent where it names nothing.
    ///
    /// # Panics
    /// On a path that is not well-formed, which is a mistake in the rule, not in a record. For paths that are not constants
    /// there is [`Value::at`].
    #[track_caller]
    #[inline]
    pub fn get(&self, path: &str) -> Value<'a> {
        match self.found {
            Found::One(node) => look_up(node, path),
            Found::Nothing | Found::Several(_) => self.follow(path),
        }
    }

    /// Every step is read even where nothing is left to look in, so that a bad path never depends on the record.
    #[cold]
    #[track_caller]
    #[expect(clippy::panic, reason = "a path in a rule is code: no record can reach this, and its first use in a test does")]
    fn follow(&self, path: &str) -> Value<'a> {
        let follow = |found: Found<'a>, step: Result<Step<'_>, BadPath>| step.map(|step| found.follow(&step));
        match Steps::of(path).try_fold(self.found.clone(), follow) {
            Ok(found) => Self { found },
            Err(error) => panic!("{error}"),
        }
    }

    /// What a parsed path names, from here.
    pub fn at(&self, path: &Path) -> Value<'a> {
        let found = path.steps().iter().fold(self.found.clone(), |found, step| found.follow(step));
        Self { found }
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
        self.one().is_some_and(|node| node.kind() == Kind::Null)
    }

    /// Whether nothing stands there, or null.
    pub fn is_absent_or_null(&self) -> bool {
        !self.exists() || self.is_null()
    }

    /// The text of a string.
    #[inline]
    pub fn str(&self) -> Option<&'a str> {
        self.one()?.str()
    }

    /// The text of a string, else the empty text.
    #[inline]
    pub fn text(&self) -> &'a str {
        self.str().unwrap_or_default()
    }

    /// A flag: `true` or `false`, or these words as a string in any case, as some services write them.
    pub fn flag(&self) -> Option<bool> {
        let node = self.one()?;
        match node.str() {
            Some(word) if word.eq_ignore_ascii_case("true") => Some(true),
            Some(word) if word.eq_ignore_ascii_case("false") => Some(false),
            _ => node.flag(),
        }
    }

    /// A number exactly as AWS wrote it: `0`, `0.0` and `1.68E9` all occur.
    pub fn number(&self) -> Option<&'a str> {
        self.one()?.number()
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
        let (elements, several) = match &self.found {
            Found::Several(found) => (None, found.clone()),
            Found::One(node) => (Some(node.elements()), Vec::new()),
            Found::Nothing => (None, Vec::new()),
        };
        elements.into_iter().flatten().chain(several).map(Value::new)
    }

    /// The elements of an array, or the one value that is no array; none where there is nothing or null. Policy documents
    /// write one statement, action or principal either way.
    pub fn one_or_many(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        let single = self.one().filter(|node| !matches!(node.kind(), Kind::Array | Kind::Null)).map(Value::new);
        single.into_iter().chain(self.items())
    }

    /// The members of an object, in the order in which they are written; none for anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&'a str, Value<'a>)> + use<'a> {
        self.one().into_iter().flat_map(Node::members).map(|(key, node)| (key, Value::new(node)))
    }

    /// Whether it is a string that contains a text, or holds such a string at any depth (keys do not count).
    pub fn mentions(&self, text: &str) -> bool {
        let mentions = |node: &Node<'_>| node.descendants().any(|node| node.str().is_some_and(|found| found.contains(text)));
        match &self.found {
            Found::Nothing => false,
            Found::One(node) => mentions(node),
            Found::Several(found) => found.iter().any(mentions),
        }
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
        let Some(node) = self.one() else { return Err(NotADocument::Absent) };
        match (node.str(), node.kind()) {
            (Some(text), _) => Document::from_text(text),
            (None, Kind::Object | Kind::Array) => Ok(Document::from_json(&node.to_string())?),
            (None, _) => Err(NotADocument::AnotherType),
        }
    }
}

/// What a path names, from a value.
#[track_caller]
#[inline(always)]
pub(super) fn look_up<'a>(node: Node<'a>, path: &str) -> Value<'a> {
    match by_keys(node, path) {
        Some(found) => Value::of(found),
        None => Value::new(node).follow(path),
    }
}

/// What a path of plain keys names, as nearly all paths are; none where it has anything else or is not well-formed.
#[inline(always)]
fn by_keys<'a>(node: Node<'a>, path: &str) -> Option<Option<Node<'a>>> {
    let bytes = path.as_bytes();
    let mut found = Some(node);
    let mut from = 0;
    loop {
        let end = key_end(bytes, from);
        let key = path.get(from..end).filter(|key| !key.is_empty())?;
        found = found.and_then(|node| node.member(key));
        match bytes.get(end) {
            None => return Some(found),
            Some(b'.') => from = end + 1,
            Some(_) => return None,
        }
    }
}

impl<'a> Found<'a> {
    fn follow(self, step: &Step<'_>) -> Self {
        match (self, step) {
            (Self::One(node), Step::Key(key)) => node.member(key).map_or(Self::Nothing, Self::One),
            (Self::One(node), Step::Index(index)) => node.element(*index).map_or(Self::Nothing, Self::One),
            (Self::One(node), Step::All) => Self::Several(node.elements().collect()),
            (Self::Several(nodes), Step::Key(key)) => Self::Several(nodes.iter().filter_map(|node| node.member(key)).collect()),
            (Self::Several(nodes), Step::Index(index)) => {
                Self::Several(nodes.iter().filter_map(|node| node.element(*index)).collect())
            }
            (Self::Several(nodes), Step::All) => {
                let most = nodes.first().map_or(0, |node| node.most_values());
                Self::Several(nodes.iter().flat_map(|node| node.elements()).take(most).collect())
            }
            (Self::Nothing, Step::All) => Self::Several(Vec::new()),
            (Self::Nothing, _) => Self::Nothing,
        }
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.found {
            Found::Nothing => f.write_str("absent"),
            Found::One(node) => write!(f, "{node}"),
            Found::Several(found) => f.debug_list().entries(found).finish(),
        }
    }
}

/// For a finding's details; nothing becomes null.
impl From<Value<'_>> for serde_json::Value {
    fn from(value: Value<'_>) -> Self {
        match value.found {
            Found::Nothing => Self::Null,
            Found::One(node) => node.into(),
            Found::Several(found) => Self::Array(found.into_iter().map(Self::from).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn document(json: &serde_json::Value) -> Document {
        Document::from_json(&json.to_string()).unwrap()
    }

    fn sample() -> Document {
        Document::from_json(
            r#"{"key.with.dots": {"x": 1}, "n": null, "count": 1.68E9, "whole": "22", "yes": "True", "list": [
                {"port": 22, "ranges": [{"cidr": "0.0.0.0/0"}]}, {"port": 443, "ranges": [{"cidr": "10.0.0.0/8"}, {"cidr": "x"}]}
            ], "one": "a"}"#,
        )
        .unwrap()
    }

    #[test]
    fn paths_reach_keys_with_dots_and_elements() {
        let document = sample();
        let value = document.value();
        assert_eq!(value.get(r#""key.with.dots".x"#).as_i64(), Some(1));
        assert_eq!(value.get("list[1].port").as_i64(), Some(443));
        let cidrs: Vec<_> = value.get("list[].ranges[].cidr").items().map(|v| v.text().to_owned()).collect();
        assert_eq!(cidrs, ["0.0.0.0/0", "10.0.0.0/8", "x"]);
        assert!(!value.get("list[].nothing").exists());
    }

    #[test]
    fn conditions_on_the_same_element_do_not_mix_elements() {
        let document = sample();
        let list = document.get("list");
        let opens = |port, cidr: &str| {
            list.items().any(|rule| rule.get("port").as_i64() == Some(port) && rule.get("ranges[].cidr").contains(cidr))
        };
        assert!(opens(22, "0.0.0.0/0"));
        assert!(!opens(443, "0.0.0.0/0"));
    }

    #[test]
    fn absent_null_and_another_type_are_told_apart_and_never_panic() {
        let document = sample();
        let value = document.value();
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
        let document = sample();
        let value = document.value();
        assert_eq!(value.get("count").number(), Some("1.68E9"));
        assert_eq!(value.get("count").as_i64(), None);
        assert_eq!(value.get("whole").as_i64(), Some(22));
        assert_eq!(value.get("yes").flag(), Some(true));
        assert_eq!(serde_json::Value::from(value.get("count")).to_string(), "1.68e+9");
    }

    #[test]
    fn one_or_many_reads_both_spellings() {
        let document = document(&json!({"one": "a", "many": ["a", "b"], "none": null}));
        let value = document.value();
        let count = |path: &str| value.get(path).one_or_many().count();
        assert_eq!((count("one"), count("many"), count("none"), count("absent")), (1, 2, 0, 0));
        assert!(value.get("one").contains("a") && value.get("many").contains("b") && !value.get("many").contains("c"));
    }

    #[test]
    fn mentions_looks_at_every_depth() {
        let document = sample();
        assert!(document.value().mentions("0.0.0.0"));
        assert!(!document.value().mentions("ranges"));
        assert!(document.get("list[].ranges").mentions("10.0.0.0") && !document.get("one").mentions("b"));
    }

    #[test]
    #[should_panic(expected = "has no key at byte 15")]
    fn a_path_that_is_not_well_formed_is_a_mistake_of_the_rule() {
        sample().get("nothing.here.a..b");
    }
}
