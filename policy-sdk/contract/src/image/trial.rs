//! The image held against other readers, and against bytes that are none: one function each for property tests and fuzzers.

use std::collections::BTreeMap;
use std::hint::black_box;

use serde_json::Value;
use serde_json::value::RawValue;

use super::layout::Kind;
use super::read::{Image, Node};
use super::write::Writer;

/// An image that says something else than `serde_json` does. The texts say what and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Difference {
    /// One accepts the text, and the other does not.
    #[error("serde_json {tree}, and the image's writer {image}")]
    Acceptance {
        /// What `serde_json` says.
        tree: String,
        /// What the writer says.
        image: String,
    },
    /// The image can't be read back.
    #[error("the image that was written can't be read: {0}")]
    Unreadable(String),
    /// Something stands at a place that should not, or the other way about.
    #[error("at {path}: {what}")]
    Value {
        /// Keys and positions from the top.
        path: String,
        /// What differs.
        what: String,
    },
}

/// Makes an image of a text and asks it for everything that a tree of the same text holds, and for more.
///
/// # Errors
/// The first difference. There is none for a text that both refuse.
pub fn check_against_dom(json: &str) -> Result<(), Difference> {
    let tree = crate::json::parse(json.as_bytes());
    let mut image = Vec::new();
    match (tree, Writer::new().write(json, &mut image)) {
        (Err(_), Err(_)) if image.is_empty() => Ok(()),
        (Ok(tree), Ok(())) => {
            let root = Image::read(&image).map_err(|error| Difference::Unreadable(error.to_string()))?.root();
            let raw = raw(json).ok_or_else(|| Difference::Unreadable("as raw values".to_owned()))?;
            compare(root, &tree, raw, &mut String::from("$"))?;
            let again = crate::json::parse(root.to_string().as_bytes());
            if again.as_ref().ok() == Some(&tree) { Ok(()) } else { differs("$", format!("written as JSON it is {again:?}")) }
        }
        (tree, written) => {
            let said = |error: Option<String>| error.map_or("accepts it".to_owned(), |error| format!("says {error}"));
            let tree = said(tree.err().map(|error| error.to_string()));
            Err(Difference::Acceptance { tree, image: said(written.err().map(|error| error.to_string())) })
        }
    }
}

fn differs(path: &str, what: String) -> Result<(), Difference> {
    Err(Difference::Value { path: path.to_owned(), what })
}

/// JSON in which only the first level is told apart, so that numbers are there as they were written.
fn raw<'a, T: serde::Deserialize<'a>>(json: &'a str) -> Option<T> {
    serde_json::from_str(json).ok()
}

fn compare(node: Node<'_>, tree: &Value, written: &RawValue, path: &mut String) -> Result<(), Difference> {
    let is_equal = match tree {
        // `serde_json` takes an object with its reserved key for a number; an image does not.
        Value::Number(_) if written.get().starts_with('{') => return Ok(()),
        Value::Null => node.kind() == Kind::Null,
        Value::Bool(flag) => node.flag() == Some(*flag),
        Value::String(text) => node.str() == Some(text),
        Value::Number(_) => node.number() == Some(written.get()),
        Value::Array(elements) => node.kind() == Kind::Array && node.elements().count() == elements.len(),
        Value::Object(members) => node.kind() == Kind::Object && node.members().count() == members.len(),
    };
    if !is_equal {
        return differs(path, format!("{node} for {tree}"));
    }
    let length = path.len();
    let elements: Vec<&RawValue> = if tree.is_array() { raw(written.get()).unwrap_or_default() } else { Vec::new() };
    for (position, element) in tree.as_array().into_iter().flatten().enumerate() {
        path.push_str(&format!("[{position}]"));
        match node.element(position).zip(elements.get(position)) {
            Some((found, written)) => compare(found, element, written, path)?,
            None => return differs(path, format!("nothing for {element}")),
        }
        path.truncate(length);
    }
    let members: BTreeMap<String, &RawValue> =
        if tree.is_object() { raw(written.get()).unwrap_or_default() } else { BTreeMap::new() };
    for (key, member) in tree.as_object().into_iter().flatten() {
        path.push_str(&format!(".{key:?}"));
        match node.member(key).zip(members.get(key)) {
            Some((found, written)) => compare(found, member, written, path)?,
            None => return differs(path, format!("nothing for {member}")),
        }
        for other in [format!("{key}x"), key.chars().skip(1).collect()] {
            if tree.get(&other).is_none() && node.member(&other).is_some() {
                return differs(path, format!("a member {other:?} that is not there"));
            }
        }
        path.truncate(length);
    }
    let past_the_end = tree.as_array().map_or(0, Vec::len);
    if node.element(past_the_end).is_some() {
        return differs(path, format!("an element {past_the_end} that is not there"));
    }
    // Each member that an iteration gives is the one that a look-up gives.
    for (key, value) in node.members() {
        if node.member(key).map(|found| found.to_string()) != Some(value.to_string()) {
            return differs(path, format!("iteration and look-up disagree on {key:?}"));
        }
    }
    Ok(())
}

/// Asks any bytes everything that an image can be asked, and gives the number of values that it met.
///
/// # Panics
/// A text is none, or an answer is longer than the bytes can account for: values are met twice, or JSON is written that
/// nobody wrote.
pub fn exercise(bytes: &[u8]) -> usize {
    let Ok(image) = Image::read(bytes) else { return 0 };
    let root = image.root();
    let written = root.to_string();
    // A byte of a text is written as six at most (`\u001f`), and a slot of eight bytes as `false,` at most.
    assert!(written.len() <= 6 * bytes.len() + 16, "{} bytes of JSON from {}", written.len(), bytes.len());
    assert!(serde_json::to_vec(&Value::from(root)).is_ok_and(|tree| tree.len() <= 6 * bytes.len() + 16), "too large a tree");
    let mut met = 0;
    for node in root.descendants() {
        met += 1;
        [node.str(), node.number()].into_iter().flatten().for_each(check_text);
        black_box((node.kind(), node.flag(), node.element(0), node.element(usize::MAX)));
        black_box((node.elements().count(), node.member(""), node.member("eventName"), node.member("requestParameters")));
        // A few, since an image that lies can say that every one of its values is the same large object.
        for (key, _) in node.members().take(4) {
            check_text(key);
            black_box(node.member(key).map(Node::kind));
        }
    }
    assert!(met <= root.most_values(), "{met} values in {} bytes", bytes.len());
    met
}

/// The reader has a check of its own for texts, and hands them on as checked.
fn check_text(text: &str) {
    assert!(std::str::from_utf8(text.as_bytes()).is_ok(), "a text that is none: {:?}", text.as_bytes());
}
