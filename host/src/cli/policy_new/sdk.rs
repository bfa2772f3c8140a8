//! Where the `policy-sdk` of a new crate comes from.

use std::fs;
use std::path::{Path, PathBuf};

use cargo_metadata::semver::VersionReq;

use crate::toolchain::SDK;

/// The SDK that a new policy depends on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sdk {
    /// A folder, written relative to the crate: crate and SDK are moved together.
    Beside(PathBuf),
    /// A folder, written in full.
    At(PathBuf),
    /// A version of a registry.
    Version(VersionReq),
}

/// Why there is no SDK to depend on.
#[derive(Debug, thiserror::Error)]
pub enum SdkError {
    /// Not inside a clone of the project, and nothing was given.
    #[error("{} isn't inside a clone of trailwarden, so say where the `{SDK}` crate is: --sdk DIR (the folder policy-sdk of a clone)", .0.display())]
    NotFound(PathBuf),
    /// What was given is neither.
    #[error("--sdk {given}: there is no such folder, and it is no version requirement either, such as 0.1")]
    Neither {
        /// What was given.
        given: String,
    },
    /// A folder that holds something else.
    #[error("--sdk {}: its Cargo.toml isn't that of the package `{SDK}`", .0.display())]
    OtherFolder(PathBuf),
    /// A path that Cargo.toml can't hold.
    #[error("{} can't stand in Cargo.toml: it isn't UTF-8 or has control characters", .0.display())]
    Unwritable(PathBuf),
    /// A path that can't be followed.
    #[error("{}: {error}", .path.display())]
    Path {
        /// The path.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

impl Sdk {
    /// What `--sdk` says: a folder where there is one, else a version.
    pub fn given(text: &str) -> Result<Self, SdkError> {
        let folder = Path::new(text);
        if !folder.is_dir() {
            return text.parse().map(Self::Version).map_err(|_| SdkError::Neither { given: text.to_owned() });
        }
        if !is_sdk(folder) {
            return Err(SdkError::OtherFolder(folder.to_owned()));
        }
        Ok(if folder.is_absolute() { Self::At(folder.to_owned()) } else { Self::Beside(canonical(folder)?) })
    }

    /// The SDK of the clone of the project that the folder is in.
    pub fn around(folder: &Path) -> Result<Self, SdkError> {
        let candidates = folder.ancestors().map(|ancestor| ancestor.join(SDK));
        match candidates.into_iter().find(|candidate| is_sdk(candidate)) {
            Some(found) => Ok(Self::Beside(canonical(&found)?)),
            None => Err(SdkError::NotFound(folder.to_owned())),
        }
    }

    /// What stands after `policy-sdk =` in the Cargo.toml of a crate in `folder`, whose parent exists.
    pub fn dependency(&self, parent: &Path, folder: &Path) -> Result<String, SdkError> {
        let path = match self {
            Self::Version(version) => return Ok(format!("\"{version}\"")),
            Self::At(path) => path.clone(),
            Self::Beside(sdk) => {
                let crate_folder = canonical(parent)?.join(folder.file_name().unwrap_or_default());
                pathdiff::diff_paths(sdk, crate_folder).unwrap_or_else(|| sdk.clone())
            }
        };
        let text = path.to_str().filter(|text| !text.chars().any(char::is_control));
        let text = text.ok_or_else(|| SdkError::Unwritable(path.clone()))?;
        // A TOML string escapes these two like this (https://toml.io/en/v1.0.0#string).
        let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
        Ok(format!("{{ path = \"{escaped}\" }}"))
    }
}

fn canonical(path: &Path) -> Result<PathBuf, SdkError> {
    path.canonicalize().map_err(|error| SdkError::Path { path: path.to_owned(), error })
}

/// Whether the package in a folder is called `policy-sdk`.
fn is_sdk(folder: &Path) -> bool {
    let Ok(text) = fs::read_to_string(folder.join("Cargo.toml")) else { return false };
    let Ok(manifest) = toml::de::DeTable::parse(&text) else { return false };
    let package = manifest.get_ref().get("package").and_then(|package| package.get_ref().as_table());
    let name = package.and_then(|package| package.get("name"));
    name.and_then(|name| name.get_ref().as_str()) == Some(SDK)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clone_with_sdk() -> tempfile::TempDir {
        let clone = tempfile::tempdir().unwrap();
        fs::create_dir_all(clone.path().join("policy-sdk")).unwrap();
        fs::write(clone.path().join("policy-sdk/Cargo.toml"), "[package]\nname = \"policy-sdk\"\n").unwrap();
        clone
    }

    #[test]
    fn the_sdk_of_the_clone_around_is_written_relative() {
        let clone = clone_with_sdk();
        let policies = clone.path().join("policies");
        fs::create_dir(&policies).unwrap();
        let sdk = Sdk::around(&policies).unwrap();
        assert_eq!(sdk.dependency(&policies, &policies.join("mine")).unwrap(), r#"{ path = "../../policy-sdk" }"#);
    }

    #[test]
    fn an_sdk_that_is_given_in_full_stays_in_full() {
        let clone = clone_with_sdk();
        let path = clone.path().join("policy-sdk");
        let sdk = Sdk::given(path.to_str().unwrap()).unwrap();
        assert_eq!(sdk.dependency(clone.path(), &clone.path().join("mine")).unwrap(), format!("{{ path = {path:?} }}"));
    }

    #[test]
    fn a_version_is_one_and_anything_else_is_refused() {
        assert_eq!(Sdk::given("0.1").unwrap().dependency(Path::new("."), Path::new("x")).unwrap(), "\"^0.1\"");
        assert!(matches!(Sdk::given("no/such/folder"), Err(SdkError::Neither { .. })));
        let other = tempfile::tempdir().unwrap();
        assert!(matches!(Sdk::given(other.path().to_str().unwrap()), Err(SdkError::OtherFolder(_))));
        assert!(matches!(Sdk::around(other.path()), Err(SdkError::NotFound(_))));
    }

    #[test]
    fn quotes_in_a_path_are_escaped_and_control_characters_refused() {
        let dependency = |path: &str| Sdk::At(path.into()).dependency(Path::new("."), Path::new("x"));
        assert_eq!(dependency(r#"/a"b\c"#).unwrap(), r#"{ path = "/a\"b\\c" }"#);
        assert!(matches!(dependency("/a\nb"), Err(SdkError::Unwritable(_))));
    }
}
