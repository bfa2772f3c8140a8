//! What a scan writes to standard output: OCSF lines as they come, or a table at the end.

use std::io::{self, BufWriter, IsTerminal as _, Stdout, Write as _};

use clap::ValueEnum;

use super::live::wants_colour;
use crate::finding::{Finding, HostFinding, Reported, ocsf, table};
use crate::limits::TABLE_ROWS;

/// The forms of the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// A table for people
    Table,
    /// OCSF 1.5.0 Detection Findings, one JSON object a line
    Ocsf,
}

impl Format {
    /// A table where a person is looking, lines otherwise.
    pub(super) fn or_default(given: Option<Self>) -> Self {
        given.unwrap_or(if io::stdout().is_terminal() { Self::Table } else { Self::Ocsf })
    }
}

/// Writes findings to standard output.
pub(super) struct Report {
    format: Format,
    out: BufWriter<Stdout>,
    rows: Vec<Finding>,
    host_rows: Vec<HostFinding>,
    left_out: u64,
}

impl Report {
    pub(super) fn new(format: Format) -> Self {
        let out = BufWriter::new(io::stdout());
        Self { format, out, rows: Vec::new(), host_rows: Vec::new(), left_out: 0 }
    }

    /// Writes a policy's finding, or keeps it for the table.
    pub(super) fn finding(&mut self, finding: Finding) -> io::Result<()> {
        match self.format {
            // The wall clock would make two runs over the same records differ.
            Format::Ocsf => ocsf::write_line(&finding, None, &mut self.out),
            Format::Table => {
                if self.rows.len() < TABLE_ROWS {
                    self.rows.push(finding);
                } else {
                    self.left_out += 1;
                }
                Ok(())
            }
        }
    }

    /// Writes a finding of the host, or keeps it for the end of the table.
    pub(super) fn host_finding(&mut self, finding: HostFinding) -> io::Result<()> {
        match self.format {
            Format::Ocsf => ocsf::write_line(&finding, None, &mut self.out),
            Format::Table => {
                if self.host_rows.len() < TABLE_ROWS {
                    self.host_rows.push(finding);
                } else {
                    self.left_out += 1;
                }
                Ok(())
            }
        }
    }

    /// Whether all findings so far are written or will be; not where the table has no room for some.
    pub(super) fn has_room(&self) -> bool {
        self.left_out == 0
    }

    /// Writes what can be written by now. Returns whether that is everything: a table is written at the end.
    pub(super) fn flush(&mut self) -> io::Result<bool> {
        self.out.flush()?;
        Ok(self.format == Format::Ocsf)
    }

    /// Writes what is still to be written. Returns how many findings had no room in the table.
    pub(super) fn finish(mut self) -> io::Result<u64> {
        if self.format == Format::Table {
            // A story is read in the order in which it happened; findings of one time stay in the order of their records.
            self.rows.sort_by_key(|finding| finding.record.facts().time);
            let rows = self.rows.iter().map(Reported::from).chain(self.host_rows.iter().map(Reported::from));
            let width = terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0));
            let look = table::Look { width, colour: wants_colour(&io::stdout()) };
            table::write(rows, look, &mut self.out)?;
        }
        self.out.flush()?;
        Ok(self.left_out)
    }
}
