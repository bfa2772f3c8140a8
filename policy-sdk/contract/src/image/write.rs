//! From JSON text to an image, in one pass and without recursion.
//!
//! The text is copied whole, and what is found in it is noted as places in the copy; only texts with escapes are written
//! anew. The slots of an array or object lie together, so they are held back until it closes. Everything that an image
//! refers to therefore lies before it, and an image holds no cycle.

use super::convert::DEEPEST;
use super::held::{Held, Key, Slot, drop_overruled, fill, sort};
use super::layout::{HEADER, Index, Kind, LARGEST, MAGIC, MEMBER, POSITION, SLOT, VERSION, hash};
use super::scan::{BadJson, Expected, Quoted, Scanner, unescape};

/// Makes images, and keeps what it needs meanwhile for the next one.
#[derive(Debug, Default)]
pub struct Writer {
    /// What belongs to the arrays and objects that are open, innermost last.
    held: Vec<Held>,
    open: Vec<Open>,
    order: Vec<u32>,
}

/// An array or object that is open: which of the held slots are its own, and the key whose value is being read.
#[derive(Clone, Copy, Debug)]
enum Open {
    Array { first: usize },
    Object { first: usize, key: Key },
}

impl Writer {
    /// A writer that holds nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends the image of a JSON text. Offsets in it count from where it begins, so it may be moved anywhere.
    ///
    /// Where a key stands twice in an object the last value counts. The order of the members is otherwise kept.
    ///
    /// # Errors
    /// The text is no JSON, too deep or too large; `out` is then as it was.
    pub fn write(&mut self, json: &str, out: &mut Vec<u8>) -> Result<(), BadJson> {
        let begin = out.len();
        self.held.clear();
        self.open.clear();
        let written = self.append(json, begin, out);
        if written.is_err() {
            out.truncate(begin);
        }
        written
    }

    fn append(&mut self, json: &str, begin: usize, out: &mut Vec<u8>) -> Result<(), BadJson> {
        // The largest text fits 29 bits, so that every place in it fits 32.
        if json.len() > LARGEST as usize {
            return Err(BadJson::TooLarge { bytes: json.len() });
        }
        out.reserve(HEADER + json.len() * 2);
        out.resize(begin + HEADER, 0);
        out.extend_from_slice(json.as_bytes());
        let mut text = Text { json, scanner: Scanner::new(json), image: Image { begin, out } };
        let root = self.root(&mut text)?;
        let length = text.image.size()?;
        text.image.put_header(length, root);
        Ok(())
    }

    /// Reads the one value that the text is.
    fn root(&mut self, text: &mut Text<'_, '_>) -> Result<Slot, BadJson> {
        loop {
            let Some(slot) = self.begin_value(text)? else { continue };
            if let Some(root) = self.place(slot, text)? {
                return match text.scanner.peek() {
                    None => Ok(root),
                    Some(_) => text.scanner.missing(Expected::End),
                };
            }
        }
    }

    /// Takes a value, or the beginning of one that has others in it: then there is no slot yet, and a value must follow.
    fn begin_value(&mut self, text: &mut Text<'_, '_>) -> Result<Option<Slot>, BadJson> {
        let first = self.held.len();
        match text.scanner.peek() {
            Some(b'"') => text.string().map(Some),
            Some(b'{') => {
                self.check_depth(text)?;
                text.scanner.take();
                match text.scanner.peek() {
                    Some(b'}') => {
                        text.scanner.take();
                        Ok(Some(Slot { word: Kind::Object.with_size(0), at: 0 }))
                    }
                    Some(b'"') => {
                        let key = text.key()?;
                        self.open.push(Open::Object { first, key });
                        Ok(None)
                    }
                    _ => text.scanner.missing(Expected::KeyOrEnd),
                }
            }
            Some(b'[') => {
                self.check_depth(text)?;
                text.scanner.take();
                if text.scanner.peek() == Some(b']') {
                    text.scanner.take();
                    return Ok(Some(Slot { word: Kind::Array.with_size(0), at: 0 }));
                }
                self.open.push(Open::Array { first });
                Ok(None)
            }
            Some(b'-' | b'0'..=b'9') => text.number().map(Some),
            Some(b't') => text.word("true", Kind::True).map(Some),
            Some(b'f') => text.word("false", Kind::False).map(Some),
            Some(b'n') => text.word("null", Kind::Null).map(Some),
            _ => text.scanner.missing(Expected::Value),
        }
    }

    /// Puts a finished value where it belongs, and closes what closes behind it. None: another value must follow.
    fn place(&mut self, mut slot: Slot, text: &mut Text<'_, '_>) -> Result<Option<Slot>, BadJson> {
        loop {
            match self.open.last_mut() {
                None => return Ok(Some(slot)),
                Some(Open::Array { first }) => {
                    let first = *first;
                    self.held.push(Held { key: Key::default(), slot });
                    match text.scanner.peek() {
                        Some(b',') => {
                            text.scanner.take();
                            return Ok(None);
                        }
                        Some(b']') => {}
                        _ => return text.scanner.missing(Expected::CommaOrArrayEnd),
                    }
                    slot = self.close_array(first, text)?;
                }
                Some(Open::Object { first, key }) => {
                    let first = *first;
                    self.held.push(Held { key: *key, slot });
                    match text.scanner.peek() {
                        Some(b',') => {
                            text.scanner.take();
                            if text.scanner.peek() != Some(b'"') {
                                return text.scanner.missing(Expected::Key);
                            }
                            *key = text.key()?;
                            return Ok(None);
                        }
                        Some(b'}') => {}
                        _ => return text.scanner.missing(Expected::CommaOrObjectEnd),
                    }
                    slot = self.close_object(first, text)?;
                }
            }
            text.scanner.take();
            self.open.pop();
        }
    }

