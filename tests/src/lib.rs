//! What the end-to-end tests share: the binary, the compiled policies, the records, the validator of findings.
//!
//! The tests run what `make test` has built; where something is missing they fail and say which command makes it. Real
//! records in `../shared/records` beside the project are optional: tests that use them say that they are skipped.

pub mod hostile;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;

/// The project's folder.
pub fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_owned).unwrap_or_default()
}

/// A file or folder that `make` must have made.
///
/// # Errors
/// It is not there; the error names the command that makes it.
pub fn built(relative: &str, made_by: &str) -> anyhow::Result<PathBuf> {
    let path = project().join(relative);
    ensure!(path.exists(), "{} is missing: run `{made_by}` first", path.display());
    Ok(path)
}

/// The real records, if they are there; says so on standard error if they are not.
pub fn shared_records(test: &str) -> Option<PathBuf> {
    let path = project().join("../shared/records");
    if path.is_dir() {
        return Some(path);
    }
    eprintln!("SKIPPED {test}: there is no ../shared/records beside the project");
    None
}

/// A run of the binary.
#[derive(Debug)]
pub struct Run {
    /// The exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// Runs `trailwarden` with these arguments.
///
/// # Errors
/// The binary is not built or can't be started.
pub fn trailwarden<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> anyhow::Result<Run> {
    trailwarden_reading(args, b"")
}

/// Runs `trailwarden` with these arguments and this standard input.
///
/// # Errors
/// The binary is not built or can't be started.
pub fn trailwarden_reading<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>, input: &[u8]) -> anyhow::Result<Run> {
    let mut child = command(args)?
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("trailwarden can't be started")?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    std::thread::scope(|scope| {
        // A process that ends without reading its input closes the pipe, which is no failure of the test.
        scope.spawn(move || stdin.write_all(input).ok());
        Ok(child.wait_with_output()?.into())
    })
}

/// `trailwarden` with these arguments, to be started.
///
/// # Errors
/// The binary is not built.
pub fn command<S: AsRef<std::ffi::OsStr>>(args: impl IntoIterator<Item = S>) -> anyhow::Result<Command> {
    let mut command = Command::new(built("target/release/trailwarden", "make build")?);
    // Compiled policies are kept among the build products, and not where the user who runs the tests has his own.
    command.args(args).env("XDG_CACHE_HOME", project().join("target/tests-cache"));
    Ok(command)
}

/// The findings that a scan wrote, each validated against the published OCSF schema first.
///
/// # Errors
/// A line that is no JSON or no valid Detection Finding.
pub fn findings(run: &Run) -> anyhow::Result<Vec<Value>> {
    validate(&run.stdout)?;
    let parse = |line: &str| policy_contract::json::parse(line.as_bytes()).with_context(|| format!("no JSON: {line}"));
    run.stdout.lines().map(parse).collect()
}

/// Validates OCSF lines against the published schema.
///
/// # Errors
/// Some are invalid; the error holds what the validator says.
pub fn validate(lines: &str) -> anyhow::Result<()> {
    let python = built("target/venv/bin/python", "make setup-tests")?;
    let mut child = Command::new(python)
        .args(["tests/ocsf/validate.py", "--allow-empty"])
        .current_dir(project())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut stdin = child.stdin.take().context("no standard input")?;
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(lines.as_bytes()).ok());
        child.wait_with_output()
    })?;
    if !output.status.success() {
        let (faults, summary) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        bail!("not all lines are valid OCSF findings:\n{faults}{summary}");
    }
    Ok(())
}

/// The rule of a finding.
pub fn rule(finding: &Value) -> &str {
    finding["finding_info"]["analytic"]["uid"].as_str().unwrap_or_default()
}

/// The event that a finding is about.
pub fn event(finding: &Value) -> &str {
    finding["evidences"][0]["uid"].as_str().unwrap_or_default()
}

/// The policy that a finding comes from; none for a finding of the host about itself.
pub fn policy(finding: &Value) -> Option<&str> {
    let is_policy = finding["unmapped"]["source"] == "policy";
    is_policy.then(|| finding["metadata"]["product"]["feature"]["name"].as_str().unwrap_or_default())
}

/// The events of the policies' findings, by rule.
pub fn events_by_rule(findings: &[Value]) -> BTreeMap<String, BTreeSet<String>> {
    let mut by_rule: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| policy(finding).is_some()) {
        by_rule.entry(rule(finding).to_owned()).or_default().insert(event(finding).to_owned());
    }
    by_rule
}
