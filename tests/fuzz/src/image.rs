//! Any text made an image, and any bytes read as one.

use policy_contract::image::trial::{check_against_dom, exercise};

/// By the first byte: a text whose image must say what a tree of it says, or bytes that are read as an image.
///
/// # Panics
/// The image says something else than the tree, or a reader of bytes that are no image goes astray.
pub fn image(bytes: &[u8]) {
    let Some((chosen, rest)) = bytes.split_first() else { return };
    if chosen % 2 == 1 {
        exercise(rest);
    } else if let Ok(text) = std::str::from_utf8(rest) {
        let difference = check_against_dom(text);
        assert!(difference.is_ok(), "{difference:?}");
    }
}
