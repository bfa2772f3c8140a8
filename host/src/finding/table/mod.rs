//! Findings for people: a table for terminals.
//!
//! Where the terminal is wide enough each finding is a row whose summary wraps inside its column; where it is not, each
//! finding is a short block. No summary is ever cut. Everything that comes from records is made harmless first.

mod row;
mod text;

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use policy_contract::severity::Severity;

use self::row::Row;
use self::text::columns;
use super::Reported;

/// How a table is to look. Whether colours are wanted (a terminal, no `NO_COLOR`) is for the caller to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The columns that the table may take; none: as many as it needs, without wrapping.
    pub width: Option<usize>,
    /// Whether severities are coloured, by ANSI escape sequences.
    pub colour: bool,
}

/// Between two columns.
const GAP: &str = "  ";

/// Summaries are not wrapped into less than this many columns.
const NARROWEST_SUMMARY: usize = 32;

/// The headings, in the order of the columns.
const HEADINGS: [&str; 6] = ["TIME (UTC)", "SEVERITY", "RULE", "PRINCIPAL", "ACCOUNT/REGION", "SUMMARY"];

/// Writes a table of findings, in the order given. Nothing is written where there are none.
///
/// # Errors
/// Only those of `out`.
pub fn write<'a>(findings: impl IntoIterator<Item = Reported<'a>>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let rows: Vec<Row> = findings.into_iter().map(Row::of).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let widths = Widths::of(&rows);
    let room_for_summary = look.width.map(|width| width.saturating_sub(widths.before_summary()));
    match room_for_summary {
        Some(room) if room < NARROWEST_SUMMARY => write_blocks(&rows, look, out),
        room => write_rows(&rows, widths, room, look, out),
    }
}

/// The widths of all columns but the summary's.
#[derive(Clone, Copy)]
struct Widths {
    time: usize,
    severity: usize,
    rule: usize,
    principal: usize,
    place: usize,
}

impl Widths {
    fn of(rows: &[Row]) -> Self {
        let [time, severity, rule, principal, place, _] = HEADINGS;
        let widest = |heading: &str, cell: fn(&Row) -> &str| {
            rows.iter().map(|row| columns(cell(row))).max().unwrap_or(0).max(columns(heading))
        };
        Self {
            time: widest(time, |row| &row.time),
            severity: widest(severity, |row| row.severity.as_str()),
            rule: widest(rule, |row| &row.rule),
            principal: widest(principal, |row| &row.principal),
            place: widest(place, |row| &row.place),
        }
    }

    fn before_summary(self) -> usize {
        self.time + self.severity + self.rule + self.principal + self.place + 5 * columns(GAP)
    }
}

fn write_rows(rows: &[Row], widths: Widths, room: Option<usize>, look: Look, out: &mut impl Write) -> io::Result<()> {
    let [time, severity, rule, principal, place, summary] = HEADINGS;
    let cells = [
        padded(time, widths.time),
        padded(severity, widths.severity),
        padded(rule, widths.rule),
        padded(principal, widths.principal),
        padded(place, widths.place),
        summary.to_owned(),
    ];
    writeln!(out, "{}", cells.join(GAP))?;
    let indent = " ".repeat(widths.before_summary());
    for row in rows {
        let cells = [
            padded(&row.time, widths.time),
            coloured(row.severity, &padded(row.severity.as_str(), widths.severity), look),
            padded(&row.rule, widths.rule),
            padded(&row.principal, widths.principal),
            padded(&row.place, widths.place),
            wrapped(&row.summary, room).join(&format!("\n{indent}")),
        ];
        writeln!(out, "{}", cells.join(GAP).trim_end())?;
    }
    Ok(())
}

fn write_blocks(rows: &[Row], look: Look, out: &mut impl Write) -> io::Result<()> {
    // A terminal of no width at all still gets one character a line.
    let room = look.width.map(|width| width.saturating_sub(columns(GAP)).max(1));
    for (number, row) in rows.iter().enumerate() {
        if number > 0 {
            writeln!(out)?;
        }
        let head = [&row.time, &coloured(row.severity, row.severity.as_str(), look), &row.rule].map(String::as_str).join(GAP);
        for line in wrapped(&head, look.width.map(|width| width.max(1))) {
            writeln!(out, "{line}")?;
        }
        let who_and_where = format!("{}{GAP}{}", row.principal, row.place);
        for line in wrapped(&who_and_where, room).iter().chain(&wrapped(&row.summary, room)) {
            writeln!(out, "{GAP}{line}")?;
        }
    }
    Ok(())
}

fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    match room {
        Some(room) => textwrap::wrap(text, room).into_iter().map(String::from).collect(),
        None => vec![text.to_owned()],
    }
}

/// Pads by columns; `format!` would count characters.
fn padded(text: &str, width: usize) -> String {
    format!("{text}{}", " ".repeat(width.saturating_sub(columns(text))))
}

fn coloured(severity: Severity, text: &str, look: Look) -> String {
    if !look.colour {
        return text.to_owned();
    }
    let style = match severity {
        Severity::Informational => Style::new().dimmed(),
        Severity::Low => AnsiColor::Cyan.on_default(),
        Severity::Medium => AnsiColor::Yellow.on_default(),
        Severity::High => AnsiColor::Red.on_default(),
        Severity::Critical => AnsiColor::Red.on_default().bold(),
    };
    format!("{style}{text}{style:#}")
}

#[cfg(test)]
mod tests;
