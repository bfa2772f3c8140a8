//! `trailwarden policy build`: policy crates to policy files, which carry their fixtures as examples.
//!
//! Which compiler is taken, and what to do where there is none, is [`crate::toolchain`]'s.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::fixture_files::{self, FixtureFileError};
use crate::policy::examples::{self, BadExamples};
use crate::policy::{LoadError, World, component_from_module};
use crate::toolchain::{self, CompileError, CratesError, Module, Toolchain, ToolchainError, Workspace};

/// What to build, and where to put it.
#[derive(Clone, Debug, clap::Args)]
pub struct BuildArgs {
    /// A policy crate, or a folder that holds several.
    #[arg(value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
    /// Where the policy files go [default: target/policies of the crate or of its workspace].
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Fail where Cargo.lock would have to change.
    #[arg(long)]
    pub locked: bool,
}

/// A policy that was built.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltPolicy {
    /// The package's name.
    pub name: String,
    /// The folder of the crate.
    pub crate_dir: PathBuf,
    /// The policy file, a component.
    pub wasm: PathBuf,
    /// Its size in bytes.
    pub bytes: usize,
}

/// Why nothing was built, or not everything.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// No policy crates.
    #[error(transparent)]
    Crates(#[from] CratesError),
    /// No compiler.
    #[error(transparent)]
    Toolchain(#[from] ToolchainError),
    /// Cargo failed.
    #[error(transparent)]
    Compile(#[from] CompileError),
    /// Crates of several workspaces and no place that belongs to all.
    #[error("the crates belong to several workspaces ({}): say where the policies go with --out DIR", list(.0))]
    SeveralWorkspaces(Vec<PathBuf>),
    /// Two crates would write the same file.
    #[error("{} and {} are both named `{name}`: rename one of the packages", .first.display(), .second.display())]
    SameName {
        /// The name.
        name: String,
        /// One crate's folder.
        first: PathBuf,
        /// The other's.
        second: PathBuf,
    },
    /// What was built is no policy.
    #[error("what was built from {} {error}; does its src/lib.rs call `policy_sdk::policy!`?", .folder.display())]
    NotAPolicy {
        /// The crate's folder.
        folder: PathBuf,
        /// Why.
        error: LoadError,
    },
    /// Its fixtures can't be used.
    #[error(transparent)]
    Fixtures(#[from] FixtureFileError),
    /// Its fixtures can't be embedded.
    #[error("what was built from {} {error}", .folder.display())]
    Examples {
        /// The crate's folder.
        folder: PathBuf,
        /// Why.
        error: BadExamples,
    },
    /// A file can't be read or written.
    #[error("{}: {error}", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Builds, and prints one line for each policy: name, file, bytes.
///
/// # Errors
/// Those of [`build`].
pub fn run(args: BuildArgs) -> anyhow::Result<()> {
    let built = build(&args)?;
    let width = built.iter().map(|policy| policy.name.len()).max().unwrap_or(0);
    let mut stdout = std::io::stdout().lock();
    let here = std::env::current_dir()?;
    for policy in built {
        let wasm = policy.wasm.strip_prefix(&here).unwrap_or(&policy.wasm);
        writeln!(stdout, "{:width$}  {}  {} bytes", policy.name, wasm.display(), policy.bytes)?;
    }
    Ok(())
}

/// Builds the policies of a folder as `trailwarden policy build DIR` does.
///
/// # Errors
/// Those of [`build`].
pub fn build_default(dir: &Path) -> Result<Vec<BuiltPolicy>, BuildError> {
    build(&BuildArgs { dir: dir.to_owned(), out: None, locked: false })
}

/// Builds every policy crate in a folder and below it, and writes each as `OUT/<package name>.wasm`, whole or not at all, with its
/// fixtures embedded.
/// Says on standard error which compiler it takes, and lets cargo speak there.
///
/// # Errors
/// [`BuildError`]. What was built before a failure stays.
pub fn build(args: &BuildArgs) -> Result<Vec<BuiltPolicy>, BuildError> {
    let workspaces = toolchain::find(&args.dir)?;
    check_names(&workspaces)?;
    let out = match &args.out {
        Some(out) => out.clone(),
        None => default_out(&workspaces)?,
    };
    let mut built = Vec::new();
    for workspace in &workspaces {
        let toolchain = Toolchain::choose(&workspace.root)?;
        eprintln!("building with {}", toolchain.describe());
        for module in toolchain::compile(workspace, &toolchain, args.locked)? {
            built.push(write_policy(&module, &out)?);
        }
    }
    Ok(built)
}

fn check_names(workspaces: &[Workspace]) -> Result<(), BuildError> {
    let mut folders = BTreeMap::new();
    for policy in workspaces.iter().flat_map(|workspace| &workspace.crates) {
        if let Some(first) = folders.insert(&policy.name, &policy.folder) {
            let (first, second) = (first.clone(), policy.folder.clone());
            return Err(BuildError::SameName { name: policy.name.clone(), first, second });
        }
    }
    Ok(())
}

/// Not cargo's target folder, which the environment can move and several projects can share: a folder of policies is
/// something that a host is pointed at.
fn default_out(workspaces: &[Workspace]) -> Result<PathBuf, BuildError> {
    match workspaces {
        [only] => Ok(only.root.join("target").join("policies")),
        several => Err(BuildError::SeveralWorkspaces(several.iter().map(|workspace| workspace.root.clone()).collect())),
    }
}

fn write_policy(module: &Module, out: &Path) -> Result<BuiltPolicy, BuildError> {
    let folder = module.policy.folder.clone();
    let bytes = fs::read(&module.file).map_err(|error| BuildError::File { path: module.file.clone(), error })?;
    let mut component = component(&bytes).map_err(|error| BuildError::NotAPolicy { folder: folder.clone(), error })?;
    let fixtures: Vec<_> = fixture_files::read_all(&folder)?.into_iter().map(|file| file.json).collect();
    if !fixtures.is_empty() {
        let not_embedded = |error| BuildError::Examples { folder: folder.clone(), error };
        examples::embed(&mut component, &fixtures).map_err(not_embedded)?;
    }
    let wasm = out.join(format!("{}.wasm", module.policy.name));
    write_whole(&wasm, &component).map_err(|error| BuildError::File { path: wasm.clone(), error })?;
    Ok(BuiltPolicy { name: module.policy.name.clone(), crate_dir: folder, wasm, bytes: component.len() })
}

/// Makes a module a component, and sees that a host would speak to it.
fn component(module: &[u8]) -> Result<Vec<u8>, LoadError> {
    let component = component_from_module(module)?;
    World::read(&component)?.check()?;
    Ok(component)
}

/// Writes beside the file and renames, so that a host that watches the folder never reads half a policy.
fn write_whole(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    builder.prefix(".policy-").suffix(".tmp");
    readable_by_others(&mut builder);
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(content)?;
    file.persist(path)?;
    Ok(())
}

/// As any file that a program makes: read and write for all, less what the umask takes away.
#[cfg(unix)]
fn readable_by_others(builder: &mut tempfile::Builder<'_, '_>) {
    use std::os::unix::fs::PermissionsExt as _;
    builder.permissions(fs::Permissions::from_mode(0o666));
}

#[cfg(not(unix))]
fn readable_by_others(_: &mut tempfile::Builder<'_, '_>) {}
