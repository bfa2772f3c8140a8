//! The empty system, function by function, as one store's state answers them.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::{Linker, Resource};

use super::bindings::wasi::cli::{exit, stderr, stdout};
use super::bindings::wasi::clocks::monotonic_clock;
use super::bindings::wasi::io::poll;
use super::bindings::wasi::io::streams::{self, HostOutputStream as _};
use super::bindings::wasi::random::random::Host as _;
use super::{AlwaysReady, Output, SYSTEM_INTERFACES, add_to_linker, refused};
use crate::engine::clock::Deadline;
use crate::engine::error::Stop;
use crate::engine::limits::GuestLimits;
use crate::engine::meter::{MemoryBudget, MemoryMeter};
use crate::engine::state::{GuestState, LogLevel};

fn state() -> GuestState {
    let limits = GuestLimits {
        log_lines_per_call: 3,
        log_line_bytes: 4,
        system_handles: 2,
        random_bytes_per_call: 24,
        ..GuestLimits::default()
    };
    let meter = MemoryMeter::new(0, Arc::new(MemoryBudget::new(0)));
    GuestState::new(meter, deadline(), Arc::new(limits), Arc::default())
}

fn deadline() -> Deadline {
    Deadline::starting_now(Duration::from_secs(1), 1)
}

fn stop<T: std::fmt::Debug>(result: wasmtime::Result<T>) -> Stop {
    result.unwrap_err().downcast::<Stop>().unwrap()
}

fn lend<T: 'static>(handle: &Resource<T>) -> Resource<T> {
    Resource::new_borrow(handle.rep())
}

#[test]
fn every_call_draws_the_same_bytes_and_no_more_than_its_limit() {
    let mut state = state();
    let first = (state.get_random_bytes(8).unwrap(), state.get_random_u64().unwrap());
    let rest = state.get_random_bytes(8).unwrap();
    assert_ne!(first.0, rest);
    assert_eq!(stop(state.get_random_u64()), Stop::Randomness { limit: 24 });
    state.begin_call(deadline(), 0);
    assert_eq!((state.get_random_bytes(8).unwrap(), state.get_random_u64().unwrap()), first);
    // Refused before anything is allocated.
    assert_eq!(stop(state.get_random_bytes(u64::MAX)), Stop::Randomness { limit: 24 });
}

#[test]
fn the_sequence_of_random_bytes_never_changes() {
    // Answers of policies may depend on it: another sequence would be another answer for a record that was judged before.
    assert_eq!(state().get_random_bytes(4).unwrap(), [108, 59, 154, 167]);
}

#[test]
fn what_is_printed_is_cut_and_counted_like_lines_of_the_log() {
    let mut state = state();
    let out = stdout::Host::get_stdout(&mut state).unwrap();
    let err = stderr::Host::get_stderr(&mut state).unwrap();
    let mut print = |stream: &Resource<Output>, text: &str| state.write(lend(stream), text.into()).unwrap().unwrap();
    print(&out, "on");
    print(&err, "bad");
    print(&out, "e\n123456789");
    print(&out, "0123456789\nlost");
    let said = state.take_utterances();
    let lines: Vec<_> = said.lines.iter().map(|line| (line.level, line.text.as_str())).collect();
    // Lines end where the guest ends them, or with the call.
    assert_eq!(lines, [(LogLevel::Info, "one"), (LogLevel::Info, "1234… (cut)"), (LogLevel::Info, "lost")]);
    assert_eq!(said.lines_dropped, 1);
    assert_eq!(state.take_utterances().lines, [], "nothing is said twice");
}

#[test]
fn no_more_of_a_line_is_kept_than_the_log_takes() {
    let mut state = state();
    let out = stdout::Host::get_stdout(&mut state).unwrap();
    for _ in 0..3 {
        state.write(lend(&out), vec![b'x'; 1_000_000]).unwrap().unwrap();
    }
    assert_eq!(state.system.call().output.of(LogLevel::Info).len(), 5);
}

#[test]
fn what_no_text_can_hold_is_replaced_and_zeroes_are_nothing() {
    let mut state = state();
    let err = stderr::Host::get_stderr(&mut state).unwrap();
    state.write(lend(&err), vec![b'a', 0xff]).unwrap().unwrap();
    state.write_zeroes(lend(&err), u64::MAX).unwrap().unwrap();
    let said = state.take_utterances();
    assert_eq!(said.lines.len(), 1);
    assert_eq!((said.lines[0].level, said.lines[0].text.as_str()), (LogLevel::Error, "a\u{fffd}"));
}

