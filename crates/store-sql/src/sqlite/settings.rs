//! Small named values.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use stagedoor_store::{Store as _, StoreError};

use super::SqliteStore;
use crate::error::Outcome;

/// The portal holds the database for the time of one transaction.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) fn get(connection: &Connection, name: &str) -> Outcome<Option<String>> {
    let mut select = connection.prepare_cached("SELECT value FROM settings WHERE name = ?1")?;
    Ok(select.query_row([name], |row| row.get(0)).optional()?)
}

pub(super) fn put_if_absent(connection: &Connection, name: &str, value: &str) -> Outcome<String> {
    let mut insert = connection
        .prepare_cached("INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?;
    insert.execute(params![name, value])?;
    Ok(get(connection, name)?.unwrap_or_else(|| value.to_owned()))
}

pub(super) fn put(connection: &Connection, name: &str, value: Option<&str>) -> Outcome<()> {
    match value {
        Some(value) => connection
            .prepare_cached(
                "INSERT INTO settings (name, value) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET value = ?2",
            )?
            .execute(params![name, value])?,
        None => connection.prepare_cached("DELETE FROM settings WHERE name = ?1")?.execute([name])?,
    };
    Ok(())
}

/// Stores a value while the portal may run: SQLite lets several processes write, one after the other, and nothing that
/// the portal keeps in memory depends on settings. Where there is no database none is made: it would be the wrong place.
pub(crate) fn put_beside(path: &Path, name: &str, value: &str) -> Result<(), StoreError> {
    if !path.exists() {
        let reason = format!("there is no database at {}: start the portal there first", path.display());
        return Err(StoreError::Failed(reason.into()));
    }
    match SqliteStore::open(path) {
        Err(StoreError::InUse { .. }) => {}
        opened => return opened?.put_setting_if_absent(name, value).map(drop),
    }
    let put = || -> Outcome<String> {
        let connection = super::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        super::migrate::check(&connection, path)?;
        connection.busy_timeout(PATIENCE)?;
        put_if_absent(&connection, name, value)
    };
    put().map(drop).map_err(|failure| failure.explain(path))
}
