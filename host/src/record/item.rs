//! The things that an object holds.

use std::fmt;

use super::fault::Fault;

/// One thing in an object, in order of position.
#[derive(Debug)]
pub enum Item {
    /// A CloudTrail record.
    Record(RawRecord),
    /// A record that is byte for byte the same as an earlier one of this object.
    Duplicate {
        /// The event key of both.
        event_key: EventKey,
        /// Where the later one is.
        position: Position,
    },
    /// Something that is whole and is no CloudTrail record. It is counted, and no error.
    NotARecord {
        /// Where it is.
        position: Position,
        /// What it is instead.
        reason: NotARecord,
    },
    /// Something that cannot be read.
    Fault(Fault),
}

/// A CloudTrail record as it was written. It is UTF-8, a JSON object, and within the limits; keys may occur twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    /// The JSON text, byte for byte: of an EventBridge event its `detail`, of a LookupEvents event its
    /// `CloudTrailEvent` without the string's escapes.
    pub json: Box<str>,
    /// Where it is in the object.
    pub position: Position,
    /// What identifies the event.
    pub event_key: EventKey,
}

/// A place in an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Bytes before it in the decompressed object. A LookupEvents record has the place of the string that holds it.
    pub offset: u64,
    /// Items of the object before it, of every kind.
    pub ordinal: u64,
}

/// Identifies an event wherever it is delivered: its `eventID`, else its `eventId` (aggregated records), else
/// `sha256:` and the hexadecimal digest of the record's bytes.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventKey(Box<str>);

impl EventKey {
    pub(super) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for EventKey {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What something is that is no CloudTrail record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum NotARecord {
    /// A number, a string, an array: no JSON object.
    NotAnObject,
    /// One of CloudTrail's own digest files.
    Digest,
    /// An event that another AWS service delivers in CloudTrail's shape (`eventSource` `aws:…`), such as S3's
    /// notifications, or S3's event by EventBridge.
    Notification,
    /// The message by which S3 tries out a new notification.
    S3TestEvent,
    /// A message of SNS or SQS around something else.
    MessageWrapper,
    /// An EventBridge event that does not come from CloudTrail.
    OtherEventBridgeEvent,
    /// An object with none of the fields that a CloudTrail record has.
    UnknownObject,
}

impl NotARecord {
    /// Everything that it can be.
    pub const ALL: [Self; 7] = [
        Self::NotAnObject,
        Self::Digest,
        Self::Notification,
        Self::S3TestEvent,
        Self::MessageWrapper,
        Self::OtherEventBridgeEvent,
        Self::UnknownObject,
    ];

    /// A name for counters and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::NotAnObject => "not an object",
            Self::Digest => "digest file",
            Self::Notification => "notification",
            Self::S3TestEvent => "s3 test event",
            Self::MessageWrapper => "sns or sqs message",
            Self::OtherEventBridgeEvent => "other eventbridge event",
            Self::UnknownObject => "object without cloudtrail fields",
        }
    }
}

impl fmt::Display for NotARecord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}
