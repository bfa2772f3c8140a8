//! The commands with which an engineer looks at a policy: `policy diff`, `policy fixture`, `policy bench`, `policy catalogue`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on fails, helpers included")]

mod bench;
mod catalogue;
mod diff;
mod fixture;

use std::fs;
use std::path::{Path, PathBuf};

use e2e::hostile::records;

/// A folder with the records that the policies of the tests select, one of another source among them.
struct Stage {
    folder: tempfile::TempDir,
}

impl Stage {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut lines: Vec<String> = records::records().iter().map(ToString::to_string).collect();
        lines.push(r#"{"eventID":"another","eventSource":"iam.amazonaws.com","eventName":"CreateUser"}"#.to_owned());
        fs::write(folder.path().join("records.jsonl"), lines.join("\n")).unwrap();
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn records(&self) -> String {
        text(&self.path("records.jsonl"))
    }

    /// Writes a policy, and gives its path.
    fn policy(&self, name: &str, module: &[u8]) -> String {
        let path = self.path(&format!("{name}.wasm"));
        fs::write(&path, module).unwrap();
        text(&path)
    }
}

fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}

/// A policy that ships.
fn shipped(name: &str) -> String {
    text(&e2e::built(&format!("target/policies/{name}.wasm"), "make policies").unwrap())
}
