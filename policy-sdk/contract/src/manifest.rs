//! The manifest: what a policy says of itself.
//!
//! Unknown fields are ignored, so that newer policies run on older hosts. What a host must not ignore is an enum here, and
//! an unknown case of one is refused, as is an unknown word in [`Manifest::requires`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::name::Name;
use crate::response::ResponseKind;
use crate::selector::Selector;
use crate::severity::Severity;

/// Rules of one policy. Every record can be a task for each of them, so this times a batch's records bounds what a host
/// holds for a call.
pub const MAX_RULES: usize = 1_000;
/// Selectors of all rules of one policy together; the index of the host holds each.
pub const MAX_SELECTORS: usize = 10_000;
/// Context tables that one policy may declare.
pub const MAX_TABLES: usize = 100;
/// Correlations of one policy.
pub const MAX_CORRELATIONS: usize = 1_000;

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

/// Something in a manifest that can be read and must not be accepted.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadManifest {
    /// Nothing to do.
    #[error("the policy has no rules")]
    NoRules,
    /// More than a host can hand out tasks for.
    #[error("the policy has {number} {what}, {limit} allowed: split it into several policies")]
    TooMany {
        /// What there are too many of.
        what: &'static str,
        /// How many.
        number: usize,
        /// How many there may be.
        limit: usize,
    },
    /// A rule that would never see a record.
    #[error("rule `{rule}` has no selectors: say which records it wants, or write the selector `all`")]
    NoSelectors {
        /// The rule.
        rule: Name,
    },
    /// A selector without conditions.
    #[error("rule `{rule}`: selector number {number} has no conditions: say which records it wants, or write the selector `all`")]
    EmptySelector {
        /// The rule.
        rule: Name,
        /// Which of its selectors, counted from 1.
        number: usize,
    },
    /// Two rules or correlations with one id.
    #[error("the id `{id}` stands twice")]
    IdTwice {
        /// The id.
        id: Name,
    },
    /// Two tables with one name.
    #[error("the table `{table}` is declared twice")]
    TableTwice {
        /// The table.
        table: Name,
    },
    /// A capability that this version does not know.
    #[error("the policy requires {capability:?}, which this host does not know")]
    UnknownCapability {
        /// The word.
        capability: String,
    },
    /// A correlation that names a rule that is not there, or none.
    #[error("correlation `{correlation}` must name rules of this policy, and names `{rule}`")]
    UnknownFeedingRule {
        /// The correlation.
        correlation: Name,
        /// The rule that is not there; empty where it names none.
        rule: String,
    },
    /// A window of no length.
    #[error("correlation `{correlation}`: the window must be longer than 0 seconds")]
    NoWindow {
        /// The correlation.
        correlation: Name,
    },
    /// A version that is empty, long, or that a terminal would act on.
    #[error("the version {version:?} must have 1 to 64 visible ASCII characters without spaces")]
    BadVersion {
        /// What was given.
        version: String,
    },
}

impl Manifest {
    /// Checks what the types alone cannot.
    ///
    /// # Errors
    /// The first thing that must not be accepted.
    pub fn check(&self) -> Result<(), BadManifest> {
        let version_is_fine = (1..=64).contains(&self.version.len()) && self.version.bytes().all(|byte| byte.is_ascii_graphic());
        if !version_is_fine {
            return Err(BadManifest::BadVersion { version: self.version.clone() });
        }
        if let Some(capability) = self.requires.first() {
            return Err(BadManifest::UnknownCapability { capability: capability.clone() });
        }
        if self.rules.is_empty() {
            return Err(BadManifest::NoRules);
        }
        self.check_numbers()?;
        self.check_ids()?;
        self.rules.iter().try_for_each(check_selectors)?;
        self.correlations.iter().try_for_each(|correlation| self.check_correlation(correlation))
    }

    fn check_numbers(&self) -> Result<(), BadManifest> {
        let selectors = self.rules.iter().map(|rule| rule.selectors.len()).sum();
        let numbers = [
            ("rules", self.rules.len(), MAX_RULES),
            ("selectors", selectors, MAX_SELECTORS),
            ("tables", self.tables.len(), MAX_TABLES),
            ("correlations", self.correlations.len(), MAX_CORRELATIONS),
        ];
        match numbers.into_iter().find(|(_, number, limit)| number > limit) {
            Some((what, number, limit)) => Err(BadManifest::TooMany { what, number, limit }),
            None => Ok(()),
        }
    }

    fn check_ids(&self) -> Result<(), BadManifest> {
        let mut ids = BTreeSet::new();
        let all = self.rules.iter().map(|rule| &rule.id).chain(self.correlations.iter().map(|correlation| &correlation.id));
        for id in all {
            if !ids.insert(id) {
                return Err(BadManifest::IdTwice { id: id.clone() });
            }
        }
        let mut tables = BTreeSet::new();
        match self.tables.iter().find(|table| !tables.insert(&table.name)) {
            Some(twice) => Err(BadManifest::TableTwice { table: twice.name.clone() }),
            None => Ok(()),
        }
    }

    fn check_correlation(&self, correlation: &CorrelationDescription) -> Result<(), BadManifest> {
        let is_rule = |id: &Name| self.rules.iter().any(|rule| rule.id == *id);
        let unknown = correlation.rules.iter().find(|id| !is_rule(id)).map(Name::to_string);
        let missing = correlation.rules.is_empty().then(String::new);
        if let Some(rule) = unknown.or(missing) {
            return Err(BadManifest::UnknownFeedingRule { correlation: correlation.id.clone(), rule });
        }
        if correlation.window_seconds == 0 {
            return Err(BadManifest::NoWindow { correlation: correlation.id.clone() });
        }
        Ok(())
    }
}

