//! `trailwarden policy bench`: what a policy costs on records, and where that goes.
//!
//! All records are read first, and judged in rounds from memory on one thread. Time is CPU time of that thread, over whole rounds,
//! so that no clock is asked between two calls. Fuel, which is the policy's own instructions, is the same in every run; counting
//! it makes a policy slower, so it has an engine of its own.

mod measured;
mod report;

use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::loading;
use super::looking::{self, Reading};
use super::policy_diff::Format;
use crate::engine::Fuel;
use crate::limits::BENCH_BYTES;
use crate::pipeline::Chunk;
use crate::record::ReadLimits;
use measured::measure;
use report::Report;

/// What `trailwarden policy bench` is given.
#[derive(Debug, Args)]
#[command(
    after_help = "Figures of rules are of each rule alone, so what rules share counts for each of them. Let nothing else run meanwhile: \
                        times are of this machine, fuel is the same everywhere.\n\nExit codes: 0 done; 2 wrong usage or configuration, or \
                        the policy was refused or fails at the records; 3 some input could not be read."
)]
pub(super) struct BenchArgs {
    /// The configuration: settings, context tables, modes and limits
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// How often everything is measured; the fastest and the median round are told
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,

    /// The form of the output
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// The policy (*.wasm)
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Records: files (.json, .json.gz, .jsonl, …), folders of them, or - for standard input
    #[arg(required = true, value_name = "RECORDS")]
    records: Vec<PathBuf>,
}

pub(super) fn run(args: &BenchArgs) -> anyhow::Result<Exit> {
    let config = super::configuration(args.config.as_ref())?;
    let policy = looking::policy(&loading::loader(&config)?, &args.file, &config)?;
    let counting = looking::policy(&loading::loader_with_fuel(&config, Fuel::Counted)?, &args.file, &config)?;
    let mut reading = Reading::of(&args.records, ReadLimits::from(&config.limits));
    let (chunks, is_all) = read(&mut reading);
    reading.finish();
    if !is_all {
        eprintln!("note: only the first records are measured, of {BENCH_BYTES} bytes together");
    }
    let measured = measure(policy, counting, &chunks, &config.limits, args.rounds)?;
    let report = Report::of(measured);
    match args.format {
        Format::Table => print!("{report}"),
        Format::Json => println!("{}", serde_json::to_string_pretty(&report)?),
    }
    Ok(if reading.unreadable > 0 { Exit::Unreadable } else { Exit::Done })
}

/// The records, as many as are held, and whether that is all.
fn read(reading: &mut Reading) -> (Vec<Chunk>, bool) {
    let (mut chunks, mut bytes) = (Vec::new(), 0);
    while let Some(chunk) = reading.next() {
        bytes += chunk.records.iter().map(|record| record.record.json.len()).sum::<usize>();
        chunks.push(chunk);
        if bytes >= BENCH_BYTES {
            return (chunks, false);
        }
    }
    (chunks, true)
}
