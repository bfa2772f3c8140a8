//! Which records are judged a second time, on a fresh instance: drawn from the records themselves, so that every run draws the same.

/// A number for the sampling of second runs, drawn from the end of the event's key: of an `eventID` these are random digits
/// that AWS draws, of a digest any digits are as good as random.
pub(super) fn sample_number(event_key: &str) -> u32 {
    /// An odd number near 2^64 divided by the golden ratio, which spreads what differs in few bits over the upper ones (Knuth,
    /// The Art of Computer Programming, volume 3, section 6.4).
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    // A key that is shorter is drawn from as well, or all such records would be sampled.
    let end = &event_key.as_bytes()[event_key.len().saturating_sub(8)..];
    let mut last = [0; 8];
    last[..end.len()].copy_from_slice(end);
    (u64::from_le_bytes(last).wrapping_mul(SPREAD) >> u32::BITS) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_drawn_evenly_from_event_keys() {
        let keys = (0..100_000_u64).map(|n| format!("6b6d6f2e-2f0b-4b6e-9d0f-{:012x}", n.wrapping_mul(0x1234_5678_9abc)));
        let taken = keys.filter(|key| u64::from(sample_number(key)) < (1 << 32) / 100).count();
        assert!((800..1_200).contains(&taken), "{taken} of 100,000 instead of 1,000");
        let short = (0..10_000_u64).map(|n| format!("e-{n}"));
        let taken = short.filter(|key| u64::from(sample_number(key)) < (1 << 32) / 100).count();
        assert!(taken < 1_000, "{taken} of 10,000 short keys");
    }
}
