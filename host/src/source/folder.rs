//! Folders that files of records arrive in: each file is handed out once, by the ledger's word, and again when it has changed.
//!
//! A thread of its own looks: at what the operating system says has changed, and at everything from time to time, since network
//! file systems say nothing. A file is handed out when whoever writes it has closed it or renamed it into place, or when it
//! has been left alone for a while. What was handed out comes back by its ticket: done, or to be tried again later.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use notify::event::{AccessKind, AccessMode, EventKind, ModifyKind, RenameMode};
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher as _};
use walkdir::WalkDir;

use super::files::{NAME_ENDS, StoredObject};
use super::objects::{Next, Objects, Ticket};
use crate::limits::FILES_READY;
use crate::pulse::Pulse;
use crate::store::{FileVersion, Ledger, StoreError};

/// How long to wait before a file that could not be read is tried again: at first, and at most.
const RETRY: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5 * 60));
/// How often the ledger is asked to forget what is gone.
const SWEEP: Duration = Duration::from_secs(24 * 60 * 60);

/// A folder that is watched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// The folder; what is below it is watched too.
    pub path: PathBuf,
    /// How often to look at everything.
    pub rescan: Duration,
    /// How long a file must have been left alone, where nobody says that it was closed.
    pub settle: Duration,
}

/// Who hears of what is noticed, and of the thread that notices it.
pub trait Listener: Pulse + Send {
    /// A file below the folder at this position was found that is to be read.
    fn found(&self, folder: usize);
    /// These are the problems now; it is told when there are others, and none where there is none any more.
    fn problems(&self, problems: &[Problem]);
}

/// Why something can't be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where.
    pub path: PathBuf,
    /// What is wrong.
    pub reason: String,
    /// Nothing is out of reach, but what is new is noticed late.
    pub is_late: bool,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.reason)
    }
}

/// The folders of a running host.
pub struct Folders {
    shared: Arc<Shared>,
    looking: Option<JoinHandle<()>>,
}

/// The pipeline's end: what it reads objects from.
pub struct FolderObjects(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    moved: Condvar,
    ledger: Arc<Ledger>,
}

#[derive(Default)]
struct State {
    ready: VecDeque<Found>,
    handed_out: HashMap<Ticket, Found>,
    /// Ready or handed out.
    taken: HashSet<PathBuf>,
    next_ticket: u64,
    /// What the operating system has said: paths, and whether whoever wrote them is done.
    said: HashMap<PathBuf, bool>,
    /// More was said than is remembered, or something was lost: look at everything.
    is_lost: bool,
    /// Files that could not be read: when each is tried again, if that is still to come, and how long was waited the last time.
    retries: HashMap<PathBuf, (Option<Instant>, Duration)>,
    /// Once everything has been looked at for the first time: the first ticket of what was found later.
    first_later: Option<u64>,
    is_paused: bool,
    is_stopped: bool,
}

