//! The change feed: the log as readers may follow it, gapless and in order.
//!
//! Nothing is kept for a reader. Each has a place in the log and reads on from there at its own pace; when it has
//! read all, it sleeps until a newer snapshot is published. So a slow reader costs no memory, and what another
//! process wrote comes the same way as what this one wrote. An event comes when reads show it, not before.

mod limited;
mod reader;
mod then;

use std::sync::Arc;

use serde_json::Value;
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Actor, Revision, Timestamp};
use tokio::sync::watch;

use crate::publish::Now;
use crate::{Portal, PortalError, writer};
use reader::Reader;
pub(crate) use then::Then;

/// Feeds that may be open at once.
const MOST_FEEDS: u64 = 1_000;

/// A place in the log: after a commit, or after one change within it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Number of the commit.
    pub revision: Revision,
    /// Number of the change within it, from 0; `None`: after all of them.
    pub index: Option<usize>,
}

impl Position {
    /// After a whole commit.
    #[must_use]
    pub fn after(revision: Revision) -> Self {
        Self { revision, index: None }
    }

    /// The last commit that lies wholly before.
    fn base(self) -> Revision {
        if self.index.is_some() { self.revision.saturating_sub(1) } else { self.revision }
    }
}

impl std::fmt::Display for Position {
    /// `12` after commit 12, `12-3` after its change 3.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.index {
            Some(index) => write!(f, "{}-{index}", self.revision),
            None => write!(f, "{}", self.revision),
        }
    }
}

impl std::str::FromStr for Position {
    type Err = PortalError;

    fn from_str(text: &str) -> Result<Self, PortalError> {
        let wrong = || {
            let shown: String = text.chars().take(40).collect();
            PortalError::invalid(format!(
                "{shown:?} is no place in the change feed: expected a revision such as 12, or an event's id such as 12-3"
            ))
        };
        // Digits only: `+12` would parse too.
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (revision, index) = text.split_once('-').map_or((text, None), |(r, i)| (r, Some(i)));
        if !digits(revision) || !index.is_none_or(digits) {
            return Err(wrong());
        }
        let revision = revision.parse().map_err(|_| wrong())?;
        Ok(Self { revision, index: index.map(str::parse).transpose().map_err(|_| wrong())? })
    }
}

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FeedKind {
    /// An entity.
    Entity,
    /// A blueprint.
    Blueprint,
    /// A page, a saved view: the collection stands in place of the blueprint.
    Record,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FeedAction {
    /// It was not there before.
    Created,
    /// It was another.
    Updated,
    /// It is no more.
    Deleted,
}

/// Which events are of interest.
#[derive(Clone, Debug, Default)]
pub struct FeedFilter {
    /// Only of these blueprints; empty: of all.
    pub blueprints: Vec<String>,
    /// Only of this kind.
    pub kind: Option<FeedKind>,
    /// Leave out what the thing was and is.
    pub without_values: bool,
    /// Tell of records, too: that one of a collection changed, and to administrators which.
    pub records: bool,
    /// Whoever reads has been here before and wants to know what may be gone since. Of no account for administrators,
    /// who are told of each thing.
    pub resumes: bool,
}

/// One change of one thing.
#[derive(Clone, Debug)]
pub struct FeedEvent {
    /// Its place; unique.
    pub position: Position,
    /// When.
    pub at: Timestamp,
    /// Who, through what.
    pub actor: Actor,
    /// Of what.
    pub kind: FeedKind,
    /// What happened.
    pub action: FeedAction,
    /// The blueprint, or the collection of a record.
    pub blueprint: String,
    /// Of the entity or blueprint, or the key of a record. `None`: something of it changed, and what is not said.
    pub identifier: Option<String>,
    /// The lower-case reference of an entity; `None` where Backstage has no such kind.
    pub reference: Option<String>,
    /// What it was: an entity in Port's form as its blueprint then read it, or the blueprint's body. Values that are
    /// derived are not in it.
    pub before: Option<Value>,
    /// What it is since.
    pub after: Option<Value>,
}

/// A part of the feed.
#[derive(Debug)]
pub struct FeedPage {
    /// In order.
    pub events: Vec<FeedEvent>,
    /// Where to go on: past these events and all that the filter left out.
    pub next: Position,
    /// Whether there is more already.
    pub more: bool,
    /// The newest commit.
    pub head: Revision,
    /// Events are of whole commits, and have no places of their own.
    pub whole_commits: bool,
}

/// Why a reader woke up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// There is more to read.
    More,
    /// Results of scorecards have moved by the time alone.
    ByTime,
    /// The portal is going down.
    Ended,
}

/// One reader's way through the log.
pub struct Feed {
    portal: Portal,
    viewer: Viewer,
    reader: Option<Reader>,
    head: watch::Receiver<Now>,
    /// Results that moved without a commit.
    by_time: watch::Receiver<u64>,
    next: Position,
    /// Counted as one that is open; the portal's own are not.
    _open: Option<Arc<()>>,
}

