//! Trailwarden's host.

pub mod config;
pub mod digest;
pub mod limits;
pub mod record;
