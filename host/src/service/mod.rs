//! The running host: watches folders, judges what arrives, delivers what was found, and keeps its policies up with their files.
//!
//! Four kinds of threads, which share little: one looks for new files, workers judge them, one looks at policies and
//! configuration, one listens for signals. Workers take the policies in force once for each chunk, and hand their results over in
//! the order of the records; whoever is next in that order delivers. Nothing waits for a swap.
//!
//! An object is done when the journal has what failed in it, every sink has what was found in it, and the ledger says so, in this
//! order. Wherever the host is killed, what is not done is judged again, with the same ids.

mod delivery;
mod heard;
mod reload;
mod stop;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use policy_contract::name::Name;

use self::delivery::{Delivery, Route};
pub use self::delivery::{StepError, Stopped, Sums};
use self::heard::Heard;
use self::reload::Reloader;
pub use self::stop::Stop;
use crate::config::{Config, Take};
use crate::pipeline::{Feed, Journaling, Quarantines, judge_all};
use crate::policy::{Library, Loader};
use crate::record::ReadLimits;
use crate::sink::{Recovered, Sink, SinkError, Taken, Target};
use crate::source::Folders;
use crate::store::{Ledger, StoreError};
use crate::telemetry::Telemetry;
use crate::telemetry::http::{self, ServeError, Server};
use crate::telemetry::log::events;

/// What a service needs to run.
pub struct Service {
    /// The configuration at the start.
    pub config: Config,
    /// What makes policies ready.
    pub loader: Loader,
    /// Folders with policies, and policy files.
    pub policy_paths: Vec<PathBuf>,
    /// Where it keeps what outlives it.
    pub state_path: PathBuf,
    /// How many threads judge.
    pub workers: usize,
}

