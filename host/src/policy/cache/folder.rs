//! A folder that nobody else can write to.
//!
//! What lies in it is run, so it is checked once, when it is opened, and only reached through that open folder afterwards: a path could
//! lead elsewhere by then.

use std::ffi::OsStr;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat, fstat, open, openat, renameat, statat, unlinkat};
use rustix::io::Errno;
use rustix::process::geteuid;

/// How the name of a file begins that is not finished.
const UNFINISHED: &str = ".unfinished-";
/// Permission to write for the group or for all.
const WRITABLE_BY_OTHERS: u32 = 0o022;

/// Why a folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It can't be made or opened.
    #[error("{} can't be used: {error}", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// It is a symbolic link: who can replace the link decides where the folder is.
    #[error("{} is a symbolic link: name the folder that it leads to", .path.display())]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// It is somebody else's.
    #[error("{} belongs to the user {owner} and not to {user}, who runs this: what lies there can't be trusted", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// The user of this process.
        user: u32,
    },
    /// Others can write to it.
    #[error("{} can be written by others (mode {mode:03o}): make it private with `chmod 700`, after emptying it", .path.display())]
    Open {
        /// The folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
}

/// Why a file in the folder is not taken.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system can't open or read it.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// It is no regular file of ours that only we can write.
    #[error("it is not a regular file that belongs to this user alone")]
    NotOurs,
}

/// An open folder that belongs to this process's user and that nobody else can write to.
#[derive(Debug)]
pub struct PrivateFolder {
    path: PathBuf,
    folder: OwnedFd,
    unfinished: AtomicU64,
}

/// A file that is being written, under a name that nobody looks for.
pub struct Unfinished {
    /// Open for reading and writing.
    pub file: File,
    name: String,
}

/// A file in the folder.
#[derive(Debug)]
pub struct Listed {
    /// Its name.
    pub name: Vec<u8>,
    /// Its size in bytes.
    pub bytes: u64,
    /// When it was last used, or written if that was later.
    pub used: SystemTime,
    /// Whether it is not finished.
    pub is_unfinished: bool,
}

