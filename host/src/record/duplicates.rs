//! Which records of one object were there before.
//!
//! Records are compared by a digest of their bytes, so equal ones have equal event keys too, and one that repeats
//! the key of another with other content is never dropped. What is remembered is bounded: see
//! [`super::ReadLimits::remembered_records`].

use std::collections::HashSet;

/// What the memory says about a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    New,
    Before,
    /// The memory is full and does not know it: it may be new or not.
    NotCompared,
}

/// The records of one object so far: 16 bytes of each one's SHA-256, which nobody can make two records share.
pub(super) struct Duplicates {
    digests: HashSet<[u8; 16]>,
    most: usize,
}

impl Duplicates {
    pub(super) fn new(most: usize) -> Self {
        Self { digests: HashSet::new(), most }
    }

    pub(super) fn see(&mut self, sha256: &[u8; 32]) -> Seen {
        let mut digest = [0; 16];
        for (to, from) in digest.iter_mut().zip(sha256) {
            *to = *from;
        }
        if self.digests.contains(&digest) {
            return Seen::Before;
        }
        if self.digests.len() >= self.most {
            return Seen::NotCompared;
        }
        self.digests.insert(digest);
        Seen::New
    }
}
