//! For property tests and fuzzers: the check of answers without a guest, since what a guest claims is made of arbitrary bytes
//! there; and a guest without files and processes, which is called ten thousand times a second.

use std::sync::Arc;

use policy_contract::manifest::Manifest;
use wasmtime::component::Component;

use super::{Answer, Batch, CallError, Engine, EngineError, FailureKind, Guest, GuestLimits, answer};
use crate::limits::Limits;

/// What a guest claims, in the types of the contract.
pub use super::bindings::exports::trailwarden::policy::rules as claimed;

/// What became of the answers.
#[derive(Debug)]
pub struct Checked {
    /// What is accepted.
    pub accepted: Vec<Answer>,
    /// The tasks that are refused, and why.
    pub refused: Vec<(usize, FailureKind)>,
}

/// Checks what a guest claims.
///
/// # Errors
/// An answer belongs to no task.
pub fn check(
    answers: Vec<claimed::Answer>,
    batch: &Batch,
    manifest: &Manifest,
    limits: &GuestLimits,
) -> Result<Checked, CallError> {
    let (accepted, refused) = answer::check(answers, batch, manifest, limits)?;
    Ok(Checked { accepted, refused: refused.into_iter().map(|refused| (refused.task, refused.kind)).collect() })
}

/// A policy without settings and tables, compiled in this process: for components that the caller made itself.
///
/// # Errors
/// [`EngineError::Compile`] or [`EngineError::Link`].
pub fn guest(engine: &Engine, component: &[u8], manifest: Manifest, limits: &Limits) -> Result<Guest, EngineError> {
    let component = Component::new(&engine.inner, component).map_err(EngineError::Compile)?;
    let compiled = engine.link(&component)?;
    let warm = compiled.warm_key();
    let limits = GuestLimits::from(limits);
    Ok(Guest::new(Arc::new(compiled), Arc::new(manifest), "{}".into(), Arc::default(), Arc::new(limits), Arc::new(warm)))
}
