//! Where the tokens of a JSON text end, and what is wrong with a text that is no JSON.
//!
//! The grammar is RFC 8259's. Refused besides: half a surrogate pair in an escape, which no Unicode text can hold. So what
//! is accepted here is what the project's other JSON readers accept.

use std::fmt;

use super::convert::DEEPEST;
use super::layout::LARGEST;

/// A text of which no image can be made. Bytes count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadJson {
    /// Something else stands where JSON asks for something.
    #[error("there is no {expected} at byte {at}")]
    Syntax {
        /// Where.
        at: usize,
        /// What should stand there.
        expected: Expected,
    },
    /// More levels of arrays and objects than any reader follows.
    #[error("at byte {at} it is nested deeper than {DEEPEST} levels")]
    TooDeep {
        /// Where the first level too many begins.
        at: usize,
    },
    /// A text that is larger than an image can address.
    #[error("it has {bytes} bytes, more than the {LARGEST} that an image can hold")]
    TooLarge {
        /// The text's bytes, or those of the image where only that is too large.
        bytes: usize,
    },
}

/// What a JSON text should have at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// A value.
    Value,
    /// A key, or the end of an object that has none.
    KeyOrEnd,
    /// A key: there is a comma before.
    Key,
    /// The colon after a key.
    Colon,
    /// A comma, or the end of the object.
    CommaOrObjectEnd,
    /// A comma, or the end of the array.
    CommaOrArrayEnd,
    /// A digit of a number.
    Digit,
    /// The quotation mark at the end of a string; control characters may not stand in one.
    StringEnd,
    /// An escape that JSON knows.
    Escape,
    /// The second half of a surrogate pair.
    SurrogatePair,
    /// The end of the text.
    End,
}

impl fmt::Display for Expected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Value => "value",
            Self::KeyOrEnd => "key and no end of the object",
            Self::Key => "key",
            Self::Colon => "colon",
            Self::CommaOrObjectEnd => "comma and no end of the object",
            Self::CommaOrArrayEnd => "comma and no end of the array",
            Self::Digit => "digit",
            Self::StringEnd => "end of the string, but its end or a control character",
            Self::Escape => "escape that JSON knows",
            Self::SurrogatePair => "second half of a surrogate pair",
            Self::End => "end of the text",
        })
    }
}

/// A place in a JSON text that moves on as tokens are taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

/// A string's bytes between its quotation marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quoted {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) has_escapes: bool,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn missing<T>(&self, expected: Expected) -> Result<T, BadJson> {
        Err(BadJson::Syntax { at: self.at, expected })
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// The next byte that is no white space; it is not taken.
    pub(super) fn peek(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                other => return other,
            }
        }
    }

    /// Takes the byte that was peeked.
    pub(super) fn take(&mut self) {
        self.at += 1;
    }

    /// Takes `true`, `false` or `null`.
    pub(super) fn word(&mut self, word: &str) -> Result<(), BadJson> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !rest.starts_with(word.as_bytes()) {
            return self.missing(Expected::Value);
        }
        self.at += word.len();
        Ok(())
    }

    /// Takes a number, whose first byte is a digit or a minus sign.
    pub(super) fn number(&mut self) -> Result<(), BadJson> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), BadJson> {
        let first = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == first { self.missing(Expected::Digit) } else { Ok(()) }
    }

    /// Takes a string, whose opening quotation mark is the next byte.
    #[inline(always)]
    pub(super) fn string(&mut self) -> Result<Quoted, BadJson> {
        self.at += 1;
        let from = self.at;
        let mut has_escapes = false;
        loop {
            self.skip_plain();
            match self.byte() {
                Some(b'"') => {
                    let to = self.at;
                    self.at += 1;
                    return Ok(Quoted { from, to, has_escapes });
                }
                Some(b'\\') => {
                    has_escapes = true;
                    self.escape()?;
                }
                _ => return self.missing(Expected::StringEnd),
            }
        }
    }

    /// Moves to the next byte that may not stand for itself in a string: a quotation mark, a backslash, a control character;
    /// or to the end of the text.
    #[inline(always)]
    fn skip_plain(&mut self) {
        let bytes = self.text.as_bytes();
        while let Some(word) = bytes.get(self.at..).and_then(|rest| rest.first_chunk::<8>()) {
            let special = special(u64::from_le_bytes(*word));
            if special != 0 {
                self.at += special.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while self.byte().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
            self.at += 1;
        }
    }

    #[cold]
    fn escape(&mut self) -> Result<Escape, BadJson> {
        let begin = self.at;
        self.at += 1;
        let character = match self.byte() {
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => return self.unicode().map(|character| Escape { begin, character }),
            _ => return self.missing(Expected::Escape),
        };
        self.at += 1;
        Ok(Escape { begin, character })
    }

    /// `uXXXX`, or two of them that are one character.
    fn unicode(&mut self) -> Result<char, BadJson> {
        let unit = self.unit()?;
        if let Some(character) = char::from_u32(unit) {
            return Ok(character);
        }
        let is_first_half = unit < 0xdc00;
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        if !is_first_half || !rest.starts_with(b"\\u") {
            return self.missing(Expected::SurrogatePair);
        }
        self.at += 1;
        let second = self.unit()?;
        let pair = second.checked_sub(0xdc00).filter(|low| *low < 0x400).map(|low| 0x10000 + ((unit - 0xd800) << 10) + low);
        pair.and_then(char::from_u32).map_or_else(|| self.missing(Expected::SurrogatePair), Ok)
    }

    /// `uXXXX`.
    fn unit(&mut self) -> Result<u32, BadJson> {
        self.at += 1;
        let mut unit = 0;
        for _ in 0..4 {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(16)) else {
                return self.missing(Expected::Escape);
            };
            unit = unit << 4 | digit;
            self.at += 1;
        }
        Ok(unit)
    }
}

