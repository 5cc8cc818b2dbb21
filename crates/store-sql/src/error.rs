//! What SQLite says, in the port's words.

use std::path::Path;

use rusqlite::ErrorCode;
use stagedoor_store::StoreError;

/// A failure on the way, before the database's path is put to it.
#[derive(Debug)]
pub(crate) enum Failure {
    Sql(rusqlite::Error),
    Store(StoreError),
}

pub(crate) type Outcome<T> = Result<T, Failure>;

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// For the caller of the store.
    pub(crate) fn explain(self, path: &Path) -> StoreError {
        let error = match self {
            Self::Store(error) => return error,
            Self::Sql(error) => error,
        };
        let path = path.to_owned();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full { path },
            Some(ErrorCode::ReadOnly) => StoreError::ReadOnly { path },
            Some(ErrorCode::NotADatabase) => StoreError::Foreign { path },
            Some(ErrorCode::CannotOpen) => StoreError::Unusable { path, reason: error.to_string() },
            Some(ErrorCode::DatabaseCorrupt) => StoreError::Damaged(format!("{}: {error}", path.display())),
            _ => StoreError::Failed(Box::new(error)),
        }
    }
}

/// Something stored that can't be read back.
pub(crate) fn damaged(what: &str, why: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("{what}: {why}"))
}
