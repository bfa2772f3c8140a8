//! What happens where a limit is passed: which failure, which finding of the host, or which quiet consequence.

use crate::engine::FailureKind;
use crate::finding::HostRule;
use crate::policy::Step;

/// What happens where a limit is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// The tasks at fault fail with this kind of failure; every other task is answered.
    Fails(FailureKind),
    /// The policy is refused at this step of loading.
    Refused(Step),
    /// The policy is refused at this step of loading; an instance that passes it later can't start.
    CannotStart(Step),
    /// The policy is quarantined: its tasks are withheld and journaled.
    Quarantined,
    /// The host reports this about itself.
    Reported(HostRule),
    /// What is too much is cut off or dropped; the place says so, and what is dropped is counted in the summary.
    Cut,
    /// An instance is thrown away, and a fresh one takes its place when it is needed.
    Replaced,
    /// What was kept to save work is deleted, and made again when it is needed.
    Deleted,
    /// The work is divided into more calls.
    Divided,
    /// The connection is closed, after an answer where there is one; it is counted.
    Closed,
    /// The configuration is refused.
    Invalid,
    /// The condition is not met, so that the finding is delivered.
    NotMet,
}

impl Passed {
    /// The kind of failure that tasks have, if any.
    pub fn failure(self) -> Option<FailureKind> {
        match self {
            Self::Fails(kind) => Some(kind),
            Self::CannotStart(_) => Some(FailureKind::Start),
            Self::Refused(_)
            | Self::Quarantined
            | Self::Reported(_)
            | Self::Cut
            | Self::Replaced
            | Self::Deleted
            | Self::Divided
            | Self::Closed
            | Self::Invalid
            | Self::NotMet => None,
        }
    }

    /// The finding of the host that reports it, if any.
    pub fn finding(self) -> Option<HostRule> {
        match self {
            Self::Fails(_) => Some(HostRule::PolicyFailed),
            Self::Refused(_) | Self::CannotStart(_) => Some(HostRule::PolicyRefused),
            Self::Quarantined => Some(HostRule::PolicyQuarantined),
            Self::Reported(rule) => Some(rule),
            Self::Cut | Self::Replaced | Self::Deleted | Self::Divided | Self::Closed | Self::Invalid | Self::NotMet => None,
        }
    }

    /// What happens, in a few words.
    pub fn describe(self) -> String {
        match self {
            Self::Fails(kind) => format!("the task fails: `{kind}`"),
            Self::Refused(step) => format!("the policy is refused at `{step}`"),
            Self::CannotStart(step) => {
                format!("the policy is refused at `{step}`, later it can't start: `{}`", FailureKind::Start)
            }
            Self::Quarantined => "the policy is quarantined".to_owned(),
            Self::Reported(_) => "reported".to_owned(),
            Self::Cut => "cut or dropped, said and counted".to_owned(),
            Self::Replaced => "a fresh instance takes over".to_owned(),
            Self::Deleted => "deleted, and compiled again when needed".to_owned(),
            Self::Divided => "divided into more calls".to_owned(),
            Self::Closed => "the connection is closed, and counted".to_owned(),
            Self::Invalid => "the configuration is refused".to_owned(),
            Self::NotMet => "the condition is not met, the finding is delivered".to_owned(),
        }
    }
}
