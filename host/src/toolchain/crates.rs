//! Which crates are policies: those that build a `cdylib` and depend on `policy-sdk`. Cargo is asked, so that workspaces,
//! inherited dependencies and renamed ones are understood as cargo understands them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cargo_metadata::{DependencyKind, MetadataCommand, Package, PackageId, TargetKind};
use walkdir::WalkDir;

/// The package that makes a crate a policy.
pub const SDK: &str = "policy-sdk";

/// A crate that is a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyCrate {
    /// The package's name.
    pub name: String,
    /// The folder of its `Cargo.toml`.
    pub folder: PathBuf,
    /// What cargo calls it.
    pub(super) id: PackageId,
    /// The folders of the dependencies that it names by path.
    pub(super) path_dependencies: Vec<PathBuf>,
}

/// The policy crates of one cargo workspace (a crate alone is one too): cargo builds them at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workspace {
    /// The workspace's folder.
    pub root: PathBuf,
    /// Where cargo keeps what it builds.
    pub target_folder: PathBuf,
    /// In the order of their names; at least one.
    pub crates: Vec<PolicyCrate>,
}

/// Why no crates were found.
#[derive(Debug, thiserror::Error)]
pub enum CratesError {
    /// The folder can't be read.
    #[error("{}: {error}", .folder.display())]
    Read {
        /// The folder.
        folder: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A folder below can't be read.
    #[error("the crates below a folder can't be listed: {0}")]
    Walk(#[from] walkdir::Error),
    /// Cargo doesn't accept a crate.
    #[error("cargo can't read {}: {error}", .manifest.display())]
    Metadata {
        /// Its `Cargo.toml`.
        manifest: PathBuf,
        /// What cargo says.
        error: cargo_metadata::Error,
    },
    /// No `Cargo.toml` there.
    #[error("{}: no crate is here or below; make one with `trailwarden policy new NAME`", .0.display())]
    NoCrates(PathBuf),
    /// Crates, and none is a policy.
    #[error(
        "{}: none of its crates ({}) is a policy: a policy depends on `{SDK}`, and its Cargo.toml says `crate-type = [\"cdylib\", \"rlib\"]` under [lib]",
        .folder.display(), .crates.join(", ")
    )]
    NoPolicies {
        /// The folder.
        folder: PathBuf,
        /// The crates there.
        crates: Vec<String>,
    },
}

/// Finds the policy crates in a folder and below it, build products and hidden folders left out.
///
/// # Errors
/// [`CratesError`]; a folder without policies is one.
pub fn find(folder: &Path) -> Result<Vec<Workspace>, CratesError> {
    let folder = folder.canonicalize().map_err(|error| CratesError::Read { folder: folder.to_owned(), error })?;
    let mut workspaces: Vec<Workspace> = Vec::new();
    let mut known_manifests = BTreeSet::new();
    let mut other_crates = Vec::new();
    for manifest in manifests(&folder)? {
        if known_manifests.contains(&manifest) {
            continue;
        }
        let asked = MetadataCommand::new().manifest_path(&manifest).no_deps().exec();
        let metadata = asked.map_err(|error| CratesError::Metadata { manifest: manifest.clone(), error })?;
        known_manifests.extend(metadata.packages.iter().map(|package| package.manifest_path.clone().into_std_path_buf()));
        let below = metadata.packages.iter().filter(|package| package.manifest_path.as_std_path().starts_with(&folder));
        let (policies, others): (Vec<&Package>, Vec<&Package>) = below.partition(|package| is_policy(package));
        other_crates.extend(others.iter().map(|package| package.name.to_string()));
        let mut crates: Vec<PolicyCrate> = policies.into_iter().map(policy_crate).collect();
        crates.sort_by(|left, right| left.name.cmp(&right.name));
        if !crates.is_empty() {
            let root = metadata.workspace_root.into_std_path_buf();
            workspaces.push(Workspace { root, target_folder: metadata.target_directory.into_std_path_buf(), crates });
        }
    }
    if !workspaces.is_empty() {
        return Ok(workspaces);
    }
    if other_crates.is_empty() {
        Err(CratesError::NoCrates(folder))
    } else {
        Err(CratesError::NoPolicies { folder, crates: other_crates })
    }
}

/// Every `Cargo.toml`, in an order that does not depend on the file system.
fn manifests(folder: &Path) -> Result<Vec<PathBuf>, CratesError> {
    let mut found = Vec::new();
    let mut walk = WalkDir::new(folder).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = entry?;
        if entry.file_type().is_dir() && entry.depth() > 0 && is_left_out(entry.path()) {
            walk.skip_current_dir();
        } else if entry.file_type().is_file() && entry.file_name() == "Cargo.toml" {
            found.push(entry.into_path());
        }
    }
    Ok(found)
}

