//! Whoever can reach the address and means harm: he is cut off, and everybody else is answered.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use trailwarden::limits::{HTTP_CONNECTIONS, HTTP_HEAD_BYTES, HTTP_HEAD_LINES, HTTP_HEAD_SECONDS, HTTP_SECONDS};

use super::support::{exchange, get, server};

fn dropped(address: SocketAddr, reason: &str) -> u64 {
    let told = get(address, "/metrics").body;
    let name = format!("trailwarden_http_connections_dropped_total{{reason=\"{reason}\"}} ");
    told.lines().find_map(|line| line.strip_prefix(&name)?.parse().ok()).unwrap_or_default()
}

/// Waits until a connection is closed; gives how long that took.
fn until_closed(mut stream: TcpStream) -> Duration {
    let begin = Instant::now();
    stream.set_read_timeout(Some(Duration::from_secs(4 * HTTP_SECONDS))).unwrap();
    let mut answer = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answer) {
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "{error}");
    }
    begin.elapsed()
}

#[test]
fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let (_telemetry, server) = server();
    let mut slow = TcpStream::connect(server.address()).unwrap();
    slow.write_all(b"GET /metrics HTTP/1.1\r\n").unwrap();
    let mut dripping = slow.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        while dripping.write_all(b"X").is_ok() {
            std::thread::sleep(Duration::from_millis(200))
        }
    });
    let took = until_closed(slow);
    // Generous at the upper end: the machine may be crowded.
    assert!(took >= Duration::from_secs(HTTP_HEAD_SECONDS - 1) && took < Duration::from_secs(HTTP_SECONDS), "{took:?}");
    drip.join().unwrap();
    assert_eq!(dropped(server.address(), "too-slow"), 1);
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let (_telemetry, server) = server();
    let large = format!("GET /metrics HTTP/1.1\r\nX: {}\r\n\r\n", "x".repeat(4 * HTTP_HEAD_BYTES));
    let many = format!("GET /metrics HTTP/1.1\r\n{}\r\n", "X: x\r\n".repeat(HTTP_HEAD_LINES + 1));
    let path = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(4 * HTTP_HEAD_BYTES));
    for (number, request) in [large, many, path].into_iter().enumerate() {
        let answer = exchange(server.address(), request.as_bytes());
        // Who is still sending when the connection is closed may lose the answer.
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{number}: {answer}");
    }
    assert_eq!(dropped(server.address(), "malformed"), 3);
    let nonsense = exchange(server.address(), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
    assert!(nonsense.is_empty() || nonsense.starts_with("HTTP/1.1 400"), "{nonsense}");
}

#[test]
fn one_who_holds_every_connection_is_cut_off_and_the_next_is_answered() {
    let (_telemetry, server) = server();
    let held: Vec<TcpStream> = (0..HTTP_CONNECTIONS).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    // The server has to have taken them before there is one too many.
    std::thread::sleep(Duration::from_millis(500));
    let beyond: Vec<TcpStream> = (0..200).map(|_| TcpStream::connect(server.address()).unwrap()).collect();
    let took = beyond.into_iter().map(until_closed).max().unwrap();
    assert!(took < Duration::from_secs(HTTP_HEAD_SECONDS), "{took:?}");
    for stream in held {
        until_closed(stream);
    }
    assert_eq!(get(server.address(), "/healthz").status, 200);
    assert_eq!(dropped(server.address(), "too-many"), 200);
    assert_eq!(dropped(server.address(), "too-slow"), HTTP_CONNECTIONS as u64);
}

#[test]
fn one_who_sends_a_body_without_end_is_answered_and_closed() {
    let (_telemetry, server) = server();
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n").unwrap();
    let mut sending = stream.try_clone().unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    let send = std::thread::spawn(move || while sending.write_all(chunk.as_bytes()).is_ok() {});
    assert!(until_closed(stream) < Duration::from_secs(2 * HTTP_SECONDS));
    send.join().unwrap();
}

#[test]
fn a_server_stops_though_somebody_holds_on() {
    let (_telemetry, server) = server();
    let address = server.address();
    let held: Vec<TcpStream> = (0..10).map(|_| TcpStream::connect(address).unwrap()).collect();
    std::thread::sleep(Duration::from_millis(200));
    let begin = Instant::now();
    server.stop();
    assert!(begin.elapsed() < Duration::from_secs(HTTP_HEAD_SECONDS), "{:?}", begin.elapsed());
    held.into_iter().for_each(|stream| assert!(until_closed(stream) < Duration::from_secs(1)));
    assert!(TcpStream::connect(address).is_err());
}
