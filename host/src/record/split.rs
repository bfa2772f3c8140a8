//! Cuts an object into the pieces of JSON that stand in its lists, lines or one behind the other.
//!
//! Never more than one piece is in memory, and of a piece never more than the limit for records.

use std::io::Read;

use serde::de::IgnoredAny;

use super::fault::{Expected, FaultReason, Skipped};
use super::follow::{Break, Follower, Standing, Step};
use super::gunzip::Inflate;
use super::limits::ReadLimits;
use super::window::Window;

/// What the splitter found next.
#[derive(Debug)]
pub(super) enum Cut {
    /// A value, which stands at the front of the splitter until [`Splitter::finish`].
    Value { offset: u64, len: usize, depth: u32 },
    /// A digest file that is longer than a record may be; already behind.
    LongDigest { offset: u64, bytes: u64 },
    /// Something wrong; already behind.
    Fault {
        offset: u64,
        reason: FaultReason,
        skipped: Skipped,
    },
}

/// Where in the object's structure the splitter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Start,
    TopLevel,
    List {
        wrapped: bool,
        next: Next,
    },
    /// In a wrapper, behind its list.
    BehindList,
    End,
}

/// What a list may have next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    RecordOrEnd,
    RecordAfterComma,
    CommaOrEnd,
}

/// How following a value ended.
enum Followed {
    Whole {
        len: usize,
        depth: u32,
    },
    /// Longer than a record may be, and already behind.
    TooLong {
        bytes: u64,
        digest: bool,
    },
    /// A wrapper's list was opened.
    List {
        len: usize,
        dropped: u64,
    },
    Broken {
        at: usize,
        what: Break,
        dropped: u64,
    },
    Unfinished {
        dropped: u64,
    },
}

/// Cuts one object.
pub(super) struct Splitter<R> {
    window: Window<R>,
    place: Place,
    record_bytes: usize,
    structure: u64,
    /// Lines that begin before this offset were looked at once before, so a break in them never goes back: each
    /// byte is looked at twice at the most.
    no_way_back_before: u64,
}

impl<R: Read> Splitter<R> {
    pub(super) fn new(source: R, limits: ReadLimits) -> Self {
        Self {
            window: Window::new(Inflate::new(source, limits)),
            place: Place::Start,
            record_bytes: limits.record_bytes,
            structure: 0,
            no_way_back_before: 0,
        }
    }

    /// Bytes around the values so far.
    pub(super) fn structure_bytes(&self) -> u64 {
        self.structure
    }

    /// Bytes that are held for what is in memory.
    pub(super) fn capacity(&self) -> usize {
        self.window.capacity()
    }

    pub(super) fn input(&self) -> &Inflate<R> {
        self.window.input()
    }

    /// The first `len` bytes of what is in memory: the value that was cut last.
    pub(super) fn text(&self, len: usize) -> &[u8] {
        self.window.bytes().get(..len).unwrap_or_default()
    }

    /// Forgets the value that was cut last.
    pub(super) fn finish(&mut self, len: usize) {
        self.window.discard(len);
    }

    /// The next piece; `None` at the end of the object, for ever.
    pub(super) fn next_cut(&mut self) -> Option<Cut> {
        loop {
            let cut = match self.place {
                Place::Start => self.start(),
                Place::TopLevel => self.top_level(),
                Place::List { wrapped, next } => self.list(wrapped, next),
                Place::BehindList => self.behind_list(),
                Place::End => return self.failure().map(|reason| self.fault_here(reason, true)),
            };
            if cut.is_some() {
                return cut;
            }
        }
    }

    fn start(&mut self) -> Option<Cut> {
        self.place = Place::TopLevel;
        let begin = (self.window.byte(0), self.window.byte(1));
        let is_utf16 = matches!(
            begin,
            (Some(0xff), Some(0xfe))
                | (Some(0xfe), Some(0xff))
                | (Some(0), Some(b'{' | b'['))
                | (Some(b'{' | b'['), Some(0))
        );
        is_utf16.then(|| self.lose(FaultReason::Utf16))
    }

