//! Where objects come from.
//!
//! Takes what a person named (files, folders, standard input, URLs of S3), gives objects in a fixed order, each with a name and a
//! reader of its bytes. Of a running host's folders ([`Folders`]) it gives each file once. Knows nothing of records and nothing of
//! Wasm.

mod files;
mod folder;
mod objects;
mod s3;

pub use files::{Input, InputError, Inputs, StoredObject};
pub use folder::{Folder, FolderObjects, Folders, Found, Listener, Problem};
pub use objects::{Next, Objects, Ticket};
pub use s3::{BadUrl, Listed, LogKey, Remote, S3, S3Url, Wanted};
