//! The published schemas: they are the ones that the types say, what the SDK writes is valid, and what is not is refused.

use std::fs;
use std::path::{Path, PathBuf};

use policy_contract::schema;
use policy_sdk::json;
use policy_sdk::prelude::{Finding, Resource, ResponseRequest};
use serde_json::Value;

use super::trails;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn committed(name: &str) -> Value {
    let path = repository().join("policy-sdk/schema").join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap()
}

fn errors(schema: &str, document: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(&committed(schema)).unwrap();
    validator.iter_errors(document).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

#[test]
fn the_committed_schemas_are_the_ones_that_the_types_say() {
    for (name, generated) in schema::all() {
        let path = repository().join("policy-sdk/schema").join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            text == schema::text(&generated).unwrap(),
            "{name} is not what the types say: run `cargo run -p policy-sdk --example write-schemas`"
        );
    }
}

#[test]
fn a_manifest_is_valid_and_a_bad_one_is_not() {
    let manifest = serde_json::to_value(trails::POLICY.manifest().unwrap()).unwrap();
    assert_eq!(errors("manifest-1.schema.json", &manifest), [""; 0]);
    for (pointer, bad) in [
        ("/manifest_version", json!("2")),
        ("/rules/0/severity", json!("urgent")),
        ("/rules/0/selectors/0", json!({"match": {"colour": ["red"]}})),
        ("/tables/0/kind", json!("regex")),
        ("/responses/0", json!("delete-account")),
        ("/correlations/0/condition", json!({"kind": "event-count"})),
    ] {
        let mut manifest = manifest.clone();
        *manifest.pointer_mut(pointer).unwrap() = bad;
        assert!(!errors("manifest-1.schema.json", &manifest).is_empty(), "{pointer}");
    }
}

#[test]
fn the_rest_of_a_finding_is_valid_and_a_bad_one_is_not() {
    let finding = Finding::new("x")
        .detail("count", 1.5)
        .resource(Resource::bucket("reports").in_region("eu-west-1").in_account("111122223333"))
        .respond(ResponseRequest::StartLogging { trail: "main".to_owned() });
    let more = serde_json::to_value(finding.more).unwrap();
    assert_eq!(errors("finding-1.schema.json", &more), [""; 0]);
    assert!(!errors("finding-1.schema.json", &json!({"resources": [{"kind": "without uid"}]})).is_empty());
    assert!(!errors("finding-1.schema.json", &json!({"responses": [{"action": "delete-account"}]})).is_empty());
}

#[test]
fn every_fixture_file_of_a_shipped_policy_is_valid() {
    let mut open = vec![repository().join("policies")];
    let mut seen = 0;
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else if path.to_string_lossy().ends_with(".fixtures.json") {
                let document = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
                assert_eq!(errors("fixture-1.schema.json", &document), [""; 0], "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 0, "no fixture files were found");
    assert!(!errors("fixture-1.schema.json", &json!({"rule": "a", "matches": [{"nmae": "x"}], "passes": []})).is_empty());
}
