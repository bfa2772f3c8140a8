//! The image held against other readers, and against bytes that are none: one function each for property tests and fuzzers.

use std::hint::black_box;

use serde_json::Value;

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
            let image = Image::read(&image).map_err(|error| Difference::Unreadable(error.to_string()))?;
            compare(image.root(), &tree, &mut String::from("$"))
        }
        (tree, written) => {
            let said = |error: Option<String>| error.map_or("accepts it".to_owned(), |error| format!("says {error}"));
            let tree = said(tree.err().map(|error| error.to_string()));
            Err(Difference::Acceptance { tree, image: said(written.err().map(|error| error.to_string())) })
        }
    }
}

fn compare(node: Node<'_>, tree: &Value, path: &mut String) -> Result<(), Difference> {
    let differs = |path: &str, what: String| Err(Difference::Value { path: path.to_owned(), what });
    let is_equal = match tree {
        Value::Null => node.kind() == Kind::Null,
        Value::Bool(flag) => node.flag() == Some(*flag),
        Value::String(text) => node.str() == Some(text),
        Value::Number(number) => node.number().and_then(|text| text.parse::<serde_json::Number>().ok()).as_ref() == Some(number),
        Value::Array(elements) => node.kind() == Kind::Array && node.elements().count() == elements.len(),
        Value::Object(members) => node.kind() == Kind::Object && node.members().count() == members.len(),
    };
    if !is_equal {
        return differs(path, format!("{node} for {tree}"));
    }
    let length = path.len();
    for (position, element) in tree.as_array().into_iter().flatten().enumerate() {
        path.push_str(&format!("[{position}]"));
        match node.element(position) {
            Some(found) => compare(found, element, path)?,
            None => return differs(path, format!("nothing for {element}")),
        }
        path.truncate(length);
    }
    for (key, member) in tree.as_object().into_iter().flatten() {
        path.push_str(&format!(".{key:?}"));
        match node.member(key) {
            Some(found) => compare(found, member, path)?,
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

/// Asks any bytes everything that an image can be asked. What counts is that it comes back: how many values it met.
pub fn exercise(bytes: &[u8]) -> usize {
    let Ok(image) = Image::read(bytes) else { return 0 };
    let root = image.root();
    black_box((root.to_string(), Value::from(root)));
    let mut met = 0;
    for node in root.descendants() {
        met += 1;
        black_box((node.kind(), node.str(), node.number(), node.flag(), node.element(0), node.element(usize::MAX)));
        black_box((node.elements().count(), node.member(""), node.member("eventName"), node.member("requestParameters")));
        // A few, since an image that lies can say that every one of its values is the same large object.
        for (key, _) in node.members().take(4) {
            black_box(node.member(key).map(Node::kind));
        }
    }
    met
}
