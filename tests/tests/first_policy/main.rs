//! The tutorial "A first policy in ten minutes" is followed as written, and what it builds is looked at.

mod dev;
mod page;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock, PoisonError};

use anyhow::{Context as _, ensure};
use page::{Step, is_printed, steps};

/// A reader at a terminal of their own, in a folder that holds a clone of the project.
struct Reader {
    place: PathBuf,
    here: PathBuf,
    search_path: std::ffi::OsString,
}

impl Reader {
    /// A reader in an empty folder, always the same for a name: cargo then finds what it compiled in the run before.
    fn new(name: &str) -> anyhow::Result<Self> {
        let trailwarden = e2e::built("target/release/trailwarden", "make build")?;
        e2e::built("target/release/sample-day", "make build")?;
        let place = e2e::project().join("target/first-policy").join(name);
        if place.exists() {
            fs::remove_dir_all(&place)?;
        }
        fs::create_dir_all(&place)?;
        std::os::unix::fs::symlink(e2e::project(), place.join("trailwarden"))?;
        let binaries = trailwarden.parent().context("the binary is in no folder")?.to_owned();
        let others = std::env::var_os("PATH").unwrap_or_default();
        let search_path = std::env::join_paths([binaries].into_iter().chain(std::env::split_paths(&others)))?;
        Ok(Self { here: place.clone(), place, search_path })
    }

    fn command(&self, command: &str) -> Command {
        self.program("bash", &["-c", command])
    }

    fn program(&self, name: &str, args: &[&str]) -> Command {
        let mut program = Command::new(name);
        program.args(args).current_dir(&self.here).env("PATH", &self.search_path);
        program.env("CARGO_TARGET_DIR", e2e::project().join("target/first-policy/products"));
        program
    }

