//! A database of either kind, and what a person does with it beside running the portal.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use stagedoor_model::Revision;
use stagedoor_store::{Store, StoreError};

use crate::{PostgresStore, SqliteStore, postgres, sqlite};

/// Where a portal keeps its catalog. It has no `Debug`: a URL may hold a password.
#[derive(Clone)]
pub enum Database {
    /// A file, for one process.
    Sqlite(PathBuf),
    /// `postgres://...`, for any number of processes.
    Postgres(String),
}

/// The versions of a schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schema {
    /// The database, as messages name it.
    pub database: String,
    /// That of the database, 0 when it is empty or not there.
    pub found: i64,
    /// That of this program.
    pub known: i64,
    /// The migrations between them, in order.
    pub pending: Vec<&'static str>,
}

/// What a backup holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Its last commit.
    pub revision: Revision,
    /// How many entities.
    pub entities: u64,
    /// The size of the file.
    pub bytes: u64,
}

impl Database {
    /// Opens it, and brings its schema up to date.
    ///
    /// # Errors
    /// As [`SqliteStore::open`] and [`PostgresStore::open`].
    pub fn open(&self) -> Result<Arc<dyn Store>, StoreError> {
        Ok(match self {
            Self::Sqlite(path) => Arc::new(SqliteStore::open(path)?),
            Self::Postgres(url) => Arc::new(PostgresStore::open(url)?),
        })
    }

    /// Stores a small named value, while the portal runs or not; one that is there stays. The portal finds it when it
    /// asks the database for it.
    ///
    /// # Errors
    /// When there is no database, or it cannot be written.
    pub fn put_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::put_setting(path, name, value),
            Self::Postgres(url) => PostgresStore::open(url)?.put_setting_if_absent(name, value).map(drop),
        }
    }

    /// Copies everything into a new file, as it is at one moment, while the portal runs or not: state, log,
    /// journals and settings, the signing key among them. The file is an SQLite database whatever the source is, and
    /// only its owner can read it.
    ///
    /// # Errors
    /// When the file exists, or there is nothing to copy, or something fails; there is no file then.
    pub fn backup(&self, file: &Path) -> Result<Copied, StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::backup(path, file)?,
            Self::Postgres(url) => postgres::backup(url, file)?,
        }
        sqlite::check(file)
    }

    /// Makes this database what a backup holds, of whichever kind it was made. The portal must not run.
    ///
    /// # Errors
    /// When the file is no backup or damaged, when there is a catalog already and it is not to be replaced, when a
    /// portal is running. The database is then as it was.
    pub fn restore(&self, file: &Path, replace: bool) -> Result<Copied, StoreError> {
        let copied = sqlite::check(file)?;
        match self {
            Self::Sqlite(path) => sqlite::restore(file, path, replace)?,
            Self::Postgres(url) => postgres::restore(file, url, replace)?,
        }
        Ok(copied)
    }

    /// Which version its schema has. Changes nothing.
    ///
    /// # Errors
    /// When the database cannot be read, is not ours, or is newer than this program.
    pub fn schema(&self) -> Result<Schema, StoreError> {
        match self {
            Self::Sqlite(path) => sqlite::schema(path),
            Self::Postgres(url) => postgres::schema(url),
        }
    }
}
