//! Attacks the empty system that policies in other languages get: each rule in one way.

mod system;

use policy_sdk::prelude::*;
use system::wasi::cli::{environment, exit, stderr, stdin, stdout, terminal_stdout};
use system::wasi::clocks::{monotonic_clock, wall_clock};
use system::wasi::filesystem::preopens;
use system::wasi::io::poll;
use system::wasi::random::{insecure, insecure_seed, random};
use system::wasi::sockets::{instance_network, ip_name_lookup, tcp_create_socket, udp_create_socket};

/// An hour, in nanoseconds.
const HOUR: u64 = 3_600_000_000_000;

/// Takes all that it is given and says what it was.
#[rule(id = "looks-around", title = "Looks around", severity = "low", select(all))]
pub fn looks_around(_event: &Event) -> Finding {
    let seen = [
        format!("{} variables", environment::get_environment().len()),
        format!("{} arguments", environment::get_arguments().len()),
        format!("cwd {:?}", environment::initial_cwd()),
        format!("{} folders", preopens::get_directories().len()),
        format!("input {:?}", stdin::get_stdin().blocking_read(1 << 40).map_err(|_| "closed")),
        format!("terminal {}", terminal_stdout::get_terminal_stdout().is_some()),
        format!("time {:?}", (wall_clock::now().seconds, wall_clock::now().nanoseconds, monotonic_clock::now())),
        format!("tcp {:?}", tcp_create_socket::create_tcp_socket(tcp_create_socket::IpAddressFamily::Ipv4).map(drop)),
        format!("udp {:?}", udp_create_socket::create_udp_socket(udp_create_socket::IpAddressFamily::Ipv6).map(drop)),
        format!("name {:?}", ip_name_lookup::resolve_addresses(&instance_network::instance_network(), "localhost").map(drop)),
    ];
    Finding::new(seen.join(", "))
}

/// Draws in every way, and says what: it must be the same for every record, wherever it stands.
#[rule(id = "draws", title = "Draws", severity = "low", select(all))]
pub fn draws(_event: &Event) -> Finding {
    Finding::new(format!("{:?} {}", random::get_random_bytes(4), insecure::get_insecure_random_u64()))
}

/// Sleeps for an hour, a thousand times.
#[rule(id = "sleeps", title = "Sleeps", severity = "low", select(all))]
pub fn sleeps(_event: &Event) -> Finding {
    for _ in 0..1000 {
        monotonic_clock::subscribe_duration(HOUR).block();
        let waits = [monotonic_clock::subscribe_instant(HOUR), stdin::get_stdin().subscribe()];
        poll::poll(&[&waits[0], &waits[1]]);
    }
    Finding::new("slept")
}

/// Looks at the clock until an hour is over.
#[rule(id = "waits-busily", title = "Waits busily", severity = "low", select(all))]
pub fn waits_busily(_event: &Event) -> Option<Finding> {
    while monotonic_clock::now() < HOUR {
        monotonic_clock::subscribe_duration(HOUR).block();
    }
    None
}

/// Polls nothing, for which a system may wait for ever.
#[rule(id = "polls-nothing", title = "Polls nothing", severity = "low", select(all))]
pub fn polls_nothing(_event: &Event) -> Option<Finding> {
    poll::poll(&[]);
    None
}

/// Polls a million handles in one call.
#[rule(id = "polls-a-million", title = "Polls a million", severity = "low", select(all))]
pub fn polls_a_million(_event: &Event) -> Option<Finding> {
    let wait = monotonic_clock::subscribe_duration(1);
    poll::poll(&vec![&wait; 1_000_000]);
    None
}

/// Polls more handles in one call than it may hold: each that is lent counts.
#[rule(id = "polls-a-thousand", title = "Polls a thousand", severity = "low", select(all))]
pub fn polls_a_thousand(_event: &Event) -> Option<Finding> {
    let wait = monotonic_clock::subscribe_duration(1);
    poll::poll(&[&wait; 1000]);
    None
}

/// Asks for more random bytes than there are addresses.
#[rule(id = "draws-all-at-once", title = "Draws all at once", severity = "low", select(all))]
pub fn draws_all_at_once(_event: &Event) -> Option<Finding> {
    std::hint::black_box(random::get_random_bytes(u64::MAX));
    None
}

/// Asks for random numbers for ever.
#[rule(id = "draws-for-ever", title = "Draws for ever", severity = "low", select(all))]
pub fn draws_for_ever(_event: &Event) -> Option<Finding> {
    loop {
        std::hint::black_box((insecure_seed::insecure_seed(), random::get_random_u64()));
    }
}

/// Prints a line of a megabyte, a hundred thousand lines, and a terabyte of zeroes.
#[rule(id = "prints-a-flood", title = "Prints a flood", severity = "low", select(all))]
pub fn prints_a_flood(_event: &Event) -> Finding {
    let stream = stdout::get_stdout();
    stream.write(b"printed to standard output\n").ok();
    stderr::get_stderr().write(b"printed to standard error\n").ok();
    let lines = [b'\n'; 1000];
    let text = [b'x'; 1 << 14];
    let printed = (0..64).all(|_| stream.write(&text).is_ok())
        && (0..100).all(|_| stream.blocking_write_and_flush(&lines).is_ok())
        && stream.blocking_write_zeroes_and_flush(1 << 40).is_ok();
    Finding::new(format!("printed {printed}"))
}

/// Prints more in one call than the host takes in one piece.
#[rule(id = "prints-all-at-once", title = "Prints all at once", severity = "low", select(all))]
pub fn prints_all_at_once(_event: &Event) -> Option<Finding> {
    stdout::get_stdout().write(&vec![b'x'; 8 << 20]).ok();
    None
}

/// Ends the process, as if all were done.
#[rule(id = "exits", title = "Exits", severity = "low", select(all))]
pub fn exits(_event: &Event) -> Option<Finding> {
    exit::exit(Ok(()));
    None
}

/// Ends the process with a failure.
#[rule(id = "exits-badly", title = "Exits badly", severity = "low", select(all))]
pub fn exits_badly(_event: &Event) -> Option<Finding> {
    exit::exit(Err(()));
    None
}

/// Takes handles for ever and gives none back.
#[rule(id = "hoards-handles", title = "Hoards handles", severity = "low", select(all))]
pub fn hoards_handles(_event: &Event) -> Option<Finding> {
    loop {
        std::mem::forget(stdout::get_stdout());
        std::mem::forget(instance_network::instance_network());
    }
}

/// Forgets a few handles at every record, so that an instance has too many some day.
#[rule(id = "leaks-handles", title = "Leaks handles", severity = "low", select(all))]
pub fn leaks_handles(_event: &Event) -> Finding {
    for _ in 0..100 {
        std::mem::forget(monotonic_clock::subscribe_duration(1));
    }
    Finding::new("leaked")
}

policy_sdk::policy! {
    name: "hostile-system",
    description: "Attacks the system that it is given.",
    owner: "tests",
    rules: [
        looks_around,
        draws,
        sleeps,
        waits_busily,
        polls_nothing,
        polls_a_million,
        polls_a_thousand,
        draws_all_at_once,
        draws_for_ever,
        prints_a_flood,
        prints_all_at_once,
        exits,
        exits_badly,
        hoards_handles,
        leaks_handles,
    ],
}
