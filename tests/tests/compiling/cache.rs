//! What lies in the cache is taken while it is what was written, and noticed and replaced when it is not.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, SystemTime};

use e2e::Run;

use crate::stage::{SEALED, Stage, assert_quiet, assert_quiet_and_small, assert_same_and_says, sealed};

/// Bytes behind an entry's description: the code's length, and what seals all.
const FOOTER: usize = 8 + SEALED;

/// A stage whose policies were compiled by a first scan.
fn compiled() -> (Stage, Run) {
    let stage = Stage::new();
    let first = stage.scan("");
    assert_quiet(&first);
    assert_eq!((stage.entries().len(), stage.unfinished().len()), (2, 0));
    (stage, first)
}

/// The paths of the entries, in the order of their names.
fn paths(stage: &Stage) -> Vec<PathBuf> {
    stage.entries().keys().map(|name| stage.cache().join(name)).collect()
}

/// Replaces a file's content as only its owner can.
fn replace(path: &Path, content: &[u8]) {
    fs::remove_file(path).unwrap();
    fs::write(path, content).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o400)).unwrap();
}

#[test]
fn a_second_scan_takes_the_code_from_the_cache() {
    let (stage, first) = compiled();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&stage.cache()), 0o700);
    assert!(paths(&stage).iter().all(|path| mode(path) == 0o400));
    let entries = stage.entries();
    let second = stage.scan("");
    assert_quiet(&second);
    assert!(second.stdout == first.stdout, "{}", second.stderr);
    assert_eq!(stage.entries(), entries);
    // Another file of the same policy is another policy.
    let file = stage.path().join("policies/identity.wasm");
    let mut changed = fs::read(&file).unwrap();
    changed.extend_from_slice(b"\0\x03\x02hi");
    fs::write(&file, changed).unwrap();
    assert_quiet(&stage.scan(""));
    assert_eq!(stage.entries().len(), 3);
}

/// Does something to one entry, and sees that it is told, replaced, and well again.
fn damaged(stage: &Stage, first: &Run, what: &str, reason: &str, damage: impl FnOnce(&Path)) {
    let before = stage.entries();
    let path = paths(stage).remove(0);
    let name = path.file_name().unwrap().to_str().unwrap();
    damage(&path);
    let second = stage.scan("");
    let told = format!("the cached code in {} was deleted and the policy compiled again: {reason}", path.display());
    assert_same_and_says(&second, first, &[&told]);
    assert_eq!(second.stderr.matches("warning").count(), 1, "{what}: {}", second.stderr);
    let after = stage.entries();
    assert_ne!(after[name], before[name], "{what}: the entry was not replaced");
    assert!(before.iter().filter(|(other, _)| *other != name).all(|(other, file)| after[other] == *file), "{what}");
    let third = stage.scan("");
    assert_quiet(&third);
    assert_eq!(stage.entries(), after, "{what}: the new entry is not taken");
}

#[test]
fn an_entry_that_was_changed_is_told_and_replaced() {
    let (stage, first) = compiled();
    let whole = fs::read(&paths(&stage)[0]).unwrap();
    let flipped = |at: usize| {
        let mut content = whole.clone();
        content[at] ^= 0x10;
        content
    };
    let (damage, no_entry) = ("its content is not what was written (SHA-256)", "it is cut off, or no entry");
    let described = whole.len() - FOOTER - 1;
    let mut longer = whole.clone();
    longer.push(0);
    let cases = [
        ("the first byte of the code", damage, flipped(0)),
        ("a byte of the code", damage, flipped(whole.len() / 2)),
        ("the description", damage, flipped(described)),
        ("the length", damage, flipped(described + 2)),
        ("the digest", damage, flipped(described + 10)),
        ("the magic", no_entry, flipped(whole.len() - 1)),
        ("one byte less", no_entry, whole[..whole.len() - 1].to_vec()),
        ("half of it", no_entry, whole[..whole.len() / 2].to_vec()),
        ("one byte more", no_entry, longer),
        ("nothing", no_entry, Vec::new()),
    ];
    for (what, reason, content) in cases {
        damaged(&stage, &first, what, reason, |path| replace(path, &content));
    }
}

#[test]
fn an_entry_of_another_policy_or_host_is_told_and_replaced() {
    let (stage, first) = compiled();
    let foreign = "it is the code of another policy, or for another host";
    let [_, other] = &paths(&stage)[..] else { panic!("not two entries") };
    let other = fs::read(other).unwrap();
    damaged(&stage, &first, "swapped", foreign, |path| replace(path, &other));
    damaged(&stage, &first, "of another host", foreign, |path| replace(path, &with_other_key(&fs::read(path).unwrap())));
}

