//! What the platform team sets for one policy: `[policies.NAME]`.

use std::collections::BTreeMap;
use std::sync::Arc;

use policy_contract::manifest::Mode;
use policy_contract::name::Name;
use policy_contract::severity::Severity;
use toml::de::DeValue;

use super::error::Problem;
use super::exceptions::{self, Placed, Tables};
use super::place::Place;
use super::reader::{Entry, Reader, Section};
use super::schema;
use super::settings::{self, Settings};
use super::value_kind::ValueKind;
use crate::exception::Exception;
use crate::limits::{LimitDefinition, Limits, Scope};

/// Where limits are set, by their names.
pub(super) type LimitPlaces = BTreeMap<&'static str, Place>;

/// What is set for one policy.
#[derive(Clone, Debug)]
pub struct PolicyConfig {
    /// The strictest mode that its rules may have: `enforce` leaves each rule its own.
    pub mode: Mode,
    /// The severity of all findings of its rules, except of rules with one of their own.
    pub severity: Option<Severity>,
    /// What it is configured with.
    pub settings: Settings,
    /// Its limits: those of the host with its own put over them.
    pub limits: Limits,
    pub(super) limit_places: LimitPlaces,
    pub(super) exceptions: Vec<Placed>,
    pub(super) rules: BTreeMap<Name, RuleConfig>,
    pub(super) place: Place,
}

/// What is set for one rule.
#[derive(Clone, Debug)]
pub struct RuleConfig {
    /// Its mode instead of its default mode.
    pub mode: Option<Mode>,
    /// The severity of all its findings, whatever rule and finding say.
    pub severity: Option<Severity>,
    pub(super) exceptions: Vec<Placed>,
    pub(super) place: Place,
}

impl PolicyConfig {
    /// What holds for a policy for which nothing is set.
    pub(super) fn with_limits(limits: Limits) -> Self {
        Self {
            mode: Mode::Enforce,
            severity: None,
            settings: Settings::default(),
            limits,
            limit_places: LimitPlaces::new(),
            exceptions: Vec::new(),
            rules: BTreeMap::new(),
            place: Place::default(),
        }
    }

    /// Where a limit is set for this policy alone; none where that of the host is in force.
    pub fn limit_place(&self, limit: &str) -> Option<&Place> {
        self.limit_places.get(limit)
    }

    /// What is set for a rule, if anything.
    pub fn rule(&self, rule: &Name) -> Option<&RuleConfig> {
        self.rules.get(rule)
    }

    /// The mode in which a rule is at work: its own if one is set, else its default mode; never stricter than the policy's.
    pub fn rule_mode(&self, rule: &Name, default_mode: Mode) -> Mode {
        let own = self.rule(rule).and_then(|rule| rule.mode).unwrap_or(default_mode);
        match (self.mode, own) {
            (Mode::Off, _) | (_, Mode::Off) => Mode::Off,
            (Mode::Shadow, _) | (_, Mode::Shadow) => Mode::Shadow,
            (Mode::Enforce, Mode::Enforce) => Mode::Enforce,
        }
    }

    /// The severity that is set for a rule, if any: its own, else its policy's.
    pub fn rule_severity(&self, rule: &Name) -> Option<Severity> {
        self.rule(rule).and_then(|rule| rule.severity).or(self.severity)
    }

    /// The exceptions that a rule's findings may meet, its own and its policy's, in the order of the file.
    pub fn rule_exceptions(&self, rule: &Name) -> Vec<Arc<Exception>> {
        let own = self.rule(rule).map_or(&[][..], |rule| &rule.exceptions);
        let mut all: Vec<&Placed> = own.iter().chain(&self.exceptions).collect();
        all.sort_by_key(|placed| placed.at);
        all.into_iter().map(|placed| Arc::clone(&placed.exception)).collect()
    }

    /// Every exception, its own before those of its rules.
    pub(super) fn exceptions(&self) -> impl Iterator<Item = &Exception> {
        let of_rules = self.rules.values().flat_map(|rule| &rule.exceptions);
        self.exceptions.iter().chain(of_rules).map(|placed| &*placed.exception)
    }
}

