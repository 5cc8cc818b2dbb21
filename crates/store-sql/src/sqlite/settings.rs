//! Small named values.

use rusqlite::{Connection, OptionalExtension, params};

use crate::error::Outcome;

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
