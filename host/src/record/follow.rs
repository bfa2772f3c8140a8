//! Finds where a JSON value ends, without looking at what it means.
//!
//! Only strings and brackets are followed, so a brace or a quote inside a string never confuses it, and a value that
//! is wrong inside still has an end: it is refused alone and the object goes on. Whether the text is right JSON is
//! decided later, by a real parser. Feed it pieces of any size.

use memchr::memchr3;

/// Levels whose kind of bracket is remembered; deeper ones are only counted. Far above every depth limit.
const KNOWN_LEVELS: u32 = 256;
/// Longer keys are none that we look for, not even with every letter of them escaped.
const KEY_BYTES: usize = 96;

/// Where the value stands, which decides how much is concluded from odd bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Not in any list. Values may come one a line, so a line that was cut must not swallow the lines behind it:
    /// what cannot be JSON ends the attempt at once. The value may turn out to be a wrapper around a list.
    TopLevel,
    /// In a bare array: brackets are followed to the end whatever else is wrong. It may be a wrapper too.
    ArrayElement,
    /// In a wrapper's list, or in an envelope: followed to the end, and never a wrapper.
    Inner,
}

/// What a piece of text said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The value goes on behind this piece.
    Continue,
    /// The value ended; the number of bytes of this piece that belong to it.
    End(usize),
    /// The array of a wrapper has been opened; the number of bytes up to and with its bracket.
    List(usize),
    /// The byte at this place cannot be there.
    Broken(usize, Break),
}

/// What was wrong with a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Break {
    /// A line ended inside a string.
    LineInString,
    /// A closing bracket of the wrong kind.
    WrongBracket,
    /// An object or array begins where none can.
    MisplacedValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Between,
    InString,
    Escaped,
    /// A number or a word that stands alone.
    Scalar,
}

/// The last thing that was seen outside of strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Previous {
    Open,
    Value,
    Colon,
    Comma,
}

/// Follows one value from its first byte to its last.
pub(super) struct Follower {
    standing: Standing,
    state: State,
    previous: Previous,
    depth: u32,
    deepest: u32,
    /// One bit a level: set for an object.
    objects: [u64; (KNOWN_LEVELS / 64) as usize],
    key: Key,
    digest: bool,
}

impl Follower {
    /// Begins before a value's first byte.
    pub(super) fn new(standing: Standing) -> Self {
        Self {
            standing,
            state: State::Between,
            previous: Previous::Comma,
            depth: 0,
            deepest: 0,
            objects: [0; (KNOWN_LEVELS / 64) as usize],
            key: Key::new(),
            digest: false,
        }
    }

    /// Begins inside a wrapper, behind the list that was the value of one of its keys.
    pub(super) fn behind_list() -> Self {
        let mut follower = Self::new(Standing::TopLevel);
        follower.enter(true);
        follower.previous = Previous::Value;
        follower
    }

    /// The most levels of arrays and objects so far.
    pub(super) fn deepest(&self) -> u32 {
        self.deepest
    }

    /// Whether a key of CloudTrail's digest files was seen at the first level.
    pub(super) fn saw_digest_key(&self) -> bool {
        self.digest
    }

    /// Whether it follows a number or word that stands alone, which the end of the object ends too.
    pub(super) fn in_scalar(&self) -> bool {
        self.state == State::Scalar
    }

