//! Stored objects: files, folders of files, standard input, and objects in S3.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::objects::Ticket;
use super::s3::{BadUrl, Listed, Remote, S3Url};

/// Ends of the names of files that a folder is searched for; a file that is named itself may be called anything.
pub(super) const NAME_ENDS: [&str; 6] = [".json", ".json.gz", ".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"];

/// What a person named as input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// Standard input.
    Stdin,
    /// A file or a folder.
    Path(PathBuf),
    /// What is written as a URL of S3, and may be none.
    S3(Result<S3Url, (String, BadUrl)>),
}

impl Input {
    /// What standard input is called.
    const STDIN: &str = "-";
}

impl From<PathBuf> for Input {
    fn from(path: PathBuf) -> Self {
        if path.as_os_str() == Self::STDIN {
            return Self::Stdin;
        }
        match path.to_str().filter(|text| text.starts_with(S3Url::SCHEME)) {
            Some(url) => Self::S3(url.parse().map_err(|error| (url.to_owned(), error))),
            None => Self::Path(path),
        }
    }
}

/// Something that was named and can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {source}", path.display())]
pub struct InputError {
    /// Where.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredObject {
    stored: Stored,
    bytes: Option<u64>,
    ticket: Option<Ticket>,
}

/// Where an object is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Stored {
    Stdin,
    File(PathBuf),
    S3(Arc<Remote>),
}

impl StoredObject {
    /// Its name: the path as it was found, `-` for standard input, a URL of S3.
    pub fn name(&self) -> String {
        match &self.stored {
            Stored::Stdin => Input::STDIN.to_owned(),
            Stored::File(path) => path.display().to_string(),
            Stored::S3(remote) => remote.url().to_string(),
        }
    }

    /// The object of a name that [`StoredObject::lasting_name`] gave.
    pub fn of_lasting_name(name: &str) -> Self {
        Self { stored: Stored::File(name.into()), bytes: None, ticket: None }
    }

    /// The name by which an object that is called so can be opened again, whatever the working folder. None where it can't:
    /// what came from standard input or a pipe is gone, a path that is no text is not its own name, and who opens it again later need
    /// not have the rights in S3 that are here now.
    pub fn lasting_name(name: &str) -> Option<String> {
        if name == Input::STDIN || name.starts_with(S3Url::SCHEME) {
            return None;
        }
        let path = std::path::absolute(name).ok()?;
        let is_file = std::fs::metadata(&path).is_ok_and(|metadata| metadata.is_file());
        path.into_os_string().into_string().ok().filter(|_| is_file)
    }

    /// A file of which its source wants to hear what became.
    pub(super) fn ticketed(path: PathBuf, bytes: u64, ticket: Ticket) -> Self {
        Self { stored: Stored::File(path), bytes: Some(bytes), ticket: Some(ticket) }
    }

    /// By which its source knows it, where that wants to hear what became of it.
    pub fn ticket(&self) -> Option<Ticket> {
        self.ticket
    }

    /// Its size in bytes as it is stored, where that is known before it is read.
    pub fn bytes(&self) -> Option<u64> {
        self.bytes
    }

    /// Opens it.
    ///
    /// # Errors
    /// It is gone, or may not be read.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, InputError> {
        match &self.stored {
            Stored::Stdin => Ok(Box::new(io::stdin())),
            Stored::File(path) => {
                let file = File::open(path).map_err(|source| InputError { path: path.clone(), source })?;
                Ok(Box::new(file))
            }
            Stored::S3(remote) => remote.open().map_err(|source| InputError { path: remote.url().to_string().into(), source }),
        }
    }

    /// Says that it will be opened soon: one that is far away begins to come.
    pub fn begin(&self) {
        if let Stored::S3(remote) = &self.stored {
            remote.begin();
        }
    }
}

/// The objects that inputs stand for.
#[derive(Debug, Default)]
pub struct Inputs {
    /// The objects, in the order of the inputs, those of a folder in the order of their paths.
    pub objects: Vec<StoredObject>,
    /// What can't be read.
    pub errors: Vec<InputError>,
    /// Files in folders whose names are not those of records.
    pub left_alone: u64,
}

impl Inputs {
    /// Finds the objects on this machine.
    pub fn find(inputs: impl IntoIterator<Item = Input>) -> Self {
        Self::find_with(inputs, |_| {
            Err(io::Error::other("only `trailwarden scan` reads from S3: copy the objects into a folder"))
        })
    }

