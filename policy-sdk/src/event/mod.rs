//! A record, as a rule sees it.
//!
//! A record lies in memory as the host's image of it ([`policy_contract::image`]), and everything here looks things up in
//! that: nothing is parsed, and what a rule gets are texts in the image itself. Nothing of this shows in the interface. Whatever
//! is absent, null or of another type than expected is none (or the empty text), and nothing here panics on a record.

mod actor;
mod document;
mod value;

use std::net::IpAddr;

use policy_contract::fields::{Outcome, unversioned};
use policy_contract::image::{BadImage, Image, Kind, Node};

pub use actor::{Actor, ActorKind, Workload};
pub use document::{Document, NotADocument};
pub use policy_contract::path::{BadPath, Path};
pub use value::Value;

/// Bytes that are no record.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum BadRecord {
    #[error("the record can't be read: {0}")]
    BadImage(#[from] BadImage),
    #[error("the record is not an object")]
    NotAnObject,
}

/// Where a request came from: `sourceIPAddress`, told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin<'a> {
    /// An address. An IPv4 address that was written as IPv6 (`::ffff:192.0.2.1`) is given as IPv4.
    Address(IpAddr),
    /// An AWS service that acted for someone, such as `cloudformation.amazonaws.com`.
    Service(&'a str),
    /// `AWS Internal`: a console or a service inside AWS.
    Internal,
    /// Something else, as written.
    Other(&'a str),
    /// Nothing is written there.
    Absent,
}

impl<'a> Origin<'a> {
    fn of(text: &'a str) -> Self {
        if text.is_empty() {
            return Self::Absent;
        }
        if let Ok(address) = text.parse::<IpAddr>() {
            return Self::Address(address.to_canonical());
        }
        // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
        if text.eq_ignore_ascii_case("AWS Internal") {
            return Self::Internal;
        }
        let is_service = text.ends_with(".amazonaws.com") || text.ends_with(".amazonaws.com.cn") || text.ends_with(".amazon.com");
        if is_service { Self::Service(text) } else { Self::Other(text) }
    }

    /// The address, where it is one.
    pub fn address(self) -> Option<IpAddr> {
        if let Self::Address(address) = self { Some(address) } else { None }
    }
}

/// A CloudTrail record.
#[derive(Clone, Copy, Debug)]
pub struct Event<'a> {
    root: Node<'a>,
}

impl<'a> Event<'a> {
    /// The record of which this is the image.
    #[inline]
    pub(crate) fn read(image: &'a [u8]) -> Result<Self, BadRecord> {
        let root = Image::read(image)?.root();
        if root.kind() == Kind::Object { Ok(Self { root }) } else { Err(BadRecord::NotAnObject) }
    }

