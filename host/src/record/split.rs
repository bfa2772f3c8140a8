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
    Fault { offset: u64, reason: FaultReason, skipped: Skipped },
}

impl Cut {
    pub(super) fn fault(offset: u64, reason: FaultReason, skipped: Skipped) -> Self {
        Self::Fault { offset, reason, skipped }
    }
}

/// Where in the object's structure the splitter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    TopLevel,
    /// In an array of no wrapper.
    Array {
        next: Next,
    },
    /// In a wrapper's list.
    List {
        next: Next,
        wrapper: Wrapper,
    },
    /// In a wrapper, behind its list.
    BehindList {
        wrapper: Wrapper,
    },
    End,
}

/// Where a wrapper stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wrapper {
    AtTopLevel,
    /// In an array, as when several log files were collected in one.
    InArray,
}

impl Wrapper {
    /// Where it goes on behind the wrapper.
    fn behind(self) -> Place {
        match self {
            Self::AtTopLevel => Place::TopLevel,
            Self::InArray => Place::Array { next: Next::CommaOrEnd },
        }
    }
}

/// What a list may have next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
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
    pub(super) window: Window<R>,
    pub(super) place: Place,
    pub(super) record_bytes: usize,
    structure: u64,
    /// Lines that begin before this offset were looked at once before, so a break in them never goes back: each
    /// byte is looked at twice at the most.
    pub(super) no_way_back_before: u64,
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
                Place::Array { next } => self.list(next, Standing::ArrayElement, |next| Place::Array { next }, Place::TopLevel),
                Place::List { next, wrapper } => {
                    self.list(next, Standing::Inner, |next| Place::List { next, wrapper }, Place::BehindList { wrapper })
                }
                Place::BehindList { wrapper } => self.behind_list(wrapper),
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
            (Some(0xff), Some(0xfe)) | (Some(0xfe), Some(0xff)) | (Some(0), Some(b'{' | b'[')) | (Some(b'{' | b'['), Some(0))
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
                self.place = Place::Array { next: Next::RecordOrEnd };
                None
            }
            Some(b'{') => self.value(Standing::TopLevel),
            Some(byte) if begins_scalar(byte) => self.value(Standing::TopLevel),
            Some(found) => Some(self.lose(FaultReason::Unexpected { found, expected: Expected::Value })),
        }
    }

    /// In an array or a list; `with` gives its place with what it may have next, `behind` is the place behind it.
    fn list(&mut self, next: Next, standing: Standing, with: impl Fn(Next) -> Place, behind: Place) -> Option<Cut> {
        self.structure += self.window.discard_white(false);
        let Some(byte) = self.window.byte(0) else {
            return Some(self.cut_off(0));
        };
        match (next, byte) {
            (Next::RecordAfterComma, b']') => {
                self.place = with(Next::CommaOrEnd);
                Some(self.fault_here(FaultReason::TrailingComma, false))
            }
            (_, b']') => {
                self.skip_structure(1);
                self.place = behind;
                None
            }
            (Next::CommaOrEnd, b',') => {
                self.skip_structure(1);
                self.place = with(Next::RecordAfterComma);
                None
            }
            (Next::CommaOrEnd, b'{') => {
                self.place = with(Next::RecordAfterComma);
                Some(self.fault_here(FaultReason::MissingComma, false))
            }
            (Next::RecordOrEnd | Next::RecordAfterComma, byte) if byte == b'{' || byte == b'[' || begins_scalar(byte) => {
                self.place = with(Next::CommaOrEnd);
                self.value(standing)
            }
            (Next::CommaOrEnd, found) => Some(self.lose(FaultReason::Unexpected { found, expected: Expected::CommaOrEndOfList })),
            (_, found) => Some(self.lose(FaultReason::Unexpected { found, expected: Expected::RecordOrEndOfList })),
        }
    }

    /// The rest of a wrapper. It may even have another list.
    fn behind_list(&mut self, wrapper: Wrapper) -> Option<Cut> {
        let offset = self.window.offset();
        match self.follow(Follower::behind_list()) {
            Followed::Whole { len, .. } => {
                self.place = wrapper.behind();
                self.wrapper_part(r#"{"":[]"#, len, 0, "")
            }
            Followed::TooLong { bytes, .. } => {
                self.place = wrapper.behind();
                Some(self.wrapper_too_long(offset, bytes))
            }
            Followed::List { len, dropped } => {
                self.place = Place::List { next: Next::RecordOrEnd, wrapper };
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
                if standing == Standing::TopLevel
                    && depth == 0
                    && let Some(lost) = self.lose_if_not_json(len)
                {
                    return Some(lost);
                }
                Some(Cut::Value { offset, len, depth })
            }
            Followed::TooLong { bytes, digest: true } => Some(Cut::LongDigest { offset, bytes }),
            Followed::TooLong { bytes, digest: false } => {
                let reason = FaultReason::TooLong { bytes, limit: self.record_bytes };
                Some(Cut::fault(offset, reason, Skipped::exactly(bytes)))
            }
            Followed::List { len, dropped } => {
                let wrapper = match standing {
                    Standing::TopLevel => Wrapper::AtTopLevel,
                    Standing::ArrayElement | Standing::Inner => Wrapper::InArray,
                };
                self.place = Place::List { next: Next::RecordOrEnd, wrapper };
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
                        // All but the last byte: where a break follows, it says whether the break begins a line.
                        let forgotten = at.saturating_sub(1);
                        self.window.discard(forgotten);
                        dropped += forgotten as u64;
                        at -= forgotten;
                    }
                    if !self.window.more() {
                        // Only at the top level: in a list, a number that is the last thing may have been cut.
                        let is_whole = follower.in_scalar() && dropped == 0 && self.place == Place::TopLevel;
                        return if is_whole { Followed::Whole { len: at, depth: 0 } } else { Followed::Unfinished { dropped } };
                    }
                }
                Step::End(more) => {
                    let len = at + more;
                    if dropped == 0 && len <= self.record_bytes {
                        return Followed::Whole { len, depth: follower.deepest() };
                    }
                    self.window.discard(len);
                    let bytes = dropped + len as u64;
                    return Followed::TooLong { bytes, digest: follower.saw_digest_key() };
                }
                Step::List(more) => {
                    return Followed::List { len: at + more, dropped };
                }
                Step::Broken(more, what) => {
                    return Followed::Broken { at: at + more, what, dropped };
                }
            }
        }
    }

    /// Goes over a part of a wrapper, which is checked to be JSON once it is made whole by what stands before and
    /// behind it.
    fn wrapper_part(&mut self, before: &str, len: usize, dropped: u64, behind: &str) -> Option<Cut> {
        let offset = self.window.offset().saturating_sub(dropped);
        let bytes = dropped + len as u64;
        if dropped > 0 || len > self.record_bytes {
            self.window.discard(len);
            return Some(self.wrapper_too_long(offset, bytes));
        }
        let part = self.text(len);
        // Nearly every object has just these, so nothing is copied for them.
        let is_usual = matches!(part, br#"{"Records":["# | b"}");
        let checked = if is_usual { Ok(IgnoredAny) } else { check_part(before, part, behind) };
        self.window.discard(len);
        match checked {
            Ok(_) => {
                self.structure += bytes;
                None
            }
            Err(error) => {
                let reason = FaultReason::InvalidJson { offset, error };
                Some(Cut::fault(offset, reason, Skipped::exactly(bytes)))
            }
        }
    }

    fn wrapper_too_long(&self, offset: u64, bytes: u64) -> Cut {
        let reason = FaultReason::WrapperTooLong { bytes, limit: self.record_bytes };
        Cut::fault(offset, reason, Skipped::exactly(bytes))
    }

    fn fault_here(&self, reason: FaultReason, rest_lost: bool) -> Cut {
        let skipped = Skipped { bytes: 0, rest_lost };
        Cut::fault(self.window.offset(), reason, skipped)
    }

    pub(super) fn failure(&mut self) -> Option<FaultReason> {
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
