//! Trailwarden's host: judges AWS CloudTrail records in sandboxed policies.
//!
//! One direction, each stage knowing the one before it only by the value that it receives:
//!
//! ```text
//! source ─► record ─► route ─► engine ─► finding ─► sink
//!                       ▲         ▲
//!                       └ policy ─┘  (verified, compiled and configured files)
//! ```
//!
//! - [`source`]: objects, from files, folders and standard input.
//! - [`sink`]: where the findings of a running host go.
//! - [`record`]: from an object's bytes to records.
//! - [`policy`]: from a file to a policy that may judge, and the catalogue of them.
//! - [`route`]: from a record's indexed fields to the rules that want it.
//! - [`engine`]: wasmtime, and nothing of it elsewhere.
//! - [`exception`]: findings that the platform team has decided to hear nothing of, for a while.
//! - [`finding`]: what was found, its identity, OCSF and the table.
//! - [`store`]: what outlives a record: the journal of tasks that failed.
//! - [`pipeline`]: joins the stages; read it first.
//! - [`service`]: the running host around them.
//! - [`config`], [`limits`], [`digest`]: what the stages are set to.
//! - [`watch`]: that files have changed.
//! - [`telemetry`]: what a running host tells of itself: metrics, health, its log.
//! - [`harmless`]: text of strangers, for terminals.
//! - [`redaction`]: a record made fit to be shown.
//! - [`toolchain`]: how policies are compiled on this machine.
//! - [`cli`]: the command line.

pub mod aws;
pub mod cli;
pub mod config;
pub mod digest;
pub mod engine;
pub mod exception;
pub mod finding;
pub mod harmless;
pub mod limits;
pub mod pipeline;
pub mod policy;
pub mod pulse;
pub mod record;
pub mod redaction;
pub mod route;
pub mod service;
pub mod sink;
pub mod source;
pub mod store;
pub mod telemetry;
pub mod toolchain;
pub mod watch;