    /// Follows the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Step {
        let mut at = 0;
        while let Some(&byte) = piece.get(at) {
            match self.state {
                State::Between => {
                    if let Some(step) = self.between(byte, at) {
                        return step;
                    }
                    at += 1;
                }
                State::InString => {
                    let rest = piece.get(at..).unwrap_or_default();
                    let found = memchr3(b'"', b'\\', b'\n', rest);
                    let plain = found.unwrap_or(rest.len());
                    self.key.note(rest.get(..plain).unwrap_or_default());
                    at += plain;
                    match rest.get(plain) {
                        None => return Step::Continue,
                        Some(b'"') => {
                            at += 1;
                            if self.end_string() {
                                return Step::End(at);
                            }
                        }
                        Some(b'\\') => {
                            self.key.note(b"\\");
                            self.state = State::Escaped;
                            at += 1;
                        }
                        Some(_) if self.standing == Standing::TopLevel => {
                            return Step::Broken(at, Break::LineInString);
                        }
                        Some(_) => at += 1,
                    }
                }
                State::Escaped => {
                    self.state = State::InString;
                    // No line's end can be escaped, so it is left to be found as one.
                    if byte != b'\n' {
                        self.key.note(&[byte]);
                        at += 1;
                    }
                }
                State::Scalar => {
                    if ends_scalar(byte) {
                        return Step::End(at);
                    }
                    at += 1;
                }
            }
        }
        Step::Continue
    }

    fn between(&mut self, byte: u8, at: usize) -> Option<Step> {
        match byte {
            b'"' => {
                let is_key = self.depth == 1 && self.in_object() && matches!(self.previous, Previous::Open | Previous::Comma);
                self.key.begin(is_key);
                self.state = State::InString;
            }
            b'{' | b'[' => return self.open(byte == b'{', at),
            b'}' | b']' => return self.close(byte == b'}', at),
            b',' => self.previous = Previous::Comma,
            b':' => self.previous = Previous::Colon,
            b' ' | b'\t' | b'\n' | b'\r' => {}
            _ => {
                self.previous = Previous::Value;
                if self.depth == 0 {
                    self.state = State::Scalar;
                }
            }
        }
        None
    }

    fn open(&mut self, object: bool, at: usize) -> Option<Step> {
        if self.standing == Standing::TopLevel && self.depth <= KNOWN_LEVELS && !self.has_room_for_value() {
            return Some(Step::Broken(at, Break::MisplacedValue));
        }
        let may_be_list = !object && self.depth == 1 && self.standing != Standing::Inner;
        if may_be_list && self.previous == Previous::Colon && self.key.names_a_list() {
            return Some(Step::List(at + 1));
        }
        self.enter(object);
        None
    }

    fn has_room_for_value(&self) -> bool {
        match self.previous {
            Previous::Colon => self.depth == 0 || self.in_object(),
            Previous::Comma => self.depth == 0 || !self.in_object(),
            Previous::Open => !self.in_object(),
            Previous::Value => false,
        }
    }

    fn close(&mut self, object: bool, at: usize) -> Option<Step> {
        if self.depth <= KNOWN_LEVELS && self.in_object() != object {
            return Some(Step::Broken(at, Break::WrongBracket));
        }
        self.depth = self.depth.saturating_sub(1);
        self.previous = Previous::Value;
        (self.depth == 0).then_some(Step::End(at + 1))
    }

    /// True where the string was the whole value.
    fn end_string(&mut self) -> bool {
        self.digest |= self.key.end_names_digest();
        self.state = State::Between;
        self.previous = Previous::Value;
        self.depth == 0
    }

    fn enter(&mut self, object: bool) {
        self.depth = self.depth.saturating_add(1);
        self.deepest = self.deepest.max(self.depth);
        self.previous = Previous::Open;
        let level = self.depth - 1;
        if let Some(word) = self.objects.get_mut((level / 64) as usize) {
            let bit = 1 << (level % 64);
            *word = if object { *word | bit } else { *word & !bit };
        }
    }

    /// Whether the innermost bracket that is open is a brace. Levels that are only counted pass for arrays.
    fn in_object(&self) -> bool {
        let Some(level) = self.depth.checked_sub(1) else {
            return false;
        };
        self.objects.get((level / 64) as usize).is_some_and(|word| word & (1 << (level % 64)) != 0)
    }
}

/// The bytes that end a number or word: JSON's white space and punctuation.
fn ends_scalar(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':' | b'{' | b'}' | b'[' | b']' | b'"')
}

/// The last key at the first level, as far as it is short enough to be one that matters.
struct Key {
    bytes: [u8; KEY_BYTES],
    /// One more than `KEY_BYTES`: too long.
    len: usize,
    open: bool,
}

impl Key {
    fn new() -> Self {
        Self { bytes: [0; KEY_BYTES], len: 0, open: false }
    }

    fn begin(&mut self, is_key: bool) {
        self.open = is_key;
        if is_key {
            self.len = 0;
        }
    }

    fn note(&mut self, part: &[u8]) {
        if !self.open || part.is_empty() {
            return;
        }
        match self.bytes.get_mut(self.len..self.len.saturating_add(part.len())) {
            Some(room) => {
                room.copy_from_slice(part);
                self.len += part.len();
            }
            None => self.len = KEY_BYTES + 1,
        }
    }

