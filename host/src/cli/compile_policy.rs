//! `trailwarden compile-policy`: what the host starts for each policy that it has to compile. Nobody types it.

use clap::Args;

use super::exit::Exit;
use crate::engine::{Effort, Fuel};
use crate::policy::compile::{Order, compile_standard_input};

/// What `trailwarden compile-policy` is given.
#[derive(Debug, Args)]
pub(super) struct CompilePolicyArgs {
    /// Bytes of address space
    #[arg(long)]
    memory_bytes: u64,

    /// Seconds of CPU time
    #[arg(long)]
    cpu_seconds: u64,

    /// Bytes that the machine code may have
    #[arg(long)]
    compiled_bytes: u64,

    /// Do not optimise
    #[arg(long)]
    unoptimised: bool,

    /// Let the code count fuel
    #[arg(long)]
    count_fuel: bool,
}

pub(super) fn run(args: &CompilePolicyArgs) -> Exit {
    let effort = if args.unoptimised { Effort::Unoptimised } else { Effort::Optimised };
    let fuel = if args.count_fuel { Fuel::Counted } else { Fuel::Free };
    let CompilePolicyArgs { memory_bytes, cpu_seconds, compiled_bytes, .. } = *args;
    compile_standard_input(&Order { effort, fuel, memory_bytes, cpu_seconds, compiled_bytes });
    Exit::Done
}
