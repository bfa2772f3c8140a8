//! What a running host tells of itself, from outside: over HTTP, read by Prometheus' own parser.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, helpers included")]

mod counts;
mod hostile;
mod http;
mod support;
