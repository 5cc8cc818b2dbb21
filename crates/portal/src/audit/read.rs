//! Pages of the audit log: changes, events and refusals in one order, newest first.
//!
//! A page looks at so many lines at most. Where what is asked for is found by an index (one thing, one actor, anything
//! but entities) those are its lines; else it may find nothing in them, says how far back it has looked, and the next
//! page goes on from there.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::{Change, JournalLine, Timestamp};
use stagedoor_query::Catalog;
use stagedoor_store::{LogQuery, LoggedChange, Only, Store, StoreError, Thing};
use uuid::Uuid;

use super::entry::{self, AuditAction, AuditEntry};
use super::query::{AuditPage, AuditPlace, AuditQuery};
use super::streams::{SKEW, Stream};
use super::{AUDIT, EVENTS};
use crate::error::PortalError;
use crate::feed::Then;
use crate::{Portal, writer};

/// Lines that one page looks at; the look at what a thing was before counts too.
const MOST_LOOKED_AT: usize = 5_000;
/// Keys of records whose values are addresses that nobody should know, or worse.
const SECRET_KEYS: [&str; 6] =
    ["logIngestId", "secret", "clientSecret", "webhookKey", "password", "privateKey"];

impl Portal {
    /// A page of who did and tried what, newest first, with at most `most` lines.
    ///
    /// # Errors
    /// `Forbidden`; when the store cannot be read.
    pub async fn audit(
        &self,
        viewer: &Viewer,
        mut query: AuditQuery,
        most: usize,
    ) -> Result<AuditPage, PortalError> {
        self.may(viewer, Action::ReadAuditLog, Resource::Any)?;
        query.text = query.text.map(|text| text.trim().to_lowercase()).filter(|text| !text.is_empty());
        let portal = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let store = Arc::clone(&portal.shared.store);
            let uid = entity_of(&portal.shared.catalog.load(), &query);
            let mut page = Search::begin(&portal, store.as_ref(), &query, uid)?.page(most)?;
            let redactor = portal.redactor();
            page.entries.iter_mut().for_each(|entry| {
                let values = [&mut entry.before, &mut entry.after].into_iter().flatten();
                values.chain([&mut entry.details]).for_each(|value| redactor.redact_json(value));
            });
            Ok(page)
        });
        read.await.map_err(|error| PortalError::Internal(error.to_string()))?
    }
}

/// The entity that is asked for, if it is there.
fn entity_of(catalog: &Catalog, query: &AuditQuery) -> Option<Uuid> {
    let other = !query.kinds.is_empty() && !query.kinds.iter().any(|kind| kind == "entity");
    if other || query.any_uid {
        return None;
    }
    let node = catalog.node_of_key(query.blueprint.as_deref()?, query.identifier.as_deref()?)?;
    Some(catalog.entity(node)?.record.uid)
}

/// The part of the log in which everything stands that is asked for.
fn part<'q>(query: &'q AuditQuery, uid: Option<Uuid>) -> Only<'q> {
    let collection = |kind: &'q str| if kind == "permissions" { "blueprint_permissions" } else { kind };
    match (uid, query.kinds.as_slice(), query.identifier.as_deref(), query.actor.as_deref()) {
        (Some(uid), ..) => Only::Of(Thing::Entity(uid)),
        (_, [kind], Some(id), _) if kind == "blueprint" => Only::Of(Thing::Blueprint(id)),
        (_, [kind], Some(id), _) if kind != "entity" && kind != "source" => {
            Only::Of(Thing::Record(collection(kind), id))
        }
        (_, _, _, Some(actor)) => Only::By(actor),
        (_, [_, ..], ..) if !query.kinds.iter().any(|kind| kind == "entity" || kind == "source") => {
            Only::Things
        }
        _ => Only::All,
    }
}

/// One page in the making.
struct Search<'s> {
    store: &'s dyn Store,
    query: &'s AuditQuery,
    changes: Stream<'s, LoggedChange>,
    refusals: Stream<'s, JournalLine>,
    events: Stream<'s, JournalLine>,
    then: Then,
    looked_at: usize,
}

