//! Compilation attacked from outside: modules that take too much to compile, and a cache that others have been at.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, helpers included")]

mod cache;
mod ends;
mod examples;
mod folder;
mod limits;
mod stage;
