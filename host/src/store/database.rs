//! A store's file: how it is made, opened, and opened again.
//!
//! A store is made beside its place and then put into it: whoever is killed while a store is being made leaves nothing there that
//! the next one can't open. After one failure of the disk redb refuses everything until a database is opened again, so that is done.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::{Database, DatabaseError};

use super::error::{Kept, StoreError};
use super::private;

/// A store's database. Where the disk fails, the next one who asks finds it opened again.
pub(super) struct Store {
    path: PathBuf,
    what: Kept,
    /// None where it could not be opened again yet.
    open: RwLock<Option<Database>>,
}

impl Store {
    /// Opens the database in a file. Where `create` is set it is made if it is not there.
    ///
    /// # Errors
    /// It can't be opened, is not private, is in use, or is something else.
    pub(super) fn open(path: &Path, create: bool, what: Kept) -> Result<Self, StoreError> {
        Ok(Self { open: RwLock::new(Some(open(path, create, what)?)), path: path.to_owned(), what })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Does something with the database.
    ///
    /// # Errors
    /// What it fails with. It may be tried again.
    pub(super) fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, StoreError> {
        self.open_again()?;
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let result = match &*open {
            Some(database) => work(database),
            // Another thread's work has failed since.
            None => Err(redb::Error::DatabaseClosed),
        };
        drop(open);
        result.map_err(|source| {
            if matches!(source, redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::LockPoisoned(_)) {
                *self.open.write().unwrap_or_else(PoisonError::into_inner) = None;
            }
            StoreError::Storage { what: self.what, path: self.path.clone(), source: Box::new(source) }
        })
    }

    /// Opens it where a failure has closed it.
    fn open_again(&self) -> Result<(), StoreError> {
        if self.open.read().unwrap_or_else(PoisonError::into_inner).is_some() {
            return Ok(());
        }
        let mut place = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if place.is_none() {
            *place = Some(open(&self.path, false, self.what)?);
        }
        Ok(())
    }
}

/// Opens the database in a file. Where `create` is set it is made if it is not there.
///
/// # Errors
/// It can't be opened, is not private, is in use, or is something else.
fn open(path: &Path, create: bool, what: Kept) -> Result<Database, StoreError> {
    if create && std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        make(path, what)?;
    }
    database(private::open(path, create, what)?, path, what)
}

/// Makes an empty database and puts it into its place, unless somebody else was faster.
fn make(path: &Path, what: Kept) -> Result<(), StoreError> {
    let unfinished = unfinished(path);
    let failed = |source: io::Error| StoreError::Open { what, path: unfinished.clone(), source };
    if std::fs::symlink_metadata(&unfinished).is_ok_and(|there| there.nlink() > 1) {
        // A store that is in use or was, with a second name that is left over from its making: nothing of it may be touched.
        std::fs::remove_file(&unfinished).map_err(failed)?;
    }
    let file = private::open(&unfinished, true, what)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::InUse { what, path: path.to_owned() },
        TryLockError::Error(source) => failed(source),
    })?;
    let is_same = |there: std::fs::Metadata, here: std::fs::Metadata| (there.dev(), there.ino()) == (here.dev(), here.ino());
    let there = std::fs::symlink_metadata(&unfinished);
    if !there.is_ok_and(|there| file.metadata().is_ok_and(|here| is_same(there, here))) {
        // It was finished and put into its place by another, between opening and locking.
        return Ok(());
    }
    // What is there was left behind by one who was killed.
    file.set_len(0).map_err(failed)?;
    drop(database(file, path, what)?);
    // A link and not a new name: it never takes the place of what another has put there meanwhile.
    match std::fs::hard_link(&unfinished, path) {
        // A file system without links.
        Err(_) if !path.exists() => std::fs::rename(&unfinished, path).map_err(failed)?,
        Ok(()) | Err(_) => std::fs::remove_file(&unfinished).map_err(failed)?,
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Where a store is made before it is put into its place.
fn unfinished(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.new"))
}

fn database(file: File, path: &Path, what: Kept) -> Result<Database, StoreError> {
    Database::builder().create_file(file).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { what, path: path.to_owned() },
        DatabaseError::Storage(redb::StorageError::Io(source)) if source.kind() != io::ErrorKind::InvalidData => {
            StoreError::Open { what, path: path.to_owned(), source }
        }
        other => StoreError::NotThis { what, path: path.to_owned(), reason: other.to_string() },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_left_half_made_is_made_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        // As redb leaves it when it is killed before it has written its magic number.
        let file = private::open(&unfinished(&path), true, Kept::Ledger).unwrap();
        file.set_len(1 << 20).unwrap();
        drop(file);
        drop(open(&path, true, Kept::Ledger).unwrap());
        assert!(path.exists() && !unfinished(&path).exists());
        drop(open(&path, false, Kept::Ledger).unwrap());
    }

    #[test]
    fn a_name_that_is_left_over_does_no_harm_to_the_store_that_it_names() {
        let folder = tempfile::tempdir().unwrap();
        let (path, kept) = (folder.path().join("ledger.redb"), folder.path().join("kept.redb"));
        drop(open(&path, true, Kept::Ledger).unwrap());
        // Killed between giving it its name and taking the other one away; then put aside by somebody.
        std::fs::hard_link(&path, unfinished(&path)).unwrap();
        std::fs::rename(&path, &kept).unwrap();
        drop(open(&path, true, Kept::Ledger).unwrap());
        drop(open(&kept, false, Kept::Ledger).unwrap());
        assert!(std::fs::metadata(&path).unwrap().ino() != std::fs::metadata(&kept).unwrap().ino());
    }

    #[test]
    fn one_that_has_failed_is_opened_again() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("ledger.redb"), true, Kept::Ledger).unwrap();
        let fails = |error: redb::Error| store.with(|_| Err::<(), _>(error));
        let works = || store.with(|database| Ok(database.begin_write()?.commit()?));
        works().unwrap();
        assert!(fails(redb::Error::PreviousIo).is_err());
        works().unwrap();
        // It is no place any more, and then it is again.
        assert!(fails(redb::Error::Io(io::Error::other("no space"))).is_err());
        let path = store.path().to_owned();
        std::fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        assert!(matches!(works(), Err(StoreError::Open { .. })));
        std::fs::rename(folder.path().join("elsewhere"), &path).unwrap();
        works().unwrap();
    }

    #[test]
    fn one_that_another_is_making_is_in_use_and_something_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.redb");
        let other = private::open(&unfinished(&path), true, Kept::Ledger).unwrap();
        other.lock().unwrap();
        assert!(matches!(open(&path, true, Kept::Ledger), Err(StoreError::InUse { .. })));
        drop(other);
        private::open(&path, true, Kept::Ledger).unwrap().set_len(1 << 20).unwrap();
        assert!(matches!(open(&path, true, Kept::Ledger), Err(StoreError::NotThis { .. })));
    }
}
