//! The format, version 1: what is where. `docs/reference/record-image.md` says the same in words.
//!
//! All integers are little-endian and lie anywhere (nothing is aligned); offsets count from the image's first byte.
//!
//! ```text
//! image   = magic "TWI", version u8, length u32, root slot, JSON text, then bodies and unescaped texts in any order
//! slot    = kind and size u32 (kind in the upper 3 bits), offset u32
//! array   = size × slot
//! object  = size × hash u32, size × member, and where size > 32: size × position u32 in the order of (hash, key)
//! member  = key offset u32, key size u32, slot
//! ```

/// The version that this code writes, and the only one that it reads.
pub const VERSION: u8 = 1;

/// The first bytes of every image, whatever its version.
pub(super) const MAGIC: [u8; 3] = *b"TWI";

/// Bytes of the header: magic, version, length, root slot. The JSON text begins behind it.
pub(super) const HEADER: usize = 16;

/// Where in the header the root's slot is.
pub(super) const ROOT: usize = 8;

/// Bytes of a slot.
pub(super) const SLOT: usize = 8;

/// Bytes of a member without its hash.
pub(super) const MEMBER: usize = 16;

/// Bytes of a hash, and of a position in an object's order.
pub(super) const WORD: usize = 4;

/// Objects with more members have an order to search in; in others every hash is looked at.
pub(super) const SCANNED: usize = 32;

/// Bits of a slot's first word that hold its size.
const SIZE_BITS: u32 = 29;

/// The largest size that a slot can hold: bytes of a text or number, elements of an array, members of an object.
pub(super) const LARGEST: u32 = (1 << SIZE_BITS) - 1;

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `null`.
    Null,
    /// `false`.
    False,
    /// `true`.
    True,
    /// A number.
    Number,
    /// A string.
    Text,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl Kind {
    /// The kind of a slot whose first word this is; none for the word that no version has given a meaning.
    pub(super) fn of(word: u32) -> Option<Self> {
        Some(match word >> SIZE_BITS {
            0 => Self::Null,
            1 => Self::False,
            2 => Self::True,
            3 => Self::Number,
            4 => Self::Text,
            5 => Self::Array,
            6 => Self::Object,
            _ => return None,
        })
    }

    fn number(self) -> u32 {
        match self {
            Self::Null => 0,
            Self::False => 1,
            Self::True => 2,
            Self::Number => 3,
            Self::Text => 4,
            Self::Array => 5,
            Self::Object => 6,
        }
    }

    /// A slot's first word. The size is at most [`LARGEST`].
    pub(super) fn with_size(self, size: u32) -> u32 {
        self.number() << SIZE_BITS | size
    }
}

/// The size in a slot's first word.
pub(super) fn size_of(word: u32) -> u32 {
    word & LARGEST
}

/// What an object's members are found by. Two keys may share a hash: whoever searches compares the keys too.
///
/// It takes the same few steps for every key, since the reader computes it for each look-up: the size, and up to eight bytes
/// from each end. Keys that are made to share it cost no more than comparing keys does.
pub(super) fn hash(key: &[u8]) -> u32 {
    let (first, last) = ends(key);
    let mixed = first ^ last.rotate_left(29) ^ (key.len() as u64).wrapping_mul(0xff51_afd7_ed55_8ccd);
    // The upper half of the product depends on every bit of the lower half, and the fold brings in the rest.
    let product = (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product >> 32) as u32
}

/// Up to eight bytes from each end; of fewer than eight, numbers that tell keys of one size apart.
fn ends(key: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    let byte = |at: usize| u64::from(key.get(at).copied().unwrap_or_default());
    (byte(0) | byte(1) << 8 | byte(2) << 16, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slots_word_holds_kind_and_size() {
        for kind in [Kind::Null, Kind::False, Kind::True, Kind::Number, Kind::Text, Kind::Array, Kind::Object] {
            for size in [0, 1, LARGEST] {
                let word = kind.with_size(size);
                assert_eq!((Kind::of(word), size_of(word)), (Some(kind), size));
            }
        }
        assert_eq!(Kind::of(u32::MAX), None);
    }

    #[test]
    fn the_hash_is_what_the_format_says() {
        // Policies that were built with this hash look for it: another one is another version. The values come from a program
        // of its own, written after `docs/reference/record-image.md`.
        for (key, expected) in [
            ("", 0x00000000),
            ("a", 0x8c2aa30d),
            ("abc", 0x702b19d1),
            ("arn", 0x48662e3a),
            ("type", 0xaf06ee0e),
            ("eventName", 0x332b636a),
            ("requestParameters", 0x3c3f6680),
        ] {
            assert_eq!(hash(key.as_bytes()), expected, "{key}");
        }
    }

    #[test]
    fn the_keys_of_cloudtrail_have_hashes_of_their_own() {
        let keys = [
            "eventVersion",
            "userIdentity",
            "eventTime",
            "eventSource",
            "eventName",
            "awsRegion",
            "sourceIPAddress",
            "userAgent",
            "errorCode",
            "errorMessage",
            "requestParameters",
            "responseElements",
            "additionalEventData",
            "requestID",
            "eventID",
            "eventType",
            "apiVersion",
            "managementEvent",
            "readOnly",
            "resources",
            "recipientAccountId",
            "serviceEventDetails",
            "sharedEventID",
            "vpcEndpointId",
            "eventCategory",
            "addendum",
            "sessionCredentialFromConsole",
            "edgeDeviceDetails",
            "tlsDetails",
            "type",
            "principalId",
            "arn",
            "accountId",
            "accessKeyId",
            "userName",
            "sessionContext",
            "invokedBy",
        ];
        let hashes: std::collections::BTreeSet<u32> = keys.iter().map(|key| hash(key.as_bytes())).collect();
        assert_eq!(hashes.len(), keys.len());
    }
}
