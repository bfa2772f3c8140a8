//! The format, version 1: what is where. `docs/reference/record-image.md` says the same in words.
//!
//! All integers are little-endian and lie anywhere (nothing is aligned); offsets count from the image's first byte.
//!
//! ```text
//! image   = magic "TWI", version u8, length u32, root slot, JSON text, then bodies and unescaped texts in any order
//! slot    = kind and size u32 (kind in the upper 3 bits), offset u32
//! array   = size × slot
//! object  = size × member, index
//! member  = key offset u32, key size u32, slot
//! index   = nothing where size ≤ 4; where size ≤ 32 buckets u8, twice as many as the next power of two;
//!           else size × position u32, in the order of the keys
//! ```

/// The version that this code writes, and the only one that it reads.
pub const VERSION: u8 = 1;

/// The first bytes of every image, whatever its version.
pub(super) const MAGIC: [u8; 3] = *b"TWI";

/// Bytes of the header: magic, version, length, root slot. The JSON text begins behind it.
pub(super) const HEADER: usize = 16;

/// Bytes of a slot.
pub(super) const SLOT: usize = 8;

/// Bytes of a member.
pub(super) const MEMBER: usize = 16;

/// Bytes of a position in an object's order.
pub(super) const POSITION: usize = 4;

/// Objects with at most so many members have no index: each key is looked at.
const SCANNED: usize = 4;

/// Objects with at most so many members, if more than [`SCANNED`], have buckets; larger ones have an order to search in, which
/// no choice of keys makes slow.
const HASHED: usize = 32;

/// By what an object's members are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Index {
    /// By looking at each.
    None,
    /// In so many buckets, a power of two: a member is in the bucket that its key's hash names (modulo their number), or in the
    /// first free one behind it, the first bucket coming behind the last. A bucket holds 0, or the member's position plus 1.
    Buckets(usize),
    /// In the order of the keys' bytes.
    Order,
}

impl Index {
    /// The index of an object with so many members.
    #[inline]
    pub(super) fn of(members: usize) -> Self {
        if members <= SCANNED {
            Self::None
        } else if members <= HASHED {
            Self::Buckets(2 * members.next_power_of_two())
        } else {
            Self::Order
        }
    }

    /// Its bytes in an object with so many members.
    #[inline]
    pub(super) fn bytes(self, members: usize) -> usize {
        match self {
            Self::None => 0,
            Self::Buckets(buckets) => buckets,
            Self::Order => members.saturating_mul(POSITION),
        }
    }
}

/// The most buckets that an object has.
pub(super) const MOST_BUCKETS: usize = 2 * HASHED;

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
    #[inline]
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

/// What names a key's bucket. It takes the same few steps for every key, since the reader computes it for each look-up: the
/// size, and up to eight bytes from each end. Keys that are made to share it meet in an object of at most 32 members.
#[inline(always)]
pub(super) fn hash(key: &[u8]) -> u32 {
    let (first, last) = ends(key);
    let mixed = first ^ last.rotate_left(29) ^ (key.len() as u64).wrapping_mul(0xff51_afd7_ed55_8ccd);
    // The upper half of the product depends on every bit of the lower half, and the fold brings in the rest.
    let product = (mixed ^ (mixed >> 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (product >> 32) as u32
}

/// Up to eight bytes from each end, as numbers that tell texts of one size apart where the size is at most 16.
#[inline(always)]
pub(super) fn ends(key: &[u8]) -> (u64, u64) {
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
    fn buckets_are_never_full() {
        for members in SCANNED + 1..=HASHED {
            let Index::Buckets(buckets) = Index::of(members) else { panic!("{members}") };
            assert!(buckets.is_power_of_two() && buckets > members && buckets <= MOST_BUCKETS, "{members}: {buckets}");
        }
        assert_eq!((Index::of(SCANNED), Index::of(HASHED + 1)), (Index::None, Index::Order));
    }

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
