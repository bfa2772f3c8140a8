//! Debian's way: its compiler, newer than most, builds the standard library from source; the installed toolchain links.
//!
//! `-Zbuild-std` is unstable, so `RUSTC_BOOTSTRAP=1` lets the stable compiler take it. Cargo and compiler must be of one
//! version, and so must the library's source, which the compiler looks for below its own sysroot.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Obstacle, Toolchain, Way, answer, installed_rustc};

/// Where the package `cargo-web` puts it.
pub const CARGO: &str = "/usr/bin/cargo";
/// Where the package `rustc-web` puts it.
pub const RUSTC: &str = "/usr/bin/rustc";

/// Debian's compiler, if everything that it needs is there.
pub fn toolchain(folder: &Path) -> Result<Toolchain, Obstacle> {
    if let Some(missing) = [RUSTC, CARGO].map(Path::new).into_iter().find(|program| !program.exists()) {
        return Err(Obstacle::NotInstalled(missing.to_owned()));
    }
    let debian_rustc = OsString::from(RUSTC);
    let version = answer(&debian_rustc, &["--version"], folder)?;
    let cargo_version = answer(&CARGO.into(), &["--version"], folder)?;
    if number(&version) != number(&cargo_version) {
        return Err(Obstacle::VersionsDiffer { cargo: cargo_version, rustc: version });
    }
    let sysroot = PathBuf::from(answer(&debian_rustc, &["--print", "sysroot"], folder)?);
    let library_source = sysroot.join("lib/rustlib/src/rust");
    if !library_source.join("library").is_dir() {
        return Err(Obstacle::NoSource(library_source));
    }
    let linker = linker(&debian_rustc, sysroot, folder)?;
    Ok(Toolchain { way: Way::Debian, version, library_source: Some(library_source), linker: Some(linker) })
}

/// `rust-lld` of the installed toolchain, else of Debian's, which usually has none.
fn linker(debian_rustc: &OsString, debian_sysroot: PathBuf, folder: &Path) -> Result<PathBuf, Obstacle> {
    let host = answer(debian_rustc, &["--print", "host-tuple"], folder)?;
    let mut looked_for = Vec::new();
    if let Ok(sysroot) = answer(&installed_rustc(), &["--print", "sysroot"], folder) {
        looked_for.push(PathBuf::from(sysroot));
    }
    looked_for.push(debian_sysroot);
    for path in &mut looked_for {
        path.extend(["lib", "rustlib", &host, "bin", "rust-lld"]);
    }
    looked_for.dedup();
    match looked_for.iter().find(|path| path.is_file()) {
        Some(linker) => Ok(linker.clone()),
        None => Err(Obstacle::NoLinker(looked_for)),
    }
}

/// `1.96.0` of `rustc 1.96.0 (ac68faa20 2026-05-25)`.
fn number(version: &str) -> Option<&str> {
    version.split_whitespace().nth(1)
}

/// Debian's `cargo build`, out of reach of a rustup and of wrappers around the other compiler.
pub fn cargo_build(linker: Option<&Path>) -> Command {
    let mut cargo = Command::new(CARGO);
    cargo.env_remove("RUSTUP_TOOLCHAIN").env_remove("RUSTC_WRAPPER").env_remove("RUSTC_WORKSPACE_WRAPPER");
    cargo.env("RUSTC", RUSTC).env("RUSTC_BOOTSTRAP", "1");
    if let Some(linker) = linker {
        cargo.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    cargo.args(["build", "-Zbuild-std=std,panic_abort"]);
    cargo
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_by_their_number() {
        assert_eq!(number("rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)"), Some("1.96.0"));
        assert_eq!(number("cargo 1.96.0 (30a34c682 2026-05-25)"), Some("1.96.0"));
        assert_eq!(number(""), None);
    }

    #[test]
    fn the_other_compiler_and_its_wrappers_are_out_of_reach() {
        let cargo = cargo_build(Some(Path::new("/toolchain/rust-lld")));
        let set = |name: &str| cargo.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value.map(OsString::from));
        assert_eq!(set("RUSTUP_TOOLCHAIN"), Some(None));
        assert_eq!(set("RUSTC_WRAPPER"), Some(None));
        assert_eq!(set("RUSTC"), Some(Some(RUSTC.into())));
        assert_eq!(set("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER"), Some(Some("/toolchain/rust-lld".into())));
    }
}
