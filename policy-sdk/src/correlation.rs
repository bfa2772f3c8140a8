//! Correlations as constants: what the host is to count for a policy, and the code that says what a group of it means.

use policy_contract::group::Group;
use policy_contract::manifest::{Condition, CorrelationDescription};
use policy_contract::severity::Severity;

use crate::policy::BadPolicy;
use crate::rule::techniques;
use crate::{Context, Finding};

/// A correlation of a policy whose settings are `S`. Write it as a constant that begins with [`Correlation::new`], list it
/// under `correlations:` in [`policy!`](crate::policy!), and feed it from rules with [`Signal::to`](crate::Signal::to).
///
/// ```
/// use policy_sdk::prelude::*;
///
/// const MANY_REFUSALS: Correlation = Correlation {
///     title: "Many refused calls",
///     severity: Severity::Medium,
///     conclude: Some(|group, _| Some(Finding::new(format!("{} had {} calls refused", group.key, group.count)))),
///     ..Correlation::new("many-refusals", &["refused-call"], Condition::EventCount { at_least: 20 }, 600)
/// };
/// ```
#[derive(Clone, Debug)]
pub struct Correlation<S: 'static = ()> {
    /// Its id, unique among the policy's rules and correlations.
    pub id: &'static str,
    /// What it finds, as a headline.
    pub title: &'static str,
    /// What an attacker does and why it matters.
    pub description: &'static str,
    /// How much a finding matters unless the finding says otherwise.
    pub severity: Severity,
    /// MITRE ATT&CK techniques.
    pub techniques: &'static [&'static str],
    /// Ids of the rules whose signals feed it.
    pub rules: &'static [&'static str],
    /// What is counted, and when it is enough.
    pub condition: Condition,
    /// Length of the window, in seconds.
    pub window_seconds: u64,
    /// For how long after its time an event still counts, in seconds.
    pub lateness_seconds: u64,
    /// How many of the earliest and how many of the latest events of a group are kept.
    pub cap: u32,
    /// What a group means; none: the group's finding is title and description.
    pub conclude: Option<Conclude<S>>,
}

/// What a group means; none: it is not worth a finding.
pub type Conclude<S> = fn(&Group, &Context<'_, S>) -> Option<Finding>;

impl<S> Correlation<S> {
    /// A correlation of medium severity with its id as title, an hour's lateness, a cap of 100 events and no `conclude`.
    pub const fn new(id: &'static str, rules: &'static [&'static str], condition: Condition, window_seconds: u64) -> Self {
        Self {
            id,
            title: id,
            description: "",
            severity: Severity::Medium,
            techniques: &[],
            rules,
            condition,
            window_seconds,
            lateness_seconds: 3600,
            cap: 100,
            conclude: None,
        }
    }

    pub(crate) fn describe(&self) -> Result<CorrelationDescription, BadPolicy> {
        Ok(CorrelationDescription {
            id: self.id.parse()?,
            title: self.title.to_owned(),
            description: self.description.to_owned(),
            severity: self.severity,
            techniques: techniques(self.techniques)?,
            rules: self.rules.iter().map(|rule| Ok(rule.parse()?)).collect::<Result<_, BadPolicy>>()?,
            condition: self.condition.clone(),
            window_seconds: self.window_seconds,
            lateness_seconds: self.lateness_seconds,
            cap: self.cap,
            concludes: self.conclude.is_some(),
        })
    }
}
