//! `policy dev` follows what is saved, through builds and tests that fail, until it is interrupted.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, ensure};

use super::elsewhere;

/// How long a build may take on a crowded machine.
const PATIENCE: Duration = Duration::from_secs(300);

/// The command at work, which does not outlive the test.
struct Dev {
    child: Child,
    lines: Receiver<String>,
}

impl Dev {
    fn start(mut command: Command) -> anyhow::Result<Self> {
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let stdout = child.stdout.take().context("no standard output")?;
        let (sender, lines) = channel();
        thread::spawn(move || BufReader::new(stdout).lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Ok(Self { child, lines })
    }

    /// What it prints until it waits for changes.
    fn run(&self) -> anyhow::Result<String> {
        let mut printed = String::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE).with_context(|| format!("it printed no more than\n{printed}"))?;
            printed += &line;
            printed.push('\n');
            if line.starts_with("waiting for changes") {
                return Ok(printed);
            }
        }
    }
}

impl Drop for Dev {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn what_is_saved_is_built_tested_and_compared_with_the_last_good_build() -> anyhow::Result<()> {
    elsewhere(|reader, copy| {
        let records = copy.join("records");
        let day = sample_day::Day::make(sample_day::DEFAULT_SEED, 400)?;
        sample_day::write(&day, &records)?;
        let mut command = reader.command("exec trailwarden policy dev below/key-watch --records below/key-watch/records");
        command.stdin(Stdio::null());
        let mut dev = Dev::start(command)?;
        let first = dev.run()?;
        ensure!(first.contains("0 failed") && first.contains("no good build yet to compare with"), "{first}");

        let rule = copy.join("src/access_key_for_another_user.rs");
        let good = fs::read_to_string(&rule)?;
        fs::write(&rule, "fn unfinished(")?;
        let unfinished = dev.run()?;
        ensure!(unfinished.contains("FAILED: cargo didn't build the policies"), "{unfinished}");

        fs::write(&rule, good.replace("made an access key for the IAM user", "made a key for"))?;
        let changed = dev.run()?;
        ensure!(changed.contains("changes beside the last good build:") && changed.contains("changed (1)"), "{changed}");
        ensure!(changed.contains("FAILED access-key-for-another-user"), "no fixture notices it: {changed}");

        // The last good build is still the first one.
        fs::write(&rule, &good)?;
        let back = dev.run()?;
        ensure!(back.contains("nothing changes beside the last good build:"), "{back}");

        let interrupted = Command::new("kill").args(["-INT", &dev.child.id().to_string()]).status()?;
        ensure!(interrupted.success(), "it had ended before");
        let status = dev.child.wait()?;
        ensure!(status.code() == Some(0), "{status}");
        ensure!(dev.lines.recv_timeout(PATIENCE)? == "ended", "it does not say that it ended");
        Ok(())
    })
}
