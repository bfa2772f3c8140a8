//! The few fields by which a piece of JSON is told apart, read in one pass without building the rest.
//!
//! Where a key occurs twice the last one counts, as it does for the parsers of later stages.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::item::NotARecord;

/// The fields of an object's first level that matter here, as they were written.
#[derive(Debug, Default)]
pub(super) struct Fields<'a> {
    pub(super) event_id: Option<&'a RawValue>,
    pub(super) aggregated_event_id: Option<&'a RawValue>,
    pub(super) event_source: Option<&'a RawValue>,
    pub(super) event_version: bool,
    /// One of the markers of a record that are not fields above.
    other_marker: bool,
    /// EventBridge: present only if it is a string.
    pub(super) detail_type: Option<&'a str>,
    pub(super) detail: Option<&'a RawValue>,
    /// LookupEvents: present only if it is a string or an object.
    pub(super) cloud_trail_event: Option<&'a RawValue>,
    pub(super) digest: bool,
    s3_test_event: bool,
    /// A message of SNS or SQS, as one of their keys says.
    pub(super) sns_or_sqs: bool,
    bucket: bool,
    object: bool,
    /// S3's events by EventBridge have `bucket` and `object` in their detail.
    pub(super) s3_object: bool,
}

impl<'a> Fields<'a> {
    /// Reads the whole of `json`, which is valid JSON if this succeeds; `None` if it is no object.
    pub(super) fn of(json: &'a str) -> Result<Option<Self>, serde_json::Error> {
        let first = json.bytes().find(|byte| !byte.is_ascii_whitespace());
        if first != Some(b'{') {
            serde_json::from_str::<IgnoredAny>(json)?;
            return Ok(None);
        }
        serde_json::from_str(json).map(Some)
    }

    pub(super) fn has_marker(&self) -> bool {
        self.event_version
            || self.other_marker
            || self.event_id.is_some()
            || self.aggregated_event_id.is_some()
            || self.event_source.is_some()
    }

    /// What an object is that has no marker of a record.
    pub(super) fn kind_of_stranger(&self) -> NotARecord {
        if self.s3_test_event {
            NotARecord::S3TestEvent
        } else if self.sns_or_sqs {
            NotARecord::MessageWrapper
        } else {
            NotARecord::UnknownObject
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a json object")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Fields<'de>, M::Error> {
        let mut fields = Fields::default();
        while let Some(name) = map.next_key::<Name>()? {
            match name {
                Name::EventId => fields.event_id = Some(map.next_value()?),
                Name::AggregatedEventId => fields.aggregated_event_id = Some(map.next_value()?),
                Name::EventSource => fields.event_source = Some(map.next_value()?),
                Name::DetailType => fields.detail_type = string(map.next_value()?),
                Name::Detail => fields.detail = Some(map.next_value()?),
                Name::CloudTrailEvent => {
                    let event: &RawValue = map.next_value()?;
                    fields.cloud_trail_event = Some(event).filter(|event| event.get().starts_with(['"', '{']));
                }
                Name::Event => {
                    let event: &RawValue = map.next_value()?;
                    fields.s3_test_event = event.get() == r#""s3:TestEvent""#;
                }
                other => {
                    map.next_value::<IgnoredAny>()?;
                    fields.note(other);
                }
            }
        }
        fields.s3_object = fields.bucket && fields.object;
        Ok(fields)
    }
}

impl Fields<'_> {
    fn note(&mut self, name: Name) {
        match name {
            Name::EventVersion => self.event_version = true,
            Name::OtherMarker => self.other_marker = true,
            Name::Digest => self.digest = true,
            Name::SnsOrSqs => self.sns_or_sqs = true,
            Name::Bucket => self.bucket = true,
            Name::Object => self.object = true,
            _ => {}
        }
    }
}

fn string(raw: &RawValue) -> Option<&str> {
    Some(raw.get()).filter(|text| text.starts_with('"'))
}

/// The names that matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    EventId,
    AggregatedEventId,
    EventSource,
    EventVersion,
    OtherMarker,
    DetailType,
    Detail,
    CloudTrailEvent,
    Digest,
    Event,
    SnsOrSqs,
    Bucket,
    Object,
    Other,
}

impl Name {
    fn of(name: &str) -> Self {
        match name {
            "eventID" => Self::EventId,
            "eventId" => Self::AggregatedEventId,
            "eventSource" => Self::EventSource,
            "eventVersion" => Self::EventVersion,
            "eventName" | "eventTime" | "eventType" => Self::OtherMarker,
            "detail-type" => Self::DetailType,
            "detail" => Self::Detail,
            "CloudTrailEvent" => Self::CloudTrailEvent,
            "digestS3Bucket" | "logFiles" => Self::Digest,
            "Event" => Self::Event,
            "Sns" | "TopicArn" | "receiptHandle" | "ReceiptHandle" => Self::SnsOrSqs,
            "bucket" => Self::Bucket,
            "object" => Self::Object,
            _ => Self::Other,
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_identifier(NameVisitor)
    }
}

struct NameVisitor;

impl Visitor<'_> for NameVisitor {
    type Value = Name;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a key")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Name, E> {
        Ok(Name::of(name))
    }
}
