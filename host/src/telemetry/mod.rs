//! What a running host tells of itself: metrics, health, and its log.
//!
//! The stages are never asked: they hand over what has happened, by the methods of one [`Telemetry`] that is cheap to clone.
//! A method counts, and tells the log where the log has an event for it, so that the two can't disagree. Nothing here decides
//! anything, and nothing waits for whoever reads it.
//!
//! ```no_run
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trailwarden::config::Config;
//! use trailwarden::pulse::Pulse as _;
//! use trailwarden::telemetry::{self, Telemetry};
//!
//! let config = Config::load("trailwarden.toml".as_ref())?;
//! telemetry::log::start(config.telemetry.log_format, config.telemetry.log_level)?;
//! let telemetry = Telemetry::new();
//! telemetry.configured(&config);
//! let server = config.telemetry.listen.map(|address| telemetry::http::serve(address, telemetry.clone())).transpose()?;
//!
//! let mut sink = telemetry.sink("findings", true);
//! let worker = telemetry.worker(0);
//! worker.idle();
//! sink.taken(trailwarden::sink::Taken { findings: 1, bytes: 2_000, left_out: 0 });
//! if let Some(server) = server {
//!     server.stop();
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - [`Telemetry`]: what the stages hand over.
//! - [`METRICS`]: every metric, once.
//! - [`Health`]: whether the parts of the host do their work.
//! - [`http`]: the address at which metrics, health and status are to be had.
//! - [`log`]: the log, every event once.
//! - [`markdown`]: the reference page, made from these definitions.

mod cap;
mod counting;
mod health;
pub mod http;
pub mod log;
mod meters;
mod metrics;
mod page;
mod status;
mod text;

pub use self::counting::Telemetry;
pub use self::health::{Health, Part, PartKind, PartReport, STANDSTILL};
pub use self::meters::{SinkMeter, SourceMeter, WorkerMeter};
pub use self::metrics::{Form, Kind, METRICS, MetricDefinition, ObjectOutcome, Unit};
pub use self::page::markdown;
