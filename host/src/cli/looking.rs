//! What the commands share with which an engineer looks at one policy: the policy, loaded for a look, and the records, one
//! chunk after the other.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use super::live::Progress;
use super::loading;
use crate::config::{Config, Problem};
use crate::limits::FAULTS_REPORTED;
use crate::pipeline::{Chunk, Feed, Unreadable};
use crate::policy::{CompiledFile, LoadError, LoadedPolicy, Loader};
use crate::record::{ReadLimits, Tally};
use crate::source::{Input, Inputs};

/// Loads a policy for a look. That a host would refuse it because it disagrees with its own
/// examples is told and no obstacle, and neither is what the configuration sets for rules that this version does not have.
pub(super) fn policy(loader: &Loader, path: &Path, config: &Config) -> anyhow::Result<LoadedPolicy> {
    loading::told(path, |notices| {
        let mut file = CompiledFile::read(loader, path, &config.limits, notices)?;
        let configured = match file.configure(config, notices) {
            Err(LoadError::Rules(unknown)) => {
                let mut without = config.clone();
                for error in unknown {
                    if let Problem::UnknownRule { policy, rule, .. } = error.problem {
                        eprintln!("note: {} has no rule `{rule}`, for which the configuration sets something", path.display());
                        without.forget_rule(&policy, &rule);
                    }
                }
                file.configure(&without, notices)
            }
            configured => configured,
        }?;
        if let Err(error) = file.check_examples(loader, &config.limits, notices) {
            eprintln!("warning: a host refuses {} at the step `{}`: it {}", path.display(), error.step(), error.text());
        }
        Ok(configured)
    })
}

/// Records on their way, with what could not be read.
pub(super) struct Reading {
    feed: Feed,
    /// The bar that a person sees.
    pub(super) progress: Progress,
    /// What the objects held that were read to their end.
    pub(super) read: Tally,
    /// Objects and places that can't be read.
    pub(super) unreadable: u64,
}

impl Reading {
    /// Begins with the records under these paths.
    pub(super) fn of(paths: &[PathBuf], limits: ReadLimits) -> Self {
        let inputs = Inputs::find(paths.iter().cloned().map(Input::from));
        let progress = Progress::of_bytes(inputs.total_bytes());
        for error in &inputs.errors {
            progress.line(&format!("error: {error}"));
        }
        let unreadable = inputs.errors.len() as u64;
        let bar = progress.clone();
        let feed = Feed::new(VecDeque::from(inputs.objects), limits, move |bytes| bar.add_bytes(bytes));
        Self { feed, progress, read: Tally::default(), unreadable }
    }

    /// The next chunk; none when all is read. What can't be read is told and counted.
    pub(super) fn next(&mut self) -> Option<Chunk> {
        let chunk = self.feed.next_chunk()?;
        chunk.ended.iter().for_each(|object| self.read += &object.tally);
        for Unreadable { object, offset, reason, .. } in &chunk.unreadable {
            self.unreadable += 1;
            if self.unreadable <= FAULTS_REPORTED {
                let place = offset.map(|offset| format!(" at byte {offset}")).unwrap_or_default();
                self.progress.line(&format!("error: {object}{place}: {reason}"));
            }
        }
        Some(chunk)
    }

    /// Takes the bar away and tells how much was not told one by one.
    pub(super) fn finish(&self) {
        self.progress.finish();
        if self.unreadable > FAULTS_REPORTED {
            eprintln!("error: {} more places can't be read", self.unreadable - FAULTS_REPORTED);
        }
    }
}
