//! Machine code that was compiled before.
//!
//! Takes a policy's digest and gives the code that this host made of it, or nothing. An entry's name and content hold a key: the SHA-256 of
//! the policy's file, the engine's fingerprint, the host's version and the versions of all that it is built of. So no entry is ever out of
//! date, only unused.
//!
//! Code is run, so who can write an entry can do all that the host can. Two things keep that apart from corruption:
//!
//! - Others cannot write: the folder belongs to the host's user and nobody else can write to it (see [`folder`]), or it is not used.
//! - What is damaged is noticed: the SHA-256 of the whole content is verified on the open file, and the code is mapped from the
//!   same open file. An entry that fails is deleted, reported and compiled again. The digest stands beside what it is the digest of, so it
//!   guards against disks and half-written files, and not against an attacker.
//!
//! An entry gets its name when it is complete, by a rename, and is never written to again.

mod entry;
mod folder;

use std::fs::{File, Permissions};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

pub use entry::{BadEntry, Description};
pub use folder::{FileError, FolderError};

use crate::digest::Digest;
use crate::engine::{Artefact, Engine};
use folder::{PrivateFolder, Unfinished};

/// How entries' names end.
const ENDING: &str = ".code";
/// The versions of everything that the host is built of: a correction in the compiler makes another host.
const DEPENDENCIES: &str = include_str!("../../../../Cargo.lock");
/// How much older a note of an entry's use may be before it is renewed.
const USE_NOTED: Duration = Duration::from_secs(3_600);
/// After what time a file that is not finished is taken to be left behind.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

/// Where machine code is kept.
#[derive(Debug)]
pub struct Cache {
    place: Place,
    host: Digest,
}

#[derive(Debug)]
enum Place {
    Folder(PrivateFolder),
    Nowhere,
}

/// Which code is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key(String);

/// What there is under a key.
pub enum Found {
    /// Verified code.
    Code(Artefact, Description),
    /// Nothing.
    Absent,
    /// Something that is not trusted, and was deleted.
    Bad {
        /// The entry.
        path: PathBuf,
        /// What is wrong.
        reason: Bad,
    },
}