    fn top_level(&mut self) -> Option<Cut> {
        self.structure += self.window.discard_white(true);
        match self.window.byte(0) {
            None => {
                self.place = Place::End;
                None
            }
            Some(b'[') => {
                self.skip_structure(1);
                self.place = Place::List {
                    wrapped: false,
                    next: Next::RecordOrEnd,
                };
                None
            }
            Some(b'{') => self.value(Standing::TopLevel),
            Some(byte) if begins_scalar(byte) => self.value(Standing::TopLevel),
            Some(found) => Some(self.lose(FaultReason::Unexpected {
                found,
                expected: Expected::Value,
            })),
        }
    }

    fn list(&mut self, wrapped: bool, next: Next) -> Option<Cut> {
        self.structure += self.window.discard_white(false);
        let Some(byte) = self.window.byte(0) else {
            return Some(self.cut_off(0));
        };
        match (next, byte) {
            (Next::RecordAfterComma, b']') => {
                self.place = Place::List {
                    wrapped,
                    next: Next::CommaOrEnd,
                };
                Some(self.fault_here(FaultReason::TrailingComma, false))
            }
            (_, b']') => {
                self.skip_structure(1);
                self.place = if wrapped {
                    Place::BehindList
                } else {
                    Place::TopLevel
                };
                None
            }
            (Next::CommaOrEnd, b',') => {
                self.skip_structure(1);
                self.place = Place::List {
                    wrapped,
                    next: Next::RecordAfterComma,
                };
                None
            }
            (Next::CommaOrEnd, b'{') => {
                self.place = Place::List {
                    wrapped,
                    next: Next::RecordAfterComma,
                };
                Some(self.fault_here(FaultReason::MissingComma, false))
            }
            (Next::RecordOrEnd | Next::RecordAfterComma, byte)
                if byte == b'{' || byte == b'[' || begins_scalar(byte) =>
            {
                self.place = Place::List {
                    wrapped,
                    next: Next::CommaOrEnd,
                };
                self.value(Standing::Element)
            }
            (Next::CommaOrEnd, found) => Some(self.lose(FaultReason::Unexpected {
                found,
                expected: Expected::CommaOrEndOfList,
            })),
            (_, found) => Some(self.lose(FaultReason::Unexpected {
                found,
                expected: Expected::RecordOrEndOfList,
            })),
        }
    }

