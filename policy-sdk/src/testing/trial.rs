//! What a rule can ask of a record, held against a tree of the same record, and asked of bytes that are none: one function
//! each for property tests and fuzzers.

use std::hint::black_box;

use policy_contract::image::{Image, Writer};
use serde_json::Value as Tree;

use crate::Event;
use crate::event::Path;

/// Places of one record that are looked at: a record has a hundred or so.
const PLACES: usize = 2_000;

/// A place at which a rule sees something else than is written there.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("at {path}: {what}")]
pub struct Difference {
    /// The path by which it was asked for.
    pub path: String,
    /// What differs.
    pub what: String,
}

/// Makes an event of a text, and asks for each place in it by its path. Nothing is asked of a text that is no record.
///
/// # Errors
/// The first place where something else stands than in the tree.
pub fn check_every_path(json: &str) -> Result<(), Difference> {
    let mut image = Vec::new();
    let Ok(()) = Writer::new().write(json, &mut image) else { return Ok(()) };
    let (Ok(event), Ok(read)) = (Event::read(&image), Image::read(&image)) else { return Ok(()) };
    let tree = Tree::from(read.root());
    let mut open = vec![(String::new(), &tree)];
    let mut places = 0;
    while let Some((path, expected)) = open.pop() {
        places += 1;
        if places > PLACES {
            break;
        }
        if !path.is_empty() {
            check(&event, &path, expected)?;
        }
        for (key, member) in expected.as_object().into_iter().flatten() {
            let dot = if path.is_empty() { "" } else { "." };
            open.push((format!("{path}{dot}{}", quoted(key)), member));
        }
        let elements = expected.as_array().map_or(&[][..], Vec::as_slice);
        open.extend(elements.iter().enumerate().map(|(position, element)| (format!("{path}[{position}]"), element)));
        if expected.is_array() && Tree::from(event.at(&parsed(&format!("{path}[]"))?)) != *expected {
            return Err(Difference { path, what: "its elements are others".to_owned() });
        }
    }
    Ok(())
}

fn quoted(key: &str) -> String {
    format!("\"{}\"", key.replace('\\', "\\\\").replace('"', "\\\""))
}

fn parsed(path: &str) -> Result<Path, Difference> {
    path.parse().map_err(|error| Difference { path: path.to_owned(), what: format!("the path can't be parsed: {error}") })
}

fn check(event: &Event<'_>, path: &str, expected: &Tree) -> Result<(), Difference> {
    let found = event.at(&parsed(path)?);
    let says = if Tree::from(found.clone()) != *expected {
        Some(format!("{found:?} for {expected}"))
    } else if found.str() != expected.as_str() || !found.exists() || found.is_null() != expected.is_null() {
        Some(format!("{found:?} is of another type than {expected}"))
    } else if Tree::from(event.get(path)) != *expected {
        Some(format!("{:?} where the path is no constant, and {found:?} where it is", event.get(path)))
    } else {
        None
    };
    says.map_or(Ok(()), |what| Err(Difference { path: path.to_owned(), what }))
}

/// Asks any bytes everything that an event can be asked. Gives whether they are taken for a record.
///
/// # Panics
/// More values are found than the bytes have room for.
pub fn exercise(bytes: &[u8]) -> bool {
    let Ok(event) = Event::read(bytes) else { return false };
    black_box((event.name(), event.unversioned_name(), event.source(), event.time(), event.id(), event.region()));
    black_box((event.partition(), event.recipient_account(), event.outcome(), event.error_code(), event.error_message()));
    black_box((event.origin(), event.user_agent(), event.read_only(), event.event_type(), event.event_category()));
    black_box((event.is_from_console(), event.is_from_cli()));
    let actor = event.actor();
    black_box((actor.kind(), actor.arn(), actor.principal_id(), actor.principal_arn(), actor.role_arn(), actor.role()));
    black_box((actor.session_name(), actor.user_name(), actor.account(), actor.access_key_id(), actor.invoked_by()));
    black_box((actor.mfa_authenticated(), actor.session_created(), actor.source_identity(), actor.federated_provider()));
    black_box((actor.identity_center_user_id(), actor.credential_id(), actor.is_identity_center()));
    black_box((actor.is_service_linked_role(), actor.workload(), actor.session_workload(), actor.label()));
    for path in ["eventName", "userIdentity.arn", "a[0].b", "requestParameters.items[].x", "a[][][][]", r#""k.e.y"[].z"#] {
        let value = event.get(path);
        black_box((value.str(), value.flag(), value.number(), value.as_i64(), value.is_absent_or_null(), value.contains("x")));
        black_box((value.one_or_many().count(), value.entries().count(), value.parsed().is_ok()));
        let items = value.items().count();
        assert!(items <= bytes.len() / 8, "{path}: {items} values in {} bytes", bytes.len());
        if items < 64 {
            black_box((value.mentions("x"), Tree::from(value)));
        }
    }
    true
}
