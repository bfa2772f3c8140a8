//! The fixtures of a policy's crate: `*.fixtures.json` under its `src`, beside the rules.

use std::path::{Path, PathBuf};

use policy_contract::fixture::{BadFixture, Fixtures};
use serde_json::Value;
use walkdir::WalkDir;

/// How the name of a file with fixtures ends.
pub(super) const FIXTURES_END: &str = ".fixtures.json";

/// The fixtures in one file.
pub(super) struct FixtureFile {
    /// What stands in it.
    pub(super) fixtures: Fixtures,
    /// The same as it was written, for who hands it on.
    pub(super) json: Value,
}

/// Fixtures that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum FixtureFileError {
    /// They can't be found.
    #[error("the fixtures of {} can't be found: {error}", .crate_dir.display())]
    Walk {
        /// The policy's folder.
        crate_dir: PathBuf,
        /// Why.
        error: walkdir::Error,
    },
    /// The file can't be read.
    #[error("{} can't be read: {error}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is no JSON, or no fixtures.
    #[error("{} is not in order: {error}", .path.display())]
    NoFixtures {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        error: serde_json::Error,
    },
    /// The fixtures show nothing.
    #[error("{} is not in order: {error}", .path.display())]
    BadFixture {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: BadFixture,
    },
}

/// Reads all fixtures of a policy's crate, in the order of the files' names.
pub(super) fn read_all(crate_dir: &Path) -> Result<Vec<FixtureFile>, FixtureFileError> {
    let mut files = Vec::new();
    for entry in WalkDir::new(crate_dir.join("src")).sort_by_file_name() {
        let entry = entry.map_err(|error| FixtureFileError::Walk { crate_dir: crate_dir.to_owned(), error })?;
        if entry.file_name().to_string_lossy().ends_with(FIXTURES_END) {
            files.push(read(entry.into_path())?);
        }
    }
    Ok(files)
}

fn read(path: PathBuf) -> Result<FixtureFile, FixtureFileError> {
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) => return Err(FixtureFileError::Read { path, error }),
    };
    let parsed = serde_json::from_str(&text).and_then(|fixtures| Ok((fixtures, serde_json::from_str(&text)?)));
    let (fixtures, json): (Fixtures, Value) = match parsed {
        Ok(parsed) => parsed,
        Err(error) => return Err(FixtureFileError::NoFixtures { path, error }),
    };
    match fixtures.check() {
        Ok(()) => Ok(FixtureFile { fixtures, json }),
        Err(error) => Err(FixtureFileError::BadFixture { path, error }),
    }
}
