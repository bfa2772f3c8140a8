//! The policies that a host judges with, and the ones that it refused.

use std::collections::{BTreeMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use policy_contract::manifest::Mode;

use super::error::LoadError;
use super::load::{LoadedPolicy, load};
use super::loader::{Loader, Notice};
use crate::config::Config;
use crate::finding::{HostFinding, HostRule, Label, Subject};
use crate::route::Router;

/// A rule of one of a catalogue's policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Subscriber {
    /// Position in [`Catalogue::policies`].
    pub policy: usize,
    /// Position in [`LoadedPolicy::rules`].
    pub rule: usize,
}

/// A file that was not loaded.
#[derive(Debug)]
pub struct Refusal {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub error: LoadError,
}

impl Refusal {
    /// What the host says of it.
    pub fn finding(&self) -> HostFinding {
        let policy = self.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let subject = Subject { policy, failure: Some(self.error.step().as_str()), ..Subject::default() };
        HostFinding::once(HostRule::PolicyRefused, subject, format!("{}: {}", self.path.display(), self.error.text()))
    }
}

/// An immutable set of policies, with the index of what their rules select.
#[derive(Debug)]
pub struct Catalogue {
    policies: Vec<Arc<LoadedPolicy>>,
    refusals: Vec<Refusal>,
    notices: Vec<(PathBuf, Notice)>,
    router: Router<Subscriber>,
}

impl Catalogue {
    /// Loads every policy under these paths: files, and folders whose `*.wasm` files are taken. What is refused is listed in
    /// [`Catalogue::refusals`] and changes nothing for the others.
    ///
    /// # Errors
    /// A path can't be read.
    pub fn load(loader: &Loader, paths: &[PathBuf], config: &Config) -> Result<Self, (PathBuf, std::io::Error)> {
        let mut policies: BTreeMap<_, LoadedPolicy> = BTreeMap::new();
        let mut refusals = Vec::new();
        let mut notices: Vec<(PathBuf, Notice)> = Vec::new();
        let files = policy_files(paths)?;
        let results = on_all_processors(&files, |path| {
            let mut noted = Vec::new();
            (load(loader, path, config, &mut noted), noted)
        });
        for (path, (result, noted)) in files.into_iter().zip(results) {
            notices.extend(noted.into_iter().map(|notice| (path.clone(), notice)));
            let error = match result {
                Err(error) => error,
                Ok(policy) => match policies.get(&policy.identity().name) {
                    Some(first) => {
                        let (name, other) = (policy.identity().name.clone(), first.path().to_owned());
                        LoadError::NameTaken { name, other }
                    }
                    None => {
                        policies.insert(policy.identity().name.clone(), policy);
                        continue;
                    }
                },
            };
            refusals.push(Refusal { path, error });
        }
        if let Some(notice) = loader.trim_cache(&config.limits) {
            notices.push((PathBuf::new(), notice));
        }
        Ok(Self { notices: once_each(notices), ..Self::new(policies.into_values().map(Arc::new).collect(), refusals) })
    }

    /// A line for each policy that can ask tables which are not configured.
    pub fn absent_tables(&self) -> impl Iterator<Item = String> {
        self.policies.iter().filter_map(|policy| {
            let absent: Vec<&str> = policy.absent_tables().collect();
            let (name, tables) = (&policy.identity().name, absent.join(", "));
            let note = || format!("`{name}` can ask tables that are not configured, and leaves out what they decide: {tables}");
            (!absent.is_empty()).then(note)
        })
    }

    /// Says where so many workers can need more memory at once than all instances may have together: a policy that takes what
    /// it may would then be felt by others, whose tasks fail for want of memory.
    pub fn memory_warning(&self, config: &Config, workers: usize) -> Option<String> {
        let largest = self.policies.iter().map(|policy| config.policy(&policy.identity().name).limits.memory_mib.0).max();
        let needed = largest.unwrap_or_default().saturating_mul(workers as u64);
        let budget = config.limits.memory_budget_mib.0;
        (needed > budget).then(|| {
            format!(
                "{workers} workers can need {needed} MiB for instances at once, and `memory_budget_mib` is {budget}: where policies \
                 take all that they may, others can fail for want of memory; raise it, or lower `memory_mib` or --workers"
            )
        })
    }

    /// A catalogue of these policies, which have different names, in this order.
    pub fn new(policies: Vec<Arc<LoadedPolicy>>, refusals: Vec<Refusal>) -> Self {
        let mut router = Router::new();
        for (policy, loaded) in policies.iter().enumerate() {
            let at_work = |rule: &usize| loaded.rules().get(*rule).is_some_and(|rule| rule.mode != Mode::Off);
            for rule in (0..loaded.rules().len()).filter(at_work) {
                for selector in &loaded.rules()[rule].description.selectors {
                    router.subscribe(Subscriber { policy, rule }, selector.clone());
                }
            }
        }
        Self { policies, refusals, notices: Vec::new(), router }
    }

