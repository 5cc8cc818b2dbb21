//! What the rest of the portal asks of the thread that reads the sources.

use std::time::Duration;

use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_hosts::{Priority, ProviderEvent};
use tokio::sync::oneshot;

use super::Wish;
use super::engine;
use super::event::{Asked, Event};
use super::source::{REGISTERED, abandoned, all};
use crate::{Portal, PortalError};

/// A start waits no longer than this for the first reading. What takes longer comes while the portal answers.
const START: Duration = Duration::from_secs(20);
/// How long a person who asks for a reading waits for its end.
const PERSON: Duration = Duration::from_secs(10);

/// Whether a reading has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReadEnd {
    /// What the source says is in the catalog.
    Done,
    /// It takes longer; what it says comes by itself.
    Pending,
}

impl Portal {
    /// Reads all sources once, and then whenever they change, until the portal is dropped. Returns after the first
    /// reading, or while slow hosts or very many files are still being read. Call it once, inside a tokio runtime.
    pub async fn start_sources(&self) {
        let Some(inbox) = self.shared.sources.inbox.lock().take() else { return };
        engine::start(self, inbox);
        let ((files, files_read), (all, all_read)) = (oneshot::channel(), oneshot::channel());
        if self.shared.sources.events.send(Event::First(files, all)).is_ok() {
            let _ = tokio::time::timeout(START, async { tokio::join!(files_read, all_read) }).await;
        }
    }

    /// Reads all sources now and waits until what they say is in the catalog. Other replicas are asked to read theirs,
    /// and not waited for.
    pub async fn sync_sources(&self) {
        let (done, wait) = oneshot::channel();
        self.ask_others(&Wish::Sync);
        if self.shared.sources.events.send(Event::Sync(Some(done))).is_ok() {
            let _ = wait.await;
        }
    }

    /// Reads one source now, URLs asked again, and waits for its end, but no longer than `within`.
    pub(crate) async fn read_source(&self, id: &str, priority: Priority, within: Duration) -> ReadEnd {
        self.ask(Asked { id: id.to_owned(), place: None, priority, first: false }, within).await
    }

    /// Waits for the first reading of a source that somebody has just made, but no longer than `within`.
    pub(crate) async fn read_new_source(&self, id: &str, within: Duration) -> ReadEnd {
        let asked = Asked { id: id.to_owned(), place: None, priority: Priority::Person, first: true };
        self.ask(asked, within).await
    }

    /// The same for what a source says at one place (`<type>:<file or url>`, an item without its `#` and number),
    /// without asking for the rest where that is possible.
    pub(crate) async fn read_place(
        &self,
        id: &str,
        place: &str,
        priority: Priority,
        within: Duration,
    ) -> ReadEnd {
        self.ask(Asked { id: id.to_owned(), place: Some(place.to_owned()), priority, first: false }, within)
            .await
    }

    async fn ask(&self, asked: Asked, within: Duration) -> ReadEnd {
        // Before the start nothing is read: whoever only writes would wait for nothing.
        if self.shared.sources.inbox.lock().is_some() {
            return ReadEnd::Pending;
        }
        if !self.reads_id(&asked.id) {
            return self.ask_other(asked, within).await;
        }
        let (done, wait) = oneshot::channel();
        if self.shared.sources.events.send(Event::Ask(asked, Some(done))).is_err() {
            return ReadEnd::Pending;
        }
        match tokio::time::timeout(within, wait).await {
            Ok(Ok(())) => ReadEnd::Done,
            _ => ReadEnd::Pending,
        }
    }

    /// Another replica reads the source, or, where it is new, whichever takes it. It has been read when that replica
    /// says so, or anything is known of a new one here.
    async fn ask_other(&self, asked: Asked, within: Duration) -> ReadEnd {
        let id = asked.id.clone();
        let wish = Wish::Ask(asked.clone());
        let read = self.told_of(&id);
        self.shared.sources.send(Event::Ask(asked, None));
        self.ask_others(&wish);
        match tokio::time::timeout(within, read).await {
            Ok(()) => ReadEnd::Done,
            Err(_) => ReadEnd::Pending,
        }
    }

    /// Waits until another replica tells that it has read a source from now on; of one that is new, until anything is
    /// known of it.
    fn told_of(&self, id: &str) -> impl Future<Output = ()> {
        let (portal, id) = (self.clone(), id.to_owned());
        let count =
            |portal: &Self, id: &str| portal.shared.sources.status.lock().get(id).map_or(0, |s| s.told);
        let (before, is_new) = (count(self, &id), !self.knows_of(&id));
        let (mut told, mut head) = (self.shared.sources.told.subscribe(), self.shared.head.follow());
        async move {
            while count(&portal, &id) == before && !(is_new && portal.knows_of(&id)) {
                tokio::select! {
                    changed = told.changed() => if changed.is_err() { return },
                    changed = head.changed(), if is_new => if changed.is_err() { return },
                }
            }
        }
    }

    /// Whether a reading of a source has left anything in the catalog.
    fn knows_of(&self, id: &str) -> bool {
        let catalog = self.shared.catalog.load();
        let claims = |source: &str| source == id;
        catalog.sources().contains_key(id)
            || !self.shared.problems.load().of_source(id).is_empty()
            || catalog.waiting().keys().any(|(source, _)| claims(source))
            || catalog.claimers().any(|(source, _)| claims(source))
    }

    /// A host tells that something has changed there: what it concerns is read again.
    pub fn host_event(&self, event: ProviderEvent) {
        self.ask_others(&Wish::Host(event.clone()));
        self.shared.sources.send(Event::Host(event));
    }

    /// Reads a source now, as a person wishes. Waits for its end, but no longer than ten seconds.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` where no source has this id.
    pub async fn trigger_source(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateSources, Resource::Any)?;
        self.known_source(id)?;
        self.read_source(id, Priority::Person, PERSON).await;
        Ok(())
    }

    /// Confirms that a held source may lose what it no longer says, and reads it again.
    ///
    /// # Errors
    /// As [`Portal::trigger_source`].
    pub async fn confirm_source(&self, viewer: &Viewer, id: &str) -> Result<(), PortalError> {
        self.may(viewer, Action::UpdateSources, Resource::Any)?;
        self.known_source(id)?;
        if !self.reads_id(id) {
            let read = self.told_of(id);
            self.ask_others(&Wish::Confirm(id.to_owned()));
            let _ = tokio::time::timeout(PERSON, read).await;
            return Ok(());
        }
        let (done, wait) = oneshot::channel();
        if self.shared.sources.events.send(Event::Confirm(id.to_owned(), Some(done))).is_ok() {
            let _ = wait.await;
        }
        Ok(())
    }

    fn known_source(&self, id: &str) -> Result<(), PortalError> {
        let catalog = self.shared.catalog.load();
        let listed = all(&self.shared.sources.config, &catalog);
        let known =
            listed.iter().any(|s| s.id == id) || abandoned(&listed, &catalog).iter().any(|s| s.id == id);
        match known {
            true => Ok(()),
            false => Err(PortalError::NotFound(format!("no source has the id \"{id}\""))),
        }
    }

    /// Whether a source is there without a record: then it stays when a record of the same location goes.
    pub(crate) fn is_configured_source(&self, id: &str) -> bool {
        let config = &self.shared.sources.config;
        config.locations.iter().any(|l| l.id() == id) || config.providers.0.iter().any(|p| p.id() == id)
    }

    /// Whether a source lives by a record of the collection `location`.
    pub(super) fn has_record(draft: &crate::writer::Draft, key: &str) -> bool {
        draft.catalog.record(REGISTERED, key).is_some()
    }
}
