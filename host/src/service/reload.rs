//! Keeps policies, configuration and context tables up with their files, each by its content, each with its last good version.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arc_swap::ArcSwap;
use policy_contract::name::Name;

use super::delivery::{Delivery, Stopped};
use crate::config::{Config, ConfigError, ConfigErrors};
use crate::finding::{FindingId, HostFinding, HostRule, Subject};
use crate::policy::{Catalogue, Change, Library, Reconciled};
use crate::pulse::Pulse as _;
use crate::source::Folders;
use crate::telemetry::log::events;
use crate::telemetry::{STANDSTILL, Telemetry};
use crate::watch::{NotWatched, Stamp, Waker, Watch, folder_of};

/// How long nothing must happen in a folder before it is worth looking, and how long that is waited for at most.
const QUIET: (Duration, Duration) = (Duration::from_millis(150), Duration::from_secs(3));
/// How soon to look again at files that were being written.
const UNFINISHED: Duration = Duration::from_millis(500);

/// What keeps up with the files.
pub(super) struct Reloader {
    library: Library,
    config: Arc<Config>,
    /// The configuration's file and the tables that it named when it was last read, and what each looked like then.
    config_files: Vec<(PathBuf, Option<Stamp>)>,
    /// What was wrong with the configuration when it was last refused.
    config_refused: Option<String>,
    warnings: BTreeSet<String>,
    /// What was said of folders of which no events come.
    not_watched: BTreeSet<String>,
    /// Exceptions of which it was said that they have expired.
    expired: BTreeSet<FindingId>,
    watch: Watch,
    active: Arc<ArcSwap<Catalogue>>,
    telemetry: Telemetry,
    workers: usize,
}

impl Reloader {
    /// Loads the policies for the first time.
    pub(super) fn start(library: Library, config: Arc<Config>, telemetry: Telemetry, workers: usize) -> (Self, Reconciled) {
        let (watch, not_watched) = Watch::new();
        not_watched.iter().for_each(|not_watched| events::watch_late(not_watched));
        let active = Arc::new(ArcSwap::from_pointee(Catalogue::new(Vec::new(), Vec::new())));
        let config_files = files_of(&config);
        let (config_refused, warnings, expired) = (None, BTreeSet::new(), BTreeSet::new());
        let not_watched = BTreeSet::new();
        let mut reloader = Self {
            library,
            config,
            config_files,
            config_refused,
            warnings,
            not_watched,
            expired,
            watch,
            active,
            telemetry,
            workers,
        };
        // Before the first look, so that nothing that happens after it goes unheard.
        reloader.watch_folders();
        let config = Arc::clone(&reloader.config);
        let found = reloader.library.reconcile(&config, true);
        (reloader, found)
    }

    /// The policies in force, always.
    pub(super) fn active(&self) -> Arc<ArcSwap<Catalogue>> {
        Arc::clone(&self.active)
    }

    /// Lets it go, from another thread.
    pub(super) fn waker(&self) -> Waker {
        self.watch.waker()
    }

    /// How many files were refused.
    pub(super) fn refused(&self) -> usize {
        self.library.refusals().count()
    }

    /// Looks at the files whenever something has happened, and from time to time, until it is let go.
    pub(super) fn run(
        mut self,
        delivery: &Mutex<Delivery>,
        folders: &Folders,
        is_over: impl Fn() -> bool,
    ) -> Result<(), Stopped> {
        let part = self.telemetry.health().beating("reloader", STANDSTILL);
        // Whatever it waits for is no standstill: events, a compilation, a delivery that is blocked.
        part.idle();
        let mut wait = self.config.reload;
        while !is_over() {
            if self.watch.wait(wait) {
                self.watch.wait_for_quiet(QUIET.0, QUIET.1);
            }
            if is_over() {
                break;
            }
            let (is_reconfigured, mut findings) = self.look_at_config();
            let config = Arc::clone(&self.config);
            findings.extend(self.expired());
            let found = self.library.reconcile(&config, is_reconfigured);
            wait = if found.is_unfinished { UNFINISHED } else { config.reload };
            let released = self.apply(found, &mut findings);
            self.watch_folders();
            folders.pause(self.active.load().policies().is_empty());
            if is_reconfigured || !findings.is_empty() || !released.is_empty() {
                let mut delivery = delivery.lock().unwrap_or_else(PoisonError::into_inner);
                delivery.reroute(&config);
                findings.extend(released.iter().filter_map(|policy| delivery.release(policy)));
                delivery.report(&findings)?;
            }
        }
        Ok(())
    }

