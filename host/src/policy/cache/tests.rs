//! What the cache gives back, and what it does not.

use std::fs;
use std::io::Write as _;

use super::*;
use crate::policy::World;
use crate::policy::compile::Exhausted;

const LIMIT: u64 = 1 << 20;

struct Kept {
    _parent: tempfile::TempDir,
    cache: Cache,
    key: Key,
    description: Description,
}

/// Not machine code: the cache never looks at what it keeps.
const CODE: &[u8] = b"machine code";

fn keep(cache: &Cache, key: &Key, code: &[u8]) -> Description {
    let unoptimised = Some(Exhausted::Memory { mib: 1 });
    let description = Description { key: key.as_str().to_owned(), world: World::default(), unoptimised, examples_held: None };
    let new = cache.new_code().unwrap();
    new.file().write_all(code).unwrap();
    let (artefact, not_kept) = cache.keep(new, code.len() as u64, &description).unwrap();
    assert!(not_kept.is_none(), "{not_kept:?}");
    assert_eq!(artefact.code(), code);
    description
}

fn kept() -> Kept {
    let parent = tempfile::tempdir().unwrap();
    let cache = Cache::in_folder(&parent.path().join("cache"), &Engine::new(0).unwrap()).unwrap();
    let key = cache.key(Digest::of(b"policy"));
    let description = keep(&cache, &key, CODE);
    Kept { _parent: parent, cache, key, description }
}

impl Kept {
    fn path(&self) -> PathBuf {
        self.cache.folder().unwrap().join(self.key.name())
    }

    fn assert_is_bad(&self) {
        let Found::Bad { path, .. } = self.cache.find(&self.key, LIMIT) else { panic!("was trusted or not seen") };
        assert_eq!(path, self.path());
        assert!(matches!(self.cache.find(&self.key, LIMIT), Found::Absent), "it was not deleted");
    }

    /// Writes to the entry as nobody but its owner can.
    fn overwrite(&self, content: &[u8]) {
        fs::remove_file(self.path()).unwrap();
        fs::write(self.path(), content).unwrap();
    }
}

#[test]
fn what_was_kept_is_found_under_its_key_alone() {
    let kept = kept();
    let Found::Code(artefact, description) = kept.cache.find(&kept.key, LIMIT) else { panic!("not found") };
    assert_eq!((artefact.code(), description), (CODE, kept.description.clone()));
    assert!(matches!(kept.cache.find(&kept.cache.key(Digest::of(b"other")), LIMIT), Found::Absent));
    assert_eq!(fs::metadata(kept.path()).unwrap().permissions().mode() & 0o777, 0o400);
}

#[test]
fn a_damaged_entry_is_deleted_and_not_trusted() {
    let kept = kept();
    let whole = fs::read(kept.path()).unwrap();
    let mut damaged = whole.clone();
    damaged[3] ^= 1;
    for content in [&damaged[..], &whole[..whole.len() - 1], b"", b"#!/bin/sh"] {
        keep(&kept.cache, &kept.key, CODE);
        kept.overwrite(content);
        kept.assert_is_bad();
    }
}

#[test]
fn an_entry_under_anothers_name_is_deleted_and_not_trusted() {
    let kept = kept();
    let other = kept.cache.key(Digest::of(b"other"));
    keep(&kept.cache, &other, b"other code");
    fs::rename(kept.cache.folder().unwrap().join(other.name()), kept.path()).unwrap();
    kept.assert_is_bad();
}

#[test]
fn an_entry_that_others_can_write_to_is_deleted_and_not_trusted() {
    let kept = kept();
    fs::set_permissions(kept.path(), Permissions::from_mode(0o602)).unwrap();
    kept.assert_is_bad();
}

#[test]
fn an_entry_beyond_the_limit_is_not_taken_and_stays() {
    let kept = kept();
    assert!(matches!(kept.cache.find(&kept.key, CODE.len() as u64 - 1), Found::Absent));
    assert!(matches!(kept.cache.find(&kept.key, CODE.len() as u64), Found::Code(..)));
    kept.overwrite(&vec![0; 3 << 20]);
    assert!(matches!(kept.cache.find(&kept.key, LIMIT), Found::Absent));
    assert!(kept.path().exists());
}

#[test]
fn what_was_used_longest_ago_is_trimmed_and_what_crashed_hosts_left() {
    let kept = kept();
    let folder = kept.cache.folder().unwrap().to_owned();
    let newer = kept.cache.key(Digest::of(b"newer"));
    keep(&kept.cache, &newer, CODE);
    let age = |path: &Path, hours: u64| {
        let file = File::open(path).unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3_600)).unwrap();
    };
    age(&kept.path(), 5);
    age(&folder.join(newer.name()), 4);
    let (old, fresh) = (kept.cache.new_code().unwrap(), kept.cache.new_code().unwrap());
    old.file().set_modified(SystemTime::now() - Duration::from_secs(2 * 3_600)).unwrap();
    fs::write(folder.join("README"), vec![0; 4096]).unwrap();

    let bytes = fs::metadata(kept.path()).unwrap().len();
    kept.cache.trim(2 * bytes).unwrap();
    assert!(kept.path().exists());
    // To be found is to be used.
    assert!(matches!(kept.cache.find(&kept.key, LIMIT), Found::Code(..)));
    kept.cache.trim(bytes).unwrap();
    assert!(kept.path().exists());
    assert!(!folder.join(newer.name()).exists());
    assert!(folder.join("README").exists());
    let unfinished: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    let unfinished = unfinished.iter().filter(|name| name.to_string_lossy().starts_with('.')).count();
    assert_eq!(unfinished, 1, "of two unfinished files, one was left behind");
    drop((old, fresh));
}

#[test]
fn code_that_is_given_up_leaves_nothing() {
    let kept = kept();
    let before = fs::read_dir(kept.cache.folder().unwrap()).unwrap().count();
    kept.cache.give_up(kept.cache.new_code().unwrap()).unwrap();
    assert_eq!(fs::read_dir(kept.cache.folder().unwrap()).unwrap().count(), before);
}

#[test]
fn without_a_folder_nothing_is_found_again() {
    let cache = Cache::nowhere(&Engine::new(0).unwrap());
    let key = cache.key(Digest::of(b"policy"));
    keep(&cache, &key, CODE);
    assert!(matches!(cache.find(&key, LIMIT), Found::Absent));
    cache.trim(0).unwrap();
}
