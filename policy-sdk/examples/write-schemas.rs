//! Writes the JSON schemas of the contract's documents into `policy-sdk/schema/`, from the types that read and write them.

use std::error::Error;
use std::fs;
use std::path::Path;

use policy_contract::schema;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema");
    fs::create_dir_all(&folder)?;
    for (name, content) in schema::all() {
        fs::write(folder.join(name), schema::text(&content)?)?;
        eprintln!("wrote {name}");
    }
    Ok(())
}
