//! One gzip member, decompressed.
//!
//! The decoder is asked directly and not through a reader of its crate: a reader gives either bytes or an error, and loses
//! what was decompressed in the same step before the place at which a stream is corrupt.

use std::io::{self, BufRead};

use flate2::{Decompress, FlushDecompress, Status};

use super::gunzip::UnpackError;

/// The base-2 logarithm of the largest window that RFC 1951 allows; each member's own is at most that.
const WINDOW_BITS: u8 = 15;

/// A member, from its first byte on.
pub(super) struct Member {
    decoder: Decompress,
    is_over: bool,
    /// What is wrong behind the bytes that were handed out.
    fault: Option<io::Error>,
}

impl Member {
    pub(super) fn new() -> Self {
        Self { decoder: Decompress::new_gzip(WINDOW_BITS), is_over: false, fault: None }
    }

    /// Fills `out`, which is not empty, from its beginning; 0 is the end of the member, behind which the source then stands.
    pub(super) fn read(&mut self, source: &mut impl BufRead, out: &mut [u8]) -> Result<usize, UnpackError> {
        loop {
            if let Some(fault) = self.fault.take() {
                return Err(UnpackError::GzipCorrupt(fault));
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
                Ok(Status::Ok | Status::BufError) if taken == 0 && made == 0 && is_cut => return Err(UnpackError::GzipTruncated),
                Ok(Status::Ok | Status::BufError) if taken == 0 && made == 0 => {
                    self.fault = Some(io::Error::other("the decoder stands still"));
                }
                Ok(Status::Ok | Status::BufError) => {}
                Err(error) => self.fault = Some(error.into()),
            }
            if made > 0 {
                return Ok(made);
            }
        }
    }
}
