//! The part of a finding that will grow: everything but the few typed fields of `finding` in `policy.wit`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::response::ResponseRequest;

/// What a finding says besides severity, title, summary and keys. Unknown fields are ignored, so that a newer policy still
/// runs on an older host; what must not be ignored is a capability of the manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct More {
    /// Named facts for the reader and for machines, in the order of their names.
    #[serde(deserialize_with = "crate::json::members", skip_serializing_if = "BTreeMap::is_empty")]
    pub details: BTreeMap<String, serde_json::Value>,
    /// What was acted on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    /// What the policy asks the host to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<ResponseRequest>,
}

impl More {
    /// Whether there is nothing more to say.
    pub fn is_empty(&self) -> bool {
        self.details.is_empty() && self.resources.is_empty() && self.responses.is_empty()
    }
}

/// Something in an account that a finding is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Resource {
    /// ARN where it has one, else its name.
    pub uid: String,
    /// CloudFormation's name of the type, such as `AWS::S3::Bucket`.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The region that it is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The account that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}

impl Resource {
    /// Something that has an ARN.
    pub fn arn(arn: impl Into<String>) -> Self {
        Self { uid: arn.into(), ..Self::default() }
    }

    /// Something of a CloudFormation type, such as `AWS::IAM::User`, by its ARN or name.
    pub fn of_kind(kind: impl Into<String>, uid: impl Into<String>) -> Self {
        Self { uid: uid.into(), kind: Some(kind.into()), ..Self::default() }
    }

    /// An S3 bucket, by its name.
    pub fn bucket(name: impl Into<String>) -> Self {
        Self::of_kind("AWS::S3::Bucket", name)
    }

    /// The same, in a region; the empty text says nothing, as where a record names none.
    #[must_use]
    pub fn in_region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into()).filter(|region| !region.is_empty());
        self
    }

    /// The same, owned by an account; the empty text says nothing, as where a record names none.
    #[must_use]
    pub fn in_account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into()).filter(|account| !account.is_empty());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_region_and_account_gives_a_resource_without_them() {
        let known = Resource::bucket("reports").in_region("eu-west-1").in_account("111122223333");
        assert_eq!((known.region.as_deref(), known.account.as_deref()), (Some("eu-west-1"), Some("111122223333")));
        assert_eq!(Resource::bucket("reports").in_region("").in_account(""), Resource::bucket("reports"));
    }
}
