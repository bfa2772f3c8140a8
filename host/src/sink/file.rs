//! A file of findings, one a line, private to the host's user, and rotated when it is full.
//!
//! The ledger knows how much of the file belongs to objects that are done. What stands behind that when the file is opened is of
//! objects which are judged again, so the ids there are read and left out once: nothing stands in the file twice because the
//! host was killed. A line that was never finished is cut off.

use std::collections::HashSet;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::lines::Lines;
use super::{Recovered, id_of_line};
use crate::finding::FindingId;
use crate::store::SinkPlace;
use crate::watch::folder_of;

/// When another file is begun, and what becomes of those before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Bytes at which a file is full.
    pub full_bytes: u64,
    /// How many full files are kept, the latest; none: all.
    pub keep: Option<u64>,
}

/// The file.
pub(super) struct FindingsFile {
    path: PathBuf,
    rotation: Rotation,
    file: File,
    identity: (u64, u64),
    /// Bytes in the file.
    bytes: u64,
    lines: Lines,
    /// Bytes that belong to objects which are done, of those in the file and of those to be written.
    marked: u64,
    already: HashSet<FindingId>,
}

impl FindingsFile {
    pub(super) fn open(path: &Path, rotation: Rotation, place: Option<SinkPlace>) -> io::Result<(Self, Recovered)> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder_of(path))?;
        let (file, identity) = open_file(path)?;
        let whole = bytes_of_whole_lines(&file)?;
        let length = file.metadata()?.len();
        let torn_bytes = length - whole;
        if torn_bytes > 0 {
            file.set_len(whole)?;
        }
        let settled = match place {
            Some(place) if place.file == identity => place.bytes.min(whole),
            // It was begun after the ledger was last written, or nobody knows who wrote it.
            _ => 0,
        };
        let already = ids_behind(&file, settled)?;
        let recovered = Recovered { findings: already.len() as u64, torn_bytes };
        let lines = Lines::default();
        let path = path.to_owned();
        Ok((Self { path, rotation, file, identity, bytes: whole, lines, marked: settled, already }, recovered))
    }

    pub(super) fn lines(&mut self) -> &mut Vec<u8> {
        self.lines.bytes()
    }

    /// Whether the finding stands in the file from before a restart. It says so once.
    pub(super) fn has_already(&mut self, id: FindingId) -> bool {
        !self.already.is_empty() && self.already.remove(&id)
    }

    /// Everything that was there when the host began is done: what was left behind then is of objects that are gone.
    pub(super) fn has_caught_up(&mut self) {
        self.already = HashSet::new();
    }

    pub(super) fn mark(&mut self) {
        // What is left over from before the restart is of objects that are not done, wherever it stands.
        if self.already.is_empty() {
            self.marked = self.bytes + self.lines.left() as u64;
        }
    }

    pub(super) fn write(&mut self) -> io::Result<()> {
        let (count, result) = self.lines.write(&mut self.file);
        self.bytes += count;
        result?;
        if count > 0 { self.file.sync_data() } else { Ok(()) }
    }

    pub(super) fn place(&self) -> SinkPlace {
        SinkPlace { file: self.identity, bytes: self.marked.min(self.bytes) }
    }

    /// Begins another file where this one is full and all of it is settled, or where somebody else has taken it away.
    pub(super) fn rotate_if_full(&mut self) -> io::Result<()> {
        let is_settled = self.lines.left() == 0 && self.marked == self.bytes;
        if !is_settled {
            return Ok(());
        }
        match std::fs::metadata(&self.path) {
            Ok(metadata) if (metadata.dev(), metadata.ino()) == self.identity => {
                if self.bytes < self.rotation.full_bytes {
                    return Ok(());
                }
                std::fs::rename(&self.path, self.name_when_full()?)?;
            }
            // Another program rotates: what it took away is whole.
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let (file, identity) = open_file(&self.path)?;
        let bytes = bytes_of_whole_lines(&file)?;
        file.set_len(bytes)?;
        (self.file, self.identity, self.bytes, self.marked) = (file, identity, bytes, bytes);
        self.delete_oldest()
    }

    /// `findings-20261124T101502.123Z.jsonl` for `findings.jsonl`, with a number where that is taken: names sort by age.
    fn name_when_full(&self) -> io::Result<PathBuf> {
        let (stem, end) = self.name_parts();
        let now = Timestamp::now().strftime("%Y%m%dT%H%M%S.%3fZ").to_string();
        for number in 0..u32::MAX {
            let number = if number == 0 { String::new() } else { format!("-{number}") };
            let path = self.path.with_file_name(format!("{stem}-{now}{number}{end}"));
            if !path.try_exists()? {
                return Ok(path);
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    fn name_parts(&self) -> (String, String) {
        let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let end = self.path.extension().map(|end| format!(".{}", end.to_string_lossy())).unwrap_or_default();
        (text(self.path.file_stem()), end)
    }

    fn delete_oldest(&self) -> io::Result<()> {
        let Some(keep) = self.rotation.keep else { return Ok(()) };
        let (stem, end) = self.name_parts();
        let is_full = |name: &str| {
            let middle =
                name.strip_prefix(&stem).and_then(|rest| rest.strip_prefix('-')).and_then(|rest| rest.strip_suffix(&end));
            middle.is_some_and(|middle| {
                middle.len() >= 20 && middle.as_bytes()[8] == b'T' && middle[..8].bytes().all(|b| b.is_ascii_digit())
            })
        };
        let mut full = Vec::new();
        for entry in std::fs::read_dir(folder_of(&self.path))? {
            let entry = entry?;
            if entry.file_name().to_str().is_some_and(is_full) {
                full.push(entry.path());
            }
        }
        full.sort();
        let surplus = full.len().saturating_sub(usize::try_from(keep).unwrap_or(usize::MAX));
        full.iter().take(surplus).try_for_each(std::fs::remove_file)
    }
}

/// Opens a file to be read and added to, with mode 0600 where it is new.
fn open_file(path: &Path) -> io::Result<(File, (u64, u64))> {
    let mut options = OpenOptions::new();
    // A link could lead to somebody else's file.
    options.read(true).append(true).create(true).mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    let file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no regular file"));
    }
    Ok((file, (metadata.dev(), metadata.ino())))
}

/// The bytes up to the last line break.
fn bytes_of_whole_lines(mut file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut block = vec![0; 64 * 1024];
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let part = &mut block[..usize::try_from(end - start).unwrap_or_default()];
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(part)?;
        if let Some(at) = memchr::memrchr(b'\n', part) {
            return Ok(start + at as u64 + 1);
        }
        end = start;
    }
    Ok(0)
}

/// The ids of the lines behind a place.
fn ids_behind(mut file: &File, place: u64) -> io::Result<HashSet<FindingId>> {
    file.seek(SeekFrom::Start(place))?;
    let mut ids = HashSet::new();
    for line in BufReader::new(file).split(b'\n') {
        ids.extend(id_of_line(&line?));
    }
    Ok(ids)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEVER_FULL: Rotation = Rotation { full_bytes: u64::MAX, keep: None };

    fn line(number: u32) -> (FindingId, Vec<u8>) {
        let id = format!("{number:032x}");
        (id.parse().unwrap(), format!("{{\"finding_info\":{{\"uid\":\"{id}\"}}}}\n").into_bytes())
    }

    fn push(file: &mut FindingsFile, number: u32) {
        let (id, line) = line(number);
        if !file.has_already(id) {
            file.lines().extend(line);
        }
    }

    fn open(path: &Path, rotation: Rotation, place: Option<SinkPlace>) -> (FindingsFile, Recovered) {
        FindingsFile::open(path, rotation, place).unwrap()
    }

    fn in_file(path: &Path) -> Vec<u32> {
        let text = std::fs::read(path).unwrap();
        let number = |text: &[u8]| u32::from_str_radix(&id_of_line(text).unwrap().to_string(), 16).unwrap();
        text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).map(number).collect()
    }

    #[test]
    fn what_a_killed_host_had_written_is_left_out_once_and_a_torn_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out/findings.jsonl");
        let (mut file, recovered) = open(&path, NEVER_FULL, None);
        assert_eq!(recovered, Recovered::default());
        [1, 2].into_iter().for_each(|number| push(&mut file, number));
        file.mark();
        push(&mut file, 3);
        file.write().unwrap();
        let place = file.place();
        drop(file);
        // Killed in the middle of a line, of an object that is not done, as the one of 3 is not.
        let mut text = std::fs::read(&path).unwrap();
        text.extend(&line(4).1[..20]);
        std::fs::write(&path, text).unwrap();
        let (mut file, recovered) = open(&path, NEVER_FULL, Some(place));
        assert_eq!(recovered, Recovered { findings: 1, torn_bytes: 20 });
        // In another order than before; nothing is settled before it is known that 3 is not to come again.
        push(&mut file, 5);
        file.mark();
        file.write().unwrap();
        assert_eq!(file.place(), place);
        [3, 4].into_iter().for_each(|number| push(&mut file, number));
        file.mark();
        file.write().unwrap();
        assert_eq!(in_file(&path), [1, 2, 3, 5, 4]);
        assert_eq!(file.place().bytes, std::fs::metadata(&path).unwrap().len());
        assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn what_never_comes_again_does_not_hold_the_place_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        std::fs::write(&path, line(1).1).unwrap();
        let (mut file, recovered) = open(&path, NEVER_FULL, None);
        assert_eq!(recovered.findings, 1);
        file.has_caught_up();
        push(&mut file, 2);
        file.mark();
        file.write().unwrap();
        assert_eq!(file.place().bytes, std::fs::metadata(&path).unwrap().len());
    }

    #[test]
    fn a_full_file_is_rotated_between_objects_and_the_oldest_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        std::fs::write(folder.path().join("findings-other.jsonl"), "not ours").unwrap();
        let (mut file, _) = open(&path, Rotation { full_bytes: 1, keep: Some(2) }, None);
        for number in 0..5 {
            push(&mut file, number);
            file.write().unwrap();
            // The object is not done.
            file.rotate_if_full().unwrap();
            assert_eq!(in_file(&path), [number]);
            file.mark();
            file.rotate_if_full().unwrap();
            assert!(in_file(&path).is_empty());
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        let mut names: Vec<String> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names.len(), 4, "{names:?}");
        let full: Vec<_> = names.iter().filter(|name| name.starts_with("findings-2")).collect();
        assert_eq!(full.iter().map(|name| in_file(&folder.path().join(name))).collect::<Vec<_>>(), [[3], [4]]);
    }

    #[test]
    fn a_file_that_another_program_takes_away_is_begun_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("findings.jsonl");
        let (mut file, _) = open(&path, NEVER_FULL, None);
        push(&mut file, 1);
        file.mark();
        file.write().unwrap();
        std::fs::rename(&path, folder.path().join("findings.jsonl.1")).unwrap();
        file.rotate_if_full().unwrap();
        push(&mut file, 2);
        file.mark();
        file.write().unwrap();
        assert_eq!((in_file(&path), in_file(&folder.path().join("findings.jsonl.1"))), (vec![2], vec![1]));
    }

    #[test]
    fn a_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other] = ["findings.jsonl", "other"].map(|name| folder.path().join(name));
        std::fs::write(&other, "somebody's").unwrap();
        std::os::unix::fs::symlink(&other, &path).unwrap();
        assert!(FindingsFile::open(&path, NEVER_FULL, None).is_err());
    }
}
