//! What can go wrong, in words for the person who runs the server.

use std::error::Error;
use std::path::PathBuf;

use stagedoor_model::Revision;

/// Why the store did not do what was asked. Nothing was written, unless said otherwise.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// Another writer was ahead: read its commits and try again.
    #[error("the catalog has moved on to revision {head}")]
    Behind {
        /// The revision of the last commit.
        head: Revision,
    },
    /// Two entities would have the same reference.
    #[error("two entities would have the reference \"{0}\"")]
    Taken(String),
    /// Another process works with the database.
    #[error(
        "{} is in use by another running Stagedoor{}: stop that one or choose another data directory",
        .path.display(),
        .process.as_ref().map(|id| format!(" (process {id})")).unwrap_or_default()
    )]
    InUse {
        /// The database.
        path: PathBuf,
        /// Its process id, when it is known.
        process: Option<u32>,
    },
    /// The database has been used by a newer program.
    #[error(
        "{} was written by a newer Stagedoor (schema {found}; this program knows up to {known}): \
         start the newer program, or restore a backup made by this one",
        .path.display()
    )]
    NewerSchema {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        found: i64,
        /// The newest one that this program knows.
        known: i64,
    },
    /// The file is a database of some other program, or none at all.
    #[error("{} is not a Stagedoor database", .path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// A file or folder could not be created or opened.
    #[error("cannot open the database {}: {reason}", .path.display())]
    Unusable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// No space is left.
    #[error("no space is left for the database {}", .path.display())]
    Full {
        /// The database.
        path: PathBuf,
    },
    /// The file, its folder or its disk is read-only.
    #[error("the database {} is read-only", .path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// The database does not answer. Nothing was written.
    #[error("the database {} cannot be reached: {reason}", .path.display())]
    Unreachable {
        /// The database.
        path: PathBuf,
        /// What the system or the database says.
        reason: String,
    },
    /// The connection broke while a commit was being stored, and it cannot be asked whether it was.
    #[error("the connection to the database {} was lost while storing: whether it is stored is not known", .path.display())]
    Unknown {
        /// The database.
        path: PathBuf,
    },
    /// A backup or a restore would lose something.
    #[error("{0}")]
    Refused(String),
    /// Something stored can't be read back.
    #[error("the database is damaged: {0}")]
    Damaged(String),
    /// Any other failure of the database.
    #[error("the database failed: {0}")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
}
