//! The published JSON schemas, generated from the types so that the two cannot part.

use schemars::{Schema, schema_for};

/// Every document of the contract: its file name in `policy-sdk/schema/` and its schema.
pub fn all() -> [(&'static str, Schema); 4] {
    [
        ("manifest-1.schema.json", schema_for!(crate::manifest::Manifest)),
        ("finding-1.schema.json", schema_for!(crate::finding::More)),
        ("group-1.schema.json", schema_for!(crate::group::Group)),
        ("fixture-1.schema.json", schema_for!(crate::fixture::Fixtures)),
    ]
}

/// The text of a schema file.
///
/// # Errors
/// None that a schema of this crate can cause; the JSON writer's error type is handed on.
pub fn text(schema: &Schema) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(schema).map(|text| text + "\n")
}