/// What a section `[policies.NAME]` says; what is wrong with it is reported.
pub(super) fn read<'a>(
    reader: &mut Reader<'a>,
    name: &Name,
    section: &Section<'a>,
    host: &Limits,
    tables: &Tables,
) -> PolicyConfig {
    reader.refuse_unknown_keys(section, schema::POLICY);
    let mode = mode(reader, section).unwrap_or_default();
    let severity = severity(reader, section);
    let exceptions = exceptions::read(reader, section, &format!("policies.{name}"), None, &[], tables);
    let settings = settings::read(reader, section, format!("[policies.{name}.settings]"), host.settings_kib.bytes());
    let (limits, limit_places) = read_limits(reader, section, format!("[policies.{name}.limits]"), host.clone(), Scope::Policy);
    let rules = reader.named_tables(section, "rules", &format!("policies.{name}.rules"));
    let rules = rules.into_iter().map(|(rule, section)| {
        reader.refuse_unknown_keys(&section, schema::RULE);
        let prefix = format!("policies.{name}.rules.{rule}");
        let set = RuleConfig {
            mode: self::mode(reader, &section),
            severity: self::severity(reader, &section),
            exceptions: exceptions::read(reader, &section, &prefix, Some(&rule), &exceptions, tables),
            place: reader.place(section.span.clone()),
        };
        (rule, set)
    });
    let rules = rules.collect();
    let (settings, place) = (settings.unwrap_or_default(), reader.place(section.span.clone()));
    PolicyConfig { mode, severity, settings, limits, limit_places, exceptions, rules, place }
}

fn severity<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Option<Severity> {
    reader.word(section, "severity", "severity", &Severity::ALL, Severity::as_str)
}

fn mode<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> Option<Mode> {
    reader.word(section, "mode", "mode", &schema::MODES, Mode::as_str)
}

/// The limits under the key `limits`, put over others, and where they stand.
pub(super) fn read_limits<'a>(
    reader: &mut Reader<'a>,
    parent: &Section<'a>,
    title: String,
    mut limits: Limits,
    scope: Scope,
) -> (Limits, LimitPlaces) {
    let mut places = LimitPlaces::new();
    let section = parent.entry("limits").and_then(|entry| reader.table(parent, entry, title));
    let Some(section) = section else { return (limits, places) };
    for entry in section.entries() {
        match LimitDefinition::named(entry.key()) {
            None => reader.unknown_key(&section, entry, schema::limits(scope)),
            Some(limit) if scope == Scope::Policy && limit.scope == Scope::Host => {
                let problem = Problem::HostLimit { limit: limit.name, section: section.title.clone() };
                reader.report(entry.key.span(), problem);
            }
            Some(limit) => {
                set_limit(reader, &section, entry, limit, &mut limits);
                places.insert(limit.name, reader.place(entry.key.span()));
            }
        }
    }
    for disagreement in limits.disagreements() {
        // Where neither stands here, it was reported where they stand.
        let entry = section.entry(disagreement.smaller).or_else(|| section.entry(disagreement.larger));
        if let Some(entry) = entry {
            reader.report(entry.key.span(), disagreement.into());
        }
    }
    (limits, places)
}

fn set_limit(reader: &mut Reader<'_>, section: &Section<'_>, entry: Entry<'_>, limit: &LimitDefinition, limits: &mut Limits) {
    let DeValue::Integer(integer) = entry.value.get_ref() else {
        return reader.wrong_type(section, entry, ValueKind::WholeNumber);
    };
    let set = match u64::from_str_radix(integer.as_str(), integer.radix()) {
        Ok(number) => limit.set(limits, number),
        Err(_) => Err(limit.out_of_range(reader.text_of(entry.value.span()).to_owned())),
    };
    if let Err(out_of_range) = set {
        reader.report(entry.value.span(), out_of_range.into());
    }
}
