//! Compilation in a process of its own.
//!
//! A compiler can't be interrupted, and a policy of a few kilobytes can be made that keeps it busy for minutes or takes all memory.
//! So the host starts itself once more for each policy that it has no machine code of: it hands over the file, and takes
//! machine code or a typed reason why there is none. The process limits itself (memory, CPU time, size of the
//! result) before it reads a byte, and the host ends it at a deadline. Whatever it dies of, the other policies load.
//!
//! A policy that goes beyond a limit is tried once more without optimisation and with registers given out in one pass, which takes time
//! nearly in proportion to its size; the operator is told that it runs unoptimised.
//!
//! What is not limited: which code comes out. A policy that makes the compiler write something else than a compilation of itself
//! would be a hole in the compiler, and this process is no sandbox against that.

mod child;
mod error;
mod memory;
mod report;

use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

pub use child::{Order, compile_standard_input};
pub use error::{CompileError, Exhausted};
pub use memory::ReportingAllocator;

use super::{LoadError, World};
use crate::engine::{Effort, Fuel};
use crate::limits::{Limits, Quantity as _};
use error::TryError;
use report::{REPORT_BYTES, Report};

/// The hidden subcommand of `trailwarden` that compiles what stands on standard input.
pub const SUBCOMMAND: &str = "compile-policy";
/// Characters of a process's standard error that an error repeats.
const LAST_WORDS: usize = 300;
/// How often a process is looked after that has closed its standard error and not ended yet.
const LOOK_AFTER: Duration = Duration::from_millis(1);

/// The program that compiles policies: `trailwarden` itself.
#[derive(Clone, Debug)]
pub struct Compiler {
    program: PathBuf,
    fuel: Fuel,
}

/// What a compilation gave besides the machine code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Compilation {
    /// What the component imports and exports.
    pub world: World,
    /// Bytes of machine code.
    pub bytes: u64,
    /// Why the code is not optimised, if it isn't.
    pub unoptimised: Option<Exhausted>,
}

impl Compiler {
    /// The running program, which must be `trailwarden`.
    ///
    /// # Errors
    /// The system does not say which program runs.
    pub fn this_program() -> io::Result<Self> {
        // On Linux, this name leads to the program that runs even after an upgrade has put another one in its place.
        let program = if cfg!(target_os = "linux") { PathBuf::from("/proc/self/exe") } else { std::env::current_exe()? };
        Ok(Self::program(program))
    }

    /// A `trailwarden` binary of this version, for programs that use this crate as a library.
    pub fn program(program: PathBuf) -> Self {
        Self { program, fuel: Fuel::Free }
    }

    /// The same, making code for an engine that counts fuel or doesn't.
    #[must_use]
    pub fn with_fuel(self, fuel: Fuel) -> Self {
        Self { fuel, ..self }
    }

    /// Has a policy's file compiled; the machine code stands in `output` afterwards, and nothing else.
    ///
    /// # Errors
    /// The file is no policy that this host speaks to, or [`LoadError::Compile`].
    pub(super) fn compile(&self, policy: &[u8], output: &File, limits: &Limits) -> Result<Compilation, LoadError> {
        let optimised = match self.attempt(policy, output, limits, Effort::Optimised) {
            Ok((world, bytes)) => return Ok(Compilation { world, bytes, unoptimised: None }),
            Err(TryError::Final(error)) => return Err(error),
            Err(TryError::Exhausted(exhausted)) => exhausted,
        };
        match self.attempt(policy, output, limits, Effort::Unoptimised) {
            Ok((world, bytes)) => Ok(Compilation { world, bytes, unoptimised: Some(optimised) }),
            Err(TryError::Final(error)) => Err(error),
            Err(TryError::Exhausted(unoptimised)) => Err(CompileError::Exhausted { optimised, unoptimised }.into()),
        }
    }

    fn attempt(&self, policy: &[u8], output: &File, limits: &Limits, effort: Effort) -> Result<(World, u64), TryError> {
        let deadline = Instant::now() + limits.compile_deadline_seconds.duration();
        let stdout = empty(output).map_err(|error| failed("the file for the machine code can't be used", &error))?;
        let mut command = Command::new(&self.program);
        command.arg0("trailwarden").arg(SUBCOMMAND).env_clear().current_dir("/");
        command.arg(format!("--memory-bytes={}", limits.compile_memory_mib.bytes()));
        command.arg(format!("--cpu-seconds={}", limits.compile_cpu_seconds.number()));
        command.arg(format!("--compiled-bytes={}", limits.compiled_mib.bytes()));
        if effort == Effort::Unoptimised {
            command.arg("--unoptimised");
        }
        if self.fuel == Fuel::Counted {
            command.arg("--count-fuel");
        }
        command.stdin(Stdio::piped()).stdout(stdout).stderr(Stdio::piped());
        let mut running = Running(command.spawn().map_err(|error| CompileError::Start { program: self.program.clone(), error })?);
        let ended =
            running.feed_and_wait(policy, deadline).map_err(|error| failed("the compiler can't be waited for", &error))?;
        let Some((status, written)) = ended else {
            return Err(TryError::Exhausted(Exhausted::Deadline { seconds: limits.compile_deadline_seconds.number() }));
        };
        self.outcome(status, &written, limits)
    }

