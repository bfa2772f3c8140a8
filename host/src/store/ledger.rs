//! The ledger: which objects are done, and how far sinks had got by then, so that each object is handled once across restarts
//! and nothing that was found in it is written twice.
//!
//! Both are written in one step, after the sinks have what was found: an object that is not in the ledger is judged again, and a
//! sink that remembers what it was given since then leaves out what it has.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use redb::{ReadableDatabase as _, ReadableTable as _, ReadableTableMetadata as _, TableDefinition};

use super::database::Store;
use super::error::{Kept, StoreError};

/// Files that are done, by their paths: bytes, time of the last change in nanoseconds since 1970 (UTC), when the file was last
/// seen in seconds since 1970 (UTC).
const FILES: TableDefinition<'_, &[u8], (u64, i128, u64)> = TableDefinition::new("files-1");
/// Sinks by their names: the file that is being written, as device and number, and the bytes of it that belong to objects which are
/// done.
const SINKS: TableDefinition<'_, &str, (u64, u64, u64)> = TableDefinition::new("sinks-1");

/// How long a file that is gone is remembered: a folder that was taken away for a while is not judged again when it is back.
pub const REMEMBERED: Duration = Duration::from_secs(crate::limits::FILES_REMEMBERED_DAYS * DAY);
/// Seconds of a day: how often it is looked which files are still there.
const DAY: u64 = 24 * 60 * 60;

/// What tells two contents of one path apart, as far as can be seen from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileVersion {
    /// The file's size.
    pub bytes: u64,
    /// When it was last written to, in nanoseconds since 1970 (UTC).
    pub modified_nanoseconds: i128,
}

/// How far a sink that writes a file has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkPlace {
    /// The file, by device and number.
    pub file: (u64, u64),
    /// Bytes of it that belong to objects which are done.
    pub bytes: u64,
}

/// The ledger. What [`Ledger::commit`] writes is on the disk when it returns, or nothing of it is there.
pub struct Ledger {
    store: Store,
}

impl From<&std::fs::Metadata> for FileVersion {
    fn from(metadata: &std::fs::Metadata) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        let modified_nanoseconds = i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec());
        Self { bytes: metadata.len(), modified_nanoseconds }
    }
}

