//! The feed of somebody who may not see everything: never more than a view of now would show.
//!
//! The log says what was, and what was may have been hidden. So nothing of it is passed on but that a thing changed,
//! and only of things that are in the reader's view now, by the names that they have now. What is gone from that view,
//! deleted or hidden, is told by blueprint alone, and only where it had been in view: the sets of two views are
//! compared, never the log. Places are whole commits, for the number of a change within one counts those before it.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use stagedoor_model::{Change, Commit, Revision, Timestamp};
use stagedoor_query::NodeSet;
use uuid::Uuid;

use super::reader::{MOST_LOOKED_AT, Reader, blank};
use super::{FeedAction, FeedEvent, FeedKind, FeedPage, Position};
use crate::error::PortalError;
use crate::{View, clock};

/// A commit of more changes than these is told by blueprint.
const MANY: usize = 200;

/// What was in view, by blueprint.
#[derive(Default)]
pub(super) struct Seen(BTreeMap<String, Arc<NodeSet>>);

impl Seen {
    pub(super) fn of(view: &View) -> Self {
        let all = view.blueprints().iter().map(|entry| entry.blueprint.identifier.clone());
        Self(all.map(|blueprint| (blueprint.clone(), view.catalog.set_of(&blueprint))).collect())
    }

    /// The blueprints of which something has gone out of view since.
    fn gone(&self, now: &Self) -> Vec<String> {
        let lost = |(blueprint, before): (&String, &Arc<NodeSet>)| {
            let after = now.0.get(blueprint)?;
            (!Arc::ptr_eq(before, after) && !before.is_subset(after)).then(|| blueprint.clone())
        };
        self.0.iter().filter_map(lost).collect()
    }

    fn had(&self, blueprint: &str, node: stagedoor_query::NodeId) -> bool {
        self.0.get(blueprint).is_some_and(|set| set.contains(node))
    }
}

impl Reader {
    /// The next events for whoever looks through a view, in whole commits.
    pub(super) fn limited_page(
        &mut self,
        view: &View,
        head: Revision,
        most: usize,
    ) -> Result<FeedPage, PortalError> {
        let now = Seen::of(view);
        let before = self.seen.take();
        let mut events = Vec::new();
        let gone = match &before {
            Some(before) => before.gone(&now),
            // Nobody knows what was in view when this reader was here last.
            None if self.filter.resumes => now.0.keys().cloned().collect(),
            None => Vec::new(),
        };
        for blueprint in gone.iter().filter(|b| self.wants(FeedKind::Entity, Some(b))) {
            events.push(coarse(Position::after(head), clock::now(), FeedAction::Deleted, blueprint));
        }
        let mut looked_at = 0;
        while events.len() < most && looked_at < MOST_LOOKED_AT {
            let Some(commit) = self.commit(head)? else { break };
            looked_at += commit.change_set.changes.len();
            let told = self.told(&commit, view, before.as_ref());
            events.extend(if told.len() > MANY { by_blueprint(told) } else { told });
            self.next = Position::after(commit.revision);
        }
        self.seen = Some(now);
        let more = self.next.base() < head;
        Ok(FeedPage { events, next: self.next, more, head, whole_commits: true })
    }

    fn told(&self, commit: &Commit, view: &View, before: Option<&Seen>) -> Vec<FeedEvent> {
        let mut told: HashSet<Uuid> = HashSet::new();
        let mut events = Vec::new();
        for (index, change) in commit.change_set.changes.iter().enumerate() {
            let event = match change {
                Change::PutEntity(record) if told.insert(record.uid) => {
                    self.visible(commit, index, record.uid, view, before)
                }
                Change::PutBlueprint(blueprint) => {
                    self.model_event(commit, index, &blueprint.identifier, true)
                }
                Change::DeleteBlueprint(identifier) => self.model_event(commit, index, identifier, false),
                Change::PutRecord(record) => self.record_event(commit, index, &record.collection, None, true),
                Change::DeleteRecord(collection, _) => {
                    self.record_event(commit, index, collection, None, false)
                }
                _ => None,
            };
            events.extend(event);
        }
        for event in &mut events {
            event.position = Position::after(commit.revision);
        }
        events.dedup_by(|a, b| a.kind == FeedKind::Record && b.kind == a.kind && a.blueprint == b.blueprint);
        events
    }

    /// An entity that changed, as it is in view now.
    fn visible(
        &self,
        commit: &Commit,
        index: usize,
        uid: Uuid,
        view: &View,
        before: Option<&Seen>,
    ) -> Option<FeedEvent> {
        let node = view.catalog.node_of_uid(uid)?;
        let record = &view.entity(node)?.record;
        if !self.wants(FeedKind::Entity, Some(&record.blueprint)) {
            return None;
        }
        let is_new = match before {
            Some(before) => !before.had(&record.blueprint, node),
            None => record.stamps.created_at == commit.change_set.at,
        };
        let blank = blank(commit, index, FeedKind::Entity);
        Some(FeedEvent {
            action: if is_new { FeedAction::Created } else { FeedAction::Updated },
            actor: stagedoor_model::Actor { name: record.stamps.updated_by.to_string(), ..blank.actor },
            blueprint: record.blueprint.to_string(),
            identifier: Some(record.identifier.to_string()),
            reference: Some(record.entity_ref.to_string()).filter(|r| !r.starts_with('!')),
            ..blank
        })
    }

    fn model_event(
        &self,
        commit: &Commit,
        index: usize,
        identifier: &str,
        is_there: bool,
    ) -> Option<FeedEvent> {
        self.wants(FeedKind::Blueprint, Some(identifier)).then(|| FeedEvent {
            action: if is_there { FeedAction::Updated } else { FeedAction::Deleted },
            blueprint: identifier.to_owned(),
            identifier: Some(identifier.to_owned()),
            ..blank(commit, index, FeedKind::Blueprint)
        })
    }
}

/// Something of a blueprint, without saying what.
fn coarse(position: Position, at: Timestamp, action: FeedAction, blueprint: &str) -> FeedEvent {
    FeedEvent {
        position,
        at,
        actor: stagedoor_model::Actor::new("", ""),
        kind: FeedKind::Entity,
        action,
        blueprint: blueprint.to_owned(),
        identifier: None,
        reference: None,
        before: None,
        after: None,
    }
}

/// Many changes of entities as one for each blueprint and kind of change.
fn by_blueprint(events: Vec<FeedEvent>) -> Vec<FeedEvent> {
    let mut seen = HashSet::new();
    let mut out = Vec::new();
    for event in events {
        if event.kind != FeedKind::Entity {
            out.push(event);
        } else if seen.insert((event.action, event.blueprint.clone())) {
            out.push(coarse(event.position, event.at, event.action, &event.blueprint));
        }
    }
    out
}
