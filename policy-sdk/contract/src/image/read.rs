//! Look-ups in an image, in place: no parsing, no allocation, and no trust.
//!
//! Any bytes may stand where an image should. Whatever lies outside, is of no known kind or is no text is absent, and no
//! question takes longer than the image is long; an image that lies gives wrong answers and does nothing worse.

use std::str::from_utf8;

use super::layout::{HEADER, Index, Kind, MAGIC, MEMBER, POSITION, SLOT, VERSION, ends, hash, size_of};

/// Bytes that say of themselves that they are an image.
#[derive(Clone, Copy, Debug)]
pub struct Image<'a> {
    root: Node<'a>,
}

/// Bytes that are no image, or none that this code can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadImage {
    /// Too short, or it begins with something else.
    #[error("it does not begin as a record image does")]
    NoImage,
    /// Another version of the format.
    #[error("it is a record image of version {version}, and version {VERSION} is read here")]
    OtherVersion {
        /// Its version.
        version: u8,
    },
    /// Cut, or followed by something.
    #[error("it is a record image of {length} bytes, and {bytes} are there")]
    OtherLength {
        /// How long it says that it is.
        length: u32,
        /// How many bytes there are.
        bytes: usize,
    },
    /// The place of its one value names no kind of value.
    #[error("it is a record image that holds no value")]
    NoRoot,
}

impl<'a> Image<'a> {
    /// Looks at the header. Nothing else is looked at before it is asked for.
    ///
    /// # Errors
    /// [`BadImage`] where the header is none of this version.
    #[inline]
    pub fn read(bytes: &'a [u8]) -> Result<Self, BadImage> {
        let header: Option<&[u8; HEADER]> = bytes.first_chunk();
        let Some([magic @ .., version, l0, l1, l2, l3, r0, r1, r2, r3, a0, a1, a2, a3]) = header else {
            return Err(BadImage::NoImage);
        };
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
        if *magic != MAGIC {
            return Err(BadImage::NoImage);
        }
        if *version != VERSION {
            return Err(BadImage::OtherVersion { version: *version });
        }
        if usize::try_from(length) != Ok(bytes.len()) {
            return Err(BadImage::OtherLength { length, bytes: bytes.len() });
        }
        let root = [*r0, *r1, *r2, *r3, *a0, *a1, *a2, *a3];
        Ok(Self { root: Node::of(bytes, u64::from_le_bytes(root)).ok_or(BadImage::NoRoot)? })
    }

    /// The one value that everything else is in; of a record, its object.
    pub fn root(self) -> Node<'a> {
        self.root
    }
}

/// A value in an image.
#[derive(Clone, Copy)]
pub struct Node<'a> {
    image: &'a [u8],
    /// The slot's first word, whose kind is known.
    word: u32,
    at: u32,
}

impl<'a> Node<'a> {
    #[inline]
    fn of(image: &'a [u8], slot: u64) -> Option<Self> {
        // The lower half, then the upper half.
        let (word, at) = (slot as u32, (slot >> 32) as u32);
        Kind::of(word).map(|_| Self { image, word, at })
    }

