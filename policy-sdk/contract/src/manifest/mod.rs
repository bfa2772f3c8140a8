//! The manifest: what a policy says of itself.
//!
//! Unknown fields are ignored, so that newer policies run on older hosts. What a host must not ignore is an enum here, and
//! an unknown case of one is refused, as is an unknown word in [`Manifest::requires`].

mod check;

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::response::ResponseKind;
use crate::selector::Selector;
use crate::severity::Severity;

pub use check::{BadManifest, MAX_CORRELATIONS, MAX_RULES, MAX_SELECTORS, MAX_TABLES};

/// What a policy says of itself: the document that `describe` answers with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Manifest {
    /// The document's version.
    pub manifest_version: ManifestVersion,
    /// The policy's name: the same for every version of it.
    pub name: Name,
    /// The policy's version, as in its Cargo.toml.
    pub version: String,
    /// What the policy is about, in a sentence.
    #[serde(default)]
    pub description: String,
    /// The team that owns it.
    #[serde(default)]
    pub owner: String,
    /// How it reads records.
    #[serde(default)]
    pub record: RecordInterest,
    /// Capabilities that the host must have. This version knows none: any word here is refused.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requires: Vec<String>,
    /// The context tables that its rules may ask.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<TableNeed>,
    /// The kinds of response that its findings may ask for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub responses: Vec<ResponseKind>,
    /// Its rules; a task names a rule by its position here.
    pub rules: Vec<RuleDescription>,
    /// Its correlations; a signal names one by its position here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<CorrelationDescription>,
}

/// The version of the manifest's document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ManifestVersion {
    /// The first and only one.
    #[default]
    #[serde(rename = "1")]
    V1,
}

/// In which form records are handed over.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RecordInterest {
    /// The form.
    pub format: RecordFormat,
}

/// The forms in which a record may be handed over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum RecordFormat {
    /// The record's JSON text, byte for byte as it arrived.
    #[default]
    Json,
    /// The record image, version 1: a form that is read in place without parsing ([`crate::image`]). Another version will
    /// have a word of its own, so that a host that does not write it refuses the policy.
    Image,
}

/// A context table that a policy may ask.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TableNeed {
    /// The table's name in the platform team's configuration.
    pub name: Name,
    /// What it holds.
    pub kind: TableKind,
    /// Whether the policy is refused where the table is not configured.
    pub required: bool,
    /// What the platform team is to put in.
    #[serde(default)]
    pub description: String,
}

/// What a context table holds, and so how a value is compared with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum TableKind {
    /// Texts; a value is in it when it equals one.
    Exact,
    /// IPv4 and IPv6 networks in CIDR notation and single addresses.
    Cidr,
    /// ARNs in which `*` stands for any run of characters and `?` for any one.
    Arn,
    /// Keys with a JSON value each.
    Map,
}

impl TableKind {
    /// The word for it in a manifest and in the configuration.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Cidr => "cidr",
            Self::Arn => "arn",
            Self::Map => "map",
        }
    }
}

/// Whether a rule is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mode {
    /// Judged; findings are delivered.
    #[default]
    Enforce,
    /// Judged and counted; findings go only to sinks that ask for them.
    Shadow,
    /// Not judged.
    Off,
}

impl Mode {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Enforce => "enforce",
            Self::Shadow => "shadow",
            Self::Off => "off",
        }
    }
}

/// What a rule says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct RuleDescription {
    /// The rule's id, unique in its policy.
    pub id: Name,
    /// What it finds, as a headline.
    pub title: String,
    /// What an attacker does and why it matters.
    #[serde(default)]
    pub description: String,
    /// How much a finding matters unless the finding says otherwise.
    pub severity: Severity,
    /// MITRE ATT&CK techniques.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub techniques: Vec<Technique>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<String>,
    /// When it fires though nothing is wrong.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub false_positives: Vec<String>,
    /// What to do about a finding.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub runbook: String,
    /// Whether it is at work unless the configuration says otherwise.
    #[serde(default)]
    pub default_mode: Mode,
    /// Which records it wants; several are alternatives.
    pub selectors: Vec<Selector>,
}

/// A MITRE ATT&CK technique or sub-technique id, `T1078` or `T1078.004` (<https://attack.mitre.org/techniques/enterprise/>).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "String"))]
pub struct Technique(String);

/// A text that is no technique id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not an ATT&CK technique id: write `T` and four digits, with `.` and three digits for a sub-technique")]
pub struct NotATechnique {
    /// What was given.
    pub text: String,
}

impl Technique {
    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Technique {
    type Error = NotATechnique;

    fn try_from(text: String) -> Result<Self, NotATechnique> {
        let is_number = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        let is_technique = text.strip_prefix('T').is_some_and(|rest| match rest.split_once('.') {
            Some((technique, sub)) => is_number(technique, 4) && is_number(sub, 3),
            None => is_number(rest, 4),
        });
        if is_technique { Ok(Self(text)) } else { Err(NotATechnique { text }) }
    }
}

impl From<Technique> for String {
    fn from(technique: Technique) -> Self {
        technique.0
    }
}

/// A correlation: the host counts the signals of some rules, and `conclude` says what a group of them means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CorrelationDescription {
    /// The correlation's id, unique among the policy's rules and correlations.
    pub id: Name,
    /// What it finds, as a headline.
    pub title: String,
    /// What an attacker does and why it matters.
    #[serde(default)]
    pub description: String,
    /// How much a finding matters unless the finding says otherwise.
    pub severity: Severity,
    /// MITRE ATT&CK techniques.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub techniques: Vec<Technique>,
    /// Ids of the rules whose signals feed it.
    pub rules: Vec<Name>,
    /// What is counted, and when it is enough.
    pub condition: Condition,
    /// Length of the window, in seconds.
    pub window_seconds: u64,
    /// For how long after its time an event still counts, in seconds.
    #[serde(default)]
    pub lateness_seconds: u64,
    /// How many of the earliest and how many of the latest events of a group are kept.
    #[serde(default = "default_cap")]
    pub cap: u32,
    /// Whether `conclude` is asked; otherwise the group's finding is title and description.
    #[serde(default)]
    pub concludes: bool,
}

fn default_cap() -> u32 {
    100
}

/// When a correlation has something to say. The kinds are Sigma's, and Elastic's "new terms".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Condition {
    /// At least so many signals under one key in some window.
    EventCount {
        /// How many.
        at_least: u64,
    },
    /// At least so many distinct values under one key in some window.
    ValueCount {
        /// How many.
        at_least: u64,
    },
    /// Signals of all feeding rules under one key in some window.
    Temporal,
    /// Signals of all feeding rules under one key in some window, in the order of `rules`.
    TemporalOrdered,
    /// A value that was not seen under its key before.
    NewTerms {
        /// How long history must reach back before a value counts as new, in seconds.
        horizon_seconds: u64,
    },
}
