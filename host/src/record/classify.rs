//! Decides what a piece of JSON is: a record, an envelope around one, something else, or nothing that can be read.
//!
//! **The rule, here and nowhere else.** A CloudTrail record is an object with at least one of `eventVersion`,
//! `eventName`, `eventSource`, `eventID`, `eventId`, `eventTime` and `eventType` at its first level, whose
//! `eventSource` does not begin with `aws:` (as S3's notifications have it; CloudTrail names services by their host
//! names). So Insights records, which have no name, and aggregated records, which have an `eventId`, are records.
//!
//! Envelopes are looked into first: the `detail` of an EventBridge event whose `detail-type` ends in
//! `via CloudTrail`, or whose `detail` has an `eventVersion` (events of other services have an `eventName` at times,
//! such as those of ECS, and never that); and the `CloudTrailEvent` of an event that the LookupEvents call gave.
//!
//! Field names: "CloudTrail record contents" and "CloudTrail digest file structure" in the CloudTrail user guide,
//! "Event message structure" in the S3 user guide, "Amazon SNS message and JSON formats" in the SNS guide.

use std::borrow::Cow;

use memchr::memchr_iter;
use serde_json::value::RawValue;

use super::fault::FaultReason;
use super::fields::Fields;
use super::follow::{Follower, Standing};
use super::item::NotARecord;

/// What a piece of JSON is.
#[derive(Debug)]
pub(super) enum Verdict<'a> {
    Record(Found<'a>),
    NotARecord(NotARecord),
    Unreadable(FaultReason),
}

/// A record in a piece of JSON.
#[derive(Debug)]
pub(super) struct Found<'a> {
    pub(super) json: Cow<'a, str>,
    /// Bytes of the piece before the record.
    pub(super) within: usize,
    pub(super) event_id: Option<String>,
}

/// A piece of JSON as it was found in an object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Piece<'a> {
    pub(super) text: &'a [u8],
    /// Its offset in the decompressed object.
    pub(super) offset: u64,
    /// Its levels of arrays and objects.
    pub(super) depth: u32,
    /// How many a record may have.
    pub(super) depth_limit: u32,
}

