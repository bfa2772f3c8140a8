//! A host that is killed while it compiles leaves nothing that goes on, and nothing that is believed.

use std::fs::{self, File};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

use e2e::hostile::guest::Guest;
use e2e::hostile::slow;

use crate::stage::{Stage, assert_quiet};

/// How long to wait for a process to come or go; the module here takes longer to compile.
const PATIENCE: Duration = Duration::from_secs(20);

/// What stands behind the name in `/proc/PID/stat`: the state, and the parent's number.
fn state_and_parent(process: u32) -> Option<(String, u32)> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

/// The process that compiles for this host and has done so for a while.
fn compiler_of(host: u32) -> Option<u32> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let is_compiler = |process: &u32| {
        let is_child = state_and_parent(*process).is_some_and(|(_, parent)| parent == host);
        is_child
            && fs::read(format!("/proc/{process}/cmdline"))
                .is_ok_and(|line| line.windows(14).any(|word| word == b"compile-policy"))
    };
    processes.into_iter().find(is_compiler)
}

fn wait_for<T>(what: &str, mut answer: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "{what} took longer than {PATIENCE:?}");
        sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_killed_host_leaves_no_compiler_and_nothing_that_is_believed() {
    let stage = Stage::new();
    let first = stage.scan("");
    assert_quiet(&first);
    let entries = stage.entries();
    let module = slow::nested_loops(Guest::named("hostile-slow"), 1000, 1000).unwrap();
    stage.add(&module);
    let mut host = stage.command("").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let compiler = wait_for("the compiler's start", || compiler_of(host.id()));
    // Until it has limited itself and got the file; there is nothing to see of that from outside.
    sleep(Duration::from_secs(1));
    assert!(state_and_parent(compiler).is_some_and(|(state, _)| state != "Z"), "the module is compiled in no time");
    host.kill().unwrap();
    host.wait().unwrap();
    // A zombie does nothing any more; whether somebody collects it is not ours to say.
    wait_for("the compiler's end", || state_and_parent(compiler).is_none_or(|(state, _)| state == "Z").then_some(()));
    assert_eq!(stage.entries(), entries);
    assert_eq!(stage.unfinished().len(), 1);

    // What it left behind is not looked at, whatever it holds, and taken away when it is old.
    fs::remove_file(stage.path().join("policies/hostile.wasm")).unwrap();
    let left = stage.cache().join(&stage.unfinished()[0]);
    fs::copy(stage.cache().join(entries.keys().next().unwrap()), &left).unwrap();
    let second = stage.scan("");
    assert_quiet(&second);
    assert_eq!(second.stdout, first.stdout);
    assert!(left.exists(), "it may be another host's that is at work");
    File::open(&left).unwrap().set_modified(SystemTime::now() - Duration::from_secs(2 * 3_600)).unwrap();
    assert_quiet(&stage.scan(""));
    assert_eq!((stage.entries(), stage.unfinished().len()), (entries, 0));
}