    /// The rest of a wrapper. It may even have another list.
    fn behind_list(&mut self) -> Option<Cut> {
        let offset = self.window.offset();
        match self.follow(Follower::behind_list()) {
            Followed::Whole { len, .. } => {
                self.place = Place::TopLevel;
                self.wrapper_part(r#"{"":[]"#, len, 0, "")
            }
            Followed::TooLong { bytes, .. } => {
                self.place = Place::TopLevel;
                Some(self.wrapper_too_long(offset, bytes))
            }
            Followed::List { len, dropped } => {
                self.place = Place::List {
                    wrapped: true,
                    next: Next::RecordOrEnd,
                };
                self.wrapper_part(r#"{"":[]"#, len, dropped, "]}")
            }
            Followed::Broken { at, what, dropped } => Some(self.broken(at, what, dropped)),
            Followed::Unfinished { dropped } => Some(self.cut_off(dropped)),
        }
    }

    /// The value at the front.
    fn value(&mut self, standing: Standing) -> Option<Cut> {
        let offset = self.window.offset();
        match self.follow(Follower::new(standing)) {
            Followed::Whole { len, depth } => {
                if standing == Standing::TopLevel && depth == 0 {
                    if let Some(lost) = self.lose_if_not_json(len) {
                        return Some(lost);
                    }
                }
                Some(Cut::Value { offset, len, depth })
            }
            Followed::TooLong {
                bytes,
                digest: true,
            } => Some(Cut::LongDigest { offset, bytes }),
            Followed::TooLong {
                bytes,
                digest: false,
            } => {
                let reason = FaultReason::TooLong {
                    bytes,
                    limit: self.record_bytes,
                };
                Some(Cut::Fault {
                    offset,
                    reason,
                    skipped: Skipped {
                        bytes,
                        rest_lost: false,
                    },
                })
            }
            Followed::List { len, dropped } => {
                self.place = Place::List {
                    wrapped: true,
                    next: Next::RecordOrEnd,
                };
                self.wrapper_part("", len, dropped, "]}")
            }
            Followed::Broken { at, what, dropped } => Some(self.broken(at, what, dropped)),
            Followed::Unfinished { dropped } => Some(self.unfinished(standing, dropped)),
        }
    }

    /// Follows a value from the front. What is beyond the limit is forgotten on the way.
    fn follow(&mut self, mut follower: Follower) -> Followed {
        let mut at = 0;
        let mut dropped = 0_u64;
        loop {
            match follower.feed(self.window.bytes_from(at)) {
                Step::Continue => {
                    at = self.window.bytes().len();
                    if at > self.record_bytes || dropped > 0 {
                        self.window.discard(at);
                        dropped += at as u64;
                        at = 0;
                    }
                    if !self.window.more() {
                        // Only at the top level: in a list, a number that is the last thing may have been cut.
                        let is_whole =
                            follower.in_scalar() && dropped == 0 && self.place == Place::TopLevel;
                        return if is_whole {
                            Followed::Whole { len: at, depth: 0 }
                        } else {
                            Followed::Unfinished { dropped }
                        };
                    }
                }
                Step::End(more) => {
                    let len = at + more;
                    if dropped == 0 && len <= self.record_bytes {
                        return Followed::Whole {
                            len,
                            depth: follower.deepest(),
                        };
                    }
                    self.window.discard(len);
                    let bytes = dropped + len as u64;
                    return Followed::TooLong {
                        bytes,
                        digest: follower.saw_digest_key(),
                    };
                }
                Step::List(more) => {
                    return Followed::List {
                        len: at + more,
                        dropped,
                    };
                }
                Step::Broken(more, what) => {
                    return Followed::Broken {
                        at: at + more,
                        what,
                        dropped,
                    };
                }
            }
        }
    }

    /// Goes over a part of a wrapper, which is checked to be JSON once it is made whole by what stands before and
    /// behind it.
    fn wrapper_part(
        &mut self,
        before: &str,
        len: usize,
        dropped: u64,
        behind: &str,
    ) -> Option<Cut> {
        let offset = self.window.offset().saturating_sub(dropped);
        let bytes = dropped + len as u64;
        if dropped > 0 || len > self.record_bytes {
            self.window.discard(len);
            return Some(self.wrapper_too_long(offset, bytes));
        }
        let part = self.text(len);
        // Nearly every object has just these, so nothing is copied for them.
        let is_usual = matches!(part, br#"{"Records":["# | b"}");
        let checked = if is_usual {
            Ok(IgnoredAny)
        } else {
            check_part(before, part, behind)
        };
        self.window.discard(len);
        match checked {
            Ok(_) => {
                self.structure += bytes;
                None
            }
            Err(source) => {
                let reason = FaultReason::InvalidJson { offset, source };
                Some(Cut::Fault {
                    offset,
                    reason,
                    skipped: Skipped {
                        bytes,
                        rest_lost: false,
                    },
                })
            }
        }
    }

    fn wrapper_too_long(&self, offset: u64, bytes: u64) -> Cut {
        let reason = FaultReason::WrapperTooLong {
            bytes,
            limit: self.record_bytes,
        };
        Cut::Fault {
            offset,
            reason,
            skipped: Skipped {
                bytes,
                rest_lost: false,
            },
        }
    }

    /// A word at the top level that is no JSON: then what follows is none either.
    fn lose_if_not_json(&mut self, len: usize) -> Option<Cut> {
        if serde_json::from_slice::<IgnoredAny>(self.text(len)).is_ok() {
            return None;
        }
        let found = self.window.byte(0)?;
        Some(self.lose(FaultReason::Unexpected {
            found,
            expected: Expected::Value,
        }))
    }

    /// The value at the front cannot be followed beyond `at`. A line that was cut takes only itself along.
    fn broken(&mut self, at: usize, what: Break, dropped: u64) -> Cut {
        let found = self.window.byte(at).unwrap_or_default();
        let expected = match what {
            Break::LineInString => Expected::EndOfString,
            Break::WrongBracket => Expected::MatchingBracket,
            Break::MisplacedValue => Expected::Punctuation,
        };
        let reason = FaultReason::Unexpected { found, expected };
        let offset = self.window.offset() + at as u64;
        let skipped = self
            .go_back_to_line(at, dropped)
            .unwrap_or_else(|| self.skip_to_line(at, dropped));
        Cut::Fault {
            offset,
            reason,
            skipped,
        }
    }

    /// The object ended inside the value at the front.
    fn unfinished(&mut self, standing: Standing, dropped: u64) -> Cut {
        let offset = self.window.offset().saturating_sub(dropped);
        let all = self.window.bytes().len();
        if standing == Standing::TopLevel
            && let Some(skipped) = self.go_back_to_line(all, dropped)
        {
            return Cut::Fault {
                offset,
                reason: FaultReason::Truncated,
                skipped,
            };
        }
        self.cut_off(dropped)
    }

    /// The object ends where it must not. All that is in memory is lost.
    fn cut_off(&mut self, dropped: u64) -> Cut {
        let offset = self.window.offset().saturating_sub(dropped);
        let left = self.window.bytes().len();
        self.window.discard(left);
        self.place = Place::End;
        let reason = self.failure().unwrap_or(FaultReason::Truncated);
        Cut::Fault {
            offset,
            reason,
            skipped: Skipped {
                bytes: dropped + left as u64,
                rest_lost: true,
            },
        }
    }

    /// The byte at the front cannot stand there: goes on at the next line that begins like a value, if any.
    fn lose(&mut self, reason: FaultReason) -> Cut {
        let offset = self.window.offset();
        Cut::Fault {
            offset,
            reason,
            skipped: self.skip_to_line(0, 0),
        }
    }

    /// From a break at `at`, to the first line inside the broken value that begins like a value of its own: the
    /// broken one was a line that had been cut.
    fn go_back_to_line(&mut self, at: usize, dropped: u64) -> Option<Skipped> {
        if self.place != Place::TopLevel
            || dropped > 0
            || self.window.offset() < self.no_way_back_before
        {
            return None;
        }
        // The byte at the break belongs to the search: it may be what begins the next line.
        let line = self.window.line_with_value(0, at.saturating_add(1))?;
        self.no_way_back_before = self.window.offset() + at as u64;
        self.window.discard(line);
        Some(Skipped {
            bytes: line as u64,
            rest_lost: false,
        })
    }

    /// From a break at `at`, to the next line that begins like a value, or to the end.
    fn skip_to_line(&mut self, at: usize, dropped: u64) -> Skipped {
        // One byte back: the break itself may be the first byte of such a line.
        let (bytes, found) = self.window.discard_to_line_with_value(at.saturating_sub(1));
        self.place = if found { Place::TopLevel } else { Place::End };
        Skipped {
            bytes: dropped + bytes,
            rest_lost: false,
        }
    }

    fn fault_here(&self, reason: FaultReason, rest_lost: bool) -> Cut {
        Cut::Fault {
            offset: self.window.offset(),
            reason,
            skipped: Skipped {
                bytes: 0,
                rest_lost,
            },
        }
    }

    fn failure(&mut self) -> Option<FaultReason> {
        self.window.take_failure().map(FaultReason::Unpack)
    }

    fn skip_structure(&mut self, count: usize) {
        self.window.discard(count);
        self.structure += count as u64;
    }
}

/// Whether a part of a wrapper is JSON, together with what makes it whole.
fn check_part(before: &str, part: &[u8], behind: &str) -> Result<IgnoredAny, serde_json::Error> {
    let whole = [before.as_bytes(), part, behind.as_bytes()].concat();
    serde_json::from_slice(&whole)
}

fn begins_scalar(byte: u8) -> bool {
    matches!(byte, b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n')
}
