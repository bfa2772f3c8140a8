//! Any answers of a guest that have the shape that the contract's types give them.

use std::collections::{BTreeMap, BTreeSet};

use arbitrary::{Arbitrary, Unstructured};
use policy_contract::manifest::Manifest;
use trailwarden::engine::trial::{self, Checked, claimed};
use trailwarden::engine::{AnsweredFinding, AnsweredSignal, Batch, GuestLimits, Verdict};
use trailwarden::limits::{Bytes, Kibibytes, Limits};

/// Two rules, of which one feeds a correlation, and one kind of response.
const MANIFEST: &str = r#"{
    "manifest_version": "1", "name": "p", "version": "1", "responses": ["start-logging"],
    "rules": [{"id": "a", "title": "A", "severity": "low", "selectors": ["all"]},
              {"id": "b", "title": "B", "severity": "low", "selectors": ["all"]}],
    "correlations": [{"id": "c", "title": "C", "severity": "low", "rules": ["a"], "window_seconds": 1,
                      "condition": {"kind": "temporal"}}]
}"#;

/// What a fuzzer chooses: which rules look at each record, and what is answered.
#[derive(Debug, Arbitrary)]
struct Claims {
    records: Vec<Vec<u8>>,
    answers: Vec<(Aim, Claim)>,
}

/// For which task an answer is.
#[derive(Clone, Copy, Debug, Arbitrary)]
struct Aim(u8);

impl Aim {
    /// One of so many tasks, and once in a while one behind them.
    fn task(self, tasks: usize) -> usize {
        match self.0 {
            u8::MAX => tasks,
            chosen => usize::from(chosen) % tasks.max(1),
        }
    }
}

#[derive(Debug, Arbitrary)]
enum Claim {
    Finding {
        severity: Option<u8>,
        title: Option<String>,
        key: String,
        grouping: Option<String>,
        more: More,
    },
    /// So many findings at once, with keys of their own.
    Flood(u8),
    Signal {
        correlation: u8,
        key: Text,
        value: Option<Text>,
    },
    Error(String),
}

#[derive(Debug, Arbitrary)]
enum More {
    Nothing,
    Response,
    UndeclaredResponse,
    Any(String),
    Long(u16),
}

#[derive(Debug, Arbitrary)]
enum Text {
    Any(String),
    Long(u8),
}

impl Text {
    fn text(self) -> String {
        match self {
            Self::Any(text) => text,
            Self::Long(length) => "k".repeat(usize::from(length)),
        }
    }
}