    fn check_depth(&self, text: &Text<'_, '_>) -> Result<(), BadJson> {
        if self.open.len() >= DEEPEST { Err(BadJson::TooDeep { at: text.scanner.at() }) } else { Ok(()) }
    }

    fn close_array(&mut self, first: usize, text: &mut Text<'_, '_>) -> Result<Slot, BadJson> {
        let elements = self.held.get(first..).unwrap_or_default();
        let (slot, body) = text.image.body(Kind::Array, elements.len(), elements.len().saturating_mul(SLOT))?;
        let (slots, _) = body.as_chunks_mut::<SLOT>();
        for (place, element) in slots.iter_mut().zip(elements) {
            *place = element.slot.to_bytes();
        }
        self.held.truncate(first);
        Ok(slot)
    }

    fn close_object(&mut self, first: usize, text: &mut Text<'_, '_>) -> Result<Slot, BadJson> {
        drop_overruled(&mut self.held, first, &mut self.order, text.image.bytes());
        let members = self.held.get(first..).unwrap_or_default();
        let index = Index::of(members.len());
        if index == Index::Order {
            sort(members, &mut self.order, text.image.bytes());
        }
        let of_members = members.len().saturating_mul(MEMBER);
        let (slot, body) = text.image.body(Kind::Object, members.len(), of_members.saturating_add(index.bytes(members.len())))?;
        let (entries, indexed) = body.split_at_mut(of_members);
        for (place, member) in entries.as_chunks_mut::<MEMBER>().0.iter_mut().zip(members) {
            *place = member.to_bytes();
        }
        match index {
            Index::None => {}
            Index::Buckets(_) => fill(indexed, members),
            Index::Order => {
                for (place, position) in indexed.as_chunks_mut::<POSITION>().0.iter_mut().zip(&self.order) {
                    *place = position.to_le_bytes();
                }
            }
        }
        self.held.truncate(first);
        Ok(slot)
    }
}

/// The text that is read and the image that is written.
struct Text<'t, 'o> {
    json: &'t str,
    scanner: Scanner<'t>,
    image: Image<'o>,
}

impl Text<'_, '_> {
    /// A place in the copy of the text. The text's length was checked, so that it fits.
    fn copied(&self, at: usize) -> u32 {
        (HEADER + at) as u32
    }

    fn word(&mut self, word: &str, kind: Kind) -> Result<Slot, BadJson> {
        self.scanner.word(word)?;
        Ok(Slot { word: kind.with_size(0), at: 0 })
    }

    fn number(&mut self) -> Result<Slot, BadJson> {
        let from = self.scanner.at();
        self.scanner.number()?;
        Ok(Slot { word: Kind::Number.with_size((self.scanner.at() - from) as u32), at: self.copied(from) })
    }

    fn string(&mut self) -> Result<Slot, BadJson> {
        let (at, size) = self.characters()?;
        Ok(Slot { word: Kind::Text.with_size(size), at })
    }

    /// Takes a key and the colon behind it.
    #[inline(always)]
    fn key(&mut self) -> Result<Key, BadJson> {
        let (at, size) = self.characters()?;
        if self.scanner.peek() != Some(b':') {
            return self.scanner.missing(Expected::Colon);
        }
        self.scanner.take();
        let hash = hash(self.image.text(at, size));
        Ok(Key { hash, at, size })
    }

    /// Takes a string: where in the image what it stands for is, and its bytes.
    #[inline(always)]
    fn characters(&mut self) -> Result<(u32, u32), BadJson> {
        let quoted = self.scanner.string()?;
        if !quoted.has_escapes {
            return Ok((self.copied(quoted.from), (quoted.to - quoted.from) as u32));
        }
        self.unescaped(quoted)
    }

    #[cold]
    fn unescaped(&mut self, quoted: Quoted) -> Result<(u32, u32), BadJson> {
        let at = self.image.size()?;
        unescape(self.json, quoted, self.image.out)?;
        Ok((at, self.image.size()? - at))
    }
}

/// The image that is being written: what comes behind `begin`.
struct Image<'o> {
    begin: usize,
    out: &'o mut Vec<u8>,
}

impl Image<'_> {
    fn bytes(&self) -> &[u8] {
        self.out.get(self.begin..).unwrap_or_default()
    }

    fn text(&self, at: u32, size: u32) -> &[u8] {
        self.bytes().get(at as usize..).and_then(|rest| rest.get(..size as usize)).unwrap_or_default()
    }

    /// How large it is now, which is where the next thing will be.
    fn size(&self) -> Result<u32, BadJson> {
        let bytes = self.out.len() - self.begin;
        u32::try_from(bytes).map_err(|_| BadJson::TooLarge { bytes })
    }

    /// Room for the body of an array or object, and the slot that says where it is.
    fn body(&mut self, kind: Kind, values: usize, bytes: usize) -> Result<(Slot, &mut [u8]), BadJson> {
        let from = self.out.len();
        let at = self.size()?;
        // Every value took a byte of a text whose length fits.
        let slot = Slot { word: kind.with_size(values as u32), at };
        self.out.resize(from.saturating_add(bytes), 0);
        Ok((slot, self.out.get_mut(from..).unwrap_or_default()))
    }

    fn put_header(&mut self, length: u32, root: Slot) {
        let mut header = [0; HEADER];
        let fields = MAGIC.into_iter().chain([VERSION]).chain(length.to_le_bytes()).chain(root.to_bytes());
        header.iter_mut().zip(fields).for_each(|(place, byte)| *place = byte);
        if let Some(place) = self.out.get_mut(self.begin..).and_then(|image| image.first_chunk_mut()) {
            *place = header;
        }
    }
}
