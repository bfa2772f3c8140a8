//! What a host and a policy agree on, once, for both sides.
//!
//! The typed half of the contract is `policy-sdk/wit/policy.wit`. This crate is the other half: the JSON documents that are
//! meant to grow ([`manifest`], [`finding`], [`group`], [`response`]), the indexed [`fields`] of a record and the
//! [`selector`]s that route by them, the [`path`]s into one, the [`tables`] that a rule may ask, and the [`fixture`]s that show what a rule finds.
//! It knows neither Wasm nor AWS's services, so that a rule's native tests and the host share one meaning of each.

pub mod fields;
pub mod finding;
pub mod fixture;
pub mod group;
pub mod image;
pub mod json;
pub mod manifest;
pub mod name;
pub mod path;
pub mod response;
#[cfg(feature = "schema")]
pub mod schema;
pub mod selector;
pub mod severity;
#[cfg(feature = "tables")]
pub mod tables;

/// The WIT package and version that this crate describes, as it stands in the names of a component's imports and exports.
pub const PACKAGE: &str = "trailwarden:policy";
/// The version of [`PACKAGE`].
pub const VERSION: &str = "1.0.0";
