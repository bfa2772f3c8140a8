//! What stands at a place of a record, for a condition that must hold of all of it.

use std::borrow::Cow;

use policy_contract::image::{Kind, Node};
use policy_contract::path::{Path, Step};

use crate::limits::CONDITION_TEXT;

/// What a path names in a record. A path with `[]` names one place for each element, whether something stands there or not, so
/// that an element that lacks what is asked for is noticed. None where `[]` meets something that is neither a list nor nothing.
pub(super) fn places<'a>(record: Node<'a>, path: &Path) -> Option<Vec<Option<Node<'a>>>> {
    let mut places = vec![Some(record)];
    for step in path.steps() {
        places = match step {
            Step::Key(key) => places.into_iter().map(|place| place?.member(key)).collect(),
            Step::Index(index) => places.into_iter().map(|place| place?.element(*index)).collect(),
            Step::All => elements(places, record.most_values())?,
        };
    }
    Some(places)
}

fn elements<'a>(places: Vec<Option<Node<'a>>>, most: usize) -> Option<Vec<Option<Node<'a>>>> {
    let mut elements = Vec::new();
    for place in places.into_iter().filter(|place| !is_nothing(*place)) {
        let list = place.filter(|node| node.kind() == Kind::Array)?;
        elements.extend(list.elements().map(Some).take(most.saturating_sub(elements.len())));
    }
    Some(elements)
}

/// Whether nothing stands there, or null, which AWS writes for nothing.
pub(super) fn is_nothing(place: Option<Node<'_>>) -> bool {
    place.is_none_or(|node| node.kind() == Kind::Null)
}

/// The text by which a value is compared: a string's own, a number's digits as they were written, `true` or `false`. None for
/// anything else, and for what is longer than anybody would compare.
pub(super) fn text(node: Node<'_>) -> Option<Cow<'_, str>> {
    let flag = node.flag().map(|flag| if flag { "true" } else { "false" });
    let text = node.str().or_else(|| node.number()).or(flag)?;
    (text.len() <= CONDITION_TEXT).then_some(Cow::Borrowed(text))
}
