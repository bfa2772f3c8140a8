//! Findings to standard output. Whoever reads it sees a finding again where the host was killed before it could note that an
//! object was done: its id is the same.

use std::io::{self, Write as _};

use super::lines::Lines;

/// Lines on their way to standard output.
#[derive(Debug, Default)]
pub(super) struct StandardOutput {
    lines: Lines,
}

impl StandardOutput {
    pub(super) fn lines(&mut self) -> &mut Vec<u8> {
        self.lines.bytes()
    }

    pub(super) fn write(&mut self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        self.lines.write(&mut out).1?;
        out.flush()
    }
}
