//! Backups: copies of one moment, made over a connection of their own, which needs no lock and holds up nobody.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use stagedoor_store::StoreError;

use super::{connect, files, migrate};
use crate::SqliteStore;
use crate::database::Copied;
use crate::error::Outcome;

/// Copies a database that may be in use into a new file.
pub(crate) fn backup(database: &Path, file: &Path) -> Result<(), StoreError> {
    if !database.exists() {
        return Err(StoreError::Refused(format!("there is no database {} to back up", database.display())));
    }
    write_new(file, |part| copy(database, part))
}

/// Makes a file that is either complete or not there, and that only its owner can read.
pub(crate) fn write_new(
    file: &Path,
    write: impl FnOnce(&Path) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    if file.symlink_metadata().is_ok() {
        return Err(StoreError::Refused(format!("{} exists already", file.display())));
    }
    let part = beside(file, ".part");
    let unusable = |e: &io::Error| StoreError::Unusable { path: part.clone(), reason: e.to_string() };
    // What an attempt that was killed has left.
    let _ = fs::remove_file(&part);
    private().open(&part).map_err(|e| unusable(&e))?;
    let folder = file.parent().filter(|f| *f != Path::new("")).unwrap_or(Path::new("."));
    let written = write(&part)
        .and_then(|()| File::open(&part).and_then(|f| f.sync_all()).map_err(|e| unusable(&e)))
        .and_then(|()| fs::rename(&part, file).map_err(|e| unusable(&e)))
        .and_then(|()| files::sync_folder(folder));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Copies into an empty file, compacted, in one read transaction.
fn copy(database: &Path, empty: &Path) -> Result<(), StoreError> {
    let run = || -> Outcome<()> {
        let source = connect(database, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        migrate::check(&source, database)?;
        source.execute("VACUUM INTO ?1", [empty.to_string_lossy()])?;
        Ok(())
    };
    run().map_err(|failure| failure.explain(database))
}

/// Whether a file is a whole database of ours, and what is in it.
pub(crate) fn check(file: &Path) -> Result<Copied, StoreError> {
    let bytes = fs::metadata(file)
        .map_err(|e| StoreError::Unusable { path: file.to_owned(), reason: e.to_string() })?
        .len();
    let run = || -> Outcome<Copied> {
        let backup = connect(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        migrate::check(&backup, file)?;
        if bytes == 0 {
            return Err(StoreError::Foreign { path: file.to_owned() }.into());
        }
        let verdict: String = backup.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(StoreError::Damaged(format!("{}: {verdict}", file.display())).into());
        }
        let (revision, entities) = contents(&backup)?;
        Ok(Copied { revision, entities, bytes })
    };
    run().map_err(|failure| failure.explain(file))
}

fn contents(database: &Connection) -> rusqlite::Result<(u64, u64)> {
    let sql = "SELECT (SELECT coalesce(max(revision), 0) FROM commits), (SELECT count(*) FROM entities)";
    let number = |n: i64| n.cast_unsigned();
    database.query_row(sql, [], |row| Ok((number(row.get(0)?), number(row.get(1)?))))
}

/// Puts a backup in the place of a database.
pub(crate) fn restore(file: &Path, database: &Path, replace: bool) -> Result<(), StoreError> {
    let folder = files::make_folder(database)?;
    let lock = files::Lock::take(database)?;
    if fs::metadata(database).is_ok_and(|m| m.len() > 0) && !replace {
        let held = check(database)?;
        if held.revision > 0 {
            return Err(occupied(&database.display().to_string(), &held));
        }
    }
    let part = beside(database, ".restored");
    let _ = fs::remove_file(&part);
    write_new(&part, |empty| copy(file, empty))?;
    let unusable = |e: io::Error| StoreError::Unusable { path: database.to_owned(), reason: e.to_string() };
    // The log of the old database would be taken for one of the new.
    for log in ["-wal", "-shm"] {
        match fs::remove_file(beside(database, log)) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(unusable(e)),
            _ => {}
        }
    }
    fs::rename(&part, database).map_err(unusable)?;
    files::sync_folder(&folder)?;
    drop(lock);
    // Brings an older schema up to date.
    SqliteStore::open(database).map(drop)
}

/// The refusal to overwrite.
pub(crate) fn occupied(database: &str, held: &Copied) -> StoreError {
    StoreError::Refused(format!(
        "{database} holds a catalog already ({} entities, revision {}): restore into an empty database, or say --replace",
        held.entities, held.revision
    ))
}

/// A copy of a backup with the newest schema, in a file that goes with the returned folder.
pub(crate) fn unpack(file: &Path, folder: &Path) -> Result<Connection, StoreError> {
    let copied = folder.join("backup.db");
    write_new(&copied, |empty| copy(file, empty))?;
    SqliteStore::open(&copied).map(drop)?;
    let open = || -> Outcome<Connection> { connect(&copied, OpenFlags::SQLITE_OPEN_READ_ONLY) };
    open().map_err(|failure| failure.explain(&copied))
}