/// Why an entry is not trusted.
#[derive(Debug, thiserror::Error)]
pub enum Bad {
    /// The file.
    #[error(transparent)]
    File(#[from] FileError),
    /// Its content.
    #[error(transparent)]
    Content(#[from] BadEntry),
}

/// A file for code that is to be made.
pub struct NewCode(Target);

enum Target {
    InFolder(Unfinished),
    Nameless(File),
}

impl Cache {
    /// The cache in a folder, which is made where it is missing, for a host with this engine.
    ///
    /// # Errors
    /// The folder can't be used safely.
    pub fn in_folder(path: &Path, engine: &Engine) -> Result<Self, FolderError> {
        Ok(Self { place: Place::Folder(PrivateFolder::open(path)?), host: host(engine) })
    }

    /// No cache: code lies in temporary files without names, which are gone with the process.
    pub fn nowhere(engine: &Engine) -> Self {
        Self { place: Place::Nowhere, host: host(engine) }
    }

    /// The folder, if there is one.
    pub fn folder(&self) -> Option<&Path> {
        match &self.place {
            Place::Folder(folder) => Some(folder.path()),
            Place::Nowhere => None,
        }
    }

    /// The key of the code that this host makes of a policy's file.
    pub fn key(&self, policy: Digest) -> Key {
        Key(hexadecimal(Digest::of_parts(&[self.host.as_bytes(), policy.as_bytes()])))
    }

    /// Looks for code of at most so many bytes. Larger code is not there: what the limit means for the policy is said by who
    /// compiles it.
    pub fn find(&self, key: &Key, limit: u64) -> Found {
        let Place::Folder(folder) = &self.place else { return Found::Absent };
        let name = key.name();
        let content = folder.file(&name).and_then(|file| match file {
            Some(file) if file.metadata()?.len() > limit.saturating_add(TRAILER_BYTES) => Ok(None),
            Some(mut file) => Ok(Some((content(&mut file, limit)?, file))),
            None => Ok(None),
        });
        let verified = match content {
            Ok(None) => return Found::Absent,
            Ok(Some((content, file))) => entry::parse(content, &key.0).map(|parsed| (file, parsed)).map_err(Bad::from),
            Err(error) => Err(Bad::from(error)),
        };
        match verified {
            Ok((_, (code, _))) if code.len() as u64 > limit => Found::Absent,
            Ok((file, (code, description))) => {
                note_use(&file);
                Found::Code(vouch(file, code), description)
            }
            Err(reason) => {
                let path = folder.path().join(&name);
                // Where it can't be deleted, the new code is renamed over it, or that fails and is reported.
                let _ = folder.remove(name.as_bytes());
                Found::Bad { path, reason }
            }
        }
    }

    /// A new file for code.
    ///
    /// # Errors
    /// There is no room for one.
    pub fn new_code(&self) -> io::Result<NewCode> {
        match &self.place {
            Place::Folder(folder) => Ok(NewCode(Target::InFolder(folder.unfinished()?))),
            Place::Nowhere => self.new_code_elsewhere(),
        }
    }

    /// A new file for code that can't be kept in the folder.
    ///
    /// # Errors
    /// There is no room for one.
    pub fn new_code_elsewhere(&self) -> io::Result<NewCode> {
        Ok(NewCode(Target::Nameless(tempfile::tempfile()?)))
    }

    /// Takes in what a compilation that succeeded has written, so many bytes. The inner error says why the code was not kept for the
    /// next time.
    ///
    /// # Errors
    /// The code can't be read back, or has another length.
    pub fn keep(&self, code: NewCode, bytes: u64, description: &Description) -> io::Result<(Artefact, Option<io::Error>)> {
        match (code.0, &self.place) {
            (Target::InFolder(mut unfinished), Place::Folder(folder)) => {
                let code = whole(&mut unfinished.file, bytes)?;
                let trailer = entry::trailer(&code, description)?;
                let sealed = unfinished.file.write_all(&trailer);
                let sealed = sealed.and_then(|()| unfinished.file.set_permissions(Permissions::from_mode(0o400)));
                // Whatever happens to its name, the file stays open.
                let file = unfinished.file.try_clone()?;
                let kept = match sealed {
                    Ok(()) => folder.finish(unfinished, &format!("{}{ENDING}", description.key)),
                    Err(error) => folder.abandon(unfinished).and(Err(error)),
                };
                Ok((vouch(file, code), kept.err()))
            }
            (Target::InFolder(Unfinished { mut file, .. }) | Target::Nameless(mut file), _) => {
                let code = whole(&mut file, bytes)?;
                Ok((vouch(file, code), None))
            }
        }
    }

    /// Changes what is known of the code under a key, if it is there. The entry is written anew and takes the place of the other.
    ///
    /// # Errors
    /// The entry was damaged meanwhile, or the new one can't be kept; the other stays then.
    pub fn amend(&self, key: &Key, limit: u64, amend: impl FnOnce(&mut Description)) -> io::Result<()> {
        let (artefact, mut description) = match self.find(key, limit) {
            Found::Code(artefact, description) => (artefact, description),
            Found::Absent => return Ok(()),
            Found::Bad { reason, .. } => return Err(io::Error::other(reason)),
        };
        amend(&mut description);
        let new = self.new_code()?;
        if let Err(error) = new.file().write_all(artefact.code()) {
            self.give_up(new)?;
            return Err(error);
        }
        let (_, not_kept) = self.keep(new, artefact.code().len() as u64, &description)?;
        not_kept.map_or(Ok(()), Err)
    }

    /// Gives up a file for code of which nothing came.
    ///
    /// # Errors
    /// It can't be deleted.
    pub fn give_up(&self, code: NewCode) -> io::Result<()> {
        match (code.0, &self.place) {
            (Target::InFolder(unfinished), Place::Folder(folder)) => folder.abandon(unfinished).map(drop),
            (Target::InFolder(_) | Target::Nameless(_), _) => Ok(()),
        }
    }

    /// Deletes an entry.
    ///
    /// # Errors
    /// It can't be deleted.
    pub fn remove(&self, key: &Key) -> io::Result<()> {
        match &self.place {
            Place::Folder(folder) => folder.remove(key.name().as_bytes()),
            Place::Nowhere => Ok(()),
        }
    }

    /// Deletes the entries that were used longest ago, until the others have no more bytes than this, and what crashed hosts left
    /// behind. Code that is in use stays mapped.
    ///
    /// # Errors
    /// The folder can't be listed, or an entry not deleted.
    pub fn trim(&self, bytes: u64) -> io::Result<()> {
        let Place::Folder(folder) = &self.place else { return Ok(()) };
        let (unfinished, mut entries): (Vec<_>, Vec<_>) = folder.list()?.into_iter().partition(|file| file.is_unfinished);
        let is_left_behind = |used: SystemTime| used.elapsed().is_ok_and(|age| age > LEFT_BEHIND);
        for file in unfinished.into_iter().filter(|file| is_left_behind(file.used)) {
            folder.remove(&file.name)?;
        }
        entries.retain(|file| file.name.ends_with(ENDING.as_bytes()));
        entries.sort_by_key(|file| file.used);
        let mut total: u64 = entries.iter().map(|file| file.bytes).sum();
        for file in entries {
            if total <= bytes {
                break;
            }
            folder.remove(&file.name)?;
            total -= file.bytes;
        }
        Ok(())
    }
}

impl Key {
    /// The digits that entries hold.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn name(&self) -> String {
        format!("{}{ENDING}", self.0)
    }
}

impl NewCode {
    /// The file, for a process to write the code to.
    pub fn file(&self) -> &File {
        match &self.0 {
            Target::InFolder(Unfinished { file, .. }) | Target::Nameless(file) => file,
        }
    }
}

/// What makes code of one host unfit for another.
fn host(engine: &Engine) -> Digest {
    let parts = [env!("CARGO_PKG_VERSION").as_bytes(), DEPENDENCIES.as_bytes(), engine.fingerprint().as_bytes()].map(Digest::of);
    Digest::of_parts(&parts.each_ref().map(|part| part.as_bytes().as_slice()))
}

fn hexadecimal(digest: Digest) -> String {
    digest.to_string().trim_start_matches("sha256:").to_owned()
}

/// The whole content of a file, of which at most so many bytes are code.
fn content(file: &mut File, limit: u64) -> io::Result<Vec<u8>> {
    let bytes = file.metadata()?.len();
    let mut content = Vec::with_capacity(usize::try_from(bytes.min(limit)).unwrap_or_default());
    file.rewind()?;
    file.take(limit.saturating_add(TRAILER_BYTES)).read_to_end(&mut content)?;
    Ok(content)
}

/// The content of a file that must have so many bytes.
fn whole(file: &mut File, bytes: u64) -> io::Result<Vec<u8>> {
    let content = content(file, bytes)?;
    if content.len() as u64 == bytes { Ok(content) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Bytes that may follow the code: a page of names.
const TRAILER_BYTES: u64 = 1 << 20;

/// Notes that an entry was used, for [`Cache::trim`], once in a while.
fn note_use(file: &File) {
    let noted = file.metadata().and_then(|metadata| metadata.modified());
    if noted.is_ok_and(|noted| noted.elapsed().is_ok_and(|age| age > USE_NOTED)) {
        // Where it can't be noted, as on a file system that is mounted read-only, nothing is deleted either.
        let _ = file.set_modified(SystemTime::now());
    }
}

#[allow(unsafe_code, reason = "the one place that vouches for machine code")]
fn vouch(file: File, code: Vec<u8>) -> Artefact {
    // SAFETY: `code` is what our compiler's process wrote, for a host with this engine's fingerprint. Either that
    // process has just ended with a report of success (`keep`), or the content has the SHA-256 that we wrote behind it then,
    // and the same key (`find`), or it is our copy of such content (`amend`). `file` is that very file, held open. It is changed by nobody: we write to a file only before
    // it has its name, and delete by name only, which leaves the open file as it is; and others can't, because the file
    // belongs to our user, in a folder of our user's (`PrivateFolder`) or without any name (`tempfile`). Our own user, and
    // root, can change the file nevertheless, as they can change the host itself.
    unsafe { Artefact::new(file, code) }
}

#[cfg(test)]
mod tests;
