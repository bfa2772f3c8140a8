//! What could not be read, where, why, and how much was lost by it.

use std::fmt;

use thiserror::Error;

use super::gunzip::UnpackError;
use super::item::Position;

/// Something in an object that could not be read. Its message is complete: the causes are fields, not sources.
#[derive(Debug, Error)]
#[error("byte {}: {reason}; {skipped}", position.offset)]
pub struct Fault {
    /// Where it is: the first byte of a record that is unreadable, or the byte at which the structure broke.
    pub position: Position,
    /// What is wrong.
    pub reason: FaultReason,
    /// What was not judged because of it.
    pub skipped: Skipped,
}

/// How much was lost by a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skipped {
    /// Decompressed bytes that were there and were not judged; exact.
    pub bytes: u64,
    /// Whether more was lost behind them, of which nobody can say how much, because the object ended too early.
    pub rest_lost: bool,
}

impl Skipped {
    /// Just these bytes.
    pub(super) fn exactly(bytes: u64) -> Self {
        Self { bytes, rest_lost: false }
    }
}

impl fmt::Display for Skipped {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} bytes skipped", self.bytes)?;
        if self.rest_lost {
            write!(out, ", and whatever was to follow")?;
        }
        Ok(())
    }
}

/// What is wrong with a record or with the object around it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FaultReason {
    /// The object's bytes end too early: I/O, gzip, limits on the whole object.
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    /// The object's bytes are UTF-16 (or UTF-32).
    #[error("the text is utf-16, json has to be utf-8; convert it first")]
    Utf16,
    /// The object ends inside a value or before a list is closed.
    #[error("the object ends in the middle of a value; fetch it again, it may have been cut")]
    Truncated,
    /// A byte that cannot stand at this place.
    #[error("unexpected {} where {expected} should be; repair the object at this place", Shown(*.found))]
    Unexpected {
        /// The byte that is there.
        found: u8,
        /// What should be there.
        expected: Expected,
    },
    /// Two records of a list without a comma between them. Both are read.
    #[error("a comma is missing between two records")]
    MissingComma,
    /// A comma behind the last record of a list. The records are read.
    #[error("a comma follows the last record of a list")]
    TrailingComma,
    /// More bytes than a record (with its envelope) may have.
    #[error("the record has {bytes} bytes, more than {limit}; raise the limit for records if it is genuine")]
    TooLong {
        /// Its bytes in the object.
        bytes: u64,
        /// The limit.
        limit: usize,
    },
    /// A wrapper around a list has too many bytes beside the list to be checked. Its records are read.
    #[error("{bytes} bytes beside the list of records, more than {limit}; they were not checked")]
    WrapperTooLong {
        /// The bytes beside the list.
        bytes: u64,
        /// The limit, that of a record.
        limit: usize,
    },
    /// More levels of arrays and objects than a record may have.
    #[error("the record is {depth} levels deep, more than {limit}; raise the limit for depth if it is genuine")]
    TooDeep {
        /// Its levels.
        depth: u32,
        /// The limit.
        limit: u32,
    },
    /// Bytes that are no UTF-8.
    #[error("the record is not utf-8 from byte {offset} on")]
    NotUtf8 {
        /// Offset of the first wrong byte, in the decompressed object.
        offset: u64,
    },
    /// A record, or what is beside the list of a wrapper, is no JSON.
    #[error("not json at byte {offset}: {error}")]
    InvalidJson {
        /// Offset of the place, in the decompressed object. For a record that is written as a string
        /// (LookupEvents), the string's offset; beside a list, that of the wrapper's part before or behind it.
        offset: u64,
        /// The parser's word; its line and column count from the record's beginning.
        error: serde_json::Error,
    },
}

impl FaultReason {
    /// Whether the same bytes may be had later: it is the medium that failed, not what is on it.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unpack(UnpackError::Io(_)))
    }

    /// Whether it is about one record alone, and not about the object around it.
    pub fn concerns_one_record(&self) -> bool {
        match self {
            Self::TooLong { .. } | Self::TooDeep { .. } | Self::NotUtf8 { .. } | Self::InvalidJson { .. } => true,
            Self::Unpack(_)
            | Self::Utf16
            | Self::Truncated
            | Self::Unexpected { .. }
            | Self::MissingComma
            | Self::TrailingComma
            | Self::WrapperTooLong { .. } => false,
        }
    }
}

/// What should stand at a place in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Expected {
    /// An object, an array or a line that begins with one.
    Value,
    /// A record, or the end of the list.
    RecordOrEndOfList,
    /// A comma and a record, or the end of the list.
    CommaOrEndOfList,
    /// The end of a string, which cannot go over lines.
    EndOfString,
    /// The bracket that closes what is open.
    MatchingBracket,
    /// A comma, a colon or a closing bracket.
    Punctuation,
}

impl fmt::Display for Expected {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Value => "a json object or array",
            Self::RecordOrEndOfList => "a record or the end of the list",
            Self::CommaOrEndOfList => "a comma or the end of the list",
            Self::EndOfString => "the end of a string",
            Self::MatchingBracket => "the bracket that closes what is open",
            Self::Punctuation => "a comma, a colon or a closing bracket",
        })
    }
}

/// A byte for people: itself if it can be seen, else its number.
struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            b'\n' => out.write_str("end of line"),
            byte if byte.is_ascii_graphic() => write!(out, "`{}`", char::from(byte)),
            byte => write!(out, "byte 0x{byte:02x}"),
        }
    }
}