impl<'s> Search<'s> {
    fn begin(
        portal: &Portal,
        store: &'s dyn Store,
        query: &'s AuditQuery,
        uid: Option<Uuid>,
    ) -> Result<Self, PortalError> {
        let mut search = Self {
            store,
            query,
            changes: Stream::of_log(store, part(query, uid)),
            refusals: Stream::of_journal(store, AUDIT),
            events: Stream::of_journal(store, EVENTS),
            then: Then::new(portal.clone()),
            looked_at: 0,
        };
        search.seek().map_err(writer::internal)?;
        Ok(search)
    }

    /// Goes to where the page begins.
    fn seek(&mut self) -> Result<(), StoreError> {
        let query = self.query;
        if !query.wants_changes() {
            self.changes.end();
        }
        if !query.wants_refusals() {
            self.refusals.end();
        }
        if !query.wants_events() {
            self.events.end();
        }
        if let Some(id) = &query.id {
            let number = id.get(1..).and_then(|id| id.parse::<i64>().ok()).unwrap_or_default();
            let before = number.saturating_add(1);
            self.go_on(AuditPlace { change: before, refusal: before, event: before });
        } else if let Some(place) = query.after {
            self.go_on(place);
        } else if let Some(to) = query.to {
            self.changes.begin_at(to)?;
            self.refusals.begin_at(to)?;
            self.events.begin_at(to)?;
        }
        Ok(())
    }

    fn go_on(&mut self, place: AuditPlace) {
        let query = self.query;
        if query.wants_changes() {
            self.changes.begin(place.change);
        }
        if query.wants_refusals() {
            self.refusals.begin(place.refusal);
        }
        if query.wants_events() {
            self.events.begin(place.event);
        }
    }

    fn page(mut self, most: usize) -> Result<AuditPage, PortalError> {
        let mut entries = Vec::new();
        let mut last = None;
        while entries.len() < most && self.looked_at < MOST_LOOKED_AT {
            let Some((at, entry)) = self.next()? else { break };
            last = Some(at);
            entries.extend(entry.filter(|entry| self.query.wants(entry)));
            if self.query.id.is_some() {
                self.end();
            }
        }
        let more = self.newest().map_err(writer::internal)?.is_some();
        let next = more.then(|| AuditPlace {
            change: self.changes.place(),
            refusal: self.refusals.place(),
            event: self.events.place(),
        });
        Ok(AuditPage { entries, next, searched_back_to: last.filter(|_| more) })
    }

    fn end(&mut self) {
        self.changes.end();
        self.refusals.end();
        self.events.end();
    }

    /// Which place has the newest line: 0 the log, 1 refusals, 2 events.
    fn newest(&mut self) -> Result<Option<(Timestamp, usize)>, StoreError> {
        let times = [self.changes.next_at()?, self.refusals.next_at()?, self.events.next_at()?];
        let newest = times.into_iter().zip(0..).filter_map(|(at, place)| Some((at?, place)));
        // Of equally new ones the first place comes first.
        let newest = newest.max_by_key(|(at, place)| (*at, std::cmp::Reverse(*place)));
        let over = |at: Timestamp| self.query.from.is_some_and(|from| at.0 < from.0.saturating_sub(SKEW));
        if newest.is_some_and(|(at, _)| over(at)) {
            self.end();
            return Ok(None);
        }
        Ok(newest)
    }

    /// The next line, and the entry that it is, if it can be wanted.
    fn next(&mut self) -> Result<Option<(Timestamp, Option<AuditEntry>)>, PortalError> {
        let Some((at, place)) = self.newest().map_err(writer::internal)? else { return Ok(None) };
        self.looked_at += 1;
        let entry = match place {
            0 => match self.changes.pop() {
                Some(change) => self.change(&change)?,
                None => None,
            },
            1 => self.refusals.pop().map(|line| entry::of_line(&line, 'r')),
            _ => self.events.pop().map(|line| entry::of_line(&line, 'e')),
        };
        Ok(Some((at, entry)))
    }