impl Claim {
    fn verdicts(self) -> Vec<claimed::Verdict> {
        match self {
            Self::Finding { severity, title, key, grouping, more } => {
                let severity = severity.map(|number| match number % 5 {
                    0 => claimed::Severity::Informational,
                    1 => claimed::Severity::Low,
                    2 => claimed::Severity::Medium,
                    3 => claimed::Severity::High,
                    _ => claimed::Severity::Critical,
                });
                let more = match more {
                    More::Nothing => String::new(),
                    More::Response => r#"{"responses":[{"action":"start-logging","trail":"t"}]}"#.to_owned(),
                    More::UndeclaredResponse => r#"{"responses":[{"action":"revoke-role-sessions","role":"r"}]}"#.to_owned(),
                    More::Any(text) => text,
                    More::Long(length) => format!(r#"{{"details":{{"x":"{}"}}}}"#, "x".repeat(usize::from(length))),
                };
                let summary = "s".to_owned();
                vec![claimed::Verdict::Finding(claimed::Finding { severity, title, summary, key, grouping, more })]
            }
            Self::Flood(count) => (0..count).map(|number| finding(number.to_string())).collect(),
            Self::Signal { correlation, key, value } => {
                let (key, value) = (key.text(), value.map(Text::text));
                vec![claimed::Verdict::Signal(claimed::Signal { correlation: correlation.into(), key, value })]
            }
            Self::Error(reason) => vec![claimed::Verdict::Error(reason)],
        }
    }
}

fn finding(key: String) -> claimed::Verdict {
    let (summary, more) = ("s".to_owned(), String::new());
    claimed::Verdict::Finding(claimed::Finding { severity: None, title: None, summary, key, grouping: None, more })
}

/// Checks answers that are made of these bytes.
///
/// # Panics
/// Something was accepted that breaks a limit or the contract, a task is both accepted and refused, or one without answers has
/// an outcome.
pub fn answers(bytes: &[u8]) {
    let Ok(claims) = Claims::arbitrary_take_rest(Unstructured::new(bytes)) else { return };
    let Ok(manifest) = serde_json::from_str::<Manifest>(MANIFEST) else { return };
    // Small ones, so that they are reached.
    let limits = Limits {
        findings_per_record: 4,
        finding_kib: Kibibytes(1),
        signals_per_record: 3,
        correlation_key_bytes: Bytes(16),
        ..Limits::default()
    };
    let mut batch = Batch::default();
    for rules in claims.records {
        let rules: BTreeSet<u32> = rules.into_iter().map(|rule| u32::from(rule) % 2).collect();
        if batch.push(b"{}", rules).is_err() {
            return;
        }
    }
    let tasks = batch.tasks();
    let answers: Vec<claimed::Answer> = claims
        .answers
        .into_iter()
        .flat_map(|(task, claim)| {
            // Far fewer than 2³².
            let task = task.task(tasks.len()) as u32;
            let answer = move |verdict| claimed::Answer { task, verdict };
            claim.verdicts().into_iter().map(answer)
        })
        .collect();
    let claimed_tasks: BTreeSet<usize> = answers.iter().map(|answer| answer.task as usize).collect();
    let is_for_nobody = claimed_tasks.last().is_some_and(|task| *task >= tasks.len());

    let checked = trial::check(answers, &batch, &manifest, &GuestLimits::from(&limits));
    let Ok(Checked { accepted, refused }) = checked else {
        assert!(is_for_nobody, "answers are refused as a whole only where one is for nobody");
        return;
    };
    assert!(!is_for_nobody, "an answer to no task was taken");
    assert!(accepted.is_sorted_by_key(|answer| answer.task), "answers are out of order");
    assert!(refused.is_sorted_by(|one, other| one.0 < other.0), "a task is refused twice");
    let answered: BTreeSet<usize> = accepted.iter().map(|answer| answer.task).collect();
    let refused: BTreeSet<usize> = refused.into_iter().map(|(task, _)| task).collect();
    assert!(answered.is_disjoint(&refused), "a task is both answered and refused");
    // What was claimed is answered or refused, and nothing else is.
    assert_eq!(&answered | &refused, claimed_tasks, "an answer is lost, or made up");

    let mut keys = BTreeSet::new();
    let mut findings: BTreeMap<usize, usize> = BTreeMap::new();
    let mut signals: BTreeMap<u32, usize> = BTreeMap::new();
    for answer in &accepted {
        let task = &tasks[answer.task];
        match &answer.verdict {
            Verdict::Finding(finding) => {
                *findings.entry(answer.task).or_default() += 1;
                assert!(keys.insert((answer.task, finding.key.as_str())), "two findings with one key");
                check_finding(finding);
            }
            Verdict::Signal(signal) => {
                *signals.entry(task.record).or_default() += 1;
                assert!(task.rule == 0 && signal.correlation == 0, "a signal from a rule that feeds nothing, or to nowhere");
                check_signal(signal);
            }
        }
    }
    assert!(findings.values().all(|count| *count <= 4), "too many findings: {findings:?}");
    assert!(signals.values().all(|count| *count <= 3), "too many signals: {signals:?}");
}

fn check_finding(finding: &AnsweredFinding) {
    let optional = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let bytes = finding.summary.len() + finding.key.len() + optional(&finding.title) + optional(&finding.grouping);
    assert!(bytes <= 1024, "a finding of {bytes} bytes");
    let declared = finding.more.responses.iter().all(|request| format!("{:?}", request.kind()) == "StartLogging");
    assert!(declared, "an undeclared response: {:?}", finding.more.responses);
}

fn check_signal(signal: &AnsweredSignal) {
    let longest = signal.key.len().max(signal.value.as_ref().map_or(0, String::len));
    assert!(longest <= 16, "a signal of {longest} bytes");
}
