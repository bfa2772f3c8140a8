//! What the types of a manifest alone cannot hold: ids that stand once, rules that select something, and how much there may be.

use std::collections::BTreeSet;

use super::{CorrelationDescription, Manifest, RuleDescription};
use crate::name::Name;
use crate::selector::Selector;

/// Rules of one policy. Every record can be a task for each of them, so this times a batch's records bounds what a host
/// holds for a call.
pub const MAX_RULES: usize = 1_000;
/// Selectors of all rules of one policy together; the index of the host holds each.
pub const MAX_SELECTORS: usize = 10_000;
/// Context tables that one policy may declare.
pub const MAX_TABLES: usize = 100;
/// Correlations of one policy.
pub const MAX_CORRELATIONS: usize = 1_000;

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
