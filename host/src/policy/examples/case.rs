//! One case of a rule's fixtures, judged by the compiled policy.

use policy_contract::fields::Fields;
use policy_contract::fixture::{BadFixture, Case, Fixtures, Found};

use crate::config::{BadTrial, Config};
use crate::engine::{FailureKind, Judgement, Verdict};
use crate::policy::one_record::{self, NotHandedOver};
use crate::policy::{CompiledFile, LoadError, LoadedPolicy, Notice};

/// What a case is to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shows {
    Match,
    Pass,
    Unrouted,
}

/// A case of a rule's fixtures.
#[derive(Clone, Copy, Debug)]
pub struct Example<'a> {
    /// The fixtures that it stands in.
    pub fixtures: &'a Fixtures,
    /// The case.
    pub case: &'a Case,
    shows: Shows,
}

/// A case that can't be judged.
#[derive(Debug, thiserror::Error)]
pub enum ExampleError {
    /// Its record or tables are not in order.
    #[error(transparent)]
    Fixture(#[from] BadFixture),
    /// Its tables are not the policy's.
    #[error(transparent)]
    Trial(#[from] BadTrial),
    /// The policy can't be made ready under its settings and tables.
    #[error("under the case's settings and tables the policy is refused at the step `{}`: it {error}", .error.step())]
    Refused {
        /// Why.
        error: Box<LoadError>,
    },
    /// The rule is not there.
    #[error("the policy has no rule of this name")]
    NoRule,
    /// Its record is none.
    #[error("the record can't be read: {0}")]
    Record(#[from] serde_json::Error),
    /// Its record can't be handed over.
    #[error(transparent)]
    NotHandedOver(#[from] NotHandedOver),
    /// The policy failed at it.
    #[error("failed ({kind}): {reason}")]
    Failed {
        /// What kind of failure.
        kind: FailureKind,
        /// What went wrong.
        reason: String,
    },
}

impl<'a> Example<'a> {
    /// All cases of a rule's fixtures, in their order.
    pub fn all(fixtures: &'a Fixtures) -> impl Iterator<Item = Self> {
        let Fixtures { matches, passes, unrouted, .. } = fixtures;
        let of = |shows, cases: &'a [Case]| cases.iter().map(move |case| Self { fixtures, case, shows });
        of(Shows::Match, matches).chain(of(Shows::Pass, passes)).chain(of(Shows::Unrouted, unrouted))
    }

    /// Judges the case on an instance of its own, under its settings and tables and the limits' defaults. What differs from what it
    /// is to show comes back as sentences. What an operator should know of the policy is added to `notices`.
    ///
    /// # Errors
    /// The case can't be judged, or the policy fails at it.
    pub fn differences(&self, policy: &CompiledFile, notices: &mut Vec<Notice>) -> Result<Vec<String>, ExampleError> {
        let Self { fixtures, case, shows } = self;
        let tables = fixtures.tables(case)?;
        let config = Config::for_trial(policy.manifest(), fixtures.settings(case), tables)?;
        let policy = policy.configure(&config, notices).map_err(|error| ExampleError::Refused { error: Box::new(error) })?;
        let rule = policy.rules().iter().position(|rule| rule.description.id == fixtures.rule).ok_or(ExampleError::NoRule)?;
        let record = fixtures.record(case)?.to_string();
        let fields = Fields::from_json(&record)?;
        let is_routed = policy.rules()[rule].description.selectors.iter().any(|selector| selector.matches(&fields));
        let wants_routed = *shows != Shows::Unrouted;
        if is_routed != wants_routed {
            return Ok(vec![format!("the record is {}routed to the rule", if is_routed { "" } else { "not " })]);
        }
        if !wants_routed {
            return Ok(Vec::new());
        }
        let found = found_in(&policy, rule, &record)?;
        Ok(match shows {
            Shows::Match => case.expect.differences(&found),
            Shows::Pass | Shows::Unrouted => found.iter().map(|found| format!("found {:?}", found.summary)).collect(),
        })
    }
}

/// What a rule of a policy finds in a record, whether or not it is routed to it. The rule is a position in [`LoadedPolicy::rules`].
///
/// # Errors
/// The record can't be handed over, or the policy fails at it.
pub fn found_in(policy: &LoadedPolicy, position: usize, record: &str) -> Result<Vec<Found>, ExampleError> {
    let rule = &policy.rules()[position].description;
    let batch = one_record::batch(policy, position, record)?;
    let Judgement { answers, failures, .. } = policy.guest().judge(&batch);
    if let Some(failure) = failures.into_iter().next() {
        return Err(ExampleError::Failed { kind: failure.kind, reason: failure.reason });
    }
    let found = answers.into_iter().filter_map(|answer| match answer.verdict {
        Verdict::Finding(finding) => Some(Found {
            severity: finding.severity.unwrap_or(rule.severity),
            title: finding.title.unwrap_or_else(|| rule.title.clone()),
            summary: finding.summary,
            key: finding.key,
            more: finding.more,
        }),
        Verdict::Signal(_) => None,
    });
    Ok(found.collect())
}
