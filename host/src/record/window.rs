//! The part of an object that is in memory: what was not yet judged or thrown away.
//!
//! Places in the window are counted from its first byte, so they stay right when more is read behind it.

use std::io::Read;

use memchr::memchr;

use super::gunzip::{Inflate, UnpackError};

const CHUNK_BYTES: usize = 64 * 1024;

/// A growing and shrinking view of the decompressed object.
pub(super) struct Window<R> {
    input: Inflate<R>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    offset: u64,
    ended: bool,
    failure: Option<UnpackError>,
}

impl<R: Read> Window<R> {
    pub(super) fn new(input: Inflate<R>) -> Self {
        Self { input, buffer: vec![0; CHUNK_BYTES], start: 0, end: 0, offset: 0, ended: false, failure: None }
    }

    pub(super) fn input(&self) -> &Inflate<R> {
        &self.input
    }

    /// Bytes that are held for the window, used or not.
    pub(super) fn capacity(&self) -> usize {
        self.buffer.len()
    }

    /// Offset of the window's first byte in the decompressed object.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// All that is in memory.
    pub(super) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// What is in memory from `at` on.
    pub(super) fn bytes_from(&self, at: usize) -> &[u8] {
        self.bytes().get(at..).unwrap_or_default()
    }

    /// The byte at `at`; reads on where it must. None: the object ends before it.
    pub(super) fn byte(&mut self, at: usize) -> Option<u8> {
        loop {
            if let Some(byte) = self.bytes().get(at) {
                return Some(*byte);
            }
            if !self.more() {
                return None;
            }
        }
    }

    /// Reads more behind what is there; false at the end, after which [`Self::take_failure`] tells whether it is the true end.
    pub(super) fn more(&mut self) -> bool {
        if self.ended {
            return false;
        }
        self.make_room();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        match self.input.read(room) {
            Ok(count) => {
                self.end += count;
                self.ended = count == 0;
            }
            Err(error) => {
                self.failure = Some(error);
                self.ended = true;
            }
        }
        !self.ended
    }

    /// Why the object ended too early, if it did. Given once.
    pub(super) fn take_failure(&mut self) -> Option<UnpackError> {
        self.failure.take()
    }

    /// Forgets the first `count` bytes.
    pub(super) fn discard(&mut self, count: usize) {
        let count = count.min(self.end - self.start);
        self.start += count;
        self.offset += count as u64;
    }

    /// Forgets JSON's white space at the front, and byte order marks where `marks` is set; says how many bytes.
    pub(super) fn discard_white(&mut self, marks: bool) -> u64 {
        let before = self.offset;
        loop {
            let white = self.bytes().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count();
            self.discard(white);
            match self.byte(0) {
                Some(b' ' | b'\t' | b'\n' | b'\r') => {}
                Some(0xef) if marks && self.byte(1) == Some(0xbb) && self.byte(2) == Some(0xbf) => self.discard(3),
                _ => return self.offset - before,
            }
        }
    }

    /// Where the first line that begins with `{` or `[` begins, among the first `count` bytes.
    pub(super) fn line_with_value(&self, count: usize) -> Option<usize> {
        let searched = self.bytes().get(..count)?;
        memchr::memchr_iter(b'\n', searched)
            .map(|newline| newline + 1)
            .find(|start| matches!(searched.get(*start), Some(b'{' | b'[')))
    }

    /// Forgets everything up to the next line that begins with `{` or `[`, looked for from `from` on, or up to the
    /// end. Says how many bytes that were, and whether there was such a line.
    pub(super) fn discard_to_line_with_value(&mut self, from: usize) -> (u64, bool) {
        let before = self.offset;
        let mut at = from;
        loop {
            match memchr(b'\n', self.bytes_from(at)) {
                Some(newline) => {
                    at += newline + 1;
                    if matches!(self.byte(at), Some(b'{' | b'[')) {
                        self.discard(at);
                        return (self.offset - before, true);
                    }
                }
                None => {
                    self.discard(self.bytes().len());
                    at = 0;
                    if !self.more() {
                        return (self.offset - before, false);
                    }
                }
            }
        }
    }

    /// Makes room for a worthwhile read: moves what is there to the front, grows only when that is not enough.
    fn make_room(&mut self) {
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
        if self.buffer.len() - self.end >= CHUNK_BYTES / 4 {
            return;
        }
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.buffer.len() - self.end < CHUNK_BYTES / 4 {
            // Doubling keeps the copying linear.
            let grown = self.buffer.len() * 2;
            self.buffer.resize(grown, 0);
        }
    }
}
