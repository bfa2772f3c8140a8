//! The form of a cached policy's file.
//!
//! Machine code must stand at the beginning, since it is mapped from there; what is known of it follows, so that both are
//! written and renamed together:
//!
//! ```text
//! machine code │ description (JSON) │ bytes of the code, u64 │ SHA-256 of all before │ "trailwarden code"
//! ```

use serde::{Deserialize, Serialize};

use super::super::compile::Exhausted;
use super::super::world::World;
use crate::digest::Digest;

/// The last bytes of every entry.
const MAGIC: &[u8; 16] = b"trailwarden code";
/// Bytes of the length of the code.
const LENGTH: usize = 8;
/// Bytes of a SHA-256.
const DIGEST: usize = 32;
/// Bytes behind the description.
const FOOTER: usize = LENGTH + DIGEST + MAGIC.len();

/// What is known of a cached policy's code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// What it is the code of, and for which host: the same as in the file's name, which could be changed.
    pub key: String,
    /// What the component imports and exports.
    pub world: World,
    /// Why the code is not optimised, if it isn't.
    pub unoptimised: Option<Exhausted>,
    /// How many examples the policy carries, where it has agreed with all of them; nothing where that is not known.
    #[serde(default)]
    pub examples_held: Option<u64>,
}

/// What is wrong with an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEntry {
    /// It does not end as entries do.
    #[error("it is cut off, or no entry")]
    NotAnEntry,
    /// Its content is not what was written.
    #[error("its content is not what was written (SHA-256)")]
    Damaged,
    /// It belongs to another policy or host.
    #[error("it is the code of another policy, or for another host")]
    Foreign,
}

/// What follows the code in its file.
pub fn trailer(code: &[u8], description: &Description) -> serde_json::Result<Vec<u8>> {
    let mut trailer = serde_json::to_vec(description)?;
    trailer.extend_from_slice(&(code.len() as u64).to_le_bytes());
    trailer.extend_from_slice(Digest::of_parts(&[code, &trailer]).as_bytes());
    trailer.extend_from_slice(MAGIC);
    Ok(trailer)
}

/// Takes an entry apart: its code, if it is whole and belongs to the key.
pub fn parse(mut content: Vec<u8>, key: &str) -> Result<(Vec<u8>, Description), BadEntry> {
    let described = content.len().checked_sub(FOOTER).ok_or(BadEntry::NotAnEntry)?;
    let (body, footer) = content.split_at(described + LENGTH);
    let (digest, magic) = footer.split_at(DIGEST);
    if magic != MAGIC {
        return Err(BadEntry::NotAnEntry);
    }
    if Digest::of(body).as_bytes() != digest {
        return Err(BadEntry::Damaged);
    }
    let (body, length) = body.split_at(described);
    let length = length.try_into().map(u64::from_le_bytes).ok().and_then(|length| usize::try_from(length).ok());
    let (length, description) = length.and_then(|length| Some((length, body.get(length..)?))).ok_or(BadEntry::NotAnEntry)?;
    let description: Description = serde_json::from_slice(description).map_err(|_| BadEntry::NotAnEntry)?;
    if description.key != key {
        return Err(BadEntry::Foreign);
    }
    content.truncate(length);
    Ok((content, description))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn description() -> Description {
        let unoptimised = Some(Exhausted::CpuTime { seconds: 60 });
        Description { key: "k".to_owned(), world: World::default(), unoptimised, examples_held: Some(7) }
    }

    fn entry(code: &[u8]) -> Vec<u8> {
        [code, &trailer(code, &description()).unwrap()].concat()
    }

    #[test]
    fn an_entry_gives_its_code_and_what_is_known_of_it() {
        assert_eq!(parse(entry(b"code"), "k"), Ok((b"code".to_vec(), description())));
        assert_eq!(parse(entry(b"code"), "other"), Err(BadEntry::Foreign));
    }

    #[test]
    fn nothing_that_is_cut_off_is_an_entry() {
        let whole = entry(b"code");
        for length in 0..whole.len() {
            assert_eq!(parse(whole[..length].to_vec(), "k"), Err(BadEntry::NotAnEntry), "{length}");
        }
    }

    proptest! {
        #[test]
        fn no_changed_bit_goes_unnoticed(code in prop::collection::vec(any::<u8>(), 0..100), at: prop::sample::Index, bit in 0..8) {
            let mut entry = entry(&code);
            let at = at.index(entry.len());
            entry[at] ^= 1_u8 << bit;
            prop_assert!(parse(entry, "k").is_err());
        }

        #[test]
        fn anything_may_lie_there(content in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(parse(content, "k").is_err());
        }
    }
}