    fn member(&self, key: &str) -> Value<'a> {
        Value::of(self.root.member(key))
    }

    fn text(&self, key: &str) -> &'a str {
        self.root.member(key).and_then(Node::str).unwrap_or_default()
    }

    /// `eventName` as written, with the API version that some services append; empty where there is none.
    pub fn name(&self) -> &'a str {
        self.text("eventName")
    }

    /// `eventName` without an API version: `UpdateFunctionCode` for `UpdateFunctionCode20150331v2`.
    pub fn unversioned_name(&self) -> &'a str {
        unversioned(self.name())
    }

    /// `eventSource`, such as `iam.amazonaws.com`; empty where there is none.
    pub fn source(&self) -> &'a str {
        self.text("eventSource")
    }

    /// `eventTime` as written (UTC, RFC 3339, whole seconds); empty where there is none.
    pub fn time(&self) -> &'a str {
        self.text("eventTime")
    }

    /// `eventID`, else `eventId` as aggregated records write it; empty where there is neither.
    pub fn id(&self) -> &'a str {
        let id = self.text("eventID");
        if id.is_empty() { self.text("eventId") } else { id }
    }

    /// `awsRegion`; empty where there is none.
    pub fn region(&self) -> &'a str {
        self.text("awsRegion")
    }

    /// The partition of the region, for writing ARNs: `aws`, `aws-cn`, `aws-us-gov` …; `aws` where no region is written.
    pub fn partition(&self) -> &'static str {
        partition_of(self.region())
    }

    /// `recipientAccountId`, else the `accountId` of an aggregated record; empty where there is neither.
    pub fn recipient_account(&self) -> &'a str {
        let account = self.text("recipientAccountId");
        if account.is_empty() { self.text("accountId") } else { account }
    }

    /// What became of the call.
    pub fn outcome(&self) -> Outcome {
        let has = |key| !self.member(key).is_absent_or_null();
        let says_failure = self.member("responseElements").member(self.name()).str() == Some("Failure");
        Outcome::of(self.error_code(), has("errorCode") || has("errorMessage"), says_failure)
    }

    /// `errorCode`.
    pub fn error_code(&self) -> Option<&'a str> {
        self.member("errorCode").str()
    }

    /// `errorMessage`.
    pub fn error_message(&self) -> Option<&'a str> {
        self.member("errorMessage").str()
    }

    /// Where the request came from.
    pub fn origin(&self) -> Origin<'a> {
        Origin::of(self.source_ip_text())
    }

    /// `sourceIPAddress` as written; empty where there is none.
    pub fn source_ip_text(&self) -> &'a str {
        self.text("sourceIPAddress")
    }

    /// `userAgent` as written; empty where there is none. Anyone can write anything there.
    pub fn user_agent(&self) -> &'a str {
        self.text("userAgent")
    }

    /// `readOnly`, as the host routes by it: a true flag, not the word in a string.
    pub fn read_only(&self) -> Option<bool> {
        self.root.member("readOnly").and_then(Node::flag)
    }

    /// `eventType`, such as `AwsApiCall`; empty where there is none.
    pub fn event_type(&self) -> &'a str {
        self.text("eventType")
    }

    /// `eventCategory`, such as `Management`; empty where there is none.
    pub fn event_category(&self) -> &'a str {
        self.text("eventCategory")
    }

    /// Who acted.
    pub fn actor(&self) -> Actor<'a> {
        Actor::new(self.root.member("userIdentity"), self.user_agent())
    }

    /// Whether the credentials came from a session in the AWS Management Console: `sessionCredentialFromConsole` says so
    /// (event version 1.08 and later), or the user agent is one that the console writes (before that). The command line can
    /// use such credentials too: see [`Event::is_from_cli`].
    pub fn is_from_console(&self) -> bool {
        let agent = self.user_agent().trim_start_matches('[');
        let says_so = self.member("sessionCredentialFromConsole").flag() == Some(true);
        says_so
            || agent.starts_with("signin.amazonaws.com")
            || agent.starts_with("console.")
            || agent.split(['/', ' ', ',']).next().is_some_and(|product| product.ends_with("Console"))
    }

    /// Whether the user agent is the AWS CLI's, version 1 or 2.
    pub fn is_from_cli(&self) -> bool {
        self.user_agent().trim_start_matches('[').starts_with("aws-cli/")
    }

    /// What a path names, from the top of the record. See [`Path`] for how one is written. Absent where it names nothing.
    ///
    /// # Panics
    /// On a path that is not well-formed, which is a mistake in the rule, not in a record: its first test or record shows
    /// it. For paths that are not constants (from settings, say) there is [`Event::at`].
    #[track_caller]
    #[inline]
    pub fn get(&self, path: &str) -> Value<'a> {
        value::look_up(self.root, path)
    }

    /// What a parsed path names, from the top of the record.
    pub fn at(&self, path: &Path) -> Value<'a> {
        Value::new(self.root).at(path)
    }
}

/// The partitions by the beginning of their regions' names, as AWS's SDKs know them (`partitions.json`); any other region
/// belongs to `aws`.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

fn partition_of(region: &str) -> &'static str {
    let known = PARTITIONS.into_iter().find(|(prefix, _)| region.starts_with(prefix));
    known.map_or("aws", |(_, partition)| partition)
}

#[cfg(test)]
mod tests {
    use policy_contract::fields::Fields;
    use policy_contract::image::Writer;

    use super::*;

    fn image(json: &str) -> Vec<u8> {
        let mut image = Vec::new();
        Writer::new().write(json, &mut image).unwrap();
        image
    }