    /// Puts what was found in force and says so. Returns the policies of which another version is in force.
    pub(super) fn apply(&mut self, found: Reconciled, findings: &mut Vec<HostFinding>) -> Vec<Name> {
        if let Some(catalogue) = found.catalogue {
            let catalogue = Arc::new(catalogue);
            self.telemetry.active(&catalogue);
            self.active.store(catalogue);
        }
        self.telemetry.refused_at_present(self.library.refusals());
        let mut released = Vec::new();
        for change in found.changes {
            self.telemetry.changed(&change);
            match change {
                Change::Swapped { to: policy, .. } | Change::Retired(policy) => released.push(policy.identity().name.clone()),
                Change::Refused { refusal, kept } => {
                    let mut finding = refusal.finding();
                    if kept.is_some() {
                        finding.reason.push_str("; the version before stays in force");
                    }
                    findings.push(finding);
                }
                Change::Loaded(_) | Change::Noted(..) | Change::Unlisted(..) | Change::Listed(_) => {}
            }
        }
        self.warn();
        released
    }

    /// Reads the configuration again where one of its files may have changed. Returns whether another one is in force.
    fn look_at_config(&mut self) -> (bool, Vec<HostFinding>) {
        let Some(file) = self.config.file.clone() else { return (false, Vec::new()) };
        let is_unchanged = |(path, before): &(PathBuf, Option<Stamp>)| match (before, Stamp::of(path)) {
            (Some(before), Ok(now)) => now.is_unchanged_since(before),
            _ => false,
        };
        if self.config_files.iter().all(is_unchanged) {
            return (false, Vec::new());
        }
        let stamps = stamps(self.config_files.iter().map(|(path, _)| path.clone()));
        match Config::load(&file) {
            Ok(config) => {
                let was_refused = self.config_refused.take().is_some();
                if config.digest == self.config.digest {
                    // Looked at before it was read: what was written since will look different.
                    self.config_files = stamps;
                    if was_refused {
                        self.telemetry.config_reloaded(&self.config);
                    }
                    return (false, Vec::new());
                }
                self.config_files = files_of(&config);
                config.needs_restart_since(&self.config).for_each(|key| events::config_needs_restart(&key));
                self.config = Arc::new(config);
                self.telemetry.config_reloaded(&self.config);
                (true, Vec::new())
            }
            Err(errors) => {
                self.config_files = stamps;
                (false, self.refuse_config(&file, &errors))
            }
        }
    }

    /// Exceptions that have expired since it was last looked.
    pub(super) fn expired(&mut self) -> Vec<HostFinding> {
        let expired = self.config.expired_exceptions();
        expired.into_iter().filter(|finding| self.expired.insert(finding.id())).collect()
    }

    fn refuse_config(&mut self, file: &Path, errors: &ConfigErrors) -> Vec<HostFinding> {
        // What is read there can be secret, and a log and findings are read by others.
        let reason = errors.brief();
        if self.config_refused.as_ref() == Some(&reason) {
            return Vec::new();
        }
        self.telemetry.config_refused(file, errors);
        self.config_refused = Some(reason.clone());
        let subject = Subject { object: Some(file.display().to_string()), ..Subject::default() };
        let reason = format!("{reason}\ncorrect it, or put the last good one back; until then that one is in force");
        vec![HostFinding::once(HostRule::ConfigurationRefused, subject, reason)]
    }

    /// Says once what of the configuration concerns no policy that is loaded or leaves one without what it asks, and what is found
    /// by rules and goes to no sink.
    fn warn(&mut self) {
        let active = self.active.load();
        let names: Vec<Name> = active.policies().iter().map(|policy| policy.identity().name.clone()).collect();
        let unknown = self.config.unknown_policies(&names);
        let unrouted = self.config.routing_warnings(&active.labels());
        let warnings = unknown.iter().map(ConfigError::brief).chain(unrouted);
        let warnings = warnings.chain(active.absent_tables()).chain(active.memory_warning(&self.config, self.workers));
        let warnings: BTreeSet<String> = warnings.collect();
        warnings.difference(&self.warnings).for_each(|warning| events::config_warning(warning));
        self.warnings = warnings;
    }

    fn watch_folders(&mut self) {
        let files = self.config_files.iter().map(|(path, _)| folder_of(path));
        let not_watched = self.watch.set_folders(self.library.folders().into_iter().chain(files).collect());
        let failed: BTreeMap<String, NotWatched> = not_watched.into_iter().map(|failed| (failed.to_string(), failed)).collect();
        let is_new = |(text, _): &(&String, &NotWatched)| !self.not_watched.contains(*text);
        failed.iter().filter(is_new).for_each(|(_, failed)| events::watch_late(failed));
        self.not_watched = failed.into_keys().collect();
    }
}

fn files_of(config: &Config) -> Vec<(PathBuf, Option<Stamp>)> {
    stamps(config.file.iter().cloned().chain(config.tables.values().map(|table| table.path.clone())))
}

fn stamps(files: impl Iterator<Item = PathBuf>) -> Vec<(PathBuf, Option<Stamp>)> {
    files.map(|path| (path.clone(), Stamp::of(&path).ok())).collect()
}
