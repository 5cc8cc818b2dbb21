//! The store in a PostgreSQL database, for any number of processes.

mod backup;
mod columns;
mod failure;
mod inspect;
mod link;
mod migrate;
mod net;
mod newest;
mod peers;
mod read;
mod side;
mod target;
mod text;
mod tls;
mod work;
mod write;

pub(crate) use inspect::inspect;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use stagedoor_model::{Change, ChangeSet, Commit, JournalLine, JsonText, Revision, Timestamp};
use stagedoor_store::{LogQuery, LoggedChange, Peers, Store, StoreError, Thing};
use uuid::Uuid;

use crate::chunks::read_ahead;
pub(crate) use backup::{backup, restore, schema};
use failure::{Failure, Outcome};
use link::{Link, Slot};
use peers::Replicas;
use target::Target;
use write::{Living, Turn};

/// A database that is restarted is waited for so long before a commit is refused, once.
const PATIENCE: Duration = Duration::from_secs(4);
/// And so long, when it has to be known whether a commit was stored.
const DOUBT: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(50);

/// A store in a PostgreSQL database. Connections are made when they are needed, and made again when they break.
pub struct PostgresStore {
    target: Arc<Target>,
    channel: String,
    writer: Mutex<Writer>,
    reader: Mutex<Slot>,
    replicas: Arc<Replicas>,
    /// The last attempt failed: the next ones do not wait.
    down: AtomicBool,
}

struct Writer {
    slot: Slot,
    turn: Turn,
}

impl PostgresStore {
    /// Connects, and brings the schema up to date. The URL is as PostgreSQL's own programs take it; `sslmode` may be
    /// `disable`, `prefer` (the default), `require`, `verify-ca` and `verify-full`, with `sslrootcert` where the
    /// system does not know the authority.
    ///
    /// # Errors
    /// [`StoreError::Unreachable`], [`StoreError::NewerSchema`], [`StoreError::Foreign`] when the schema has other
    /// tables; others when the database refuses. No message has the password.
    pub fn open(url: &str) -> Result<Self, StoreError> {
        let target = Arc::new(Target::parse(url)?);
        let open = || -> Outcome<(Slot, String)> {
            let mut reader = Slot::new()?;
            let channel = reader.run(&target, async |link| {
                migrate::run(link, &target.name).await?;
                let row = link.client.query_one("SELECT current_schema()::text", &[]).await?;
                Ok(format!("stagedoor_{}", row.get::<_, &str>(0).replace('"', "")))
            })?;
            Ok((reader, channel))
        };
        let failed = |failure: Failure| failure.explain(&target.name);
        let (reader, channel) = open().map_err(failed)?;
        let writer = Writer { slot: Slot::new().map_err(failed)?, turn: Turn::None };
        let replicas = Replicas::new(Arc::clone(&target), channel.clone()).map_err(failed)?;
        tracing::debug!(database = %target.name.display(), "database opened");
        Ok(Self {
            channel,
            writer: Mutex::new(writer),
            reader: Mutex::new(reader),
            replicas: Arc::new(replicas),
            down: AtomicBool::new(false),
            target,
        })
    }

    fn read<T>(&self, work: impl AsyncFn(&mut Link) -> Outcome<T>) -> Result<T, StoreError> {
        let outcome = self.reader.lock().run_again(&self.target, work);
        outcome.map_err(|failure| failure.explain(&self.target.name))
    }

    /// Whether what failed may be tried again: not when it has been failing for longer.
    fn may_wait(&self, since: Instant) -> bool {
        let wait = !self.down.load(Ordering::Relaxed) && since.elapsed() < PATIENCE;
        if wait {
            std::thread::sleep(PAUSE);
        }
        wait
    }

