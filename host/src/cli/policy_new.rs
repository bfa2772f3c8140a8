//! `trailwarden policy new`: a policy crate that builds and passes its tests at once.
//!
//! What it writes is `examples/first-policy`, which is built and tested with the project, under another name. The crate
//! appears whole or not at all, and nothing that is there is ever overwritten.

mod sdk;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use policy_contract::name::Name;

use sdk::{Sdk, SdkError};

/// The name in the files of the template.
const TEMPLATE_NAME: &str = "first-policy";

/// What is written below the crate's folder, besides `Cargo.toml`.
const TEMPLATE: [(&str, &str); 5] = [
    (".gitignore", include_str!("../../../examples/first-policy/.gitignore")),
    ("README.md", include_str!("../../../examples/first-policy/README.md")),
    ("src/lib.rs", include_str!("../../../examples/first-policy/src/lib.rs")),
    ("src/access_key_for_another_user.rs", include_str!("../../../examples/first-policy/src/access_key_for_another_user.rs")),
    (
        "src/access_key_for_another_user.fixtures.json",
        include_str!("../../../examples/first-policy/src/access_key_for_another_user.fixtures.json"),
    ),
];

const MANIFEST: &str = include_str!("template/Cargo.toml.txt");

/// Keeps a crate out of a workspace that does not list it as a member.
const OWN_WORKSPACE: &str = "\n# The workspace around this folder doesn't list it as a member.\n[workspace]\n";

/// Names that no policy's crate can have: keywords (<https://doc.rust-lang.org/reference/keywords.html>), crates that every
/// crate sees, and the SDK's own.
const TAKEN: [&str; 54] = [
    "abstract",
    "alloc",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "core",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "policy-contract",
    "policy-sdk",
    "policy-sdk-macros",
    "priv",
    "proc-macro",
    "pub",
    "ref",
    "return",
    "static",
    "std",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
];

/// What to write, and where.
#[derive(Clone, Debug, clap::Args)]
pub struct NewArgs {
    /// The policy's name, such as `key-watch`: lower-case words joined by hyphens.
    pub name: Name,
    /// The folder to make [default: the name, here].
    #[arg(long, value_name = "DIR")]
    pub path: Option<PathBuf>,
    /// Where the `policy-sdk` crate comes from: its folder, or a version of a registry [default: the clone of Trailwarden
    /// around the new folder].
    #[arg(long, value_name = "DIR|VERSION")]
    pub sdk: Option<String>,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum NewError {
    /// Rust has another use for the name.
    #[error(
        "`{0}` can't be the name of a crate: it means something else to Rust or is part of the SDK; add a word, such as `{0}-watch`"
    )]
    NameTaken(Name),
    /// Something is there.
    #[error("{} is there already and isn't an empty folder: choose another one with --path DIR", .0.display())]
    NotEmpty(PathBuf),
    /// No SDK.
    #[error(transparent)]
    Sdk(#[from] SdkError),
    /// A file or folder can't be made.
    #[error("{}: {error}", .path.display())]
    File {
        /// The path.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// Cargo doesn't run.
    #[error("cargo can't be run, which builds and tests policies: {0}; install Rust as https://rustup.rs says")]
    NoCargo(std::io::Error),
    /// Cargo refuses what was written.
    #[error("cargo can't read the new crate in {}, which was left there to be looked at:\n{message}", .folder.display())]
    Refused {
        /// The crate's folder.
        folder: PathBuf,
        /// What cargo says.
        message: String,
    },
}

/// How the new crate stands to a cargo workspace around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// A member, or there is no workspace.
    AsWritten,
    /// There is one that does not list it, so it got a `[workspace]` table of its own.
    OnItsOwn,
}

