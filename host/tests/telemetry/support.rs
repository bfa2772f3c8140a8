//! A host in small: policies written by hand, records, a server, and what is read from it.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use e2e::hostile::guest::Guest;
use e2e::hostile::records::records;
use serde_json::Value;
use trailwarden::config::Config;
use trailwarden::engine::Engine;
use trailwarden::policy::cache::Cache;
use trailwarden::policy::compile::Compiler;
use trailwarden::policy::{Catalogue, Library, Loader};
use trailwarden::telemetry::Telemetry;
use trailwarden::telemetry::http::{Server, serve};

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

/// A sample, as Prometheus' own client reads it.
#[derive(Debug, serde::Deserialize)]
pub struct Sample {
    pub r#type: String,
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// A server on a port of its own, with its telemetry.
pub fn server() -> (Telemetry, Server) {
    let telemetry = Telemetry::new();
    let server = serve("127.0.0.1:0".parse().unwrap(), telemetry.clone()).unwrap();
    (telemetry, server)
}

/// Sends some bytes and reads whatever is answered until the connection is closed.
pub fn exchange(address: SocketAddr, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    // A server that closes early does not read all of it.
    let _ = stream.write_all(request);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

pub fn request(address: SocketAddr, line: &str, headers: &str) -> Answer {
    let answer = exchange(address, format!("{line} HTTP/1.1\r\nHost: {address}\r\n{headers}\r\n").as_bytes());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {line}: {answer:?}"));
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

pub fn get(address: SocketAddr, path: &str) -> Answer {
    request(address, &format!("GET {path}"), "")
}

pub fn get_json(address: SocketAddr, path: &str) -> (u16, Value) {
    let answer = get(address, path);
    assert!(answer.head.contains("content-type: application/json"), "{}", answer.head);
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

/// The samples, read by Prometheus' own client in one of the two forms.
pub fn samples(address: SocketAddr, form: &str) -> Vec<Sample> {
    let accept = if form == "classic" { "" } else { "Accept: application/openmetrics-text; version=1.0.0, */*\r\n" };
    let answer = request(address, "GET /metrics", accept);
    assert_eq!(answer.status, 200);
    let python = e2e::built("target/venv/bin/python", "make setup-tests").unwrap();
    let mut child = Command::new(python)
        .args(["tests/telemetry/exposition.py", form])
        .current_dir(e2e::project())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(answer.body.as_bytes()));
        child.wait_with_output().unwrap()
    });
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The sum of the samples of a name that have these labels among theirs.
pub fn sum(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let has = |sample: &&Sample| labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|v| v == value));
    samples.iter().filter(|sample| sample.name == name).filter(has).map(|sample| sample.value).sum()
}

/// A policy written by hand, which finds something in each of the records. `change` may change it.
pub fn write_policy(folder: &Path, name: &str, change: impl FnOnce(&mut Guest)) {
    let mut guest = Guest::named(name);
    change(&mut guest);
    std::fs::write(folder.join(format!("{name}.wasm")), guest.component().unwrap()).unwrap();
}

/// The policies of a folder, kept up with their files.
pub fn library(folder: &Path) -> Library {
    let engine = Engine::new(1 << 30).unwrap();
    let cache = Cache::nowhere(&engine);
    let loader = Loader::new(engine, Compiler::program(env!("CARGO_BIN_EXE_trailwarden").into()), cache);
    Library::new(loader, vec![folder.to_owned()])
}

/// Looks at the files once and tells of what is new, as a host does.
pub fn reconcile(library: &mut Library, telemetry: &Telemetry) -> Option<Arc<Catalogue>> {
    let found = library.reconcile(&Config::default(), false);
    let catalogue = found.catalogue.map(Arc::new);
    if let Some(catalogue) = &catalogue {
        telemetry.active(catalogue);
    }
    found.changes.iter().for_each(|change| telemetry.changed(change));
    telemetry.refused_at_present(library.refusals());
    catalogue
}

/// An object with the records that the policies written by hand select.
pub fn write_records(folder: &Path, name: &str) {
    let lines: String = records().iter().map(|record| format!("{record}\n")).collect();
    std::fs::write(folder.join(name), lines).unwrap();
}
