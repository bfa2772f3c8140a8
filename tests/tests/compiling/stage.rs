//! A host with a cache of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use e2e::hostile::records;
use e2e::{Run, built, policy};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The policies that ship of which a stage has a copy: two that find something in the example records.
const SHIPPED: [&str; 2] = ["audit-log", "identity"];
/// Instead of these where sizes are limited: each compiles to less than 1 MiB, the least that they can be limited to. Only the first
/// finds something.
const SMALL: [&str; 2] = ["audit-log", "network"];

/// Bytes of what [`sealed`] adds: a SHA-256 and the magic.
pub const SEALED: usize = 32 + 16;

/// The digest and magic that an entry ends with, behind what stands before them.
pub fn sealed(mut body: Vec<u8>) -> Vec<u8> {
    let digest = Sha256::digest(&body);
    body.extend_from_slice(&digest);
    body.extend_from_slice(b"trailwarden code");
    body
}

/// A folder with policies, records and a cache.
pub struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    /// Shipped policies, records in which they find something, and those that hostile policies select; nothing is compiled.
    pub fn new() -> Self {
        Self::with(SHIPPED)
    }

    /// The same with policies that compile to little.
    pub fn small() -> Self {
        Self::with(SMALL)
    }

    fn with(shipped: [&str; 2]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 200).unwrap();
        sample_day::write(&day, &folder.path().join("records")).unwrap();
        let lines: Vec<String> = records::records().iter().map(ToString::to_string).collect();
        fs::write(folder.path().join("records/hostile.jsonl"), lines.join("\n")).unwrap();
        fs::create_dir(folder.path().join("policies")).unwrap();
        for name in shipped {
            let file = built(&format!("target/policies/{name}.wasm"), "make policies").unwrap();
            fs::copy(file, folder.path().join(format!("policies/{name}.wasm"))).unwrap();
        }
        Self { folder }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder that is configured as `cache_path`.
    pub fn cache(&self) -> PathBuf {
        self.path().join("cache")
    }

    /// One more policy.
    pub fn add(&self, module: &[u8]) {
        fs::write(self.path().join("policies/hostile.wasm"), module).unwrap();
    }

    /// `trailwarden` with what makes it scan under these limits, one a line.
    pub fn command(&self, limits: &str) -> Command {
        self.command_with_cache(limits, &self.cache())
    }

    /// The same with this folder as `cache_path`.
    pub fn command_with_cache(&self, limits: &str, cache: &Path) -> Command {
        let config = self.path().join("trailwarden.toml");
        let cache = Value::from(cache.to_str().unwrap());
        fs::write(&config, format!("cache_path = {cache}\n[limits]\n{limits}\n")).unwrap();
        self.command_configured(&config)
    }

    /// `trailwarden` with what makes it scan under this configuration.
    pub fn command_configured(&self, config: &Path) -> Command {
        let mut command = Command::new(built("target/release/trailwarden", "make build").unwrap());
        command.args(["scan", "--format", "ocsf", "-c"]).arg(config);
        command.arg("-p").arg(self.path().join("policies")).arg(self.path().join("records"));
        command.stdin(Stdio::null());
        command
    }

    pub fn scan(&self, limits: &str) -> Run {
        run(&mut self.command(limits))
    }

    /// The cache's entries by name, with the time at which each was written.
    pub fn entries(&self) -> BTreeMap<String, SystemTime> {
        self.files().into_iter().filter(|(name, _)| name.ends_with(".code")).collect()
    }

    /// The cache's files that have not got their name yet.
    pub fn unfinished(&self) -> Vec<String> {
        self.files().into_keys().filter(|name| name.starts_with(".unfinished-")).collect()
    }

    fn files(&self) -> BTreeMap<String, SystemTime> {
        let entries = fs::read_dir(self.cache()).unwrap().map(Result::unwrap);
        entries.map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().modified().unwrap())).collect()
    }
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Run {
    command.output().unwrap().into()
}

/// The lines of the policies that are not hostile, byte for byte.
pub fn good_lines(run: &Run) -> Vec<&str> {
    let is_good = |line: &&str| {
        let finding: Value = serde_json::from_str(line).unwrap();
        policy(&finding).is_some_and(|policy| !policy.starts_with("hostile-"))
    };
    run.stdout.lines().filter(is_good).collect()
}

/// A scan of a [`Stage::new`] in which nothing was amiss, with findings.
pub fn assert_quiet(run: &Run) {
    assert_nothing_amiss(run);
    assert!(good_lines(run).len() > 5, "{}", run.stderr);
}

/// The same of a [`Stage::small`].
pub fn assert_quiet_and_small(run: &Run) {
    assert_nothing_amiss(run);
    assert_eq!(good_lines(run).len(), 2, "{}", run.stderr);
}

fn assert_nothing_amiss(run: &Run) {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(!run.stderr.contains("warning") && !run.stderr.contains("error"), "{}", run.stderr);
}

/// A scan that found what another one did and says this on standard error.
pub fn assert_same_and_says(run: &Run, other: &Run, parts: &[&str]) {
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout == other.stdout, "other findings: {}", run.stderr);
    for part in parts {
        assert!(run.stderr.contains(part), "{part:?} is not in:\n{}", run.stderr);
    }
}