/// An escape: where its backslash is, and the character that it stands for.
struct Escape {
    begin: usize,
    character: char,
}

/// Appends what a string stands for. It was taken before, so that every escape in it is known to be in order.
pub(super) fn unescape(text: &str, quoted: Quoted, out: &mut Vec<u8>) -> Result<(), BadJson> {
    let mut scanner = Scanner { text, at: quoted.from };
    let mut copied = quoted.from;
    let plain = |from: usize, to: usize| text.as_bytes().get(from..to).unwrap_or_default();
    loop {
        scanner.skip_plain();
        if scanner.at >= quoted.to {
            out.extend_from_slice(plain(copied, quoted.to));
            return Ok(());
        }
        let Escape { begin, character } = scanner.escape()?;
        out.extend_from_slice(plain(copied, begin));
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
        copied = scanner.at;
    }
}

/// The highest bit of the first byte that is special in a string is the lowest bit set; bits above it mean nothing.
fn special(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let below = |word: u64, limit: u8| word.wrapping_sub(ONES * u64::from(limit)) & !word & HIGHEST;
    let equal = |word: u64, byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    below(word, b' ') | equal(word, b'"') | equal(word, b'\\')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_special_byte_of_a_word_is_found() {
        for special_byte in [b'"', b'\\', 0, 1, 0x1f] {
            for at in 0..8 {
                for filler in [b' ', b'a', b'!', b'#', b'[', b']', 0x7f, 0x80, 0xff] {
                    let mut word = [filler; 8];
                    word[at] = special_byte;
                    assert_eq!(special(u64::from_le_bytes(word)).trailing_zeros() as usize / 8, at, "{word:?}");
                    assert_eq!(special(u64::from_le_bytes([filler; 8])), 0, "{filler}");
                }
            }
        }
    }

    fn unescaped(inside: &str) -> Result<String, BadJson> {
        let text = format!("\"{inside}\"");
        let quoted = Scanner::new(&text).string()?;
        let mut out = Vec::new();
        unescape(&text, quoted, &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn escapes_stand_for_their_characters() {
        for (inside, expected) in [
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"a\u0041b\u00e9\u20AC", "aAbé€"),
            (r"\ud83d\ude00!", "😀!"),
            (r"\u0000", "\0"),
            (r"long enough for a word, then \n, then é again", "long enough for a word, then \n, then é again"),
        ] {
            assert_eq!(unescaped(inside).unwrap(), expected, "{inside}");
        }
    }

    #[test]
    fn what_is_no_string_is_refused_at_its_place() {
        for (inside, at, expected) in [
            (r"a\x", 3, Expected::Escape),
            (r"\u12g4", 5, Expected::Escape),
            (r"\ud800", 7, Expected::SurrogatePair),
            (r"\udc00", 7, Expected::SurrogatePair),
            (r"\ud800\u0041", 13, Expected::SurrogatePair),
            (r"\ud800\ue000", 13, Expected::SurrogatePair),
            (r"\ud800\n", 7, Expected::SurrogatePair),
            ("a\nb", 2, Expected::StringEnd),
        ] {
            assert_eq!(unescaped(inside), Err(BadJson::Syntax { at, expected }), "{inside}");
        }
        assert_eq!(Scanner::new("\"abc").string(), Err(BadJson::Syntax { at: 4, expected: Expected::StringEnd }));
    }
}
