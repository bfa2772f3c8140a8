//! Which records a rule wants to see. The host routes by selectors, so that a policy is never called for a record that none
//! of its rules selects.

use serde::{Deserialize, Serialize};

use crate::fields::{Fields, Outcome};

/// One alternative of a rule's wish. A rule lists several; a record that any of them matches is routed to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Selector {
    /// Every record. Written out, since it is expensive and rarely meant.
    All,
    /// Records that meet all of these conditions.
    Match(Box<Conditions>),
}

/// A conjunction over the indexed fields. Within one field the values are alternatives; an empty list is no condition. A
/// record in which the field is absent meets no condition on it.
///
/// Unknown conditions are refused, not ignored: ignoring one would route records that the rule never expected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Conditions {
    /// `eventSource`, such as `iam.amazonaws.com`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_source: Vec<String>,
    /// `eventName`, raw or with its API version taken off; `*` at the end matches any rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_name: Vec<Pattern>,
    /// `eventCategory`, such as `Management`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_category: Vec<String>,
    /// `eventType`, such as `AwsApiCall`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_type: Vec<String>,
    /// `userIdentity.type`, such as `IAMUser`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub principal_type: Vec<String>,
    /// Whether the call succeeded.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub outcome: Vec<Outcome>,
    /// `errorCode`; `*` at the end matches any rest.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub error_code: Vec<Pattern>,
    /// `readOnly`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read_only: Option<bool>,
    /// `awsRegion`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub region: Vec<String>,
    /// The account of the principal that acted: `userIdentity.accountId`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub actor_account: Vec<String>,
    /// The account that received the event: `recipientAccountId`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub recipient_account: Vec<String>,
}

/// A text to compare with, or the beginning of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub enum Pattern {
    /// Equal to this.
    Exactly(String),
    /// Begins with this; written with a `*` at the end.
    Prefix(String),
}

/// A pattern that would match what nobody meant.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadPattern {
    /// Nothing at all, or `*` alone.
    #[error("{0:?} matches everything or nothing: leave the condition out, or write the selector `all`")]
    Empty(String),
    /// A `*` that is not at the end.
    #[error("{0:?}: `*` may stand at the end only")]
    StarInside(String),
}

impl TryFrom<String> for Pattern {
    type Error = BadPattern;

    fn try_from(text: String) -> Result<Self, BadPattern> {
        let (body, is_prefix) = match text.strip_suffix('*') {
            Some(body) => (body, true),
            None => (text.as_str(), false),
        };
        if body.is_empty() {
            return Err(BadPattern::Empty(text));
        }
        if body.contains('*') {
            return Err(BadPattern::StarInside(text));
        }
        Ok(if is_prefix { Self::Prefix(body.to_owned()) } else { Self::Exactly(text) })
    }
}

impl From<Pattern> for String {
    fn from(pattern: Pattern) -> Self {
        match pattern {
            Pattern::Exactly(text) => text,
            Pattern::Prefix(text) => text + "*",
        }
    }
}

impl Pattern {
    /// Whether a text is meant by this pattern.
    pub fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exactly(wanted) => text == wanted,
            Self::Prefix(wanted) => text.starts_with(wanted),
        }
    }
}

/// A condition that a record does not meet, for the person who asks why a rule did not see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// The condition's name, as in [`Conditions`].
    pub field: &'static str,
    /// The values of which one was wanted.
    pub wanted: Vec<String>,
    /// What the record has there; none where the field is absent.
    pub found: Option<String>,
}

/// The conditions that a selector may hold, in the order in which they are checked and named.
#[derive(Clone, Copy)]
enum Condition {
    EventSource,
    EventName,
    EventCategory,
    EventType,
    PrincipalType,
    Outcome,
    ErrorCode,
    ReadOnly,
    Region,
    ActorAccount,
    RecipientAccount,
}

impl Condition {
    const ALL: [Self; 11] = [
        Self::EventSource,
        Self::EventName,
        Self::EventCategory,
        Self::EventType,
        Self::PrincipalType,
        Self::Outcome,
        Self::ErrorCode,
        Self::ReadOnly,
        Self::Region,
        Self::ActorAccount,
        Self::RecipientAccount,
    ];
}

impl Selector {
    /// Whether a record with these fields is selected.
    pub fn matches(&self, fields: &Fields<'_>) -> bool {
        match self {
            Self::All => true,
            Self::Match(conditions) => Condition::ALL.into_iter().all(|condition| conditions.met(condition, fields)),
        }
    }

    /// Every condition that these fields do not meet; empty where the record is selected.
    pub fn unmet(&self, fields: &Fields<'_>) -> Vec<Unmet> {
        match self {
            Self::All => Vec::new(),
            Self::Match(conditions) => Condition::ALL
                .into_iter()
                .filter(|condition| !conditions.met(*condition, fields))
                .map(|condition| conditions.describe(condition, fields))
                .collect(),
        }
    }
}

fn any_equal(wanted: &[String], found: Option<&str>) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|w| w == found))
}

fn any_matches(wanted: &[Pattern], found: Option<&str>) -> bool {
    wanted.is_empty() || found.is_some_and(|found| wanted.iter().any(|w| w.matches(found)))
}

