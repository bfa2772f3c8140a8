//! What `scan` and `catch-up` tell of judged records: findings to standard output, the rest to standard error.

use std::io;

use indicatif::HumanCount;

use super::live::Progress;
use super::report::Report;
use super::summary::FindingCounts;
use crate::engine::LogLevel;
use crate::finding::{HostFinding, Reported};
use crate::harmless::harmless;
use crate::pipeline::{ChunkRecord, Failures, Judged, Quarantined};
use crate::policy::Catalogue;

/// Tells what was found.
pub(super) struct Telling {
    pub(super) report: Report,
    pub(super) findings: FindingCounts,
    pub(super) failures: Failures,
    pub(super) least_level: LogLevel,
    /// Whether findings that exceptions suppress are told too, as what they are.
    pub(super) with_suppressed: bool,
    pub(super) progress: Progress,
}

impl Telling {
    /// Tells what was found in a chunk.
    pub(super) fn judged(
        &mut self,
        catalogue: &Catalogue,
        records: &[ChunkRecord],
        judged: Judged,
        quarantined: Vec<Quarantined>,
    ) -> io::Result<()> {
        for (policy, line) in judged.log {
            if line.level >= self.least_level {
                let text = harmless(&line.text);
                self.progress.line(&format!("{}: {policy}: {text}", line.level.as_str()));
            }
        }
        for finding in judged.findings {
            self.findings.count(Reported::from(&finding));
            self.report.finding(finding)?;
        }
        for finding in judged.suppressed {
            self.findings.count_suppressed(&finding);
            if self.with_suppressed {
                self.report.finding(finding)?;
            }
        }
        for failure in judged.failures {
            self.failures.add(failure);
        }
        for Quarantined { policy, verdict } in quarantined {
            let name = &catalogue.policies()[policy].identity().name;
            self.progress.line(&format!("error: the policy {name} is quarantined: it {verdict}"));
            self.failures.quarantine(name.clone(), verdict);
        }
        for (policy, of_policy) in catalogue.policies().iter().zip(&judged.by_policy) {
            for record in of_policy.withheld.iter().filter_map(|(record, _)| records.get(*record)) {
                self.failures.withhold(&policy.identity().name, record.record.event_key.as_str());
            }
        }
        if self.progress.is_visible() {
            self.progress.say(format!("{} findings", HumanCount(self.findings.total())));
        }
        Ok(())
    }

    /// Tells a finding of the host.
    pub(super) fn host_finding(&mut self, finding: HostFinding) -> io::Result<()> {
        self.findings.count(Reported::from(&finding));
        self.report.host_finding(finding)
    }

    /// Tells what has failed, which is known at the end. `journaled` is whether it was written down.
    pub(super) fn failures(&mut self, journaled: bool) -> io::Result<()> {
        self.failures.rest(journaled).into_iter().try_for_each(|finding| self.host_finding(finding))
    }
}