    /// What it means that a process ended so and wrote this.
    fn outcome(&self, status: ExitStatus, written: &[u8], limits: &Limits) -> Result<(World, u64), TryError> {
        let too_large = CompileError::TooLarge { mib: limits.compiled_mib.number() };
        let memory = Exhausted::Memory { mib: limits.compile_memory_mib.number() };
        let last_words = || {
            let text = String::from_utf8_lossy(written);
            let text = text.trim();
            text[text.ceil_char_boundary(text.len().saturating_sub(LAST_WORDS))..].to_owned()
        };
        let report = Report::last_in(written);
        if let Some(signal) = status.signal() {
            let is = |known: Signal| known.as_raw() == signal;
            return Err(match report {
                Some(Report::OutOfMemory) => TryError::Exhausted(memory),
                _ if is(Signal::XCPU) => TryError::Exhausted(Exhausted::CpuTime { seconds: limits.compile_cpu_seconds.number() }),
                _ if is(Signal::XFSZ) => too_large.into(),
                _ => CompileError::Died { signal, last_words: last_words() }.into(),
            });
        }
        match report {
            Some(Report::Compiled { world, bytes }) if status.success() => {
                // What a host of another version made of the file would be another answer.
                world.check()?;
                Ok((world, bytes))
            }
            Some(Report::OtherWorld(world)) => {
                world.check()?;
                Err(CompileError::Failed { reason: "host and compiler differ about the policy's world".to_owned() }.into())
            }
            Some(Report::NotWasm) => Err(LoadError::NotWasm.into()),
            Some(Report::Malformed(reason)) => Err(LoadError::Malformed { reason }.into()),
            Some(Report::NoComponentType) => Err(LoadError::NoComponentType.into()),
            Some(Report::TooMany { what, number, limit }) => Err(LoadError::TooMany { what, number, limit }.into()),
            Some(Report::Wrap(reason)) => Err(LoadError::Wrap { reason }.into()),
            Some(Report::Refused(reason)) => Err(CompileError::Refused { reason }.into()),
            Some(Report::OutOfMemory) => Err(TryError::Exhausted(memory)),
            Some(Report::TooLarge) => Err(too_large.into()),
            Some(Report::NoRoom(number)) => Err(CompileError::NoRoom { error: io::Error::from_raw_os_error(number) }.into()),
            Some(Report::Panicked(message)) => Err(CompileError::Panicked { message }.into()),
            Some(Report::Failed(reason)) => Err(CompileError::Failed { reason }.into()),
            Some(Report::Compiled { .. }) | None => {
                let program = self.program.display().to_string();
                Err(CompileError::NoReport { program, code: status.code(), last_words: last_words() }.into())
            }
        }
    }
}

fn failed(what: &str, error: &io::Error) -> CompileError {
    CompileError::Failed { reason: format!("{what}: {error}") }
}

/// The file, emptied, for a process to write to.
fn empty(mut output: &File) -> io::Result<Stdio> {
    output.set_len(0)?;
    output.rewind()?;
    Ok(output.try_clone()?.into())
}

/// A process that does not outlive this value.
struct Running(Child);

impl Running {
    /// Hands the policy over and waits until the process has ended: how it ended and what it wrote to standard error. `None`
    /// where the deadline came first.
    fn feed_and_wait(&mut self, policy: &[u8], deadline: Instant) -> io::Result<Option<(ExitStatus, Vec<u8>)>> {
        let (Some(mut stdin), Some(stderr)) = (self.0.stdin.take(), self.0.stderr.take()) else {
            return Err(io::Error::other("it has no standard streams"));
        };
        let (sender, receiver) = mpsc::channel();
        thread::scope(|scope| {
            // Taken into the scope, so that the process is gone, and with it both threads, whichever way the scope is left.
            let running = self;
            let result = (|| {
                // A process that ends without reading everything closes the pipe; its report says why.
                let feed = move || drop(stdin.write_all(policy));
                thread::Builder::new().name("compile-feed".into()).spawn_scoped(scope, feed)?;
                let listen = move || {
                    let mut written = Vec::new();
                    let read = stderr.take(REPORT_BYTES).read_to_end(&mut written);
                    // Nobody listens any more where the deadline has passed.
                    drop(sender.send(read.map(|_| written)));
                };
                thread::Builder::new().name("compile-listen".into()).spawn_scoped(scope, listen)?;
                let Ok(written) = receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) else {
                    return Ok(None);
                };
                let written = written?;
                while Instant::now() < deadline {
                    if let Some(status) = running.0.try_wait()? {
                        return Ok(Some((status, written)));
                    }
                    thread::sleep(LOOK_AFTER);
                }
                Ok(None)
            })();
            running.end();
            result
        })
    }

    fn end(&mut self) {
        // Both fail only where it has ended and was waited for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
