//! A folder that others can reach into is not used, one that can't be is told, and the scan goes on without.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, chown, symlink};
use std::path::Path;
use std::process::Command;

use e2e::Run;

use crate::stage::{Stage, assert_quiet, assert_same_and_says, run};

const WITHOUT: &str = "warning: policies are compiled at every start";

/// Scans with this folder as the cache, which must be refused for this reason, and be as it was afterwards.
fn refused(stage: &Stage, first: &Run, folder: &Path, reason: &str) {
    let listed = |folder: &Path| fs::read_dir(folder).map_or(0, Iterator::count);
    let before = listed(folder);
    let without = run(&mut stage.command_with_cache("", folder));
    assert_same_and_says(&without, first, &[WITHOUT, &folder.display().to_string(), reason, "cache_path"]);
    assert_eq!(without.stderr.matches("warning").count(), 1, "{}", without.stderr);
    assert_eq!(listed(folder), before, "something was written into {}", folder.display());
}

#[test]
fn a_folder_that_is_not_private_or_cannot_be_made_is_refused() {
    let stage = Stage::new();
    let first = stage.scan("");
    assert_quiet(&first);
    let folder = |name: &str, mode: u32| {
        let folder = stage.path().join(name);
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(mode)).unwrap();
        folder
    };
    refused(&stage, &first, &folder("of-all", 0o777), "can be written by others (mode 777)");
    refused(&stage, &first, &folder("of-the-group", 0o770), "can be written by others (mode 770)");
    refused(&stage, &first, &folder("sticky", 0o1777), "can be written by others (mode 1777)");

    let link = stage.path().join("link");
    symlink(folder("private", 0o700), &link).unwrap();
    refused(&stage, &first, &link, "is a symbolic link");

    let file = stage.path().join("file");
    fs::write(&file, "").unwrap();
    refused(&stage, &first, &file, "can't be used");
    refused(&stage, &first, &file.join("below"), "can't be used: Not a directory");
    refused(&stage, &first, Path::new("/proc/trailwarden"), "can't be used");

    let foreign = folder("foreign", 0o755);
    if chown(&foreign, Some(1), None).is_err() {
        eprintln!(
            "SKIPPED a part of a_folder_that_is_not_private_or_cannot_be_made_is_refused: only root can give a folder away"
        );
        return;
    }
    refused(&stage, &first, &foreign, "belongs to the user 1");
}

#[test]
fn the_folder_is_the_users_own_cache_unless_it_is_configured() {
    let stage = Stage::new();
    let config = stage.path().join("empty.toml");
    fs::write(&config, "").unwrap();
    let scan = |variables: &[(&str, &Path)]| {
        let mut command = stage.command_configured(&config);
        command.env_remove("XDG_CACHE_HOME").env_remove("HOME").envs(variables.iter().copied());
        run(&mut command)
    };
    let [caches, home] = ["caches", "home"].map(|name| stage.path().join(name));
    let first = scan(&[("XDG_CACHE_HOME", &caches), ("HOME", &home)]);
    assert_quiet(&first);
    let entries = |folder: &Path| fs::read_dir(folder.join("trailwarden")).map_or(0, Iterator::count);
    assert_eq!((entries(&caches), home.exists()), (2, false));
    // A relative path is to be ignored.
    assert_quiet(&scan(&[("XDG_CACHE_HOME", Path::new("caches")), ("HOME", &home)]));
    assert_eq!(entries(&home.join(".cache")), 2);
    assert_same_and_says(&scan(&[]), &first, &[WITHOUT, "set HOME, XDG_CACHE_HOME, or `cache_path`"]);
}

/// Runs a shell script as root of a file system of its own, with a scan's command as its arguments; nothing, which is said,
/// where that is not allowed.
fn in_own_file_system(test: &str, script: &str, scan: &Command) -> Option<Run> {
    let is_allowed = Command::new("unshare").args(["-m", "true"]).output().is_ok_and(|output| output.status.success());
    if !is_allowed {
        eprintln!("SKIPPED {test}: only root can have a file system of its own");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-euc", script, "sh"]).arg(scan.get_program()).args(scan.get_args());
    Some(run(&mut command))
}

#[test]
fn without_proc_what_is_cached_runs_and_the_rest_is_refused() {
    let stage = Stage::new();
    let (scan, name) = (stage.command(""), "without_proc_what_is_cached_runs_and_the_rest_is_refused");
    let script = r#"umount -l /proc; exec "$@""#;
    let Some(cold) = in_own_file_system(name, script, &scan) else { return };
    assert_eq!(cold.code, Some(2), "{}", cold.stderr);
    assert!(
        cold.stderr.contains("refused at the step `compile`") && cold.stderr.contains("/proc must be mounted"),
        "{}",
        cold.stderr
    );
    let first = stage.scan("");
    assert_quiet(&first);
    let entries = stage.entries();
    let warm = in_own_file_system(name, script, &scan).unwrap();
    assert_same_and_says(&warm, &first, &["compiled code is held in memory for each policy"]);
    assert_eq!(stage.entries(), entries);
}

#[test]
fn code_that_cannot_be_mapped_is_copied() {
    let stage = Stage::new();
    let first = stage.scan("");
    assert_quiet(&first);
    let script = format!(
        r#"mount -t tmpfs -o noexec,mode=700 none '{0}'; "$@" >/dev/null 2>&1; ls '{0}' >&2; exec "$@""#,
        stage.cache().display()
    );
    let Some(second) = in_own_file_system("code_that_cannot_be_mapped_is_copied", &script, &stage.command("")) else { return };
    assert_same_and_says(&second, &first, &[".code\n", "compiled code is held in memory for each policy", "noexec"]);
    assert_eq!(second.stderr.matches("warning").count(), 1, "{}", second.stderr);
}

#[test]
fn a_folder_without_room_and_one_that_is_read_only_keep_no_policy_from_running() {
    let stage = Stage::new();
    let first = stage.scan("");
    assert_quiet(&first);
    let name = "a_folder_without_room_and_one_that_is_read_only_keep_no_policy_from_running";
    for (options, reason) in [("size=256k", "No space left on device"), ("ro", "Read-only file system")] {
        let script = format!(r#"mount -t tmpfs -o mode=700,{options} none '{}'; exec "$@""#, stage.cache().display());
        let Some(without) = in_own_file_system(name, &script, &stage.command("")) else { return };
        assert_same_and_says(&without, &first, &["compiled code can't be kept for the next start", reason]);
        assert_eq!(without.stderr.matches("warning").count(), 1, "{}", without.stderr);
    }
}
