//! Whether a file may have changed, without reading it.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Clocks of file systems are coarse: a file that was written within this time before it was looked at may be written again
/// without looking different.
const COARSENESS: Duration = Duration::from_secs(2);

/// What a file looks like from outside: where it lies, its size, and when it was last written or changed in any way. Two equal
/// stamps that are [settled](Stamp::is_settled) are of equal content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    place: (u64, u64),
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    is_settled: bool,
}

impl Stamp {
    /// The stamp of a file, or of what a symbolic link leads to.
    ///
    /// # Errors
    /// It is not there, or may not be looked at.
    pub fn of(path: &Path) -> io::Result<Self> {
        let metadata = std::fs::metadata(path)?;
        let changed = (metadata.ctime(), metadata.ctime_nsec());
        let coarse = i64::try_from(COARSENESS.as_secs()).unwrap_or(i64::MAX);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        Ok(Self {
            place: (metadata.dev(), metadata.ino()),
            bytes: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed,
            // A time in the future says nothing.
            is_settled: changed.0.saturating_add(coarse) < now,
        })
    }

    /// Whether the file was left alone for so long that a change since would have changed the stamp.
    pub fn is_settled(&self) -> bool {
        self.is_settled
    }

    /// Whether a file that looks like this now has the content that it had when it looked like `before`.
    pub fn is_unchanged_since(&self, before: &Self) -> bool {
        before.is_settled && self.is_like(before)
    }

    /// Whether two stamps are alike, settled or not.
    pub fn is_like(&self, other: &Self) -> bool {
        let look = |stamp: &Self| (stamp.place, stamp.bytes, stamp.modified, stamp.changed);
        look(self) == look(other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_was_just_written_is_not_trusted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let fresh = Stamp::of(&path).unwrap();
        assert!(!fresh.is_settled() && fresh.is_like(&Stamp::of(&path).unwrap()));
        assert!(!Stamp::of(&path).unwrap().is_unchanged_since(&fresh));
        let settled = Stamp { is_settled: true, ..fresh };
        assert!(fresh.is_unchanged_since(&settled));
    }

    #[test]
    fn whatever_takes_its_place_looks_different() {
        let folder = tempfile::tempdir().unwrap();
        let [path, other, link] = ["a", "b", "link"].map(|name| folder.path().join(name));
        std::fs::write(&path, "one").unwrap();
        std::fs::write(&other, "two").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let before = Stamp { is_settled: true, ..Stamp::of(&link).unwrap() };
        assert!(Stamp::of(&link).unwrap().is_unchanged_since(&before));
        // Same size; a link that is turned to another file, and a file that is renamed into place.
        std::fs::remove_file(&link).unwrap();
        std::os::unix::fs::symlink(&other, &link).unwrap();
        assert!(!Stamp::of(&link).unwrap().is_unchanged_since(&before));
        std::fs::rename(&other, &path).unwrap();
        assert!(!Stamp::of(&path).unwrap().is_unchanged_since(&before));
        assert!(Stamp::of(&link).is_err());
    }
}
