//! The store in one SQLite file.

mod backup;
mod files;
mod inspect;
mod journal;
mod migrate;
mod newest;
mod read;
mod settings;
mod write;

pub(crate) use inspect::inspect;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use stagedoor_model::{Change, ChangeSet, Commit, JournalLine, JsonText, Revision, Timestamp};
use stagedoor_store::{LogQuery, LoggedChange, Store, StoreError, Thing};

use crate::error::{Failure, Outcome};
pub(crate) use backup::{backup, check, occupied, restore, unpack, write_new};
pub(crate) use migrate::{prepare, schema};
pub(crate) use settings::put_beside as put_setting;

/// A store in one SQLite file, for one process.
pub struct SqliteStore {
    path: PathBuf,
    writer: Mutex<Connection>,
    reader: Mutex<Connection>,
    /// The last durable revision. Only this process writes, so memory knows.
    head: AtomicU64,
    rows_written: AtomicU64,
    /// Declared last, to be let go of after the connections are closed.
    _lock: files::Lock,
}

impl SqliteStore {
    /// Opens the database in this file and makes what is missing of folder, file and tables. What it
    /// makes only its owner can read.
    ///
    /// # Errors
    /// [`StoreError::InUse`] when another process has it open, [`StoreError::NewerSchema`] and
    /// [`StoreError::Foreign`] when it is not for this program, others when the system refuses.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let folder = files::make_folder(path)?;
        let path = &files::make_database(path)?;
        let lock = files::Lock::take(path)?;
        let open = || -> Outcome<(Connection, Connection, Revision)> {
            let mut writer = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            migrate::check(&writer, path)?;
            configure_writer(&writer)?;
            migrate::run(&mut writer)?;
            let reader = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
            let head = read::head(&reader)?;
            Ok((writer, reader, head))
        };
        let (writer, reader, head) = open().map_err(|failure| failure.explain(path))?;
        // The log file beside the database is there by now too.
        files::sync_folder(&folder)?;
        tracing::debug!(path = %path.display(), revision = head, "database opened");
        Ok(Self {
            path: path.clone(),
            rows_written: AtomicU64::new(0),
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            head: AtomicU64::new(head),
            _lock: lock,
        })
    }

    /// Rows inserted, changed and deleted since it was opened, by the database's own count; those of
    /// refused commits are in it.
    pub fn rows_written(&self) -> u64 {
        self.rows_written.load(Ordering::Acquire)
    }

    /// Does something on the writer's connection and takes the count.
    fn write<T>(&self, work: impl FnOnce(&Connection) -> Outcome<T>) -> Result<T, StoreError> {
        let writer = self.writer.lock();
        let outcome = work(&writer);
        self.rows_written.store(writer.total_changes(), Ordering::Release);
        outcome.map_err(|failure| failure.explain(&self.path))
    }

    fn read<T>(&self, work: impl FnOnce(&mut Connection) -> Outcome<T>) -> Result<T, StoreError> {
        work(&mut self.reader.lock()).map_err(|failure| failure.explain(&self.path))
    }
}

impl Store for SqliteStore {
    fn commit(&self, base: Revision, sets: &[ChangeSet]) -> Result<Revision, StoreError> {
        self.write(|writer| {
            let head = self.head.load(Ordering::Acquire);
            if base != head {
                return Err(Failure::Store(StoreError::Behind { head }));
            }
            if sets.is_empty() {
                return Ok(head);
            }
            let head = write::commit(writer, base, sets)?;
            self.head.store(head, Ordering::Release);
            Ok(head)
        })
    }

    fn head(&self) -> Result<Revision, StoreError> {
        Ok(self.head.load(Ordering::Acquire))
    }

    fn load(&self, sink: &mut dyn FnMut(Change)) -> Result<Revision, StoreError> {
        self.read(|reader| read::load(reader, sink))
    }

    fn commits_since(&self, after: Revision, limit: usize) -> Result<Vec<Commit>, StoreError> {
        self.read(|reader| read::commits_since(reader, after, limit))
    }

    fn history(
        &self,
        thing: Thing<'_>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError> {
        self.read(|reader| read::history(reader, thing, before, limit))
    }

    fn changes_before(&self, query: &LogQuery<'_>) -> Result<Vec<LoggedChange>, StoreError> {
        self.read(|reader| newest::changes_before(reader, query))
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|reader| settings::get(reader, name))
    }

    fn put_setting_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.write(|writer| settings::put_if_absent(writer, name, value))
    }

    fn put_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.write(|writer| settings::put(writer, name, value))
    }

    fn append_journal(
        &self,
        journal: &str,
        at: Timestamp,
        bodies: &[JsonText],
        keep: usize,
    ) -> Result<(), StoreError> {
        self.write(|writer| journal::append(writer, journal, at, bodies, keep))
    }

    fn append_journals(&self, at: Timestamp, lines: &[(String, Vec<JsonText>)]) -> Result<(), StoreError> {
        self.write(|writer| journal::append_all(writer, at, lines))
    }

    fn journal(
        &self,
        journal: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalLine>, StoreError> {
        self.read(|reader| journal::read(reader, journal, before, limit))
    }
}

