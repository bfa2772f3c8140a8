//! Where objects come from.
//!
//! Takes what a person named (files, folders, standard input), gives objects in a fixed order, each with a name and a
//! reader of its bytes. Of a running host's folders ([`Folders`]) it gives each file once. Knows nothing of records and nothing of
//! Wasm.

mod files;
mod folder;
mod objects;

pub use files::{Input, InputError, Inputs, StoredObject};
pub use folder::{Folder, FolderObjects, Folders, Found, Listener, Problem};
pub use objects::{Next, Objects, Ticket};