impl Portal {
    /// Follows the log from a place on; from the newest commit on when there is none. Administrators get all of it;
    /// whoever may not see everything gets what [`limited`] says.
    ///
    /// # Errors
    /// `Forbidden`. [`PortalError::Invalid`] with code `revision_gone` when the log does not
    /// reach back that far, `revision_unknown` when there is no such commit yet. [`PortalError::Unavailable`] when
    /// too many are open.
    pub async fn feed(
        &self,
        viewer: &Viewer,
        from: Option<Position>,
        filter: FeedFilter,
    ) -> Result<Feed, PortalError> {
        self.may(viewer, Action::ReadFeed, Resource::Any)?;
        let open = Arc::clone(&self.shared.feeds);
        if self.open_feeds() > MOST_FEEDS {
            return Err(PortalError::Unavailable(format!("{MOST_FEEDS} change feeds are open already")));
        }
        Ok(Feed { _open: Some(open), ..self.follow_log(viewer, from, filter).await? })
    }

    /// How many feeds are open.
    pub(crate) fn open_feeds(&self) -> u64 {
        Arc::strong_count(&self.shared.feeds) as u64 - 1
    }

    async fn follow_log(
        &self,
        viewer: &Viewer,
        from: Option<Position>,
        filter: FeedFilter,
    ) -> Result<Feed, PortalError> {
        let head = self.shared.head.follow();
        let newest = head.borrow().revision;
        let next = from.unwrap_or(Position::after(newest));
        let reader = Reader::new(self.clone(), filter, next);
        let store = Arc::clone(&self.shared.store);
        if next.base() < newest || next.revision > newest {
            block(move || reader::reaches(store.as_ref(), next)).await??;
        }
        Ok(Feed {
            portal: self.clone(),
            viewer: viewer.clone(),
            reader: Some(reader),
            head,
            by_time: self.shared.pasts.by_time(),
            next,
            _open: None,
        })
    }

    /// Follows what automations are about: entities of these blueprints, and how runs are doing where `runs` says so.
    /// What a run was and is stands in its event as it is kept.
    pub(crate) async fn feed_of_events(
        &self,
        from: Position,
        blueprints: Vec<String>,
        runs: bool,
    ) -> Result<Feed, PortalError> {
        let scored = [crate::score_entities::SCORECARD, crate::score_entities::RULE];
        let scorecards = blueprints.iter().any(|blueprint| scored.contains(&blueprint.as_str()));
        let kind = if blueprints.is_empty() { FeedKind::Record } else { FeedKind::Entity };
        let filter = FeedFilter { blueprints, kind: Some(kind), ..FeedFilter::default() };
        let mut feed = self.follow_log(&Viewer::system("automation"), Some(from), filter).await?;
        if let Some(reader) = &mut feed.reader {
            reader.runs = runs;
            reader.scorecards = scorecards;
        }
        Ok(feed)
    }

    /// Ends every feed: the portal is going down.
    pub fn end_feeds(&self) {
        self.shared.head.end();
    }
}

impl Feed {
    /// Where it stands.
    #[must_use]
    pub fn position(&self) -> Position {
        self.next
    }

    /// What is there now, at most `most` events; none when everything has been read, or when nothing of a long stretch
    /// passed the filter.
    ///
    /// # Errors
    /// When the store fails; when whoever opened it may not read it any more, or has signed out: taking a right away
    /// is a commit, so that no reader sees what comes after it.
    pub async fn page(&mut self, most: usize) -> Result<FeedPage, PortalError> {
        self.portal.may(&self.viewer, Action::ReadFeed, Resource::Any)?;
        self.portal.still_holds(&self.viewer)?;
        let sees_all = self.portal.rights(&self.viewer).is_administrator();
        let view = if sees_all { None } else { Some(self.portal.view(&self.viewer)?) };
        let Now { revision: head, ended } = *self.head.borrow();
        let Some(mut reader) = self.reader.take().filter(|_| !ended) else {
            return Err(PortalError::Unavailable("the feed has ended".into()));
        };
        let (reader, page) = block(move || {
            let page = match view {
                Some(view) => reader.limited_page(&view, head, most),
                None => reader.page(head, most),
            };
            (reader, page)
        })
        .await?;
        self.reader = Some(reader);
        let page = page?;
        self.next = page.next;
        Ok(page)
    }

    /// Waits until there is more, or results of scorecards have moved by the time alone.
    pub async fn wake(&mut self) -> Woken {
        let next = self.next;
        let more = |now: &Now| now.ended || now.revision > next.base();
        tokio::select! {
            now = self.head.wait_for(more) => match now {
                Ok(now) if !now.ended => Woken::More,
                _ => Woken::Ended,
            },
            Ok(()) = self.by_time.changed() => Woken::ByTime,
        }
    }

    /// What tells a reader of records that results of scorecards have moved by the time alone. It has no place in the
    /// log: nothing was written.
    #[must_use]
    pub fn moved_by_time(&self) -> Option<FeedEvent> {
        self.reader.as_ref().filter(|reader| reader.tells_records())?;
        Some(FeedEvent {
            position: self.next,
            at: self.portal.shared.clock.now(),
            actor: Actor::new("system", "system"),
            kind: FeedKind::Record,
            action: FeedAction::Updated,
            blueprint: crate::scorecards::SCORECARDS.to_owned(),
            identifier: None,
            reference: None,
            before: None,
            after: None,
        })
    }

    /// Waits until there is more. False when the portal is going down.
    pub async fn wait(&mut self) -> bool {
        let next = self.next;
        let more = |now: &Now| now.ended || now.revision > next.base();
        self.head.wait_for(more).await.is_ok_and(|now| !now.ended)
    }
}

/// Runs what reads the store, which blocks.
async fn block<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PortalError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "reading the log failed");
        PortalError::Internal(error.to_string())
    })
}

fn failed(error: stagedoor_store::StoreError) -> PortalError {
    writer::internal(error)
}
