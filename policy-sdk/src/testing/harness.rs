//! The host in memory: routes a record, lets every rule that wants it judge it, and writes down what was asked and said.

use std::cell::RefCell;
use std::collections::BTreeMap;

use policy_contract::fields::Fields;
use policy_contract::image::{BadJson, Writer};
use policy_contract::manifest::Manifest;
use policy_contract::selector::Unmet;
use policy_contract::tables;

use crate::context::{Entry, Host};
use crate::event::Event;
use crate::judge::Judge;
use crate::{BadPolicy, BadSettings, Finding, Level, Membership, Policy, Settings, Signal, Table, Verdict};

/// A policy, configured, with the context tables that it may ask.
pub struct Harness<S: 'static> {
    policy: &'static Policy<S>,
    manifest: Manifest,
    settings: S,
    tables: BTreeMap<String, tables::Table>,
}

/// Something that keeps a policy from being tried out.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// The policy itself is not one that a host would accept.
    #[error("the policy is not acceptable: {0}")]
    Policy(#[from] BadPolicy),
    /// The settings were refused.
    #[error(transparent)]
    Settings(#[from] BadSettings),
    /// A table that the policy does not declare.
    #[error("the policy declares no table `{name}`; it declares: {}", declared.join(", "))]
    UnknownTable {
        /// The name.
        name: String,
        /// What is declared.
        declared: Vec<String>,
    },
    /// A table's text that cannot be read.
    #[error("table `{name}`: {cause}")]
    Table {
        /// The table.
        name: String,
        /// Why.
        cause: tables::BadTable,
    },
    /// A required table that was not given.
    #[error("the policy requires the table `{name}`: give it with `Harness::table`")]
    MissingTable {
        /// The table.
        name: String,
    },
    /// The record is no JSON, so a host would not have made it one.
    #[error("the record is not JSON: {0}")]
    NotJson(#[from] BadJson),
    /// The record is JSON and no object.
    #[error("the record is not a JSON object: {0}")]
    Record(#[from] serde_json::Error),
    /// The group is not readable, or the policy's `conclude` failed.
    #[error("{0}")]
    Conclude(String),
}

/// A line that a rule logged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// How much it matters.
    pub level: Level,
    /// What it says.
    pub text: String,
}

/// A question that a rule asked a table, with the answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// The table's name.
    pub table: String,
    /// The value or key that was asked for.
    pub value: String,
    /// The answer, in words: `inside`, `outside`, `not applicable`, `unavailable`, `missing`, or the JSON text that was
    /// found.
    pub answer: String,
}

/// What one rule made of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedRule {
    /// The rule's id.
    pub rule: String,
    /// For each of the rule's selectors the conditions that the record does not meet; the record is routed to the rule where
    /// one of these lists is empty.
    pub unmet: Vec<Vec<Unmet>>,
    /// What the rule answered; empty where the record was not routed to it.
    pub verdicts: Vec<Verdict>,
    /// What it logged.
    pub log: Vec<LogLine>,
    /// What it asked.
    pub asked: Vec<Ask>,
}

impl JudgedRule {
    /// Whether the record was routed to the rule.
    pub fn is_routed(&self) -> bool {
        self.unmet.iter().any(Vec::is_empty)
    }

    /// Its findings.
    pub fn findings(&self) -> Vec<&Finding> {
        self.verdicts
            .iter()
            .filter_map(|verdict| if let Verdict::Finding(finding) = verdict { Some(finding) } else { None })
            .collect()
    }

    /// Its signals.
    pub fn signals(&self) -> Vec<&Signal> {
        self.verdicts
            .iter()
            .filter_map(|verdict| if let Verdict::Signal(signal) = verdict { Some(signal) } else { None })
            .collect()
    }

    /// Its errors.
    pub fn errors(&self) -> Vec<&str> {
        self.verdicts
            .iter()
            .filter_map(|verdict| if let Verdict::Error(error) = verdict { Some(error.as_str()) } else { None })
            .collect()
    }
}

/// What a policy made of a record, rule by rule in the policy's order. Modes do not count: a rule that is off by default is
/// judged too.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// One for each rule of the policy.
    pub rules: Vec<JudgedRule>,
}

impl Judged {
    /// What the rule with this id made of it; none where the policy has no such rule.
    pub fn rule(&self, id: &str) -> Option<&JudgedRule> {
        self.rules.iter().find(|judged| judged.rule == id)
    }

    /// The findings of the rule with this id.
    ///
    /// # Panics
    /// Where the policy has no such rule: that is a mistake in the test, and no finding would hide it.
    #[track_caller]
    #[expect(clippy::panic, reason = "only tests call it, and a misspelt id must not look like a rule that found nothing")]
    pub fn findings(&self, id: &str) -> Vec<&Finding> {
        match self.rule(id) {
            Some(judged) => judged.findings(),
            None => panic!("the policy has no rule `{id}`"),
        }
    }
}

impl<S: Settings> Harness<S> {
    /// A policy with its default settings and no tables.
    ///
    /// # Errors
    /// [`HarnessError::Policy`] where a host would refuse the policy.
    pub fn new(policy: &'static Policy<S>) -> Result<Self, HarnessError> {
        Ok(Self { policy, manifest: policy.manifest()?, settings: S::default(), tables: BTreeMap::new() })
    }

