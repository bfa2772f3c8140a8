//! From a component to machine code, and from machine code to a policy that can be instantiated.
//!
//! The two halves run in different processes: [`precompile`] in a child that may run out of memory or time without harm,
//! [`Engine::load`] in the host. Between them lies an [`Artefact`], which is trusted: whoever can change one runs code in the
//! host. That is why only `unsafe` code makes one, and says there why it may.

use std::fs::File;
use std::hash::{Hash as _, Hasher};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use wasmtime::component::Component;
use wasmtime::{OptLevel, RegallocAlgorithm};

use super::bindings::PolicyPre;
use super::{Compiled, Engine, EngineError, Fuel, configuration};
use crate::digest::Digest;

/// How hard the compiler tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Effort {
    /// Fast code: what every policy gets first.
    Optimised,
    /// Slow code, made in time that is nearly proportional to its size: no optimisation, registers given out in one pass.
    Unoptimised,
}

/// Machine code of a policy in an open file.
pub struct Artefact {
    file: File,
    code: Vec<u8>,
}

/// Whether code is shared with the file that it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// Mapped from the file: the system can drop and read again what is not used.
    Mapped,
    /// Copied into memory of this process's own, since the file can't be mapped as code.
    Copied,
}

/// Compiles a component to what [`Engine::load`] takes. Memory and time are bounded by nothing but the process's own limits.
///
/// # Errors
/// [`EngineError::Start`] or [`EngineError::Compile`].
pub fn precompile(component: &[u8], effort: Effort, fuel: Fuel) -> Result<Vec<u8>, EngineError> {
    let mut config = configuration(fuel);
    if effort == Effort::Unoptimised {
        config.cranelift_opt_level(OptLevel::None).cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass);
    }
    let engine = wasmtime::Engine::new(&config).map_err(EngineError::Start)?;
    engine.precompile_component(component).map_err(EngineError::Compile)
}

impl EngineError {
    /// Whether the compiler was refused memory by the system, where that did not end the process.
    pub fn is_out_of_memory(&self) -> bool {
        let (Self::Start(error) | Self::Compile(error) | Self::Load(error) | Self::Link(error)) = self else { return false };
        error.is::<wasmtime::OutOfMemory>() || error.downcast_ref() == Some(&rustix::io::Errno::NOMEM)
    }
}

impl Artefact {
    /// Vouches for machine code: `code` is what `file` holds from its beginning on; more may follow in the file.
    ///
    /// # Safety
    /// `code` is, byte for byte, what [`precompile`] gave under an engine with the same [`Engine::fingerprint`]. Nobody
    /// changes the file's content from now on.
    #[allow(unsafe_code, reason = "only who can vouch for code may make one")]
    pub(crate) unsafe fn new(file: File, code: Vec<u8>) -> Self {
        Self { file, code }
    }

    /// The machine code.
    pub fn code(&self) -> &[u8] {
        &self.code
    }
}

impl Engine {
    /// Loads machine code and checks that it fits the contract. It is mapped from the artefact's own open file, whatever stands under the
    /// file's name by now; where it can't be mapped as code (as on a file system mounted `noexec`), it is copied.
    ///
    /// # Errors
    /// [`EngineError::Load`] or [`EngineError::Link`].
    pub fn load(&self, artefact: &Artefact) -> Result<(Compiled, Held), EngineError> {
        let (component, held) = self.component(artefact).map_err(EngineError::Load)?;
        Ok((self.link(&component)?, held))
    }

    /// Checks that a component fits the contract, and gives it what it imports.
    pub(super) fn link(&self, component: &Component) -> Result<Compiled, EngineError> {
        let linked = self.linker.instantiate_pre(component).map_err(EngineError::Link)?;
        let pre = PolicyPre::new(linked).map_err(EngineError::Link)?;
        let uses_system = component.component_type().imports(&self.inner).any(|(name, _)| name.starts_with("wasi:"));
        Ok(Compiled { pre, uses_system, budget: Arc::clone(&self.budget), shelf: Arc::clone(&self.shelf), fuel: self.fuel })
    }

