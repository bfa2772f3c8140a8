//! Opening a store's file.

use std::path::Path;

use redb::{Database, DatabaseError};

use super::error::{Kept, StoreError};
use super::private;

/// Opens the database in a file. Where `create` is set it is made if it is not there.
///
/// # Errors
/// It can't be opened, is not private, is in use, or is something else.
pub(super) fn open(path: &Path, create: bool, what: Kept) -> Result<Database, StoreError> {
    let file = private::open(path, create, what)?;
    Database::builder().create_file(file).map_err(|error| match error {
        DatabaseError::DatabaseAlreadyOpen => StoreError::InUse { what, path: path.to_owned() },
        DatabaseError::Storage(redb::StorageError::Io(source)) if source.kind() != std::io::ErrorKind::InvalidData => {
            StoreError::Open { what, path: path.to_owned(), source }
        }
        other => StoreError::NotThis { what, path: path.to_owned(), reason: other.to_string() },
    })
}
