//! One gzip member, decompressed.
//!
//! The decoder is asked directly and not through a reader of its crate: a reader gives either bytes or an error, and loses
//! what was decompressed in the same step before the place at which a stream is corrupt.

use std::io::BufRead;

use flate2::{Decompress, FlushDecompress, Status};

use super::gunzip::UnpackError;

/// The base-2 logarithm of the largest window that RFC 1951 allows; each member's own is at most that.
const WINDOW_BITS: u8 = 15;

/// A member, from its first byte on.
pub(super) struct Member {
    decoder: Decompress,
    is_over: bool,
    /// What follows the bytes that were handed out is damaged.
    is_corrupt: bool,
}

impl Member {
    pub(super) fn new() -> Self {
        Self { decoder: Decompress::new_gzip(WINDOW_BITS), is_over: false, is_corrupt: false }
    }

    /// Fills `out`, which is not empty, from its beginning; 0 is the end of the member, behind which the source then stands.
    pub(super) fn read(&mut self, source: &mut impl BufRead, out: &mut [u8]) -> Result<usize, UnpackError> {
        loop {
            if self.is_corrupt {
                return Err(UnpackError::GzipCorrupt);
            }
            if self.is_over {
                return Ok(0);
            }
            let input = source.fill_buf().map_err(UnpackError::Io)?;
            let is_cut = input.is_empty();
            let (taken, made) = (self.decoder.total_in(), self.decoder.total_out());
            let result = self.decoder.decompress(input, out, FlushDecompress::None);
            // Both are at most the length of a slice.
            let (taken, made) = ((self.decoder.total_in() - taken) as usize, (self.decoder.total_out() - made) as usize);
            source.consume(taken);
            match result {
                Ok(Status::StreamEnd) => self.is_over = true,
                Ok(Status::Ok | Status::BufError) if taken > 0 || made > 0 => {}
                Ok(Status::Ok | Status::BufError) if is_cut => return Err(UnpackError::GzipTruncated),
                // What the decoder says depends on how the bytes arrived, and helps nobody. One that stands still has no more to give.
                Ok(Status::Ok | Status::BufError) | Err(_) => self.is_corrupt = true,
            }
            if made > 0 {
                return Ok(made);
            }
        }
    }
}
