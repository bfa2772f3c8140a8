//! Look-ups in an image, in place: no parsing, no allocation, and no trust.
//!
//! Any bytes may stand where an image should. Whatever lies outside, is of no known kind or is no text is absent, and no
//! question takes longer than the image is long; an image that lies gives wrong answers and does nothing worse.

use std::str::from_utf8;

use super::layout::{HEADER, Index, Kind, MAGIC, MEMBER, POSITION, SLOT, VERSION, hash, size_of};

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
        Self::of(self.image, self.slot_of(key.as_bytes(), hash(key.as_bytes())))
    }

    /// The slot of a member. A function of its own, so that whoever looks up a constant computes its hash when it is compiled;
    /// and one whose result and parameters all fit registers.
    #[inline(never)]
    fn slot_of(self, key: &[u8], hash: u32) -> u64 {
        let object = self.object();
        let member = object.and_then(|object| object.find(key, hash));
        member.and_then(|member| member.last_chunk()).map_or(NO_SLOT, |slot| u64::from_le_bytes(*slot))
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
        let object = self.object().unwrap_or(Object { image: self.image, members: &[], index: &[] });
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

    #[inline]
    fn object(self) -> Option<Object<'a>> {
        if self.kind() != Kind::Object {
            return None;
        }
        let size = self.size();
        let of_members = size.checked_mul(MEMBER)?;
        let body = slice(self.image, self.at, of_members.checked_add(Index::of(size).bytes(size))?)?;
        let (members, index) = body.split_at_checked(of_members)?;
        Some(Object { image: self.image, members: members.as_chunks().0, index })
    }
}

/// The slot of nothing: its kind is none.
const NO_SLOT: u64 = u64::MAX;

/// The parts of an object's body.
#[derive(Clone, Copy)]
struct Object<'a> {
    image: &'a [u8],
    members: &'a [[u8; MEMBER]],
    index: &'a [u8],
}

impl<'a> Object<'a> {
    #[inline]
    fn find(&self, key: &[u8], hash: u32) -> Option<&'a [u8; MEMBER]> {
        match Index::of(self.members.len()) {
            Index::None => self.members.iter().find(|member| self.is(member, key)),
            Index::Buckets(buckets) => {
                let mask = buckets - 1;
                let first = hash as usize & mask;
                // A written index has a free bucket that ends this sooner.
                for step in 0..buckets {
                    let position = usize::from(*self.index.get((first + step) & mask)?).checked_sub(1)?;
                    let member = self.members.get(position)?;
                    if self.is(member, key) {
                        return Some(member);
                    }
                }
                None
            }
            Index::Order => self.search(key),
        }
    }

    #[inline]
    fn is(&self, member: &[u8; MEMBER], key: &[u8]) -> bool {
        self.key(member).is_some_and(|found| is_same(found, key))
    }

    #[inline]
    fn key(&self, member: &[u8; MEMBER]) -> Option<&'a [u8]> {
        let [a0, a1, a2, a3, s0, s1, s2, s3, ..] = *member;
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        slice(self.image, u32::from_le_bytes([a0, a1, a2, a3]), size as usize)
    }

    #[inline]
    fn value(&self, member: &[u8; MEMBER]) -> Option<Node<'a>> {
        Node::of(self.image, u64::from_le_bytes(*member.last_chunk()?))
    }

    #[cold]
    fn search(&self, key: &[u8]) -> Option<&'a [u8; MEMBER]> {
        let member = |position: &[u8; POSITION]| self.members.get(u32::from_le_bytes(*position) as usize);
        let (order, _) = self.index.as_chunks::<POSITION>();
        let found = order.binary_search_by(|position| member(position).and_then(|member| self.key(member)).cmp(&Some(key)));
        member(order.get(found.ok()?)?)
    }
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

/// Whether two texts are the same, eight bytes at a time: WebAssembly has no faster way, and most keys have 8 to 16.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    match (one.last_chunk::<8>(), other.last_chunk::<8>()) {
        (Some(last), Some(other_last)) if one.len() == other.len() => {
            let (words, _) = one.as_chunks::<8>();
            last == other_last && words.iter().zip(other.as_chunks::<8>().0).all(|(word, other_word)| word == other_word)
        }
        _ => one == other,
    }
}

#[inline]
fn text(image: &[u8], at: u32, size: usize) -> Option<&str> {
    let bytes = slice(image, at, size)?;
    if is_ascii(bytes) {
        #[expect(unsafe_code, reason = "the standard check takes half as long again as the rest of a look-up in WebAssembly")]
        // SAFETY: `is_ascii` has looked at every byte and found all below 128, and such bytes are UTF-8.
        return Some(unsafe { std::str::from_utf8_unchecked(bytes) });
    }
    from_utf8(bytes).ok()
}

/// Whether every byte is below 128.
#[inline]
fn is_ascii(bytes: &[u8]) -> bool {
    const HIGHEST: u64 = 0x8080_8080_8080_8080;
    let (words, rest) = bytes.as_chunks::<8>();
    let of_words = words.iter().fold(0, |all, word| all | u64::from_le_bytes(*word));
    let of_rest = match bytes.last_chunk::<8>() {
        Some(last) => u64::from_le_bytes(*last),
        None => rest.iter().fold(0, |all, byte| all | u64::from(*byte)),
    };
    (of_words | of_rest) & HIGHEST == 0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn texts_are_compared_and_judged_as_the_standard_library_does(
            mut bytes in prop::collection::vec(prop_oneof![20 => 0u8..128, 1 => any::<u8>()], 0..40),
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
