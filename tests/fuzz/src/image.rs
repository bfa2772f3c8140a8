//! Any text made an image, and any bytes read as one.

use policy_contract::fields::Fields;
use policy_contract::image::trial::{check_against_dom, exercise};
use policy_contract::image::{Image, VERSION, Writer};
use policy_sdk::testing::trial;

/// By the first byte: a text whose image must say what a tree of it says, bytes that are read as an image, or bytes that are
/// given the beginning of an image first, without which nearly all changes of one end at its length.
///
/// # Panics
/// The image, or a rule that asks by path, says something else than the tree; other rules would be asked by the image than by the
/// text; a reader of bytes that are no image goes astray.
pub fn image(bytes: &[u8]) {
    let Some((chosen, rest)) = bytes.split_first() else { return };
    match chosen % 4 {
        1 => read(rest),
        3 => read(&with_header(rest)),
        _ => {
            if let Ok(text) = std::str::from_utf8(rest) {
                let difference = check_against_dom(text);
                assert!(difference.is_ok(), "{difference:?}");
                let difference = trial::check_every_path(text);
                assert!(difference.is_ok(), "{difference:?}");
                choose(text);
            }
        }
    }
}

/// The fields by which it is chosen who is asked are the same in the image as in the text.
fn choose(text: &str) {
    let mut image = Vec::new();
    if Writer::new().write(text, &mut image).is_err() {
        return;
    }
    let in_image = Image::read(&image).map(|image| Fields::in_image(image.root()));
    assert_eq!(in_image, Ok(Fields::from_json(text).ok()), "{text}");
}

fn read(bytes: &[u8]) {
    exercise(bytes);
    trial::exercise(bytes);
}

/// The same bytes, of which the first eight are magic, version and length as they ought to be.
fn with_header(bytes: &[u8]) -> Vec<u8> {
    let Some((_, rest)) = bytes.split_first_chunk::<8>() else { return bytes.to_vec() };
    // No fuzzer's input is that long.
    let length = u32::try_from(bytes.len()).unwrap_or_default();
    [&b"TWI"[..], &[VERSION], &length.to_le_bytes(), rest].concat()
}
