//! One record for one rule, as examples and the commands that explain a single record hand it over.

use policy_contract::image::BadJson;

use super::load::LoadedPolicy;
use crate::engine::{Batch, TooLarge};
use crate::record::Handover;

/// Why a record could not be handed to the policies that read it in one format. The reader accepts no such record.
#[derive(Clone, Debug, thiserror::Error)]
pub enum NotHandedOver {
    /// It has no image.
    #[error("no image can be made of the record: {0}")]
    NoImage(#[from] BadJson),
    /// It has no room in a batch.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
}

/// A batch of one record and one task, in the form in which the policy reads records. The rule is a position in
/// [`LoadedPolicy::rules`].
///
/// # Errors
/// The record can't be handed over.
pub fn batch(policy: &LoadedPolicy, rule: usize, record: &str) -> Result<Batch, NotHandedOver> {
    let mut handover = Handover::default();
    let mut forms = handover.of(record);
    let mut batch = Batch::default();
    batch.push(forms.in_format(policy.record_format())?, [u32::try_from(rule).map_err(|_| TooLarge)?])?;
    Ok(batch)
}
