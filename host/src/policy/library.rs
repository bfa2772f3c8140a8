//! The policies of a running host, kept up with their files.
//!
//! What counts is content: a file is read again where it may have changed, and only another digest makes it a candidate. A
//! candidate goes through the same steps as at the start, and where one of them refuses it the last good version of the same
//! file stays in force. Nothing here waits, watches or judges: [`Library::reconcile`] looks once, and says what is new.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use policy_contract::name::Name;

use super::catalogue::{Catalogue, Refusal, files_under, on_all_processors};
use super::error::LoadError;
use super::load::{CompiledFile, LoadedPolicy, read};
use super::loader::{Loader, Notice};
use crate::config::Config;
use crate::digest::Digest;
use crate::watch::Stamp;

/// The policies under some paths.
pub struct Library {
    loader: Loader,
    paths: Vec<PathBuf>,
    /// What is known of each path: the files that were there when it was last listed.
    files: BTreeMap<PathBuf, BTreeMap<PathBuf, Known>>,
    unlisted: BTreeSet<PathBuf>,
    /// In force: by name, with the file that each came from.
    active: BTreeMap<Name, Arc<LoadedPolicy>>,
}

/// What is known of a file.
#[derive(Default)]
struct Known {
    stamp: Option<Stamp>,
    /// The digest of what was last read, as far as it could be.
    digest: Option<Digest>,
    /// The last content that nothing refused.
    compiled: Option<Arc<CompiledFile>>,
    /// What was last read is not what `compiled` came from.
    is_content_refused: bool,
    /// The last version that nothing refused.
    good: Option<Arc<LoadedPolicy>>,
    /// Why what is there now is not in force.
    refusal: Option<Arc<Refusal>>,
}

/// What a look has found.
#[derive(Default)]
pub struct Reconciled {
    /// The policies that are in force from now on; none where they are those from before.
    pub catalogue: Option<Catalogue>,
    /// What is new, in the order of the files.
    pub changes: Vec<Change>,
    /// Files were being written: it is worth looking again soon.
    pub is_unfinished: bool,
}

/// Something new about a file.
#[derive(Debug)]
pub enum Change {
    /// A policy that was not there before.
    Loaded(Arc<LoadedPolicy>),
    /// A policy takes the place of another version, or of itself under another configuration.
    Swapped {
        /// From the next chunk on not asked any more.
        from: Arc<LoadedPolicy>,
        /// From the next chunk on in force.
        to: Arc<LoadedPolicy>,
    },
    /// What is in a file was not loaded.
    Refused {
        /// The file, and why.
        refusal: Arc<Refusal>,
        /// The version that stays in force, if there is one.
        kept: Option<Arc<LoadedPolicy>>,
    },
    /// A policy's file is gone, and so is the policy.
    Retired(Arc<LoadedPolicy>),
    /// What an operator should know about a policy that was loaded.
    Noted(PathBuf, Notice),
    /// A path can't be listed: what was loaded from it stays in force.
    Unlisted(PathBuf, io::Error),
    /// A path that could not be listed can be again.
    Listed(PathBuf),
}

/// A content that is new.
struct Candidate {
    stamp: Stamp,
    digest: Digest,
    compiled: Result<CompiledFile, LoadError>,
    notices: Vec<Notice>,
}

/// What came of a file that may have changed.
enum Read {
    /// It was written while it was read.
    Unfinished,
    /// It holds what it held.
    Same(Stamp),
    /// It can't be read, perhaps now only.
    Refused(LoadError),
    /// It holds something else.
    New(Box<Candidate>),
}

impl Library {
    /// A library of the policies under these paths: files, and folders whose `*.wasm` files are taken. Nothing is read yet.
    pub fn new(loader: Loader, paths: Vec<PathBuf>) -> Self {
        Self { loader, paths, files: BTreeMap::new(), unlisted: BTreeSet::new(), active: BTreeMap::new() }
    }

    /// What was refused, in the order of the files.
    pub fn refusals(&self) -> impl Iterator<Item = &Arc<Refusal>> {
        self.files.values().flatten().filter_map(|(_, known)| known.refusal.as_ref())
    }

    /// The folders in which something that matters can happen.
    pub fn folders(&self) -> BTreeSet<PathBuf> {
        self.paths.iter().map(|path| if path.is_dir() { path.clone() } else { crate::watch::folder_of(path) }).collect()
    }

