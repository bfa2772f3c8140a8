//! Plain or gzip bytes in, plain bytes out, within the limits.
//!
//! Whether an object is compressed is told by its first two bytes, never by its name: a `.json.gz` may have been
//! decompressed on its way. Every byte that was decompressed before a fault is handed out before the fault is.

use std::io::{self, BufRead, Read};

use thiserror::Error;

use super::limits::ReadLimits;
use super::member::Member;

/// RFC 1952, 2.3.1: ID1 and ID2 of a gzip member.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];
const SOURCE_BUFFER_BYTES: usize = 64 * 1024;

/// Why the bytes of an object ended before the object did.
#[derive(Debug, Error)]
pub enum UnpackError {
    /// The source itself failed; nothing is known about the object.
    #[error("cannot read the object: {0}; try again")]
    Io(io::Error),
    /// The compressed stream ends in its middle.
    #[error("the gzip stream ends too early; fetch the object again, it may have been cut")]
    GzipTruncated,
    /// The compressed stream contradicts itself or its checksum.
    #[error("the gzip stream is corrupt; fetch the object again, it may have been damaged")]
    GzipCorrupt,
    /// Something that is not gzip follows a complete gzip member.
    #[error("{bytes} bytes that are not gzip follow the gzip stream; what was before them is read")]
    GzipTrailingBytes {
        /// How many compressed bytes follow; counted up to the limit for objects.
        bytes: u64,
    },
    /// More bytes than an object may have.
    #[error("the object has more than {limit} bytes; raise the limit for objects if it is genuine")]
    TooLarge {
        /// The limit, in decompressed bytes.
        limit: u64,
    },
    /// It decompresses to implausibly much.
    #[error("the object decompresses to more than {limit} times its size; raise the limit for the ratio if it is genuine")]
    RatioTooHigh {
        /// The limit, in decompressed bytes for one compressed byte.
        limit: u64,
    },
}

/// The decompressed bytes of one object.
pub(super) struct Inflate<R> {
    stream: Stream<R>,
    limits: ReadLimits,
    decompressed: u64,
    after_gzip: u64,
    /// There was more than an object may have.
    is_over: bool,
    /// What the source had given when the stream was closed.
    read_at_close: u64,
}

enum Stream<R> {
    Unknown(Source<R>),
    Plain(Source<R>),
    Gzip(Source<R>, Member),
    Closed,
}

impl<R: Read> Inflate<R> {
    pub(super) fn new(source: R, limits: ReadLimits) -> Self {
        Self {
            stream: Stream::Unknown(Source::new(source)),
            limits,
            decompressed: 0,
            after_gzip: 0,
            is_over: false,
            read_at_close: 0,
        }
    }

    /// Bytes taken from the source, compressed if they were.
    pub(super) fn bytes_read(&self) -> u64 {
        match &self.stream {
            Stream::Unknown(source) | Stream::Plain(source) | Stream::Gzip(source, _) => source.consumed,
            Stream::Closed => self.read_at_close,
        }
    }

    /// Bytes handed out.
    pub(super) fn bytes_decompressed(&self) -> u64 {
        self.decompressed
    }

    /// Bytes that followed the last gzip member and are no gzip.
    pub(super) fn bytes_after_gzip(&self) -> u64 {
        self.after_gzip
    }