    fn size(self) -> usize {
        size_of(self.word) as usize
    }

    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        Kind::of(self.word).unwrap_or(Kind::Null)
    }

    /// The text of a string.
    #[inline]
    pub fn str(self) -> Option<&'a str> {
        if self.kind() == Kind::Text { text(self.image, self.at, self.size()) } else { None }
    }

    /// A number as it was written, with every digit.
    pub fn number(self) -> Option<&'a str> {
        if self.kind() == Kind::Number { text(self.image, self.at, self.size()) } else { None }
    }

    /// `true` or `false`.
    pub fn flag(self) -> Option<bool> {
        match self.kind() {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The member of an object, by its exact key.
    #[inline]
    pub fn member(self, key: &str) -> Option<Node<'a>> {
        Self::of(self.image, slot_of_member(self.image, self.word, self.at, key.as_bytes(), hash(key.as_bytes())))
    }

    /// The element of an array, counted from 0.
    pub fn element(self, position: usize) -> Option<Node<'a>> {
        Self::of(self.image, u64::from_le_bytes(*self.slots().get(position)?))
    }

    /// The elements of an array, in order; none for anything else.
    pub fn elements(self) -> Elements<'a> {
        Elements { image: self.image, slots: self.slots().iter() }
    }

    /// The members of an object, in the order in which they were written; none for anything else.
    pub fn members(self) -> Members<'a> {
        let object = Object::of(self.image, self.word, self.at).unwrap_or(Object {
            image: self.image,
            members: &[],
            found_by: Index::None,
            index: &[],
        });
        Members { members: object.members.iter(), object }
    }

    /// The members of an object with keys that nobody has looked at yet.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'a [u8], Node<'a>)> {
        let Members { object, members } = self.members();
        members.filter_map(move |member| Some((object.key(member)?, object.value(member)?)))
    }

    /// The value itself and every value in it, at any depth, in no particular order.
    pub fn descendants(self) -> Descendants<'a> {
        Descendants { open: vec![self], budget: Budget::of(self) }
    }

    /// The most values that its image can hold, each of which has a slot of its own. Whoever collects values from many places
    /// stops there: an image that lies may say that they are all in each of these places.
    pub fn most_values(self) -> usize {
        self.image.len() / SLOT
    }

    /// Bytes of the image that it takes besides its slot: those of its text, or of its body.
    fn extent(self) -> usize {
        let size = self.size();
        match self.kind() {
            Kind::Null | Kind::False | Kind::True => 0,
            Kind::Number | Kind::Text => size,
            Kind::Array => size.saturating_mul(SLOT),
            Kind::Object => size.saturating_mul(MEMBER).saturating_add(Index::of(size).bytes(size)),
        }
    }

    fn slots(self) -> &'a [[u8; SLOT]] {
        if self.kind() != Kind::Array {
            return &[];
        }
        let body = self.size().checked_mul(SLOT).and_then(|bytes| slice(self.image, self.at, bytes));
        body.map_or(&[], |body| body.as_chunks().0)
    }
}

/// The slot of nothing: its kind is none.
const NO_SLOT: u64 = u64::MAX;

/// The slot of a member. A function of its own, so that whoever looks up a constant computes its hash when it is compiled;
/// and one whose parameters and result are numbers, which WebAssembly passes without writing them to memory.
#[inline(never)]
fn slot_of_member(image: &[u8], word: u32, at: u32, key: &[u8], hash: u32) -> u64 {
    let object = Object::of(image, word, at);
    let member = object.and_then(|object| object.find(key, hash));
    member.and_then(|member| member.last_chunk()).map_or(NO_SLOT, |slot| u64::from_le_bytes(*slot))
}

/// The parts of an object's body.
#[derive(Clone, Copy)]
struct Object<'a> {
    image: &'a [u8],
    members: &'a [[u8; MEMBER]],
    found_by: Index,
    index: &'a [u8],
}

impl<'a> Object<'a> {
    /// The object of a slot; none where the slot is of another kind.
    #[inline(always)]
    fn of(image: &'a [u8], word: u32, at: u32) -> Option<Self> {
        if Kind::of(word) != Some(Kind::Object) {
            return None;
        }
        let size = size_of(word) as usize;
        let found_by = Index::of(size);
        let of_members = size.checked_mul(MEMBER)?;
        let body = slice(image, at, of_members.checked_add(found_by.bytes(size))?)?;
        let (members, index) = body.split_at_checked(of_members)?;
        Some(Self { image, members: members.as_chunks().0, found_by, index })
    }