    fn change(&mut self, logged: &LoggedChange) -> Result<Option<AuditEntry>, PortalError> {
        if !entry::is_shown(&logged.change) || !self.may_be_wanted(logged) {
            return Ok(None);
        }
        self.looked_at += 1;
        let before = self.before(logged).map_err(writer::internal)?;
        let mut entry = entry::of_change(logged, before.as_ref());
        if entry::is_told_by_event(&entry) {
            return Ok(None);
        }
        if self.query.wants(&entry) && !self.query.without_values && !entry.hidden {
            self.then.back_to(logged.revision);
            entry.before = before.as_ref().map(|b| self.value(b, logged)).transpose()?.flatten();
            entry.after = self.value(&logged.change, logged)?;
        }
        Ok(Some(entry))
    }

    /// Judges by what stands in the change itself, before anything is looked up.
    fn may_be_wanted(&self, logged: &LoggedChange) -> bool {
        let (query, change) = (self.query, &logged.change);
        let kind = entry::kind_of(change);
        if !query.in_time(logged.at)
            || query.actor.as_ref().is_some_and(|actor| *actor != logged.actor.name)
            || !(query.kinds.is_empty() || query.kinds.iter().any(|wanted| wanted == kind))
        {
            return false;
        }
        let unknown = matches!(change, Change::DeleteEntity(_));
        let made = match change {
            Change::PutEntity(e) => Some(e.stamps.created_at == logged.at),
            Change::PutBlueprint(b) => Some(b.stamps.created_at == logged.at),
            Change::PutRecord(r) => Some(r.stamps.created_at == logged.at),
            _ => None,
        };
        if query.actions == [AuditAction::Create] && made == Some(false) {
            return false;
        }
        // As if it were wanted whatever was done: that is known only with what was there before.
        let mut entry = entry::of_change(logged, None);
        entry.action = query.actions.first().copied().unwrap_or(entry.action);
        unknown || query.wants(&entry)
    }

    /// The change of the same thing before this one.
    fn before(&self, logged: &LoggedChange) -> Result<Option<Change>, StoreError> {
        let thing = match &logged.change {
            Change::PutEntity(e) => Thing::Entity(e.uid),
            Change::DeleteEntity(uid) => Thing::Entity(*uid),
            Change::PutBlueprint(b) => Thing::Blueprint(&b.identifier),
            Change::DeleteBlueprint(identifier) => Thing::Blueprint(identifier),
            Change::PutRecord(r) => Thing::Record(&r.collection, &r.key),
            Change::DeleteRecord(collection, key) => Thing::Record(collection, key),
            // The log is not asked for the history of sources.
            _ => return Ok(None),
        };
        let query = LogQuery { before: Some(logged.id), only: Only::Of(thing), limit: 1 };
        Ok(self.store.changes_before(&query)?.pop().map(|found| found.change))
    }

    /// What a thing is after a change, as it may be shown.
    fn value(&mut self, change: &Change, logged: &LoggedChange) -> Result<Option<Value>, PortalError> {
        Ok(match change {
            Change::PutEntity(record) => Some(self.then.port_form(record, logged.revision)?),
            Change::PutBlueprint(blueprint) => Some(blueprint.body.value()),
            Change::PutRecord(record) => {
                let mut body = record.body.value();
                mask(&mut body);
                Some(body)
            }
            Change::PutSource(source) => {
                Some(json!({ "state": source.state, "since": source.since, "reason": source.reason }))
            }
            _ => None,
        })
    }
}

fn mask(body: &mut Value) {
    match body {
        Value::Object(map) => {
            for (key, value) in map {
                if SECRET_KEYS.contains(&key.as_str()) && value.is_string() {
                    *value = json!("(hidden)");
                }
                mask(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(mask),
        _ => {}
    }
}
