//! The indexed fields of a record: what selectors may ask of it, read in one pass without building the whole record.
//!
//! A field that is absent, null or of another type is none: records in the wild have all three, and none of them may stop
//! the others from being judged.

mod event_name;
mod in_image;

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use event_name::unversioned;

/// How a call ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// It was carried out.
    #[default]
    Success,
    /// It was refused or went wrong: there is an `errorCode` or `errorMessage`, or `responseElements` says `Failure` under
    /// the event's own name (a failed `ConsoleLogin` has no error code).
    Failure,
    /// A rehearsal that would have been allowed: `errorCode` is `Client.DryRunOperation`.
    DryRun,
}

impl Outcome {
    /// The word for it, as in a selector.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::DryRun => "dry-run",
        }
    }

    /// The outcome that a record's fields tell. `has_error` is whether `errorCode` or `errorMessage` is there and not null.
    pub fn of(error_code: Option<&str>, has_error: bool, response_says_failure: bool) -> Self {
        // EC2 reports an allowed dry run as this error: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
        if error_code == Some("Client.DryRunOperation") {
            Self::DryRun
        } else if has_error || response_says_failure {
            Self::Failure
        } else {
            Self::Success
        }
    }
}

/// The indexed fields of one record, borrowed from its text where that has no escapes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fields<'a> {
    /// `eventSource`.
    pub event_source: Option<Cow<'a, str>>,
    /// `eventName`, as written.
    pub event_name: Option<Cow<'a, str>>,
    /// `eventCategory`.
    pub event_category: Option<Cow<'a, str>>,
    /// `eventType`.
    pub event_type: Option<Cow<'a, str>>,
    /// `userIdentity.type`.
    pub principal_type: Option<Cow<'a, str>>,
    /// What became of the call.
    pub outcome: Outcome,
    /// `errorCode`.
    pub error_code: Option<Cow<'a, str>>,
    /// `readOnly`.
    pub read_only: Option<bool>,
    /// `awsRegion`.
    pub region: Option<Cow<'a, str>>,
    /// `userIdentity.accountId`, else that of `userIdentity.sessionContext.sessionIssuer`.
    pub actor_account: Option<Cow<'a, str>>,
    /// `recipientAccountId`, else the top-level `accountId` of an aggregated record.
    pub recipient_account: Option<Cow<'a, str>>,
}

impl<'a> Fields<'a> {
    /// Reads the fields out of a record's JSON text. Where a key stands twice the last one counts, as in most readers.
    ///
    /// # Errors
    /// The text is no JSON object.
    pub fn from_json(record: &'a str) -> Result<Self, serde_json::Error> {
        let mut deserializer = serde_json::Deserializer::from_str(record);
        let raw = deserializer.deserialize_map(TopLevel)?;
        deserializer.end()?;
        Ok(raw.finish())
    }

    /// `eventName` without the API version that some services append.
    pub fn unversioned_name(&self) -> Option<&str> {
        self.event_name.as_deref().map(unversioned)
    }
}

/// What one pass over a record collects, before the fields that depend on each other are settled.
#[derive(Default)]
struct Collected<'a> {
    fields: Fields<'a>,
    aggregated_account: Option<Cow<'a, str>>,
    has_error_code: bool,
    has_error_message: bool,
    response: Option<&'a RawValue>,
}

impl<'a> Collected<'a> {
    fn finish(self) -> Fields<'a> {
        let mut fields = self.fields;
        let response_says_failure = fields.event_name.as_deref().is_some_and(|name| says_failure(self.response, name));
        let has_error = self.has_error_code || self.has_error_message;
        fields.outcome = Outcome::of(fields.error_code.as_deref(), has_error, response_says_failure);
        fields.recipient_account = fields.recipient_account.or(self.aggregated_account);
        fields
    }
}

/// Whether `responseElements` says `Failure` under the event's own name.
fn says_failure(response: Option<&RawValue>, event_name: &str) -> bool {
    // Where an escape stands, the word may be written with it.
    let may_say = |text: &&str| text.contains("Failure") || text.contains('\\');
    let Some(response) = response.map(RawValue::get).filter(may_say) else { return false };
    let Ok(serde_json::Value::Object(members)) = crate::json::parse(response.as_bytes()) else { return false };
    members.get(event_name).and_then(serde_json::Value::as_str) == Some("Failure")
}

/// Something that is filled from the members of one JSON object; members that it does not name are skipped.
trait Members<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;

    fn fill<A: MapAccess<'de>>(&mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Text<'de>>()? {
            self.member(key.0.as_deref().unwrap_or_default(), &mut map)?;
        }
        Ok(())
    }
}