/// An entry with one digit of its key changed, and a digest that fits.
fn with_other_key(entry: &[u8]) -> Vec<u8> {
    let mut changed = entry[..entry.len() - FOOTER + 8].to_vec();
    let key = changed.windows(8).rposition(|window| window == b"{\"key\":\"").unwrap() + 8;
    changed[key] = if changed[key] == b'0' { b'1' } else { b'0' };
    sealed(changed)
}

#[test]
fn whole_entries_that_the_engine_does_not_take_are_told_and_replaced() {
    let (stage, first) = compiled();
    let path = paths(&stage).remove(0);
    let whole = fs::read(&path).unwrap();
    let length = whole.len() - FOOTER;
    let code = u64::from_le_bytes(whole[length..length + 8].try_into().unwrap()) as usize;
    for junk in [vec![0; code], b"no machine code".repeat(code / 15 + 1)[..code].to_vec()] {
        let before = stage.entries();
        replace(&path, &sealed([&junk, &whole[code..length + 8]].concat()));
        let second = stage.scan("");
        assert_same_and_says(&second, &first, &["its cached code was deleted and the policy compiled again: it"]);
        assert_ne!(stage.entries(), before);
        assert_quiet(&stage.scan(""));
    }
}

#[test]
fn what_is_no_file_of_ours_is_told_and_replaced() {
    let (stage, first) = compiled();
    let not_ours = "it is not a regular file that belongs to this user alone";
    let elsewhere = stage.path().join("elsewhere");
    damaged(&stage, &first, "a link", not_ours, |path| {
        fs::rename(path, &elsewhere).unwrap();
        symlink(&elsewhere, path).unwrap();
    });
    assert!(elsewhere.exists(), "what the link led to was deleted");
    damaged(&stage, &first, "writable by others", not_ours, |path| {
        fs::set_permissions(path, Permissions::from_mode(0o622)).unwrap();
    });
    damaged(&stage, &first, "a pipe", not_ours, |path| {
        fs::remove_file(path).unwrap();
        assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    });
    if std::os::unix::fs::chown(&elsewhere, Some(1), None).is_err() {
        eprintln!("SKIPPED a part of what_is_no_file_of_ours_is_told_and_replaced: only root can give a file away");
        return;
    }
    damaged(&stage, &first, "somebody else's", not_ours, |path| fs::rename(&elsewhere, path).unwrap());
}

#[test]
fn a_folder_in_an_entrys_place_is_told_at_every_start() {
    let (stage, first) = compiled();
    let path = paths(&stage).remove(0);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    for _ in 0..2 {
        let next = stage.scan("");
        assert_same_and_says(&next, &first, &["it is not a regular file", "compiled code can't be kept for the next start"]);
        assert_eq!(stage.unfinished(), [""; 0]);
    }
}

#[test]
fn hosts_that_start_at_once_share_a_folder() {
    let stage = Stage::new();
    let mut commands: Vec<_> = (0..4).map(|_| stage.command("")).collect();
    let start = |command: &mut std::process::Command| command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let running: Vec<_> = commands.iter_mut().map(start).collect();
    let runs: Vec<Run> = running.into_iter().map(|host| host.wait_with_output().unwrap().into()).collect();
    for run in &runs {
        assert_quiet(run);
        assert_eq!(run.stdout, runs[0].stdout);
    }
    assert_eq!((stage.entries().len(), stage.unfinished().len()), (2, 0));
    let entries = stage.entries();
    assert_quiet(&stage.scan(""));
    assert_eq!(stage.entries(), entries);
}

#[test]
fn the_cache_is_kept_to_its_size() {
    let stage = Stage::small();
    let first = stage.scan("");
    assert_quiet_and_small(&first);
    let older = paths(&stage).remove(1);
    File::open(&older).unwrap().set_modified(SystemTime::now() - Duration::from_secs(60)).unwrap();
    fs::write(stage.cache().join("README"), vec![0; 2 << 20]).unwrap();
    let sizes: Vec<u64> = paths(&stage).iter().map(|path| fs::metadata(path).unwrap().len()).collect();
    assert!(sizes.iter().all(|size| *size <= 1 << 20) && sizes.iter().sum::<u64>() > 1 << 20, "{sizes:?}");
    let trimmed = stage.scan("cache_mib = 1");
    assert_same_and_says(&trimmed, &first, &[]);
    assert_eq!(stage.entries().len(), 1);
    assert!(!older.exists(), "not the one that was used longest ago was deleted");
    assert!(stage.cache().join("README").exists(), "somebody else's file was deleted");
    // The one that is gone is compiled again, and one of them goes again.
    assert_same_and_says(&stage.scan("cache_mib = 1"), &first, &[]);
    assert_eq!(stage.entries().len(), 1);
}
