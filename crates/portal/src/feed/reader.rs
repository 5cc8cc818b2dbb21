//! From commits to events.

use std::collections::{HashMap, VecDeque};

use serde_json::json;
use stagedoor_model::{Blueprint, Change, Commit, EntityRecord, Record, Revision};
use stagedoor_store::{Store, Thing};
use uuid::Uuid;

use super::limited::Seen;
use super::then::Then;
use super::{FeedAction, FeedEvent, FeedFilter, FeedKind, FeedPage, Position, failed};
use crate::Portal;
use crate::error::PortalError;
use crate::runs::RUNS;
use crate::scorecards::SCORECARDS;

/// Commits are read in handfuls: more while they are small, one by one while they are large.
const MOST_COMMITS: usize = 64;
const MANY_CHANGES: usize = 256;
/// A page ends after so many changes that the filter left out, so that a reader of little sees it move on.
pub(super) const MOST_LOOKED_AT: usize = 10_000;

/// A place in the log, and what has to be remembered there.
pub(super) struct Reader {
    portal: Portal,
    pub(super) filter: FeedFilter,
    pub(super) next: Position,
    /// What somebody who may not see everything had in view at the last page.
    pub(super) seen: Option<Seen>,
    /// Runs are told of, with what they were and are.
    pub(super) runs: bool,
    /// So are scorecards.
    pub(super) scorecards: bool,
    handful: usize,
    waiting: VecDeque<Commit>,
    then: Then,
    /// Where things of the current commit were changed before, within it.
    earlier: HashMap<Key, usize>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
enum Key {
    Entity(Uuid),
    Blueprint(String),
}

/// Whether the log has what follows a place.
pub(super) fn reaches(store: &dyn Store, place: Position) -> Result<(), PortalError> {
    let head = store.head().map_err(failed)?;
    if place.revision > head {
        let message = format!("there is no revision {} yet: the newest is {head}", place.revision);
        return Err(PortalError::refused("revision_unknown", message));
    }
    match store.commits_since(place.base(), 1).map_err(failed)?.first() {
        Some(first) if first.revision != place.base() + 1 => Err(gone(place, first.revision)),
        _ => Ok(()),
    }
}

fn gone(place: Position, oldest: Revision) -> PortalError {
    let message = format!(
        "the change log begins with revision {oldest}, {place} is no longer in it: read the catalog anew and follow it from there"
    );
    PortalError::refused("revision_gone", message)
}

impl Reader {
    pub(super) fn new(portal: Portal, filter: FeedFilter, next: Position) -> Self {
        let then = Then::new(portal.clone());
        Self {
            portal,
            filter,
            next,
            seen: None,
            runs: false,
            scorecards: false,
            handful: 1,
            waiting: VecDeque::new(),
            then,
            earlier: HashMap::new(),
        }
    }

    /// The next events, up to a commit that readers see.
    pub(super) fn page(&mut self, head: Revision, most: usize) -> Result<FeedPage, PortalError> {
        let mut events = Vec::new();
        let mut looked_at = 0;
        while events.len() < most && looked_at < MOST_LOOKED_AT {
            let Some(commit) = self.commit(head)? else { break };
            let first =
                self.next.index.filter(|_| self.next.revision == commit.revision).map_or(0, |i| i + 1);
            let changes = &commit.change_set.changes;
            if first == 0 {
                self.earlier.clear();
            }
            let mut index = first;
            while index < changes.len() && events.len() < most && looked_at < MOST_LOOKED_AT {
                events.extend(self.event(&commit, index)?);
                self.note(changes, index);
                index += 1;
                looked_at += 1;
            }
            if index < changes.len() {
                self.next = Position { revision: commit.revision, index: Some(index - 1) };
                self.waiting.push_front(commit);
            } else {
                self.next = Position::after(commit.revision);
            }
        }
        let more = !self.waiting.is_empty() || self.next.base() < head;
        Ok(FeedPage { events, next: self.next, more, head, whole_commits: false })
    }

    /// The commit that is next, if readers see it already.
    pub(super) fn commit(&mut self, head: Revision) -> Result<Option<Commit>, PortalError> {
        if self.waiting.is_empty() {
            let base = self.next.base();
            if base >= head {
                return Ok(None);
            }
            let store = &self.portal.shared.store;
            let commits = store.commits_since(base, self.handful).map_err(failed)?;
            if let Some(first) = commits.first().filter(|c| c.revision != base + 1) {
                return Err(gone(self.next, first.revision));
            }
            let changes: usize = commits.iter().map(|c| c.change_set.changes.len()).sum();
            self.handful = if changes < MANY_CHANGES { (self.handful * 2).min(MOST_COMMITS) } else { 1 };
            self.waiting = commits.into_iter().take_while(|c| c.revision <= head).collect();
            self.resume();
        }
        Ok(self.waiting.pop_front())
    }

