//! How much a finding matters, in OCSF's words.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The severities that a finding may have: OCSF 1.5.0's `severity_id` 1 to 5, least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Severity {
    /// Worth knowing, nothing to do.
    Informational,
    /// Look at it when there is time.
    Low,
    /// Look at it today.
    Medium,
    /// Look at it now.
    High,
    /// Drop everything else.
    Critical,
}

/// A word that is no [`Severity`].
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{word:?} is not a severity: use informational, low, medium, high or critical")]
pub struct NotASeverity {
    /// What was given.
    pub word: String,
}

impl Severity {
    /// Every severity, least first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word for it, in lower case.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Severity {
    type Err = NotASeverity;

    fn from_str(word: &str) -> Result<Self, NotASeverity> {
        Self::ALL.into_iter().find(|s| s.as_str() == word).ok_or_else(|| NotASeverity { word: word.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_order_agree() {
        assert!(Severity::ALL.is_sorted());
        for severity in Severity::ALL {
            assert_eq!(severity.as_str().parse(), Ok(severity));
            assert_eq!(serde_json::to_string(&severity).unwrap(), format!("\"{severity}\""));
        }
        assert!("High".parse::<Severity>().is_err());
    }
}
