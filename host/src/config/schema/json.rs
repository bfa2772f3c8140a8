//! The JSON Schema of the configuration, for editors: made of the keys that the reader knows.

use std::collections::BTreeMap;

use policy_contract::name;
use serde_json::{Map, Value, json};

use super::{Holds, Key, Need, NumberRange, TOP};
use crate::limits::{LimitDefinition, Scope};

/// The JSON Schema (draft 2020-12) of the configuration file. TOML's dates are strings in it, as editors hand them over.
pub fn json_schema() -> Value {
    let mut schema = section(TOP);
    if let Some(members) = schema.as_object_mut() {
        members.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
        members.insert("title".to_owned(), "Trailwarden's configuration".into());
    }
    schema
}

/// A table of these keys.
fn section(keys: &[Key]) -> Value {
    let properties: Map<String, Value> = keys.iter().map(|key| (key.name.to_owned(), property(key))).collect();
    let mut schema = json!({"type": "object", "additionalProperties": false, "properties": properties});
    let required: Vec<&str> = keys.iter().filter(|key| matches!(key.need, Need::Required(_))).map(|key| key.name).collect();
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    let mut groups: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for key in keys {
        if let Need::OneOf(group) = key.need {
            groups.entry(group).or_default().push(json!({"required": [key.name]}));
        }
    }
    if !groups.is_empty() {
        schema["allOf"] = groups.into_values().map(|alternatives| json!({"oneOf": alternatives})).collect();
    }
    schema
}

fn property(key: &Key) -> Value {
    let mut schema = holds(key.holds);
    schema["description"] = key.doc.into();
    schema
}

fn holds(holds: Holds) -> Value {
    match holds {
        Holds::Text(most) => json!({"type": "string", "minLength": 1, "maxLength": most}),
        Holds::Name => name_schema(),
        Holds::Path | Holds::RecordPath => json!({"type": "string", "minLength": 1}),
        Holds::Paths => json!({"type": "array", "items": {"type": "string", "minLength": 1}}),
        Holds::Word(words) => json!({"enum": words()}),
        Holds::Number(NumberRange { min, max, default, .. }) => {
            let mut schema = json!({"type": "integer", "minimum": min, "maximum": max});
            if let Some(default) = default {
                schema["default"] = default.into();
            }
            schema
        }
        Holds::Flag => json!({"type": "boolean"}),
        Holds::True => json!({"const": true}),
        Holds::Time => json!({
            "type": "string",
            "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}([Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?([Zz]|[+-][0-9]{2}:[0-9]{2}))?$",
        }),
        Holds::Value => value_schema(),
        Holds::Values(most) => list(value_schema(), most),
        Holds::Texts(most) => one_or_list(json!({"type": "string", "minLength": 1}), most),
        Holds::Names(most) => one_or_list(name_schema(), most),
        Holds::Anything => json!({"type": "object"}),
        Holds::Limits(scope) => limits(scope),
        Holds::Address => json!({"type": "string", "pattern": "^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]{1,5}$"}),
        Holds::Section(keys) => section(keys),
        Holds::Named(keys) => {
            json!({"type": "object", "propertyNames": name_schema(), "additionalProperties": section(keys)})
        }
        Holds::Sections(keys, most) => list(section(keys), most),
    }
}

fn name_schema() -> Value {
    json!({"type": "string", "pattern": "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "maxLength": name::MAX_LENGTH})
}

fn value_schema() -> Value {
    json!({"type": ["string", "integer", "boolean"]})
}

fn list(items: Value, most: usize) -> Value {
    json!({"type": "array", "minItems": 1, "maxItems": most, "items": items})
}

fn one_or_list(item: Value, most: usize) -> Value {
    json!({"anyOf": [item.clone(), list(item, most)]})
}

fn limits(scope: Scope) -> Value {
    let limit = |name: &str| LimitDefinition::named(name).map(|limit| (name.to_owned(), limit_schema(limit)));
    let properties: Map<String, Value> = super::limits(scope).filter_map(limit).collect();
    json!({"type": "object", "additionalProperties": false, "properties": properties})
}

fn limit_schema(limit: &LimitDefinition) -> Value {
    let LimitDefinition { doc, default, min, max, .. } = limit;
    json!({"type": "integer", "minimum": min, "maximum": max, "default": default, "description": doc.trim()})
}

#[cfg(test)]
mod tests;