impl PrivateFolder {
    /// Opens a folder, which is made where it is missing.
    ///
    /// # Errors
    /// It is not private or can't be opened.
    pub fn open(path: &Path) -> Result<Self, FolderError> {
        let failed = |error: io::Error| FolderError::Io { path: path.to_owned(), error };
        DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(failed)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let folder = open(path, flags, Mode::empty()).map_err(|error| {
            // A link is refused by one of two errors, both of which also say something else.
            let is_link = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_symlink());
            if is_link { FolderError::Link { path: path.to_owned() } } else { failed(error.into()) }
        })?;
        let stat = fstat(&folder).map_err(|error| failed(error.into()))?;
        let (owner, user) = (stat.st_uid, geteuid().as_raw());
        let mode = Mode::from_raw_mode(stat.st_mode).as_raw_mode();
        if owner != user {
            return Err(FolderError::Foreign { path: path.to_owned(), owner, user });
        }
        if mode & WRITABLE_BY_OTHERS != 0 {
            return Err(FolderError::Open { path: path.to_owned(), mode });
        }
        Ok(Self { path: path.to_owned(), folder, unfinished: AtomicU64::new(0) })
    }

    /// The path under which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens a file for reading, if it is there.
    pub fn file(&self, name: &str) -> Result<Option<File>, FileError> {
        // Whatever lies under the name: a link is not followed, and a pipe not waited for.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match openat(&self.folder, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT) => return Ok(None),
            Err(Errno::LOOP) => return Err(FileError::NotOurs),
            Err(error) => return Err(FileError::Io(error.into())),
        };
        let stat = fstat(&file).map_err(io::Error::from)?;
        if is_ours(&stat) { Ok(Some(file.into())) } else { Err(FileError::NotOurs) }
    }

    /// Makes a new file.
    pub fn unfinished(&self) -> io::Result<Unfinished> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        loop {
            let number = self.unfinished.fetch_add(1, Ordering::Relaxed);
            let name = format!("{UNFINISHED}{}-{number}", std::process::id());
            match openat(&self.folder, &name, flags, Mode::RUSR | Mode::WUSR) {
                Ok(file) => return Ok(Unfinished { file: file.into(), name }),
                // Left behind by a process of the same number.
                Err(Errno::EXIST) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Gives a file its name, in place of whatever has it.
    pub fn finish(&self, unfinished: Unfinished, name: &str) -> io::Result<File> {
        match renameat(&self.folder, &unfinished.name, &self.folder, name) {
            Ok(()) => Ok(unfinished.file),
            Err(error) => {
                self.abandon(unfinished)?;
                Err(error.into())
            }
        }
    }

    /// Removes a file that will not be finished; what is open of it stays.
    pub fn abandon(&self, unfinished: Unfinished) -> io::Result<File> {
        self.remove(unfinished.name.as_bytes())?;
        Ok(unfinished.file)
    }

    /// Removes a file; that it is not there is no error.
    pub fn remove(&self, name: &[u8]) -> io::Result<()> {
        match unlinkat(&self.folder, OsStr::from_bytes(name), AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Its regular files.
    pub fn list(&self) -> io::Result<Vec<Listed>> {
        let mut files = Vec::new();
        for entry in Dir::read_from(&self.folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let stat = match statat(&self.folder, name, AtFlags::SYMLINK_NOFOLLOW) {
                Ok(stat) => stat,
                // Another process removed it meanwhile.
                Err(Errno::NOENT) => continue,
                Err(error) => return Err(error.into()),
            };
            if FileType::from_raw_mode(stat.st_mode).is_file() {
                let name = name.to_bytes().to_owned();
                let is_unfinished = name.starts_with(UNFINISHED.as_bytes());
                let seconds = u64::try_from(stat.st_mtime).unwrap_or_default();
                let used = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
                files.push(Listed { name, bytes: u64::try_from(stat.st_size).unwrap_or_default(), used, is_unfinished });
            }
        }
        Ok(files)
    }
}

fn is_ours(stat: &Stat) -> bool {
    let is_writable_by_others = Mode::from_raw_mode(stat.st_mode).as_raw_mode() & WRITABLE_BY_OTHERS != 0;
    FileType::from_raw_mode(stat.st_mode).is_file() && stat.st_uid == geteuid().as_raw() && !is_writable_by_others
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_folder_is_made_private() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("a/b");
        PrivateFolder::open(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_folder_that_others_can_write_to_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o777, 0o770, 0o702] {
            fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(PrivateFolder::open(folder.path()), Err(FolderError::Open { mode: found, .. }) if found == mode));
        }
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        PrivateFolder::open(folder.path()).unwrap();
    }

    #[test]
    fn a_link_to_a_folder_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let (folder, link) = (parent.path().join("folder"), parent.path().join("link"));
        PrivateFolder::open(&folder).unwrap();
        symlink(&folder, &link).unwrap();
        assert!(matches!(PrivateFolder::open(&link), Err(FolderError::Link { .. })));
    }

    #[test]
    fn a_folder_of_somebody_else_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        if std::os::unix::fs::chown(folder.path(), Some(1), None).is_err() {
            // Only root can give a folder away; everybody else has root's own to try.
            assert!(matches!(PrivateFolder::open(Path::new("/")), Err(FolderError::Foreign { owner: 0, .. })));
            return;
        }
        assert!(matches!(PrivateFolder::open(folder.path()), Err(FolderError::Foreign { owner: 1, .. })));
    }

    #[test]
    fn links_folders_and_files_that_others_can_write_to_are_not_taken() {
        let parent = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(&parent.path().join("private")).unwrap();
        let inside = |name: &str| folder.path().join(name);
        fs::write(parent.path().join("outside"), "x").unwrap();
        symlink("../outside", inside("link")).unwrap();
        fs::create_dir(inside("folder")).unwrap();
        fs::write(inside("open"), "x").unwrap();
        fs::set_permissions(inside("open"), fs::Permissions::from_mode(0o666)).unwrap();
        for name in ["link", "folder", "open"] {
            assert!(matches!(folder.file(name), Err(FileError::NotOurs)), "{name}");
        }
        assert!(folder.file("absent").unwrap().is_none());
    }

    #[test]
    fn a_file_has_its_name_when_it_is_finished_and_not_before() {
        let parent = tempfile::tempdir().unwrap();
        let folder = PrivateFolder::open(&parent.path().join("private")).unwrap();
        let (first, second) = (folder.unfinished().unwrap(), folder.unfinished().unwrap());
        assert!(folder.list().unwrap().iter().all(|file| file.is_unfinished));
        folder.finish(first, "name").unwrap();
        folder.abandon(second).unwrap();
        let names: Vec<_> = folder.list().unwrap().into_iter().map(|file| file.name).collect();
        assert_eq!(names, [b"name"]);
        folder.remove(b"name").unwrap();
        folder.remove(b"name").unwrap();
    }
}
