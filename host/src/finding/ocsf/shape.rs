//! The part of OCSF 1.5.0's Detection Finding (class 2004) that is written, as types: what is required is no option, ids and
//! their captions come together, and the order of the fields is the order in the line.
//!
//! OCSF refuses `null` and empty objects, so what is absent is left out. Source of names and numbers:
//! <https://schema.ocsf.io/1.5.0/classes/detection_finding?profiles=cloud,security_control>.

use std::net::IpAddr;

use jiff::Timestamp;
use policy_contract::severity::Severity;
use serde::{Serialize, Serializer};

use super::embed::Embedded;

/// A line. `U` is what OCSF has no field for.
#[derive(Serialize)]
pub(super) struct Line<'a, U> {
    #[serde(flatten)]
    pub class: Class,
    pub severity_id: u8,
    pub severity: &'static str,
    pub status_id: u8,
    pub status: &'static str,
    pub is_alert: bool,
    #[serde(serialize_with = "milliseconds")]
    pub time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    pub metadata: Metadata<'a>,
    pub finding_info: FindingInfo<'a>,
    /// Of the profile `security_control`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attacks: Vec<Attack<'a>>,
    pub cloud: Cloud<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidences: Vec<Evidence<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<Remediation<'a>>,
    pub unmapped: U,
}

/// Which class of event, and which of its activities.
#[derive(Serialize)]
pub(super) struct Class {
    activity_id: u8,
    activity_name: &'static str,
    category_uid: u8,
    category_name: &'static str,
    class_uid: u16,
    class_name: &'static str,
    type_uid: u32,
    type_name: &'static str,
}

impl Class {
    /// A finding is made known for the first time.
    pub(super) const CREATED: Self = Self {
        activity_id: 1,
        activity_name: "Create",
        category_uid: 2,
        category_name: "Findings",
        class_uid: 2004,
        class_name: "Detection Finding",
        type_uid: 200_401,
        type_name: "Detection Finding: Create",
    };
}

/// `severity_id` and its caption.
pub(super) fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

#[derive(Serialize)]
pub(super) struct Metadata<'a> {
    pub version: &'static str,
    pub profiles: &'static [&'static str],
    pub uid: String,
    pub product: Product<'a>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_milliseconds")]
    pub processed_time: Option<Timestamp>,
    pub log_provider: &'static str,
    pub log_name: &'static str,
}

#[derive(Serialize)]
pub(super) struct Product<'a> {
    pub name: &'static str,
    pub version: &'static str,
    pub feature: Feature<'a>,
}

#[derive(Serialize)]
pub(super) struct Feature<'a> {
    pub name: &'a str,
    pub version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<String>,
}

#[derive(Serialize)]
pub(super) struct FindingInfo<'a> {
    pub uid: String,
    pub title: &'a str,
    pub desc: &'a str,
    pub analytic: Analytic<'a>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_milliseconds")]
    pub first_seen_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_milliseconds")]
    pub last_seen_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attacks: Vec<Attack<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub related_events: Vec<RelatedEvent<'a>>,
    #[serde(skip_serializing_if = "is_zero")]
    pub related_events_count: u64,
    pub data_sources: [&'static str; 1],
}

#[derive(Serialize)]
pub(super) struct Analytic<'a> {
    pub uid: &'a str,
    pub name: &'a str,
    pub type_id: u8,
    #[serde(rename = "type")]
    pub kind: &'static str,
    pub version: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub desc: &'a str,
}

#[derive(Serialize)]
pub(super) struct RelatedEvent<'a> {
    pub uid: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_milliseconds")]
    pub first_seen_time: Option<Timestamp>,
}

/// A technique, with its sub-technique where that is known. Names of techniques change from version to version of the matrix,
/// their ids do not; only ids are written.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Attack<'a> {
    pub technique: Uid<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_technique: Option<Uid<'a>>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Uid<'a> {
    pub uid: &'a str,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Named<'a> {
    pub name: &'a str,
}

/// The profile `cloud`. `provider` is all that is required.
#[derive(Serialize)]
pub(super) struct Cloud<'a> {
    pub provider: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
}

#[derive(Clone, Copy, Serialize)]
pub(super) struct Account<'a> {
    uid: &'a str,
    type_id: u8,
    #[serde(rename = "type")]
    kind: &'static str,
}

impl<'a> Account<'a> {
    pub(super) fn new(uid: &'a str) -> Self {
        Self { uid, type_id: 10, kind: "AWS Account" }
    }
}

#[derive(Serialize)]
pub(super) struct Resource<'a> {
    pub uid: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<Owner<'a>>,
}

#[derive(Serialize)]
pub(super) struct Owner<'a> {
    pub account: Account<'a>,
}

#[derive(Serialize)]
pub(super) struct Remediation<'a> {
    pub desc: &'a str,
}

#[derive(Serialize)]
pub(super) struct Evidence<'a> {
    pub uid: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<Actor<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api: Option<Api<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src_endpoint: Option<Endpoint<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub http_request: Option<HttpRequest<'a>>,
    pub data: Embedded<'a>,
}

/// At least one of `user`, `session` and `app_name` is there.
#[derive(Serialize)]
pub(super) struct Actor<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<User<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<Session<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idp: Option<Named<'a>>,
}

/// At least one of `account`, `name` and `uid` is there.
#[derive(Serialize)]
pub(super) struct User<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub type_id: Option<u8>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domain: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<Account<'a>>,
}

/// At least one field is there.
#[derive(Serialize)]
pub(super) struct Session<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuer: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uid_alt: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "optional_milliseconds")]
    pub created_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_mfa: Option<bool>,
}

#[derive(Serialize)]
pub(super) struct Api<'a> {
    pub operation: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service: Option<Named<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Uid<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<Response<'a>>,
}

#[derive(Serialize)]
pub(super) struct Response<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<&'a str>,
}

/// `ip` takes addresses only, so what is none has a field of its own.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Endpoint<'a> {
    Ip(IpAddr),
    SvcName(&'a str),
    Domain(&'a str),
}

#[derive(Serialize)]
pub(super) struct HttpRequest<'a> {
    pub user_agent: &'a str,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

fn milliseconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_i64(time.as_millisecond())
}

fn optional_milliseconds<S: Serializer>(time: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    time.map(Timestamp::as_millisecond).serialize(serializer)
}
