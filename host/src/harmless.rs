//! Text made harmless for a terminal.
//!
//! Whoever can make a call in an account chooses his user agent, his session's name and the names of his resources, and
//! whoever writes a policy chooses what it is refused with. Raw, they could move the cursor, rewrite lines above, or turn the
//! reading direction round.

/// The text in one line, in which every character is seen: white space is a space, and what a terminal would act on or hide
/// is written as `\u{…}`.
pub fn harmless(text: &str) -> String {
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
pub(crate) fn is_harmful(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_on_is_written_out() {
        assert_eq!(harmless("a\u{1b}[2Jb"), "a\\u{1b}[2Jb");
        assert_eq!(harmless("\u{9b}31m\u{7f}\u{0}"), "\\u{9b}31m\\u{7f}\\u{0}");
        assert_eq!(harmless("in\u{202e}voice\u{200b}"), "in\\u{202e}voice\\u{200b}");
        assert_eq!(harmless("one\r\ntwo\tthree"), "one  two three");
        assert_eq!(harmless("Zoë 漢字 🙂"), "Zoë 漢字 🙂");
    }
}