/// Why a service can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is nothing to read.
    #[error("there is nothing to read: name a folder in a section [sources.NAME] of the configuration")]
    NoSource,
    /// A folder is not there.
    #[error("the folder {} of [sources.{name}] can't be looked at: {source}", path.display())]
    Source {
        /// The source.
        name: Name,
        /// Its folder.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// No policy can judge: every record would pass unseen.
    #[error("no policy could be loaded from {}; what was refused is in the log", list(.0))]
    NoPolicy(Vec<PathBuf>),
    /// A sink can't be opened.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The ledger or the journal can't be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Metrics and health can't be served.
    #[error(transparent)]
    Telemetry(#[from] ServeError),
    /// No thread can be started.
    #[error("no thread can be started: {0}")]
    Thread(std::io::Error),
}

/// What a service says at its end.
#[derive(Debug)]
pub struct Ended {
    /// What was read, judged and written.
    pub sums: Sums,
    /// What each sink has taken.
    pub sinks: Vec<(Name, Taken)>,
    /// Why it ended, where nobody asked it to or it could not finish.
    pub stopped: Option<Stopped>,
}

impl Service {
    /// Runs until `stop` is wished and what was in hand is done, or nothing can be delivered any more.
    ///
    /// # Errors
    /// It can't start.
    ///
    /// # Panics
    /// A worker's panic is handed on: what it had in hand is judged again at the next start.
    pub fn run(self, stop: &Stop) -> Result<Ended, StartError> {
        let Self { config, loader, policy_paths, state_path, workers } = self;
        let started = Instant::now();
        let sources: Vec<_> = config.sources.iter().map(|(name, source)| (name, &source.folder)).collect();
        if sources.is_empty() {
            return Err(StartError::NoSource);
        }
        for (name, folder) in &sources {
            std::fs::read_dir(&folder.path).map_err(|source| StartError::Source {
                name: (*name).clone(),
                path: folder.path.clone(),
                source,
            })?;
        }
        let telemetry = Telemetry::new();
        telemetry.configured(&config);
        // Before policies are loaded, which can take a while: whoever asks is told that the host is not ready yet.
        let server = config.telemetry.listen.map(|address| http::serve(address, telemetry.clone())).transpose()?;
        let ledger = Arc::new(Ledger::create(&state_path.join("ledger.redb"))?);
        telemetry.ledger(ledger.files()?, ledger.bytes()?);
        let journaling = journaling(&config, &state_path)?;
        telemetry.journal(journaling.usage()?);
        let routes = routes(&config, &ledger, &telemetry)?;

        let library = Library::new(loader, policy_paths.clone());
        let (mut reloader, found) = Reloader::start(library, Arc::new(config.clone()), telemetry.clone(), workers);
        let mut findings = Vec::new();
        reloader.apply(found, &mut findings);
        findings.extend(reloader.expired());
        let active = reloader.active();
        let loaded = active.load().policies().len();
        if loaded == 0 {
            return Err(StartError::NoPolicy(policy_paths));
        }
        let (version, refused) = (env!("CARGO_PKG_VERSION"), reloader.refused());
        events::service_started(&version, &config.digest, loaded as u64, refused as u64, workers as u64);

        let heard = Heard::new(sources.iter().map(|(name, folder)| (name.as_str(), folder.path.as_path())), &telemetry);
        let folders = sources.into_iter().map(|(_, folder)| folder.clone()).collect();
        let folders = Arc::new(Folders::watch(folders, Arc::clone(&ledger), heard).map_err(StartError::Thread)?);
        let waiting = Arc::downgrade(&folders);
        telemetry.queue("files", move || waiting.upgrade().map_or(0, |folders| folders.waiting() as u64));
        let feed = Feed::new(folders.objects(), ReadLimits::from(&config.limits), |_| ());
        let delivery =
            Delivery::new(routes, ledger, Arc::clone(&folders), journaling, Arc::clone(&active), telemetry.clone(), stop.clone());
        let delivery = Mutex::new(delivery);
        let locked = || delivery.lock().unwrap_or_else(PoisonError::into_inner);

        let (waker, stopping) = (reloader.waker(), Arc::clone(&folders));
        stop.when_wished(move || {
            events::service_stopping();
            stopping.stop();
            waker.close();
        });
        let stopped = thread::scope(|scope| {
            let reloading = scope.spawn(|| {
                let result = reloader.run(&delivery, &folders, || stop.is_wished());
                // Without it nothing would be swapped any more, so nothing goes on.
                result.inspect_err(|_| stop.finish())
            });
            // Whatever ends the workers, a panic too, ends the other threads.
            let _ends = Finish(stop);
            // The lock is given back before the workers need it.
            let reported = locked().report(&findings);
            let result = reported.and_then(|()| {
                let quarantines = Quarantines::new(&config.limits);
                let current = || active.load_full();
                let workers = (0..workers).map(|number| telemetry.worker(number)).collect();
                judge_all(feed, current, &config.limits, workers, quarantines, |scanned| locked().receive(scanned))
            });
            stop.finish();
            let reloaded = reloading.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            let result = result.and(reloaded);
            if result.is_ok() { locked().finish() } else { result }
        });
        let delivery = delivery.into_inner().unwrap_or_else(PoisonError::into_inner);
        let sinks = delivery.taken().map(|(name, taken)| (name.clone(), taken)).collect();
        match &stopped {
            Ok(()) => events::service_stopped(started.elapsed()),
            Err(stopped) => events::service_failed(stopped),
        }
        server.into_iter().for_each(Server::stop);
        Ok(Ended { sums: delivery.sums().clone(), sinks, stopped: stopped.err() })
    }
}

/// Asks for the end when it goes out of scope.
struct Finish<'s>(&'s Stop);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        self.0.finish();
    }
}

fn journaling(config: &Config, state_path: &Path) -> Result<Journaling, StoreError> {
    let default = state_path.join("failed-tasks.redb");
    Journaling::new(config.journal_path.as_ref().unwrap_or(&default), config.limits.journal_mib.bytes())
}

/// The sinks of the configuration; standard output where it has none.
fn routes(config: &Config, ledger: &Ledger, telemetry: &Telemetry) -> Result<Vec<Route>, StartError> {
    let mut sinks: BTreeMap<Name, (Target, Take)> =
        config.sinks.iter().map(|(name, sink)| (name.clone(), (sink.target.clone(), sink.take.clone()))).collect();
    if sinks.is_empty()
        && let Ok(name) = "stdout".parse()
    {
        sinks.insert(name, (Target::StandardOutput, Take::default()));
    }
    let mut routes = Vec::new();
    for (name, (target, take)) in sinks {
        let place = ledger.sink(name.as_str())?;
        let (sink, recovered) = Sink::open(name, target, place)?;
        let Recovered { findings, torn_bytes } = recovered;
        if torn_bytes > 0 {
            events::sink_torn(sink.name(), torn_bytes);
        }
        events::sink_opened(sink.name(), findings);
        let meter = telemetry.sink(sink.name().as_str(), true);
        meter.open();
        routes.push(Route { sink, take, meter });
    }
    Ok(routes)
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
