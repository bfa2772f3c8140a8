//! Paths into a record: `requestParameters.ipPermissions.items[].cidrIp`. Rules look things up by them, and so do the conditions
//! of a configuration's exceptions.

use std::borrow::Cow;
use std::str::FromStr;

/// A path into a record.
///
/// Keys are joined by dots. A key that holds a dot, a bracket or a quotation mark stands in quotation marks, in which `\"`
/// and `\\` are the characters themselves: `requestParameters."key.with.dots".x`. `[3]` is an element of an array, counted
/// from 0; `[]` is all of them.
///
/// ```
/// use policy_contract::path::Path;
/// let path: Path = r#"a."b.c"[0].d[].e"#.parse()?;
/// assert!("a..b".parse::<Path>().is_err());
/// # Ok::<(), policy_contract::path::BadPath>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    steps: Vec<Step<'static>>,
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'p> {
    /// To the member of an object.
    Key(Cow<'p, str>),
    /// To the element of an array, counted from 0.
    Index(usize),
    /// To all elements of an array.
    All,
}

impl Path {
    /// Its steps, in order; there is at least one.
    pub fn steps(&self) -> &[Step<'static>] {
        &self.steps
    }
}

/// A path that is not well-formed. Bytes count from 0.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPath {
    /// No key where one must stand: at the beginning, after a dot, at the end.
    #[error("the path {path:?} has no key at byte {at}")]
    NoKey {
        /// The path.
        path: String,
        /// Where.
        at: usize,
    },
    /// A quotation mark or bracket without its partner.
    #[error("the path {path:?} opens a {what} at byte {at} and does not close it")]
    Open {
        /// The path.
        path: String,
        /// Where.
        at: usize,
        /// What was opened.
        what: &'static str,
    },
    /// Something in brackets that is no number.
    #[error("the path {path:?} has {found:?} in brackets at byte {at}: write `[3]` for one element or `[]` for all")]
    NoIndex {
        /// The path.
        path: String,
        /// Where.
        at: usize,
        /// What stands there.
        found: String,
    },
    /// Something after a key or bracket that is neither dot nor bracket.
    #[error("the path {path:?} goes on without a dot at byte {at}")]
    NoDot {
        /// The path.
        path: String,
        /// Where.
        at: usize,
    },
}

impl FromStr for Path {
    type Err = BadPath;

    fn from_str(path: &str) -> Result<Self, BadPath> {
        let steps = Steps::of(path).map(|step| step.map(Step::into_owned));
        Ok(Self { steps: steps.collect::<Result<_, _>>()? })
    }
}

impl Step<'_> {
    fn into_owned(self) -> Step<'static> {
        match self {
            Self::Key(key) => Step::Key(Cow::Owned(key.into_owned())),
            Self::Index(index) => Step::Index(index),
            Self::All => Step::All,
        }
    }
}

/// The steps of a path, read one by one without allocating; after an error there are none.
pub struct Steps<'p> {
    path: &'p str,
    /// A character boundary within or at the end of `path`.
    at: usize,
    is_over: bool,
}

impl<'p> Iterator for Steps<'p> {
    type Item = Result<Step<'p>, BadPath>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let step = self.step();
        self.is_over = step.is_err() || self.at >= self.path.len();
        Some(step)
    }
}

impl<'p> Steps<'p> {
    /// The steps of this path; one that is empty has an error where its first should be.
    pub fn of(path: &'p str) -> Self {
        Self { path, at: 0, is_over: false }
    }

    fn step(&mut self) -> Result<Step<'p>, BadPath> {
        match self.path.as_bytes().get(self.at) {
            Some(b'[') => self.brackets(),
            Some(b'.') if self.at > 0 => {
                self.at += 1;
                self.key()
            }
            _ if self.at == 0 => self.key(),
            _ => Err(BadPath::NoDot { path: self.path.to_owned(), at: self.at }),
        }
    }

    fn rest(&self) -> &'p str {
        self.path.get(self.at..).unwrap_or_default()
    }

    fn key(&mut self) -> Result<Step<'p>, BadPath> {
        let rest = self.rest();
        let length = key_end(self.path.as_bytes(), self.at) - self.at;
        if length == 0 {
            return self.quoted();
        }
        self.at += length;
        Ok(Step::Key(Cow::Borrowed(rest.get(..length).unwrap_or_default())))
    }

    fn quoted(&mut self) -> Result<Step<'p>, BadPath> {
        if !self.rest().starts_with('"') {
            return Err(BadPath::NoKey { path: self.path.to_owned(), at: self.at });
        }
        let opened_at = self.at;
        let mut key = String::new();
        let mut is_escaped = false;
        for (offset, character) in self.rest().char_indices().skip(1) {
            match character {
                '"' if !is_escaped => {
                    self.at += offset + 1;
                    return Ok(Step::Key(Cow::Owned(key)));
                }
                '\\' if !is_escaped => is_escaped = true,
                _ => {
                    key.push(character);
                    is_escaped = false;
                }
            }
        }
        Err(BadPath::Open { path: self.path.to_owned(), at: opened_at, what: "quotation mark" })
    }

    fn brackets(&mut self) -> Result<Step<'p>, BadPath> {
        let opened_at = self.at;
        let inside = self.rest().get(1..).unwrap_or_default().split_once(']').map(|(inside, _)| inside);
        let Some(inside) = inside else {
            return Err(BadPath::Open { path: self.path.to_owned(), at: opened_at, what: "bracket" });
        };
        self.at += inside.len() + 2;
        if inside.is_empty() {
            return Ok(Step::All);
        }
        let index = inside.parse().map_err(|_| BadPath::NoIndex {
            path: self.path.to_owned(),
            at: opened_at,
            found: inside.to_owned(),
        })?;
        Ok(Step::Index(index))
    }
}

