//! Text of others, fit for a log line, a label or an answer: one line, no character that a terminal acts on, and not too long.

use crate::harmless::harmless;
use crate::limits::TELEMETRY_TEXT;

/// The text, harmless and cut.
pub(super) fn cut(text: &str) -> String {
    let end = text.floor_char_boundary(TELEMETRY_TEXT);
    let mut cut = harmless(text.get(..end).unwrap_or_default());
    if end < text.len() {
        cut.push('…');
    }
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        assert_eq!(cut("a\u{1b}b\nc"), "a\\u{1b}b c");
        let long = cut(&"é".repeat(TELEMETRY_TEXT));
        assert!(long.ends_with("é…") && long.len() <= TELEMETRY_TEXT + '…'.len_utf8());
    }
}