    /// Looks at every file and makes what has changed ready under a configuration. `is_reconfigured` says that the configuration
    /// is not the one of the last look.
    pub fn reconcile(&mut self, config: &Config, is_reconfigured: bool) -> Reconciled {
        let mut found = Reconciled::default();
        self.list(&mut found);
        let changed = self.read(config, is_reconfigured, &mut found);
        for (path, known) in self.files.values_mut().flatten() {
            if is_reconfigured || changed.contains(path) {
                known.configure(path, config, &mut found.changes);
            }
        }
        let active = self.by_name(&mut found.changes);
        let is_new =
            active.len() != self.active.len() || active.iter().zip(&self.active).any(|(new, old)| !Arc::ptr_eq(new.1, old.1));
        if is_new {
            let before = std::mem::replace(&mut self.active, active);
            self.compare(&before, &mut found.changes);
            found.catalogue = Some(Catalogue::new(self.active.values().cloned().collect(), Vec::new()));
        }
        if !changed.is_empty()
            && let Some(notice) = self.loader.trim_cache(&config.limits)
        {
            found.changes.push(Change::Noted(PathBuf::new(), notice));
        }
        found
    }

    /// Lists the paths; what is gone is forgotten.
    fn list(&mut self, found: &mut Reconciled) {
        for path in &self.paths {
            let known = self.files.entry(path.clone()).or_default();
            match files_under(path) {
                Ok(files) => {
                    if self.unlisted.remove(path) {
                        found.changes.push(Change::Listed(path.clone()));
                    }
                    let files: BTreeSet<PathBuf> = files.into_iter().collect();
                    known.retain(|path, _| files.contains(path));
                    files.into_iter().for_each(|file| {
                        known.entry(file).or_default();
                    });
                }
                // A file that was named itself and is gone is retired, as one of a folder is.
                Err(error) if error.kind() == io::ErrorKind::NotFound && known.contains_key(path) => known.clear(),
                Err(error) => {
                    if self.unlisted.insert(path.clone()) {
                        found.changes.push(Change::Unlisted(path.clone(), error));
                    }
                }
            }
        }
    }

    /// Reads what may have changed. Returns the files that hold something else than before.
    fn read(&mut self, config: &Config, is_reconfigured: bool, found: &mut Reconciled) -> BTreeSet<PathBuf> {
        // Other limits may let in what was refused.
        let is_tried_again = |known: &Known| is_reconfigured && known.is_content_refused;
        let may_have_changed = |path: &Path, known: &Known| match (&known.stamp, Stamp::of(path)) {
            _ if is_tried_again(known) => true,
            (Some(before), Ok(now)) => !now.is_unchanged_since(before),
            _ => true,
        };
        let candidates = self.files.values().flatten().filter(|(path, known)| may_have_changed(path, known));
        let candidates: BTreeMap<PathBuf, Option<Digest>> =
            candidates.map(|(path, known)| (path.clone(), known.digest.filter(|_| !is_tried_again(known)))).collect();
        let paths: Vec<PathBuf> = candidates.keys().cloned().collect();
        let loader = &self.loader;
        let results = on_all_processors(&paths, |path| read_candidate(loader, path, candidates[path], config));
        let mut changed = BTreeSet::new();
        for (path, result) in paths.into_iter().zip(results) {
            let Some(known) = self.files.values_mut().find_map(|files| files.get_mut(&path)) else { continue };
            match result {
                Read::Unfinished => found.is_unfinished = true,
                Read::Same(stamp) => known.stamp = Some(stamp),
                Read::Refused(error) => {
                    (known.stamp, known.digest, known.is_content_refused) = (None, None, true);
                    known.refuse(path, error, &mut found.changes);
                }
                Read::New(new) => {
                    let Candidate { stamp, digest, compiled, notices } = *new;
                    found.changes.extend(notices.into_iter().map(|notice| Change::Noted(path.clone(), notice)));
                    (known.stamp, known.digest, known.is_content_refused) = (Some(stamp), Some(digest), compiled.is_err());
                    match compiled {
                        Ok(compiled) => {
                            known.compiled = Some(Arc::new(compiled));
                            changed.insert(path);
                        }
                        Err(error) => known.refuse(path, error, &mut found.changes),
                    }
                }
            }
        }
        changed
    }

