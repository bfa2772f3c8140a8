//! What one object may cost, so that no object can eat the host's memory or time.

use crate::limits::{Limits, RATIO_FREE, REMEMBERED_RECORDS};

/// The deepest nesting that any limit can allow. The JSON parser that later stages use stops at 127 levels, so a
/// record that is deeper could be split but never judged.
pub(super) const DEEPEST_POSSIBLE: u32 = 127;

/// Limits on reading one object. The defaults are the documented ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReadLimits {
    /// Most bytes of an object after decompression. AWS writes about 280 MB at the very most (50 MB compressed).
    pub object_bytes: u64,
    /// Most decompressed bytes for one compressed byte. Real files have 5 to 15.
    pub ratio: u64,
    /// The ratio is looked at only beyond this many decompressed bytes: a small object is no bomb, however well
    /// it compresses.
    pub ratio_free_bytes: u64,
    /// Most bytes of one record *as it stands in the object*, its EventBridge or LookupEvents envelope included.
    /// AWS allows 256 KB for an event.
    pub record_bytes: usize,
    /// Most levels of arrays and objects in one record. Values above 127 count as 127.
    pub depth: u8,
    /// How many records of one object are remembered (about 40 bytes each) to recognise duplicates. Records beyond
    /// are still read, and counted as not compared. AWS writes about 195,000 records to an object at the very most.
    pub remembered_records: usize,
}

impl From<&Limits> for ReadLimits {
    fn from(limits: &Limits) -> Self {
        Self {
            object_bytes: limits.object_mib.bytes(),
            ratio: limits.compression_ratio,
            ratio_free_bytes: RATIO_FREE,
            record_bytes: usize::try_from(limits.record_kib.bytes()).unwrap_or(usize::MAX),
            // The range of the limit fits.
            depth: u8::try_from(limits.nesting_depth).unwrap_or(u8::MAX),
            remembered_records: REMEMBERED_RECORDS,
        }
    }
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self::from(&Limits::default())
    }
}

impl ReadLimits {
    /// The depth limit that really holds.
    pub(super) fn effective_depth(&self) -> u32 {
        u32::from(self.depth).min(DEEPEST_POSSIBLE)
    }
}
