//! What a thousand policies cost: how long until they are ready, and how much memory of the host's own they hold after
//! traffic. `make bench` builds what it needs and runs it.
//!
//! Arguments: a folder to work in, whose cache is kept for the next time; then compiled policies, of which it makes numbered
//! copies in turn; `--`; then files or folders of records. It measures the binary from outside: the wall time of a scan without
//! records, and `RssAnon` of `/proc/PID/status` during a scan with records. Times are the fastest of some rounds, memory is the
//! most that was seen.
#![allow(clippy::expect_used, reason = "a benchmark ends where something is amiss")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Policies that the goals speak of.
const MANY: usize = 1_000;
/// Scans of which the fastest counts.
const ROUNDS: usize = 5;
/// How often memory is looked at.
const LOOK_AFTER: Duration = Duration::from_millis(2);
/// The version that all policies of the project have; it stands behind the name in a policy's data.
const VERSION: &str = "0.1.0";
/// Digits in the name of a copy.
const DIGITS: usize = 4;

fn main() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(1).filter(|word| word != "--bench").map(PathBuf::from).collect();
    let parts: Vec<&[PathBuf]> = arguments.splitn(2, |word| word.as_os_str() == "--").collect();
    let ([folder, policies @ ..], [_, ..]) = (parts[0], parts.get(1).copied().unwrap_or_default()) else {
        eprintln!("usage: load FOLDER POLICY… -- RECORDS…; `make bench` says how");
        return;
    };
    let bench = Bench { folder: folder.clone(), records: parts[1].to_vec() };
    bench.write_policies(policies);

    let cold = bench.is_cold();
    let first = bench.ready("many");
    println!("{MANY} policies, copies of {}", policies.len());
    if cold {
        println!("{:>9.2} s    until they are ready, compiled", first.as_secs_f64());
    }
    let of_rounds = |which| (0..ROUNDS).map(|_| bench.ready(which)).min().unwrap_or_default().as_secs_f64();
    let (few, many) = (of_rounds("few"), of_rounds("many"));
    println!("{many:>9.2} s    until they are ready, from the cache (goal: 2); {few:.2} with {} policies", policies.len());

    let [few, many] = ["few", "many"].map(|which| bench.memory(which));
    let each = |memory: &Memory| memory.most / MANY as f64;
    println!("{:>9.0} KiB  anonymous memory each, of all with the host's own (goal: 500)", each(&many));
    println!(
        "{:>9.1} MiB  anonymous memory of the host; {:.1} with {} policies",
        many.most / 1024.0,
        few.most / 1024.0,
        policies.len()
    );
    println!("\nthe scan's own summary\n{}", many.summary);
}

struct Bench {
    folder: PathBuf,
    records: Vec<PathBuf>,
}

/// Memory of one scan.
struct Memory {
    /// The most that was seen, in KiB.
    most: f64,
    /// What the scan said of itself.
    summary: String,
}

impl Bench {
    /// Writes the copies, and the originals as the few to compare with.
    fn write_policies(&self, policies: &[PathBuf]) {
        let [few, many] = ["few", "many"].map(|which| self.folder.join(which));
        for folder in [&few, &many] {
            let _ = fs::remove_dir_all(folder);
            fs::create_dir_all(folder).expect("a folder can be made");
        }
        let originals: Vec<(String, Vec<u8>)> = policies.iter().map(|path| (name(path), read(path))).collect();
        for (number, (name, wasm)) in originals.iter().cycle().take(MANY).enumerate() {
            let copy = renamed(wasm, name, number);
            fs::write(many.join(format!("{number:0DIGITS$}.wasm")), &copy).expect("a file can be written");
            if number < originals.len() {
                fs::write(few.join(format!("{number:0DIGITS$}.wasm")), &copy).expect("a file can be written");
            }
        }
        fs::write(self.folder.join("nothing.jsonl"), "").expect("a file can be written");
        fs::write(self.folder.join("trailwarden.toml"), "cache_path = \"cache\"\n").expect("a file can be written");
    }

    /// Whether nothing was compiled yet.
    fn is_cold(&self) -> bool {
        fs::read_dir(self.folder.join("cache")).map_or(0, Iterator::count) < MANY
    }

    fn scan(&self, which: &str, records: &[PathBuf]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trailwarden"));
        command.args(["scan", "--format", "ocsf", "-c"]).arg(self.folder.join("trailwarden.toml"));
        command.arg("-p").arg(self.folder.join(which)).args(records);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }

    /// How long a scan without records takes.
    fn ready(&self, which: &str) -> Duration {
        let started = Instant::now();
        let output = self.scan(which, &[self.folder.join("nothing.jsonl")]).output().expect("trailwarden starts");
        let took = started.elapsed();
        summary(&output);
        took
    }

    fn memory(&self, which: &str) -> Memory {
        let mut scan = self.scan(which, &self.records).spawn().expect("trailwarden starts");
        let mut most = 0.0_f64;
        while scan.try_wait().expect("trailwarden can be waited for").is_none() {
            most = most.max(anonymous_memory(&scan).unwrap_or_default());
            sleep(LOOK_AFTER);
        }
        assert!(most > 0.0, "the system does not say how much memory a process has");
        Memory { most, summary: summary(&scan.wait_with_output().expect("its output can be read")) }
    }
}

/// What a scan says of itself, if it loaded all policies and nothing was amiss.
fn summary(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("warning: ") && !said.contains("error: "), "{said}");
    said.lines().filter(|line| !line.starts_with("note: ")).collect::<Vec<_>>().join("\n")
}

/// `RssAnon` in KiB; nothing where the process has ended.
fn anonymous_memory(process: &Child) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}: run `make bench`", path.display()))
}

/// The name of the policy in a file: that of the file, but for the benchmarks' own.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "bench-three-lookups" { "bench-lookups-00".to_owned() } else { stem.into_owned() }
}

/// The same policy under a name of the same length that ends in its number.
fn renamed(wasm: &[u8], name: &str, number: usize) -> Vec<u8> {
    let described = format!("{name}{VERSION}");
    let places: Vec<usize> = wasm
        .windows(described.len())
        .enumerate()
        .filter(|(_, window)| *window == described.as_bytes())
        .map(|(at, _)| at)
        .collect();
    let [at] = places[..] else { panic!("the name {name} stands in its policy {} times", places.len()) };
    let mut copy = wasm.to_vec();
    copy[at + name.len() - DIGITS..at + name.len()].copy_from_slice(format!("{number:0DIGITS$}").as_bytes());
    copy
}