    /// Fills `out` from its beginning; 0 is the end of the object. After an error there is only the end.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<usize, UnpackError> {
        let result = if std::mem::take(&mut self.is_over) {
            // Whatever comes behind the limit, even damage, was not looked at.
            Err(UnpackError::TooLarge { limit: self.limits.object_bytes })
        } else {
            self.read_unguarded(out).and_then(|count| self.within_limits(count))
        };
        if !matches!(result, Ok(1..)) {
            self.close();
        }
        result
    }

    fn read_unguarded(&mut self, out: &mut [u8]) -> Result<usize, UnpackError> {
        loop {
            match &mut self.stream {
                Stream::Unknown(source) => {
                    let is_gzip = source.starts_with_gzip().map_err(UnpackError::Io)?;
                    self.open(is_gzip);
                }
                Stream::Plain(source) => return source.read(out).map_err(UnpackError::Io),
                Stream::Gzip(source, member) => match member.read(source, out)? {
                    0 => {
                        if source.at_end().map_err(UnpackError::Io)? {
                            return Ok(0);
                        }
                        if !source.starts_with_gzip().map_err(UnpackError::Io)? {
                            let bytes = source.drain(self.limits.object_bytes).map_err(UnpackError::Io)?;
                            self.after_gzip = bytes;
                            return Err(UnpackError::GzipTrailingBytes { bytes });
                        }
                        self.open(true);
                    }
                    count => return Ok(count),
                },
                Stream::Closed => return Ok(0),
            }
        }
    }

    fn within_limits(&mut self, count: usize) -> Result<usize, UnpackError> {
        let count = count as u64;
        let left = self.limits.object_bytes.saturating_sub(self.decompressed);
        let allowed = count.min(left);
        if allowed == 0 && count > 0 {
            return Err(UnpackError::TooLarge { limit: self.limits.object_bytes });
        }
        // What still fits is handed out first, the error comes with the next call.
        self.is_over = allowed < count;
        let total = self.decompressed.saturating_add(allowed);
        let most = self.bytes_read().saturating_mul(self.limits.ratio).max(self.limits.ratio_free_bytes);
        if total > most {
            return Err(UnpackError::RatioTooHigh { limit: self.limits.ratio });
        }
        self.decompressed = total;
        // `allowed` is at most `count`, which was a usize.
        Ok(allowed as usize)
    }

    /// Starts a gzip member, or plain reading, at the source's present place.
    fn open(&mut self, gzip: bool) {
        let source = match std::mem::replace(&mut self.stream, Stream::Closed) {
            Stream::Unknown(source) | Stream::Plain(source) | Stream::Gzip(source, _) => source,
            Stream::Closed => return,
        };
        self.stream = if gzip { Stream::Gzip(source, Member::new()) } else { Stream::Plain(source) };
    }

    fn close(&mut self) {
        self.read_at_close = self.bytes_read();
        self.stream = Stream::Closed;
    }
}

/// A buffered reader that can look two bytes ahead (the standard one cannot promise more than one), and counts what was
/// consumed.
struct Source<R> {
    inner: R,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    consumed: u64,
}

impl<R: Read> Source<R> {
    fn new(inner: R) -> Self {
        let buffer = vec![0; SOURCE_BUFFER_BYTES].into_boxed_slice();
        Self { inner, buffer, start: 0, end: 0, consumed: 0 }
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Reads once more; false at the end of the source.
    fn refill(&mut self) -> io::Result<bool> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        loop {
            match self.inner.read(room) {
                Ok(count) => {
                    self.end += count;
                    return Ok(count > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn starts_with_gzip(&mut self) -> io::Result<bool> {
        while self.buffered().len() < GZIP_MAGIC.len() && self.refill()? {}
        Ok(self.buffered().starts_with(&GZIP_MAGIC))
    }

    fn at_end(&mut self) -> io::Result<bool> {
        Ok(self.buffered().is_empty() && !self.refill()?)
    }

    /// Throws away what is left, up to `most` bytes, and says how much it was.
    fn drain(&mut self, most: u64) -> io::Result<u64> {
        let mut drained = 0;
        while drained < most && !self.at_end()? {
            let count = self.buffered().len();
            self.consume(count);
            drained += count as u64;
        }
        Ok(drained)
    }
}

impl<R: Read> BufRead for Source<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.start == self.end {
            self.refill()?;
        }
        Ok(self.buffered())
    }

    fn consume(&mut self, amount: usize) {
        let amount = amount.min(self.end - self.start);
        self.start += amount;
        self.consumed += amount as u64;
    }
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(out.len());
        if let (Some(to), Some(from)) = (out.get_mut(..count), available.get(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        Ok(count)
    }
}
