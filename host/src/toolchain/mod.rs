//! Rust for WebAssembly: which compiler builds policies here, which crates are policies, and what comes out of them.
//!
//! Takes a folder, gives core modules as rustc leaves them. What a module means, and how it becomes a policy file, is not
//! known here. There are two ways to a compiler ([`Way`]), because not every machine reaches rustup's servers.

mod compile;
mod crates;
mod debian;
mod reproducible;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::str::FromStr;

pub use compile::{CompileError, Module, compile};
pub use crates::{CratesError, PolicyCrate, SDK, Workspace, find};

/// The target that policies are built for: it has no system interface, so a policy can import nothing but the contract.
pub const TARGET: &str = "wasm32-unknown-unknown";

/// The environment variable that forces a way.
pub const FORCED_BY: &str = "TRAILWARDEN_WASM_TOOLCHAIN";

/// How the target's standard library is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Ready-made, as `rustup target add` installs it beside the toolchain.
    Rustup,
    /// Built from source by Debian's compiler (packages `rustc-web`, `cargo-web`, `rust-web-src`).
    Debian,
}

impl Way {
    /// The word for it in the environment and in folder names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Rustup => "rustup",
            Self::Debian => "debian",
        }
    }
}

/// A word that names no [`Way`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{FORCED_BY} is {text:?}, and can be `rustup` or `debian` (or unset)")]
pub struct NotAWay {
    /// What was given.
    pub text: String,
}

impl FromStr for Way {
    type Err = NotAWay;

    fn from_str(text: &str) -> Result<Self, NotAWay> {
        [Self::Rustup, Self::Debian].into_iter().find(|way| way.as_str() == text).ok_or_else(|| NotAWay { text: text.to_owned() })
    }
}

/// Why a way is not open on this machine.
#[derive(Debug, thiserror::Error)]
pub enum Obstacle {
    /// A program of the toolchain doesn't run.
    #[error("`{program}` can't be run: {error}")]
    NotRun {
        /// The program.
        program: String,
        /// Why.
        error: std::io::Error,
    },
    /// A program of the toolchain doesn't answer a question about itself.
    #[error("`{program}` failed: {message}")]
    Failed {
        /// The program with its arguments.
        program: String,
        /// What it wrote to standard error, or its exit status where it wrote nothing.
        message: String,
    },
    /// The target's standard library is not installed.
    #[error("{} isn't there", .0.display())]
    NoStandardLibrary(PathBuf),
    /// Debian's compiler is not installed.
    #[error("{} isn't there", .0.display())]
    NotInstalled(PathBuf),
    /// Debian's two programs are of different versions.
    #[error("{} is {cargo}, and {} is {rustc}", debian::CARGO, debian::RUSTC)]
    VersionsDiffer {
        /// The version of cargo.
        cargo: String,
        /// The version of rustc.
        rustc: String,
    },
    /// The source of the standard library is not installed.
    #[error("the source of the standard library isn't in {}", .0.display())]
    NoSource(PathBuf),
    /// There is nothing that links WebAssembly.
    #[error("there is no rust-lld to link with, looked for in {}", list(.0))]
    NoLinker(Vec<PathBuf>),
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(" and ")
}

/// Why no compiler was chosen.
#[derive(Debug, thiserror::Error)]
pub enum ToolchainError {
    /// The environment names no way.
    #[error(transparent)]
    NotAWay(#[from] NotAWay),
    /// The way that the environment forces is not open.
    #[error("{FORCED_BY} asks for `{}`, which can't build for {TARGET} here: {obstacle}\n{}", .way.as_str(), advice(&[*.way]))]
    Forced {
        /// The way.
        way: Way,
        /// Why it is not open.
        obstacle: Obstacle,
    },
    /// No way is open.
    #[error(
        "this machine can't build policies for {TARGET} yet\n  by rustup: {rustup}\n  by debian: {debian}\n{}",
        advice(&[Way::Rustup, Way::Debian])
    )]
    None {
        /// Why rustup's is not.
        rustup: Obstacle,
        /// Why Debian's is not.
        debian: Obstacle,
    },
}

/// What to do next. In a clone of the project, `policy-sdk/toolchain/setup.sh` does whichever of these the machine allows.
fn advice(ways: &[Way]) -> String {
    let of = |way: &Way| match way {
        Way::Rustup => format!("where rustup's servers are reached: rustup target add {TARGET}"),
        Way::Debian => "on Debian and Ubuntu: apt-get install rustc-web cargo-web rust-web-src (one version of all three), \
             beside a toolchain that has rust-lld"
            .to_owned(),
    };
    let mut lines: Vec<String> = ways.iter().map(of).collect();
    lines.push("in a clone of trailwarden: policy-sdk/toolchain/setup.sh does it".to_owned());
    lines.join("\n")
}

/// A compiler that builds for [`TARGET`].
#[derive(Clone, Debug)]
pub struct Toolchain {
    way: Way,
    /// What `rustc --version` says.
    version: String,
    /// Where the source of the standard library lies, where it is built from source.
    library_source: Option<PathBuf>,
    /// Links WebAssembly, where the compiler doesn't bring its own.
    linker: Option<PathBuf>,
}