/// Writes the crate and says on standard error what to do next.
///
/// # Errors
/// [`NewError`].
pub fn run(args: NewArgs) -> anyhow::Result<()> {
    let folder = args.path.clone().unwrap_or_else(|| PathBuf::from(args.name.as_str()));
    let standing = create(&args.name, &folder, args.sdk.as_deref())?;
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{}", folder.display())?;
    if standing == Standing::OnItsOwn {
        eprintln!(
            "the cargo workspace around {} doesn't list it as a member, so it has a [workspace] of its own",
            folder.display()
        );
    }
    eprintln!("wrote the policy `{}`; next:\n  cd {}\n  cargo test\n  trailwarden policy build", args.name, folder.display());
    Ok(())
}

fn create(name: &Name, folder: &Path, sdk: Option<&str>) -> Result<Standing, NewError> {
    if TAKEN.contains(&name.as_str()) {
        return Err(NewError::NameTaken(name.clone()));
    }
    let folder = std::path::absolute(folder).map_err(|error| NewError::File { path: folder.to_owned(), error })?;
    check_free(&folder)?;
    let parent = folder.parent().unwrap_or(&folder);
    let sdk = match sdk {
        Some(given) => Sdk::given(given)?,
        None => Sdk::around(parent)?,
    };
    fs::create_dir_all(parent).map_err(|error| NewError::File { path: parent.to_owned(), error })?;
    let manifest = MANIFEST.replace("{name}", name.as_str()).replace("{sdk}", &sdk.dependency(parent, &folder)?);
    write_whole(&folder, name, &manifest)?;
    settle(&folder, &manifest)
}

/// A folder is free where nothing is there, or an empty folder.
fn check_free(folder: &Path) -> Result<(), NewError> {
    let not_empty = || Err(NewError::NotEmpty(folder.to_owned()));
    match fs::read_dir(folder) {
        Ok(mut entries) => {
            if entries.next().is_none() {
                Ok(())
            } else {
                not_empty()
            }
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => not_empty(),
        Err(error) => Err(NewError::File { path: folder.to_owned(), error }),
    }
}

/// Writes beside the folder and renames. A rename onto a folder succeeds only where that is empty.
fn write_whole(folder: &Path, name: &Name, manifest: &str) -> Result<(), NewError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |error| NewError::File { path, error }
    };
    let parent = folder.parent().unwrap_or(folder);
    let draft = tempfile::Builder::new().prefix(".new-policy-").tempdir_in(parent).map_err(failed(parent))?;
    let crate_folder = draft.path().join(name.as_str());
    let files = TEMPLATE.iter().map(|(path, text)| (*path, text.replace(TEMPLATE_NAME, name.as_str())));
    for (path, text) in files.chain([("Cargo.toml", manifest.to_owned())]) {
        let file = crate_folder.join(path);
        let file_folder = file.parent().unwrap_or(&crate_folder);
        fs::create_dir_all(file_folder).map_err(failed(file_folder))?;
        fs::write(&file, text).map_err(failed(&file))?;
    }
    fs::rename(&crate_folder, folder).map_err(failed(folder))
}

/// Asks cargo whether the crate is one, and where a workspace around it does not want it, gives it a workspace of its own.
/// Cargo knows best what a workspace's globs and exclusions mean.
fn settle(folder: &Path, manifest: &str) -> Result<Standing, NewError> {
    if cargo_reads(folder)?.is_ok() {
        return Ok(Standing::AsWritten);
    }
    let path = folder.join("Cargo.toml");
    fs::write(&path, format!("{manifest}{OWN_WORKSPACE}")).map_err(|error| NewError::File { path, error })?;
    match cargo_reads(folder)? {
        Ok(()) => Ok(Standing::OnItsOwn),
        Err(message) => Err(NewError::Refused { folder: folder.to_owned(), message }),
    }
}

/// Whether cargo reads the crate, and otherwise what it says.
fn cargo_reads(folder: &Path) -> Result<Result<(), String>, NewError> {
    let mut cargo = Command::new("cargo");
    cargo.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(folder.join("Cargo.toml"));
    let output = cargo.output().map_err(NewError::NoCargo)?;
    let message = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    Ok(if output.status.success() { Ok(()) } else { Err(message) })
}

#[cfg(test)]
mod tests;
