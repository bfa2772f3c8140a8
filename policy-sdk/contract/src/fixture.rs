//! Fixtures: records that show what a rule finds and what it leaves alone.
//!
//! One JSON file for each rule, `<file of the rule>.fixtures.json` beside its source. The rule's native tests and the test
//! of the compiled policy read the same files.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::name::Name;
use crate::severity::Severity;

/// The fixtures of one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Fixtures {
    /// The rule that they are about.
    pub rule: Name,
    /// Settings for all cases; `{}` by default.
    #[serde(default)]
    pub settings: Option<Value>,
    /// Context tables for all cases: a list of entries, or an object for a map.
    #[serde(default)]
    pub tables: BTreeMap<Name, Value>,
    /// The record that the cases change.
    #[serde(default)]
    pub record: Option<Value>,
    /// Records that the rule finds something in.
    pub matches: Vec<Case>,
    /// Records that are routed to the rule and in which it finds nothing.
    pub passes: Vec<Case>,
    /// Records that the rule's selectors leave out.
    #[serde(default)]
    pub unrouted: Vec<Case>,
}

/// One record, and the settings and tables that it is judged under.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Case {
    /// What the case shows, as a sentence.
    pub name: String,
    /// A record of its own instead of the common one.
    pub record: Option<Value>,
    /// A JSON merge patch (RFC 7396) to the record: `null` takes a key away.
    pub patch: Option<Value>,
    /// Settings of its own instead of the common ones.
    pub settings: Option<Value>,
    /// Context tables of its own, each instead of the common one; `null` leaves the table unconfigured.
    pub tables: BTreeMap<Name, Value>,
    /// What the finding of a record that matches says; each that is given must hold.
    pub expect: Expectation,
}

/// What must hold of a finding.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Expectation {
    /// How many findings the rule makes; one by default. The rest is asked of the first.
    pub findings: Option<usize>,
    /// The severity, the rule's own where the finding does not override it.
    pub severity: Option<Severity>,
    /// The whole title, the rule's own where the finding does not override it.
    pub title: Option<String>,
    /// A part of the summary, or several.
    pub summary: Vec<String>,
    /// The whole finding key.
    pub key: Option<String>,
    /// Details that must be there with these values; others may be there too.
    pub details: BTreeMap<String, Value>,
    /// The resources' uids, in order.
    pub resources: Option<Vec<String>>,
}

/// A fixture that cannot be used.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
pub enum BadFixture {
    /// Neither the case nor the file has a record.
    #[error("case {case:?} has no record, and the file has no common one")]
    NoRecord {
        /// The case.
        case: String,
    },
    /// A table's entries are of no usable shape.
    #[error("table `{table}` must be a list of texts, or an object for a map")]
    BadTable {
        /// The table.
        table: Name,
    },
    /// An expectation where nothing is to be found.
    #[error("case {case:?} expects something of a finding, and its list says that there is none")]
    ExpectsOfNothing {
        /// The case.
        case: String,
    },
    /// Nothing shows what the rule finds or leaves alone.
    #[error("rule `{rule}` needs at least one record that matches and one that is routed to it and does not")]
    OneSided {
        /// The rule.
        rule: Name,
    },
}

impl Fixtures {
    /// Checks that both sides are shown. A rule that finds something in every record that it selects says so by an empty
    /// `passes` and a non-empty `unrouted`.
    ///
    /// # Errors
    /// [`BadFixture::OneSided`] where one side is missing, [`BadFixture::ExpectsOfNothing`] where a case that finds nothing
    /// has an expectation.
    pub fn check(&self) -> Result<(), BadFixture> {
        let shows_negative = !self.passes.is_empty() || !self.unrouted.is_empty();
        if self.matches.is_empty() || !shows_negative {
            return Err(BadFixture::OneSided { rule: self.rule.clone() });
        }
        let expects = |case: &&Case| case.expect != Expectation::default();
        match self.passes.iter().chain(&self.unrouted).find(expects) {
            Some(case) => Err(BadFixture::ExpectsOfNothing { case: case.name.clone() }),
            None => Ok(()),
        }
    }

    /// The record of a case, with its patch applied.
    ///
    /// # Errors
    /// [`BadFixture::NoRecord`] where there is none.
    pub fn record(&self, case: &Case) -> Result<Value, BadFixture> {
        let base = case.record.as_ref().or(self.record.as_ref());
        let mut record = base.cloned().ok_or_else(|| BadFixture::NoRecord { case: case.name.clone() })?;
        if let Some(patch) = &case.patch {
            merge(&mut record, patch);
        }
        Ok(record)
    }

    /// The settings of a case as JSON text.
    pub fn settings(&self, case: &Case) -> String {
        case.settings.as_ref().or(self.settings.as_ref()).map_or_else(|| "{}".to_owned(), Value::to_string)
    }

    /// The text of each table of a case, as its file would hold it.
    ///
    /// # Errors
    /// [`BadFixture::BadTable`] where entries are neither a list of texts nor an object.
    pub fn tables(&self, case: &Case) -> Result<BTreeMap<Name, String>, BadFixture> {
        let mut tables = self.tables.clone();
        tables.extend(case.tables.clone());
        tables.retain(|_, entries| !entries.is_null());
        tables.into_iter().map(|(name, entries)| Ok((name.clone(), table_text(name, &entries)?))).collect()
    }
}

