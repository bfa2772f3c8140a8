use std::collections::BTreeSet;

use super::*;
use crate::config::{Config, Problem};

/// A section of the file: the headers that lead to it, its keys, and its schema.
struct Described {
    headers: Vec<String>,
    keys: BTreeSet<String>,
    schema: Value,
}

/// Every section of the file, found by the reader's own tables of keys.
fn sections(keys: &[Key], headers: Vec<String>, path: &str, schema: Value, found: &mut Vec<Described>) {
    for key in keys {
        let path = if path.is_empty() { key.name.to_owned() } else { format!("{path}.{}", key.name) };
        let below = |header: String| headers.iter().cloned().chain([header]).collect::<Vec<_>>();
        let schema = &schema["properties"][key.name];
        match key.holds {
            Holds::Named(keys) => {
                let path = format!("{path}.x");
                sections(keys, below(format!("[{path}]")), &path, schema["additionalProperties"].clone(), found);
            }
            Holds::Section(keys) => sections(keys, below(format!("[{path}]")), &path, schema.clone(), found),
            Holds::Sections(keys, _) => sections(keys, below(format!("[[{path}]]")), &path, schema["items"].clone(), found),
            Holds::Limits(scope) => {
                let keys = super::super::limits(scope).map(str::to_owned).collect();
                found.push(Described { headers: below(format!("[{path}]")), keys, schema: schema.clone() });
            }
            _ => {}
        }
    }
    found.push(Described { headers, keys: super::super::names(keys).map(str::to_owned).collect(), schema });
}

fn all_sections() -> Vec<Described> {
    let mut found = Vec::new();
    sections(TOP, Vec::new(), "", json_schema(), &mut found);
    found
}

#[test]
fn the_reader_knows_the_keys_of_the_schema_and_no_others() {
    let found = all_sections();
    assert!(found.len() >= 10, "{}", found.len());
    for Described { headers, keys, schema } in found {
        let in_schema: BTreeSet<String> = schema["properties"].as_object().unwrap().keys().cloned().collect();
        assert_eq!(in_schema, keys, "{headers:?}");
        assert_eq!(schema["additionalProperties"], false, "{headers:?}");
        let text = format!("{}\nstranger = 1\n", headers.join("\n"));
        let errors = Config::parse("t.toml".as_ref(), &text).unwrap_err();
        let known = errors.iter().find_map(|error| match &error.problem {
            Problem::UnknownKey { key, hint, .. } if key == "stranger" => Some(hint.known.iter().cloned().collect()),
            _ => None,
        });
        assert_eq!(known, Some(keys), "{text}{errors}");
    }
}

#[test]
fn what_must_be_there_is_asked_for_by_both() {
    for Described { headers, schema, .. } in all_sections() {
        let Err(errors) = Config::parse("t.toml".as_ref(), &headers.join("\n")) else {
            assert_eq!((schema.get("required"), schema.get("allOf")), (None, None), "{headers:?}");
            continue;
        };
        let missing: BTreeSet<&str> = errors
            .iter()
            .filter_map(|error| match &error.problem {
                Problem::MissingKey { key, section, .. } if section == headers.last().unwrap() => Some(*key),
                _ => None,
            })
            .collect();
        let required = schema["required"].as_array().map(Vec::as_slice).unwrap_or_default();
        assert_eq!(missing, required.iter().map(|key| key.as_str().unwrap()).collect(), "{headers:?}");
    }
}
