//! What a rule answers, and everything that may stand for it as a return type.

use std::fmt::Display;

use crate::{Finding, Signal};

/// One answer of a rule to one record.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Something a person should see.
    Finding(Finding),
    /// Something to be counted.
    Signal(Signal),
    /// The rule could not judge the record; the host reports it as a failure of the rule.
    Error(String),
}

/// What a rule may return: nothing, one or several findings, signals or verdicts, and a `Result` of these.
pub trait IntoVerdicts {
    /// The verdicts; none: nothing was found.
    fn into_verdicts(self) -> Vec<Verdict>;
}

impl IntoVerdicts for Verdict {
    fn into_verdicts(self) -> Vec<Verdict> {
        vec![self]
    }
}

impl IntoVerdicts for Finding {
    fn into_verdicts(self) -> Vec<Verdict> {
        vec![Verdict::Finding(self)]
    }
}

impl IntoVerdicts for Signal {
    fn into_verdicts(self) -> Vec<Verdict> {
        vec![Verdict::Signal(self)]
    }
}

impl<T: IntoVerdicts> IntoVerdicts for Option<T> {
    fn into_verdicts(self) -> Vec<Verdict> {
        self.map_or_else(Vec::new, IntoVerdicts::into_verdicts)
    }
}

impl<T: IntoVerdicts> IntoVerdicts for Vec<T> {
    fn into_verdicts(self) -> Vec<Verdict> {
        self.into_iter().flat_map(IntoVerdicts::into_verdicts).collect()
    }
}

impl<T: IntoVerdicts, E: Display> IntoVerdicts for Result<T, E> {
    fn into_verdicts(self) -> Vec<Verdict> {
        match self {
            Ok(found) => found.into_verdicts(),
            // `#` lets an error that knows its causes name them.
            Err(error) => vec![Verdict::Error(format!("{error:#}"))],
        }
    }
}

impl From<Finding> for Verdict {
    fn from(finding: Finding) -> Self {
        Self::Finding(finding)
    }
}

impl From<Signal> for Verdict {
    fn from(signal: Signal) -> Self {
        Self::Signal(signal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_becomes_a_verdict_and_nothing_becomes_none() {
        assert_eq!(None::<Finding>.into_verdicts(), []);
        assert_eq!(Err::<Option<Finding>, _>("no").into_verdicts(), [Verdict::Error("no".into())]);
        assert_eq!(Ok::<_, String>(vec![Finding::new("a"), Finding::new("b")]).into_verdicts().len(), 2);
    }
}
