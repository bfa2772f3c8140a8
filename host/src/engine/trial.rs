//! The check of answers without a guest, for property tests and fuzzers: what a guest claims is made of arbitrary bytes there.

use policy_contract::manifest::Manifest;

use super::{Answer, Batch, CallError, FailureKind, GuestLimits, answer};

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