    /// A reader that begins within a commit has to know what came before in it.
    fn resume(&mut self) {
        let (Some(index), Some(commit)) = (self.next.index, self.waiting.front().cloned()) else { return };
        self.earlier.clear();
        let changes = &commit.change_set.changes;
        for seen in 0..changes.len().min(index.saturating_add(1)) {
            self.note(changes, seen);
        }
    }

    /// Remembers a change for those that follow it.
    fn note(&mut self, changes: &[Change], index: usize) {
        let key = match &changes[index] {
            Change::PutEntity(e) => Key::Entity(e.uid),
            Change::DeleteEntity(uid) => Key::Entity(*uid),
            Change::PutBlueprint(b) => {
                self.then.set(&b.identifier, Some(b.clone()));
                Key::Blueprint(b.identifier.clone())
            }
            Change::DeleteBlueprint(identifier) => {
                self.then.set(identifier, None);
                Key::Blueprint(identifier.clone())
            }
            _ => return,
        };
        self.earlier.insert(key, index);
    }

    fn event(&mut self, commit: &Commit, index: usize) -> Result<Option<FeedEvent>, PortalError> {
        let change = &commit.change_set.changes[index];
        match change {
            Change::PutEntity(record) => {
                if !self.wants(FeedKind::Entity, Some(&record.blueprint)) {
                    return Ok(None);
                }
                let before = self.entity_before(commit, record.uid)?;
                self.entity_event(commit, index, before.as_deref(), Some(record)).map(Some)
            }
            Change::DeleteEntity(uid) => {
                if !self.wants(FeedKind::Entity, None) {
                    return Ok(None);
                }
                let before = self.entity_before(commit, *uid)?;
                if !self.wants(FeedKind::Entity, before.as_ref().map(|b| b.blueprint.as_str())) {
                    return Ok(None);
                }
                self.entity_event(commit, index, before.as_deref(), None).map(Some)
            }
            Change::PutBlueprint(blueprint) => {
                self.blueprint_event(commit, index, &blueprint.identifier, Some(blueprint))
            }
            Change::DeleteBlueprint(identifier) => self.blueprint_event(commit, index, identifier, None),
            Change::PutRecord(record) if self.runs && record.collection == RUNS => {
                self.run_event(commit, index, record).map(Some)
            }
            Change::PutRecord(record) if self.scorecards && record.collection == SCORECARDS => {
                self.scorecard_event(commit, index, &record.key, Some(record)).map(Some)
            }
            Change::DeleteRecord(collection, key) if self.scorecards && collection == SCORECARDS => {
                self.scorecard_event(commit, index, key, None).map(Some)
            }
            Change::PutRecord(record) => {
                Ok(self.record_event(commit, index, &record.collection, Some(&record.key), true))
            }
            Change::DeleteRecord(collection, key) => {
                Ok(self.record_event(commit, index, collection, Some(key), false))
            }
            // Sources and claims are the portal's own business.
            _ => Ok(None),
        }
    }

    /// Whether the reader is told of scorecards.
    pub(super) fn tells_records(&self) -> bool {
        self.filter.records && self.wants(FeedKind::Record, Some(SCORECARDS))
    }

    /// That a record changed, without its body. Nobody is told of private ones.
    pub(super) fn record_event(
        &self,
        commit: &Commit,
        index: usize,
        collection: &str,
        key: Option<&str>,
        is_there: bool,
    ) -> Option<FeedEvent> {
        let told = self.filter.records && !stagedoor_model::record::is_private(collection);
        (told && self.wants(FeedKind::Record, Some(collection))).then(|| FeedEvent {
            action: if is_there { FeedAction::Updated } else { FeedAction::Deleted },
            blueprint: collection.to_owned(),
            identifier: key.map(str::to_owned),
            ..blank(commit, index, FeedKind::Record)
        })
    }

    /// How a scorecard was and is, each as `{"body", "stamps"}`.
    fn scorecard_event(
        &self,
        commit: &Commit,
        index: usize,
        key: &str,
        after: Option<&Record>,
    ) -> Result<FeedEvent, PortalError> {
        let whole = |record: &Record| json!({ "body": record.body.value(), "stamps": record.stamps });
        let before = match self.last(Thing::Record(SCORECARDS, key), commit.revision)? {
            Some(Change::PutRecord(before)) => Some(whole(&before)),
            _ => None,
        };
        Ok(FeedEvent {
            action: action(before.is_some(), after.is_some()),
            blueprint: SCORECARDS.to_owned(),
            identifier: Some(key.to_owned()),
            before,
            after: after.map(whole),
            ..blank(commit, index, FeedKind::Record)
        })
    }

