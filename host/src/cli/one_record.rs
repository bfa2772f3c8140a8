//! One record for one rule, as `policy explain` and `policy test` hand it over.

use anyhow::Context as _;

use crate::engine::Batch;
use crate::policy::LoadedPolicy;
use crate::record::Handover;

/// A batch of one record and one task, in the form in which the policy reads records.
pub(super) fn batch(policy: &LoadedPolicy, rule: usize, record: &str) -> anyhow::Result<Batch> {
    let mut handover = Handover::default();
    let mut forms = handover.of(record);
    let handed_over = forms.in_format(policy.record_format()).context("the record can't be handed over")?;
    let mut batch = Batch::default();
    batch.push(handed_over, [u32::try_from(rule)?])?;
    Ok(batch)
}
