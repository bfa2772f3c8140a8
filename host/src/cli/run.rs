//! `trailwarden run`: the service.

use std::path::PathBuf;
use std::thread;

use anyhow::{Context as _, bail};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use indicatif::HumanCount;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::exit::Exit;
use super::{loading, scan};
use crate::config::{Config, TelemetryConfig};
use crate::service::{Ended, Service, Stop};
use crate::telemetry::log::{self, LeastLevel, LogFormat};

/// What `trailwarden run` is given.
#[derive(Debug, Args)]
#[command(
    after_help = "Findings go to the sinks of the configuration, or to standard output where it has none; the log goes to standard \
                        error. SIGTERM or SIGINT ends the service when what is in hand is done; a second one ends it at once, and what is \
                        not done is judged again at the next start. Exit codes: 0 ended as asked; 2 it can't start; 3 it could not finish."
)]
pub(super) struct RunArgs {
    /// The configuration: sources, sinks, settings, context tables, modes and limits
    #[arg(short, long, value_name = "FILE")]
    config: PathBuf,

    /// A policy (*.wasm), or a folder of policies; may be given several times [default: the configuration's `policy_paths`]
    #[arg(short, long = "policies", value_name = "PATH")]
    policies: Vec<PathBuf>,

    /// How many threads judge [default: one for each processor]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    workers: Option<u16>,

    /// The form of the log [default: the configuration's `telemetry.log_format`, else text]
    #[arg(long, value_name = "FORM", value_parser = word(&LogFormat::ALL, LogFormat::as_str))]
    log_format: Option<LogFormat>,

    /// The least level of the log [default: the configuration's `telemetry.log_level`, else info]
    #[arg(long, value_name = "LEVEL", value_parser = word(&LeastLevel::ALL, LeastLevel::as_str))]
    log_level: Option<LeastLevel>,
}

pub(super) fn run(args: RunArgs) -> anyhow::Result<Exit> {
    // Without the lines at fault, which can hold what is secret: this may be read by more people than the file.
    let config = Config::load(&args.config).map_err(|errors| {
        anyhow::anyhow!("the configuration can't be used; `trailwarden config check` shows the lines\n{}", errors.brief())
    })?;
    let TelemetryConfig { log_format, log_level, .. } = config.telemetry;
    log::start(args.log_format.unwrap_or(log_format), args.log_level.unwrap_or(log_level))?;
    let policy_paths = if args.policies.is_empty() { config.policy_paths.clone() } else { args.policies };
    if policy_paths.is_empty() {
        bail!("there are no policies: name a folder of them under `policy_paths` in the configuration, or with -p");
    }
    let state_path = state_path(&config)?;
    let loader = loading::loader(&config)?;
    let workers = args.workers.map_or_else(scan::default_workers, usize::from);
    let stop = Stop::default();
    listen_for_signals(stop.clone()).context("signals can't be heard")?;
    let ended = Service { config, loader, policy_paths, state_path, workers }.run(&stop)?;
    tell(&ended);
    match ended.stopped {
        None => Ok(Exit::Done),
        Some(stopped) => {
            eprintln!("error: {stopped}");
            Ok(Exit::Unreadable)
        }
    }
}

/// Reads one of a few words.
fn word<T: Copy + Send + Sync + 'static>(all: &'static [T], as_str: fn(T) -> &'static str) -> impl TypedValueParser<Value = T> {
    let words = all.iter().map(|value| as_str(*value));
    PossibleValuesParser::new(words)
        .try_map(move |word| all.iter().copied().find(|value| as_str(*value) == word).ok_or("no such word"))
}

/// Where the service keeps what outlives it: what the configuration says, what systemd says, or what the XDG base directory
/// specification says.
fn state_path(config: &Config) -> anyhow::Result<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let from_config = config.state_path.clone();
    let found = from_config
        .or_else(|| folder("STATE_DIRECTORY"))
        .or_else(|| folder("XDG_STATE_HOME").map(|home| home.join("trailwarden")))
        .or_else(|| folder("HOME").map(|home| home.join(".local/state/trailwarden")));
    found.context("there is no place for what the service must remember: set `state_path` in the configuration")
}

/// Ends the service in an orderly way at the first signal, and at once at the second.
fn listen_for_signals(stop: Stop) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    let guard = runtime.enter();
    let (terminate, interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    drop(guard);
    thread::Builder::new().name("signals".into()).spawn(move || {
        runtime.block_on(async move {
            let mut signals = [(terminate, SignalKind::terminate()), (interrupt, SignalKind::interrupt())];
            if next(&mut signals).await.is_some() {
                stop.finish();
            }
            if let Some(kind) = next(&mut signals).await {
                // As if the signal had not been caught: nothing needs to be put in order, since what is not done is judged again.
                std::process::exit(128 + kind.as_raw_value());
            }
        });
    })?;
    Ok(())
}

/// The next signal; none where no more can come.
async fn next(signals: &mut [(Signal, SignalKind); 2]) -> Option<SignalKind> {
    std::future::poll_fn(|context| {
        for (signal, kind) in signals.iter_mut() {
            if let std::task::Poll::Ready(received) = signal.poll_recv(context) {
                return std::task::Poll::Ready(received.map(|()| *kind));
            }
        }
        std::task::Poll::Pending
    })
    .await
}

fn tell(ended: &Ended) {
    let count = |number: u64| HumanCount(number).to_string();
    let sums = &ended.sums;
    eprintln!(
        "objects   {} done, {} missing, {} times one was put back",
        count(sums.done),
        count(sums.missing),
        count(sums.put_back)
    );
    eprintln!(
        "records   {} in = {} evaluated + {} selected by no rule + {} duplicate + {} unreadable + {} not a record",
        count(sums.read.items()),
        count(sums.judged.records.evaluated),
        count(sums.judged.records.unselected),
        count(sums.read.duplicates),
        count(sums.read.unreadable),
        count(sums.read.not_records_total())
    );
    eprintln!(
        "policies  {} tasks = {} answered + {} failed + {} quarantined; {} findings, {} more that no sink takes",
        count(sums.judged.tasks),
        count(sums.judged.answered),
        count(sums.judged.failed),
        count(sums.judged.quarantined),
        count(sums.findings),
        count(sums.untaken)
    );
    for (name, taken) in &ended.sinks {
        eprintln!(
            "sink      {name}: {} findings, {} bytes, {} left out",
            count(taken.findings),
            count(taken.bytes),
            count(taken.left_out)
        );
    }
}
