//! Looking at a database without changing anything of it.

use std::path::Path;

use stagedoor_store::StoreError;

use crate::{postgres, sqlite};

/// What a look at a database tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Version of the database server; `None` for the embedded database.
    pub server: Option<String>,
    /// Version of its schema, 0 when there is none yet.
    pub schema: i64,
    /// The newest schema that this program knows.
    pub known: i64,
}

/// Looks at the file of an embedded database; `None` when there is none.
///
/// # Errors
/// What would keep a server from using it: another one that does, a newer schema, another program's file.
pub fn inspect_file(path: &Path) -> Result<Option<Inspection>, StoreError> {
    sqlite::inspect(path)
}

/// Connects to a PostgreSQL database and looks at its schema.
///
/// # Errors
/// As [`crate::PostgresStore::open`].
pub fn inspect_url(url: &str) -> Result<Inspection, StoreError> {
    postgres::inspect(url)
}
