//! Lines on their way to a file descriptor that may refuse them: what was written is remembered, so that the next try goes on
//! in the middle of a line where the last one ended.

use std::io::{self, Write};

/// Bytes to be written, and how many of them are.
#[derive(Debug, Default)]
pub(super) struct Lines {
    bytes: Vec<u8>,
    written: usize,
}

impl Lines {
    /// Where lines are added.
    pub(super) fn bytes(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Bytes that are not written yet.
    pub(super) fn left(&self) -> usize {
        self.bytes.len() - self.written
    }

    /// Writes what is left. Returns how many bytes this call has written, also where it fails.
    pub(super) fn write(&mut self, out: &mut impl Write) -> (u64, io::Result<()>) {
        let before = self.written;
        let mut result = Ok(());
        while self.written < self.bytes.len() {
            match out.write(&self.bytes[self.written..]) {
                Ok(0) => {
                    result = Err(io::ErrorKind::WriteZero.into());
                    break;
                }
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        let count = (self.written - before) as u64;
        if result.is_ok() {
            self.bytes.clear();
            self.written = 0;
        }
        (count, result)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes so many bytes, then fails, then takes all.
    struct Full {
        room: usize,
        taken: Vec<u8>,
    }

    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.room == 0 {
                self.room = usize::MAX;
                return Err(io::ErrorKind::StorageFull.into());
            }
            let count = bytes.len().min(self.room);
            self.room -= count;
            self.taken.extend(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_second_try_goes_on_where_the_first_ended() {
        for room in 1..12 {
            let mut out = Full { room, taken: Vec::new() };
            let mut lines = Lines::default();
            lines.bytes().extend(b"one\ntwo\nend\n");
            let (first, failed) = lines.write(&mut out);
            assert!(failed.is_err() && first == room as u64 && lines.left() == 12 - room);
            let (second, done) = lines.write(&mut out);
            assert!(done.is_ok() && second == 12 - room as u64 && lines.left() == 0);
            assert_eq!(out.taken, b"one\ntwo\nend\n");
        }
    }
}
