//! The change set: the one way anything gets into the catalog.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Blueprint, EntityRecord, Record, SourceRecord, Timestamp, WaitingClaim};

/// Number of a commit: gapless, in commit order, from 1. 0 is the empty catalog.
pub type Revision = u64;

/// Who made a change, and through what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Name of the person, credential or source.
    pub name: String,
    /// `port`, `backstage`, `native` or `source`.
    pub through: String,
    /// By which kind of credential and from which address, as far as known: `session 192.0.2.7`, `access_token`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

impl Actor {
    /// Somebody inside: no credential, no address.
    #[must_use]
    pub fn new(name: impl Into<String>, through: impl Into<String>) -> Self {
        Self { name: name.into(), through: through.into(), from: None }
    }
}

/// One change of one thing, carrying its whole new state, so that the store and every index apply
/// the same thing and a replay of the log gives the same catalog.
#[derive(Clone, Debug)]
pub enum Change {
    /// Create or replace a blueprint.
    PutBlueprint(Arc<Blueprint>),
    /// Remove a blueprint by identifier.
    DeleteBlueprint(String),
    /// Create or replace an entity; identity is [`EntityRecord::uid`].
    PutEntity(Arc<EntityRecord>),
    /// Remove an entity.
    DeleteEntity(Uuid),
    /// Remember a source's state.
    PutSource(Arc<SourceRecord>),
    /// Forget a source.
    DeleteSource(String),
    /// Remember that a source claims a reference which another one holds.
    PutWaitingClaim(Arc<WaitingClaim>),
    /// That claim has ended: `(source, item)`.
    DeleteWaitingClaim(String, String),
    /// Create or replace a record; identity is its collection and key.
    PutRecord(Arc<Record>),
    /// Remove a record: `(collection, key)`.
    DeleteRecord(String, String),
}

/// What one use case changes, together or not at all.
#[derive(Clone, Debug)]
pub struct ChangeSet {
    /// Who.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// What, in order.
    pub changes: Vec<Change>,
}

/// A change set that has been stored.
#[derive(Clone, Debug)]
pub struct Commit {
    /// Its number.
    pub revision: Revision,
    /// Its content.
    pub change_set: Arc<ChangeSet>,
}