fn skip<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    map.next_value::<IgnoredAny>().map(|_| ())
}

struct TopLevel;

impl<'de> Visitor<'de> for TopLevel {
    type Value = Collected<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a CloudTrail record, which is a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        let mut collected = Collected::default();
        collected.fill(map)?;
        Ok(collected)
    }
}

impl<'de> Members<'de> for Collected<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        let fields = &mut self.fields;
        match key {
            "eventSource" => fields.event_source = map.next_value::<Text<'de>>()?.0,
            "eventName" => fields.event_name = map.next_value::<Text<'de>>()?.0,
            "eventCategory" => fields.event_category = map.next_value::<Text<'de>>()?.0,
            "eventType" => fields.event_type = map.next_value::<Text<'de>>()?.0,
            "awsRegion" => fields.region = map.next_value::<Text<'de>>()?.0,
            "recipientAccountId" => fields.recipient_account = map.next_value::<Text<'de>>()?.0,
            "accountId" => self.aggregated_account = map.next_value::<Text<'de>>()?.0,
            "errorCode" => {
                let found = map.next_value::<Lenient<'de>>()?;
                self.has_error_code = !matches!(found, Lenient::Null);
                fields.error_code = found.text();
            }
            "errorMessage" => self.has_error_message = !matches!(map.next_value::<Lenient<'de>>()?, Lenient::Null),
            "readOnly" => fields.read_only = map.next_value::<Lenient<'de>>()?.flag(),
            "responseElements" => self.response = Some(map.next_value()?),
            "userIdentity" => {
                let mut identity = Identity::default();
                map.next_value_seed(FillIfObject(&mut identity))?;
                fields.principal_type = identity.principal_type;
                fields.actor_account = identity.account.or(identity.session.issuer.account);
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// What is indexed of `userIdentity`.
#[derive(Default)]
struct Identity<'a> {
    principal_type: Option<Cow<'a, str>>,
    account: Option<Cow<'a, str>>,
    session: SessionContext<'a>,
}

impl<'de> Members<'de> for Identity<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => self.principal_type = map.next_value::<Text<'de>>()?.0,
            "accountId" => self.account = map.next_value::<Text<'de>>()?.0,
            "sessionContext" => {
                self.session = SessionContext::default();
                map.next_value_seed(FillIfObject(&mut self.session))?;
            }
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// What is indexed of `userIdentity.sessionContext`.
#[derive(Default)]
struct SessionContext<'a> {
    issuer: SessionIssuer<'a>,
}

impl<'de> Members<'de> for SessionContext<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "sessionIssuer" => {
                self.issuer = SessionIssuer::default();
                map.next_value_seed(FillIfObject(&mut self.issuer))
            }
            _ => skip(map),
        }
    }
}

/// What is indexed of `userIdentity.sessionContext.sessionIssuer`.
#[derive(Default)]
struct SessionIssuer<'a> {
    account: Option<Cow<'a, str>>,
}

impl<'de> Members<'de> for SessionIssuer<'de> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "accountId" => self.account = map.next_value::<Text<'de>>()?.0,
            _ => skip(map)?,
        }
        Ok(())
    }
}

/// Fills from a value if it is an object, and skips it otherwise.
struct FillIfObject<'t, T>(&'t mut T);

impl<'de, T: Members<'de>> DeserializeSeed<'de> for FillIfObject<'_, T> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Members<'de>> Visitor<'de> for FillIfObject<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        self.0.fill(map)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}

/// A JSON value of which only strings and flags matter; anything else is skipped.
enum Lenient<'a> {
    Null,
    Flag(bool),
    Text(Cow<'a, str>),
    Other,
}

impl<'a> Lenient<'a> {
    fn text(self) -> Option<Cow<'a, str>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    fn flag(self) -> Option<bool> {
        match self {
            Self::Flag(flag) => Some(flag),
            _ => None,
        }
    }
}

/// A string, or none where the value is something else.
struct Text<'a>(Option<Cow<'a, str>>);

impl<'de> Deserialize<'de> for Text<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Lenient::deserialize(deserializer).map(|found| Self(found.text()))
    }
}

impl<'de> Deserialize<'de> for Lenient<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor)
    }
}

struct LenientVisitor;