/// A file that can be read, in one version.
#[derive(Clone, Debug)]
pub struct Found {
    /// The file.
    pub path: PathBuf,
    /// What of it is to be read.
    pub version: FileVersion,
    /// When it was found to be whole.
    pub since: Instant,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Folders {
    /// Begins to watch folders.
    ///
    /// # Errors
    /// The operating system gives no thread, or no current folder.
    pub fn watch(folders: Vec<Folder>, ledger: Arc<Ledger>, listener: impl Listener + 'static) -> std::io::Result<Self> {
        // Events name files from the root; a file must have one name, here and in the ledger, wherever the host is started.
        let absolute =
            |folder: Folder| -> std::io::Result<Folder> { Ok(Folder { path: std::path::absolute(&folder.path)?, ..folder }) };
        let folders = folders.into_iter().map(absolute).collect::<Result<_, _>>()?;
        let shared = Arc::new(Shared { state: Mutex::default(), moved: Condvar::new(), ledger });
        let looker = Looker::new(folders, Arc::clone(&shared), Box::new(listener));
        let looking = std::thread::Builder::new().name("folders".into()).spawn(move || looker.look_until_stopped())?;
        Ok(Self { shared, looking: Some(looking) })
    }

    /// What the pipeline reads from.
    pub fn objects(&self) -> FolderObjects {
        FolderObjects(Arc::clone(&self.shared))
    }

    /// What was handed out under a ticket.
    pub fn handed_out(&self, ticket: Ticket) -> Option<Found> {
        self.shared.lock().handed_out.get(&ticket).cloned()
    }

    /// A file is done, and the ledger says so.
    pub fn done(&self, ticket: Ticket) {
        let mut state = self.shared.lock();
        if let Some(found) = state.handed_out.remove(&ticket) {
            state.taken.remove(&found.path);
            state.retries.remove(&found.path);
            // It may have changed meanwhile.
            state.said.entry(found.path).or_insert(false);
        }
        drop(state);
        self.shared.moved.notify_all();
    }

    /// A file could not be read now: it is handed out again later, each time a little later.
    pub fn try_later(&self, ticket: Ticket) {
        let mut state = self.shared.lock();
        if let Some(found) = state.handed_out.remove(&ticket) {
            state.taken.remove(&found.path);
            let wait = state.retries.get(&found.path).map_or(RETRY.0, |(_, wait)| (*wait * 2).min(RETRY.1));
            state.retries.insert(found.path, (Some(Instant::now() + wait), wait));
        }
        drop(state);
        self.shared.moved.notify_all();
    }

    /// How many files wait to be read.
    pub fn waiting(&self) -> usize {
        self.shared.lock().ready.len()
    }

    /// Whether all that was there when the host began is done, or waits to be tried again.
    pub fn has_caught_up(&self) -> bool {
        let state = self.shared.lock();
        let is_earlier = |later: u64| state.next_ticket < later || state.handed_out.keys().any(|ticket| ticket.0 < later);
        state.first_later.is_some_and(|later| !is_earlier(later))
    }

    /// Hands nothing out for now, or goes on.
    pub fn pause(&self, is_paused: bool) {
        self.shared.lock().is_paused = is_paused;
        self.shared.moved.notify_all();
    }

    /// Hands nothing out any more.
    pub fn stop(&self) {
        self.shared.lock().is_stopped = true;
        self.shared.moved.notify_all();
    }
}

impl Drop for Folders {
    fn drop(&mut self) {
        self.stop();
        if let Some(looking) = self.looking.take()
            && let Err(panic) = looking.join()
        {
            std::panic::resume_unwind(panic);
        }
    }
}

impl Objects for FolderObjects {
    fn next(&mut self, wait: bool) -> Next {
        let mut state = self.0.lock();
        loop {
            if state.is_stopped {
                return Next::End;
            }
            if !state.is_paused
                && let Some(found) = state.ready.pop_front()
            {
                let ticket = Ticket(state.next_ticket);
                state.next_ticket += 1;
                let object = StoredObject::ticketed(found.path.clone(), found.version.bytes, ticket);
                state.handed_out.insert(ticket, found);
                drop(state);
                self.0.moved.notify_all();
                return Next::Object(object);
            }
            if !wait {
                return Next::NoneYet;
            }
            state = self.0.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The thread that looks.
struct Looker {
    folders: Vec<(Folder, Instant)>,
    shared: Arc<Shared>,
    /// Held: events come as long as it is there.
    _watcher: Option<RecommendedWatcher>,
    /// Files that were seen and not left alone for long enough: when to look again.
    unsettled: HashMap<PathBuf, (FileVersion, Instant)>,
    /// Of those, what the first look saw; none before it.
    first_unsettled: Option<HashSet<PathBuf>>,
    listener: Box<dyn Listener>,
    /// What can't be looked at: each place until it is looked at again.
    problems: BTreeMap<PathBuf, String>,
    not_watched: Vec<Problem>,
    /// The problems that were told last.
    told: Vec<Problem>,
    next_sweep: Instant,
}

impl Looker {
    fn new(folders: Vec<Folder>, shared: Arc<Shared>, listener: Box<dyn Listener>) -> Self {
        let now = Instant::now();
        let mut not_watched = Vec::new();
        let heard = Arc::clone(&shared);
        let mut watcher = match notify::recommended_watcher(move |event| hear(&heard, event)) {
            Ok(watcher) => Some(watcher),
            Err(error) => {
                not_watched.push(late(PathBuf::from("/"), &error));
                None
            }
        };
        for folder in &folders {
            if let Some(Err(error)) = watcher.as_mut().map(|watcher| watcher.watch(&folder.path, RecursiveMode::Recursive)) {
                not_watched.push(late(folder.path.clone(), &error));
            }
        }
        let folders = folders.into_iter().map(|folder| (folder, now)).collect();
        Self {
            folders,
            shared,
            _watcher: watcher,
            unsettled: HashMap::new(),
            first_unsettled: None,
            listener,
            problems: BTreeMap::new(),
            not_watched,
            told: Vec::new(),
            next_sweep: now,
        }
    }

    fn look_until_stopped(mut self) {
        while let Some((said, is_lost)) = self.wait() {
            self.listener.beat(Duration::ZERO);
            let now = Instant::now();
            for number in 0..self.folders.len() {
                if is_lost || now >= self.folders[number].1 {
                    self.folders[number].1 = now + self.folders[number].0.rescan;
                    let path = self.folders[number].0.path.clone();
                    self.walk(&path);
                }
            }
            let due: Vec<PathBuf> =
                self.unsettled.iter().filter(|(_, (_, when))| now >= *when).map(|(path, _)| path.clone()).collect();
            for path in due {
                self.look_at(&path, false);
            }
            for (path, is_closed) in said {
                if path.is_dir() { self.walk(&path) } else { self.look_at(&path, is_closed) }
            }
            self.note_first_look();
            if now >= self.next_sweep {
                self.next_sweep = now + SWEEP;
                // It looks at every file that was ever judged and is remembered.
                self.listener.idle();
                let result = self.shared.ledger.forget_gone();
                self.note(result);
            }
            self.tell();
        }
    }

    /// The first look is over when every file that it saw was handed over: one that was just written waits until it has settled.
    fn note_first_look(&mut self) {
        let unsettled = &self.unsettled;
        let first = self.first_unsettled.get_or_insert_with(|| unsettled.keys().cloned().collect());
        first.retain(|path| unsettled.contains_key(path));
        let is_over = first.is_empty();
        let mut state = self.shared.lock();
        if is_over && state.first_later.is_none() {
            state.first_later = Some(state.next_ticket + state.ready.len() as u64);
        }
    }

    /// Waits for something to look at. None when it is over.
    fn wait(&self) -> Option<(HashMap<PathBuf, bool>, bool)> {
        let mut state = self.shared.lock();
        loop {
            if state.is_stopped {
                return None;
            }
            let now = Instant::now();
            let rescans = self.folders.iter().map(|(_, when)| *when);
            let settling = self.unsettled.values().map(|(_, when)| *when);
            let State { retries, said, .. } = &mut *state;
            for (path, (when, _)) in retries.iter_mut() {
                if when.take_if(|when| *when <= now).is_some() {
                    said.entry(path.clone()).or_insert(false);
                }
            }
            let retrying = retries.values().filter_map(|(when, _)| *when);
            let next = rescans.chain(settling).chain(retrying).min();
            if !state.said.is_empty() || state.is_lost || next.is_none_or(|next| next <= now) {
                return Some((std::mem::take(&mut state.said), std::mem::take(&mut state.is_lost)));
            }
            let wait = next.map_or(Duration::ZERO, |next| next - now);
            self.listener.idle();
            state = self.shared.moved.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn walk(&mut self, root: &Path) {
        self.problems.retain(|path, _| !path.starts_with(root));
        for entry in WalkDir::new(root).sort_by_file_name().follow_links(true) {
            match entry {
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => self.look_at(entry.path(), false),
                // What is gone since its folder was listed is no problem.
                Err(error) if error.depth() > 0 && is_gone(&error) => {}
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    self.problems.insert(path, error.to_string());
                }
            }
            if self.shared.lock().is_stopped {
                return;
            }
        }
    }

    /// Looks at a file: is it new, and is it whole?
    fn look_at(&mut self, path: &Path, is_closed: bool) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Hidden files are those that others are still writing.
        if name.starts_with('.') || !NAME_ENDS.iter().any(|end| name.ends_with(end)) {
            return;
        }
        self.listener.beat(Duration::ZERO);
        self.problems.remove(path);
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) => metadata,
            Err(error) => {
                self.unsettled.remove(path);
                if error.kind() == std::io::ErrorKind::NotFound {
                    self.shared.lock().retries.remove(path);
                } else {
                    self.problems.insert(path.to_owned(), error.to_string());
                }
                return;
            }
        };
        if !metadata.is_file() {
            return;
        }
        let version = FileVersion::from(&metadata);
        match self.shared.ledger.is_done(path, version) {
            Ok(is_done) => {
                self.note(Ok(()));
                if is_done {
                    self.unsettled.remove(path);
                    return;
                }
            }
            Err(error) => return self.note(Err(error)),
        }
        let now = Instant::now();
        let settle = self.settle(path);
        let age = metadata.modified().ok().and_then(|modified| SystemTime::now().duration_since(modified).ok());
        let left_alone = match self.unsettled.get(path) {
            Some((before, when)) => *before == version && now >= *when,
            // A time in the future says nothing.
            None => age.is_some_and(|age| age >= settle),
        };
        if is_closed || left_alone {
            self.unsettled.remove(path);
            self.hand_over(Found { path: path.to_owned(), version, since: now });
        } else if self.unsettled.get(path).is_none_or(|(before, _)| *before != version) {
            self.unsettled.insert(path.to_owned(), (version, now + settle));
        }
    }

    fn note(&mut self, result: Result<(), StoreError>) {
        match result {
            Ok(()) => self.problems.remove(Path::new("")),
            Err(error) => self.problems.insert(PathBuf::new(), error.to_string()),
        };
    }

    fn settle(&self, path: &Path) -> Duration {
        let of = self.folders.iter().filter(|(folder, _)| path.starts_with(&folder.path));
        of.map(|(folder, _)| folder.settle).max().unwrap_or_default()
    }

    fn hand_over(&mut self, found: Found) {
        let mut state = self.shared.lock();
        while state.ready.len() >= FILES_READY && !state.is_stopped {
            self.listener.idle();
            state = self.shared.moved.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let retry = state.retries.get(&found.path);
        let (is_new, is_waiting) = (retry.is_none(), retry.is_some_and(|(when, _)| when.is_some()));
        if !is_waiting && state.taken.insert(found.path.clone()) {
            let folder = self.folders.iter().position(|(folder, _)| found.path.starts_with(&folder.path));
            state.ready.push_back(found);
            drop(state);
            // One that could not be read and is tried again has not arrived again.
            folder.filter(|_| is_new).inspect(|folder| self.listener.found(*folder));
            self.shared.moved.notify_all();
        }
    }

    fn tell(&mut self) {
        let problems =
            self.problems.iter().map(|(path, reason)| Problem { path: path.clone(), reason: reason.clone(), is_late: false });
        let problems: Vec<Problem> = problems.chain(self.not_watched.iter().cloned()).collect();
        if self.told != problems {
            self.listener.problems(&problems);
            self.told = problems;
        }
    }
}

fn late(path: PathBuf, error: &notify::Error) -> Problem {
    Problem { path, reason: format!("new files are noticed late: {error}"), is_late: true }
}

fn is_gone(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == std::io::ErrorKind::NotFound)
}

/// Remembers what the operating system says.
fn hear(shared: &Shared, event: notify::Result<Event>) {
    let mut state = shared.lock();
    match event {
        Ok(event) => {
            let is_closed = match event.kind {
                EventKind::Access(AccessKind::Close(AccessMode::Write))
                | EventKind::Modify(ModifyKind::Name(RenameMode::To | RenameMode::Both)) => true,
                EventKind::Access(_) | EventKind::Remove(_) => return,
                _ => false,
            };
            if event.need_rescan() {
                state.is_lost = true;
            }
            for path in event.paths {
                if state.said.len() < FILES_READY {
                    *state.said.entry(path).or_default() |= is_closed;
                } else {
                    state.is_lost = true;
                }
            }
        }
        Err(_) => state.is_lost = true,
    }
    drop(state);
    shared.moved.notify_all();
}