fn check_selectors(rule: &RuleDescription) -> Result<(), BadManifest> {
    if rule.selectors.is_empty() {
        return Err(BadManifest::NoSelectors { rule: rule.id.clone() });
    }
    let is_empty = |selector: &Selector| matches!(selector, Selector::Match(conditions) if conditions.is_empty());
    match rule.selectors.iter().position(is_empty) {
        Some(at) => Err(BadManifest::EmptySelector { rule: rule.id.clone(), number: at + 1 }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(change: impl FnOnce(&mut serde_json::Value)) -> Result<Manifest, serde_json::Error> {
        let mut json = serde_json::json!({
            "manifest_version": "1", "name": "storage", "version": "0.1.0",
            "rules": [{"id": "a", "title": "A", "severity": "low", "selectors": ["all"]}],
        });
        change(&mut json);
        serde_json::from_value(json)
    }

    fn refusal(change: impl FnOnce(&mut serde_json::Value)) -> BadManifest {
        manifest(change).unwrap().check().unwrap_err()
    }

    #[test]
    fn the_smallest_manifest_is_accepted() {
        manifest(|_| ()).unwrap().check().unwrap();
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let read = manifest(|json| json["rules"][0]["colour"] = "red".into()).unwrap();
        assert_eq!(read, manifest(|_| ()).unwrap());
    }

    #[test]
    fn unknown_words_where_the_host_must_understand_are_refused() {
        assert!(manifest(|json| json["manifest_version"] = "2".into()).is_err());
        assert!(manifest(|json| json["record"] = serde_json::json!({"format": "xml"})).is_err());
        assert!(manifest(|json| json["responses"] = serde_json::json!(["delete-account"])).is_err());
        assert!(manifest(|json| json["rules"][0]["selectors"] = serde_json::json!([{"match": {"colour": ["red"]}}])).is_err());
        assert!(manifest(|json| json["rules"][0]["techniques"] = serde_json::json!(["T12"])).is_err());
        assert!(matches!(
            refusal(|json| json["requires"] = serde_json::json!(["time-travel"])),
            BadManifest::UnknownCapability { .. }
        ));
    }

    #[test]
    fn a_rule_without_selectors_is_refused() {
        assert!(matches!(refusal(|json| json["rules"][0]["selectors"] = serde_json::json!([])), BadManifest::NoSelectors { .. }));
        let empty = refusal(|json| json["rules"][0]["selectors"] = serde_json::json!(["all", {"match": {}}]));
        assert!(matches!(empty, BadManifest::EmptySelector { number: 2, .. }));
        assert_eq!(refusal(|json| json["rules"] = serde_json::json!([])), BadManifest::NoRules);
    }

    #[test]
    fn there_are_only_so_many_rules_selectors_and_tables() {
        let rule =
            |number| serde_json::json!({"id": format!("r{number}"), "title": "R", "severity": "low", "selectors": ["all"]});
        let rules = |number| (0..number).map(rule).collect::<serde_json::Value>();
        manifest(|json| json["rules"] = rules(MAX_RULES)).unwrap().check().unwrap();
        assert!(matches!(refusal(|json| json["rules"] = rules(MAX_RULES + 1)), BadManifest::TooMany { what: "rules", .. }));
        let selectors = vec!["all"; MAX_SELECTORS + 1];
        let refused = refusal(|json| json["rules"][0]["selectors"] = serde_json::json!(selectors));
        assert!(matches!(refused, BadManifest::TooMany { what: "selectors", .. }));
        let table = |number| serde_json::json!({"name": format!("t{number}"), "kind": "exact", "required": false});
        let tables = (0..=MAX_TABLES).map(table).collect::<serde_json::Value>();
        assert!(matches!(refusal(|json| json["tables"] = tables), BadManifest::TooMany { what: "tables", .. }));
    }

    #[test]
    fn ids_and_tables_stand_once() {
        let rule = serde_json::json!({"id": "a", "title": "A", "severity": "low", "selectors": ["all"]});
        assert!(matches!(refusal(|json| json["rules"] = serde_json::json!([rule, rule])), BadManifest::IdTwice { .. }));
        let table = serde_json::json!({"name": "t", "kind": "exact", "required": false});
        assert!(matches!(refusal(|json| json["tables"] = serde_json::json!([table, table])), BadManifest::TableTwice { .. }));
    }

    #[test]
    fn a_correlation_is_fed_by_rules_of_the_policy() {
        let correlation = |rules: serde_json::Value, window: u64| {
            serde_json::json!([{"id": "c", "title": "C", "severity": "high", "rules": rules, "window_seconds": window,
                "condition": {"kind": "event-count", "at_least": 3}}])
        };
        manifest(|json| json["correlations"] = correlation(serde_json::json!(["a"]), 60)).unwrap().check().unwrap();
        for rules in [serde_json::json!([]), serde_json::json!(["b"])] {
            let refused = refusal(|json| json["correlations"] = correlation(rules, 60));
            assert!(matches!(refused, BadManifest::UnknownFeedingRule { .. }));
        }
        let refused = refusal(|json| json["correlations"] = correlation(serde_json::json!(["a"]), 0));
        assert!(matches!(refused, BadManifest::NoWindow { .. }));
    }

    #[test]
    fn a_version_is_short_and_visible() {
        for version in ["", "1 0", "1\u{1b}[2J", "1.é", &"1".repeat(65)] {
            assert!(matches!(refusal(|json| json["version"] = version.into()), BadManifest::BadVersion { .. }));
        }
    }
}
