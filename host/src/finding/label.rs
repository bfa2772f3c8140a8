//! What routing looks at of a finding: few words, known of a rule before it has found anything.

use policy_contract::manifest::Mode;
use policy_contract::severity::Severity;

use super::host::HostRule;

/// Who speaks in a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// A policy, of what it found.
    Policy,
    /// The host, of itself.
    Host,
}

impl About {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "policy",
            Self::Host => "host",
        }
    }
}

/// What routing looks at of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Label<'a> {
    /// Who speaks.
    pub about: About,
    /// The team that owns the policy; empty for the host, and where the manifest names none.
    pub owner: &'a str,
    /// The policy that found it, or that the host speaks of, where it speaks of one.
    pub policy: Option<&'a str>,
    /// The rule, of the policy or of the host.
    pub rule: &'a str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether the rule is at work or in the shadow.
    pub mode: Mode,
    /// Whether an exception suppresses it.
    pub is_suppressed: bool,
}

impl HostRule {
    /// What routing looks at of a finding of this rule.
    pub fn label(self) -> Label<'static> {
        Label {
            about: About::Host,
            owner: "",
            policy: None,
            rule: self.id(),
            severity: self.severity(),
            mode: Mode::Enforce,
            is_suppressed: false,
        }
    }
}