    #[inline(always)]
    fn find(self, key: &[u8], hash: u32) -> Option<&'a [u8; MEMBER]> {
        let Self { image, members, found_by, index } = self;
        match found_by {
            Index::None => members.iter().find(|member| is_key(image, member, key)),
            Index::Buckets(buckets) => {
                let bucket = hash as usize & (buckets - 1);
                let member = in_bucket(members, index, bucket)?;
                // Nearly always it is there, and there alone: to look further is somebody else's work.
                if is_key(image, member, key) { Some(member) } else { in_later_bucket(image, members, index, bucket, key) }
            }
            Index::Order => search(image, members, index, key),
        }
    }

    #[inline]
    fn key(&self, member: &[u8; MEMBER]) -> Option<&'a [u8]> {
        key(self.image, member)
    }

    #[inline]
    fn value(&self, member: &[u8; MEMBER]) -> Option<Node<'a>> {
        Node::of(self.image, u64::from_le_bytes(*member.last_chunk()?))
    }
}

#[inline(always)]
fn key<'a>(image: &'a [u8], member: &[u8; MEMBER]) -> Option<&'a [u8]> {
    let [a0, a1, a2, a3, s0, s1, s2, s3, ..] = *member;
    let size = u32::from_le_bytes([s0, s1, s2, s3]);
    slice(image, u32::from_le_bytes([a0, a1, a2, a3]), size as usize)
}

#[inline(always)]
fn is_key(image: &[u8], member: &[u8; MEMBER], wanted: &[u8]) -> bool {
    key(image, member).is_some_and(|found| is_same(found, wanted))
}

/// The member in a bucket; none where the bucket is free.
#[inline(always)]
fn in_bucket<'a>(members: &'a [[u8; MEMBER]], index: &[u8], bucket: usize) -> Option<&'a [u8; MEMBER]> {
    members.get(usize::from(*index.get(bucket)?).checked_sub(1)?)
}

/// The member of an object with buckets whose key is not in the first one where it may be.
#[cold]
#[inline(never)]
fn in_later_bucket<'a>(
    image: &[u8],
    members: &'a [[u8; MEMBER]],
    index: &[u8],
    first: usize,
    key: &[u8],
) -> Option<&'a [u8; MEMBER]> {
    let buckets = index.len();
    // A written index has a free bucket that ends this sooner.
    for step in 1..buckets {
        let member = in_bucket(members, index, (first + step) % buckets)?;
        if is_key(image, member, key) {
            return Some(member);
        }
    }
    None
}

/// The member of an object whose members are found by their order.
#[cold]
#[inline(never)]
fn search<'a>(image: &[u8], members: &'a [[u8; MEMBER]], index: &[u8], wanted: &[u8]) -> Option<&'a [u8; MEMBER]> {
    let member = |position: &[u8; POSITION]| members.get(u32::from_le_bytes(*position) as usize);
    let (order, _) = index.as_chunks::<POSITION>();
    let found = order.binary_search_by(|position| member(position).and_then(|member| key(image, member)).cmp(&Some(wanted)));
    member(order.get(found.ok()?)?)
}

/// The elements of an array. See [`Node::elements`].
#[derive(Clone)]
pub struct Elements<'a> {
    image: &'a [u8],
    slots: std::slice::Iter<'a, [u8; SLOT]>,
}

impl<'a> Iterator for Elements<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        self.slots.by_ref().find_map(|slot| Node::of(self.image, u64::from_le_bytes(*slot)))
    }
}

/// The members of an object. See [`Node::members`].
#[derive(Clone)]
pub struct Members<'a> {
    object: Object<'a>,
    members: std::slice::Iter<'a, [u8; MEMBER]>,
}

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let object = self.object;
        self.members.by_ref().find_map(|member| Some((from_utf8(object.key(member)?).ok()?, object.value(member)?)))
    }
}

/// A value and what is in it. See [`Node::descendants`].
pub struct Descendants<'a> {
    open: Vec<Node<'a>>,
    budget: Budget,
}

impl<'a> Iterator for Descendants<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        let node = self.open.pop()?;
        if self.budget.allows(node) {
            self.open.extend(node.elements());
            self.open.extend(node.entries().map(|(_, value)| value));
        }
        Some(node)
    }
}

