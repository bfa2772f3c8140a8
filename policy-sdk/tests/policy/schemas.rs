//! The published schemas are the ones that the types say. That real documents are valid under them, and bad ones are not, is
//! shown over the compiled policies in the project's `tests/schemas`.

use std::fs;
use std::path::Path;

use policy_contract::schema;

#[test]
fn the_committed_schemas_are_the_ones_that_the_types_say() {
    for (name, generated) in schema::all() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema").join(name);
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            text == schema::text(&generated).unwrap(),
            "{name} is not what the types say: run `cargo run -p policy-sdk --example write-schemas`"
        );
    }
}
