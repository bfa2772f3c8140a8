//! Trailwarden's host.

pub mod record;