    /// Configures the policy with a JSON object.
    ///
    /// # Errors
    /// [`HarnessError::Settings`] where the policy refuses them.
    pub fn settings(mut self, json: &str) -> Result<Self, HarnessError> {
        self.settings = S::read(json)?;
        Ok(self)
    }

    /// Gives a table: for a list one entry a line, for a map a JSON object.
    ///
    /// # Errors
    /// [`HarnessError::UnknownTable`] or [`HarnessError::Table`].
    pub fn table(self, table: Table, text: &str) -> Result<Self, HarnessError> {
        self.table_named(table.name, text)
    }

    pub(super) fn table_named(mut self, name: &str, text: &str) -> Result<Self, HarnessError> {
        let Some(need) = self.policy.tables.iter().find(|table| table.name == name) else {
            let declared = self.policy.tables.iter().map(|table| table.name.to_owned()).collect();
            return Err(HarnessError::UnknownTable { name: name.to_owned(), declared });
        };
        let table =
            tables::Table::parse(need.kind, text).map_err(|cause| HarnessError::Table { name: name.to_owned(), cause })?;
        self.tables.insert(name.to_owned(), table);
        Ok(self)
    }

    /// What the policy says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Routes a record (its JSON text) and lets every rule that wants it judge it.
    ///
    /// # Errors
    /// [`HarnessError::NotJson`] or [`HarnessError::Record`] where it is no record, [`HarnessError::MissingTable`] where a required table was not given.
    pub fn judge(&self, record: &str) -> Result<Judged, HarnessError> {
        self.check_tables()?;
        let mut image = Vec::new();
        Writer::new().write(record, &mut image)?;
        let fields = Fields::from_json(record)?;
        let event = Event::read(&image);
        let rules = self.manifest.rules.iter().zip(0u32..).map(|(description, number)| {
            let host = Memory { tables: &self.tables, log: RefCell::default(), asked: RefCell::default() };
            let judge = Judge { policy: self.policy, settings: &self.settings, host: &host };
            let unmet: Vec<Vec<Unmet>> = description.selectors.iter().map(|selector| selector.unmet(&fields)).collect();
            let verdicts = match &event {
                _ if !unmet.iter().any(Vec::is_empty) => Vec::new(),
                Ok(event) => judge.judge(number, event),
                Err(error) => vec![Verdict::Error(error.to_string())],
            };
            let rule = description.id.to_string();
            JudgedRule { rule, unmet, verdicts, log: host.log.into_inner(), asked: host.asked.into_inner() }
        });
        Ok(Judged { rules: rules.collect() })
    }

    /// What the policy makes of a correlation's group (the JSON text of a [`Group`](crate::Group)).
    ///
    /// # Errors
    /// [`HarnessError::Conclude`] where the group is not readable or the policy could not conclude.
    pub fn conclude(&self, group: &str) -> Result<Option<Finding>, HarnessError> {
        self.check_tables()?;
        let host = Memory { tables: &self.tables, log: RefCell::default(), asked: RefCell::default() };
        let judge = Judge { policy: self.policy, settings: &self.settings, host: &host };
        judge.conclude(group).map_err(HarnessError::Conclude)
    }

    fn check_tables(&self) -> Result<(), HarnessError> {
        let missing = self.policy.tables.iter().find(|table| table.required && !self.tables.contains_key(table.name));
        match missing {
            Some(table) => Err(HarnessError::MissingTable { name: table.name.to_owned() }),
            None => Ok(()),
        }
    }
}

/// The imports, answered from memory.
struct Memory<'a> {
    tables: &'a BTreeMap<String, tables::Table>,
    log: RefCell<Vec<LogLine>>,
    asked: RefCell<Vec<Ask>>,
}

impl Memory<'_> {
    fn note(&self, table: &str, value: &str, answer: &str) {
        let ask = Ask { table: table.to_owned(), value: value.to_owned(), answer: answer.to_owned() };
        self.asked.borrow_mut().push(ask);
    }
}

impl Host for Memory<'_> {
    fn contains(&self, table: &str, value: &str) -> Membership {
        let (membership, word) = match self.tables.get(table).map(|table| table.contains(value)) {
            Some(tables::Membership::Inside) => (Membership::Inside, "inside"),
            Some(tables::Membership::Outside) => (Membership::Outside, "outside"),
            Some(tables::Membership::NotApplicable) => (Membership::NotApplicable, "not applicable"),
            None => (Membership::Unavailable, "unavailable"),
        };
        self.note(table, value, word);
        membership
    }

    fn lookup(&self, table: &str, key: &str) -> Entry {
        let entry = match self.tables.get(table).map(|table| table.lookup(key)) {
            Some(Some(json)) => Entry::Found(json.to_owned()),
            Some(None) => Entry::Missing,
            None => Entry::Unavailable,
        };
        let word = match &entry {
            Entry::Found(json) => json,
            Entry::Missing => "missing",
            Entry::Unavailable => "unavailable",
        };
        self.note(table, key, word);
        entry
    }

    fn log(&self, level: Level, text: &str) {
        self.log.borrow_mut().push(LogLine { level, text: text.to_owned() });
    }
}