/// Where a key that is not quoted ends: at the next byte that means something in a path, or at the path's end.
#[inline(always)]
pub fn key_end(path: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(word) = path.get(at..).and_then(|rest| rest.first_chunk()) {
        let special = special(u64::from_le_bytes(*word));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let left = path.len().saturating_sub(at);
    let end = match path.last_chunk() {
        // The bytes before `at` are shifted out, and zeros come in behind the end.
        Some(last) if left > 0 => special(u64::from_le_bytes(*last) >> (64 - 8 * left)).trailing_zeros() as usize / 8,
        Some(_) => 0,
        None => {
            let rest = path.get(at..).unwrap_or_default();
            rest.iter().position(|byte| matches!(byte, b'.' | b'[' | b']' | b'"')).unwrap_or(left)
        }
    };
    at + end.min(left)
}

/// The highest bit of the first byte that means something in a path is the lowest bit set; bits above it mean nothing.
#[inline(always)]
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let equal = |byte: u8| {
        let difference = word ^ (ONES * u64::from(byte));
        difference.wrapping_sub(ONES) & !difference
    };
    (equal(b'.') | equal(b'[') | equal(b']') | equal(b'"')) & HIGHEST
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(text: &str) -> Step<'_> {
        Step::Key(text.into())
    }

    #[test]
    fn keys_indices_and_all_are_read() {
        let path: Path = r#"a-b."c.d\"e"[0][].x:y"#.parse().unwrap();
        assert_eq!(path.steps, [key("a-b"), key("c.d\"e"), Step::Index(0), Step::All, key("x:y")]);
        assert_eq!("[1].a".parse::<Path>().unwrap().steps, [Step::Index(1), key("a")]);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        for (path, at) in [("", 0), ("a.", 2), (".a", 0), ("a..b", 2), ("a.[0]", 2)] {
            assert_eq!(path.parse::<Path>(), Err(BadPath::NoKey { path: path.into(), at }));
        }
        assert!(matches!("a.\"b".parse::<Path>(), Err(BadPath::Open { at: 2, .. })));
        assert!(matches!("a[0".parse::<Path>(), Err(BadPath::Open { at: 1, .. })));
        assert!(matches!("a[x]".parse::<Path>(), Err(BadPath::NoIndex { at: 1, .. })));
        assert!(matches!("a[0]b".parse::<Path>(), Err(BadPath::NoDot { at: 4, .. })));
        assert!(matches!("a]".parse::<Path>(), Err(BadPath::NoDot { at: 1, .. })));
    }

    fn written(steps: &[Step<'_>]) -> String {
        let mut path = String::new();
        for (at, step) in steps.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    let dot = if at == 0 { "" } else { "." };
                    path += &format!("{dot}\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""));
                }
                Step::Index(index) => path += &format!("[{index}]"),
                Step::All => path += "[]",
            }
        }
        path
    }

    proptest! {
        #[test]
        fn a_key_ends_at_the_first_byte_that_means_something(path in "([a-z]{1,9}|é|[.\\[\\]\"]){0,8}", from in 0usize..20) {
            let from = from.min(path.len());
            let rest = &path.as_bytes()[from..];
            let expected = rest.iter().position(|byte| b".[]\"".contains(byte)).unwrap_or(rest.len());
            prop_assert_eq!(key_end(path.as_bytes(), from), from + expected);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = text.parse::<Path>();
        }

        #[test]
        fn what_is_written_is_read_back(steps in prop::collection::vec(
            prop_oneof![
                "\\PC{0,8}".prop_map(|key| Step::Key(key.into())),
                (0usize..100).prop_map(Step::Index),
                Just(Step::All),
            ], 1..6)) {
            prop_assert_eq!(written(&steps).parse::<Path>().unwrap().steps, steps);
        }
    }
}
