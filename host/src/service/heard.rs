//! What is heard of watched folders, as metrics, health and log.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::pulse::Pulse;
use crate::source::{Listener, Problem};
use crate::telemetry::log::events;
use crate::telemetry::{Part, STANDSTILL, SourceMeter, Telemetry};

/// Hears of the folders of a host.
pub(super) struct Heard {
    /// The folders in their order: from the root, as problems name them.
    sources: Vec<(PathBuf, SourceMeter)>,
    part: Part,
}

impl Heard {
    pub(super) fn new<'s>(sources: impl IntoIterator<Item = (&'s str, &'s Path)>, telemetry: &Telemetry) -> Self {
        let source = |(name, path): (&str, &Path)| {
            let meter = telemetry.source(name);
            meter.reachable();
            (std::path::absolute(path).unwrap_or_else(|_| path.to_owned()), meter)
        };
        Self { sources: sources.into_iter().map(source).collect(), part: telemetry.health().beating("folders", STANDSTILL) }
    }
}

impl Pulse for Heard {
    fn beat(&self, at_most: Duration) {
        self.part.beat(at_most);
    }

    fn idle(&self) {
        self.part.idle();
    }
}

impl Listener for Heard {
    fn found(&self, folder: usize) {
        self.sources.get(folder).inspect(|(_, meter)| meter.announced(1));
    }

    fn problems(&self, problems: &[Problem]) {
        for problem in problems {
            events::source_problem(&problem.path.display(), &problem.reason);
        }
        if problems.is_empty() {
            events::source_recovered();
        }
        for (path, meter) in &self.sources {
            // Nothing of a source can be reached where the folder itself can't be looked at, or nobody knows what is done.
            let is_of_all = |problem: &&Problem| !problem.is_late && path.starts_with(&problem.path);
            match problems.iter().find(|problem| is_of_all(problem) || problem.path.as_os_str().is_empty()) {
                Some(problem) => meter.unreachable(&problem.reason),
                None => meter.reachable(),
            }
        }
    }
}
