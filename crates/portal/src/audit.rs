//! Who tried what: refused attempts, in the journal `audit`.
//!
//! They are written by a thread of their own, so that neither a request nor the writer waits for the disk. Under a
//! flood of refusals some are only counted: the line after them says how many.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender, TrySendError, channel, sync_channel};
use std::sync::{Arc, OnceLock, Weak};

use serde_json::{Value, json};
use stagedoor_auth::{Denied, Resource, Viewer};
use stagedoor_model::JsonText;

use crate::{Shared, clock};

/// The journal.
pub(crate) const AUDIT: &str = "audit";
/// Lines that it keeps.
pub(crate) const KEPT: usize = 100_000;
/// Refusals that may wait to be written.
const WAITING: usize = 1_000;
/// Lines that are written at once.
const BATCH: usize = 200;

enum Task {
    Line(Value),
    Flush(Sender<()>),
}

/// Where refusals go. Clones share everything.
#[derive(Clone, Default)]
pub(crate) struct Denials(Arc<Inner>);

#[derive(Default)]
struct Inner {
    shared: OnceLock<Weak<Shared>>,
    queue: OnceLock<Option<SyncSender<Task>>>,
    total: AtomicU64,
    dropped: AtomicU64,
}

impl Denials {
    /// Says whose journal it is.
    pub(crate) fn belong_to(&self, shared: &Arc<Shared>) {
        // Said once, at start.
        let _ = self.0.shared.set(Arc::downgrade(shared));
    }

    /// How many there were in this process.
    pub(crate) fn total(&self) -> u64 {
        self.0.total.load(Relaxed)
    }

    /// Waits until those so far are written. Blocks.
    pub(crate) fn flush(&self) {
        let Some(Some(queue)) = self.0.queue.get() else { return };
        let (done, wait) = channel();
        if queue.send(Task::Flush(done)).is_ok() {
            // Fails when the thread has ended with its portal: then nothing is left to wait for.
            let _ = wait.recv();
        }
    }

    /// The thread begins with the first refusal.
    fn queue(&self) -> Option<&SyncSender<Task>> {
        let start = || {
            let shared = self.0.shared.get()?.clone();
            let (queue, inbox) = sync_channel(WAITING);
            let run = move || write(&shared, &inbox);
            match std::thread::Builder::new().name("audit".into()).spawn(run) {
                Ok(_) => Some(queue),
                Err(error) => {
                    tracing::error!(%error, "refused attempts cannot be written down");
                    None
                }
            }
        };
        self.0.queue.get_or_init(start).as_ref()
    }
}

/// Notes a refused attempt: who, through what, from where, at what. The only place that does.
pub(crate) fn denied(denials: &Denials, viewer: &Viewer, denied: &Denied, resource: Option<&str>) {
    denials.0.total.fetch_add(1, Relaxed);
    tracing::debug!(viewer = viewer.name(), action = denied.action.name(), "refused: {denied}");
    let line = json!({
        "status": "FAILURE",
        "action": denied.action.name(),
        "resource": resource,
        "message": denied.to_string(),
        "actor": viewer.name(),
        "via": viewer.via().kind(),
        "credential": viewer.via().id(),
        "address": viewer.address().map(|a| a.to_string()),
        "agent": viewer.agent(),
        "at": clock::now().to_string(),
    });
    let lost = match denials.queue().map(|queue| queue.try_send(Task::Line(line))) {
        Some(Ok(())) => return,
        Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) | None => &denials.0.dropped,
    };
    lost.fetch_add(1, Relaxed);
}

/// What a resource is called in the journal.
pub(crate) fn name_of<'r>(resource: &Resource<'r>) -> Option<&'r str> {
    match resource {
        Resource::Any => None,
        Resource::Named(name) | Resource::Of(name) | Resource::Guarded { name, .. } => Some(name),
        Resource::Entities(permissions) | Resource::Entity { permissions, .. } => {
            Some(permissions.blueprint())
        }
    }
}

fn write(shared: &Weak<Shared>, inbox: &Receiver<Task>) {
    while let Ok(first) = inbox.recv() {
        let Some(shared) = shared.upgrade() else { return };
        let (mut lines, mut waiting) = (Vec::new(), Vec::new());
        for task in std::iter::once(first).chain(inbox.try_iter().take(BATCH)) {
            match task {
                Task::Line(line) => lines.push(JsonText::of(&line)),
                Task::Flush(done) => waiting.push(done),
            }
        }
        let dropped = shared.denials.0.dropped.swap(0, Relaxed);
        if dropped > 0 {
            lines.push(JsonText::of(&json!({ "status": "FAILURE", "dropped": dropped })));
        }
        if !lines.is_empty()
            && let Err(error) = shared.store.append_journal(AUDIT, clock::now(), &lines, KEPT)
        {
            tracing::error!(%error, count = lines.len(), "refused attempts could not be written down");
        }
        for done in waiting {
            // Whoever waited may be gone.
            let _ = done.send(());
        }
    }
}
