//! What a thousand policies cost: how long until they are ready, and how much memory of the host's own they hold after
//! traffic. `make bench` builds what it needs and runs it.
//!
//! Arguments: a folder to work in, whose cache is kept for the next time; then compiled policies, of which it makes numbered
//! copies in turn; `--`; then files or folders of records. It measures the binary from outside: the wall time of a scan without
//! records, and `RssAnon` of `/proc/PID/status` during a scan with records. Times are the fastest of some rounds, memory is the
//! most that was seen.
//!
//! Compiling a thousand policies takes minutes, and the cache's content is the same without: a copy's machine code is that of the
//! policy it is a copy of, but for the copy's name. So the first two copies of each policy are compiled, they are seen to differ in
//! nothing else, and the cache is filled with the others.
#![allow(clippy::expect_used, clippy::panic, reason = "a benchmark ends where something is amiss")]

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use trailwarden::digest::Digest;
use trailwarden::engine::Engine;
use trailwarden::policy::cache::{Cache, Description, Found};

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
    let compiled = bench.ready("compiled");
    bench.fill_cache(policies);
    println!("{MANY} policies, copies of {}", policies.len());
    println!(
        "{:>9.2} s    until twice {} are ready, compiled where the cache does not have them",
        compiled.as_secs_f64(),
        policies.len()
    );
    let of_rounds = |which| {
        let before = cpu_seconds();
        let fastest = (0..ROUNDS).map(|_| bench.ready(which)).min().unwrap_or_default().as_secs_f64();
        (fastest, (cpu_seconds() - before) / ROUNDS as f64)
    };
    let ((few, _), (many, cpu)) = (of_rounds("few"), of_rounds("many"));
    println!("{many:>9.2} s    until they are ready, from the cache (goal: 2); {few:.2} with {} policies", policies.len());
    println!("{cpu:>9.2} s    of CPU time for that on average, which all processors share");
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
    /// Writes the copies: all, the first of each policy, and the first two of each.
    fn write_policies(&self, policies: &[PathBuf]) {
        for (which, number) in [("few", policies.len()), ("compiled", 2 * policies.len()), ("many", MANY)] {
            let folder = self.folder.join(which);
            let _ = fs::remove_dir_all(&folder);
            fs::create_dir_all(&folder).expect("a folder can be made");
            for (number, (_, copy)) in copies(policies).take(number).enumerate() {
                fs::write(folder.join(format!("{number:0DIGITS$}.wasm")), copy).expect("a file can be written");
            }
        }
        fs::write(self.folder.join("nothing.jsonl"), "").expect("a file can be written");
        fs::write(self.folder.join("trailwarden.toml"), "cache_path = \"cache\"\n").expect("a file can be written");
    }

    /// Gives the cache the code of all copies, made of that of the first ones.
    fn fill_cache(&self, policies: &[PathBuf]) {
        let cache = Cache::in_folder(&self.folder.join("cache"), &Engine::new(0).expect("the engine starts"));
        let cache = cache.expect("the folder is private");
        let key_of = |wasm: &[u8]| cache.key(Digest::of(wasm));
        let code_of = |wasm: &[u8]| match cache.find(&key_of(wasm), u64::MAX / 2) {
            Found::Code(artefact, description) => Some((artefact.code().to_vec(), description)),
            Found::Absent | Found::Bad { .. } => None,
        };
        let first: Vec<_> =
            copies(policies).take(policies.len()).map(|(_, wasm)| code_of(&wasm).expect("it was compiled")).collect();
        for (number, (name, wasm)) in copies(policies).take(MANY).enumerate().skip(policies.len()) {
            let (code, description) = &first[number % first.len()];
            let code = renamed(code, &numbered(&name, number % first.len()), number);
            match code_of(&wasm) {
                Some((compiled, _)) => assert!(compiled == code, "{name} compiles to other code under another name"),
                None => {
                    let new = cache.new_code().expect("a file can be made");
                    new.file().write_all(&code).expect("a file can be written");
                    let description = Description { key: key_of(&wasm).as_str().to_owned(), ..description.clone() };
                    let (_, not_kept) = cache.keep(new, code.len() as u64, &description).expect("the code can be read back");
                    assert!(not_kept.is_none(), "{not_kept:?}");
                }
            }
        }
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
        // Not a pipe: nobody reads it before the end.
        let said = self.folder.join("said.txt");
        let file = fs::File::create(&said).expect("a file can be made");
        let mut scan = self.scan(which, &self.records).stderr(file).spawn().expect("trailwarden starts");
        let mut most = 0.0_f64;
        while scan.try_wait().expect("trailwarden can be waited for").is_none() {
            most = most.max(anonymous_memory(&scan).unwrap_or_default());
            sleep(LOOK_AFTER);
        }
        assert!(most > 0.0, "the system does not say how much memory a process has");
        let status = scan.wait().expect("trailwarden can be waited for");
        Memory { most, summary: summary(&Output { status, stdout: Vec::new(), stderr: read(&said) }) }
    }
}

/// What a scan says of itself, if it loaded all policies and nothing was amiss.
fn summary(output: &Output) -> String {
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() && !said.contains("warning: ") && !said.contains("error: "), "{said}");
    let is_total = |line: &&str| ["records ", "policies ", "objects ", "time "].iter().any(|word| line.starts_with(word));
    said.lines().filter(is_total).collect::<Vec<_>>().join("\n")
}

/// CPU seconds of all processes that were started and have ended.
fn cpu_seconds() -> f64 {
    /// Linux counts in hundredths of a second here, on every architecture (`USER_HZ`).
    const TICKS: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat").expect("this is Linux");
    // Behind the name, which may hold anything; `cutime` and `cstime` in proc_pid_stat(5).
    let fields = stat.rsplit_once(')').map(|(_, fields)| fields.split_whitespace()).expect("it is as the manual says");
    fields.skip(13).take(2).map(|ticks| ticks.parse::<f64>().expect("it is as the manual says")).sum::<f64>() / TICKS
}

/// `RssAnon` in KiB; nothing where the process has ended.
fn anonymous_memory(process: &Child) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn read(path: &Path) -> Vec<u8> {
    fs::read(path).unwrap_or_else(|error| panic!("{}: {error}; `make bench` makes what is needed", path.display()))
}

/// The name of the policy in a file: that of the file, but for the benchmarks' own.
fn name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    if stem == "bench-three-lookups" { "bench-lookups-00".to_owned() } else { stem.into_owned() }
}

/// Copies of the policies in turn without end, each with the original's name.
fn copies(policies: &[PathBuf]) -> impl Iterator<Item = (String, Vec<u8>)> {
    let originals: Vec<(String, Vec<u8>)> = policies.iter().map(|path| (name(path), read(path))).collect();
    (0..).map(move |number: usize| {
        let (name, wasm) = &originals[number % originals.len()];
        (name.clone(), renamed(wasm, name, number))
    })
}

/// A name of the same length that ends in a number.
fn numbered(name: &str, number: usize) -> String {
    format!("{}{number:0DIGITS$}", &name[..name.len() - DIGITS])
}

/// The same policy, or code, under the name with this number.
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
    copy[at..at + name.len()].copy_from_slice(numbered(name, number).as_bytes());
    copy
}
