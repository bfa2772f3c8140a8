//! Look-ups in an image, in place: no parsing, no allocation, and no trust.
//!
//! Any bytes may stand where an image should. Whatever lies outside, is of no known kind or is no text is absent, and no
//! question takes longer than the image is long; an image that lies gives wrong answers and does nothing worse.

use std::cmp::Ordering;
use std::str::from_utf8;

use super::layout::{HEADER, Kind, MAGIC, MEMBER, ROOT, SCANNED, SLOT, VERSION, WORD, hash, size_of};

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
    pub fn read(bytes: &'a [u8]) -> Result<Self, BadImage> {
        let (magic, rest) = bytes.split_first_chunk().ok_or(BadImage::NoImage)?;
        let (version, _) = rest.split_first().ok_or(BadImage::NoImage)?;
        if *magic != MAGIC {
            return Err(BadImage::NoImage);
        }
        if *version != VERSION {
            return Err(BadImage::OtherVersion { version: *version });
        }
        let header: &[u8; HEADER] = bytes.first_chunk().ok_or(BadImage::NoImage)?;
        let [_, _, _, _, l0, l1, l2, l3, root @ ..] = header;
        let length = u32::from_le_bytes([*l0, *l1, *l2, *l3]);
        if usize::try_from(length) != Ok(bytes.len()) {
            return Err(BadImage::OtherLength { length, bytes: bytes.len() });
        }
        debug_assert_eq!(HEADER - root.len(), ROOT);
        Ok(Self { root: Node::of(bytes, *root).ok_or(BadImage::NoRoot)? })
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
    kind: Kind,
    size: u32,
    at: u32,
}

impl<'a> Node<'a> {
    fn of(image: &'a [u8], slot: [u8; SLOT]) -> Option<Self> {
        let [w0, w1, w2, w3, a0, a1, a2, a3] = slot;
        let word = u32::from_le_bytes([w0, w1, w2, w3]);
        Some(Self { image, kind: Kind::of(word)?, size: size_of(word), at: u32::from_le_bytes([a0, a1, a2, a3]) })
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        self.kind
    }

    /// The text of a string.
    pub fn str(self) -> Option<&'a str> {
        if self.kind == Kind::Text { text(self.image, self.at, self.size) } else { None }
    }

    /// A number as it was written, with every digit.
    pub fn number(self) -> Option<&'a str> {
        if self.kind == Kind::Number { text(self.image, self.at, self.size) } else { None }
    }

    /// `true` or `false`.
    pub fn flag(self) -> Option<bool> {
        match self.kind {
            Kind::True => Some(true),
            Kind::False => Some(false),
            _ => None,
        }
    }

    /// The member of an object, by its exact key.
    pub fn member(self, key: &str) -> Option<Node<'a>> {
        let object = self.object()?;
        let wanted = hash(key.as_bytes());
        let member = if object.hashes.len() <= SCANNED {
            let mut by_hash = object.hashes.iter().zip(object.members).filter(|(hash, _)| u32::from_le_bytes(**hash) == wanted);
            by_hash.find(|(_, member)| object.key(member) == Some(key.as_bytes())).map(|(_, member)| member)
        } else {
            object.search(wanted, key.as_bytes())
        };
        object.value(member?)
    }

    /// The element of an array, counted from 0.
    pub fn element(self, position: usize) -> Option<Node<'a>> {
        Self::of(self.image, *self.slots().get(position)?)
    }

    /// The elements of an array, in order; none for anything else.
    pub fn elements(self) -> Elements<'a> {
        Elements { image: self.image, slots: self.slots().iter() }
    }

    /// The members of an object, in the order in which they were written; none for anything else.
    pub fn members(self) -> Members<'a> {
        let object = self.object().unwrap_or(Object { image: self.image, hashes: &[], members: &[], order: &[] });
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

    /// Bytes of the image that it takes besides its slot: those of its text, or of its body.
    fn extent(self) -> usize {
        let size = self.size as usize;
        match self.kind {
            Kind::Null | Kind::False | Kind::True => 0,
            Kind::Number | Kind::Text => size,
            Kind::Array => size.saturating_mul(SLOT),
            Kind::Object => size.saturating_mul(WORD + MEMBER),
        }
    }

    fn slots(self) -> &'a [[u8; SLOT]] {
        if self.kind != Kind::Array {
            return &[];
        }
        let body = slice(self.image, self.at, (self.size as usize).checked_mul(SLOT));
        body.map_or(&[], |body| body.as_chunks().0)
    }

    fn object(self) -> Option<Object<'a>> {
        if self.kind != Kind::Object {
            return None;
        }
        let size = self.size as usize;
        let in_order = if size > SCANNED { size.checked_mul(WORD)? } else { 0 };
        let hashes = size.checked_mul(WORD)?;
        let members = size.checked_mul(MEMBER)?;
        let body = slice(self.image, self.at, hashes.checked_add(members)?.checked_add(in_order))?;
        let (hashes, body) = body.split_at_checked(hashes)?;
        let (members, order) = body.split_at_checked(members)?;
        Some(Object {
            image: self.image,
            hashes: hashes.as_chunks().0,
            members: members.as_chunks().0,
            order: order.as_chunks().0,
        })
    }
}

/// The parts of an object's body.
#[derive(Clone, Copy)]
struct Object<'a> {
    image: &'a [u8],
    hashes: &'a [[u8; WORD]],
    members: &'a [[u8; MEMBER]],
    order: &'a [[u8; WORD]],
}

impl<'a> Object<'a> {
    fn key(&self, member: &[u8; MEMBER]) -> Option<&'a [u8]> {
        let [a0, a1, a2, a3, s0, s1, s2, s3, ..] = *member;
        let size = u32::from_le_bytes([s0, s1, s2, s3]);
        slice(self.image, u32::from_le_bytes([a0, a1, a2, a3]), usize::try_from(size).ok())
    }

    fn value(&self, member: &[u8; MEMBER]) -> Option<Node<'a>> {
        Node::of(self.image, *member.last_chunk()?)
    }

    fn search(&self, hash: u32, key: &[u8]) -> Option<&'a [u8; MEMBER]> {
        let found = self.order.binary_search_by(|position| {
            let position = u32::from_le_bytes(*position) as usize;
            let (Some(of_hash), Some(member)) = (self.hashes.get(position), self.members.get(position)) else {
                return Ordering::Less;
            };
            u32::from_le_bytes(*of_hash).cmp(&hash).then_with(|| self.key(member).unwrap_or_default().cmp(key))
        });
        let position = self.order.get(found.ok()?)?;
        self.members.get(u32::from_le_bytes(*position) as usize)
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
        self.slots.by_ref().find_map(|slot| Node::of(self.image, *slot))
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

fn slice(image: &[u8], at: u32, bytes: Option<usize>) -> Option<&[u8]> {
    image.get(at as usize..)?.get(..bytes?)
}

fn text(image: &[u8], at: u32, size: u32) -> Option<&str> {
    from_utf8(slice(image, at, usize::try_from(size).ok())?).ok()
}