    /// Ends the string; true where it was a key that only digest files have (their first distinctive one).
    fn end_names_digest(&mut self) -> bool {
        std::mem::take(&mut self.open) && self.is("digestS3Bucket")
    }

    /// Log files keep their records in `Records`, the LookupEvents call in `Events`.
    fn names_a_list(&self) -> bool {
        self.is("Records") || self.is("Events")
    }

    fn is(&self, name: &str) -> bool {
        let Some(raw) = self.bytes.get(..self.len) else {
            return false;
        };
        if !raw.contains(&b'\\') {
            return raw == name.as_bytes();
        }
        let quoted = [b"\"", raw, b"\""].concat();
        serde_json::from_slice::<String>(&quoted).is_ok_and(|key| key == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds one byte at a time; where the value ended, and how.
    fn follow(mut follower: Follower, text: &str) -> (usize, Step) {
        for at in 0..text.len() {
            match follower.feed(&text.as_bytes()[at..=at]) {
                Step::Continue => {}
                Step::End(more) => return (at + more, Step::End(more)),
                other => return (at, other),
            }
        }
        (text.len(), Step::Continue)
    }

    fn end_of(text: &str, standing: Standing) -> usize {
        let (end, step) = follow(Follower::new(standing), text);
        assert!(matches!(step, Step::End(_)), "{text}: {step:?}");
        assert_eq!(Follower::new(standing).feed(text.as_bytes()), Step::End(end), "{text}");
        end
    }

    #[test]
    fn a_value_ends_at_its_last_byte_however_it_is_fed() {
        for standing in [Standing::TopLevel, Standing::ArrayElement, Standing::Inner] {
            for value in [r#"{}"#, r#"[[],{"a":"]\\"}]"#, r#""a\"b""#, "12", "null", r#"{"a":[1,"}"]}"#] {
                assert_eq!(end_of(&format!("{value} ,"), standing), value.len());
            }
        }
    }

    #[test]
    fn what_is_wrong_inside_a_list_element_does_not_hide_its_end() {
        let value = "{\"a\" 1 {\"b\"} ,, \"line\nbreak\"}";
        assert_eq!(end_of(&format!("{value},{{}}"), Standing::Inner), value.len());
        let (at, step) = follow(Follower::new(Standing::TopLevel), value);
        assert!(matches!(step, Step::Broken(_, Break::MisplacedValue)));
        assert_eq!(&value[at..=at], "{");
    }

    #[test]
    fn only_the_lists_of_wrappers_are_lists() {
        let opens = |text: &str, standing| matches!(follow(Follower::new(standing), text).1, Step::List(_));
        for list in [r#"{"Records":["#, r#"{"a":{"b":[]},"Events" : ["#, r#"{"Record\u0073":["#] {
            assert!(opens(list, Standing::TopLevel) && opens(list, Standing::ArrayElement), "{list}");
            assert!(!opens(list, Standing::Inner), "{list}");
        }
        for other in [r#"{"records":["#, r#"{"a":{"Records":["#, r#"{"a":"Records",["#, r#"{"Records":{"a":["#, r#"[["#] {
            assert!(!opens(other, Standing::TopLevel), "{other}");
        }
        assert!(matches!(follow(Follower::behind_list(), r#","Records":["#).1, Step::List(_)));
    }

    #[test]
    fn a_line_that_ends_in_a_string_breaks_only_what_stands_at_the_top_level() {
        for cut in ["{\"a\":\"b\n", "{\"a\":\"b\\\n", "\"\n"] {
            let broken = Step::Broken(cut.len() - 1, Break::LineInString);
            assert_eq!(Follower::new(Standing::TopLevel).feed(cut.as_bytes()), broken);
            assert_eq!(Follower::new(Standing::Inner).feed(cut.as_bytes()), Step::Continue);
        }
    }

    #[test]
    fn depth_is_counted_beyond_the_levels_whose_brackets_are_known() {
        let levels = 5 * KNOWN_LEVELS as usize;
        let text = "{\"a\":[".repeat(levels) + &"]}".repeat(levels);
        for standing in [Standing::TopLevel, Standing::Inner] {
            let mut follower = Follower::new(standing);
            assert_eq!(follower.feed(text.as_bytes()), Step::End(text.len()));
            assert_eq!(follower.deepest() as usize, 2 * levels);
        }
    }
}