    #[allow(
        unsafe_code,
        reason = "wasmtime trusts precompiled code; Artefact::new, which is unsafe, is where that is vouched for"
    )]
    fn component(&self, artefact: &Artefact) -> wasmtime::Result<(Component, Held)> {
        // The one way to have wasmtime map a file that is already open: the name under which the system offers the descriptor.
        let descriptors = if cfg!(target_os = "linux") { "/proc/self/fd" } else { "/dev/fd" };
        let path = format!("{descriptors}/{}", artefact.file.as_raw_fd());
        // SAFETY: that name leads to the file that `Artefact::new` was given, which is open for as long as `artefact` is
        // borrowed. Its safety section demands what `deserialize_file` does: code that this engine's compiler made, in a file
        // that nobody changes. wasmtime itself checks that the settings of compiler and engine agree.
        match unsafe { Component::deserialize_file(&self.inner, path) } {
            Ok(component) => Ok((component, Held::Mapped)),
            // SAFETY: the same code, from memory that is ours alone.
            Err(_) => Ok((unsafe { Component::deserialize(&self.inner, &artefact.code) }?, Held::Copied)),
        }
    }

    /// What tells apart engines whose code must not be mixed: the compiler's version and settings, the processor, and what the
    /// engine has switched on.
    pub fn fingerprint(&self) -> Digest {
        let mut hasher = Fingerprint(Sha256::new());
        self.inner.precompile_compatibility_hash().hash(&mut hasher);
        Digest::from_bytes(hasher.0.finalize().into())
    }
}

/// A hasher whose whole state is of use: 64 bits would be few for what decides which code runs.
struct Fingerprint(Sha256);

impl Hasher for Fingerprint {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = <[u8; 32]>::from(self.0.clone().finalize());
        u64::from_le_bytes([a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
#[allow(unsafe_code, reason = "the tests compile what they load")]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// The smallest component that is compiled to some code; it fits no contract.
    const COMPONENT: &str = r#"(component
        (core module $m (func (export "f") (param f64) (result f64) (f64.add (local.get 0) (f64.const 1))))
        (core instance (instantiate $m)))"#;

    fn artefact(effort: Effort) -> Artefact {
        let code = precompile(&wat::parse_str(COMPONENT).unwrap(), effort, Fuel::Free).unwrap();
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&code).unwrap();
        file.write_all(b"more, which is not code").unwrap();
        // SAFETY: `precompile` gave it, and the file has no name under which somebody could change it.
        unsafe { Artefact::new(file, code) }
    }

    #[test]
    fn code_of_both_efforts_is_mapped_into_one_engine() {
        let engine = Engine::new(0).unwrap();
        let (fast, slow) = (artefact(Effort::Optimised), artefact(Effort::Unoptimised));
        assert_ne!(fast.code, slow.code);
        for artefact in [fast, slow] {
            let (_, held) = engine.component(&artefact).unwrap();
            assert_eq!(held, Held::Mapped);
        }
    }

    #[test]
    fn code_whose_file_cannot_be_mapped_is_copied() {
        let engine = Engine::new(0).unwrap();
        let Artefact { code, .. } = artefact(Effort::Optimised);
        // SAFETY: as above; the empty file stands for one that can't be mapped.
        let artefact = unsafe { Artefact::new(tempfile::tempfile().unwrap(), code) };
        assert_eq!(engine.component(&artefact).unwrap().1, Held::Copied);
    }

    #[test]
    fn equal_engines_have_equal_fingerprints() {
        assert_eq!(Engine::new(0).unwrap().fingerprint(), Engine::new(1).unwrap().fingerprint());
    }

    #[test]
    fn code_that_counts_fuel_is_another_engines() {
        let counting = Engine::with_fuel(0, Fuel::Counted).unwrap();
        assert_ne!(counting.fingerprint(), Engine::new(0).unwrap().fingerprint());
        assert!(counting.load(&artefact(Effort::Optimised)).is_err());
    }
}
