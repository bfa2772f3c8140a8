//! Exit codes: what a script may rely on.

use std::process::ExitCode;

/// How a command ended. Where several hold, the first of `Usage`, `Found`, `Unreadable` is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Done.
    Done,
    /// There are findings at or above the severity of `--fail-on`, or a test failed.
    Found,
    /// Wrong usage or configuration, or a policy that was refused.
    Usage,
    /// Some input could not be read.
    Unreadable,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Found => 1,
            Exit::Usage => 2,
            Exit::Unreadable => 3,
        })
    }
}
