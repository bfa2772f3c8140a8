//! Text cut to the width of a column.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

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
    use crate::harmless::{harmless, is_harmful};

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
