//! What the host reads out of every record, by the words that selectors use, and who acted from where.

use std::borrow::Cow;

use policy_contract::fields::{Fields, Outcome, unversioned};
use policy_contract::image::Node;

use super::field::text;

/// Something that the host knows of a record, whichever field it stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// `eventSource`.
    EventSource,
    /// `eventName`, as written or without its API version.
    EventName,
    /// `eventCategory`.
    EventCategory,
    /// `eventType`.
    EventType,
    /// `userIdentity.type`.
    PrincipalType,
    /// What became of the call.
    Outcome,
    /// `errorCode`.
    ErrorCode,
    /// `readOnly`.
    ReadOnly,
    /// `awsRegion`.
    Region,
    /// The account of the principal that acted.
    ActorAccount,
    /// The account that received the event.
    RecipientAccount,
    /// The ARN of the principal that acted: of a role's session the role's, with its path.
    Principal,
    /// `sourceIPAddress`.
    SourceAddress,
}

impl Fact {
    /// Every fact, in the order of the reference page.
    pub const ALL: [Self; 13] = [
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
        Self::Principal,
        Self::SourceAddress,
    ];

    /// The word for it: that of a selector, where selectors know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EventSource => "event_source",
            Self::EventName => "event_name",
            Self::EventCategory => "event_category",
            Self::EventType => "event_type",
            Self::PrincipalType => "principal_type",
            Self::Outcome => "outcome",
            Self::ErrorCode => "error_code",
            Self::ReadOnly => "read_only",
            Self::Region => "region",
            Self::ActorAccount => "actor_account",
            Self::RecipientAccount => "recipient_account",
            Self::Principal => "principal",
            Self::SourceAddress => "source_address",
        }
    }

    /// The only texts that it can be, where they are known.
    pub fn words(self) -> Option<Vec<&'static str>> {
        match self {
            Self::Outcome => Some([Outcome::Success, Outcome::Failure, Outcome::DryRun].map(Outcome::as_str).to_vec()),
            Self::ReadOnly => Some(vec!["true", "false"]),
            _ => None,
        }
    }

    /// Whether every record has it.
    pub fn is_always_there(self) -> bool {
        self == Self::Outcome
    }

    /// What a record has of it: none, one, or two texts that mean the same.
    pub(super) fn of<'a>(self, record: Node<'a>) -> Vec<Cow<'a, str>> {
        let found = match self {
            Self::Principal => principal(record),
            Self::SourceAddress => record.member("sourceIPAddress").and_then(text),
            _ => {
                let Some(fields) = Fields::in_image(record) else { return Vec::new() };
                match self {
                    Self::EventName => {
                        let name = fields.event_name;
                        let short = name.as_deref().map(unversioned).filter(|short| Some(*short) != name.as_deref());
                        let short = short.map(|short| Cow::Owned(short.to_owned()));
                        return name.into_iter().chain(short).collect();
                    }
                    Self::EventSource => fields.event_source,
                    Self::EventCategory => fields.event_category,
                    Self::EventType => fields.event_type,
                    Self::PrincipalType => fields.principal_type,
                    Self::Outcome => Some(fields.outcome.as_str().into()),
                    Self::ErrorCode => fields.error_code,
                    Self::ReadOnly => fields.read_only.map(|flag| if flag { "true" } else { "false" }.into()),
                    Self::Region => fields.region,
                    Self::ActorAccount => fields.actor_account,
                    Self::RecipientAccount => fields.recipient_account,
                    Self::Principal | Self::SourceAddress => None,
                }
            }
        };
        found.into_iter().collect()
    }
}

/// The ARN by which a rule asks a table for a principal (`principal_arn` in the SDK): of a role's session the role's, since the
/// session's own lacks the path.
fn principal(record: Node<'_>) -> Option<Cow<'_, str>> {
    let identity = record.member("userIdentity")?;
    let not_empty = |node: Node<'_>| node.str().is_some_and(|text| !text.is_empty());
    let issuer = identity.member("sessionContext").and_then(|context| context.member("sessionIssuer"));
    let is_role =
        |issuer: &Node<'_>| issuer.member("type").and_then(Node::str).is_none_or(|kind| kind.is_empty() || kind == "Role");
    let role = issuer.filter(is_role).and_then(|issuer| issuer.member("arn")).filter(|arn| not_empty(*arn));
    role.or_else(|| identity.member("arn").filter(|arn| not_empty(*arn))).and_then(text)
}