fn connect(path: &Path, access: OpenFlags) -> Outcome<Connection> {
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    // Ours are the only connections, but a person may look into the file with another tool.
    connection.busy_timeout(Duration::from_secs(5))?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

/// How the writer treats the disk.
///
/// - `page_size` (of a new database): entities are about 2 KB. Of 4, 8 and 16 KB, 16 wastes least and
///   stores batches twice as fast as 4; a commit of one entity takes a tenth longer.
/// - `wal_autocheckpoint`: the log is written back into the database by the commit that makes it longer
///   than 1024 pages, 16 MB. That commit takes some 20 ms longer, one of about 250 single ones. Rarer
///   ones would take longer each, more frequent ones would write popular pages more often.
/// - `journal_size_limit`: a log that one huge commit has blown up shrinks to 64 MB again.
/// - `fullfsync` matters on macOS only, where a plain sync does not reach the disk.
/// - `cache_size`: up to 8 MB, so that a batch of a thousand entities does not spill half-done pages.
fn configure_writer(writer: &Connection) -> Outcome<()> {
    writer.execute_batch("PRAGMA page_size = 16384")?;
    let mode: String = writer.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let reason = "its file system does not support a write-ahead log (shared memory)".into();
        return Err(Failure::Store(StoreError::Failed(reason)));
    }
    writer.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 1024;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -8192;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use stagedoor_model::ChangeSet;
    use stagedoor_store::conformance::samples::{put_document, set};
    use stagedoor_store::conformance::{log, state};
    use stagedoor_store::{Store, StoreError};

    use super::SqliteStore;

    fn large(n: u128) -> ChangeSet {
        set(vec![put_document(n, &"x".repeat(100_000).into())])
    }

    /// A full disk, as SQLite sees it: the file may not grow.
    #[test]
    fn a_full_disk_is_named_and_survived() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("stagedoor.db")).unwrap();
        store.commit(0, &[large(1)]).unwrap();
        let before = (state(&store), log(&store));
        let limit = |pages: i64| {
            let sql = format!("PRAGMA max_page_count = {pages}");
            store.writer.lock().query_row(&sql, [], |row| row.get::<_, i64>(0)).unwrap()
        };
        limit(40);
        let refused = store.commit(1, &[large(2), large(3), large(4)]);
        assert!(matches!(refused, Err(StoreError::Full { .. })), "{refused:?}");
        let message = refused.unwrap_err().to_string();
        assert!(message.starts_with("no space is left for the database /"), "{message}");
        assert_eq!((state(&store), log(&store)), before);
        limit(100_000);
        assert_eq!(store.commit(1, &[large(2), large(3), large(4)]).unwrap(), 4);
    }

    #[test]
    fn a_database_that_turns_read_only_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("stagedoor.db")).unwrap();
        store.writer.lock().execute_batch("PRAGMA query_only = ON").unwrap();
        let message = store.commit(0, &[large(1)]).unwrap_err().to_string();
        assert!(message.ends_with("stagedoor.db is read-only"), "{message}");
        assert!(store.put_setting_if_absent("name", "value").is_err());
        store.writer.lock().execute_batch("PRAGMA query_only = OFF").unwrap();
        assert_eq!(store.commit(0, &[large(1)]).unwrap(), 1);
    }

    /// A huge commit blows the log up; later ones shrink it again.
    #[test]
    fn the_log_file_does_not_stay_huge() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("stagedoor.db")).unwrap();
        let size = || std::fs::metadata(folder.path().join("stagedoor.db-wal")).unwrap().len();
        let huge: Vec<_> = (0..500).map(large).collect();
        store.commit(0, &huge).unwrap();
        assert!(size() > 80_000_000, "{}", size());
        store.commit(500, &[large(1)]).unwrap();
        assert!(size() <= 64 << 20, "{}", size());
    }

    /// What the guarantees rest on is really set, on both connections.
    #[test]
    fn settings_of_the_connections() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("stagedoor.db")).unwrap();
        let number = |pragma: &str| -> i64 {
            store.writer.lock().pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
        };
        assert_eq!(
            (number("synchronous"), number("page_size"), number("wal_autocheckpoint")),
            (2, 16384, 1024)
        );
        assert!(store.reader.lock().execute_batch("DELETE FROM settings").is_err());
    }
}