fn table_text(table: Name, entries: &Value) -> Result<String, BadFixture> {
    match entries {
        Value::Object(_) => Ok(entries.to_string()),
        Value::Array(list) => {
            let lines: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            lines.map(|lines| lines.join("\n")).ok_or(BadFixture::BadTable { table })
        }
        _ => Err(BadFixture::BadTable { table }),
    }
}

/// Applies a JSON merge patch (RFC 7396, section 2).
fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(changes) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(serde_json::Map::new());
    }
    let Value::Object(members) = target else { return };
    for (key, change) in changes {
        if change.is_null() {
            members.remove(key);
        } else {
            merge(members.entry(key.clone()).or_insert(Value::Null), change);
        }
    }
}

/// What a rule found in one record, for comparison with an [`Expectation`].
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The severity in force.
    pub severity: Severity,
    /// The title in force.
    pub title: String,
    /// The summary.
    pub summary: String,
    /// The finding key.
    pub key: String,
    /// Everything else.
    pub more: crate::finding::More,
}

impl Expectation {
    /// Everything in which the findings differ from what was expected, as sentences; empty where they agree.
    pub fn differences(&self, found: &[Found]) -> Vec<String> {
        let expected_count = self.findings.unwrap_or(1);
        if found.len() != expected_count {
            return vec![format!("{expected_count} finding(s) expected, {} found", found.len())];
        }
        let Some(first) = found.first() else { return Vec::new() };
        let mut differences = Vec::new();
        let mut compare = |what: &str, expected: Option<String>, actual: String| {
            if let Some(expected) = expected.filter(|expected| *expected != actual) {
                differences.push(format!("{what}: expected {expected}, found {actual}"));
            }
        };
        compare("severity", self.severity.map(|s| s.to_string()), first.severity.to_string());
        compare("title", self.title.clone(), first.title.clone());
        compare("key", self.key.clone(), first.key.clone());
        for (name, expected) in &self.details {
            let actual = first.more.details.get(name).map_or_else(|| "nothing".to_owned(), Value::to_string);
            compare(&format!("detail {name}"), Some(expected.to_string()), actual);
        }
        let uids: Vec<String> = first.more.resources.iter().map(|resource| resource.uid.clone()).collect();
        compare("resources", self.resources.as_ref().map(|r| format!("{r:?}")), format!("{uids:?}"));
        for part in self.summary.iter().filter(|part| !first.summary.contains(*part)) {
            differences.push(format!("summary: expected to contain {part:?}, found {:?}", first.summary));
        }
        differences
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fixtures() -> Fixtures {
        serde_json::from_value(json!({
            "rule": "r", "settings": {"a": 1}, "tables": {"t": ["x", "y"], "m": {"k": 1}},
            "record": {"eventName": "A", "userIdentity": {"type": "Root", "arn": "x"}},
            "matches": [{"name": "m", "expect": {"severity": "high"}}],
            "passes": [{"name": "p", "patch": {"userIdentity": {"arn": null, "type": "IAMUser"}}, "settings": {}, "tables": {"t": null}}],
        }))
        .unwrap()
    }

    #[test]
    fn a_patch_changes_the_common_record() {
        let fixtures = fixtures();
        let record = fixtures.record(&fixtures.passes[0]).unwrap();
        assert_eq!(record, json!({"eventName": "A", "userIdentity": {"type": "IAMUser"}}));
    }

    #[test]
    fn settings_and_tables_of_a_case_stand_instead_of_the_common_ones() {
        let fixtures = fixtures();
        let (matching, passing) = (&fixtures.matches[0], &fixtures.passes[0]);
        assert_eq!(fixtures.settings(matching), r#"{"a":1}"#);
        assert_eq!(fixtures.settings(passing), "{}");
        let names = |case| fixtures.tables(case).unwrap().into_keys().map(String::from).collect::<Vec<_>>();
        assert_eq!(names(matching), ["m", "t"]);
        assert_eq!(names(passing), ["m"]);
        assert_eq!(fixtures.tables(matching).unwrap()["t"], "x\ny");
    }

    #[test]
    fn both_sides_must_be_shown() {
        let mut fixtures = fixtures();
        fixtures.check().unwrap();
        fixtures.passes[0].expect.key = Some("k".into());
        assert!(matches!(fixtures.check(), Err(BadFixture::ExpectsOfNothing { .. })));
        fixtures.passes.clear();
        assert!(matches!(fixtures.check(), Err(BadFixture::OneSided { .. })));
    }

    #[test]
    fn a_misspelt_key_is_refused() {
        assert!(serde_json::from_value::<Case>(json!({"nmae": "x"})).is_err());
        assert!(serde_json::from_value::<Expectation>(json!({"severty": "high"})).is_err());
    }

    #[test]
    fn differences_are_named() {
        let found = Found {
            severity: Severity::Low,
            title: "T".into(),
            summary: "a root login".into(),
            key: String::new(),
            more: Default::default(),
        };
        let expectation = Expectation {
            severity: Some(Severity::High),
            summary: vec!["root".into(), "mfa".into()],
            details: [("address".to_owned(), json!("192.0.2.1"))].into(),
            ..Expectation::default()
        };
        let differences = expectation.differences(&[found]);
        assert_eq!(differences.len(), 3, "{differences:?}");
        assert_eq!(expectation.differences(&[]).len(), 1);
        assert!(Expectation { findings: Some(0), ..Expectation::default() }.differences(&[]).is_empty());
    }
}
