//! What the first page of a database file says. The file is only read: opening it as a database could make files
//! beside it.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use stagedoor_store::StoreError;

use super::migrate::{APPLICATION, MIGRATIONS};
use crate::Inspection;

/// Begin of the file, `user_version` and `application_id`: SQLite's file format, section 1.3.
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER: usize = 100;

pub(crate) fn inspect(path: &Path) -> Result<Option<Inspection>, StoreError> {
    let unusable = |e: &std::io::Error| StoreError::Unusable { path: path.to_owned(), reason: e.to_string() };
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(unusable(&e)),
    };
    in_use(path)?;
    let mut header = Vec::with_capacity(HEADER);
    file.by_ref().take(HEADER as u64).read_to_end(&mut header).map_err(|e| unusable(&e))?;
    let known = MIGRATIONS.len() as i64;
    // Nothing has been stored yet.
    if header.is_empty() {
        return Ok(Some(Inspection { server: None, schema: 0, known }));
    }
    let number = |at: usize| {
        let bytes = header.get(at..at + 4).and_then(|b| b.try_into().ok());
        bytes.map_or(0, |b| i64::from(u32::from_be_bytes(b)))
    };
    if !header.starts_with(MAGIC) || ![0, APPLICATION].contains(&number(68)) {
        return Err(StoreError::Foreign { path: path.to_owned() });
    }
    let schema = number(60);
    if schema > known {
        return Err(StoreError::NewerSchema { path: path.to_owned(), found: schema, known });
    }
    Ok(Some(Inspection { server: None, schema, known }))
}

fn in_use(path: &Path) -> Result<(), StoreError> {
    let mut lock = path.as_os_str().to_owned();
    lock.push(".lock");
    let Ok(mut file) = File::open(lock) else { return Ok(()) };
    if !matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
        return Ok(());
    }
    let mut holder = String::new();
    // Only for the message: whatever can't be read is left out.
    let _ = file.read_to_string(&mut holder);
    Err(StoreError::InUse { path: path.to_owned(), process: holder.trim().parse().ok() })
}
