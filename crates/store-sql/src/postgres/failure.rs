//! What PostgreSQL says, in the port's words.

use std::error::Error as _;
use std::path::Path;

use stagedoor_store::StoreError;
use tokio_postgres::error::SqlState;

/// A failure on the way, before the database's name is put to it.
#[derive(Debug)]
pub(super) enum Failure {
    Sql(tokio_postgres::Error),
    /// There is no connection, or none any more.
    Lost(String),
    Store(StoreError),
}

pub(super) type Outcome<T> = Result<T, Failure>;

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        if is_lost(&error) { Self::Lost(words(&error)) } else { Self::Sql(error) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    pub(super) fn is_lost(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// For the caller of the store.
    pub(super) fn explain(self, database: &Path) -> StoreError {
        let path = database.to_owned();
        let error = match self {
            Self::Store(error) => return error,
            Self::Lost(reason) => return StoreError::Unreachable { path, reason },
            Self::Sql(error) => error,
        };
        match error.code() {
            Some(&SqlState::DISK_FULL) => StoreError::Full { path },
            Some(&SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED) => {
                StoreError::Damaged(format!("{}: {}", path.display(), words(&error)))
            }
            _ => StoreError::Failed(words(&error).into()),
        }
    }
}

/// Whether another connection may do better: this one is broken, the server is coming up or going down, or it is
/// a stand-by that may only be read.
fn is_lost(error: &tokio_postgres::Error) -> bool {
    let Some(code) = error.code() else {
        return error.is_closed() || error.source().is_some_and(|cause| cause.is::<std::io::Error>());
    };
    let lost = [
        SqlState::ADMIN_SHUTDOWN,
        SqlState::CRASH_SHUTDOWN,
        SqlState::CANNOT_CONNECT_NOW,
        SqlState::TOO_MANY_CONNECTIONS,
        SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
        SqlState::READ_ONLY_SQL_TRANSACTION,
    ];
    lost.contains(code) || code.code().starts_with("08")
}

/// The message with its cause. Neither names the password.
pub(super) fn words(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), error.source()) {
        (Some(said), _) => format!("{} ({})", said.message(), said.code().code()),
        (None, Some(cause)) => format!("{error}: {cause}"),
        (None, None) => error.to_string(),
    }
}
