//! The process that compiles one policy and ends.
//!
//! Takes the policy's file on standard input; gives machine code on standard output and a [`Report`] on standard error. Before
//! it reads a byte it limits itself, so that whatever the file does to the compiler, this process ends and the host lives.

use std::any::Any;
use std::io::{self, Read as _, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::memory::report_failures;
use super::report::{REPORT_BYTES, Report};
use crate::engine::{Effort, Fuel, precompile};
use crate::policy::LoadError;
use crate::policy::world::{Encoding, World, check_size, encoding, has_component_type};
use crate::policy::wrap::component_from_module;

/// Files that the process may have open: the three that it was given, and a few for whatever the run-time library opens.
const OPEN_FILES: u64 = 16;

/// The report where the whole one would be cut off: only names that the file itself holds can make it so long.
const TOO_LONG: &str = r#"{"Refused":"it has more, or longer, names of imports and exports than a report holds"}"#;

/// What a compiling process is told on its command line.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    /// How hard to try.
    pub effort: Effort,
    /// Whether the code is to count fuel.
    pub fuel: Fuel,
    /// Bytes of address space.
    pub memory_bytes: u64,
    /// Seconds of CPU time.
    pub cpu_seconds: u64,
    /// Bytes that the machine code may have.
    pub compiled_bytes: u64,
}

/// Compiles what stands on standard input; the report says how that went.
pub fn compile_standard_input(order: &Order) {
    // A panic of the compiler is caught, so that it is told from an end that nothing could be said about.
    let report = catch_unwind(AssertUnwindSafe(|| compile(order).unwrap_or_else(|report| report)));
    let report = report.unwrap_or_else(|panic| Report::Panicked(message(panic.as_ref())));
    let line = serde_json::to_string(&report).ok().filter(|line| (line.len() as u64) < REPORT_BYTES / 2);
    let line = line.unwrap_or_else(|| TOO_LONG.to_owned());
    // If the host is gone, nobody is there to be told.
    let _ = writeln!(io::stderr(), "\n{line}");
}

fn compile(order: &Order) -> Result<Report, Report> {
    limit_this_process(order).map_err(|error| Report::Failed(format!("the compiler can't be limited: {error}")))?;
    report_failures();
    let mut file = Vec::new();
    let read = io::stdin().lock().read_to_end(&mut file);
    read.map_err(|error| Report::Failed(format!("the compiler can't read the policy: {error}")))?;
    let component = to_component(file).map_err(refused)?;
    let world = World::read(&component).map_err(refused)?;
    if world.check().is_err() {
        return Err(Report::OtherWorld(world));
    }
    check_size(&component).map_err(refused)?;
    let code = precompile(&component, order.effort, order.fuel)
        .map_err(|error| if error.is_out_of_memory() { Report::OutOfMemory } else { Report::Refused(error.to_string()) })?;
    let bytes = code.len() as u64;
    if bytes > order.compiled_bytes {
        return Err(Report::TooLarge);
    }
    let mut output = io::stdout().lock();
    let written = output.write_all(&code).and_then(|()| output.flush());
    written.map_err(|error| match (error.kind(), error.raw_os_error()) {
        (io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded, Some(number)) => Report::NoRoom(number),
        _ => Report::Failed(format!("the compiler can't write the machine code: {error}")),
    })?;
    Ok(Report::Compiled { world, bytes })
}

fn to_component(file: Vec<u8>) -> Result<Vec<u8>, LoadError> {
    match encoding(&file)? {
        Encoding::Component => Ok(file),
        Encoding::Module if has_component_type(&file)? => component_from_module(&file),
        Encoding::Module => Err(LoadError::NoComponentType),
    }
}

fn refused(error: LoadError) -> Report {
    match error {
        LoadError::NotWasm => Report::NotWasm,
        LoadError::Malformed { reason } => Report::Malformed(reason),
        LoadError::NoComponentType => Report::NoComponentType,
        LoadError::Wrap { reason } => Report::Wrap(reason),
        LoadError::TooMany { what, number, limit } => Report::TooMany { what, number, limit },
        other => Report::Refused(other.to_string()),
    }
}

/// Sets this process's limits, and gives up what it does not need.
fn limit_this_process(order: &Order) -> io::Result<()> {
    // The code may be one byte too large, so that the process itself can say so.
    let file_bytes = order.compiled_bytes.saturating_add(1);
    // Memory and CPU time are bounded for one process, so this one may start no other. Root is not bound by `Nproc`: there
    // it rests on the compiler starting nothing. It needs no threads: wasmtime is built without parallel compilation.
    let limits = [
        (Resource::As, order.memory_bytes),
        (Resource::Fsize, file_bytes),
        (Resource::Core, 0),
        (Resource::Nofile, OPEN_FILES),
        (Resource::Nproc, 0),
    ];
    for (resource, limit) in limits {
        set_limit(resource, limit, limit)?;
    }
    // At the first the process is told by a signal that means nothing else; the second can't be put off.
    set_limit(Resource::Cpu, order.cpu_seconds, order.cpu_seconds.saturating_add(1))?;
    #[cfg(target_os = "linux")]
    {
        rustix::thread::set_no_new_privs(true)?;
        // A host that is killed leaves no compiler behind.
        rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    }
    Ok(())
}

/// Sets a limit, or leaves it where it is lower already.
fn set_limit(resource: Resource, current: u64, maximum: u64) -> rustix::io::Result<()> {
    let allowed = getrlimit(resource).maximum.unwrap_or(u64::MAX);
    setrlimit(resource, Rlimit { current: Some(current.min(allowed)), maximum: Some(maximum.min(allowed)) })
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without a message").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_for_what_is_too_long_is_one() {
        assert!(matches!(Report::last_in(TOO_LONG.as_bytes()), Some(Report::Refused(_))));
    }
}