impl<'de> Visitor<'de> for LenientVisitor {
    type Value = Lenient<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any JSON value")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Lenient::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Lenient::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Lenient::Flag(flag))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient::Null)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self::Value, E> {
        Ok(Lenient::Other)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self::Value, E> {
        Ok(Lenient::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self::Value, E> {
        Ok(Lenient::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Lenient::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(json: &str) -> Fields<'_> {
        Fields::from_json(json).unwrap()
    }

    #[test]
    fn every_indexed_field_is_read() {
        let read = fields(
            r#"{"eventSource":"a","eventName":"b","eventCategory":"c","eventType":"d","awsRegion":"e","errorCode":"f",
                "readOnly":true,"recipientAccountId":"g","userIdentity":{"type":"h","accountId":"i"}}"#,
        );
        assert_eq!(read.event_source.as_deref(), Some("a"));
        assert_eq!(read.event_name.as_deref(), Some("b"));
        assert_eq!(read.event_category.as_deref(), Some("c"));
        assert_eq!(read.event_type.as_deref(), Some("d"));
        assert_eq!(read.region.as_deref(), Some("e"));
        assert_eq!(read.error_code.as_deref(), Some("f"));
        assert_eq!(read.read_only, Some(true));
        assert_eq!(read.recipient_account.as_deref(), Some("g"));
        assert_eq!(read.principal_type.as_deref(), Some("h"));
        assert_eq!(read.actor_account.as_deref(), Some("i"));
        assert_eq!(read.outcome, Outcome::Failure);
    }

    #[test]
    fn values_of_an_unexpected_type_are_absent_and_stop_nothing() {
        for odd in ["null", "1", "-1.5E9", "true", "[]", "[{}]", "{}", "{\"type\":[1]}"] {
            let json =
                format!(r#"{{"userIdentity":{odd},"eventName":{odd},"readOnly":"true","eventSource":"s3.amazonaws.com"}}"#);
            let read = fields(&json);
            assert_eq!(read.principal_type, None, "{odd}");
            assert_eq!(read.event_name, None, "{odd}");
            assert_eq!(read.read_only, None, "{odd}");
            assert_eq!(read.event_source.as_deref(), Some("s3.amazonaws.com"), "{odd}");
        }
    }

    #[test]
    fn a_failed_sign_in_has_no_error_code_and_is_a_failure() {
        let failed = r#"{"responseElements":{"ConsoleLogin":"Failure"},"eventName":"ConsoleLogin"}"#;
        assert_eq!(fields(failed).outcome, Outcome::Failure);
        let other = r#"{"responseElements":{"Reason":"Failure"},"eventName":"ConsoleLogin"}"#;
        assert_eq!(fields(other).outcome, Outcome::Success);
        assert_eq!(fields(r#"{"responseElements":"Failure","eventName":"ConsoleLogin"}"#).outcome, Outcome::Success);
    }

    #[test]
    fn errors_and_dry_runs_are_told_apart() {
        assert_eq!(fields(r#"{"errorCode":"Client.DryRunOperation","errorMessage":"x"}"#).outcome, Outcome::DryRun);
        assert_eq!(fields(r#"{"errorMessage":"Failed authentication"}"#).outcome, Outcome::Failure);
        assert_eq!(fields(r#"{"errorCode":null,"errorMessage":null}"#).outcome, Outcome::Success);
        assert_eq!(fields(r#"{"errorCode":404}"#).outcome, Outcome::Failure);
    }

    #[test]
    fn accounts_fall_back_to_the_issuer_and_to_the_aggregate() {
        let read = fields(
            r#"{"userIdentity":{"sessionContext":{"sessionIssuer":{"accountId":"111122223333"}}},"accountId":"444455556666"}"#,
        );
        assert_eq!(read.actor_account.as_deref(), Some("111122223333"));
        assert_eq!(read.recipient_account.as_deref(), Some("444455556666"));
    }

    #[test]
    fn escapes_are_read_and_the_last_of_equal_keys_counts() {
        assert_eq!(fields(r#"{"eventName":"Create\u0042ucket"}"#).event_name.as_deref(), Some("CreateBucket"));
        assert_eq!(fields(r#"{"eventName":"A","eventName":"B"}"#).event_name.as_deref(), Some("B"));
        assert_eq!(fields(r#"{"event\u004eame":"A"}"#).event_name.as_deref(), Some("A"));
    }

    #[test]
    fn what_is_no_object_is_an_error() {
        for text in ["", "[]", "null", "{", "{} {}", "\"x\""] {
            assert!(Fields::from_json(text).is_err(), "{text:?}");
        }
    }
}