    /// The policies, in the order of their names.
    pub fn policies(&self) -> &[Arc<LoadedPolicy>] {
        &self.policies
    }

    /// What was refused, in the order of the files.
    pub fn refusals(&self) -> &[Refusal] {
        &self.refusals
    }

    /// What an operator should know about how policies were compiled, with their files, in the order of the files. What holds for
    /// all of them stands here once.
    pub fn notices(&self) -> &[(PathBuf, Notice)] {
        &self.notices
    }

    /// Which rules want which records.
    pub fn router(&self) -> &Router<Subscriber> {
        &self.router
    }

    /// What routing will look at of the findings of every rule, of the policies and of the host.
    pub fn labels(&self) -> Vec<Label<'_>> {
        self.policies.iter().flat_map(|policy| policy.labels()).chain(HostRule::ALL.map(HostRule::label)).collect()
    }

    /// Every rule that is at work.
    pub fn rules_at_work(&self) -> Vec<Subscriber> {
        let rules = |(policy, loaded): (usize, &Arc<LoadedPolicy>)| {
            let at_work = loaded.rules().iter().enumerate().filter(|(_, rule)| rule.mode != Mode::Off);
            at_work.map(|(rule, _)| Subscriber { policy, rule }).collect::<Vec<_>>()
        };
        self.policies.iter().enumerate().flat_map(rules).collect()
    }
}

/// The notices without those that say again what another says of the cache.
fn once_each(notices: Vec<(PathBuf, Notice)>) -> Vec<(PathBuf, Notice)> {
    let mut seen = HashSet::new();
    let is_new = |(_, notice): &(PathBuf, Notice)| !notice.is_about_the_cache() || seen.insert(std::mem::discriminant(notice));
    notices.into_iter().filter(is_new).collect()
}

/// The answers for every file, in the order of the files, worked out by as many threads as there are processors.
pub(super) fn on_all_processors<T: Send>(files: &[PathBuf], answer: impl Fn(&Path) -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(files.len());
    let next = AtomicUsize::new(0);
    let work = || {
        let mine = || {
            let number = next.fetch_add(1, Ordering::Relaxed);
            files.get(number).map(|file| (number, answer(file)))
        };
        std::iter::from_fn(mine).collect::<Vec<_>>()
    };
    let mut answers: Vec<(usize, T)> = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let answers = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        answers.flatten().collect()
    });
    answers.sort_by_key(|(number, _)| *number);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

/// The policy files under these paths, in their order, those of a folder by name.
///
/// # Errors
/// A path can't be read.
pub fn policy_files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, (PathBuf, std::io::Error)> {
    let mut files = Vec::new();
    for path in paths {
        files.extend(files_under(path).map_err(|error| (path.clone(), error))?);
    }
    Ok(files)
}

/// The policy files under one path: itself, or those of a folder by name.
pub(super) fn files_under(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = std::fs::read_dir(path)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    let mut modules: Vec<PathBuf> = entries.into_iter().filter(|path| is_policy_file(path)).collect();
    modules.sort();
    Ok(modules)
}

/// Whether a file in a folder of policies is one: it ends in `.wasm` and is not hidden, as editors' and tools' temporary
/// files are.
fn is_policy_file(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.to_string_lossy().starts_with('.'));
    !is_hidden && path.extension() == Some(OsStr::new("wasm"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_files_whoever_is_done_first() {
        let files: Vec<PathBuf> = (0..100).map(|number| PathBuf::from(number.to_string())).collect();
        let answers = on_all_processors(&files, |file| {
            let number: u64 = file.to_str().unwrap().parse().unwrap();
            thread::sleep(std::time::Duration::from_micros(100 - number));
            number
        });
        assert_eq!(answers, (0..100).collect::<Vec<u64>>());
        assert_eq!(on_all_processors(&[], |_| ()), []);
    }

    #[test]
    fn a_folder_gives_its_modules_by_name() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.wasm", "a.wasm", ".a.wasm", "a.wasm.tmp", "README.md"] {
            std::fs::write(folder.path().join(name), "x").unwrap();
        }
        let found = policy_files(&[folder.path().join("b.wasm"), folder.path().to_owned()]).unwrap();
        let names: Vec<_> = found.iter().map(|path| path.file_name().unwrap().to_string_lossy()).collect();
        assert_eq!(names, ["b.wasm", "a.wasm", "b.wasm"]);
        assert!(policy_files(&[folder.path().join("nowhere")]).is_err());
    }
}