    /// Whether the transaction whose connection was lost while it was committed is stored.
    fn is_stored(
        &self,
        writer: &mut Writer,
        base: Revision,
        transaction: Uuid,
    ) -> Result<Option<Living>, StoreError> {
        let since = Instant::now();
        loop {
            let asked =
                writer.slot.run(&self.target, async |link| write::find(link, base, transaction).await);
            match asked {
                Ok(found) => return Ok(found),
                Err(_) if since.elapsed() < DOUBT => std::thread::sleep(PAUSE),
                Err(failure) => {
                    let error = failure.explain(&self.target.name);
                    tracing::error!(%error, revision = base + 1, "whether a commit is stored is not known");
                    return Err(StoreError::Unknown { path: self.target.name.clone() });
                }
            }
        }
    }

    fn done(&self, head: Revision, living: Living) -> Revision {
        self.down.store(false, Ordering::Relaxed);
        self.replicas.living(living);
        head
    }
}

impl Store for PostgresStore {
    fn commit(&self, base: Revision, sets: &[ChangeSet]) -> Result<Revision, StoreError> {
        let mut writer = self.writer.lock();
        let context = write::Context { channel: &self.channel, transaction: Uuid::new_v4() };
        let since = Instant::now();
        loop {
            let Writer { slot, turn } = &mut *writer;
            if !slot.is_open() {
                *turn = Turn::None;
            }
            let mut sent = false;
            let outcome = slot.run(&self.target, async |link| {
                write::commit(link, turn, base, sets, &context, &mut sent).await
            });
            match outcome {
                Ok((head, living)) => return Ok(self.done(head, living)),
                Err(Failure::Lost(_)) if sent => {
                    if let Some(living) = self.is_stored(&mut writer, base, context.transaction)? {
                        return Ok(self.done(base + sets.len() as u64, living));
                    }
                }
                Err(failure) if failure.is_lost() => {
                    if !self.may_wait(since) {
                        self.down.store(true, Ordering::Relaxed);
                        return Err(failure.explain(&self.target.name));
                    }
                }
                Err(failure) => return Err(failure.explain(&self.target.name)),
            }
        }
    }

    fn head(&self) -> Result<Revision, StoreError> {
        self.read(read::head)
    }

    fn load(&self, sink: &mut dyn FnMut(Change)) -> Result<Revision, StoreError> {
        let mut guard = self.reader.lock();
        let reader = &mut *guard;
        // Nothing may be fed twice, so a connection that turns out to be broken is replaced before.
        let ready = reader.run_again(&self.target, async |link| Ok(link.client.batch_execute("").await?));
        let loaded = ready.and_then(|()| {
            read_ahead(sink, |out| reader.run(&self.target, async |link| read::load(link, out).await))
        });
        loaded.map_err(|failure| failure.explain(&self.target.name))
    }

    fn commits_since(&self, after: Revision, limit: usize) -> Result<Vec<Commit>, StoreError> {
        self.read(async |link| read::commits_since(link, after, limit).await)
    }

    fn history(
        &self,
        thing: Thing<'_>,
        before: Option<Revision>,
        limit: usize,
    ) -> Result<Vec<Commit>, StoreError> {
        self.read(async |link| read::history(link, thing, before, limit).await)
    }

    fn changes_before(&self, query: &LogQuery<'_>) -> Result<Vec<LoggedChange>, StoreError> {
        self.read(async |link| newest::changes_before(link, query).await)
    }

    fn setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        self.read(async |link| side::setting(link, name).await)
    }

    fn put_setting_if_absent(&self, name: &str, value: &str) -> Result<String, StoreError> {
        self.read(async |link| side::put_setting_if_absent(link, name, value).await)
    }

    fn put_setting(&self, name: &str, value: Option<&str>) -> Result<(), StoreError> {
        self.read(async |link| side::put_setting(link, name, value).await)
    }

    fn append_journal(
        &self,
        journal: &str,
        at: Timestamp,
        bodies: &[JsonText],
        keep: usize,
    ) -> Result<(), StoreError> {
        self.read(async |link| side::append(link, journal, at, bodies, keep).await)
    }

    fn journal(
        &self,
        journal: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalLine>, StoreError> {
        self.read(async |link| side::journal(link, journal, before, limit).await)
    }

    fn peers(&self) -> Option<Arc<dyn Peers>> {
        Some(Arc::clone(&self.replicas) as Arc<dyn Peers>)
    }
}
