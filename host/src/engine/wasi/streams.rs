//! No input, and output that becomes lines of the policy's log.
//!
//! What a guest prints counts as lines that it logs: as many as the limit allows, each cut to its length, the rest counted
//! and dropped. Writing never fails and never waits, since a library that cannot print tends to end the process. Standard
//! output is logged as information; standard error as errors, since that is where run-time libraries put the reason before
//! they trap.

use wasmtime::component::Resource;

use super::bindings::wasi::cli::{stderr, stdin, stdout};
use super::bindings::wasi::io::{error, streams};
use super::{AlwaysReady, Closed, Nothing, Output};
use crate::engine::error::Stop;
use crate::engine::state::{GuestState, LogLevel};

/// How many bytes a guest is told that it may write at once: enough for a line, and a bound on what it prepares.
const ROOM: u64 = 64 << 10;

const STDOUT: u32 = 1;
const STDERR: u32 = 2;

/// Lines that have begun and not ended.
#[derive(Default)]
pub(super) struct Unfinished {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

impl Unfinished {
    pub(super) fn of(&mut self, level: LogLevel) -> &mut Vec<u8> {
        if level == LogLevel::Error { &mut self.stderr } else { &mut self.stdout }
    }
}

impl GuestState {
    fn print(&mut self, stream: &Resource<Output>, bytes: &[u8]) {
        let level = if stream.rep() == STDERR { LogLevel::Error } else { LogLevel::Info };
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            self.extend_line(level, &rest[..end]);
            self.end_line(level);
            rest = &rest[end + 1..];
        }
        self.extend_line(level, rest);
    }

    fn extend_line(&mut self, level: LogLevel, bytes: &[u8]) {
        // One byte more than a line may have, so that the log sees that it was cut.
        let room = self.limits().log_line_bytes + 1;
        let line = self.system.call().output.of(level);
        let kept = bytes.len().min(room.saturating_sub(line.len()));
        line.extend_from_slice(&bytes[..kept]);
    }

    fn end_line(&mut self, level: LogLevel) {
        let line = self.system.call().output.of(level);
        let text = String::from_utf8_lossy(line).into_owned();
        line.clear();
        self.log(level, text);
    }

    /// Logs the lines that the guest has begun and not ended.
    pub(in crate::engine) fn end_unfinished_lines(&mut self) {
        for level in [LogLevel::Info, LogLevel::Error] {
            let Some(call) = &mut self.system.call else { return };
            if !call.output.of(level).is_empty() {
                self.end_line(level);
            }
        }
    }
}

type Streamed<T> = wasmtime::Result<Result<T, streams::StreamError>>;

fn closed<T>() -> Streamed<T> {
    Ok(Err(streams::StreamError::Closed))
}

impl streams::HostInputStream for GuestState {
    fn read(&mut self, _stream: Resource<Closed>, _length: u64) -> Streamed<Vec<u8>> {
        closed()
    }

    fn blocking_read(&mut self, _stream: Resource<Closed>, _length: u64) -> Streamed<Vec<u8>> {
        closed()
    }

    fn skip(&mut self, _stream: Resource<Closed>, _length: u64) -> Streamed<u64> {
        closed()
    }

    fn blocking_skip(&mut self, _stream: Resource<Closed>, _length: u64) -> Streamed<u64> {
        closed()
    }

    fn subscribe(&mut self, _stream: Resource<Closed>) -> wasmtime::Result<Resource<AlwaysReady>> {
        self.nothing_to_wait_for()
    }

    fn drop(&mut self, _stream: Resource<Closed>) -> wasmtime::Result<()> {
        self.handle_dropped();
        Ok(())
    }
}

impl streams::HostOutputStream for GuestState {
    fn check_write(&mut self, _stream: Resource<Output>) -> Streamed<u64> {
        Ok(Ok(ROOM))
    }

    fn write(&mut self, stream: Resource<Output>, contents: Vec<u8>) -> Streamed<()> {
        self.print(&stream, &contents);
        Ok(Ok(()))
    }

    fn blocking_write_and_flush(&mut self, stream: Resource<Output>, contents: Vec<u8>) -> Streamed<()> {
        self.write(stream, contents)
    }

    fn flush(&mut self, _stream: Resource<Output>) -> Streamed<()> {
        Ok(Ok(()))
    }

    fn blocking_flush(&mut self, _stream: Resource<Output>) -> Streamed<()> {
        Ok(Ok(()))
    }

    fn subscribe(&mut self, _stream: Resource<Output>) -> wasmtime::Result<Resource<AlwaysReady>> {
        self.nothing_to_wait_for()
    }

    fn write_zeroes(&mut self, _stream: Resource<Output>, _length: u64) -> Streamed<()> {
        // Zeroes are no text: there is nothing to log, however many they are.
        Ok(Ok(()))
    }

    fn blocking_write_zeroes_and_flush(&mut self, stream: Resource<Output>, length: u64) -> Streamed<()> {
        self.write_zeroes(stream, length)
    }

    fn splice(&mut self, _stream: Resource<Output>, _source: Resource<Closed>, _length: u64) -> Streamed<u64> {
        closed()
    }

    fn blocking_splice(&mut self, _stream: Resource<Output>, _source: Resource<Closed>, _length: u64) -> Streamed<u64> {
        closed()
    }

    fn drop(&mut self, _stream: Resource<Output>) -> wasmtime::Result<()> {
        self.handle_dropped();
        Ok(())
    }
}

impl streams::Host for GuestState {}

impl error::HostError for GuestState {
    fn to_debug_string(&mut self, _handle: Resource<Nothing>) -> wasmtime::Result<String> {
        // No stream ever answers with an error that has a handle.
        Err(Stop::NotGiven { function: "wasi:io/error to-debug-string".to_owned() }.into())
    }

    fn drop(&mut self, _handle: Resource<Nothing>) -> wasmtime::Result<()> {
        Ok(())
    }
}

impl error::Host for GuestState {}

impl stdin::Host for GuestState {
    fn get_stdin(&mut self) -> wasmtime::Result<Resource<Closed>> {
        self.hand_out(0)
    }
}

impl stdout::Host for GuestState {
    fn get_stdout(&mut self) -> wasmtime::Result<Resource<Output>> {
        self.hand_out(STDOUT)
    }
}

impl stderr::Host for GuestState {
    fn get_stderr(&mut self) -> wasmtime::Result<Resource<Output>> {
        self.hand_out(STDERR)
    }
}
