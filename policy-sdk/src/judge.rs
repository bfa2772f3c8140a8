//! One call of a rule or of a correlation's `conclude`, the same in a guest and in a native test.
//!
//! Whatever a policy does wrong here (an undeclared table, a signal to nowhere, two equal finding keys) becomes an error that
//! says so in the policy's own words; the host would only see that something does not fit.

use std::collections::BTreeSet;

use policy_contract::group::Group;

use crate::context::{Host, Scope};
use crate::{Context, Event, Finding, Policy, Rule, Verdict};

/// A configured policy at work.
pub(crate) struct Judge<'a, S: 'static> {
    pub(crate) policy: &'a Policy<S>,
    pub(crate) settings: &'a S,
    pub(crate) host: &'a dyn Host,
}

impl<S> Judge<'_, S> {
    /// Lets one rule judge one record.
    pub(crate) fn judge(&self, rule: u32, event: &Event<'_>) -> Vec<Verdict> {
        let Some(rule) = usize::try_from(rule).ok().and_then(|rule| self.policy.rules.get(rule)) else {
            return vec![Verdict::Error(format!("the task names rule {rule} of a policy of {}", self.policy.rules.len()))];
        };
        self.ask(rule, event).unwrap_or_else(|error| vec![Verdict::Error(error)])
    }

    fn ask(&self, rule: &Rule<S>, event: &Event<'_>) -> Result<Vec<Verdict>, String> {
        let scope = Scope::new(self.host, self.policy.tables);
        let verdicts = (rule.judge)(event, &Context::new(self.settings, &scope));
        no_faults(scope)?;
        self.check(&verdicts)?;
        Ok(verdicts)
    }

    /// What a correlation's group means.
    pub(crate) fn conclude(&self, group: &str) -> Result<Option<Finding>, String> {
        let group: Group = serde_json::from_str(group).map_err(|error| format!("the group is not readable: {error}"))?;
        let id = group.correlation.as_str();
        let correlation = self.policy.correlations.iter().find(|correlation| correlation.id == id);
        let Some(correlation) = correlation else { return Err(format!("the policy has no correlation `{id}`")) };
        let Some(conclude) = correlation.conclude else {
            return Err(format!("the correlation `{id}` does not conclude, and was asked to"));
        };
        let scope = Scope::new(self.host, self.policy.tables);
        let finding = conclude(&group, &Context::new(self.settings, &scope));
        no_faults(scope)?;
        if let Some(finding) = &finding {
            self.check_responses(finding)?;
        }
        Ok(finding)
    }

    /// What the host would refuse, said in the policy's own words.
    fn check(&self, verdicts: &[Verdict]) -> Result<(), String> {
        if verdicts.is_empty() {
            return Ok(());
        }
        let mut keys = BTreeSet::new();
        for verdict in verdicts {
            match verdict {
                Verdict::Error(_) => (),
                Verdict::Signal(signal) if self.policy.correlation(signal.correlation).is_some() => (),
                Verdict::Signal(signal) => {
                    let id = signal.correlation;
                    return Err(format!(
                        "a signal went to `{id}`, which is not declared: list the constant under `correlations:` in `policy!`"
                    ));
                }
                Verdict::Finding(finding) if keys.insert(&finding.key) => self.check_responses(finding)?,
                Verdict::Finding(finding) => {
                    let key = &finding.key;
                    return Err(format!("two findings on one record have the key {key:?}: tell them apart with `Finding::key`"));
                }
            }
        }
        Ok(())
    }

    fn check_responses(&self, finding: &Finding) -> Result<(), String> {
        let mut kinds = finding.more.responses.iter().map(|request| request.kind());
        match kinds.find(|kind| !self.policy.responses.contains(kind)) {
            Some(kind) => {
                Err(format!("a response {kind:?} was asked for and is not declared: list it under `responses:` in `policy!`"))
            }
            None => Ok(()),
        }
    }
}

#[inline]
fn no_faults(scope: Scope<'_>) -> Result<(), String> {
    let faults = scope.into_faults();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("; ")) }
}
