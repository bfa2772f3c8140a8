//! What the platform team sets for one policy: `[policies.NAME]`.

use std::collections::BTreeMap;

use policy_contract::manifest::Mode;
use policy_contract::name::Name;
use policy_contract::severity::Severity;
use toml::de::DeValue;

use super::error::Problem;
use super::place::Place;
use super::reader::{Entry, Reader, Section};
use super::schema;
use super::settings::{self, Settings};
use super::value_kind::ValueKind;
use crate::limits::{LimitDefinition, Limits, Scope};

/// Where limits are set, by their names.
pub(super) type LimitPlaces = BTreeMap<&'static str, Place>;

/// What is set for one policy.
#[derive(Clone, Debug)]
pub struct PolicyConfig {
    /// The strictest mode that its rules may have: `enforce` leaves each rule its own.
    pub mode: Mode,
    /// What it is configured with.
    pub settings: Settings,
    /// Its limits: those of the host with its own put over them.
    pub limits: Limits,
    pub(super) limit_places: LimitPlaces,
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
    pub(super) place: Place,
}

impl PolicyConfig {
    /// What holds for a policy for which nothing is set.
    pub(super) fn with_limits(limits: Limits) -> Self {
        let (settings, rules) = (Settings::default(), BTreeMap::new());
        Self { mode: Mode::Enforce, settings, limits, limit_places: LimitPlaces::new(), rules, place: Place::default() }
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

    /// The severity that is set for a rule, if any.
    pub fn rule_severity(&self, rule: &Name) -> Option<Severity> {
        self.rule(rule).and_then(|rule| rule.severity)
    }
}

/// What a section `[policies.NAME]` says; what is wrong with it is reported.
pub(super) fn read<'a>(reader: &mut Reader<'a>, name: &Name, section: &Section<'a>, host: &Limits) -> PolicyConfig {
    reader.refuse_unknown_keys(section, schema::POLICY);
    let mode = mode(reader, section).unwrap_or_default();
    let settings = settings::read(reader, section, format!("[policies.{name}.settings]"), host.settings_kib.bytes());
    let (limits, limit_places) = read_limits(reader, section, format!("[policies.{name}.limits]"), host.clone(), Scope::Policy);
    let rules = reader.named_tables(section, "rules", &format!("policies.{name}.rules"));
    let rules = rules.into_iter().map(|(rule, section)| (rule, read_rule(reader, &section))).collect();
    let (settings, place) = (settings.unwrap_or_default(), reader.place(section.span.clone()));
    PolicyConfig { mode, settings, limits, limit_places, rules, place }
}

fn read_rule<'a>(reader: &mut Reader<'a>, section: &Section<'a>) -> RuleConfig {
    reader.refuse_unknown_keys(section, schema::RULE);
    let mode = mode(reader, section);
    let severity = reader.word(section, "severity", "severity", &Severity::ALL, Severity::as_str);
    RuleConfig { mode, severity, place: reader.place(section.span.clone()) }
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
