//! A file that nobody else can read, in a folder that nobody else can write: a journal may hold whole records.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use super::error::{Kept, StoreError};

/// Permissions of everybody but the owner.
const OTHERS: u32 = 0o077;
/// Permission of everybody but the owner to write.
const OTHERS_WRITE: u32 = 0o022;

/// Opens the file for reading and writing. Where `create` is set it is made, with its folder, if it is not there.
///
/// # Errors
/// [`StoreError::Open`] or [`StoreError::NotPrivate`].
pub(super) fn open(path: &Path, create: bool, what: Kept) -> Result<File, StoreError> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source: io::Error| StoreError::Open { what, path, source }
    };
    if create {
        DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed(folder))?;
    }
    let metadata = std::fs::metadata(folder).map_err(failed(folder))?;
    if metadata.mode() & OTHERS_WRITE != 0 {
        let (flaw, remedy) = ("others may write into its folder", format!("chmod go-w {}", folder.display()));
        return Err(StoreError::NotPrivate { what, path: folder.to_owned(), flaw, remedy });
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(create).mode(0o600);
    // A link could lead to somebody else's file.
    options.custom_flags(rustix::fs::OFlags::NOFOLLOW.bits() as i32);
    let file = options.open(path).map_err(failed(path))?;
    let metadata = file.metadata().map_err(failed(path))?;
    if !metadata.is_file() {
        return Err(failed(path)(io::Error::other("it is no regular file")));
    }
    let remedy = |command: &str| format!("{command} {}", path.display());
    if metadata.uid() != rustix::process::geteuid().as_raw() {
        let flaw = "it belongs to another user";
        return Err(StoreError::NotPrivate { what, path: path.to_owned(), flaw, remedy: remedy("chown \"$USER\"") });
    }
    if metadata.mode() & OTHERS != 0 {
        let flaw = "others may read or write it";
        return Err(StoreError::NotPrivate { what, path: path.to_owned(), flaw, remedy: remedy("chmod 600") });
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn the_file_and_its_folder_are_made_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/journal");
        open(&path, true, Kept::Journal).unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().mode() & 0o777;
        assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
    }

    #[test]
    fn what_others_may_touch_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        assert!(matches!(open(&path, false, Kept::Journal), Err(StoreError::Open { .. })));
        open(&path, true, Kept::Journal).unwrap();
        set_mode(&path, 0o640);
        assert!(matches!(open(&path, true, Kept::Journal), Err(StoreError::NotPrivate { .. })));
        set_mode(&path, 0o600);
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(open(&link, true, Kept::Journal), Err(StoreError::Open { .. })));
        set_mode(folder.path(), 0o770);
        assert!(matches!(open(&path, true, Kept::Journal), Err(StoreError::NotPrivate { .. })));
    }
}