#[test]
fn handles_are_limited_and_can_be_given_back() {
    let mut state = state();
    let first = monotonic_clock::Host::subscribe_duration(&mut state, u64::MAX).unwrap();
    stdout::Host::get_stdout(&mut state).unwrap();
    assert_eq!(stop(stderr::Host::get_stderr(&mut state)), Stop::Handles { limit: 2 });
    // A new call does not forget what the guest still holds.
    state.begin_call(deadline(), 0);
    assert_eq!(stop(stderr::Host::get_stderr(&mut state)), Stop::Handles { limit: 2 });
    poll::HostPollable::drop(&mut state, first).unwrap();
    let err = stderr::Host::get_stderr(&mut state).unwrap();
    streams::HostOutputStream::drop(&mut state, err).unwrap();
    stdout::Host::get_stdout(&mut state).unwrap();
}

#[test]
fn everything_is_ready_at_once_and_nothing_is_never_ready() {
    let mut state = state();
    let waits: Vec<Resource<AlwaysReady>> = vec![Resource::new_borrow(0), Resource::new_borrow(0)];
    assert_eq!(poll::Host::poll(&mut state, waits).unwrap(), [0, 1]);
    assert_eq!(stop(poll::Host::poll(&mut state, Vec::new())), Stop::NothingToPoll);
}

#[test]
fn the_end_of_the_process_is_a_failure_whatever_its_status() {
    for status in [Ok(()), Err(())] {
        assert_eq!(stop(exit::Host::exit(&mut state(), status)), Stop::Exited { successfully: status.is_ok() });
    }
}

/// Something that each interface of [`SYSTEM_INTERFACES`] offers.
const OFFERED: [(&str, &str); 27] = [
    ("wasi:cli/environment", "get-environment"),
    ("wasi:cli/exit", "exit"),
    ("wasi:cli/stderr", "get-stderr"),
    ("wasi:cli/stdin", "get-stdin"),
    ("wasi:cli/stdout", "get-stdout"),
    ("wasi:cli/terminal-input", "terminal-input"),
    ("wasi:cli/terminal-output", "terminal-output"),
    ("wasi:cli/terminal-stderr", "get-terminal-stderr"),
    ("wasi:cli/terminal-stdin", "get-terminal-stdin"),
    ("wasi:cli/terminal-stdout", "get-terminal-stdout"),
    ("wasi:clocks/monotonic-clock", "now"),
    ("wasi:clocks/wall-clock", "now"),
    ("wasi:filesystem/preopens", "get-directories"),
    ("wasi:filesystem/types", "descriptor"),
    ("wasi:io/error", "error"),
    ("wasi:io/poll", "poll"),
    ("wasi:io/streams", "output-stream"),
    ("wasi:random/insecure", "get-insecure-random-u64"),
    ("wasi:random/insecure-seed", "insecure-seed"),
    ("wasi:random/random", "get-random-u64"),
    ("wasi:sockets/instance-network", "instance-network"),
    ("wasi:sockets/ip-name-lookup", "resolve-addresses"),
    ("wasi:sockets/network", "network"),
    ("wasi:sockets/tcp", "tcp-socket"),
    ("wasi:sockets/tcp-create-socket", "create-tcp-socket"),
    ("wasi:sockets/udp", "udp-socket"),
    ("wasi:sockets/udp-create-socket", "create-udp-socket"),
];

#[test]
fn the_interfaces_that_are_accepted_are_those_that_the_linker_offers() {
    assert_eq!(OFFERED.map(|(interface, _)| interface), SYSTEM_INTERFACES);
    let mut linker = Linker::new(&wasmtime::Engine::default());
    add_to_linker(&mut linker).unwrap();
    let is_offered = |linker: &mut Linker<GuestState>, interface: &str, item: &str| {
        // What is there can't be defined again, and a linker says so.
        linker.instance(&format!("{interface}@0.2.0")).unwrap().func_wrap(item, |_, (): ()| Ok(())).is_err()
    };
    for (interface, item) in OFFERED {
        assert!(is_offered(&mut linker, interface, item), "{interface} {item}");
        assert!(!is_offered(&mut linker, interface, "no-such-thing"), "{interface}");
    }
}

#[test]
fn nothing_is_linked_that_is_not_accepted() {
    // All that the linker can be given: what the world of the bindings imports, and what is refused by name.
    let of_world = include_str!("system.wit").lines().filter_map(|line| line.trim().strip_prefix("import "));
    let of_world = of_world.filter_map(|import| import.strip_suffix("@0.2.0;"));
    let linked: BTreeSet<&str> = of_world.chain(refused::interfaces()).collect();
    assert_eq!(linked, BTreeSet::from(SYSTEM_INTERFACES));
}
