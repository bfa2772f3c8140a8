//! Text from records made harmless for a terminal.
//!
//! Whoever can make a call in an account chooses his user agent, his session's name and the names of his resources. Raw, they
//! could move the cursor, rewrite lines above, or turn the reading direction round.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text in one line, in which every character is seen: white space is a space, and what a terminal would act on or hide
/// is written as `\u{…}`.
pub(super) fn harmless(text: &str) -> String {
    let mut harmless = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' | '\r' | '\t' => harmless.push(' '),
            _ if is_harmful(character) => harmless.extend(character.escape_unicode()),
            _ => harmless.push(character),
        }
    }
    harmless
}

/// Controls (C0, DEL, C1), and the characters of Unicode's categories Cf, Zl and Zp that are invisible or change the direction
/// (<https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing>).
fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// How many columns a text takes.
pub(super) fn columns(text: &str) -> usize {
    text.width()
}

/// The text, or as much of it as fits into so many columns with `…` at its end.
pub(super) fn shortened(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut short = String::new();
    let mut room = most.saturating_sub(1);
    for character in text.chars() {
        let width = character.width().unwrap_or(0);
        if width > room {
            break;
        }
        room -= width;
        short.push(character);
    }
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_written_out() {
        assert_eq!(harmless("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(harmless("\u{9b}31m\u{7f}\u{0}"), "\\u{9b}31m\\u{7f}\\u{0}");
        assert_eq!(harmless("in\u{202e}voice\u{200b}"), "in\\u{202e}voice\\u{200b}");
        assert_eq!(harmless("one\r\ntwo\tthree"), "one  two three");
        assert_eq!(harmless("Zoë 漢字 🙂"), "Zoë 漢字 🙂");
    }

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(shortened("漢字漢字", 8), "漢字漢字");
        assert_eq!(shortened("漢字漢字", 6), "漢字…");
        assert_eq!(shortened("abcdef", 4), "abc…");
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left_and_what_is_shortened_fits(text in any::<String>(), most in 1usize..40) {
            let text = harmless(&text);
            prop_assert!(!text.chars().any(is_harmful));
            prop_assert!(columns(&shortened(&text, most)) <= most);
        }
    }
}
