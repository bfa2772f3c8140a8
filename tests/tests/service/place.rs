//! A place for a host: policies, records that arrive, findings, state; and the host running in it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::{built, command, findings, trailwarden};
use serde_json::Value;

/// How long something may take that takes a moment on a machine that does nothing else.
pub const SOON: Duration = Duration::from_secs(60);

/// The rule of `diagnostics` that finds every record.
pub const EVERY_RECORD: &str = "[policies.diagnostics.rules.any-record]\nmode = 'enforce'\n";

pub struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    /// A place where nothing has arrived, with these policies that ship.
    pub fn with(policies: &[&str]) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for folder in ["in", "policies"] {
            std::fs::create_dir(place.path(folder)).unwrap();
        }
        for policy in policies {
            std::fs::copy(shipped(policy), place.path(&format!("policies/{policy}.wasm"))).unwrap();
        }
        place.configure("");
        place
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Sources and sinks, and this beside them.
    pub fn configure(&self, more: &str) {
        let text = format!(
            "policy_paths = ['policies']\nstate_path = 'state'\nreload_seconds = 1\n\
             [sources.folder]\nkind = 'folder'\npath = 'in'\nrescan_seconds = 1\nsettle_ms = 500\n\
             [sinks.findings]\nkind = 'file'\npath = 'out/findings.jsonl'\nrotate_mib = 10\n{more}"
        );
        self.put("trailwarden.toml", text.as_bytes());
    }

    /// Writes a file beside its place and renames it into it.
    pub fn put(&self, name: &str, content: &[u8]) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let half = path.with_file_name(format!(".{}.half", path.file_name().unwrap().to_string_lossy()));
        std::fs::write(&half, content).unwrap();
        std::fs::rename(half, path).unwrap();
    }

    /// A day of example records. Returns how many files they are in.
    pub fn day(&self, records: u32) -> usize {
        let day = sample_day::Day::make(sample_day::DEFAULT_SEED, records).unwrap();
        sample_day::write(&day, &self.path("in")).unwrap();
        day.objects.len()
    }

    pub fn host(&self) -> Host {
        self.host_with(Stdio::null())
    }

    pub fn host_with(&self, stdout: Stdio) -> Host {
        self.start(self.command(), stdout)
    }

    /// A host as on a disk that is full: none of its files grows beyond so many KiB (or `unlimited`), and whoever writes on is told so.
    pub fn host_with_room(&self, kib: &str) -> Host {
        let host = self.command();
        let mut limited = Command::new("bash");
        limited.args(["-c", &format!("trap '' XFSZ; ulimit -S -f {kib}; exec \"$0\" \"$@\"")]);
        limited.arg(host.get_program()).args(host.get_args());
        limited.envs(host.get_envs().filter_map(|(name, value)| Some((name, value?))));
        self.start(limited, Stdio::null())
    }

    fn command(&self) -> Command {
        // By a relative path, as people start it: what is meant by it must not depend on that.
        command(["run", "--log-format", "json", "--config", "trailwarden.toml"]).unwrap()
    }

    fn start(&self, mut command: Command, stdout: Stdio) -> Host {
        command.current_dir(self.folder.path());
        let log = self.path("log");
        let log_file = std::fs::OpenOptions::new().create(true).append(true).open(&log).unwrap();
        let child = command.stdin(Stdio::null()).stdout(stdout).stderr(log_file).spawn().unwrap();
        Host { child, log }
    }

    /// How often a host has started here.
    pub fn host_started(&self) -> usize {
        let log = std::fs::read_to_string(self.path("log")).unwrap_or_default();
        log.lines().filter(|line| line.contains("\"event\":\"service.started\"")).count()
    }

    /// What the sink's files hold, those that were rotated out first, without a last line that is not finished.
    fn written(&self) -> Vec<u8> {
        loop {
            let names = self.sink_files();
            let text = names.iter().flat_map(|path| std::fs::read(path).unwrap_or_default()).collect();
            // A rotation in between would hide a file, or show it twice.
            if self.sink_files() == names {
                return text;
            }
        }
    }

    /// The sink's files, the oldest first.
    pub fn sink_files(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.path("out")).into_iter().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        // `findings-2026….jsonl` sorts before `findings.jsonl`, as it was written.
        paths.sort();
        paths
    }

    pub fn lines(&self) -> Vec<String> {
        let text = String::from_utf8(self.written()).unwrap();
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        whole.lines().map(str::to_owned).collect()
    }

    /// How many lines there are: what is worth reading can be waited for without reading it.
    pub fn count(&self) -> usize {
        self.written().iter().filter(|byte| **byte == b'\n').count()
    }

    pub fn findings(&self) -> Vec<Value> {
        self.lines().iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The ids of the policies' findings, with how often each stands there.
    pub fn ids(&self) -> BTreeMap<String, u32> {
        counted(self.findings().iter().filter(|finding| e2e::policy(finding).is_some()).map(id))
    }

    /// The findings of the host's own rule.
    pub fn host_findings(&self, rule: &str) -> Vec<Value> {
        self.findings().into_iter().filter(|finding| e2e::policy(finding).is_none() && e2e::rule(finding) == rule).collect()
    }

    /// The ids of what a scan of everything that has arrived finds, with how often each stands there.
    pub fn scanned(&self) -> BTreeMap<String, u32> {
        let [config, records] = ["trailwarden.toml", "in"].map(|name| self.path(name).display().to_string());
        let run = trailwarden(["scan", "--format", "ocsf", "-c", &config, &records]).unwrap();
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        counted(findings(&run).unwrap().iter().map(id))
    }
}

