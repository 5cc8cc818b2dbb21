//! Versions of the schema. The file's `user_version` counts the migrations that it has seen.

use std::path::Path;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};
use stagedoor_store::StoreError;

use crate::database::Schema;
use crate::error::Outcome;

/// In order; one that has been released is never changed.
pub(super) const MIGRATIONS: [(&str, &str); 4] = [
    ("0001_catalog", include_str!("../../migrations/sqlite/0001_catalog.sql")),
    ("0002_records", include_str!("../../migrations/sqlite/0002_records.sql")),
    ("0003_origin", include_str!("../../migrations/sqlite/0003_origin.sql")),
    ("0004_audit", include_str!("../../migrations/sqlite/0004_audit.sql")),
];
/// Marks the file as ours, for us and for tools such as `file`: "STGD".
pub(super) const APPLICATION: i64 = 0x5354_4744;

/// Refuses what this program must not touch. Changes nothing.
pub(super) fn check(connection: &Connection, path: &Path) -> Outcome<()> {
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (application, version) = (number(connection, "application_id")?, number(connection, "user_version")?);
    if application != APPLICATION && (tables, application, version) != (0, 0, 0) {
        return Err(StoreError::Foreign { path: path.to_owned() }.into());
    }
    let known = MIGRATIONS.len() as i64;
    if version > known {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found: version, known }.into());
    }
    Ok(())
}

/// Brings the schema up to date: all of it, or nothing.
pub(super) fn run(connection: &mut Connection) -> Outcome<()> {
    let version = number(connection, "user_version")?;
    let missing = MIGRATIONS.get(usize::try_from(version).unwrap_or(0)..).unwrap_or_default();
    if missing.is_empty() {
        return Ok(());
    }
    tracing::info!(from = version, to = MIGRATIONS.len(), "migrating the database");
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (_, migration) in missing {
        transaction.execute_batch(migration)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", MIGRATIONS.len() as i64)?;
    transaction.commit()?;
    Ok(())
}

/// The version of a database that may be in use, or not be there yet.
pub(crate) fn schema(path: &Path) -> Result<Schema, StoreError> {
    let known = MIGRATIONS.len() as i64;
    let open = || -> Outcome<i64> {
        let connection = super::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        check(&connection, path)?;
        number(&connection, "user_version")
    };
    let found = if path.exists() { open().map_err(|failure| failure.explain(path))? } else { 0 };
    let pending = MIGRATIONS.iter().skip(usize::try_from(found).unwrap_or(0)).map(|(name, _)| *name);
    Ok(Schema { database: path.display().to_string(), found, known, pending: pending.collect() })
}

/// Makes an empty file a database that is quick to fill, and of no use if that fails.
pub(crate) fn prepare(path: &Path) -> Result<Connection, StoreError> {
    let open = || -> Outcome<Connection> {
        let mut connection = super::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA page_size = 16384; PRAGMA synchronous = OFF")?;
        run(&mut connection)?;
        Ok(connection)
    };
    open().map_err(|failure| failure.explain(path))
}

fn number(connection: &Connection, pragma: &str) -> Outcome<i64> {
    Ok(connection.pragma_query_value(None, pragma, |row| row.get(0))?)
}
