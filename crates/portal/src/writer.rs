//! The only writer: one thread that validates, stores and publishes.
//!
//! Operations queue up while a transaction is being synced; the next transaction takes all of them
//! (group commit). Each runs against the state that the ones before it left, so what it validates
//! still holds when it is stored. An operation that fails leaves no trace and does not hold back its
//! neighbours. Callers are answered after the snapshot that shows their change is published.

use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use stagedoor_model::{Actor, Change, ChangeSet, Revision, Timestamp};
use stagedoor_query::Catalog;
use stagedoor_store::{Store, StoreError};
use tokio::sync::oneshot;

use crate::error::PortalError;
use crate::{Portal, Shared, clock};

/// A transaction takes at most this many operations, and stops early at this many changes.
const BATCH: usize = 512;
const BATCH_CHANGES: usize = 20_000;

type Operation = Box<dyn FnMut(&mut Draft) -> Result<(), PortalError> + Send>;

/// One queued operation.
pub(crate) struct Request {
    actor: Actor,
    dry_run: bool,
    operation: Operation,
    reply: oneshot::Sender<Result<(), PortalError>>,
}

/// The queue's near end.
pub(crate) struct Writer {
    queue: Sender<Request>,
}

/// What an operation works on: the newest state, and what it has changed so far.
pub(crate) struct Draft {
    pub(crate) catalog: Catalog,
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    changes: Vec<Change>,
}

impl Draft {
    /// Makes a change: visible to the rest of the operation at once, to everyone else when it is stored.
    pub(crate) fn put(&mut self, change: Change) {
        self.catalog.apply(&change);
        self.changes.push(change);
    }
}

impl Writer {
    pub(crate) fn new() -> (Self, Receiver<Request>) {
        let (queue, inbox) = channel();
        (Self { queue }, inbox)
    }
}

impl Portal {
    /// Runs an operation on the writer and waits until its changes are durable and visible. It may run
    /// more than once (when another process was ahead), so it must not consume its inputs.
    pub(crate) async fn commit<T: Send + 'static>(
        &self,
        actor: Actor,
        dry_run: bool,
        operation: impl Fn(&mut Draft) -> Result<T, PortalError> + Send + 'static,
    ) -> Result<T, PortalError> {
        let slot = Arc::new(Mutex::new(None));
        let result = Arc::clone(&slot);
        let operation: Operation = Box::new(move |draft| {
            *result.lock() = Some(operation(draft)?);
            Ok(())
        });
        let (reply, answer) = oneshot::channel();
        let stopped = || PortalError::Unavailable("the portal is shutting down".into());
        let request = Request { actor, dry_run, operation, reply };
        self.shared.counters.queued.fetch_add(1, Relaxed);
        self.shared.writer.queue.send(request).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())??;
        slot.lock().take().ok_or_else(|| PortalError::Internal("an operation left no result".into()))
    }
}

/// Starts the thread. It ends when the portal is gone.
pub(crate) fn start(shared: Weak<Shared>, store: Arc<dyn Store>, inbox: Receiver<Request>) {
    let run = move || {
        let mut last = Timestamp(0);
        while let Ok(first) = inbox.recv() {
            let Some(shared) = shared.upgrade() else { return };
            last = last.max(clock::now());
            let mut batch = Batch::new(shared.catalog.load().as_ref().clone(), last);
            batch.take(first);
            while batch.has_room()
                && let Ok(next) = inbox.try_recv()
            {
                batch.take(next);
            }
            shared.counters.taken.fetch_add(batch.done.len() as u64, Relaxed);
            batch.finish(&shared, store.as_ref());
        }
    };
    // Without this thread nothing can be written; callers then get `Unavailable`.
    if let Err(error) = std::thread::Builder::new().name("writer".into()).spawn(run) {
        tracing::error!(%error, "the writer could not be started");
    }
}

struct Batch {
    base: Catalog,
    draft: Draft,
    done: Vec<(Request, Result<(), PortalError>, usize)>,
}

impl Batch {
    fn new(base: Catalog, at: Timestamp) -> Self {
        let nobody = Actor { name: String::new(), through: String::new() };
        let draft = Draft { catalog: base.clone(), at, actor: nobody, changes: Vec::new() };
        Self { base, draft, done: Vec::new() }
    }

    fn has_room(&self) -> bool {
        self.done.len() < BATCH && self.draft.changes.len() < BATCH_CHANGES
    }

    fn take(&mut self, mut request: Request) {
        let mark = self.draft.changes.len();
        self.draft.actor = request.actor.clone();
        let run = std::panic::AssertUnwindSafe(|| (request.operation)(&mut self.draft));
        let result = std::panic::catch_unwind(run)
            .unwrap_or_else(|_| Err(PortalError::Internal("an operation panicked".into())));
        if (result.is_err() || request.dry_run) && self.draft.changes.len() > mark {
            self.draft.changes.truncate(mark);
            self.draft.catalog = self.base.clone();
            for change in &self.draft.changes {
                self.draft.catalog.apply(change);
            }
        }
        let count = self.draft.changes.len() - mark;
        self.done.push((request, result, count));
    }

    fn finish(mut self, shared: &Shared, store: &dyn Store) {
        let stored = self.store(shared, store);
        for (request, result, count) in self.done {
            let result = match (&stored, result) {
                (Err(error), Ok(())) if count > 0 => Err(error.clone()),
                (_, result) => result,
            };
            // A caller that went away does not wait for its answer.
            let _ = request.reply.send(result);
        }
    }

    fn store(&mut self, shared: &Shared, store: &dyn Store) -> Result<(), PortalError> {
        let mut changes = std::mem::take(&mut self.draft.changes).into_iter();
        let mut sets = Vec::new();
        for (request, _, count) in &self.done {
            if *count > 0 {
                let changes = changes.by_ref().take(*count).collect();
                sets.push(ChangeSet { actor: request.actor.clone(), at: self.draft.at, changes });
            }
        }
        if sets.is_empty() {
            return Ok(());
        }
        let started = std::time::Instant::now();
        let head = store.commit(self.base.revision, &sets);
        let count = sets.iter().map(|set| set.changes.len()).sum();
        shared.counters.transaction(started.elapsed(), head.is_ok().then_some((sets.len(), count)));
        match head {
            Ok(head) => {
                self.draft.catalog.revision = head;
                shared.publish(self.draft.catalog.clone());
                Ok(())
            }
            Err(StoreError::Behind { head }) => self.catch_up(shared, store, head),
            Err(error) => Err(internal(error)),
        }
    }

    /// Another process has written: apply its changes and run everything again on top of them.
    fn catch_up(&mut self, shared: &Shared, store: &dyn Store, head: Revision) -> Result<(), PortalError> {
        let commits = store.commits_since(self.base.revision, usize::MAX).map_err(internal)?;
        for commit in commits {
            commit.change_set.changes.iter().for_each(|c| self.base.apply(c));
            self.base.revision = commit.revision;
        }
        if self.base.revision < head {
            return Err(PortalError::Internal(format!(
                "the change log ends at {} before {head}",
                self.base.revision
            )));
        }
        shared.publish(self.base.clone());
        let mut again = Self::new(self.base.clone(), self.draft.at);
        for (request, _, _) in std::mem::take(&mut self.done) {
            again.take(request);
        }
        *self = again;
        self.store(shared, store)
    }
}

/// A failure of the store as a failure of the use case.
pub(crate) fn internal(error: StoreError) -> PortalError {
    tracing::error!(%error, "the store failed");
    PortalError::Internal(error.to_string())
}