    /// How a run was and is.
    fn run_event(&self, commit: &Commit, index: usize, run: &Record) -> Result<FeedEvent, PortalError> {
        let before = match self.last(Thing::Record(RUNS, &run.key), commit.revision)? {
            Some(Change::PutRecord(before)) => Some(before.body.value()),
            _ => None,
        };
        Ok(FeedEvent {
            action: action(before.is_some(), true),
            blueprint: RUNS.to_owned(),
            identifier: Some(run.key.clone()),
            before,
            after: Some(run.body.value()),
            ..blank(commit, index, FeedKind::Record)
        })
    }

    pub(super) fn wants(&self, kind: FeedKind, blueprint: Option<&str>) -> bool {
        let of_blueprint = |b: &str| self.filter.blueprints.iter().any(|wanted| wanted == b);
        self.filter.kind.is_none_or(|wanted| wanted == kind)
            && (self.filter.blueprints.is_empty() || blueprint.is_none_or(of_blueprint))
    }

    /// What an entity was before the current change.
    fn entity_before(
        &self,
        commit: &Commit,
        uid: Uuid,
    ) -> Result<Option<std::sync::Arc<EntityRecord>>, PortalError> {
        let last = match self.earlier.get(&Key::Entity(uid)) {
            Some(index) => commit.change_set.changes.get(*index).cloned(),
            None => self.last(Thing::Entity(uid), commit.revision)?,
        };
        Ok(match last {
            Some(Change::PutEntity(record)) => Some(record),
            _ => None,
        })
    }

    fn last(&self, thing: Thing<'_>, before: Revision) -> Result<Option<Change>, PortalError> {
        let commits = self.portal.shared.store.history(thing, Some(before), 1).map_err(failed)?;
        Ok(commits.first().and_then(|c| c.change_set.changes.last().cloned()))
    }

    fn entity_event(
        &mut self,
        commit: &Commit,
        index: usize,
        before: Option<&EntityRecord>,
        after: Option<&EntityRecord>,
    ) -> Result<FeedEvent, PortalError> {
        let known = after.or(before);
        let mut form = |record: Option<&EntityRecord>| match record {
            Some(record) if !self.filter.without_values => {
                self.then.port_form(record, commit.revision).map(Some)
            }
            _ => Ok(None),
        };
        let (before_form, after_form) = (form(before)?, form(after)?);
        Ok(FeedEvent {
            action: action(before.is_some(), after.is_some()),
            blueprint: known.map(|r| r.blueprint.clone()).unwrap_or_default().to_string(),
            identifier: known.map(|r| r.identifier.to_string()),
            reference: known.map(|r| r.entity_ref.to_string()).filter(|r| !r.starts_with('!')),
            before: before_form,
            after: after_form,
            ..blank(commit, index, FeedKind::Entity)
        })
    }

    fn blueprint_event(
        &mut self,
        commit: &Commit,
        index: usize,
        identifier: &str,
        after: Option<&Blueprint>,
    ) -> Result<Option<FeedEvent>, PortalError> {
        if !self.wants(FeedKind::Blueprint, Some(identifier)) {
            return Ok(None);
        }
        let before = self.then.blueprint(identifier, commit.revision)?;
        let body = |b: Option<&Blueprint>| b.filter(|_| !self.filter.without_values).map(|b| b.body.value());
        Ok(Some(FeedEvent {
            action: action(before.is_some(), after.is_some()),
            blueprint: identifier.to_owned(),
            identifier: Some(identifier.to_owned()),
            before: body(before.as_deref()),
            after: body(after),
            ..blank(commit, index, FeedKind::Blueprint)
        }))
    }
}

fn action(before: bool, after: bool) -> FeedAction {
    match (before, after) {
        (_, false) => FeedAction::Deleted,
        (true, true) => FeedAction::Updated,
        (false, true) => FeedAction::Created,
    }
}

pub(super) fn blank(commit: &Commit, index: usize, kind: FeedKind) -> FeedEvent {
    FeedEvent {
        position: Position { revision: commit.revision, index: Some(index) },
        at: commit.change_set.at,
        actor: commit.change_set.actor.clone(),
        kind,
        action: FeedAction::Updated,
        blueprint: String::new(),
        identifier: None,
        reference: None,
        before: None,
        after: None,
    }
}
