//! What a finding tells of its record besides the record itself: read once, whatever the record holds.
//!
//! Every field may be absent, null, of another type, or hostile. What is no text, or an empty one, is none; a text over
//! [`LONGEST_TEXT`] is cut and its field named in [`Facts::shortened`], so that one giant user agent cannot make giant lines.

mod actor;
mod members;

use std::net::IpAddr;

use jiff::Timestamp;

pub use self::actor::{Actor, PrincipalType, Session};
use self::members::Members;

/// The longest text, in bytes. AWS itself cuts user agents and error messages at 1 KiB.
pub const LONGEST_TEXT: usize = 4096;

/// What a finding tells of its record. Each field is CloudTrail's of the same name unless it says otherwise
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "a field that says nothing is CloudTrail's field of the same name")]
pub struct Facts {
    /// `eventTime`, where it is a time that OCSF can express.
    pub time: Option<Timestamp>,
    /// `eventTime`, as written.
    pub time_text: Option<String>,
    pub event_name: Option<String>,
    pub event_source: Option<String>,
    pub event_type: Option<String>,
    pub api_version: Option<String>,
    pub request_id: Option<String>,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    pub user_agent: Option<String>,
    /// `awsRegion`.
    pub region: Option<String>,
    /// `recipientAccountId`, else the `accountId` of an aggregated record.
    pub recipient_account: Option<String>,
    /// `sourceIPAddress`.
    pub source: Option<Source>,
    /// `userIdentity`.
    pub actor: Actor,
    /// The fields whose text was too long and was cut.
    pub shortened: Vec<&'static str>,
}

/// Where a call came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// An address.
    Address(IpAddr),
    /// An AWS service: its name, or `AWS Internal`.
    Service(String),
    /// Anything else that is no address.
    Domain(String),
}

impl Source {
    fn of(text: String) -> Self {
        if let Ok(address) = text.parse() {
            return Self::Address(address);
        }
        let is_service = text == "AWS Internal" || text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn");
        if is_service { Self::Service(text) } else { Self::Domain(text) }
    }
}

impl Facts {
    /// Reads the facts of a record.
    ///
    /// # Errors
    /// The text is no JSON object.
    pub fn from_json(record: &str) -> Result<Self, serde_json::Error> {
        let members = Members::from_json(record)?;
        let mut texts = Texts::default();
        let time_text = texts.take(&members, "eventTime");
        let recipient_account = texts.take(&members, "recipientAccountId").or_else(|| texts.take(&members, "accountId"));
        Ok(Self {
            time: time_text.as_deref().and_then(time),
            time_text,
            event_name: texts.take(&members, "eventName"),
            event_source: texts.take(&members, "eventSource"),
            event_type: texts.take(&members, "eventType"),
            api_version: texts.take(&members, "apiVersion"),
            request_id: texts.take(&members, "requestID"),
            error_code: texts.take(&members, "errorCode"),
            error_message: texts.take(&members, "errorMessage"),
            user_agent: texts.take(&members, "userAgent"),
            region: texts.take(&members, "awsRegion"),
            recipient_account,
            source: texts.take(&members, "sourceIPAddress").map(Source::of),
            actor: Actor::read(&members.object("userIdentity"), &mut texts),
            shortened: texts.shortened,
        })
    }
}

/// The earliest and latest times that a finding can have, in milliseconds since 1970: below and above, a reader could take
/// milliseconds for seconds or microseconds. They are in the years 2001 and 2286.
const EXPRESSIBLE_MILLISECONDS: std::ops::RangeInclusive<i64> = 1_000_000_000_000..=9_999_999_999_999;

/// Reads a time in RFC 3339.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().filter(is_expressible)
}

/// Whether OCSF can express a time.
pub(super) fn is_expressible(time: &Timestamp) -> bool {
    EXPRESSIBLE_MILLISECONDS.contains(&time.as_millisecond())
}

/// Takes texts out of objects and remembers which it had to cut.
#[derive(Default)]
struct Texts {
    shortened: Vec<&'static str>,
}

impl Texts {
    fn take(&mut self, members: &Members<'_>, key: &'static str) -> Option<String> {
        let mut text = members.text(key)?;
        if text.len() > LONGEST_TEXT {
            text.truncate(text.floor_char_boundary(LONGEST_TEXT));
            text.push('…');
            self.shortened.push(key);
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(json: &str) -> Facts {
        Facts::from_json(json).unwrap()
    }

    #[test]
    fn a_source_is_an_address_only_if_it_parses_as_one() {
        let source = |text: &str| facts(&format!(r#"{{"sourceIPAddress":"{text}"}}"#)).source;
        assert_eq!(source("198.51.100.7"), Some(Source::Address([198, 51, 100, 7].into())));
        assert!(matches!(source("2001:db8::1"), Some(Source::Address(_))));
        for service in ["ec2.amazonaws.com", "AWS Internal", "s3.cn-north-1.amazonaws.com.cn"] {
            assert_eq!(source(service), Some(Source::Service(service.into())));
        }
        for domain in ["1x2x3x4", "198.51.100.7:443", "198.51.100.0/24", "example.com", "fe80::1%eth0"] {
            assert_eq!(source(domain), Some(Source::Domain(domain.into())));
        }
        assert_eq!(source(""), None);
    }

    #[test]
    fn a_time_that_cannot_be_expressed_is_none_and_its_text_is_kept() {
        assert_eq!(facts(r#"{"eventTime":"2024-06-15T09:01:01Z"}"#).time.unwrap().as_millisecond(), 1_718_442_061_000);
        for odd in ["yesterday", "0001-01-01T00:00:00Z", "1970-01-01T00:00:00Z", "2024-13-01T00:00:00Z", "9999-01-01T00:00:00Z"] {
            let read = facts(&format!(r#"{{"eventTime":"{odd}"}}"#));
            assert_eq!((read.time, read.time_text.as_deref()), (None, Some(odd)));
        }
        assert_eq!(facts(r#"{"eventTime":1718442061}"#).time_text, None);
    }

    #[test]
    fn a_long_text_is_cut_and_named() {
        let long = "ä".repeat(LONGEST_TEXT);
        let read = facts(&format!(r#"{{"userAgent":"{long}","eventName":"A"}}"#));
        assert_eq!(read.shortened, ["userAgent"]);
        let kept = read.user_agent.unwrap();
        assert!(kept.len() <= LONGEST_TEXT + '…'.len_utf8() && kept.ends_with("ä…"));
    }

    #[test]
    fn the_account_of_an_aggregated_record_is_its_recipient() {
        assert_eq!(facts(r#"{"accountId":"111122223333"}"#).recipient_account.as_deref(), Some("111122223333"));
    }
}
