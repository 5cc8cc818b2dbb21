//! When sources are read: at start, when a watched file changes, when the data model changes, and URLs on a schedule.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant, SystemTime};

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use stagedoor_model::{Actor, Blueprint, SourceState};
use stagedoor_query::Catalog;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::item::Item;
use super::reading::{GONE_GRACE, Outcome, Reader, Reading, TARGET_MARK};
use super::reconcile::{Spoken, claimed_by};
use super::{KnownKinds, LocationConfig, Status, Wish};
use crate::problems::Problem;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Editors write a file in several steps; what happens within this time is read once.
const SETTLE: Duration = Duration::from_millis(80);
/// Files that never rest do not delay the reading of others longer than this.
const PATIENCE: Duration = Duration::from_millis(400);
/// How often a reading is repeated at once because something changed meanwhile.
const ROUNDS: usize = 5;
/// How exact the time of a file's change is.
const TICK: Duration = Duration::from_millis(20);
/// How often a URL is asked whether it has changed.
const POLL: Duration = Duration::from_secs(120);
/// Claims per operation, so that other writers get their turn during a large reading.
const CHUNK: usize = 500;

/// Why the worker wakes up.
pub(crate) enum Event {
    /// A watched file or folder has changed.
    Files,
    /// The portal starts, and waits for the end of the first reading.
    First(oneshot::Sender<()>),
    /// Someone asks for a reading and waits for its end.
    Sync(oneshot::Sender<()>),
    /// A person confirmed the losses of a held source.
    Confirm(String, oneshot::Sender<()>),
    /// The portal is gone.
    Stop,
}