    /// Who is in force: a name belongs to the file that has it, and of several new files to the first.
    fn by_name(&mut self, changes: &mut Vec<Change>) -> BTreeMap<Name, Arc<LoadedPolicy>> {
        let mut by_name: BTreeMap<Name, Arc<LoadedPolicy>> = BTreeMap::new();
        for has_it in [true, false] {
            for (path, known) in self.files.values_mut().flatten() {
                let Some(good) = &known.good else { continue };
                let name = &good.identity().name;
                if self.active.get(name).is_some_and(|active| active.path() == path) != has_it {
                    continue;
                }
                match by_name.get(name) {
                    None => {
                        by_name.insert(name.clone(), Arc::clone(good));
                    }
                    Some(first) => {
                        let error = LoadError::NameTaken { name: name.clone(), other: first.path().to_owned() };
                        known.refuse(path.clone(), error, changes);
                        continue;
                    }
                }
                // It had lost its name to another file that is gone now.
                let _ = known.refusal.take_if(|refusal| matches!(refusal.error, LoadError::NameTaken { .. }));
            }
        }
        by_name
    }

    fn compare(&self, before: &BTreeMap<Name, Arc<LoadedPolicy>>, changes: &mut Vec<Change>) {
        for (name, to) in &self.active {
            match before.get(name) {
                None => changes.push(Change::Loaded(Arc::clone(to))),
                Some(from) if !Arc::ptr_eq(from, to) => {
                    changes.push(Change::Swapped { from: Arc::clone(from), to: Arc::clone(to) });
                }
                Some(_) => {}
            }
        }
        let gone = before.iter().filter(|(name, _)| !self.active.contains_key(*name));
        changes.extend(gone.map(|(_, policy)| Change::Retired(Arc::clone(policy))));
    }
}

impl Known {
    /// Makes the last good content ready under a configuration: it is in force even where the file holds something else by now.
    fn configure(&mut self, path: &Path, config: &Config, changes: &mut Vec<Change>) {
        let Some(compiled) = &self.compiled else { return };
        let mut notices = Vec::new();
        let result = compiled.configure(config, &mut notices);
        match result {
            Ok(policy) => {
                if !self.is_content_refused {
                    self.refusal = None;
                }
                // Another number would cost it its warm instances.
                if self.good.as_ref().is_none_or(|good| !good.judges_as(&policy)) {
                    changes.extend(notices.into_iter().map(|notice| Change::Noted(path.to_owned(), notice)));
                    self.good = Some(Arc::new(policy));
                }
            }
            Err(error) => self.refuse(path.to_owned(), error, changes),
        }
    }

    fn refuse(&mut self, path: PathBuf, error: LoadError, changes: &mut Vec<Change>) {
        if self.refusal.as_ref().is_some_and(|told| told.error.text() == error.text()) {
            return;
        }
        let refusal = Arc::new(Refusal { path, error });
        self.refusal = Some(Arc::clone(&refusal));
        // Who has lost his name is not in force.
        let kept = self.good.clone().filter(|_| !matches!(refusal.error, LoadError::NameTaken { .. }));
        changes.push(Change::Refused { refusal, kept });
    }
}

fn read_candidate(loader: &Loader, path: &Path, known: Option<Digest>, config: &Config) -> Read {
    let before = match Stamp::of(path) {
        Ok(stamp) => stamp,
        Err(error) => return Read::Refused(LoadError::Read(error)),
    };
    let content = read(path, config.limits.component_mib.bytes());
    if !Stamp::of(path).is_ok_and(|after| after.is_like(&before)) {
        return Read::Unfinished;
    }
    let content = match content {
        Ok(content) => content,
        Err(error) => return Read::Refused(error),
    };
    let digest = Digest::of(&content);
    if known == Some(digest) {
        return Read::Same(before);
    }
    let mut notices = Vec::new();
    let compiled = CompiledFile::of(loader, path, &content, digest, &config.limits, &mut notices);
    let tried = compiled.and_then(|mut compiled| {
        // In the order of the steps: what can't be configured is refused for that, whatever its examples say.
        compiled.configure(config, &mut Vec::new())?;
        compiled.check_examples(loader, &config.limits, &mut notices)?;
        Ok(compiled)
    });
    Read::New(Box::new(Candidate { stamp: before, digest, compiled: tried, notices }))
}
