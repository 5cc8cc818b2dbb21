//! Who did and tried what. Changes are in the change log; here is what it does not say: refused attempts, in the
//! journal `audit`, and events such as sign-ins and tokens, in the journal `audit.events`.
//!
//! They are written by a thread of their own, so that neither a request nor the writer waits for the disk. Under a
//! flood of refusals some are only counted: the line after them says how many. Events are never left out, and a
//! flood of refusals pushes none of them out: those have a journal of their own.

mod entry;
mod event;
mod query;
mod read;
mod streams;

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, OnceLock, Weak};

use serde_json::{Map, Value, json};
use stagedoor_auth::{Denied, Resource, Viewer};
use stagedoor_model::JsonText;

use crate::{Portal, Shared, clock};

pub use entry::{AuditAction, AuditEntry};
pub use event::{By, Event, Token};
pub use query::{AuditPage, AuditPlace, AuditQuery};

/// The journal of refusals.
pub(crate) const AUDIT: &str = "audit";
/// The journal of events; all of them are kept.
pub(crate) const EVENTS: &str = "audit.events";
/// Refusals that are kept.
pub(crate) const KEPT: usize = 100_000;
/// Tasks that may wait to be done.
const WAITING: usize = 1_000;
/// Lines that are written at once.
const BATCH: usize = 200;
/// Batches after which the oldest refusals are forgotten: to count them each time would hold up the writer.
const FORGET: u64 = 64;

enum Task {
    Refusal(Value),
    Event(Value),
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

    /// Queues a refusal, if there is room.
    fn refusal(&self, line: Value) {
        let sent = self.queue().map(|queue| queue.try_send(Task::Refusal(line)));
        if !matches!(sent, Some(Ok(()))) {
            self.0.dropped.fetch_add(1, Relaxed);
        }
    }

    /// The thread begins with the first line.
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
    let mut line = Map::new();
    line.insert("status".into(), json!("FAILURE"));
    line.insert("action".into(), json!(denied.action.name()));
    line.insert("resource".into(), json!(resource));
    line.insert("message".into(), json!(denied.to_string()));
    event::sign(&mut line, viewer.into());
    denials.refusal(Value::Object(line));
}

/// Notes an event: a sign-in, a link, a token. Returns at once; the line is written by a thread of its own.
pub(crate) fn event<'a>(denials: &Denials, by: impl Into<By<'a>>, event: Event<'_>) {
    let line = event.line(by.into());
    if event.is_refusal() {
        denials.0.total.fetch_add(1, Relaxed);
        denials.refusal(line);
    } else if denials.queue().is_none_or(|queue| queue.send(Task::Event(line)).is_err()) {
        tracing::error!(?event, "an event could not be written down");
    }
}

impl Portal {
    /// Notes an event in the audit log: a sign-in, a link, a token. Returns at once.
    pub fn note<'a>(&self, by: impl Into<By<'a>>, event: Event<'_>) {
        self::event(&self.shared.denials, by, event);
    }
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
    for batch in 0_u64.. {
        let Ok(first) = inbox.recv() else { return };
        let Some(shared) = shared.upgrade() else { return };
        let (mut refusals, mut events, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
        for task in std::iter::once(first).chain(inbox.try_iter().take(BATCH)) {
            match task {
                Task::Refusal(line) => refusals.push(JsonText::of(&line)),
                Task::Event(line) => events.push(JsonText::of(&line)),
                Task::Flush(done) => waiting.push(done),
            }
        }
        let dropped = shared.denials.0.dropped.swap(0, Relaxed);
        if dropped > 0 {
            let at = clock::now().to_string();
            refusals.push(JsonText::of(&json!({ "status": "FAILURE", "dropped": dropped, "at": at })));
        }
        let keep = if batch.is_multiple_of(FORGET) { KEPT } else { usize::MAX };
        append(&shared, AUDIT, &refusals, keep);
        append(&shared, EVENTS, &events, usize::MAX);
        for done in waiting {
            // Whoever waited may be gone.
            let _ = done.send(());
        }
    }
}

fn append(shared: &Shared, journal: &str, lines: &[JsonText], keep: usize) {
    if lines.is_empty() {
        return;
    }
    if let Err(error) = shared.store.append_journal(journal, clock::now(), lines, keep) {
        tracing::error!(%error, journal, count = lines.len(), "lines of the audit log could not be written");
    }
}
