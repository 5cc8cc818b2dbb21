//! What an entity was like: its properties at every change, read from the change log.

mod events;

use std::sync::Arc;

use serde_json::{Map, Value};
use stagedoor_auth::Viewer;
use stagedoor_model::{Change, EntityRecord, Timestamp};
use stagedoor_query::BlueprintEntry;
use stagedoor_store::{Store, Thing};
use uuid::Uuid;

pub use self::events::{EntityEvent, EntityHistory, FieldChange};
use crate::error::PortalError;
use crate::{Portal, writer};

/// Commits that are read at a time.
const PAGE: usize = 200;
/// How many changes of one entity are looked back over, at most.
const LOOK_BACK: usize = 10_000;

/// The properties of an entity from a time on.
#[derive(Clone, Debug, PartialEq)]
pub struct Version {
    /// Since when.
    pub at: Timestamp,
    /// In Port's form, as the blueprint reads them today; `None` while the entity was away. What is derived has
    /// no history.
    pub properties: Option<Map<String, Value>>,
}

impl Portal {
    /// The versions of an entity, oldest first: the one that held at `since`, if there was one, and every later.
    ///
    /// # Errors
    /// When there is no such entity, or the store fails.
    pub async fn property_history(
        &self,
        viewer: &Viewer,
        blueprint: &str,
        identifier: &str,
        since: Timestamp,
    ) -> Result<Vec<Version>, PortalError> {
        let view = self.view(viewer)?;
        let found = view.by_key(blueprint, identifier).and_then(|node| view.entity(node));
        let (Some(entity), Some(entry)) = (found, view.blueprints().get(blueprint)) else {
            let text = format!(
                "Entity with identifier \"{identifier}\" does not exist in the blueprint \"{blueprint}\""
            );
            return Err(PortalError::NotFound(text));
        };
        let (uid, entry, store) = (entity.record.uid, entry.clone(), Arc::clone(&self.shared.store));
        let read = tokio::task::spawn_blocking(move || versions(store.as_ref(), uid, &entry, since));
        read.await.map_err(|e| PortalError::Internal(e.to_string()))?
    }
}

fn versions(
    store: &dyn Store,
    uid: Uuid,
    entry: &BlueprintEntry,
    since: Timestamp,
) -> Result<Vec<Version>, PortalError> {
    let mut versions = Vec::new();
    let mut before = None;
    while versions.len() < LOOK_BACK {
        let commits = store.history(Thing::Entity(uid), before, PAGE).map_err(writer::internal)?;
        for commit in &commits {
            before = Some(commit.revision);
            let at = commit.change_set.at;
            // Within one commit the last change is what was to be seen.
            let properties = match commit.change_set.changes.last() {
                Some(Change::PutEntity(record)) => Some(properties(record, entry)),
                Some(Change::DeleteEntity(_)) => None,
                _ => continue,
            };
            versions.push(Version { at, properties });
            if at <= since {
                versions.reverse();
                return Ok(versions);
            }
        }
        if commits.len() < PAGE {
            break;
        }
    }
    versions.reverse();
    Ok(versions)
}

/// What the record said, through the face: a change may have been one of a document.
fn properties(record: &EntityRecord, entry: &BlueprintEntry) -> Map<String, Value> {
    let contributed = record.contributed().properties;
    if record.document.is_none() {
        return contributed;
    }
    let mut properties = entry.face.properties_of(&entry.face.document(record), &entry.blueprint);
    for (key, value) in contributed {
        properties.entry(key).or_insert(value);
    }
    properties
}
