//! What a scan or a catch-up says at its end, on standard error: the one sum, what was found, what failed, how long it took.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use indicatif::{HumanCount, HumanDuration};
use policy_contract::name::Name;
use policy_contract::severity::Severity;

use crate::finding::{Finding, Reported};
use crate::pipeline::JudgedCounts;
use crate::record::Tally;
use crate::store::Added;

/// Counts of one scan.
#[derive(Debug, Default)]
pub(super) struct Summary {
    /// What the objects held.
    pub(super) read: Tally,
    /// How many objects were to be read.
    pub(super) expected_objects: u64,
    /// How many objects were read to their end.
    pub(super) objects: u64,
    /// Objects that could not be opened.
    pub(super) not_opened: u64,
    /// Files that were left alone because of their names.
    pub(super) left_alone: u64,
    /// What became of records and tasks.
    pub(super) judged: JudgedCounts,
    /// What was found.
    pub(super) findings: FindingCounts,
    /// Policies that were loaded and refused.
    pub(super) policies: (usize, usize),
    /// What became of failed tasks in the journal; none where there is no journal.
    pub(super) journaled: Option<Added>,
    /// Findings that had no room in the table.
    pub(super) not_shown: u64,
    /// How long it took.
    pub(super) took: Duration,
    /// How many workers judged.
    pub(super) workers: usize,
}

/// Findings of policies and of the host, counted.
#[derive(Debug, Default)]
pub(super) struct FindingCounts {
    by_severity: BTreeMap<Severity, u64>,
    /// By rule, with the rule's policy.
    by_rule: BTreeMap<(String, String), u64>,
    /// What exceptions suppress, by rule and exception.
    suppressed: BTreeMap<(String, Name), u64>,
}

impl FindingCounts {
    /// Counts a finding.
    pub(super) fn count(&mut self, reported: Reported<'_>) {
        let policy = match reported {
            Reported::Policy(finding) => finding.policy.name.to_string(),
            Reported::Host(_) => "trailwarden".to_owned(),
        };
        *self.by_severity.entry(reported.severity()).or_default() += 1;
        *self.by_rule.entry((policy, reported.rule_id().to_owned())).or_default() += 1;
    }

    /// Counts a finding that an exception suppresses; it is none of the others.
    pub(super) fn count_suppressed(&mut self, finding: &Finding) {
        if let Some(suppression) = &finding.suppression {
            let rule = format!("{}/{}", finding.policy.name, finding.rule.id);
            *self.suppressed.entry((rule, suppression.exception.clone())).or_default() += 1;
        }
    }

    /// How many findings were counted that no exception suppresses.
    pub(super) fn total(&self) -> u64 {
        self.by_severity.values().sum()
    }

    /// Whether there are findings at or above a severity.
    pub(super) fn has_any_from(&self, severity: Severity) -> bool {
        self.by_severity.range(severity..).next().is_some()
    }

    /// Writes them line by line.
    pub(super) fn write(&self, shadowed: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by_severity = breakdown(self.by_severity.iter().rev().map(|(severity, number)| (severity.as_str(), *number)));
        write!(f, "findings  {}{by_severity}", HumanCount(self.total()))?;
        for (number, what) in [(shadowed, "in the shadow"), (self.suppressed.values().sum(), "suppressed")] {
            if number > 0 {
                write!(f, ", and {} {what}", HumanCount(number))?;
            }
        }
        writeln!(f)?;
        let by_rule = self.by_rule.iter().map(|((policy, rule), number)| (format!("{policy}/{rule}"), *number));
        let suppressed = self.suppressed.iter();
        let suppressed = suppressed.map(|((rule, exception), number)| (format!("{rule}, suppressed by {exception}"), *number));
        let lines: Vec<(String, u64)> = by_rule.chain(suppressed).collect();
        let widest = lines.iter().map(|(what, _)| what.len()).max().unwrap_or_default();
        for (what, number) in lines {
            writeln!(f, "          {what:widest$}  {:>7}", HumanCount(number).to_string())?;
        }
        Ok(())
    }
}

