//! When sources are read: at start, when a watched file changes, when the data model changes, and URLs on a schedule.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use stagedoor_model::{Actor, SourceState};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::reading::{Item, Outcome, Reader, Reading};
use super::reconcile::Spoken;
use super::{KnownKinds, LocationConfig, Status};
use crate::blueprints::BlueprintMode;
use crate::problems::Problem;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Editors write a file in several steps; what happens within this time is read once.
const SETTLE: Duration = Duration::from_millis(80);
/// How often a URL is asked whether it has changed.
const POLL: Duration = Duration::from_secs(120);
/// How long the entities of an absent source are kept, in milliseconds.
const GONE_GRACE: i64 = 24 * 60 * 60 * 1000;
/// Claims per operation, so that other writers get their turn during a large reading.
const CHUNK: usize = 500;

/// Why the worker wakes up.
pub(crate) enum Event {
    /// A watched file or folder has changed.
    Files,
    /// Someone asks for a reading and waits for its end.
    Sync(oneshot::Sender<()>),
    /// A person confirmed the losses of a held source.
    Confirm(String, oneshot::Sender<()>),
}

impl Portal {
    /// Reads all sources once, and then whenever they change, until the portal is dropped. Returns after
    /// the first reading. Call it once, inside a tokio runtime.
    pub async fn start_sources(&self) {
        let Some(inbox) = self.shared.sources.inbox.lock().take() else { return };
        let portal = Arc::downgrade(&self.shared);
        let events = self.shared.sources.events.clone();
        let runtime = Handle::current();
        let run = move || {
            let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading a file is an event too; only changes matter.
                if event.is_ok_and(|e| !e.kind.is_access()) {
                    let _ = events.send(Event::Files);
                }
            });
            let watcher = watcher.inspect_err(|error| tracing::warn!(%error, "files cannot be watched; changes are seen at the next start"));
            let upgrade = move || portal.upgrade().map(|shared| Portal { shared });
            Worker { runtime, watcher: watcher.ok(), watched: BTreeSet::new(), reader: Reader::default() }.run(&inbox, &upgrade);
        };
        if let Err(error) = std::thread::Builder::new().name("sources".into()).spawn(run) {
            tracing::error!(%error, "sources cannot be read");
        }
        self.sync_sources().await;
    }

    /// Reads all sources now and waits until what they say is in the catalog.
    pub async fn sync_sources(&self) {
        let (done, wait) = oneshot::channel();
        if self.shared.sources.events.send(Event::Sync(done)).is_ok() {
            let _ = wait.await;
        }
    }

    /// Confirms that a held source may lose what it no longer says, and reads it again.
    pub async fn confirm_source(&self, viewer: &stagedoor_auth::Viewer, id: &str) -> Result<(), crate::PortalError> {
        crate::blueprints::may_build(viewer)?;
        if !self.shared.sources.config.locations.iter().any(|l| l.id() == id) {
            return Err(crate::PortalError::NotFound(format!("no source has the id \"{id}\"")));
        }
        let (done, wait) = oneshot::channel();
        if self.shared.sources.events.send(Event::Confirm(id.to_owned(), done)).is_ok() {
            let _ = wait.await;
        }
        Ok(())
    }
}

