//! Findings and signals, built in a rule.

use policy_contract::finding::{More, Resource};
use policy_contract::response::ResponseRequest;
use policy_contract::severity::Severity;

use crate::Correlation;

/// What a rule found: begin with [`Finding::new`], add what helps the person who has to act.
///
/// ```
/// use policy_sdk::prelude::*;
/// let finding = Finding::new("anna made the bucket reports public")
///     .severity(Severity::High)
///     .detail("bucket", "reports")
///     .resource(Resource::bucket("reports"));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Finding {
    /// Overrides the rule's severity.
    pub severity: Option<Severity>,
    /// Overrides the rule's title.
    pub title: Option<String>,
    /// One or two sentences for the person who has to act.
    pub summary: String,
    /// Tells several findings of one rule on one record apart; empty for the only one.
    pub key: String,
    /// Findings with equal grouping keys belong together for the reader.
    pub grouping: Option<String>,
    /// Details, resources, response requests.
    pub more: More,
}

impl Finding {
    /// A finding with one or two sentences for the person who has to act.
    pub fn new(summary: impl Into<String>) -> Self {
        Self { summary: summary.into(), ..Self::default() }
    }

    /// Overrides the rule's severity.
    #[must_use]
    pub fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }

    /// Overrides the rule's title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// Tells it apart from the other findings of this rule on this record; needed as soon as there are two.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// Findings with equal grouping keys belong together for the reader.
    #[must_use]
    pub fn group_by(mut self, grouping: impl Into<String>) -> Self {
        self.grouping = Some(grouping.into());
        self
    }

    /// A named fact; a second one of the same name replaces the first. A [`Value`](crate::Value) of the record may be
    /// given as it is.
    #[must_use]
    pub fn detail(mut self, name: impl Into<String>, value: impl Into<serde_json::Value>) -> Self {
        self.more.details.insert(name.into(), value.into());
        self
    }

    /// Something that the finding is about.
    #[must_use]
    pub fn resource(mut self, resource: Resource) -> Self {
        self.more.resources.push(resource);
        self
    }

    /// Asks the host to do something. The kind must be listed under `responses:` in [`policy!`](crate::policy!).
    #[must_use]
    pub fn respond(mut self, request: ResponseRequest) -> Self {
        self.more.responses.push(request);
        self
    }
}

/// Something for the host to count: see [`Correlation`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signal {
    /// The correlation's id.
    pub(crate) correlation: &'static str,
    /// What is counted separately.
    pub(crate) key: String,
    /// What is counted distinctly.
    pub(crate) value: Option<String>,
}

impl Signal {
    /// A signal for a correlation of this policy, under a key (a principal, an address, an account). Where the correlation
    /// is not listed under `correlations:` in [`policy!`](crate::policy!), the verdict becomes an error that says so.
    pub fn to<S>(correlation: &Correlation<S>, key: impl Into<String>) -> Self {
        Self { correlation: correlation.id, key: key.into(), value: None }
    }

    /// What is counted distinctly, where the correlation counts values.
    #[must_use]
    pub fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The correlation's id.
    pub fn correlation(&self) -> &str {
        self.correlation
    }

    /// The key.
    pub fn signal_key(&self) -> &str {
        &self.key
    }

    /// The value.
    pub fn signal_value(&self) -> Option<&str> {
        self.value.as_deref()
    }
}
