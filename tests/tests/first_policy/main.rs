//! The tutorial "A first policy in ten minutes" is followed as written, and what it builds is looked at.

mod page;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context as _, ensure};
use page::{Step, is_printed, steps};

/// A reader at a terminal of their own, in a folder that holds a clone of the project.
struct Reader {
    place: tempfile::TempDir,
    here: PathBuf,
    search_path: std::ffi::OsString,
}

impl Reader {
    fn new() -> anyhow::Result<Self> {
        let trailwarden = e2e::built("target/release/trailwarden", "make build")?;
        e2e::built("target/release/sample-day", "make build")?;
        let place = tempfile::tempdir()?;
        std::os::unix::fs::symlink(e2e::project(), place.path().join("trailwarden"))?;
        let binaries = trailwarden.parent().context("the binary is in no folder")?.to_owned();
        let others = std::env::var_os("PATH").unwrap_or_default();
        let search_path = std::env::join_paths([binaries].into_iter().chain(std::env::split_paths(&others)))?;
        Ok(Self { here: place.path().to_owned(), place, search_path })
    }

    /// What is compiled goes where it is kept between runs; the reader does not notice.
    fn shell(&self, command: &str) -> anyhow::Result<Output> {
        let mut shell = Command::new("bash");
        shell.args(["-c", command]).current_dir(&self.here);
        shell.env("PATH", &self.search_path).env("CARGO_TARGET_DIR", e2e::project().join("target"));
        Ok(shell.output()?)
    }

    fn run(&mut self, command: &str, printed: &[String]) -> anyhow::Result<()> {
        if let Some(folder) = command.strip_prefix("cd ") {
            self.here.push(folder);
            ensure!(self.here.is_dir(), "`{command}`: there is no such folder");
            return Ok(());
        }
        let output = self.shell(command)?;
        let text = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        ensure!(output.status.success(), "`{command}` failed ({}):\n{text}", output.status);
        for line in printed {
            ensure!(is_printed(line, &text), "`{command}` did not print the line\n{line}\nbut\n{text}");
        }
        Ok(())
    }

    fn follow(&mut self, step: &Step) -> anyhow::Result<()> {
        match step {
            Step::Run { command, printed } => self.run(command, printed),
            Step::Write { file, text } => {
                let path = self.here.join(file);
                fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))
            }
        }
    }

    /// Makes and builds a policy, and gives its folder.
    fn build(&self, folder: &str) -> anyhow::Result<(PathBuf, Output)> {
        let made = self.shell(&format!("trailwarden policy new key-watch --path {folder} --sdk trailwarden/policy-sdk"))?;
        ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let built = self.shell(&format!("trailwarden policy build {folder}"))?;
        Ok((self.place.path().join(folder), built))
    }
}

fn policy_file(folder: &Path) -> PathBuf {
    folder.join("target/policies/key-watch.wasm")
}

#[test]
fn the_tutorial_works_as_written() -> anyhow::Result<()> {
    let page = fs::read_to_string(e2e::project().join("docs/tutorial/first-policy.md"))?;
    let steps = steps(&page)?;
    ensure!(steps.len() >= 10, "the page has only {} steps", steps.len());
    let mut reader = Reader::new()?;
    steps.iter().try_for_each(|step| reader.follow(step))
}

#[test]
fn equal_sources_in_two_folders_give_equal_bytes_that_tell_no_path() -> anyhow::Result<()> {
    let reader = Reader::new()?;
    let (first, first_build) = reader.build("first")?;
    let (second, second_build) = reader.build("below/second")?;
    for build in [first_build, second_build] {
        ensure!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    }
    let (first, second) = (fs::read(policy_file(&first))?, fs::read(policy_file(&second))?);
    assert!(first == second, "{} and {} bytes differ", first.len(), second.len());
    let home = std::env::home_dir().context("no home folder")?;
    for path in [reader.place.path(), &e2e::project(), &home.join(".cargo")] {
        let path = path.to_string_lossy();
        let is_told = first.windows(path.len()).any(|window| window == path.as_bytes());
        assert!(!is_told, "the module tells the path {path}");
    }
    Ok(())
}

#[test]
fn a_crate_that_does_not_compile_says_why_and_leaves_the_last_policy_file_alone() -> anyhow::Result<()> {
    let reader = Reader::new()?;
    let (folder, build) = reader.build("broken")?;
    ensure!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    let before = fs::read(policy_file(&folder))?;
    fs::write(folder.join("src/lib.rs"), "fn unfinished(")?;
    let build = reader.shell("trailwarden policy build broken")?;
    let said = String::from_utf8_lossy(&build.stderr);
    assert_eq!(build.status.code(), Some(2), "{said}");
    assert!(said.contains("unclosed delimiter") && said.contains("cargo didn't build the policies"), "{said}");
    assert_eq!(fs::read(policy_file(&folder))?, before);
    Ok(())
}

#[test]
fn a_policy_crate_without_the_policy_macro_is_refused() -> anyhow::Result<()> {
    let reader = Reader::new()?;
    let (folder, build) = reader.build("empty")?;
    ensure!(build.status.success(), "{}", String::from_utf8_lossy(&build.stderr));
    fs::remove_file(policy_file(&folder))?;
    fs::write(folder.join("src/lib.rs"), "//! Rules that no policy lists.\n")?;
    let build = reader.shell("trailwarden policy build empty")?;
    let said = String::from_utf8_lossy(&build.stderr);
    assert_eq!(build.status.code(), Some(2), "{said}");
    assert!(said.contains("does its src/lib.rs call `policy_sdk::policy!`"), "{said}");
    assert!(!policy_file(&folder).exists());
    Ok(())
}
