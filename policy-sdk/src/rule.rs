//! A rule as a constant: what `#[rule]` writes down. Everything is `'static`, so that a policy is one static item and the
//! guest allocates nothing for it before it is asked.

use policy_contract::fields::Outcome;
use policy_contract::manifest::{Mode, RuleDescription, Technique};
use policy_contract::selector::{self, Pattern, Selector};
use policy_contract::severity::Severity;

use crate::policy::BadPolicy;
use crate::{Context, Event, Verdict};

/// A rule of a policy whose settings are `S`.
#[derive(Clone, Copy)]
pub struct Rule<S: 'static> {
    /// Its id, unique in the policy.
    pub id: &'static str,
    /// What it finds, as a headline.
    pub title: &'static str,
    /// What an attacker does and why it matters.
    pub description: &'static str,
    /// How much a finding matters unless the finding says otherwise.
    pub severity: Severity,
    /// MITRE ATT&CK techniques.
    pub techniques: &'static [&'static str],
    /// Where to read more.
    pub references: &'static [&'static str],
    /// When it fires though nothing is wrong.
    pub false_positives: &'static [&'static str],
    /// What to do about a finding.
    pub runbook: &'static str,
    /// Whether it is at work unless the configuration says otherwise.
    pub default_mode: Mode,
    /// Which records it wants; several are alternatives.
    pub selectors: &'static [Select],
    /// The judgement.
    pub judge: fn(&Event<'_>, &Context<'_, S>) -> Vec<Verdict>,
}

/// What `#[rule]` makes of a function: a type that carries the rule for a policy whose settings are `S`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a rule of a policy with the settings `{S}`",
    label = "not a function with `#[rule(…)]`, or its `Context<…>` has other settings than the policy"
)]
pub trait IsRule<S: 'static> {
    /// The rule.
    const RULE: Rule<S>;
}

/// One alternative of which records a rule wants; see [`Selector`].
#[derive(Clone, Copy, Debug)]
pub enum Select {
    /// Every record.
    All,
    /// Records that meet all of these.
    Match(Conditions),
}

/// The conditions of a [`Select`]: [`selector::Conditions`] as a constant. An empty list is no condition.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "each is the field of the same name of `policy_contract::selector::Conditions`")]
pub struct Conditions {
    pub event_source: &'static [&'static str],
    pub event_name: &'static [&'static str],
    pub event_category: &'static [&'static str],
    pub event_type: &'static [&'static str],
    pub principal_type: &'static [&'static str],
    pub outcome: &'static [Outcome],
    pub error_code: &'static [&'static str],
    pub read_only: Option<bool>,
    pub region: &'static [&'static str],
    pub actor_account: &'static [&'static str],
    pub recipient_account: &'static [&'static str],
}

impl Conditions {
    /// No condition at all, to begin from.
    pub const NONE: Self = Self {
        event_source: &[],
        event_name: &[],
        event_category: &[],
        event_type: &[],
        principal_type: &[],
        outcome: &[],
        error_code: &[],
        read_only: None,
        region: &[],
        actor_account: &[],
        recipient_account: &[],
    };

    fn describe(&self) -> Result<selector::Conditions, BadPolicy> {
        Ok(selector::Conditions {
            event_source: owned(self.event_source),
            event_name: patterns(self.event_name)?,
            event_category: owned(self.event_category),
            event_type: owned(self.event_type),
            principal_type: owned(self.principal_type),
            outcome: self.outcome.to_vec(),
            error_code: patterns(self.error_code)?,
            read_only: self.read_only,
            region: owned(self.region),
            actor_account: owned(self.actor_account),
            recipient_account: owned(self.recipient_account),
        })
    }
}

pub(crate) fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn patterns(texts: &[&str]) -> Result<Vec<Pattern>, BadPolicy> {
    texts.iter().map(|text| Ok(Pattern::try_from((*text).to_owned())?)).collect()
}

impl Select {
    pub(crate) fn describe(&self) -> Result<Selector, BadPolicy> {
        match self {
            Self::All => Ok(Selector::All),
            Self::Match(conditions) => Ok(Selector::Match(Box::new(conditions.describe()?))),
        }
    }
}

impl<S> Rule<S> {
    pub(crate) fn describe(&self) -> Result<RuleDescription, BadPolicy> {
        Ok(RuleDescription {
            id: self.id.parse()?,
            title: self.title.to_owned(),
            description: self.description.to_owned(),
            severity: self.severity,
            techniques: techniques(self.techniques)?,
            references: owned(self.references),
            false_positives: owned(self.false_positives),
            runbook: self.runbook.to_owned(),
            default_mode: self.default_mode,
            selectors: self.selectors.iter().map(Select::describe).collect::<Result<_, _>>()?,
        })
    }
}

pub(crate) fn techniques(ids: &[&str]) -> Result<Vec<Technique>, BadPolicy> {
    ids.iter().map(|id| Ok(Technique::try_from((*id).to_owned())?)).collect()
}
