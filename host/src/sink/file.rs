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