    #[test]
    fn the_partition_follows_from_the_region() {
        for (region, expected) in [
            ("eu-west-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
            ("us-isob-east-1", "aws-iso-b"),
            ("eusc-de-east-1", "aws-eusc"),
            ("", "aws"),
        ] {
            assert_eq!(partition_of(region), expected, "{region}");
        }
    }

    /// Odd records: absent, null and mistyped fields, aggregated records, failures without an error code.
    const ODD: [&str; 10] = [
        "{}",
        r#"{"eventName":null,"userIdentity":null,"errorCode":null,"readOnly":"true"}"#,
        r#"{"eventName":3,"userIdentity":"x","awsRegion":["a"],"responseElements":"text","readOnly":1}"#,
        r#"{"eventId":"e-1","accountId":"111122223333","eventCategory":"Aggregated"}"#,
        r#"{"eventName":"ConsoleLogin","responseElements":{"ConsoleLogin":"Failure"}}"#,
        r#"{"eventName":"ConsoleLogin","responseElements":{"Other":"Failure"}}"#,
        r#"{"eventName":"RunInstances","errorCode":"Client.DryRunOperation","errorMessage":"x"}"#,
        r#"{"eventName":"UpdateFunctionCode20150331v2","errorMessage":"only a message"}"#,
        r#"{"eventName":"a\u003db","eventSource":"iam.amazonaws.com","userIdentity":{"type":"AssumedRole","sessionContext":{"sessionIssuer":{"accountId":"111122223333"}}}}"#,
        r#"{"userIdentity":{"accountId":"1","sessionContext":{"sessionIssuer":{}}},"recipientAccountId":"2","accountId":"3","errorCode":""}"#,
    ];

    #[test]
    fn an_event_says_what_the_host_routed_it_by() {
        for json in ODD {
            let image = image(json);
            let (event, fields) = (Event::read(&image).unwrap(), Fields::from_json(json).unwrap());
            assert_eq!(event.name(), fields.event_name.as_deref().unwrap_or_default(), "{json}");
            assert_eq!(event.unversioned_name(), fields.unversioned_name().unwrap_or_default(), "{json}");
            assert_eq!(event.source(), fields.event_source.as_deref().unwrap_or_default(), "{json}");
            assert_eq!(event.region(), fields.region.as_deref().unwrap_or_default(), "{json}");
            assert_eq!(event.outcome(), fields.outcome, "{json}");
            assert_eq!(event.error_code(), fields.error_code.as_deref(), "{json}");
            assert_eq!(event.read_only(), fields.read_only, "{json}");
            assert_eq!(event.recipient_account(), fields.recipient_account.as_deref().unwrap_or_default(), "{json}");
            assert_eq!(event.actor().account(), fields.actor_account.as_deref(), "{json}");
        }
    }

    #[test]
    fn the_id_of_an_aggregated_record_is_found() {
        assert_eq!(Event::read(&image(ODD[3])).unwrap().id(), "e-1");
    }

    #[test]
    fn an_origin_is_an_address_a_service_or_aws_itself() {
        for (text, expected) in [
            ("192.0.2.1", Origin::Address([192, 0, 2, 1].into())),
            ("::ffff:192.0.2.1", Origin::Address([192, 0, 2, 1].into())),
            ("cloudformation.amazonaws.com", Origin::Service("cloudformation.amazonaws.com")),
            ("AWS Internal", Origin::Internal),
            ("somewhere", Origin::Other("somewhere")),
            ("", Origin::Absent),
        ] {
            assert_eq!(Origin::of(text), expected);
        }
    }

    #[test]
    fn console_and_command_line_are_told_by_flag_and_user_agent() {
        for (json, is_console, is_cli) in [
            (r#"{"userAgent":"AWS Internal","sessionCredentialFromConsole":"true"}"#, true, false),
            (r#"{"userAgent":"[S3Console/0.4, aws-internal/3 aws-sdk-java/1.12.488]"}"#, true, false),
            (r#"{"userAgent":"console.ec2.amazonaws.com"}"#, true, false),
            (r#"{"userAgent":"signin.amazonaws.com"}"#, true, false),
            (r#"{"userAgent":"[aws-cli/1.18.136 Python/3.8.5]"}"#, false, true),
            (r#"{"userAgent":"aws-cli/2.31.1","sessionCredentialFromConsole":"true"}"#, true, true),
            (r#"{"userAgent":"Boto3/1.26.165"}"#, false, false),
            ("{}", false, false),
        ] {
            let image = image(json);
            let event = Event::read(&image).unwrap();
            assert_eq!((event.is_from_console(), event.is_from_cli()), (is_console, is_cli), "{json}");
        }
    }
}
