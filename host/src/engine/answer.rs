//! Answers, checked: what a guest claims, held against the tasks that it was given and the limits that it has.

use std::collections::BTreeSet;

use policy_contract::finding::More;
use policy_contract::manifest::Manifest;
use policy_contract::severity::Severity;

use super::batch::Batch;
use super::bindings::exports::trailwarden::policy::rules;
use super::error::{CallError, FailureKind};
use super::limits::GuestLimits;

/// What a rule said of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// Position of the task in the batch.
    pub task: usize,
    /// What it said.
    pub verdict: Verdict,
}

/// The kinds of answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Something was found.
    Finding(AnsweredFinding),
    /// Something is to be counted.
    Signal(AnsweredSignal),
}

/// A finding as the rule gave it.
#[derive(Clone, Debug, PartialEq)]
pub struct AnsweredFinding {
    /// Instead of the rule's severity.
    pub severity: Option<Severity>,
    /// Instead of the rule's title.
    pub title: Option<String>,
    /// For the person who has to act.
    pub summary: String,
    /// Tells several findings of one rule on one record apart.
    pub key: String,
    /// Findings with equal grouping keys belong together.
    pub grouping: Option<String>,
    /// The rest.
    pub more: More,
}

/// A signal as the rule gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnsweredSignal {
    /// Position of the correlation in the manifest.
    pub correlation: usize,
    /// What is counted separately.
    pub key: String,
    /// What is counted distinctly.
    pub value: Option<String>,
}

/// A task whose answers can't be accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) task: usize,
    pub(super) kind: FailureKind,
    pub(super) reason: String,
}

/// The answers that are in order, and the tasks whose answers are not. Fails as a whole where an answer belongs to no task,
/// since then no one knows which it was meant for.
pub(super) fn check(
    answers: Vec<rules::Answer>,
    batch: &Batch,
    manifest: &Manifest,
    limits: &GuestLimits,
) -> Result<(Vec<Answer>, Vec<Refused>), CallError> {
    // Nearly every call: nothing is to be sorted by task where nothing was found.
    if answers.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let tasks = batch.tasks();
    let mut by_task: Vec<Vec<rules::Verdict>> = tasks.iter().map(|_| Vec::new()).collect();
    for answer in answers {
        let Some(verdicts) = by_task.get_mut(answer.task as usize) else {
            let reason = format!("answered task number {} of {}", answer.task, tasks.len());
            return Err(CallError::Contract { reason });
        };
        verdicts.push(answer.verdict);
    }
    let mut accepted = Vec::new();
    let mut refused = Vec::new();
    let mut signals_of_record = (None, 0);
    for (position, (task, verdicts)) in tasks.iter().zip(by_task).enumerate() {
        if signals_of_record.0 != Some(task.record) {
            signals_of_record = (Some(task.record), 0);
        }
        match check_task(verdicts, task.rule, manifest, limits, &mut signals_of_record.1) {
            Ok(verdicts) => accepted.extend(verdicts.into_iter().map(|verdict| Answer { task: position, verdict })),
            Err((kind, reason)) => refused.push(Refused { task: position, kind, reason }),
        }
    }
    Ok((accepted, refused))
}

type TaskRefusal = (FailureKind, String);

fn check_task(
    verdicts: Vec<rules::Verdict>,
    rule: u32,
    manifest: &Manifest,
    limits: &GuestLimits,
    signals_of_record: &mut usize,
) -> Result<Vec<Verdict>, TaskRefusal> {
    let findings = verdicts.iter().filter(|verdict| matches!(verdict, rules::Verdict::Finding(_))).count();
    if findings > limits.findings_per_task {
        return Err((
            FailureKind::Output,
            format!("made {findings} findings of one record, {} allowed", limits.findings_per_task),
        ));
    }
    let mut keys = BTreeSet::new();
    let mut checked = Vec::with_capacity(verdicts.len());
    for verdict in verdicts {
        checked.push(match verdict {
            rules::Verdict::Error(reason) => return Err((FailureKind::Error, reason)),
            rules::Verdict::Finding(finding) => {
                if !keys.insert(finding.key.clone()) {
                    return Err((
                        FailureKind::Contract,
                        format!("made two findings with the key {:?} of one record", finding.key),
                    ));
                }
                Verdict::Finding(check_finding(finding, manifest, limits)?)
            }
            rules::Verdict::Signal(signal) => {
                *signals_of_record += 1;
                if *signals_of_record > limits.signals_per_record {
                    let reason = format!("more than {} signals for one record", limits.signals_per_record);
                    return Err((FailureKind::Output, reason));
                }
                Verdict::Signal(check_signal(signal, rule, manifest, limits)?)
            }
        });
    }
    Ok(checked)
}

fn check_finding(finding: rules::Finding, manifest: &Manifest, limits: &GuestLimits) -> Result<AnsweredFinding, TaskRefusal> {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let bytes =
        finding.summary.len() + finding.key.len() + finding.more.len() + optional(&finding.title) + optional(&finding.grouping);
    if bytes > limits.finding_bytes {
        return Err((FailureKind::Output, format!("made a finding of {bytes} bytes, {} allowed", limits.finding_bytes)));
    }
    let more: More = match finding.more.as_str() {
        "" => More::default(),
        text => serde_json::from_str(text)
            .map_err(|error| (FailureKind::Contract, format!("made a finding whose `more` can't be read: {error}")))?,
    };
    if let Some(undeclared) = more.responses.iter().find(|request| !manifest.responses.contains(&request.kind())) {
        let reason = format!("asked for the response {:?}, which its manifest does not declare", undeclared.kind());
        return Err((FailureKind::Contract, reason));
    }
    Ok(AnsweredFinding {
        severity: finding.severity.map(severity),
        title: finding.title,
        summary: finding.summary,
        key: finding.key,
        grouping: finding.grouping,
        more,
    })
}