/// How much of an image a walk over many values may still look at. In an image that was written no two values share bytes;
/// one that lies may say that a value is in many places, or in itself, and no walk may take its word for it.
pub(super) struct Budget {
    bytes: usize,
}

impl Budget {
    pub(super) fn of(node: Node<'_>) -> Self {
        Self { bytes: node.image.len() }
    }

    /// Whether a walk may look into this value.
    pub(super) fn allows(&mut self, node: Node<'_>) -> bool {
        self.allows_bytes(node.extent())
    }

    /// A key's text; empty where the walk may not look at it, or where it is no text.
    pub(super) fn text<'a>(&mut self, key: &'a [u8]) -> &'a str {
        if self.allows_bytes(key.len()) { from_utf8(key).unwrap_or_default() } else { "" }
    }

    fn allows_bytes(&mut self, bytes: usize) -> bool {
        let left = self.bytes.checked_sub(bytes);
        self.bytes = left.unwrap_or(self.bytes);
        left.is_some()
    }
}

#[inline]
fn slice(image: &[u8], at: u32, bytes: usize) -> Option<&[u8]> {
    image.get(at as usize..)?.get(..bytes)
}

/// Whether two texts are the same. Those of at most 16 bytes, as nearly all keys are, without a loop: in WebAssembly, each round of one
/// also looks at the deadline.
#[inline(always)]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && ends(one) == ends(other) && (one.len() <= 16 || is_same_inside(one, other))
}

/// Whether two texts are the same that have the same size and the same ends.
#[inline]
fn is_same_inside(one: &[u8], other: &[u8]) -> bool {
    // The last words, which may be cut short, are among the ends.
    one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0).all(|(word, other_word)| word == other_word)
}

#[inline]
fn text(image: &[u8], at: u32, size: usize) -> Option<&str> {
    let bytes = slice(image, at, size)?;
    if is_text(bytes) {
        #[expect(unsafe_code, reason = "the standard check takes half as long again as the rest of a look-up in WebAssembly")]
        // SAFETY: `is_text` is true of UTF-8 only: of bytes that are all below 128, or that `from_utf8` accepts.
        return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    None
}

/// Whether bytes are UTF-8. A function of its own, since it is long and what it takes and gives are numbers.
#[inline(never)]
fn is_text(bytes: &[u8]) -> bool {
    is_ascii(bytes) || from_utf8(bytes).is_ok()
}

/// Whether every byte is below 128.
#[inline(always)]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let (blocks, _) = bytes.as_chunks::<32>();
    let of_blocks = blocks.iter().fold(0, |all, block| all | any_of(block));
    let of_rest = match bytes.last_chunk::<32>() {
        Some(last) => any_of(last),
        None => match (bytes.first_chunk::<16>(), bytes.last_chunk::<16>()) {
            (Some(first), Some(last)) => any_of(first) | any_of(last),
            _ => {
                let (first, last) = ends(bytes);
                first | last
            }
        },
    };
    (of_blocks | of_rest) & HIGHEST == 0
}

/// All bits that one of the words has.
#[inline(always)]
fn any_of(words: &[u8]) -> u64 {
    words.as_chunks::<8>().0.iter().fold(0, |all, word| all | u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_compared_and_judged_as_the_standard_library_does(
            mut bytes in prop::collection::vec(prop_oneof![20 => 0u8..128, 1 => any::<u8>()], 0..100),
            change in any::<prop::sample::Index>(),
        ) {
            prop_assert_eq!(is_ascii(&bytes), bytes.is_ascii());
            let before = bytes.clone();
            prop_assert!(is_same(&bytes, &before));
            if !bytes.is_empty() {
                let at = change.index(bytes.len());
                prop_assert!(!is_same(&before[..at], &before));
                bytes[at] ^= 0x80;
                prop_assert_eq!(is_ascii(&bytes), bytes.is_ascii());
                prop_assert!(!is_same(&bytes, &before));
            }
        }
    }
}