/// Hidden folders, and folders of build products: cargo marks the latter by a file of this name
/// (<https://bford.info/cachedir/>).
fn is_left_out(folder: &Path) -> bool {
    let is_hidden = folder.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    is_hidden || folder.join("CACHEDIR.TAG").is_file()
}

fn is_policy(package: &Package) -> bool {
    let is_module = package.targets.iter().any(|target| target.kind.contains(&TargetKind::CDyLib));
    let needs_sdk = package.dependencies.iter().any(|needed| needed.name == SDK && needed.kind == DependencyKind::Normal);
    is_module && needs_sdk
}

fn policy_crate(package: &Package) -> PolicyCrate {
    let folder = package.manifest_path.parent().unwrap_or(&package.manifest_path);
    let by_path = package.dependencies.iter().filter_map(|needed| needed.path.clone());
    PolicyCrate {
        name: package.name.to_string(),
        folder: folder.as_std_path().to_owned(),
        id: package.id.clone(),
        path_dependencies: by_path.map(cargo_metadata::camino::Utf8PathBuf::into_std_path_buf).collect(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const SDK_MANIFEST: &str = "[package]\nname = \"policy-sdk\"\n[workspace]\n";

    fn write(path: PathBuf, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn write_crate(folder: PathBuf, manifest: &str) {
        write(folder.join("Cargo.toml"), manifest);
        write(folder.join("src/lib.rs"), "");
    }

    fn policy(name: &str, more: &str) -> String {
        format!(
            "[package]\nname = \"{name}\"\n[lib]\ncrate-type = [\"cdylib\", \"rlib\"]\n[dependencies]\nrules = {{ package = \"policy-sdk\", path = \"../policy-sdk\" }}\n{more}"
        )
    }

    #[test]
    fn policies_are_told_from_other_crates_and_build_products() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write_crate(root.join("policy-sdk"), SDK_MANIFEST);
        write_crate(root.join("second"), &policy("second", "[workspace]\n"));
        write_crate(root.join("first"), &policy("first", "[workspace]\n"));
        write_crate(root.join("first/target/package/copy"), &policy("copy", "[workspace]\n"));
        write(root.join("first/target/CACHEDIR.TAG"), "");
        write_crate(root.join(".hidden"), &policy("hidden", "[workspace]\n"));
        let workspaces = find(&root).unwrap();
        let names: Vec<&str> = workspaces.iter().flat_map(|w| &w.crates).map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["first", "second"]);
        assert_eq!(workspaces[0].crates[0].path_dependencies, [root.join("policy-sdk")]);
    }

    #[test]
    fn members_of_one_workspace_are_built_at_once_and_only_those_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        write(
            root.join("Cargo.toml"),
            "[workspace]\nresolver = \"3\"\nmembers = [\"policies/*\", \"elsewhere\", \"policies/policy-sdk\"]\n",
        );
        write_crate(root.join("policies/policy-sdk"), "[package]\nname = \"policy-sdk\"\n");
        write_crate(root.join("policies/b"), &policy("b", ""));
        write_crate(root.join("policies/a"), &policy("a", ""));
        write_crate(root.join("elsewhere"), &policy("elsewhere", "").replace("../policy-sdk", "../policies/policy-sdk"));
        let workspaces = find(&root.join("policies")).unwrap();
        assert_eq!(workspaces.len(), 1);
        assert_eq!(workspaces[0].root, root);
        let names: Vec<&str> = workspaces[0].crates.iter().map(|policy| policy.name.as_str()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn a_crate_that_is_no_policy_is_told_what_makes_one() {
        let folder = tempfile::tempdir().unwrap();
        write_crate(folder.path().to_owned(), "[package]\nname = \"plain\"\n[workspace]\n");
        let error = find(folder.path()).unwrap_err();
        assert!(matches!(&error, CratesError::NoPolicies { crates, .. } if crates == &["plain"]), "{error}");
    }

    #[test]
    fn a_folder_without_crates_and_one_that_is_missing_are_errors() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(find(folder.path()), Err(CratesError::NoCrates(_))));
        assert!(matches!(find(&folder.path().join("missing")), Err(CratesError::Read { .. })));
    }

    #[test]
    fn a_manifest_that_cargo_refuses_is_named_with_what_cargo_says() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path().join("Cargo.toml"), "[package]\nnome = 1\n");
        let error = find(folder.path()).unwrap_err().to_string();
        assert!(error.contains("Cargo.toml") && error.contains("name"), "{error}");
    }
}
