//! The running host: what arrives is judged once, whatever happens to the host meanwhile, and policies are swapped under it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, helpers included")]

mod files;
mod killed;
mod place;
mod quarantined;
mod reloaded;
mod stopped;
mod swapped;
mod watched;
