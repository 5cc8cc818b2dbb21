//! Folders, permissions, locks, and files that are not for this program.

use std::fs;
use std::path::Path;

use stagedoor_store::conformance::samples::{put_entity, set};
use stagedoor_store::conformance::state;
use stagedoor_store::{Store, StoreError};
use stagedoor_store_sql::SqliteStore;

use super::{database, refusal};

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(unix)]
#[test]
fn what_it_makes_is_private() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("var").join("stagedoor");
    let store = SqliteStore::open(&database(&folder)).unwrap();
    store.commit(0, &[set(vec![put_entity(1)])]).unwrap();
    assert_eq!((mode(&root.path().join("var")), mode(&folder)), (0o700, 0o700));
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    let names: Vec<_> = files.iter().map(|f| f.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(names, ["stagedoor.db", "stagedoor.db-shm", "stagedoor.db-wal", "stagedoor.db.lock"]);
    assert!(files.iter().all(|file| mode(file) == 0o600), "{files:?}");
}

#[test]
fn a_second_user_of_the_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    let store = SqliteStore::open(&path).unwrap();
    let refused = refusal(&path);
    assert!(matches!(&refused, StoreError::InUse { process: Some(id), .. } if *id == std::process::id()));
    let message = refused.to_string();
    let who = format!("is in use by another running Stagedoor (process {})", std::process::id());
    assert!(message.contains(&who), "{message}");
    #[cfg(unix)]
    {
        let link = folder.path().join("link.db");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert!(matches!(refusal(&link), StoreError::InUse { .. }), "by another name");
    }
    store.commit(0, &[set(vec![put_entity(1)])]).unwrap();
    drop(store);
    assert_eq!(SqliteStore::open(&path).unwrap().head().unwrap(), 1);
}

/// Rewrites the header of a closed database.
fn tamper(path: &Path, sql: &str) {
    rusqlite::Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn a_newer_schema_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    SqliteStore::open(&path).unwrap().commit(0, &[set(vec![put_entity(1)])]).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let known: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    drop(connection);
    let newer = known + 1;
    tamper(&path, &format!("PRAGMA user_version = {newer}"));
    let before = fs::read(&path).unwrap();
    let refused = refusal(&path);
    assert!(matches!(refused, StoreError::NewerSchema { found, .. } if found == newer), "{refused:?}");
    let message =
        format!("was written by a newer Stagedoor (schema {newer}; this program knows up to {known})");
    assert!(refused.to_string().contains(&message), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    // The refusal has let go of the lock.
    tamper(&path, &format!("PRAGMA user_version = {known}"));
    assert_eq!(state(&SqliteStore::open(&path).unwrap()).1.len(), 1);
}

#[test]
fn other_files_are_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    tamper(&path, "CREATE TABLE notes (text)");
    let before = fs::read(&path).unwrap();
    let refused = refusal(&path);
    assert!(refused.to_string().ends_with("stagedoor.db is not a Stagedoor database"), "{refused}");
    assert_eq!(fs::read(&path).unwrap(), before);
    fs::write(&path, "just a text, but longer than the header of a database".repeat(20)).unwrap();
    let refused = refusal(&path);
    assert!(matches!(refused, StoreError::Foreign { .. }), "{refused:?}");
}

#[test]
fn an_empty_file_is_a_new_database() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    fs::write(&path, "").unwrap();
    assert_eq!(SqliteStore::open(&path).unwrap().head().unwrap(), 0);
}

#[test]
fn impossible_places_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let message = refusal(&database(&file)).to_string();
    assert!(message.contains(file.to_str().unwrap()), "{message}");
    assert!(message.starts_with("cannot open the database "), "{message}");
    let taken = folder.path().join("folder");
    fs::create_dir(&taken).unwrap();
    let message = refusal(&taken).to_string();
    assert!(message.ends_with("is a directory"), "{message}");
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    if fs::write(folder.path().join("probe"), "").is_ok() {
        return; // The superuser may write everywhere.
    }
    let message = refusal(&database(folder.path())).to_string();
    assert!(message.contains("ermission denied") && message.contains("stagedoor.db"), "{message}");
}

#[test]
fn what_cannot_be_read_back_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = database(folder.path());
    SqliteStore::open(&path).unwrap().commit(0, &[set(vec![put_entity(1)])]).unwrap();
    tamper(&path, "UPDATE entities SET document = '{\"half\":'; UPDATE changes SET kind = 'future'");
    let store = SqliteStore::open(&path).unwrap();
    let damaged = store.load(&mut |_| ()).unwrap_err().to_string();
    assert!(damaged.contains("a document of component:default/service-1"), "{damaged}");
    let damaged = store.commits_since(0, 1).unwrap_err().to_string();
    assert!(damaged.contains("future"), "{damaged}");
}
