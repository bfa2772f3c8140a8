//! What commands say of exceptions: which are in force, which ended, which a record meets.

use policy_contract::image::Image;
use policy_contract::manifest::RecordFormat;

use crate::config::Config;
use crate::exception::{Exception, Standing};
use crate::finding::Suppression;
use crate::harmless::harmless;
use crate::policy::LoadedRule;
use crate::record::Handover;

/// Warns of every exception that has expired, or does so within a week.
pub(super) fn warn(config: &Config) {
    let now = config.now.get();
    for (policy, exception) in config.exceptions() {
        let Suppression { exception: id, owner, expires, .. } = &*exception.suppression;
        let scope = exception.scope(policy);
        let owner = harmless(owner);
        match exception.standing(now) {
            Standing::InForce => {}
            Standing::EndsSoon => {
                eprintln!("warning: the exception '{id}' of {scope} ends at {expires}; {owner} answers for it");
            }
            Standing::Expired => eprintln!("warning: {}", harmless(&exception.expired_finding(policy).reason)),
        }
    }
}

/// Lists the exceptions of a rule.
pub(super) fn list(rule: &LoadedRule) {
    for exception in rule.exceptions.iter() {
        println!("      {}", title(rule, exception));
    }
}

/// Shows which exceptions of a rule a record meets, and of the others what it would have to have.
pub(super) fn explain(rule: &LoadedRule, record: &str) {
    if let Some(severity) = rule.severity {
        println!("  severity {severity}, set by the configuration; the rule's own is {}", rule.description.severity);
    }
    if rule.exceptions.is_empty() {
        return;
    }
    let mut handover = Handover::default();
    let mut forms = handover.of(record);
    let image = forms.in_format(RecordFormat::Image).ok().and_then(|image| Image::read(image).ok());
    let Some(root) = image.map(Image::root) else {
        println!("  no exception: the record has no image, in which they are looked up");
        return;
    };
    let first = rule.exceptions.first_met(root).map(|first| first.exception.clone());
    for exception in rule.exceptions.iter() {
        let is_met = exception.is_met(root);
        let verdict = match (is_met, rule.exceptions.standing(exception)) {
            (true, Standing::Expired) => "met, but expired: nothing is suppressed by it",
            (false, _) => "not met",
            (true, _) if first.as_ref() == Some(&exception.suppression.exception) => "met: findings are suppressed",
            (true, _) => "met, after another one that counts",
        };
        println!("  {}: {verdict}", title(rule, exception));
        for condition in exception.conditions.iter().filter(|condition| !condition.is_met(root)) {
            println!(
                "    {} is {}, wanted {}",
                harmless(&condition.asked.to_string()),
                harmless(&condition.found(root)),
                harmless(&condition.test.to_string())
            );
        }
    }
}

/// Its id, who answers for it and when it ends.
fn title(rule: &LoadedRule, exception: &Exception) -> String {
    let Suppression { exception: id, owner, expires, .. } = &*exception.suppression;
    let until = if rule.exceptions.standing(exception) == Standing::Expired { "expired at" } else { "until" };
    format!("exception {id} of {} {until} {expires}", harmless(owner))
}
