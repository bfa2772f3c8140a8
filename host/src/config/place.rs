//! Where in a file something stands, so that an error can point at it.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Lines longer than this are shown in part, in characters.
const SHOWN_WIDTH: usize = 120;

/// Where something stands: a file, and where in it, as far as that is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as it was named; none where no configuration was given.
    pub file: Option<PathBuf>,
    /// Where in the file; none where it is about the whole of it.
    pub position: Option<Position>,
}

/// A run of characters in a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The line, counted from 1.
    pub line: usize,
    /// The first character's place in its line, counted in characters from 1.
    pub column: usize,
    excerpt: String,
}

impl Place {
    /// A file as a whole.
    pub fn file(file: &Path) -> Self {
        Self { file: Some(file.to_owned()), position: None }
    }

    /// A run of bytes in a file's text. What is no boundary of characters, or behind the end, is moved to the nearest one before.
    pub fn in_text(file: &Path, text: &str, span: Range<usize>) -> Self {
        Self { file: Some(file.to_owned()), position: Some(Position::of(text, span)) }
    }

    /// The line and carets below what is meant, each begun by a line break; empty without a position.
    pub fn excerpt(&self) -> String {
        self.position.as_ref().map(|position| position.excerpt.clone()).unwrap_or_default()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{}", file.display())?,
            None => f.write_str("no configuration")?,
        }
        match &self.position {
            Some(Position { line, column, .. }) => write!(f, ":{line}:{column}"),
            None => Ok(()),
        }
    }
}

impl Position {
    fn of(text: &str, span: Range<usize>) -> Self {
        let start = text.floor_char_boundary(span.start);
        let end = text.floor_char_boundary(span.end).max(start);
        let (before, after) = text.split_at(start);
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let line_end = after.find('\n').map_or(text.len(), |at| start + at);
        let slice = |range: Range<usize>| text.get(range).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = slice(line_start..start).chars().count() + 1;
        let width = slice(start..end.min(line_end)).trim_end_matches('\r').chars().count().max(1);
        let excerpt = excerpt(slice(line_start..line_end).trim_end_matches('\r'), line, column, width);
        Self { line, column, excerpt }
    }
}

/// A line, or the part of it around a column, with carets below what is meant.
fn excerpt(text: &str, line: usize, column: usize, width: usize) -> String {
    // What stands far to the right is shown with some of what stands before it.
    let skipped = if column > SHOWN_WIDTH { column - SHOWN_WIDTH / 2 } else { 0 };
    // One column for each character: a control character could move the caret, or worse, steer the terminal.
    let one_column = |c: char| if c.is_control() { ' ' } else { c };
    let shown: String = text.chars().skip(skipped).take(SHOWN_WIDTH).map(one_column).collect();
    let indent = " ".repeat(column - 1 - skipped);
    let carets = "^".repeat(width.min(SHOWN_WIDTH.saturating_sub(indent.len())).max(1));
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    format!("\n  {number} | {shown}\n  {margin} | {indent}{carets}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_caret_stands_below_what_is_meant() {
        let text = "a = 1\n\tü = 'x'\r\nb = 2\n";
        let place = Place::in_text(Path::new("t.toml"), text, 7..9);
        assert_eq!(place.to_string(), "t.toml:2:2");
        assert_eq!(place.excerpt(), "\n  2 |  ü = 'x'\n    |  ^");
    }

    #[test]
    fn the_end_of_the_text_is_a_place() {
        let place = Place::in_text(Path::new("t.toml"), "a = ", 4..4);
        assert_eq!(place.to_string(), "t.toml:1:5");
        assert_eq!(place.excerpt(), "\n  1 | a = \n    |     ^");
    }

    #[test]
    fn a_long_line_is_shown_around_the_place() {
        let text = format!("{}HERE{}", "x".repeat(1_000), "y".repeat(1_000));
        let excerpt = Place::in_text(Path::new("t"), &text, 1_000..1_004).excerpt();
        let [_, line, carets] = excerpt.split('\n').collect::<Vec<_>>()[..] else { panic!("{excerpt}") };
        assert!(line.len() < 140 && carets.ends_with("^^^^"), "{excerpt}");
        assert_eq!(line.find("HERE"), carets.find('^'));
    }

    proptest! {
        #[test]
        fn any_span_of_any_text_is_a_place(text in "(\\PC|[\\x00-\\x1f]|ü){0,300}", start in 0..700_usize, width in 0..700_usize) {
            let place = Place::in_text(Path::new("t"), &text, start..start + width);
            let excerpt = place.excerpt();
            prop_assert_eq!(excerpt.matches('\n').count(), 2);
            prop_assert!(!excerpt.replace('\n', "").contains(char::is_control));
        }
    }
}
