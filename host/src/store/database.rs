//! Opening a store's file.
//!
//! A store is made beside its place and then renamed into it: whoever is killed while a store is being made leaves nothing there that
//! the next one can't open.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use redb::{Database, DatabaseError};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use super::error::{Kept, StoreError};
use super::private;

/// Opens the database in a file. Where `create` is set it is made if it is not there.
///
/// # Errors
/// It can't be opened, is not private, is in use, or is something else.
pub(super) fn open(path: &Path, create: bool, what: Kept) -> Result<Database, StoreError> {
    if create && std::fs::symlink_metadata(path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
        make(path, what)?;
    }
    database(private::open(path, create, what)?, path, what)
}

/// Makes an empty database and puts it into its place, unless somebody else was faster.
fn make(path: &Path, what: Kept) -> Result<(), StoreError> {
    let unfinished = unfinished(path);
    let failed = |source: io::Error| StoreError::Open { what, path: unfinished.clone(), source };
    let file = private::open(&unfinished, true, what)?;
    file.try_lock().map_err(|error| match error {
        TryLockError::WouldBlock => StoreError::InUse { what, path: path.to_owned() },
        TryLockError::Error(source) => failed(source),
    })?;
    // What is there was left behind by one who was killed.
    file.set_len(0).map_err(failed)?;
    drop(database(file, path, what)?);
    match renameat_with(CWD, &unfinished, CWD, path, RenameFlags::NOREPLACE) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(error) => return Err(failed(error.into())),
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
