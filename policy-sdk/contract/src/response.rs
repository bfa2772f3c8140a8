//! What a policy may ask the host to do. The policy only asks: the platform team's grants decide, the host acts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A request for one action, part of a finding. Which kinds a policy may use stands in its manifest; a request of another
/// kind is a failure of the policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ResponseRequest {
    /// Make an IAM access key inactive.
    DeactivateAccessKey {
        /// The account that the key belongs to.
        account: String,
        /// The user whose key it is.
        user_name: String,
        /// The key's id, `AKIA…`.
        access_key_id: String,
    },
    /// Put an inline policy that denies everything on a user or role.
    QuarantinePrincipal {
        /// ARN of the user or role.
        principal: String,
    },
    /// Deny every session of a role that was issued before now.
    RevokeRoleSessions {
        /// ARN of the role.
        role: String,
    },
    /// Turn all four flags of a bucket's public access block on.
    BlockPublicAccess {
        /// The bucket's name.
        bucket: String,
        /// The account that owns it.
        account: String,
    },
    /// Start a trail's logging again.
    StartLogging {
        /// ARN of the trail.
        trail: String,
    },
    /// Send a message to a queue that the platform team named.
    SendMessage {
        /// The name of the target in the platform team's configuration.
        target: String,
        /// What to send besides the finding's id.
        attributes: BTreeMap<String, String>,
    },
    /// Publish an event to a bus or topic that the platform team named.
    PublishEvent {
        /// The name of the target in the platform team's configuration.
        target: String,
        /// What to publish besides the finding's id.
        attributes: BTreeMap<String, String>,
    },
    /// Invoke a function that the platform team named.
    InvokeFunction {
        /// The name of the target in the platform team's configuration.
        target: String,
        /// What to hand over besides the finding's id.
        attributes: BTreeMap<String, String>,
    },
    /// Call a webhook that the platform team named.
    CallWebhook {
        /// The name of the target in the platform team's configuration.
        target: String,
        /// What to hand over besides the finding's id.
        attributes: BTreeMap<String, String>,
    },
}

/// The kinds of [`ResponseRequest`], as a manifest declares them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[expect(missing_docs, reason = "each is the case of the same name of `ResponseRequest`")]
pub enum ResponseKind {
    DeactivateAccessKey,
    QuarantinePrincipal,
    RevokeRoleSessions,
    BlockPublicAccess,
    StartLogging,
    SendMessage,
    PublishEvent,
    InvokeFunction,
    CallWebhook,
}

impl ResponseRequest {
    /// Which kind of request it is.
    pub fn kind(&self) -> ResponseKind {
        match self {
            Self::DeactivateAccessKey { .. } => ResponseKind::DeactivateAccessKey,
            Self::QuarantinePrincipal { .. } => ResponseKind::QuarantinePrincipal,
            Self::RevokeRoleSessions { .. } => ResponseKind::RevokeRoleSessions,
            Self::BlockPublicAccess { .. } => ResponseKind::BlockPublicAccess,
            Self::StartLogging { .. } => ResponseKind::StartLogging,
            Self::SendMessage { .. } => ResponseKind::SendMessage,
            Self::PublishEvent { .. } => ResponseKind::PublishEvent,
            Self::InvokeFunction { .. } => ResponseKind::InvokeFunction,
            Self::CallWebhook { .. } => ResponseKind::CallWebhook,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_its_action_in_the_document() {
        let request = ResponseRequest::StartLogging { trail: "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main".into() };
        let json = serde_json::to_value(&request).unwrap();
        assert_eq!(json["action"], "start-logging");
        assert_eq!(serde_json::from_value::<ResponseRequest>(json).unwrap(), request);
        assert_eq!(serde_json::to_value(request.kind()).unwrap(), "start-logging");
    }

    #[test]
    fn an_unknown_action_is_refused() {
        assert!(serde_json::from_str::<ResponseRequest>(r#"{"action":"delete-account","account":"1"}"#).is_err());
    }
}