impl Conditions {
    /// Whether no condition is given at all: such a selector is refused, since `all` is to be written out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn met(&self, condition: Condition, fields: &Fields<'_>) -> bool {
        match condition {
            Condition::EventSource => any_equal(&self.event_source, fields.event_source.as_deref()),
            Condition::EventName => {
                any_matches(&self.event_name, fields.event_name.as_deref())
                    || any_matches(&self.event_name, fields.unversioned_name())
            }
            Condition::EventCategory => any_equal(&self.event_category, fields.event_category.as_deref()),
            Condition::EventType => any_equal(&self.event_type, fields.event_type.as_deref()),
            Condition::PrincipalType => any_equal(&self.principal_type, fields.principal_type.as_deref()),
            Condition::Outcome => self.outcome.is_empty() || self.outcome.contains(&fields.outcome),
            Condition::ErrorCode => any_matches(&self.error_code, fields.error_code.as_deref()),
            Condition::ReadOnly => self.read_only.is_none() || self.read_only == fields.read_only,
            Condition::Region => any_equal(&self.region, fields.region.as_deref()),
            Condition::ActorAccount => any_equal(&self.actor_account, fields.actor_account.as_deref()),
            Condition::RecipientAccount => any_equal(&self.recipient_account, fields.recipient_account.as_deref()),
        }
    }

    fn describe(&self, condition: Condition, fields: &Fields<'_>) -> Unmet {
        let texts = |field, wanted: &[String], found: Option<&str>| Unmet {
            field,
            wanted: wanted.to_vec(),
            found: found.map(str::to_owned),
        };
        let patterns = |field, wanted: &[Pattern], found: Option<&str>| Unmet {
            field,
            wanted: wanted.iter().cloned().map(String::from).collect(),
            found: found.map(str::to_owned),
        };
        match condition {
            Condition::EventSource => texts("event_source", &self.event_source, fields.event_source.as_deref()),
            Condition::EventName => patterns("event_name", &self.event_name, fields.event_name.as_deref()),
            Condition::EventCategory => texts("event_category", &self.event_category, fields.event_category.as_deref()),
            Condition::EventType => texts("event_type", &self.event_type, fields.event_type.as_deref()),
            Condition::PrincipalType => texts("principal_type", &self.principal_type, fields.principal_type.as_deref()),
            Condition::Outcome => Unmet {
                field: "outcome",
                wanted: self.outcome.iter().map(|outcome| outcome.as_str().to_owned()).collect(),
                found: Some(fields.outcome.as_str().to_owned()),
            },
            Condition::ErrorCode => patterns("error_code", &self.error_code, fields.error_code.as_deref()),
            Condition::ReadOnly => Unmet {
                field: "read_only",
                wanted: self.read_only.iter().map(bool::to_string).collect(),
                found: fields.read_only.map(|found| found.to_string()),
            },
            Condition::Region => texts("region", &self.region, fields.region.as_deref()),
            Condition::ActorAccount => texts("actor_account", &self.actor_account, fields.actor_account.as_deref()),
            Condition::RecipientAccount => {
                texts("recipient_account", &self.recipient_account, fields.recipient_account.as_deref())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn conditions(json: &str) -> Conditions {
        serde_json::from_str(json).unwrap()
    }

    fn fields(json: &str) -> Fields<'_> {
        Fields::from_json(json).unwrap()
    }

    #[test]
    fn conditions_are_a_conjunction_of_alternatives() {
        let selector = Selector::Match(Box::new(conditions(
            r#"{"event_source":["s3.amazonaws.com"],"event_name":["CreateBucket","DeleteBucket"]}"#,
        )));
        assert!(selector.matches(&fields(r#"{"eventSource":"s3.amazonaws.com","eventName":"DeleteBucket"}"#)));
        assert!(!selector.matches(&fields(r#"{"eventSource":"s3.amazonaws.com","eventName":"PutBucketAcl"}"#)));
        assert!(!selector.matches(&fields(r#"{"eventName":"DeleteBucket"}"#)));
    }

    #[test]
    fn an_event_name_matches_raw_and_without_its_api_version() {
        let record = fields(r#"{"eventName":"UpdateFunctionCode20150331v2"}"#);
        for (name, expected) in [
            ("UpdateFunctionCode", true),
            ("UpdateFunctionCode20150331v2", true),
            ("UpdateFunction", false),
            ("UpdateFunction*", true),
            ("UpdateFunctionCode20150331", false),
        ] {
            let selector = Selector::Match(Box::new(conditions(&format!(r#"{{"event_name":["{name}"]}}"#))));
            assert_eq!(selector.matches(&record), expected, "{name}");
        }
    }

    #[test]
    fn what_is_not_met_is_named_with_what_was_found() {
        let selector = Selector::Match(Box::new(conditions(
            r#"{"event_source":["iam.amazonaws.com"],"read_only":false,"outcome":["success"]}"#,
        )));
        let unmet = selector.unmet(&fields(r#"{"eventSource":"s3.amazonaws.com","readOnly":true,"errorCode":"AccessDenied"}"#));
        let named: Vec<_> = unmet.iter().map(|u| (u.field, u.found.as_deref())).collect();
        assert_eq!(
            named,
            [("event_source", Some("s3.amazonaws.com")), ("outcome", Some("failure")), ("read_only", Some("true"))]
        );
    }

    #[test]
    fn a_star_stands_at_the_end_only_and_never_alone() {
        for bad in ["", "*", "a*b", "**"] {
            assert!(Pattern::try_from(bad.to_owned()).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_unknown_condition_is_refused() {
        assert!(serde_json::from_str::<Conditions>(r#"{"event_nmae":["x"]}"#).is_err());
    }

    #[test]
    fn all_is_written_out() {
        assert_eq!(serde_json::to_string(&Selector::All).unwrap(), "\"all\"");
        assert!(Selector::All.matches(&fields("{}")));
    }
}
