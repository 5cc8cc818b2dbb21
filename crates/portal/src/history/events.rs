//! What happened to one entity, change by change, newest first: each field before and after.
//!
//! Whoever may see an entity may see what it was, as far as it could have been seen by today's rules: a state in which
//! it would be hidden from the viewer counts as if it had not been there.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_auth::{Action, Changes, Resource, Viewer, decide};
use stagedoor_model::{Actor, Change, EntityRecord, Revision, Timestamp};
use stagedoor_query::Catalog;
use stagedoor_store::Thing;

use crate::error::PortalError;
use crate::feed::Then;
use crate::rights::EntityFacts;
use crate::{FeedAction, Portal, View, clock, writer};

/// One commit that changed the entity.
#[derive(Clone, Debug)]
pub struct EntityEvent {
    /// Its number.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// Who, through what.
    pub actor: Actor,
    /// `User-Agent` of the program that wrote it through Port's API.
    pub agent: Option<String>,
    /// What happened.
    pub action: FeedAction,
    /// What is different; empty for a deletion.
    pub fields: Vec<FieldChange>,
}

/// A field before and after: `title`, `properties.<key>`, `relations.<key>`, `source` (the place that states it).
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// Null where it had no value.
    pub before: Value,
    /// Null where it has none.
    pub after: Value,
}

/// A page of an entity's history.
#[derive(Clone, Debug)]
pub struct EntityHistory {
    /// Newest first. May be empty although there is more.
    pub events: Vec<EntityEvent>,
    /// Go on before this commit; `None`: this is the beginning.
    pub next: Option<Revision>,
}

impl Portal {
    /// What happened to an entity: at most so many commits, those before one.
    ///
    /// # Errors
    /// When there is no such entity that the viewer may see, or the store fails.
    pub async fn entity_history(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
        before: Option<Revision>,
        most: usize,
    ) -> Result<EntityHistory, PortalError> {
        let view = self.view(viewer)?;
        let node = view.by_key(blueprint, identifier);
        let entity = node.and_then(|node| view.entity(node)).cloned();
        let entity = entity
            .ok_or_else(|| PortalError::NotFound(format!("there is no {blueprint} \"{identifier}\"")))?;
        let portal = self.clone();
        let read = tokio::task::spawn_blocking(move || {
            let store = Arc::clone(&portal.shared.store);
            let thing = Thing::Entity(entity.record.uid);
            let commits = store.history(thing, before, most + 1).map_err(writer::internal)?;
            let sight = Past::of(&portal, &view, blueprint_of(&entity.record));
            let mut then = Then::new(portal.clone());
            let mut events = Vec::new();
            for (at, commit) in commits.iter().take(most).enumerate() {
                let after = sight.state(commit.change_set.changes.last());
                let before = sight.state(commits.get(at + 1).and_then(|c| c.change_set.changes.last()));
                then.back_to(commit.revision);
                let Some((action, fields)) = difference(&mut then, commit.revision, before, after)? else {
                    continue;
                };
                events.push(EntityEvent {
                    revision: commit.revision,
                    at: commit.change_set.at,
                    actor: commit.change_set.actor.clone(),
                    agent: after.and_then(|record| record.stamps.datasource.as_deref()).map(str::to_owned),
                    action,
                    fields,
                });
            }
            let redactor = portal.redactor();
            for field in events.iter_mut().flat_map(|event| &mut event.fields) {
                redactor.redact_json(&mut field.before);
                redactor.redact_json(&mut field.after);
            }
            let next = commits.get(most).and_then(|_| commits.get(most - 1)).map(|last| last.revision);
            Ok(EntityHistory { events, next })
        });
        read.await.map_err(|e| PortalError::Internal(e.to_string()))?
    }
}

fn blueprint_of(record: &EntityRecord) -> &str {
    &record.blueprint
}

/// Which past states the viewer could see.
struct Past<'v> {
    view: &'v View,
    portal: &'v Portal,
    /// `None`: all of them.
    catalog: Option<Arc<Catalog>>,
}

impl<'v> Past<'v> {
    fn of(portal: &'v Portal, view: &'v View, blueprint: &str) -> Self {
        let all = portal.sees_all_of(view, blueprint);
        let catalog = (!all).then(|| portal.shared.catalog.load_full());
        Self { view, portal, catalog }
    }

    /// What the entity was after a change, if it was there and the viewer would see it.
    fn state<'c>(&self, change: Option<&'c Change>) -> Option<&'c Arc<EntityRecord>> {
        match change {
            Some(Change::PutEntity(record)) if self.sees(record) => Some(record),
            _ => None,
        }
    }

    fn sees(&self, record: &Arc<EntityRecord>) -> bool {
        let Some(catalog) = &self.catalog else { return true };
        let mut then = catalog.as_ref().clone();
        then.apply(&Change::PutEntity(Arc::clone(record)));
        let Some(node) = then.node_of_uid(record.uid) else { return false };
        let permissions = self.portal.permissions().get(&record.blueprint);
        let facts = EntityFacts { catalog: &then, node, now: clock::now() };
        let resource = Resource::Entity { permissions: &permissions, facts: &facts, changes: Changes::None };
        decide(self.view.rights(), Action::ReadEntities, &resource).is_ok()
    }
}

type Difference = Option<(FeedAction, Vec<FieldChange>)>;

fn difference(
    then: &mut Then,
    revision: Revision,
    before: Option<&Arc<EntityRecord>>,
    after: Option<&Arc<EntityRecord>>,
) -> Result<Difference, PortalError> {
    let action = match (before, after) {
        (None, None) => return Ok(None),
        (Some(_), None) => return Ok(Some((FeedAction::Deleted, Vec::new()))),
        (None, Some(_)) => FeedAction::Created,
        (Some(_), Some(_)) => FeedAction::Updated,
    };
    let mut fields = |record: Option<&Arc<EntityRecord>>| match record {
        Some(record) => {
            let form = then.port_form(record, revision)?;
            let item = record.claim.as_ref().map(|claim| json!(claim.item));
            Ok::<_, PortalError>(flat(&form, item))
        }
        None => Ok(Map::new()),
    };
    let (old, mut new) = (fields(before)?, fields(after)?);
    let mut changed = Vec::new();
    for (field, before) in old {
        let after = new.shift_remove(&field).unwrap_or_default();
        if before != after {
            changed.push(FieldChange { field, before, after });
        }
    }
    let came = new.into_iter().map(|(field, after)| FieldChange { field, before: Value::Null, after });
    changed.extend(came);
    Ok(Some((action, changed)))
}

/// The fields that have a value, by name. Nothing, null and an empty list are the same.
fn flat(form: &Value, source: Option<Value>) -> Map<String, Value> {
    let mut all = Map::new();
    for key in ["identifier", "title", "icon", "team"] {
        all.insert(key.to_owned(), form[key].clone());
    }
    for part in ["properties", "relations"] {
        for (key, value) in form[part].as_object().into_iter().flatten() {
            all.insert(format!("{part}.{key}"), value.clone());
        }
    }
    all.insert("source".to_owned(), source.unwrap_or_default());
    all.retain(|_, value| !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()));
    all
}
