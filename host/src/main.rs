//! The `trailwarden` binary: parses the command line and hands over.

use std::process::ExitCode;

use trailwarden::policy::compile::ReportingAllocator;

#[global_allocator]
static ALLOCATOR: ReportingAllocator = ReportingAllocator;

fn main() -> ExitCode {
    trailwarden::cli::run()
}