    fn shell(&self, command: &str) -> anyhow::Result<Output> {
        // What a page waits for comes in the end, or never.
        Ok(self.program("timeout", &["600", "bash", "-c", command]).output()?)
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
}

/// Where the policy of a crate is.
fn policy_file(folder: &Path) -> PathBuf {
    folder.join("target/policies/key-watch.wasm")
}

/// Follows the tutorial once for all tests, and gives the crate that its reader then has.
fn tutorial() -> anyhow::Result<PathBuf> {
    static FOLLOWED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let followed = FOLLOWED.get_or_init(|| follow_tutorial().map_err(|error| format!("{error:#}")));
    followed.clone().map_err(anyhow::Error::msg)
}

fn follow_tutorial() -> anyhow::Result<PathBuf> {
    let page = fs::read_to_string(e2e::project().join("docs/tutorial/first-policy.md"))?;
    let steps = steps(&page)?;
    ensure!(steps.len() >= 10, "the page has only {} steps", steps.len());
    let mut reader = Reader::new("tutorial")?;
    for step in &steps {
        reader.follow(step)?;
    }
    Ok(reader.here)
}

/// Gives a test the crate of the tutorial, copied to another folder and built there. One test at a time has it.
fn elsewhere(test: impl FnOnce(&Reader, &Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    static TAKEN: Mutex<()> = Mutex::new(());
    let original = tutorial()?;
    let _taken = TAKEN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut reader = Reader::new("elsewhere")?;
    let sdk = "--sdk trailwarden/policy-sdk";
    reader.run(&format!("trailwarden policy new key-watch --path below/key-watch {sdk}"), &[])?;
    let copy = reader.place.join("below/key-watch");
    for file in fs::read_dir(original.join("src"))? {
        let file = file?;
        fs::copy(file.path(), copy.join("src").join(file.file_name()))?;
    }
    reader.run("trailwarden policy build below/key-watch", &[])?;
    test(&reader, &copy)
}

#[test]
fn the_tutorial_works_as_written() -> anyhow::Result<()> {
    tutorial().map(|_| ())
}

#[test]
fn a_noisy_rule_is_tuned_mended_compared_and_put_live_as_the_page_says() -> anyhow::Result<()> {
    let page = fs::read_to_string(e2e::project().join("docs/tutorial/from-noisy-to-live.md"))?;
    let steps = steps(&page)?;
    ensure!(steps.len() >= 30, "the page has only {} steps", steps.len());
    let mut reader = Reader::new("noisy-to-live")?;
    for (at, step) in steps.iter().enumerate() {
        if let Err(error) = reader.follow(step) {
            // The host that the page has started outlives its reader otherwise.
            reader.shell("kill -9 $(cat host.pid)")?;
            let log = fs::read_to_string(reader.here.join("host.log")).unwrap_or_default();
            return Err(error.context(format!("step {} of the page; the host's log says\n{log}", at + 1)));
        }
    }
    Ok(())
}

#[test]
fn equal_sources_in_two_folders_give_equal_bytes_that_tell_no_path() -> anyhow::Result<()> {
    elsewhere(|reader, copy| {
        let (first, second) = (fs::read(policy_file(&tutorial()?))?, fs::read(policy_file(copy))?);
        assert!(first == second, "modules of {} and {} bytes differ", first.len(), second.len());
        let home = std::env::home_dir().context("no home folder")?;
        for path in [&reader.place, &e2e::project(), &home.join(".cargo")] {
            let path = path.to_string_lossy();
            let is_told = first.windows(path.len()).any(|window| window == path.as_bytes());
            assert!(!is_told, "the module tells the path {path}");
        }
        Ok(())
    })
}

#[test]
fn a_crate_that_does_not_compile_says_why_and_leaves_the_last_policy_file_alone() -> anyhow::Result<()> {
    elsewhere(|reader, copy| {
        let before = fs::read(policy_file(copy))?;
        fs::write(copy.join("src/lib.rs"), "fn unfinished(")?;
        let build = reader.shell("trailwarden policy build below/key-watch")?;
        let said = String::from_utf8_lossy(&build.stderr);
        assert_eq!(build.status.code(), Some(2), "{said}");
        assert!(said.contains("unclosed delimiter") && said.contains("cargo didn't build the policies"), "{said}");
        assert_eq!(fs::read(policy_file(copy))?, before);
        Ok(())
    })
}

#[test]
fn a_policy_crate_without_the_policy_macro_is_refused() -> anyhow::Result<()> {
    elsewhere(|reader, copy| {
        fs::remove_file(policy_file(copy))?;
        fs::write(copy.join("src/lib.rs"), "//! Rules that no policy lists.\n")?;
        let build = reader.shell("trailwarden policy build below/key-watch")?;
        let said = String::from_utf8_lossy(&build.stderr);
        assert_eq!(build.status.code(), Some(2), "{said}");
        assert!(said.contains("does its src/lib.rs call `policy_sdk::policy!`"), "{said}");
        assert!(!policy_file(copy).exists());
        Ok(())
    })
}

#[test]
fn a_rule_that_was_broken_is_refused_by_its_own_fixtures_and_too_large_ones_are_not_built() -> anyhow::Result<()> {
    elsewhere(|reader, copy| {
        let rule = copy.join("src/access_key_for_another_user.rs");
        let broken =
            fs::read_to_string(&rule)?.replace("if maker.user_name() == Some(owner)", "if maker.user_name() != Some(owner)");
        fs::write(&rule, broken)?;
        ensure!(reader.shell("trailwarden policy build below/key-watch")?.status.success(), "the broken rule is not built");
        let scan = reader.shell("echo '{}' | trailwarden scan -p below/key-watch/target/policies -")?;
        let said = String::from_utf8_lossy(&scan.stderr);
        assert_eq!(scan.status.code(), Some(2), "{said}");
        let told = "was refused at the step `examples`: it disagrees with its own example";
        assert!(said.contains(told) && said.contains("of the rule `access-key-for-another-user`: "), "{said}");

        let before = fs::read(policy_file(copy))?;
        let fixtures = copy.join("src/access_key_for_another_user.fixtures.json");
        let fixture = fs::read_to_string(&fixtures)?;
        let large = format!("\"record\": {{\"padding\": \"{}\",", "x".repeat(5 << 20));
        fs::write(&fixtures, fixture.replacen("\"record\": {", &large, 1))?;
        let build = reader.shell("trailwarden policy build below/key-watch")?;
        let said = String::from_utf8_lossy(&build.stderr);
        assert_eq!(build.status.code(), Some(2), "{said}");
        assert!(said.contains("bytes of embedded examples, 4194304 allowed"), "{said}");
        fs::write(&fixtures, "{")?;
        let build = reader.shell("trailwarden policy build below/key-watch")?;
        let said = String::from_utf8_lossy(&build.stderr);
        assert!(said.contains("access_key_for_another_user.fixtures.json is not in order"), "{said}");
        assert_eq!(fs::read(policy_file(copy))?, before);
        Ok(())
    })
}
