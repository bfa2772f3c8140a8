//! What it takes to make a policy's file ready: the engine, the compiler and the code that was compiled before.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::cache::{Bad, Cache, Description, Found, NewCode};
use super::compile::{Compilation, CompileError, Compiler, Exhausted};
use super::error::LoadError;
use super::examples;
use super::world::World;
use crate::digest::Digest;
use crate::engine::{Artefact, Compiled, Engine, EngineError, Held};
use crate::limits::Limits;

/// What makes policies ready. Several threads may use it at once.
pub struct Loader {
    engine: Engine,
    compiler: Compiler,
    cache: Cache,
}

/// What an operator should know about a policy that was loaded nevertheless.
#[derive(Debug)]
pub enum Notice {
    /// A cached policy was damaged, or not ours.
    BadEntry {
        /// The entry.
        path: PathBuf,
        /// What is wrong.
        reason: Bad,
    },
    /// A cached policy is whole, and the engine does not take it.
    NotTaken(EngineError),
    /// Code could not be kept, and is compiled again the next time.
    NotKept(io::Error),
    /// Code is a copy in memory, since its file can't be mapped as code.
    Copied,
    /// To optimise a policy takes more than the limits allow.
    Unoptimised(Exhausted),
    /// It wrote so many lines to its log before it judged anything.
    Unheard(u64),
    /// The cache could not be trimmed, and grows.
    NotTrimmed(io::Error),
}

impl Notice {
    /// Whether it says the same of every policy, so that one of it is enough.
    pub fn is_about_the_cache(&self) -> bool {
        matches!(self, Self::NotKept(_) | Self::Copied | Self::NotTrimmed(_))
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadEntry { path, reason } => {
                write!(f, "the cached code in {} was deleted and the policy compiled again: {reason}", path.display())
            }
            Self::NotTaken(error) => write!(f, "its cached code was deleted and the policy compiled again: it {error}"),
            Self::NotKept(error) => write!(f, "compiled code can't be kept for the next start: {error}; see `cache_path`"),
            Self::Copied => f.write_str(
                "compiled code is held in memory for each policy, since it can't be mapped from where it lies (a file system mounted `noexec`?); set `cache_path`",
            ),
            Self::Unoptimised(exhausted) => {
                write!(f, "it runs unoptimised, and so slower: to optimise it takes {exhausted}")
            }
            Self::Unheard(lines) => write!(
                f,
                "it wrote {lines} lines to its log while it was loaded, and they were dropped: what it says at records is kept"
            ),
            Self::NotTrimmed(error) => write!(f, "the cache can't be kept to `cache_mib`: {error}"),
        }
    }
}

/// A policy's code, ready to be instantiated.
pub(super) struct Ready {
    pub compiled: Compiled,
    pub world: World,
    /// How many examples it carries, where it is known to agree with them.
    pub examples_held: Option<u64>,
}

impl Ready {
    fn new(compiled: Compiled, description: Description) -> Self {
        Self { compiled, world: description.world, examples_held: description.examples_held }
    }
}

impl Loader {
    /// A loader of policies for this engine.
    pub fn new(engine: Engine, compiler: Compiler, cache: Cache) -> Self {
        Self { engine, compiler, cache }
    }

    /// The engine that its policies run in.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// A policy's file, ready: from the cache, or compiled. What an operator should know is added to `notices`, also where the
    /// policy is refused.
    pub(super) fn ready(
        &self,
        file: &[u8],
        digest: Digest,
        limits: &Limits,
        notices: &mut Vec<Notice>,
    ) -> Result<Ready, LoadError> {
        let key = self.cache.key(digest);
        match self.cache.find(&key, limits.compiled_mib.bytes()) {
            Found::Absent => {}
            Found::Bad { path, reason } => notices.push(Notice::BadEntry { path, reason }),
            // Limits that were raised since are reason to try again.
            Found::Code(_, Description { unoptimised: Some(exhausted), .. }) if exhausted.is_less_than(limits) => {}
            Found::Code(artefact, description) => match self.load(&artefact, &description, notices) {
                Ok(compiled) => return Ok(Ready::new(compiled, description)),
                Err(LoadError::Engine(error @ EngineError::Load(_))) => {
                    // What can't be deleted is replaced below.
                    let _ = self.cache.remove(&key);
                    notices.push(Notice::NotTaken(error));
                }
                Err(error) => return Err(error),
            },
        }
        let (artefact, description, not_kept) = self.compile(file, key.as_str(), limits)?;
        notices.extend(not_kept.map(Notice::NotKept));
        let compiled = self.load(&artefact, &description, notices)?;
        Ok(Ready::new(compiled, description))
    }

    /// Remembers beside a policy's code that it has agreed with all of its examples, so many.
    pub(super) fn remember_examples(&self, policy: Digest, held: u64, limits: &Limits) -> Option<Notice> {
        let amend = |description: &mut Description| description.examples_held = Some(held);
        self.cache.amend(&self.cache.key(policy), limits.compiled_mib.bytes(), amend).err().map(Notice::NotKept)
    }

    fn load(&self, artefact: &Artefact, description: &Description, notices: &mut Vec<Notice>) -> Result<Compiled, LoadError> {
        description.world.check()?;
        let (compiled, held) = self.engine.load(artefact)?;
        if held == Held::Copied {
            notices.push(Notice::Copied);
        }
        notices.extend(description.unoptimised.map(Notice::Unoptimised));
        Ok(compiled)
    }

    fn compile(&self, file: &[u8], key: &str, limits: &Limits) -> Result<(Artefact, Description, Option<io::Error>), LoadError> {
        // A folder without room, or that can't be written to, keeps no policy from running.
        let not_kept = match self.cache.new_code() {
            Err(error) => error,
            Ok(code) => match self.compile_into(code, file, key, limits) {
                Err(LoadError::Compile(CompileError::NoRoom { error })) if self.cache.folder().is_some() => error,
                result => return result,
            },
        };
        let code = self.cache.new_code_elsewhere().map_err(|error| CompileError::NoRoom { error })?;
        let (artefact, description, _) = self.compile_into(code, file, key, limits)?;
        Ok((artefact, description, Some(not_kept)))
    }

    fn compile_into(
        &self,
        code: NewCode,
        file: &[u8],
        key: &str,
        limits: &Limits,
    ) -> Result<(Artefact, Description, Option<io::Error>), LoadError> {
        let compilation = match self.compiler.compile(file, code.file(), limits) {
            Ok(compilation) => compilation,
            Err(error) => {
                // A file that can't be deleted now is taken away by a later run.
                let _ = self.cache.give_up(code);
                return Err(error);
            }
        };
        // A policy without examples agrees with all of them; where it has some, that is found out once it can be asked.
        let examples_held = matches!(examples::find(file), Ok(None)).then_some(0);
        let Compilation { world, bytes, unoptimised } = compilation;
        let description = Description { key: key.to_owned(), world, unoptimised, examples_held };
        let unreadable = |error| CompileError::Failed { reason: format!("its machine code can't be read back: {error}") };
        let (artefact, not_kept) = self.cache.keep(code, bytes, &description).map_err(unreadable)?;
        Ok((artefact, description, not_kept))
    }

    /// Keeps the cache to its size, after policies were loaded.
    pub(super) fn trim_cache(&self, limits: &Limits) -> Option<Notice> {
        self.cache.trim(limits.cache_mib.bytes()).err().map(Notice::NotTrimmed)
    }
}
