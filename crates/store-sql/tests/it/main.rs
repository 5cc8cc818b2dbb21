//! The SQL stores: the suite that every store passes, and what only a file or a server can go wrong at.

// Helpers of tests may panic as tests do.
#![allow(clippy::unwrap_used)]

mod backup;
mod cluster;
mod crash;
mod opening;
mod peers;
mod postgres;

use std::path::{Path, PathBuf};

use stagedoor_store::conformance::samples::{put_entity, set};
use stagedoor_store::conformance::{self, Fixture};
use stagedoor_store::{Store, StoreError};
use stagedoor_store_sql::SqliteStore;
use tempfile::TempDir;

struct Sqlite {
    folder: TempDir,
    store: Option<SqliteStore>,
}

impl Sqlite {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Some(SqliteStore::open(&database(folder.path())).unwrap());
        Self { folder, store }
    }
}

impl Fixture for Sqlite {
    fn store(&self) -> &dyn Store {
        self.store.as_ref().unwrap()
    }

    fn reopen(&mut self) {
        self.store = None;
        self.store = Some(SqliteStore::open(&database(self.folder.path())).unwrap());
    }
}

fn database(folder: &Path) -> PathBuf {
    folder.join("stagedoor.db")
}

fn refusal(path: &Path) -> StoreError {
    SqliteStore::open(path).err().unwrap()
}

#[test]
fn conformance() {
    conformance::run(&mut || Box::new(Sqlite::new()));
}

#[test]
fn counts_rows_and_writes_none_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&database(folder.path())).unwrap();
    assert_eq!(store.rows_written(), 0);
    store.commit(0, &[set(vec![put_entity(1)])]).unwrap();
    assert_eq!(store.rows_written(), 3, "the entity, the change, the commit");
    let log = || std::fs::metadata(folder.path().join("stagedoor.db-wal")).unwrap().len();
    let before = log();
    store.commit(1, &[]).unwrap();
    store.load(&mut |_| ()).unwrap();
    store.commits_since(0, 10).unwrap();
    store.setting("nothing").unwrap();
    assert_eq!((store.rows_written(), log()), (3, before));
}
