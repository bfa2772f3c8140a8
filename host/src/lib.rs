//! Trailwarden's host.

pub mod config;
pub mod digest;
pub mod engine;
pub mod limits;
pub mod record;
pub mod route;
pub mod source;
