//! What a policy is built from, as one digest: it tells whether there is anything to do.

use std::path::Path;

use walkdir::{DirEntry, WalkDir};

use crate::digest::Digest;

/// The digest of all files in a folder and below it, but for hidden ones and build products, which cargo marks
/// (<https://bford.info/cachedir/>). A file that can't be read counts by its name, and the build says what is wrong.
pub(super) fn digest(dir: &Path) -> Digest {
    let is_source = |entry: &DirEntry| {
        let is_hidden = entry.depth() > 0 && entry.file_name().to_string_lossy().starts_with('.');
        !is_hidden && !entry.path().join("CACHEDIR.TAG").is_file()
    };
    let mut parts = Vec::new();
    let files = WalkDir::new(dir).sort_by_file_name().into_iter().filter_entry(is_source).filter_map(Result::ok);
    for entry in files.filter(|entry| entry.file_type().is_file() && is_built_from(entry.path())) {
        let content = std::fs::read(entry.path()).map_or(Digest::of(b""), |content| Digest::of(&content));
        parts.push(Digest::of(entry.path().as_os_str().as_encoded_bytes()));
        parts.push(content);
    }
    Digest::of_parts(&parts.iter().map(|part| part.as_bytes().as_slice()).collect::<Vec<_>>())
}

/// Whether a build reads such a file. Editors' temporary files have other names.
fn is_built_from(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().into_owned()).unwrap_or_default();
    // Not Cargo.lock, which the build itself may write.
    matches!(ending.as_str(), "rs" | "json" | "toml" | "txt" | "csv" | "wit")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn only_what_a_build_reads_changes_the_digest() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("src/lib.rs", "a");
        let mut last = digest(folder.path());
        for (name, text, changes) in [
            ("src/lib.rs", "a", false),
            ("src/.lib.rs.swp", "x", false),
            ("src/lib.rs~", "x", false),
            ("Cargo.lock", "x", false),
            ("target/CACHEDIR.TAG", "x", false),
            ("target/made.rs", "x", false),
            ("src/lib.rs", "b", true),
            ("src/rule.fixtures.json", "{}", true),
            ("Cargo.toml", "x", true),
        ] {
            write(name, text);
            let now = digest(folder.path());
            assert_eq!(now != last, changes, "{name}");
            last = now;
        }
        fs::remove_file(folder.path().join("Cargo.toml")).unwrap();
        assert_ne!(digest(folder.path()), last);
    }
}
