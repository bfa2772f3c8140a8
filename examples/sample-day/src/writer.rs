//! Puts the day's objects into a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::day::Day;

/// Why a day could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// Records of another day would be mixed with these.
    #[error("{} already holds records: remove it, or name another folder", .0.display())]
    AlreadyThere(PathBuf),
    /// The file system refused.
    #[error("cannot write {}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Writes every object below `out`, which is made if need be and must not hold records yet.
///
/// # Errors
/// The folder holds records already, or the file system refuses.
pub fn write(day: &Day, out: &Path) -> Result<(), WriteError> {
    let records = out.join("AWSLogs");
    let exists = records.try_exists().map_err(|source| WriteError::Io { path: records.clone(), source })?;
    if exists {
        return Err(WriteError::AlreadyThere(records));
    }
    for object in &day.objects {
        let path = out.join(&object.key);
        let failed = |source| WriteError::Io { path: path.clone(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        fs::write(&path, &object.bytes).map_err(failed)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::day::StoredObject;

    fn small_day() -> Day {
        let object = StoredObject { key: "AWSLogs/111122223333/a.json.gz".to_owned(), bytes: vec![1, 2, 3] };
        Day { objects: vec![object], distinct_records: 0, repeated_records: 0 }
    }

    #[test]
    fn objects_land_below_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("not/there/yet");
        write(&small_day(), &out).unwrap();
        assert_eq!(fs::read(out.join("AWSLogs/111122223333/a.json.gz")).unwrap(), [1, 2, 3]);
    }

    #[test]
    fn a_folder_that_holds_records_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        write(&small_day(), folder.path()).unwrap();
        let error = write(&small_day(), folder.path()).unwrap_err();
        assert!(matches!(error, WriteError::AlreadyThere(_)), "{error}");
    }
}