struct Worker {
    runtime: Handle,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeSet<PathBuf>,
    reader: Reader,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Event>, portal: &dyn Fn() -> Option<Portal>) {
        let mut next_poll = Instant::now() + POLL;
        loop {
            let mut waiters = Vec::new();
            let mut confirmed = Vec::new();
            let event = inbox.recv_timeout(next_poll.saturating_duration_since(Instant::now()));
            let mut pending = match event {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            while let Some(event) = pending.take() {
                let settle = match event {
                    Event::Files => SETTLE,
                    Event::Sync(done) => {
                        waiters.push(done);
                        Duration::ZERO
                    }
                    Event::Confirm(id, done) => {
                        confirmed.push(id);
                        waiters.push(done);
                        Duration::ZERO
                    }
                };
                pending = inbox.recv_timeout(settle).ok();
            }
            let Some(portal) = portal() else { return };
            if Instant::now() >= next_poll {
                self.reader.forget_urls();
                next_poll = Instant::now() + POLL;
            }
            self.sync_all(&portal, &confirmed);
            for waiter in waiters {
                let _ = waiter.send(());
            }
        }
    }

    fn sync_all(&mut self, portal: &Portal, confirmed: &[String]) {
        let locations = portal.shared.sources.config.locations.clone();
        let mut watch = BTreeSet::new();
        // Blueprints first, from every source: they decide which kinds the documents may have.
        loop {
            let mut readings = Vec::with_capacity(locations.len());
            let kinds = KnownKinds::of(portal.shared.catalog.load().blueprints());
            for location in &locations {
                readings.push(self.reader.read(location, portal, &kinds, &self.runtime));
            }
            let blueprints = self.declare_blueprints(portal, &mut readings);
            if blueprints {
                continue;
            }
            for (location, reading) in locations.iter().zip(readings) {
                watch.extend(reading.directories.iter().cloned());
                self.sync(portal, location, reading, confirmed.contains(&location.id()));
            }
            break;
        }
        self.watch(watch);
    }

    /// Writes the blueprints of all readings. True when any changed, so that documents must be judged again.
    fn declare_blueprints(&self, portal: &Portal, readings: &mut [Reading]) -> bool {
        let all: Vec<_> = readings.iter().flat_map(|r| r.blueprints.iter().map(|b| b.body.clone())).collect();
        if all.is_empty() {
            return false;
        }
        let before = portal.shared.catalog.load().revision;
        let declare = move |draft: &mut Draft| Ok(draft.declare_blueprints(&all));
        let errors = self.runtime.block_on(portal.commit(source_actor("catalog.locations"), false, declare));
        let errors = errors.unwrap_or_default();
        let mut at = 0;
        for reading in readings {
            for blueprint in &reading.blueprints {
                if let Some(Some(error)) = errors.get(at) {
                    reading.problems.push(Problem {
                        level: "error",
                        name: "InputError".into(),
                        message: error.clone(),
                        file: blueprint.file.clone(),
                        line: blueprint.line,
                        reference: None,
                    });
                }
                at += 1;
            }
        }
        portal.shared.catalog.load().revision != before
    }

    fn sync(&self, portal: &Portal, location: &LocationConfig, mut reading: Reading, confirmed: bool) {
        let id = location.id();
        let actor = source_actor(&id);
        match &reading.outcome {
            Outcome::Read => {
                let spoken = self.claim_all(portal, &id, &mut reading);
                self.finish(portal, &id, spoken, confirmed);
            }
            Outcome::Unreachable(reason) => self.set_state(portal, &id, SourceState::Stale, reason.clone()),
            Outcome::Gone(reason) => {
                self.set_state(portal, &id, SourceState::Gone, reason.clone());
                let since = portal.shared.catalog.load().sources().get(&id).map(|s| s.since.0);
                if since.is_some_and(|since| clock::now().0 - since > GONE_GRACE) {
                    let end = { let id = id.clone(); move |d: &mut Draft| Ok(d.end_claims(&id, &Spoken::default(), true)) };
                    let _ = self.runtime.block_on(portal.commit(actor, false, end));
                }
            }
        }
        let mut problems = portal.shared.problems.load().as_ref().clone();
        problems.replace(&id, reading.problems);
        portal.shared.problems.store(Arc::new(problems));
        portal.shared.sources.status.lock().insert(id, Status { last_run: Some(clock::now()) });
    }

    /// Claims everything the reading says that the catalog does not say already.
    fn claim_all(&self, portal: &Portal, id: &str, reading: &mut Reading) -> Spoken {
        let spoken = Arc::new(reading.spoken());
        let mut complete = spoken.as_ref().clone();
        let catalog = portal.shared.catalog.load_full();
        let news: Vec<Item> = reading.items.iter().filter(|i| !i.is_in(&catalog, id)).cloned().collect();
        drop(catalog);
        for chunk in news.chunks(CHUNK) {
            let (items, source, said) = (chunk.to_vec(), id.to_owned(), Arc::clone(&spoken));
            let claim = move |draft: &mut Draft| {
                Ok(items.iter().map(|item| draft.claim(&source, item, &said)).collect::<Vec<_>>())
            };
            let results = self.runtime.block_on(portal.commit(source_actor(id), false, claim));
            for (item, result) in chunk.iter().zip(results.unwrap_or_default()) {
                match result {
                    // An entity in Port's form has a reference only now.
                    Ok(reference) => {
                        complete.holder_of.entry(reference).or_insert_with(|| item.item.clone());
                    }
                    Err(error) => reading.problems.push(item.problem(&error.to_string())),
                }
            }
        }
        complete
    }

    fn finish(&self, portal: &Portal, id: &str, spoken: Spoken, confirmed: bool) {
        let source = id.to_owned();
        let end = move |draft: &mut Draft| {
            let reason = "over half of its entities are absent; confirm to remove them".to_owned();
            if draft.end_claims(&source, &spoken, confirmed) {
                draft.set_source_state(&source, SourceState::Fresh, None);
            } else {
                draft.set_source_state(&source, SourceState::Held, Some(reason));
            }
            Ok(())
        };
        if let Err(error) = self.runtime.block_on(portal.commit(source_actor(id), false, end)) {
            tracing::error!(%error, source = id, "a source could not be brought up to date");
        }
    }

    fn set_state(&self, portal: &Portal, id: &str, state: SourceState, reason: String) {
        let source = id.to_owned();
        let set = move |draft: &mut Draft| {
            draft.set_source_state(&source, state, Some(reason.clone()));
            Ok(())
        };
        let _ = self.runtime.block_on(portal.commit(source_actor(id), false, set));
    }

    fn watch(&mut self, wanted: BTreeSet<PathBuf>) {
        let Some(watcher) = &mut self.watcher else { return };
        for gone in self.watched.difference(&wanted) {
            // It may be gone from the disk as well.
            let _ = watcher.unwatch(gone);
        }
        for new in wanted.difference(&self.watched) {
            if let Err(error) = watcher.watch(new, RecursiveMode::NonRecursive) {
                tracing::warn!(%error, folder = %new.display(), "this folder cannot be watched");
            }
        }
        self.watched = wanted;
    }
}

fn source_actor(id: &str) -> Actor {
    Actor { name: id.to_owned(), through: "source".into() }
}

impl Draft {
    /// Writes blueprints that may point at each other in any order. One error text, or none, for each.
    fn declare_blueprints(&mut self, bodies: &[serde_json::Value]) -> Vec<Option<String>> {
        // Without their relations first, so that each one exists when another points at it.
        for body in bodies {
            let identifier = body.get("identifier").and_then(serde_json::Value::as_str).unwrap_or_default();
            if self.catalog.blueprints().get(identifier).is_none() {
                let mut alone = body.clone();
                if let Some(map) = alone.as_object_mut() {
                    map.shift_remove("relations");
                }
                let _ = self.write_blueprint(None, &alone, BlueprintMode::Declare);
            }
        }
        let write = |body: &serde_json::Value| self.write_blueprint(None, body, BlueprintMode::Declare).err();
        bodies.iter().map(write).map(|e| e.map(|e| e.to_string())).collect()
    }
}
