//! The store in one SQLite file.

mod files;
mod migrate;
mod read;
mod settings;
mod write;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};
use stagedoor_model::{Change, ChangeSet, Commit, Revision};
use stagedoor_store::{Store, StoreError};

use crate::error::{Failure, Outcome};

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
        let lock = files::Lock::take(path)?;
        files::make_database(path)?;
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
            path: path.to_owned(),
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

    fn read<T>(&self, work: impl FnOnce(&Connection) -> Outcome<T>) -> Result<T, StoreError> {
        work(&self.reader.lock()).map_err(|failure| failure.explain(&self.path))
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

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(|reader| settings::get(reader, name))
    }

    fn put_setting_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.write(|writer| settings::put_if_absent(writer, name, value))
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
/// - `page_size` (of a new database): entities are about 2 KB; a page of 4 KB holds one and wastes the
///   rest, larger ones make small commits longer.
/// - `wal_autocheckpoint`: the log is written back into the database by the commit that makes it longer
///   than this many pages (16 MB). Such a commit takes some 10 ms longer; fewer and longer ones would
///   make the worst case worse, more would write popular pages more often.
/// - `journal_size_limit`: a log that one huge commit has blown up shrinks to this (64 MB) again.
/// - `fullfsync` matters on macOS only, where a plain sync does not reach the disk.
/// - `cache_size`: 8 MB; a batch of a thousand entities does not spill half-done pages into the log.
fn configure_writer(writer: &Connection) -> Outcome<()> {
    writer.execute_batch("PRAGMA page_size = 8192")?;
    let mode: String = writer.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        let reason = "its file system does not support a write-ahead log (shared memory)".into();
        return Err(Failure::Store(StoreError::Failed(reason)));
    }
    writer.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA wal_autocheckpoint = 2048;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA cache_size = -8192;
         PRAGMA trusted_schema = OFF;",
    )?;
    Ok(())
}