fn check_signal(
    signal: rules::Signal,
    rule: u32,
    manifest: &Manifest,
    limits: &GuestLimits,
) -> Result<AnsweredSignal, TaskRefusal> {
    let position = signal.correlation as usize;
    let Some(correlation) = manifest.correlations.get(position) else {
        return Err((FailureKind::Contract, format!("sent a signal to correlation number {position}, which is not there")));
    };
    let is_fed_by_rule = manifest.rules.get(rule as usize).is_some_and(|rule| correlation.rules.contains(&rule.id));
    if !is_fed_by_rule {
        return Err((
            FailureKind::Contract,
            format!("sent a signal to `{}`, which names this rule as no source", correlation.id),
        ));
    }
    let longest = signal.key.len().max(signal.value.as_ref().map_or(0, String::len));
    if longest > limits.signal_bytes {
        let reason = format!("sent a signal with a key or value of {longest} bytes, {} allowed", limits.signal_bytes);
        return Err((FailureKind::Output, reason));
    }
    Ok(AnsweredSignal { correlation: position, key: signal.key, value: signal.value })
}

fn severity(severity: rules::Severity) -> Severity {
    match severity {
        rules::Severity::Informational => Severity::Informational,
        rules::Severity::Low => Severity::Low,
        rules::Severity::Medium => Severity::Medium,
        rules::Severity::High => Severity::High,
        rules::Severity::Critical => Severity::Critical,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn manifest() -> Manifest {
        serde_json::from_value(json!({
            "manifest_version": "1", "name": "p", "version": "1", "responses": ["start-logging"],
            "rules": [{"id": "a", "title": "A", "severity": "low", "selectors": ["all"]},
                      {"id": "b", "title": "B", "severity": "low", "selectors": ["all"]}],
            "correlations": [{"id": "c", "title": "C", "severity": "low", "rules": ["a"], "window_seconds": 1,
                              "condition": {"kind": "temporal"}}],
        }))
        .unwrap()
    }

    fn batch() -> Batch {
        let mut batch = Batch::default();
        batch.push(b"{}", [0, 1]).unwrap();
        batch
    }

    fn finding(key: &str, more: &str) -> rules::Verdict {
        let (key, more) = (key.to_owned(), more.to_owned());
        rules::Verdict::Finding(rules::Finding { severity: None, title: None, summary: "s".into(), key, grouping: None, more })
    }

    fn signal(correlation: u32, key: &str) -> rules::Verdict {
        rules::Verdict::Signal(rules::Signal { correlation, key: key.to_owned(), value: None })
    }

    fn checked(answers: Vec<(u32, rules::Verdict)>) -> (usize, Vec<(usize, FailureKind)>) {
        let answers = answers.into_iter().map(|(task, verdict)| rules::Answer { task, verdict }).collect();
        let (accepted, refused) = check(answers, &batch(), &manifest(), &GuestLimits::default()).unwrap();
        (accepted.len(), refused.into_iter().map(|refused| (refused.task, refused.kind)).collect())
    }

    #[test]
    fn answers_in_order_are_accepted() {
        let more = r#"{"details":{"x":1},"responses":[{"action":"start-logging","trail":"t"}]}"#;
        assert_eq!(checked(vec![(1, finding("", "")), (0, finding("k", more)), (0, signal(0, "key"))]), (3, vec![]));
    }

    #[test]
    fn an_answer_to_no_task_fails_the_call() {
        let answers = vec![rules::Answer { task: 2, verdict: finding("", "") }];
        assert!(matches!(check(answers, &batch(), &manifest(), &GuestLimits::default()), Err(CallError::Contract { .. })));
    }

    #[test]
    fn one_tasks_fault_costs_another_nothing() {
        let undeclared = r#"{"responses":[{"action":"revoke-role-sessions","role":"r"}]}"#;
        let long = "x".repeat(513);
        let flood: Vec<_> = (0..17).map(|n| (0, finding(&n.to_string(), ""))).collect();
        let many_signals: Vec<_> = (0..17).map(|_| (0, signal(0, "k"))).collect();
        for (case, answers, kind) in [
            ("equal keys", vec![(0, finding("k", "")), (0, finding("k", ""))], FailureKind::Contract),
            ("malformed more", vec![(0, finding("", "{"))], FailureKind::Contract),
            ("undeclared response", vec![(0, finding("", undeclared))], FailureKind::Contract),
            ("huge finding", vec![(0, finding(&"x".repeat(65537), ""))], FailureKind::Output),
            ("flood of findings", flood, FailureKind::Output),
            ("flood of signals", many_signals, FailureKind::Output),
            ("unknown correlation", vec![(0, signal(1, "k"))], FailureKind::Contract),
            ("long key", vec![(0, signal(0, &long))], FailureKind::Output),
            ("the rule's own error", vec![(0, rules::Verdict::Error("no".into()))], FailureKind::Error),
        ] {
            let with_good: Vec<_> = answers.into_iter().chain([(1, finding("", ""))]).collect();
            assert_eq!(checked(with_good), (1, vec![(0, kind)]), "{case}");
        }
        assert_eq!(checked(vec![(1, signal(0, "k"))]), (0, vec![(1, FailureKind::Contract)]), "a rule that does not feed it");
    }
}