impl Summary {
    /// Where the counts contradict each other: records that nothing accounts for.
    pub(super) fn contradiction(&self) -> Option<String> {
        let JudgedCounts { records, tasks, answered, failed, quarantined, .. } = self.judged;
        let judged = records.evaluated + records.unselected;
        if self.objects + self.not_opened != self.expected_objects {
            let ended = self.objects + self.not_opened;
            return Some(format!("{} objects were to be read and {ended} were read or could not be", self.expected_objects));
        }
        if judged != self.read.records {
            return Some(format!("{} records were read and {judged} were judged or selected by no rule", self.read.records));
        }
        let back = answered + failed + quarantined;
        (tasks != back).then(|| format!("{tasks} tasks were given out and {back} came back"))
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let JudgedCounts { records, tasks, answered, failed, quarantined, shadowed, compared, impure, log_lines_dropped, .. } =
            self.judged;
        let count = |number: u64| HumanCount(number).to_string();
        let not_records = breakdown(self.read.not_records.iter().map(|(reason, number)| (reason.name(), *number)));
        writeln!(
            f,
            "records   {} in = {} evaluated + {} selected by no rule + {} duplicate + {} unreadable + {} not a record{not_records}",
            count(self.read.items()),
            count(records.evaluated),
            count(records.unselected),
            count(self.read.duplicates),
            count(self.read.unreadable),
            count(self.read.not_records_total()),
        )?;
        self.findings.write(shadowed, f)?;
        let (loaded, refused) = self.policies;
        write!(f, "policies  {loaded} loaded, {refused} refused; {} tasks", count(tasks))?;
        write!(f, " = {} answered + {} failed", count(answered), count(failed))?;
        writeln!(f, "{}", if quarantined > 0 { format!(" + {} quarantined", count(quarantined)) } else { String::new() })?;
        if compared > 0 {
            writeln!(
                f,
                "again     {} records judged a second time, {} tasks answered differently",
                count(compared),
                count(impure)
            )?;
        }
        if let Some(Added { new, known, no_room }) = self.journaled {
            write!(f, "journal   {} tasks written down, {} that it had already", count(new), count(known))?;
            writeln!(f, "{}", if no_room > 0 { format!(", {} without room", count(no_room)) } else { String::new() })?;
        }
        let mut objects = format!("objects   {} read", count(self.objects));
        for (number, what) in [(self.not_opened, "could not be opened"), (self.left_alone, "files of other names left alone")] {
            if number > 0 {
                write!(objects, ", {} {what}", count(number))?;
            }
        }
        let bytes = self.read.bytes;
        if bytes.skipped + bytes.after_gzip > 0 {
            write!(objects, "; {} bytes skipped", count(bytes.skipped + bytes.after_gzip))?;
        }
        writeln!(f, "{objects}")?;
        if log_lines_dropped > 0 {
            writeln!(f, "log       {} lines of policies were beyond the limit or repeated", count(log_lines_dropped))?;
        }
        if self.not_shown > 0 {
            writeln!(f, "table     {} findings had no room in it; use --format ocsf", count(self.not_shown))?;
        }
        let seconds = self.took.as_secs_f64();
        let rate = if seconds > 0.0 { (records.evaluated + records.unselected) as f64 / seconds } else { 0.0 };
        let took = if seconds < 10.0 { format!("{seconds:.2} s") } else { HumanDuration(self.took).to_string() };
        write!(f, "time      {took} with {} workers, {} records a second", self.workers, count(rate as u64))
    }
}

/// `: 1 high, 2 low` for counts that are not nought; empty where there are none.
fn breakdown<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> String {
    let parts: Vec<String> =
        counts.filter(|(_, number)| *number > 0).map(|(what, number)| format!("{} {what}", HumanCount(number))).collect();
    if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::RoutedCounts;

    #[test]
    fn a_record_that_nothing_accounts_for_is_a_contradiction() {
        let mut summary = Summary { read: Tally { records: 3, ..Tally::default() }, ..Summary::default() };
        summary.judged.records = RoutedCounts { evaluated: 1, unselected: 2 };
        assert_eq!(summary.contradiction(), None);
        summary.judged.records.unselected = 1;
        assert!(summary.contradiction().is_some());
        summary.judged.records.unselected = 2;
        summary.judged.tasks = 3;
        (summary.judged.answered, summary.judged.failed) = (1, 1);
        assert!(summary.contradiction().is_some());
        summary.judged.quarantined = 1;
        assert_eq!(summary.contradiction(), None);
        summary.expected_objects = 1;
        assert!(summary.contradiction().is_some());
    }
}
