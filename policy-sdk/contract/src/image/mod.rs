//! The record image: a record in a form that is read in place.
//!
//! A record in JSON has to be parsed by everybody who wants one field of it. The host parses it once and writes an image;
//! each policy looks up what it wants in the image without parsing, copying or allocating. An image holds the record's
//! JSON text as it was written, so that numbers and texts are AWS's own bytes, and behind the text the places in it.
//!
//! ```
//! use policy_contract::image::{Image, Writer};
//!
//! let mut image = Vec::new();
//! Writer::new().write(r#"{"eventName":"CreateUser","requestParameters":{"limit":1.68E9}}"#, &mut image)?;
//!
//! let root = Image::read(&image)?.root();
//! assert_eq!(root.member("eventName").and_then(|name| name.str()), Some("CreateUser"));
//! assert_eq!(root.member("requestParameters").and_then(|parameters| parameters.member("limit")?.number()), Some("1.68E9"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! `layout` is the format and nothing else (byte by byte in `docs/reference/record-image.md`); `write` makes an image with
//! the help of `scan`, which finds where a token ends; `read` answers from one and believes nothing of it; `convert` gives
//! back JSON; [`trial`] holds both against other readers, for property tests and fuzzers.

mod convert;
mod held;
mod layout;
mod read;
mod scan;
pub mod trial;
mod write;

#[cfg(test)]
mod tests;

pub use convert::DEEPEST;
pub use layout::{Kind, VERSION};
pub use read::{BadImage, Descendants, Elements, Image, Members, Node};
pub use scan::{BadJson, Expected};
pub use write::Writer;
