//! What must hold for any bytes, one function for each kind of input that comes from outside.
//!
//! Each takes bytes, does with them what the host does, and panics where something does not hold. `tests/properties.rs` calls
//! them with bytes from proptest in every test run; `libfuzzer/` calls the same functions from cargo-fuzz, for as long as one
//! likes (`make fuzz`). [`splitter`] also stands for what a bucket holds, [`manifest`], [`answers`] and [`boundary`] for
//! what a policy says, [`image`] for what a host hands to a policy, which believes nothing of it.

mod answers;
mod boundary;
mod image;
mod manifest;
mod splitter;

pub use answers::answers;
pub use boundary::boundary;
pub use image::image;
pub use manifest::manifest;
pub use splitter::splitter;

/// An entry point: panics where something does not hold for these bytes.
pub type Target = fn(&[u8]);

/// Every entry point by the name of its fuzz target.
pub const TARGETS: [(&str, Target); 5] =
    [("answers", answers), ("boundary", boundary), ("image", image), ("manifest", manifest), ("splitter", splitter)];