    /// Finds the objects; `list` those in S3.
    pub fn find_with(inputs: impl IntoIterator<Item = Input>, mut list: impl FnMut(&S3Url) -> io::Result<Listed>) -> Self {
        let mut found = Self::default();
        for input in inputs {
            match input {
                Input::Stdin => found.objects.push(StoredObject { stored: Stored::Stdin, bytes: None, ticket: None }),
                Input::Path(path) => found.add_path(&path),
                Input::S3(Ok(url)) => match list(&url) {
                    Ok(listed) => found.add_listed(&url, listed),
                    Err(source) => found.errors.push(InputError { path: url.to_string().into(), source }),
                },
                Input::S3(Err((text, error))) => {
                    found.errors.push(InputError { path: text.into(), source: io::Error::other(error) });
                }
            }
        }
        found
    }

    fn add_listed(&mut self, url: &S3Url, Listed { objects, left_alone }: Listed) {
        if objects.is_empty() {
            let source = io::Error::new(
                io::ErrorKind::NotFound,
                format!("there is nothing to read; {left_alone} objects were left alone"),
            );
            self.errors.push(InputError { path: url.to_string().into(), source });
        }
        self.left_alone += left_alone;
        let object = |(remote, bytes)| StoredObject { stored: Stored::S3(Arc::new(remote)), bytes: Some(bytes), ticket: None };
        self.objects.extend(objects.into_iter().map(object));
    }

    /// The sizes of all objects together, where all are known.
    pub fn total_bytes(&self) -> Option<u64> {
        self.objects.iter().map(StoredObject::bytes).sum()
    }

    fn add_path(&mut self, root: &Path) {
        for entry in WalkDir::new(root).sort_by_file_name().follow_links(true) {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    let path = error.path().unwrap_or(root).to_owned();
                    // A loop of symbolic links is the only error without an operating system's error.
                    let source = error.into_io_error().unwrap_or_else(|| io::Error::other("a loop of symbolic links"));
                    self.errors.push(InputError { path, source });
                    continue;
                }
            };
            if entry.file_type().is_dir() {
                continue;
            }
            let is_named_itself = entry.depth() == 0;
            let name = entry.file_name().to_string_lossy();
            if !is_named_itself && !NAME_ENDS.iter().any(|end| name.ends_with(end)) {
                self.left_alone += 1;
                continue;
            }
            let bytes = entry.metadata().ok().filter(std::fs::Metadata::is_file).map(|metadata| metadata.len());
            self.objects.push(StoredObject { stored: Stored::File(entry.into_path()), bytes, ticket: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &Inputs, root: &Path) -> Vec<String> {
        let relative = |name: String| name.strip_prefix(&format!("{}/", root.display())).map(str::to_owned).unwrap_or(name);
        inputs.objects.iter().map(|object| relative(object.name())).collect()
    }

    #[test]
    fn folders_give_their_records_in_order_and_count_the_rest() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::create_dir(root.join("b")).unwrap();
        for name in ["c.json.gz", "b/x.jsonl", "a.json", "README.md", "b/.hidden"] {
            std::fs::write(root.join(name), "x").unwrap();
        }
        let found = Inputs::find([Input::from(root.to_owned())]);
        assert_eq!(names(&found, root), ["a.json", "b/x.jsonl", "c.json.gz"]);
        assert_eq!((found.left_alone, found.errors.len(), found.total_bytes()), (2, 0, Some(3)));
    }

    #[test]
    fn a_file_that_is_named_itself_may_be_called_anything() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("records.txt");
        std::fs::write(&path, "{}").unwrap();
        let found = Inputs::find([Input::from(path), Input::from(PathBuf::from("-"))]);
        assert_eq!(names(&found, folder.path()), ["records.txt", "-"]);
        assert_eq!(found.total_bytes(), None);
    }

    #[test]
    fn a_missing_path_is_an_error_and_costs_the_others_nothing() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.json"), "{}").unwrap();
        let found = Inputs::find([Input::from(folder.path().join("nowhere")), Input::from(folder.path().to_owned())]);
        assert_eq!(found.objects.len(), 1);
        assert!(found.errors[0].to_string().contains("nowhere"));
    }
}
