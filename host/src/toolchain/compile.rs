//! One run of cargo for each workspace, and the modules that it says it made.

use std::io::BufReader;
use std::path::PathBuf;
use std::process::{ChildStdout, Command, ExitStatus, Stdio};

use cargo_metadata::{Artifact, Message, TargetKind};

use super::{PolicyCrate, Toolchain, Way, Workspace, reproducible};
use crate::digest::Digest;

/// A core module as rustc leaves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Module {
    /// The crate that it was built from.
    pub policy: PolicyCrate,
    /// The file.
    pub file: PathBuf,
}

/// Why there are no modules.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// Cargo doesn't run.
    #[error("`{program}` can't be run: {error}")]
    NotRun {
        /// The program.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// Cargo's messages can't be read.
    #[error("what cargo says of its build can't be read: {0}")]
    Messages(std::io::Error),
    /// Cargo failed; what it said stands on standard error.
    #[error("cargo didn't build the policies ({0}); what it says stands above")]
    Failed(ExitStatus),
    /// Cargo succeeded and named no module for a crate.
    #[error("cargo built `{name}` and names no .wasm file for it")]
    NoModule {
        /// The package.
        name: String,
    },
}

/// Builds the policy crates of a workspace in release mode. Cargo's own messages go to standard error. Each way has build
/// products of its own, since two compilers share none.
///
/// # Errors
/// [`CompileError`].
pub fn compile(workspace: &Workspace, toolchain: &Toolchain, is_locked: bool) -> Result<Vec<Module>, CompileError> {
    let mut cargo = command(workspace, toolchain, is_locked);
    cargo.stdin(Stdio::null()).stdout(Stdio::piped());
    let program = cargo.get_program().to_string_lossy().into_owned();
    let mut child = cargo.spawn().map_err(|error| CompileError::NotRun { program, error })?;
    let artifacts = child.stdout.take().map_or_else(|| Ok(Vec::new()), artifacts);
    let status = child.wait().map_err(CompileError::Messages)?;
    if !status.success() {
        return Err(CompileError::Failed(status));
    }
    let artifacts = artifacts?;
    workspace.crates.iter().map(|policy| module(policy, &artifacts)).collect()
}

fn artifacts(messages: ChildStdout) -> Result<Vec<Artifact>, CompileError> {
    let is_artifact = |message| match message {
        Ok(Message::CompilerArtifact(artifact)) => Some(Ok(artifact)),
        Ok(_) => None,
        Err(error) => Some(Err(CompileError::Messages(error))),
    };
    Message::parse_stream(BufReader::new(messages)).filter_map(is_artifact).collect()
}

fn command(workspace: &Workspace, toolchain: &Toolchain, is_locked: bool) -> Command {
    let mut cargo = toolchain.cargo_build();
    cargo.arg("--message-format=json-render-diagnostics");
    cargo.arg("--target-dir").arg(products_folder(workspace, toolchain.way()));
    if is_locked {
        cargo.arg("--locked");
    }
    for policy in &workspace.crates {
        cargo.args(["--package", &policy.id.repr]);
    }
    cargo.current_dir(&workspace.root);
    reproducible::apply(&mut cargo, workspace, toolchain);
    cargo
}

/// Where a workspace's modules are built. Cargo names a module by its package alone, and takes one that is there for its own:
/// where several workspaces share a target folder (`CARGO_TARGET_DIR`), two packages of one name would be taken for each
/// other. So each gets a folder of its own there.
fn products_folder(workspace: &Workspace, way: Way) -> PathBuf {
    let target_folder = &workspace.target_folder;
    if target_folder.starts_with(&workspace.root) {
        return target_folder.join(format!("wasm-{}", way.as_str()));
    }
    let digest = Digest::of(workspace.root.as_os_str().as_encoded_bytes()).to_string();
    let (_, hex) = digest.split_once(':').unwrap_or(("", &digest));
    target_folder.join(format!("wasm-{}-{:.16}", way.as_str(), hex))
}

fn module(policy: &PolicyCrate, artifacts: &[Artifact]) -> Result<Module, CompileError> {
    let own = artifacts
        .iter()
        .filter(|artifact| artifact.package_id == policy.id && artifact.target.kind.contains(&TargetKind::CDyLib));
    let mut files = own.flat_map(|artifact| &artifact.filenames);
    match files.find(|file| file.extension() == Some("wasm")) {
        Some(file) => Ok(Module { policy: policy.clone(), file: file.clone().into_std_path_buf() }),
        None => Err(CompileError::NoModule { name: policy.name.clone() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn products(root: &str, target_folder: &str) -> PathBuf {
        let workspace = Workspace { root: root.into(), target_folder: target_folder.into(), crates: Vec::new() };
        products_folder(&workspace, Way::Rustup)
    }

    #[test]
    fn each_workspace_and_each_way_has_products_of_its_own() {
        assert_eq!(products("/a", "/a/target"), PathBuf::from("/a/target/wasm-rustup"));
        let (first, second) = (products("/a", "/shared"), products("/b", "/shared"));
        assert_ne!(first, second);
        assert_eq!(first, products("/a", "/shared"));
        assert!(first.starts_with("/shared") && first.to_string_lossy().len() == "/shared/wasm-rustup-".len() + 16, "{first:?}");
    }
}
