//! `trailwarden policy dev`: builds, tests and compares again whenever something is saved.
//!
//! A run is begun by what the folder holds, not by events: these only say when to look, and a slow look backs them, since network
//! file systems send none. A build that fails ends nothing; what was good last stays what the next build is compared with.

mod source;

use std::collections::BTreeMap;
use std::fs;
use std::future::poll_fn;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::task::Poll;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use clap::Args;
use notify::{RecursiveMode, Watcher as _};

use super::exit::Exit;
use super::looking::{self, Reading};
use super::policy_build::{self, BuiltPolicy};
use super::policy_diff;
use super::{loading, policy_test};
use crate::config::Config;
use crate::digest::Digest;
use crate::harmless::harmless;
use crate::policy::Loader;
use crate::record::ReadLimits;
use source::digest;

/// For how long nothing may happen before a run begins: an editor writes several files one after the other.
const QUIET: Duration = Duration::from_millis(150);
/// For how long a run is put off at most while things go on happening.
const PUT_OFF: Duration = Duration::from_secs(2);
/// How often the folder is looked at without an event.
const LOOK: Duration = Duration::from_secs(2);
/// Differences of each kind that are listed.
const LISTED: usize = 10;

/// What `trailwarden policy dev` is given.
#[derive(Debug, Args)]
#[command(
    after_help = "Ctrl-C ends it. A build or a test that fails doesn't.\n\nExit codes: 0 ended by Ctrl-C; 2 the folder can't be watched."
)]
pub(super) struct DevArgs {
    /// Judge these records (a file or a folder) with each build, and show the difference to the last good one; may be given several times
    #[arg(short, long, value_name = "PATH")]
    records: Vec<PathBuf>,

    /// The configuration under which records are judged
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A policy's folder, or a folder of several
    #[arg(value_name = "DIR", default_value = ".")]
    dir: PathBuf,
}

/// What wakes it.
enum Woken {
    /// Something may have changed.
    Changed,
    /// The user ends it.
    Stop,
}

pub(super) fn run(args: &DevArgs) -> anyhow::Result<Exit> {
    let config = super::configuration(args.config.as_ref())?;
    let (sender, woken) = mpsc::channel();
    let of_events = sender.clone();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        // Reading changes nothing; whatever else happened, or couldn't be told, is reason to look.
        if !event.is_ok_and(|event| event.kind.is_access()) {
            // Nobody listens any more when it ends.
            let _ = of_events.send(Woken::Changed);
        }
    })
    .context("files can't be watched here")?;
    watcher.watch(&args.dir, RecursiveMode::Recursive).with_context(|| format!("{} can't be watched", args.dir.display()))?;
    stop_on_signal(sender)?;
    let mut bench = Bench {
        loader: loading::loader(&config)?,
        config,
        records: &args.records,
        good: BTreeMap::new(),
        kept: tempfile::tempdir()?,
    };
    let mut seen: Option<Digest> = None;
    loop {
        let now = digest(&args.dir);
        if seen != Some(now) {
            seen = Some(now);
            bench.run(&args.dir);
            println!("waiting for changes in {}; Ctrl-C ends this", args.dir.display());
        }
        if !wait(&woken) {
            println!("ended");
            return Ok(Exit::Done);
        }
    }
}

/// Waits until something may have changed and all is quiet. Returns whether to go on.
fn wait(woken: &Receiver<Woken>) -> bool {
    match woken.recv_timeout(LOOK) {
        Ok(Woken::Changed) => {}
        Err(RecvTimeoutError::Timeout) => return true,
        Ok(Woken::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
    }
    let begun = Instant::now();
    while begun.elapsed() < PUT_OFF {
        match woken.recv_timeout(QUIET) {
            Ok(Woken::Changed) => {}
            Err(RecvTimeoutError::Timeout) => return true,
            Ok(Woken::Stop) | Err(RecvTimeoutError::Disconnected) => return false,
        }
    }
    true
}

/// Has the signals by which a user ends a program wake it; a second one ends it at once.
fn stop_on_signal(sender: Sender<Woken>) -> anyhow::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().context("signals can't be heard")?;
    let (mut interrupt, mut terminate) = {
        let _inside = runtime.enter();
        (
            signal(SignalKind::interrupt()).context("signals can't be heard")?,
            signal(SignalKind::terminate()).context("signals can't be heard")?,
        )
    };
    let listen = move || {
        let mut next = || {
            runtime.block_on(poll_fn(|context| {
                let is_there = interrupt.poll_recv(context).is_ready() || terminate.poll_recv(context).is_ready();
                if is_there { Poll::Ready(()) } else { Poll::Pending }
            }));
        };
        next();
        // A build may be under way, which is ended by the same signal where it comes from a terminal.
        let _ = sender.send(Woken::Stop);
        next();
        std::process::exit(130);
    };
    thread::Builder::new().name("signals".into()).spawn(listen).context("signals can't be heard")?;
    Ok(())
}

/// What is kept from run to run.
struct Bench<'a> {
    loader: Loader,
    config: Config,
    records: &'a [PathBuf],
    /// The last good build of each policy, by its name: a copy of its file.
    good: BTreeMap<String, PathBuf>,
    kept: tempfile::TempDir,
}

impl Bench<'_> {
    /// Builds, tests and compares; what goes wrong is told.
    fn run(&mut self, dir: &Path) {
        println!("\nbuilding {}", dir.display());
        let built = match policy_build::build_default(dir) {
            Ok(built) => built,
            Err(error) => {
                println!("FAILED: {error}");
                return;
            }
        };
        for policy in built {
            if let Err(error) = self.try_out(&policy) {
                println!("FAILED: {}: {}", policy.name, harmless(&format!("{error:#}")));
            }
        }
    }

    fn try_out(&mut self, policy: &BuiltPolicy) -> anyhow::Result<()> {
        let outcome = policy_test::test_policy(&self.loader, &policy.crate_dir, &policy.wasm)?;
        outcome.failures.iter().for_each(|failure| println!("FAILED {}", harmless(failure)));
        println!("{}: {} cases passed, {} failed", policy.name, outcome.passed, outcome.failures.len());
        if !self.records.is_empty() {
            self.compare(policy)?;
        }
        if outcome.failures.is_empty() {
            let copy = self.kept.path().join(format!("{}.wasm", policy.name));
            fs::copy(&policy.wasm, &copy).with_context(|| format!("{} can't be copied", policy.wasm.display()))?;
            self.good.insert(policy.name.clone(), copy);
        }
        Ok(())
    }

    fn compare(&self, policy: &BuiltPolicy) -> anyhow::Result<()> {
        let new = looking::policy(&self.loader, &policy.wasm, &self.config)?;
        // The first build is compared with itself, which shows what it finds.
        let old = self.good.get(&policy.name).unwrap_or(&policy.wasm);
        let old = looking::policy(&self.loader, old, &self.config)?;
        let mut reading = Reading::of(self.records, ReadLimits::from(&self.config.limits));
        let report = policy_diff::between(old, new, &self.config, &mut reading, LISTED);
        if self.good.contains_key(&policy.name) {
            println!("{} beside the last good build:", if report.is_change() { "changes" } else { "nothing changes" });
        } else {
            println!("no good build yet to compare with; what this one finds:");
        }
        print!("{report}");
        Ok(())
    }
}
