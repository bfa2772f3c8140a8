//! How the splitter goes on where an object's structure is broken, and how it counts what it loses by that.
//!
//! A line that begins with `{` or `[` in its first column is taken for the beginning of a value: no JSON string goes
//! over lines, and whoever writes a value over several lines indents what is in it. A region is searched twice at the
//! most, so that no object, however broken, costs more than twice its length.

use std::io::Read;

use serde::de::IgnoredAny;

use super::fault::{Expected, FaultReason, Skipped};
use super::follow::{Break, Standing};
use super::split::{Cut, Place, Splitter};

impl<R: Read> Splitter<R> {
    /// A word at the top level that is no JSON: then what follows is none either.
    pub(super) fn lose_if_not_json(&mut self, len: usize) -> Option<Cut> {
        if serde_json::from_slice::<IgnoredAny>(self.text(len)).is_ok() {
            return None;
        }
        let found = self.window.byte(0)?;
        Some(self.lose(FaultReason::Unexpected { found, expected: Expected::Value }))
    }

    /// The value at the front cannot be followed beyond `at`. A line that was cut takes only itself along.
    pub(super) fn broken(&mut self, at: usize, what: Break, dropped: u64) -> Cut {
        let found = self.window.byte(at).unwrap_or_default();
        let expected = match what {
            Break::LineInString => Expected::EndOfString,
            Break::WrongBracket => Expected::MatchingBracket,
            Break::MisplacedValue => Expected::Punctuation,
        };
        let reason = FaultReason::Unexpected { found, expected };
        let offset = self.window.offset() + at as u64;
        let skipped = self.go_back_to_line(at, dropped).unwrap_or_else(|| self.skip_to_line(at, dropped));
        Cut::fault(offset, reason, skipped)
    }

    /// The object ended inside the value at the front.
    pub(super) fn unfinished(&mut self, standing: Standing, dropped: u64) -> Cut {
        let offset = self.window.offset().saturating_sub(dropped);
        let all = self.window.bytes().len();
        if standing == Standing::TopLevel
            && let Some(skipped) = self.go_back_to_line(all, dropped)
        {
            return Cut::Fault { offset, reason: FaultReason::Truncated, skipped };
        }
        self.cut_off(dropped)
    }

    /// The object ends where it must not. All that is in memory is lost.
    pub(super) fn cut_off(&mut self, dropped: u64) -> Cut {
        let offset = self.window.offset().saturating_sub(dropped);
        let left = self.window.bytes().len();
        self.window.discard(left);
        self.place = Place::End;
        let reason = self.failure().unwrap_or(FaultReason::Truncated);
        Cut::Fault { offset, reason, skipped: Skipped { bytes: dropped + left as u64, rest_lost: true } }
    }

    /// The byte at the front cannot stand there: goes on at the next line that begins like a value, if any.
    pub(super) fn lose(&mut self, reason: FaultReason) -> Cut {
        let offset = self.window.offset();
        Cut::Fault { offset, reason, skipped: self.skip_to_line(0, 0) }
    }

    /// From a break at `at`, to the first line inside the broken value that begins like a value of its own: the
    /// broken one was a line that had been cut.
    fn go_back_to_line(&mut self, at: usize, dropped: u64) -> Option<Skipped> {
        // Of a value beyond the limit as much is in memory as happened to arrive at once, which must make no difference.
        let is_in_memory = dropped == 0 && at <= self.record_bytes;
        if self.place != Place::TopLevel || !is_in_memory || self.window.offset() < self.no_way_back_before {
            return None;
        }
        let line = self.window.line_with_value(at)?;
        self.no_way_back_before = self.window.offset() + at as u64;
        self.window.discard(line);
        Some(Skipped::exactly(line as u64))
    }

    /// From a break at `at`, to the next line that begins like a value, or to the end.
    fn skip_to_line(&mut self, at: usize, dropped: u64) -> Skipped {
        // One byte back: the break itself may be the first byte of such a line.
        let (bytes, found) = self.window.discard_to_line_with_value(at.saturating_sub(1));
        self.place = if found { Place::TopLevel } else { Place::End };
        Skipped::exactly(dropped + bytes)
    }
}
