//! `trailwarden config schema`: the JSON Schema of the configuration, for editors.

use super::exit::Exit;
use crate::config::schema;

pub(super) fn run() -> anyhow::Result<Exit> {
    println!("{}", serde_json::to_string_pretty(&schema::json_schema())?);
    Ok(Exit::Done)
}
