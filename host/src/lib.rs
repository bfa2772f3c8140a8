//! Trailwarden's host.

pub mod cli;
pub mod config;
pub mod digest;
pub mod engine;
pub mod finding;
pub mod limits;
pub mod pipeline;
pub mod policy;
pub mod record;
pub mod route;
pub mod source;
pub mod toolchain;
