//! Records with a script: what happens, and which rules have to speak up.
//!
//! The end-to-end test compares the findings of the shipped policies with this.

use std::fmt;

use crate::clock::Moment;
use crate::event::{Event, Record};

/// A rule of the policies that ship, by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleId {
    /// `console-login-without-mfa`
    ConsoleLoginWithoutMfa,
    /// `console-root-login-without-mfa`
    ConsoleRootLoginWithoutMfa,
    /// `create-user`
    CreateUser,
    /// `access-key-for-another`
    AccessKeyForAnother,
    /// `administrator-policy-attached`
    AdministratorPolicyAttached,
    /// `root-activity`
    RootActivity,
    /// `bucket-change-out-of-band`
    BucketChangeOutOfBand,
    /// `bucket-policy-put`
    BucketPolicyPut,
    /// `lambda-code-updated`
    LambdaCodeUpdated,
    /// `run-instances`
    RunInstances,
    /// `trail-created`
    TrailCreated,
    /// `logging-stopped`
    LoggingStopped,
}

impl RuleId {
    /// The id as findings carry it.
    pub const fn as_str(self) -> &'static str {
        match self {
            RuleId::ConsoleLoginWithoutMfa => "console-login-without-mfa",
            RuleId::ConsoleRootLoginWithoutMfa => "console-root-login-without-mfa",
            RuleId::CreateUser => "create-user",
            RuleId::AccessKeyForAnother => "access-key-for-another",
            RuleId::AdministratorPolicyAttached => "administrator-policy-attached",
            RuleId::RootActivity => "root-activity",
            RuleId::BucketChangeOutOfBand => "bucket-change-out-of-band",
            RuleId::BucketPolicyPut => "bucket-policy-put",
            RuleId::LambdaCodeUpdated => "lambda-code-updated",
            RuleId::RunInstances => "run-instances",
            RuleId::TrailCreated => "trail-created",
            RuleId::LoggingStopped => "logging-stopped",
        }
    }
}

impl fmt::Display for RuleId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.as_str())
    }
}

/// One step of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// When, UTC.
    pub time: Moment,
    /// The record's `eventID`.
    pub event_id: String,
    /// The rules that must answer with a finding; none for the steps that no shipped rule looks at.
    pub rules: Vec<RuleId>,
    /// What happens, for people.
    pub what: &'static str,
}

/// Records and the script that they follow.
#[derive(Clone, Debug, Default)]
pub struct Scene {
    /// The records, in the order of the script.
    pub records: Vec<Record>,
    /// The steps that are told; records may have none.
    pub steps: Vec<Step>,
}

impl Scene {
    /// Adds a record that the script does not mention.
    pub fn add(&mut self, event: Event) {
        self.records.push(event.into_record());
    }

    /// Adds a step on which no shipped rule has anything to say.
    pub fn tell(&mut self, what: &'static str, event: Event) {
        self.expect(what, &[], event);
    }

    /// Adds a step that must give a finding of each of `rules`.
    pub fn expect(&mut self, what: &'static str, rules: &[RuleId], event: Event) {
        self.steps.push(Step { time: event.time(), event_id: event.id().to_owned(), rules: rules.to_vec(), what });
        self.add(event);
    }
}