impl Portal {
    /// Reads all sources once, and then whenever they change, until the portal is dropped. Returns after
    /// the first reading. Call it once, inside a tokio runtime.
    pub async fn start_sources(&self) {
        let Some(inbox) = self.shared.sources.inbox.lock().take() else { return };
        let portal = Arc::downgrade(&self.shared);
        let events = self.shared.sources.events.clone();
        let urls = self.shared.sources.config.locations.iter().any(|l| l.kind == "url");
        let folder = self.shared.sources.config.readings.clone();
        let runtime = Handle::current();
        let run = move || {
            let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                // Reading a file is an event too; only changes matter.
                if event.is_ok_and(|e| !e.kind.is_access()) {
                    let _ = events.send(Event::Files);
                }
            });
            let watcher = watcher.inspect_err(
                |error| tracing::warn!(%error, "files cannot be watched; changes are seen at the next start"),
            );
            let upgrade = move || portal.upgrade().map(|shared| Portal { shared });
            // The folder is looked at here, so that the start does not wait for it.
            let reader = Reader::over(folder.as_deref());
            let watched = BTreeMap::new();
            Worker { runtime, watcher: watcher.ok(), watched, reader, urls, polls: urls }
                .run(&inbox, &upgrade);
        };
        if let Err(error) = std::thread::Builder::new().name("sources".into()).spawn(run) {
            tracing::error!(%error, "sources cannot be read");
        }
        self.read_sources(Event::First).await;
    }

    /// Reads all sources now and waits until what they say is in the catalog. Where another replica reads them, it
    /// is asked to, and not waited for.
    pub async fn sync_sources(&self) {
        self.read_sources(Event::Sync).await;
    }

    async fn read_sources(&self, event: fn(oneshot::Sender<()>) -> Event) {
        let (done, wait) = oneshot::channel();
        if self.shared.sources.events.send(event(done)).is_ok() {
            let _ = wait.await;
        }
    }

    /// Confirms that a held source may lose what it no longer says, and reads it again.
    pub async fn confirm_source(
        &self,
        viewer: &stagedoor_auth::Viewer,
        id: &str,
    ) -> Result<(), crate::PortalError> {
        self.may(viewer, stagedoor_auth::Action::UpdateSources, stagedoor_auth::Resource::Any)?;
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

/// What follows a reading.
enum After {
    /// Nothing.
    Rest,
    /// Another one at once.
    Again,
    /// Another one when the files that are being written have come to rest.
    Settling,
}

struct Worker {
    runtime: Handle,
    watcher: Option<RecommendedWatcher>,
    watched: BTreeMap<PathBuf, Identity>,
    reader: Reader,
    /// There are locations of type `url`, which have to be asked.
    urls: bool,
    /// There is something to do without being told.
    polls: bool,
}

impl Worker {
    fn run(mut self, inbox: &Receiver<Event>, portal: &dyn Fn() -> Option<Portal>) {
        let mut next_poll = Instant::now() + POLL;
        loop {
            let mut waiters = Vec::new();
            let mut confirmed = Vec::new();
            let mut asked = false;
            let event = match self.polls {
                true => inbox.recv_timeout(next_poll.saturating_duration_since(Instant::now())),
                // Nothing to ask: sleep until something happens.
                false => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let mut pending = match event {
                Ok(event) => Some(event),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => return,
            };
            let patience = Instant::now() + PATIENCE;
            while let Some(event) = pending.take() {
                let settle = match event {
                    Event::Files => SETTLE.min(patience.saturating_duration_since(Instant::now())),
                    Event::First(done) => {
                        waiters.push(done);
                        Duration::ZERO
                    }
                    Event::Sync(done) => {
                        asked = true;
                        self.reader.forget_urls();
                        waiters.push(done);
                        Duration::ZERO
                    }
                    Event::Confirm(id, done) => {
                        confirmed.push(id);
                        waiters.push(done);
                        Duration::ZERO
                    }
                    Event::Stop => return,
                };
                if Instant::now() < patience {
                    pending = inbox.recv_timeout(settle).ok();
                }
            }
            let Some(portal) = portal() else { return };
            if Instant::now() >= next_poll {
                self.reader.forget_urls();
                next_poll = Instant::now() + POLL;
            }
            if portal.leads() {
                self.sync_all(&portal, &confirmed);
            } else {
                let sync = asked.then_some(Wish::Sync).into_iter();
                sync.chain(confirmed.into_iter().map(Wish::Confirm))
                    .for_each(|wish| portal.ask_leader(&wish));
            }
            let catalog = portal.shared.catalog.load();
            // What is gone has to be looked at again when its time is up.
            self.polls = self.urls || catalog.sources().values().any(|s| s.state == SourceState::Gone);
            drop(catalog);
            for waiter in waiters {
                let _ = waiter.send(());
            }
        }
    }

    fn sync_all(&mut self, portal: &Portal, confirmed: &[String]) {
        for round in 1..=ROUNDS {
            match self.sync_once(portal, confirmed, round == ROUNDS) {
                After::Rest => break,
                After::Again => {}
                After::Settling => std::thread::sleep(SETTLE),
            }
        }
        self.reader.save();
    }

    /// One reading of everything. The `last` one takes files as they are, however busy.
    fn sync_once(&mut self, portal: &Portal, confirmed: &[String], last: bool) -> After {
        let locations = portal.shared.sources.config.locations.clone();
        let started = SystemTime::now();
        let kinds = KnownKinds::of(portal.shared.catalog.load().blueprints());
        let mut readings = Vec::with_capacity(locations.len());
        self.reader.begin();
        for location in &locations {
            readings.push(self.reader.read(location, portal, &kinds, &self.runtime));
        }
        self.reader.end();
        let parsed = portal.shared.counters.files_parsed.load(Relaxed);
        tracing::debug!(took = ?started.elapsed().unwrap_or_default(), parsed, "sources read");
        let folders = readings.iter().flat_map(|r| r.directories.iter().cloned()).collect();
        // Blueprints first, from every source: they decide which kinds the documents may have.
        if self.declare_blueprints(portal, &mut readings) && !last {
            return After::Again;
        }
        // Every claim before any ends, so that a document that moves between sources is not lost on the way.
        let claims: Vec<_> =
            locations.iter().zip(&mut readings).map(|(l, r)| self.claim_all(portal, l, r)).collect();
        let mut settling = false;
        for ((location, reading), mut spoken) in locations.iter().zip(readings).zip(claims) {
            if let Some(spoken) = spoken.as_mut().filter(|_| !last) {
                settling |= keep_unsettled(spoken, &location.id(), &portal.shared.catalog.load());
            }
            self.finish(portal, location, reading, spoken, confirmed.contains(&location.id()));
        }
        // What happened between the reading of a folder and its watching has to be looked for.
        let fresh = self.watch(folders);
        match (settling, fresh.iter().any(|folder| changed_since(folder, started))) {
            (true, _) => After::Settling,
            (false, true) => After::Again,
            (false, false) => After::Rest,
        }
    }

    /// Writes the blueprints of all readings. True when any changed, so that documents must be judged again.
    fn declare_blueprints(&self, portal: &Portal, readings: &mut [Reading]) -> bool {
        let all: Vec<_> = readings.iter().flat_map(|r| r.blueprints.iter().map(|b| b.body.clone())).collect();
        if all.is_empty() {
            return false;
        }
        let declare = move |draft: &mut Draft| {
            let before = draft.catalog.clone();
            let results = draft.declare_blueprints_of_files(&all);
            let is_new = |b: &Blueprint| {
                before.blueprints().get(&b.identifier).is_none_or(|old| old.blueprint.body != b.body)
            };
            let changed = results.iter().flatten().any(|b| is_new(b));
            Ok((changed, results.into_iter().map(|r| r.err().map(|e| e.to_string())).collect::<Vec<_>>()))
        };
        let result = self.runtime.block_on(portal.commit(source_actor("catalog.locations"), false, declare));
        let (changed, errors) = result.unwrap_or_default();
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
        changed
    }

    /// Claims everything the reading says that the catalog does not say already. None when nothing may
    /// be concluded from what it does not say.
    fn claim_all(&self, portal: &Portal, location: &LocationConfig, reading: &mut Reading) -> Option<Spoken> {
        let Outcome::Read = reading.outcome else { return None };
        let id = location.id();
        let catalog = portal.shared.catalog.load_full();
        let spoken = Arc::new(reading.spoken(&id, &catalog));
        let mut complete = spoken.as_ref().clone();
        let news: Vec<Item> = reading.items.iter().filter(|i| !i.is_in(&catalog, &id)).cloned().collect();
        drop(catalog);
        for chunk in news.chunks(CHUNK) {
            let (items, source, said) = (chunk.to_vec(), id.clone(), Arc::clone(&spoken));
            let claim = move |draft: &mut Draft| {
                Ok(items.iter().map(|item| draft.claim(&source, item, &said)).collect::<Vec<_>>())
            };
            let results = self.runtime.block_on(portal.commit(source_actor(&id), false, claim));
            let results = results.inspect_err(
                |error| tracing::error!(%error, source = id, "a source could not be brought up to date"),
            );
            for (item, result) in chunk.iter().zip(results.ok()?) {
                match result {
                    // An entity in Port's form has a reference only now.
                    Ok(reference) => drop(complete.items.insert(item.item.clone(), Some(reference))),
                    Err(error) => {
                        complete.kept.references.extend(spoken.items.get(&item.item).cloned().flatten());
                        complete.kept.items.insert(item.item.clone());
                        reading.problems.push(item.problem(&error.to_string()));
                    }
                }
            }
        }
        Some(complete)
    }

    /// Ends the claims that a reading no longer makes, and remembers how it went.
    fn finish(
        &self,
        portal: &Portal,
        location: &LocationConfig,
        reading: Reading,
        spoken: Option<Spoken>,
        confirmed: bool,
    ) {
        let id = location.id();
        match (reading.outcome, spoken) {
            (Outcome::Read, Some(spoken)) => {
                self.remember_targets(portal, &id, reading.gone);
                self.end_claims(portal, &id, spoken, confirmed, reading.unreached)
            }
            (Outcome::Read, None) => {}
            (Outcome::Unreachable(reason), _) => self.set_state(portal, &id, SourceState::Stale, reason),
            (Outcome::Gone(reason), _) => {
                self.set_state(portal, &id, SourceState::Gone, reason);
                let since = portal.shared.catalog.load().sources().get(&id).map(|s| s.since.0);
                if since.is_some_and(|since| clock::now().0 - since > GONE_GRACE) {
                    let source = id.clone();
                    let end = move |d: &mut Draft| Ok(d.end_claims(&source, &Spoken::default(), true));
                    let _ = self.runtime.block_on(portal.commit(source_actor(&id), false, end));
                }
            }
        }
        let mut problems = portal.shared.problems.load().as_ref().clone();
        if portal.shared.replication.is_some() {
            let (source, shared) = (id.clone(), reading.problems.clone());
            let share = move |draft: &mut Draft| {
                draft.share_problems(&source, &shared);
                Ok(())
            };
            let _ = self.runtime.block_on(portal.commit(source_actor(&id), false, share));
        }
        problems.replace(&id, reading.problems);
        portal.shared.problems.store(Arc::new(problems));
        portal.shared.sources.status.lock().insert(id, Status { last_run: Some(clock::now()) });
    }

    /// Remembers which targets of a source are gone, since when, and forgets those that are back.
    fn remember_targets(&self, portal: &Portal, id: &str, gone: BTreeMap<String, String>) {
        let prefix = format!("{id}{TARGET_MARK}");
        let remember = move |draft: &mut Draft| {
            let known =
                draft.catalog.sources().keys().filter(|k| k.starts_with(&prefix) && !gone.contains_key(*k));
            for back in known.cloned().collect::<Vec<_>>() {
                draft.set_source_state(&back, SourceState::Fresh, None);
            }
            for (target, reason) in &gone {
                draft.set_source_state(target, SourceState::Gone, Some(reason.clone()));
            }
            Ok(())
        };
        let _ = self.runtime.block_on(portal.commit(source_actor(id), false, remember));
    }

    fn end_claims(
        &self,
        portal: &Portal,
        id: &str,
        spoken: Spoken,
        confirmed: bool,
        unreached: Option<String>,
    ) {
        let source = id.to_owned();
        let end = move |draft: &mut Draft| {
            let (state, reason) = match (draft.end_claims(&source, &spoken, confirmed), &unreached) {
                (false, _) => (
                    SourceState::Held,
                    Some("over half of its entities are absent; confirm to remove them".to_owned()),
                ),
                (true, Some(reason)) => (SourceState::Stale, Some(reason.clone())),
                (true, None) => (SourceState::Fresh, None),
            };
            draft.set_source_state(&source, state, reason);
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

    /// Watches these folders and no others. Answers those that were not watched before.
    fn watch(&mut self, wanted: BTreeSet<PathBuf>) -> Vec<PathBuf> {
        let Some(watcher) = &mut self.watcher else { return Vec::new() };
        // A folder that was replaced by another of its name is another folder.
        let wanted: BTreeMap<PathBuf, Identity> =
            wanted.into_iter().map(|f| (f.clone(), identity(&f))).collect();
        for (gone, _) in self.watched.iter().filter(|(f, id)| wanted.get(*f) != Some(id)) {
            // It may be gone from the disk as well.
            let _ = watcher.unwatch(gone);
        }
        let mut fresh = Vec::new();
        for (new, _) in wanted.iter().filter(|(f, id)| self.watched.get(*f) != Some(id)) {
            match watcher.watch(new, RecursiveMode::NonRecursive) {
                Ok(()) => fresh.push(new.clone()),
                Err(_) if !new.exists() => fresh.push(new.clone()),
                Err(error) => {
                    tracing::warn!(%error, folder = %new.display(), "this folder cannot be watched")
                }
            }
        }
        self.watched = wanted.into_iter().filter(|(_, id)| id.is_some()).collect();
        fresh
    }
}

/// Which folder it is that has this name now. Inodes are used again, so its birth counts too.
type Identity = Option<(u64, Option<SystemTime>)>;

fn identity(folder: &Path) -> Identity {
    let meta = std::fs::metadata(folder).ok()?;
    Some((meta.ino(), meta.created().ok()))
}

/// Whether a folder is gone, or something in it has changed since a moment, or at about that moment.
fn changed_since(folder: &Path, moment: SystemTime) -> bool {
    let moment = moment.checked_sub(TICK).unwrap_or(moment);
    let later = |path: &Path| std::fs::metadata(path).and_then(|m| m.modified()).is_ok_and(|m| m >= moment);
    let any_later = || {
        let entries = std::fs::read_dir(folder);
        entries.is_ok_and(|mut entries| entries.any(|e| e.is_ok_and(|e| later(&e.path()))))
    };
    !folder.exists() || later(folder) || any_later()
}

/// A file that is being written looks empty, and one that is being replaced absent: what such a file no
/// longer says is kept until it rests. True when there is any.
fn keep_unsettled(spoken: &mut Spoken, source: &str, catalog: &Catalog) -> bool {
    let lost = claimed_by(catalog, source).into_iter().filter(|(r, item)| !spoken.stands(r, item));
    let files = lost.filter_map(|(_, item)| Some(item.rsplit_once('#')?.0.to_owned()));
    let files: BTreeSet<String> = files.collect();
    let unsettled =
        files.into_iter().filter(|f| f.strip_prefix("file:").is_some_and(|f| is_unsettled(Path::new(f))));
    let before = spoken.kept.files.len();
    spoken.kept.files.extend(unsettled);
    spoken.kept.files.len() > before
}

/// Whether a file, or the folder that it was in, has changed just now, or by its clock will.
fn is_unsettled(path: &Path) -> bool {
    let meta = path.ancestors().find_map(|p| std::fs::metadata(p).ok());
    let modified = meta.and_then(|m| m.modified().ok());
    modified.is_some_and(|m| m.elapsed().map_or(true, |age| age < SETTLE))
}

fn source_actor(id: &str) -> Actor {
    Actor::new(id, "source")
}