impl Toolchain {
    /// Chooses a compiler: the way that the environment variable [`FORCED_BY`] names, else the first that is open. `folder`
    /// is where the build will run, since rustup's overrides go by folder.
    ///
    /// # Errors
    /// [`ToolchainError`], which says what stands in the way and what to do.
    pub fn choose(folder: &Path) -> Result<Self, ToolchainError> {
        match std::env::var_os(FORCED_BY).filter(|word| !word.is_empty()) {
            Some(word) => Self::forced(word.to_string_lossy().parse()?, folder),
            None => Self::first_open(folder),
        }
    }

    fn forced(way: Way, folder: &Path) -> Result<Self, ToolchainError> {
        let toolchain = match way {
            Way::Rustup => Self::by_rustup(folder),
            Way::Debian => debian::toolchain(folder),
        };
        toolchain.map_err(|obstacle| ToolchainError::Forced { way, obstacle })
    }

    fn first_open(folder: &Path) -> Result<Self, ToolchainError> {
        let rustup = match Self::by_rustup(folder) {
            Ok(toolchain) => return Ok(toolchain),
            Err(obstacle) => obstacle,
        };
        debian::toolchain(folder).map_err(|debian| ToolchainError::None { rustup, debian })
    }

    fn by_rustup(folder: &Path) -> Result<Self, Obstacle> {
        let rustc = installed_rustc();
        let library = PathBuf::from(answer(&rustc, &["--print", "target-libdir", "--target", TARGET], folder)?);
        if !library.is_dir() {
            return Err(Obstacle::NoStandardLibrary(library));
        }
        let version = answer(&rustc, &["--version"], folder)?;
        Ok(Self { way: Way::Rustup, version, library_source: None, linker: None })
    }

    /// How the standard library is had.
    pub fn way(&self) -> Way {
        self.way
    }

    /// For the person who wants to know what builds.
    pub fn describe(&self) -> String {
        match self.way {
            Way::Rustup => format!("{}, with the {TARGET} that is installed beside it", self.version),
            Way::Debian => format!("Debian's {}, with the standard library from source", self.version),
        }
    }

    /// `cargo build --release --target …`, with what this way needs; the caller says which packages.
    fn cargo_build(&self) -> Command {
        let mut cargo = match self.way {
            Way::Rustup => {
                let mut cargo = Command::new("cargo");
                cargo.arg("build");
                cargo
            }
            Way::Debian => debian::cargo_build(self.linker.as_deref()),
        };
        cargo.args(["--release", "--target", TARGET]);
        cargo
    }
}

/// The compiler that `cargo` runs: what the environment names, else the one that is found first.
fn installed_rustc() -> OsString {
    std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())
}

/// Asks a program of a toolchain something; the answer is one line.
fn answer(program: &OsString, arguments: &[&str], folder: &Path) -> Result<String, Obstacle> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(folder);
    let output = command.output().map_err(|error| Obstacle::NotRun { program: program.to_string_lossy().into_owned(), error })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim_end().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim_end().to_owned();
    let message = if said.is_empty() { output.status.to_string() } else { said };
    Err(Obstacle::Failed { program: format!("{} {}", program.to_string_lossy(), arguments.join(" ")), message })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_that_is_no_way_is_refused_with_the_words_that_are() {
        assert_eq!("rustup".parse(), Ok(Way::Rustup));
        assert_eq!("debian".parse(), Ok(Way::Debian));
        let error = "Rustup".parse::<Way>().unwrap_err().to_string();
        assert!(error.contains("\"Rustup\"") && error.contains("`rustup` or `debian`"), "{error}");
    }

    #[test]
    fn a_machine_without_a_way_is_told_both_reasons_and_what_to_do() {
        let error = ToolchainError::None {
            rustup: Obstacle::NoStandardLibrary("/toolchain/lib".into()),
            debian: Obstacle::NotInstalled(debian::RUSTC.into()),
        };
        let text = error.to_string();
        for part in [
            "by rustup: /toolchain/lib isn't there",
            "by debian: /usr/bin/rustc isn't there",
            "rustup target add",
            "apt-get install",
        ] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
    }

    #[test]
    fn a_forced_way_is_told_its_own_reason_only() {
        let error = ToolchainError::Forced { way: Way::Debian, obstacle: Obstacle::NoSource("/usr/src".into()) };
        let text = error.to_string();
        assert!(text.contains("/usr/src") && text.contains("apt-get install") && !text.contains("rustup target add"), "{text}");
    }

    #[test]
    fn a_program_that_is_not_there_or_fails_is_named() {
        let here = Path::new(".");
        let absent = answer(&"/no/such/rustc".into(), &["--version"], here).unwrap_err();
        assert!(absent.to_string().contains("/no/such/rustc"), "{absent}");
        let failed = answer(&"rustc".into(), &["--print", "nonsense"], here).unwrap_err();
        assert!(failed.to_string().starts_with("`rustc --print nonsense` failed: "), "{failed}");
    }
}