pub struct Host {
    child: Child,
    log: PathBuf,
}

impl Host {
    /// Waits until something holds; what did not hold, and the log, where it takes too long.
    pub fn wait_for(&mut self, what: &str, mut holds: impl FnMut() -> bool) {
        let begun = Instant::now();
        loop {
            let before = begun.elapsed();
            if holds() {
                return;
            }
            assert!(begun.elapsed() < SOON, "{what} was waited for in vain; the log says\n{}", self.log());
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the host ended ({status}) while {what} was waited for; the log says\n{}", self.log());
            }
            // A look may read much: what is waited for is to have the machine for most of the time.
            let looked = begun.elapsed() - before;
            std::thread::sleep(Duration::from_millis(20) + 4 * looked);
        }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// How often the log tells of an event.
    pub fn told(&self, event: &str) -> usize {
        let wanted = format!("\"event\":\"{event}\"");
        self.log().lines().filter(|line| line.contains(&wanted)).count()
    }

    pub fn wait_for_event(&mut self, event: &str, times: usize) {
        let (log, wanted) = (self.log.clone(), format!("\"event\":\"{event}\""));
        let count = move || {
            let log = std::fs::read_to_string(&log).unwrap_or_default();
            log.lines().filter(|line| line.contains(&wanted)).count()
        };
        self.wait_for(&format!("{event} ({times} times)"), || count() >= times);
    }

    /// Gives its files room again.
    pub fn give_room(&self) {
        self.limit("--fsize=unlimited:unlimited");
    }

    /// From now on nothing is written beyond so many bytes of a file, of those that are there too.
    pub fn take_room(&self, bytes: u32) {
        self.limit(&format!("--fsize={bytes}:unlimited"));
    }

    fn limit(&self, limit: &str) {
        let pid = format!("--pid={}", self.child.id());
        assert!(Command::new("prlimit").args([&*pid, limit]).status().unwrap().success());
    }

    pub fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status().unwrap();
        assert!(status.success());
    }

    /// The exit code; none where a signal ended it.
    pub fn wait(&mut self) -> Option<i32> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(begun.elapsed() < SOON, "the host does not end; the log says\n{}", self.log());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end, and sees that it does as asked.
    pub fn stop(mut self) {
        self.signal("TERM");
        let code = self.wait();
        assert_eq!(code, Some(0), "{}", self.log());
    }

    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn stdout(&mut self) -> std::process::ChildStdout {
        self.child.stdout.take().unwrap()
    }

    /// Bytes of anonymous memory in use.
    pub fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // A test that failed leaves nothing behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn shipped(policy: &str) -> PathBuf {
    built("target/policies", "make policies").unwrap().join(format!("{policy}.wasm"))
}

/// How often each of these stands there.
pub fn counted(ids: impl IntoIterator<Item = String>) -> BTreeMap<String, u32> {
    let mut counted = BTreeMap::new();
    ids.into_iter().for_each(|id| *counted.entry(id).or_default() += 1);
    counted
}

pub fn id(finding: &Value) -> String {
    finding["finding_info"]["uid"].as_str().unwrap().to_owned()
}

/// Records, one a line, whose event ids begin with a word.
pub fn records(word: &str, number: usize) -> String {
    let record = |at: usize| {
        format!(
            r#"{{"eventVersion":"1.08","eventID":"{word}-{at}","eventTime":"2026-11-24T10:00:00Z","eventSource":"iam.amazonaws.com","eventName":"GetUser","awsRegion":"us-east-1","recipientAccountId":"111122223333","userIdentity":{{"type":"IAMUser","accountId":"111122223333","arn":"arn:aws:iam::111122223333:user/someone","userName":"someone"}}}}"#
        ) + "\n"
    };
    (0..number).map(record).collect()
}

/// `diagnostics`, saying this word of seven letters of every record instead of ` arrived`.
pub fn saying(word: &str) -> Vec<u8> {
    let (before, after) = (b" arrived", format!(" {word}"));
    assert_eq!(after.len(), before.len());
    let mut file = std::fs::read(shipped("diagnostics")).unwrap();
    let places: Vec<usize> = (0..file.len() - before.len()).filter(|at| file[*at..].starts_with(before)).collect();
    assert!(!places.is_empty());
    for at in places {
        file[at..at + after.len()].copy_from_slice(after.as_bytes());
    }
    file
}

/// The word that a finding of [`saying`] says.
pub fn word(finding: &Value) -> &str {
    finding["finding_info"]["desc"].as_str().unwrap().rsplit(' ').next().unwrap()
}
