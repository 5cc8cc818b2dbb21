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
use crate::follower::{self, apply_tail};
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

/// What the writer is asked for.
pub(crate) enum Task {
    /// Run an operation.
    Run(Request),
    /// Apply and publish what other replicas have stored, then say so.
    CatchUp(Sender<Result<(), String>>),
}

/// The queue's near end.
pub(crate) struct Writer {
    queue: Sender<Task>,
}

/// What an operation works on: the newest state, and what it has changed so far.
pub(crate) struct Draft {
    pub(crate) catalog: Catalog,
    pub(crate) at: Timestamp,
    pub(crate) actor: Actor,
    changes: Vec<Change>,
}

impl Draft {
    /// Over a state that is not to be written: for looking at what an operation would do.
    pub(crate) fn trial(catalog: Catalog, actor: Actor) -> Self {
        Self { catalog, at: clock::now(), actor, changes: Vec::new() }
    }

    /// Makes a change: visible to the rest of the operation at once, to everyone else when it is stored.
    pub(crate) fn put(&mut self, change: Change) {
        let person = crate::people::person_of(&change, &self.catalog);
        self.catalog.apply(&change);
        self.changes.push(change);
        if let Some(email) = person {
            self.end_sessions_of_gone(&email);
        }
    }
}

impl Writer {
    pub(crate) fn new() -> (Self, Receiver<Task>) {
        let (queue, inbox) = channel();
        (Self { queue }, inbox)
    }

    /// Waits until what other replicas have stored is published.
    pub(crate) fn catch_up(&self) -> Result<(), String> {
        let (done, wait) = channel();
        let stopped = || "the writer has stopped".to_owned();
        self.queue.send(Task::CatchUp(done)).map_err(|_| stopped())?;
        wait.recv().map_err(|_| stopped())?
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
        self.shared.writer.queue.send(Task::Run(request)).map_err(|_| stopped())?;
        answer.await.map_err(|_| stopped())??;
        slot.lock().take().ok_or_else(|| PortalError::Internal("an operation left no result".into()))
    }
}

/// Starts the thread. It ends when the portal is gone.
pub(crate) fn start(shared: Weak<Shared>, store: Arc<dyn Store>, inbox: Receiver<Task>) {
    let run = move || {
        let mut last = Timestamp(0);
        while let Ok(first) = inbox.recv() {
            let Some(shared) = shared.upgrade() else { return };
            last = last.max(clock::now());
            let mut behind = Vec::new();
            let mut next = Some(first);
            let mut batch = Batch::new(shared.catalog.load().as_ref().clone(), last);
            while let Some(task) = next {
                match task {
                    Task::Run(request) => batch.take(request),
                    // The rest of the batch would only be run again.
                    Task::CatchUp(done) => {
                        behind.push(done);
                        break;
                    }
                }
                next = if batch.has_room() { inbox.try_recv().ok() } else { None };
            }
            if !batch.done.is_empty() {
                shared.counters.taken.fetch_add(batch.done.len() as u64, Relaxed);
                batch.finish(&shared, store.as_ref());
            }
            for done in behind {
                // The follower has ended with the portal.
                let _ = done.send(catch_up(&shared, store.as_ref()));
            }
        }
    };
    // Without this thread nothing can be written; callers then get `Unavailable`.
    if let Err(error) = std::thread::Builder::new().name("writer".into()).spawn(run) {
        tracing::error!(%error, "the writer could not be started");
    }
}

/// Applies and publishes what other replicas have stored.
fn catch_up(shared: &Shared, store: &dyn Store) -> Result<(), String> {
    let mut catalog = shared.catalog.load().as_ref().clone();
    let tail = apply_tail(&mut catalog, store).map_err(|error| error.to_string())?;
    if tail.any {
        shared.publish_tail(catalog, tail);
    }
    Ok(())
}

struct Batch {
    base: Catalog,
    draft: Draft,
    done: Vec<(Request, Result<(), PortalError>, usize)>,
}

impl Batch {
    fn new(base: Catalog, at: Timestamp) -> Self {
        let nobody = Actor::new("", "");
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
        let answer = |(request, result, count): (Request, Result<(), PortalError>, usize)| {
            let result = match (&stored, result) {
                (Err(error), Ok(())) if count > 0 => Err(error.clone()),
                (_, result) => result,
            };
            (request.reply, result)
        };
        let answers = self.done.into_iter().map(answer).collect();
        match &shared.replication {
            Some(replication) => replication.answer(shared.catalog.load().revision, answers),
            None => follower::send(answers),
        }
    }

    /// Stores and publishes. Where another process has written, its changes are applied and everything is run
    /// again on top of them.
    fn store(&mut self, shared: &Shared, store: &dyn Store) -> Result<(), PortalError> {
        let mut kept_turn = false;
        loop {
            let sets = self.sets();
            if sets.is_empty() {
                if kept_turn {
                    // Nothing is left to write: the others need not wait for this one.
                    let _ = store.commit(self.base.revision, &[]);
                }
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
                    return Ok(());
                }
                Err(StoreError::Behind { head }) => {
                    kept_turn = true;
                    self.rebase(shared, store, head)?;
                }
                Err(error) => return Err(internal(error)),
            }
        }
    }

    /// The changes, one set per operation that made any.
    fn sets(&mut self) -> Vec<ChangeSet> {
        let mut changes = std::mem::take(&mut self.draft.changes).into_iter();
        let set = |(request, _, count): &(Request, _, usize)| ChangeSet {
            actor: request.actor.clone(),
            at: self.draft.at,
            changes: changes.by_ref().take(*count).collect(),
        };
        self.done.iter().filter(|(_, _, count)| *count > 0).map(set).collect()
    }

    fn rebase(&mut self, shared: &Shared, store: &dyn Store, head: Revision) -> Result<(), PortalError> {
        let tail = apply_tail(&mut self.base, store).map_err(internal)?;
        if self.base.revision < head {
            let ends = self.base.revision;
            return Err(PortalError::Internal(format!("the change log ends at {ends} before {head}")));
        }
        shared.publish_tail(self.base.clone(), tail);
        let mut again = Self::new(self.base.clone(), self.draft.at);
        for (request, _, _) in std::mem::take(&mut self.done) {
            again.take(request);
        }
        *self = again;
        Ok(())
    }
}

/// A failure of the store as a failure of the use case.
pub(crate) fn internal(error: StoreError) -> PortalError {
    match error {
        StoreError::Unreachable { .. } => {
            tracing::warn!(%error, "not stored");
            PortalError::Unavailable("the database cannot be reached: nothing was stored, try again".into())
        }
        StoreError::Unknown { .. } => PortalError::Unavailable(
            "the connection to the database was lost while storing: look whether the change is there before you repeat it"
                .into(),
        ),
        error => {
            tracing::error!(%error, "the store failed");
            PortalError::Internal(error.to_string())
        }
    }
}
