//! Trailwarden's host.

pub mod finding;
pub mod record;
