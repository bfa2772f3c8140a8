//! The operating system's word that something has happened in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use notify::event::{AccessKind, EventKind};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};

/// A folder of which no events come: it is only looked at from time to time.
#[derive(Debug)]
pub struct NotWatched {
    /// The folder; none where nothing can be watched here.
    pub folder: Option<PathBuf>,
    /// What the operating system says.
    pub error: notify::Error,
}

impl fmt::Display for NotWatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.folder {
            Some(folder) => write!(f, "changes in {} are noticed late: {}", folder.display(), self.error),
            None => write!(f, "changes of files are noticed late: {}", self.error),
        }
    }
}

/// Watches folders, not what is below them.
#[derive(Default)]
pub struct Watch {
    watcher: Option<RecommendedWatcher>,
    /// With what each was when it was begun to be watched: device and number.
    folders: BTreeMap<PathBuf, Option<(u64, u64)>>,
    bell: Arc<Bell>,
}

/// Rung by events, waited for by whoever looks.
#[derive(Default)]
struct Bell {
    state: Mutex<Rung>,
    moved: Condvar,
}

#[derive(Default)]
struct Rung {
    has_rung: bool,
    is_closed: bool,
}

/// Lets a waiting [`Watch`] go, from another thread.
#[derive(Clone)]
pub struct Waker(Arc<Bell>);

impl Waker {
    /// Makes the wait that is under way, and every later one, return at once.
    pub fn close(&self) {
        self.0.lock().is_closed = true;
        self.0.moved.notify_all();
    }
}

impl Bell {
    fn lock(&self) -> std::sync::MutexGuard<'_, Rung> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        self.lock().has_rung = true;
        self.moved.notify_all();
    }
}

impl Watch {
    /// Watches nothing yet. The error says that this machine has no events; looking from time to time still works.
    pub fn new() -> (Self, Option<NotWatched>) {
        let bell = Arc::<Bell>::default();
        let rung = Arc::clone(&bell);
        let on_event = move |event: notify::Result<Event>| {
            // To read a file is no change, or whoever looks would wake himself. An error may have cost events: look.
            let is_change = |event: &Event| match event.kind {
                EventKind::Access(AccessKind::Close(_)) => true,
                EventKind::Access(_) => false,
                _ => true,
            };
            if event.as_ref().map_or(true, is_change) {
                rung.ring();
            }
        };
        let (watcher, error) = match notify::recommended_watcher(on_event) {
            Ok(watcher) => (Some(watcher), None),
            Err(error) => (None, Some(NotWatched { folder: None, error })),
        };
        (Self { watcher, folders: BTreeMap::new(), bell }, error)
    }

    /// Lets it go, from another thread.
    pub fn waker(&self) -> Waker {
        Waker(Arc::clone(&self.bell))
    }

    /// Watches these folders and no others from now on. Returns those of which no events come.
    pub fn set_folders(&mut self, wanted: BTreeSet<PathBuf>) -> Vec<NotWatched> {
        let Some(watcher) = &mut self.watcher else { return Vec::new() };
        let mut failed = Vec::new();
        let mut watched = BTreeMap::new();
        for folder in wanted {
            let identity = std::fs::metadata(&folder).ok().map(|metadata| (metadata.dev(), metadata.ino()));
            match self.folders.remove(&folder) {
                // Another folder may stand under the name by now, and nothing is heard of it.
                Some(before) if before == identity => {}
                before => {
                    if before.is_some() {
                        // A folder that was removed is no longer watched either way.
                        let _ = watcher.unwatch(&folder);
                    }
                    if let Err(error) = watcher.watch(&folder, RecursiveMode::NonRecursive) {
                        failed.push(NotWatched { folder: Some(folder), error });
                        continue;
                    }
                }
            }
            watched.insert(folder, identity);
        }
        for gone in self.folders.keys() {
            let _ = watcher.unwatch(gone);
        }
        self.folders = watched;
        failed
    }

    /// Waits until something has happened, at most so long. Returns whether something has.
    pub fn wait(&self, at_most: Duration) -> bool {
        let state = self.bell.lock();
        let waited = self.bell.moved.wait_timeout_while(state, at_most, |rung| !rung.has_rung && !rung.is_closed);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut state.has_rung)
    }

    /// Waits until nothing has happened for a while, at most so long: half of a change is not worth a look.
    pub fn wait_for_quiet(&self, quiet: Duration, at_most: Duration) {
        let end = Instant::now() + at_most;
        while !self.bell.lock().is_closed && Instant::now() < end && self.wait(quiet) {}
    }
}

/// The folder in which a path's own name stands: for a file, or for a link, whatever it leads to.
pub fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    #[test]
    fn a_change_wakes_and_a_look_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let (mut watch, error) = Watch::new();
        assert!(error.is_none());
        assert!(watch.set_folders(BTreeSet::from([folder.path().to_owned()])).is_empty());
        watch.wait_for_quiet(Duration::from_millis(50), SOON);
        assert_eq!(std::fs::read(&path).unwrap(), b"one");
        assert!(!watch.wait(Duration::from_millis(200)));
        std::fs::rename(&path, folder.path().join("b")).unwrap();
        assert!(watch.wait(SOON));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_and_the_others_are_watched() {
        let folder = tempfile::tempdir().unwrap();
        let (mut watch, _) = Watch::new();
        let gone = folder.path().join("nowhere");
        let failed = watch.set_folders(BTreeSet::from([folder.path().to_owned(), gone.clone()]));
        assert_eq!(failed.iter().map(|failed| failed.folder.clone()).collect::<Vec<_>>(), [Some(gone.clone())]);
        std::fs::create_dir(&gone).unwrap();
        assert!(watch.wait(SOON));
        assert!(watch.set_folders(BTreeSet::from([folder.path().to_owned(), gone])).is_empty());
    }

    #[test]
    fn whoever_waits_is_let_go() {
        let (watch, _) = Watch::new();
        let waker = watch.waker();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| watch.wait(Duration::from_secs(60)));
            waker.close();
            assert!(!waiting.join().unwrap());
        });
        assert!(!watch.wait(Duration::from_secs(60)));
    }
}