/// Decides what `piece` is.
pub(super) fn classify(piece: Piece<'_>) -> Verdict<'_> {
    look_into(piece).unwrap_or_else(Verdict::Unreadable)
}

fn look_into(piece: Piece<'_>) -> Result<Verdict<'_>, FaultReason> {
    let text = std::str::from_utf8(piece.text)
        .map_err(|error| FaultReason::NotUtf8 { offset: piece.offset + error.valid_up_to() as u64 })?;
    let place = Place::Verbatim { offset: piece.offset };
    let Some(fields) = Fields::of(text).map_err(|error| place.invalid_json(text, error))? else {
        return Ok(Verdict::NotARecord(NotARecord::NotAnObject));
    };
    if let Some(event) = fields.cloud_trail_event {
        return in_lookup_event(piece, text, event.get());
    }
    if let (Some(kind), Some(detail)) = (fields.detail_type, fields.detail) {
        return in_event_bridge_event(piece, text, kind, detail.get());
    }
    Ok(match judge(text, &fields, place)? {
        Judged::Not(reason) => Verdict::NotARecord(reason),
        Judged::Record { event_id } => {
            check_depth(piece.depth, piece.depth_limit)?;
            Verdict::Record(Found { json: Cow::Borrowed(text), within: 0, event_id })
        }
    })
}

/// An event that the LookupEvents call gave: its record is JSON in a string, which some tools have unpacked already.
fn in_lookup_event<'a>(piece: Piece<'a>, text: &str, event: &'a str) -> Result<Verdict<'a>, FaultReason> {
    let within = place_in(text, event);
    let offset = piece.offset + within as u64;
    let (json, place) = if event.starts_with('"') {
        let place = Place::InString { offset };
        let unescaped: String = serde_json::from_str(event).map_err(|error| place.invalid_json(event, error))?;
        (Cow::Owned(unescaped), place)
    } else {
        (Cow::Borrowed(event), Place::Verbatim { offset })
    };
    judge_enveloped(&json, place, piece.depth_limit, |_| None).map(|judged| judged.into_verdict(json, within))
}

fn in_event_bridge_event<'a>(piece: Piece<'a>, text: &str, kind: &str, detail: &'a str) -> Result<Verdict<'a>, FaultReason> {
    let within = place_in(text, detail);
    let place = Place::Verbatim { offset: piece.offset + within as u64 };
    let kind: String = serde_json::from_str(kind).map_err(|error| place.invalid_json(kind, error))?;
    let refuse = |fields: &Fields<'_>| {
        if kind.ends_with(" via CloudTrail") || fields.event_version {
            None
        } else if fields.s3_object {
            Some(NotARecord::Notification)
        } else {
            Some(NotARecord::OtherEventBridgeEvent)
        }
    };
    judge_enveloped(detail, place, piece.depth_limit, refuse).map(|judged| judged.into_verdict(Cow::Borrowed(detail), within))
}

/// Judges what stands in an envelope, which `refuse` may reject by its fields.
fn judge_enveloped(
    json: &str,
    place: Place,
    depth_limit: u32,
    refuse: impl FnOnce(&Fields<'_>) -> Option<NotARecord>,
) -> Result<Judged, FaultReason> {
    let Some(fields) = Fields::of(json).map_err(|error| place.invalid_json(json, error))? else {
        return Ok(Judged::Not(NotARecord::NotAnObject));
    };
    if let Some(reason) = refuse(&fields) {
        return Ok(Judged::Not(reason));
    }
    let judged = judge(json, &fields, place)?;
    if matches!(judged, Judged::Record { .. }) {
        check_depth(depth_of(json), depth_limit)?;
    }
    Ok(judged)
}

enum Judged {
    Record { event_id: Option<String> },
    Not(NotARecord),
}

impl Judged {
    fn into_verdict(self, json: Cow<'_, str>, within: usize) -> Verdict<'_> {
        match self {
            Self::Record { event_id } => Verdict::Record(Found { json, within, event_id }),
            Self::Not(reason) => Verdict::NotARecord(reason),
        }
    }
}

/// The rule of this module's documentation, for an object that is no envelope.
fn judge(json: &str, fields: &Fields<'_>, place: Place) -> Result<Judged, FaultReason> {
    if fields.digest {
        return Ok(Judged::Not(NotARecord::Digest));
    }
    let event_source = text_of(fields.event_source).map_err(|error| place.invalid_json(json, error))?;
    if event_source.is_some_and(|source| source.starts_with("aws:")) {
        let reason = if fields.sns_or_sqs { NotARecord::MessageWrapper } else { NotARecord::Notification };
        return Ok(Judged::Not(reason));
    }
    if !fields.has_marker() {
        return Ok(Judged::Not(fields.kind_of_stranger()));
    }
    check_escapes(json).map_err(|error| place.invalid_json(json, error))?;
    let id = |raw| text_of(raw).map(|id| id.filter(|id| !id.is_empty()));
    let event_id = match id(fields.event_id).map_err(|error| place.invalid_json(json, error))? {
        Some(event_id) => Some(event_id),
        None => id(fields.aggregated_event_id).map_err(|error| place.invalid_json(json, error))?,
    };
    Ok(Judged::Record { event_id })
}

/// Where the text under judgement stands, to name the place of what is wrong in it.
#[derive(Debug, Clone, Copy)]
enum Place {
    /// As it is in the object, from this offset on.
    Verbatim { offset: u64 },
    /// With escapes, in a string at this offset.
    InString { offset: u64 },
}

impl Place {
    fn invalid_json(self, text: &str, error: serde_json::Error) -> FaultReason {
        let offset = match self {
            Self::Verbatim { offset } => offset + place_of(&error, text) as u64,
            Self::InString { offset } => offset,
        };
        FaultReason::InvalidJson { offset, error }
    }
}

/// The parser counts lines from 1, and bytes in a line from 1.
fn place_of(error: &serde_json::Error, text: &str) -> usize {
    let lines_before = error.line().saturating_sub(1);
    let line: usize = text.split_inclusive('\n').take(lines_before).map(str::len).sum();
    (line + error.column().saturating_sub(1)).min(text.len())
}

/// How far into `text` its part `part` begins.
fn place_in(text: &str, part: &str) -> usize {
    (part.as_ptr() as usize).saturating_sub(text.as_ptr() as usize)
}

/// The value as a string, if it is one.
fn text_of(raw: Option<&RawValue>) -> Result<Option<String>, serde_json::Error> {
    match raw {
        Some(raw) if raw.get().starts_with('"') => serde_json::from_str(raw.get()).map(Some),
        _ => Ok(None),
    }
}

/// Halves of surrogate pairs (`\ud800`) pass the parser where it skips a string, and fail it where it reads one. A
/// record with one would be lost at a later stage, so it is refused here, where it is reported.
fn check_escapes(json: &str) -> Result<(), serde_json::Error> {
    let bytes = json.as_bytes();
    let may_have_surrogate = memchr_iter(b'\\', bytes).any(|at| matches!(bytes.get(at + 1..at + 3), Some([b'u', b'd' | b'D'])));
    if may_have_surrogate {
        serde_json::from_str::<serde_json::Value>(json)?;
    }
    Ok(())
}

fn check_depth(depth: u32, limit: u32) -> Result<(), FaultReason> {
    if depth > limit { Err(FaultReason::TooDeep { depth, limit }) } else { Ok(()) }
}

fn depth_of(json: &str) -> u32 {
    let mut follower = Follower::new(Standing::Inner);
    follower.feed(json.as_bytes());
    follower.deepest()
}