impl Ledger {
    /// Opens a ledger, and makes it if it is not there.
    ///
    /// # Errors
    /// It can't be opened, is not private, is in use, or is something else.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let ledger = Self { store: Store::open(path, true, Kept::Ledger)? };
        // Whoever reads later finds the tables there.
        ledger.write(|_| Ok(()))?;
        Ok(ledger)
    }

    /// Whether this version of a file is done.
    ///
    /// # Errors
    /// The disk fails.
    pub fn is_done(&self, file: &Path, version: FileVersion) -> Result<bool, StoreError> {
        self.store.with(|database| {
            let files = database.begin_read()?.open_table(FILES)?;
            let known = files.get(file.as_os_str().as_bytes())?.map(|entry| entry.value());
            Ok(known.is_some_and(|(bytes, modified, _)| (bytes, modified) == (version.bytes, version.modified_nanoseconds)))
        })
    }

    /// How far a sink had got; none where it has never been told.
    ///
    /// # Errors
    /// The disk fails.
    pub fn sink(&self, name: &str) -> Result<Option<SinkPlace>, StoreError> {
        self.store.with(|database| {
            let place = database.begin_read()?.open_table(SINKS)?.get(name)?.map(|entry| entry.value());
            Ok(place.map(|(device, number, bytes)| SinkPlace { file: (device, number), bytes }))
        })
    }

    /// How many files it knows.
    ///
    /// # Errors
    /// The disk fails.
    pub fn files(&self) -> Result<u64, StoreError> {
        self.store.with(|database| Ok(database.begin_read()?.open_table(FILES)?.len()?))
    }

    /// How large it is on the disk, in bytes.
    ///
    /// # Errors
    /// The disk fails.
    pub fn bytes(&self) -> Result<u64, StoreError> {
        self.store.with(|_| Ok(std::fs::metadata(self.store.path())?.len()))
    }

    /// These files are done, and sinks have got so far.
    ///
    /// # Errors
    /// The disk is full or fails; nothing was written then.
    pub fn commit<'a>(
        &self,
        done: impl IntoIterator<Item = (&'a Path, FileVersion)>,
        sinks: impl IntoIterator<Item = (&'a str, SinkPlace)>,
    ) -> Result<(), StoreError> {
        let now = seconds_now();
        self.write(|transaction| {
            let mut files = transaction.open_table(FILES)?;
            for (path, version) in done {
                files.insert(path.as_os_str().as_bytes(), (version.bytes, version.modified_nanoseconds, now))?;
            }
            let mut places = transaction.open_table(SINKS)?;
            for (name, SinkPlace { file: (device, number), bytes }) in sinks {
                places.insert(name, (device, number, bytes))?;
            }
            Ok(())
        })
    }

    /// Forgets files that have been gone for [`REMEMBERED`]. To be called once a day.
    ///
    /// # Errors
    /// The disk is full or fails; nothing was written then.
    pub fn forget_gone(&self) -> Result<(), StoreError> {
        self.forget_gone_at(seconds_now(), |path| path.exists())
    }

    fn forget_gone_at(&self, now: u64, is_there: impl Fn(&Path) -> bool) -> Result<(), StoreError> {
        // To look at a disk can take long: nobody waits with a commit meanwhile.
        let (mut seen, mut gone) = (Vec::new(), Vec::new());
        self.store.with(|database| {
            for entry in database.begin_read()?.open_table(FILES)?.iter()? {
                let (path, value) = entry?;
                let (bytes, modified, last_seen) = value.value();
                if is_there(Path::new(OsStr::from_bytes(path.value()))) {
                    if last_seen + DAY <= now {
                        seen.push((path.value().to_owned(), (bytes, modified)));
                    }
                } else if last_seen + REMEMBERED.as_secs() <= now {
                    gone.push((path.value().to_owned(), (bytes, modified)));
                }
            }
            Ok(())
        })?;
        if seen.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.write(|transaction| {
            let mut files = transaction.open_table(FILES)?;
            // What was written since is newer than what was looked at.
            let is_same = |files: &redb::Table<'_, &[u8], (u64, i128, u64)>, path: &[u8], version: (u64, i128)| {
                Ok::<_, redb::Error>(files.get(path)?.is_some_and(|entry| (entry.value().0, entry.value().1) == version))
            };
            for (path, version) in seen {
                if is_same(&files, &path, version)? {
                    files.insert(&*path, (version.0, version.1, now))?;
                }
            }
            for (path, version) in gone {
                if is_same(&files, &path, version)? {
                    files.remove(&*path)?;
                }
            }
            Ok(())
        })
    }

    fn write(&self, change: impl FnOnce(&redb::WriteTransaction) -> Result<(), redb::Error>) -> Result<(), StoreError> {
        self.store.with(|database| {
            // The default durability: on the disk before `commit` returns.
            let transaction = database.begin_write()?;
            transaction.open_table(FILES)?;
            transaction.open_table(SINKS)?;
            change(&transaction)?;
            transaction.commit()?;
            Ok(())
        })
    }
}

fn seconds_now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    const ONE: FileVersion = FileVersion { bytes: 1, modified_nanoseconds: 1 };

    fn ledger() -> (tempfile::TempDir, PathBuf, Ledger) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        let ledger = Ledger::create(&path).unwrap();
        (folder, path, ledger)
    }

    #[test]
    fn what_is_done_is_known_after_a_restart_and_only_in_its_version() {
        let (_folder, path, ledger) = ledger();
        let file = Path::new("a.json");
        let place = SinkPlace { file: (1, 2), bytes: 3 };
        ledger.commit([(file, ONE)], [("findings", place)]).unwrap();
        drop(ledger);
        let ledger = Ledger::create(&path).unwrap();
        assert!(ledger.is_done(file, ONE).unwrap());
        assert!(!ledger.is_done(file, FileVersion { bytes: 2, ..ONE }).unwrap());
        assert!(!ledger.is_done(file, FileVersion { modified_nanoseconds: 2, ..ONE }).unwrap());
        assert!(!ledger.is_done(Path::new("b.json"), ONE).unwrap());
        assert_eq!((ledger.sink("findings").unwrap(), ledger.sink("other").unwrap()), (Some(place), None));
        assert_eq!(ledger.files().unwrap(), 1);
    }

    #[test]
    fn a_second_process_is_refused() {
        let (_folder, path, _ledger) = ledger();
        assert!(matches!(Ledger::create(&path), Err(StoreError::InUse { what: Kept::Ledger, .. })));
    }

    #[test]
    fn a_file_that_is_gone_for_long_is_forgotten_and_one_that_comes_back_is_not() {
        let (_folder, _path, ledger) = ledger();
        let [gone, back] = ["gone", "back"].map(Path::new);
        ledger.commit([(gone, ONE), (back, ONE)], []).unwrap();
        let days = |days: u64| seconds_now() + days * DAY;
        ledger.forget_gone_at(days(29), |path| path == back).unwrap();
        assert!(ledger.is_done(gone, ONE).unwrap());
        ledger.forget_gone_at(days(31), |_| false).unwrap();
        assert!(!ledger.is_done(gone, ONE).unwrap() && ledger.is_done(back, ONE).unwrap());
    }
}
