//! Where the values of an entity come from: who states each field, who set it, and when.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::entity_ref::kind_of;
use stagedoor_model::{
    Actor, Change, EntityRecord, JsonText, Revision, SourceState, Timestamp, WaitingClaim,
};
use stagedoor_query::{BlueprintEntry, NodeId};
use stagedoor_store::{Store, Thing};

use crate::entities::Stated;
use crate::error::PortalError;
use crate::{Portal, View, writer};

/// How far back the history of an entity is looked through for when a field was set.
const LOOK_BACK: usize = 60;

/// Who states a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatedBy {
    /// The source that owns the entity. Nobody else may write it.
    Source,
    /// A document that was handed over; it can be written like what contributors say.
    Document,
    /// A contributor: Port's API, the UI, an integration.
    Contributor,
    /// These other entities, by a relation of their own.
    Others(Vec<NodeId>),
}

/// Where a field's value comes from.
#[derive(Clone, Debug)]
pub struct Origin {
    /// Who states it.
    pub by: StatedBy,
    /// Since when it has the value; `None` for what other entities state.
    pub since: Option<Since>,
}

/// The change that gave a field its value.
#[derive(Clone, Debug)]
pub struct Since {
    /// Number of the commit.
    pub revision: Revision,
    /// When.
    pub at: Timestamp,
    /// Who, through what.
    pub actor: Actor,
    /// `User-Agent` of the program that wrote it through Port's API.
    pub agent: Option<String>,
    /// False: it had the value before that, too, and nobody has looked further back.
    pub exact: bool,
}

/// The source of an entity, as far as its page tells.
#[derive(Clone, Debug)]
pub struct SourceOfEntity {
    /// Its id.
    pub id: String,
    /// `file`, `url`, `provider:<key>`.
    pub kind: String,
    /// What it looks at.
    pub target: String,
    /// How it is doing; `None` before its first reading.
    pub state: Option<SourceState>,
    /// Why it is not fresh.
    pub reason: Option<String>,
    /// End of its last reading.
    pub last_run: Option<Timestamp>,
}

impl View {
    /// Claims of other sources on the entity at a node: they wait for the one that has it.
    #[must_use]
    pub fn waiting_for(&self, node: NodeId) -> Vec<Arc<WaitingClaim>> {
        let Some(entity) = self.entity(node) else { return Vec::new() };
        let waiting = self.catalog.waiting().values();
        waiting.filter(|claim| claim.entity_ref == *entity.record.entity_ref).cloned().collect()
    }
}

impl Portal {
    /// Where the stored values of an entity come from, by field: `title`, `icon`, `team`, `properties.<key>`,
    /// `relations.<key>`.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn provenance(
        &self,
        view: &View,
        node: NodeId,
    ) -> Result<BTreeMap<String, Origin>, PortalError> {
        let Some(entity) = view.entity(node) else { return Ok(BTreeMap::new()) };
        let record = Arc::clone(&entity.record);
        let Some(entry) = view.blueprints().get(&record.blueprint).cloned() else {
            return Ok(BTreeMap::new());
        };
        let mut origins = stated(view, node, &record, &entry);
        let store = Arc::clone(&self.shared.store);
        let read = tokio::task::spawn_blocking(move || since(store.as_ref(), &record, &entry));
        let since = read.await.map_err(|e| PortalError::Internal(e.to_string()))??;
        for (field, since) in since {
            if let Some(origin) = origins.get_mut(&field) {
                origin.since = Some(since);
            }
        }
        Ok(origins)
    }
}

fn stated(
    view: &View,
    node: NodeId,
    record: &EntityRecord,
    entry: &BlueprintEntry,
) -> BTreeMap<String, Origin> {
    let said = said(record, entry);
    let document = if record.claim.is_some() { StatedBy::Source } else { StatedBy::Document };
    let mut origins = BTreeMap::new();
    for (field, Said { by_document, .. }) in said {
        let by = if by_document { document.clone() } else { StatedBy::Contributor };
        origins.insert(field, Origin { by, since: None });
    }
    let relations = view.catalog.relations(node);
    for (key, face) in &entry.face.relations {
        let field = format!("relations.{key}");
        let theirs = relations.iter().filter(|r| {
            r.emitted_by_other
                && r.name == face.relation
                && kind_of(view.reference(r.other)) == face.target_kind
        });
        let theirs: Vec<NodeId> = theirs.map(|r| r.other).collect();
        if !theirs.is_empty() && !origins.contains_key(&field) {
            origins.insert(field, Origin { by: StatedBy::Others(theirs), since: None });
        }
    }
    origins
}

/// A field, as a record has it.
struct Said {
    value: Value,
    by_document: bool,
}

/// What a record says, by field; what is null or an empty list is left out.
fn said(record: &EntityRecord, entry: &BlueprintEntry) -> BTreeMap<String, Said> {
    let fields = record.contributed();
    let document = record.document.as_ref().map(JsonText::value);
    let mut all = BTreeMap::new();
    let mut say = |field: String, value: Value, by_document: bool| {
        if !value.is_null() && value.as_array().is_none_or(|list| !list.is_empty()) {
            all.entry(field).or_insert(Said { value, by_document });
        }
    };
    if let Some(document) = &document {
        let stated = Stated::of(document, entry);
        say("title".into(), stated.title().cloned().unwrap_or_default(), true);
        for (key, value) in entry.face.properties_of(document, &entry.blueprint) {
            say(format!("properties.{key}"), value, true);
        }
        for key in entry.face.relations.keys() {
            say(format!("relations.{key}"), json!(stated.relation(key)), true);
        }
    }
    say("title".into(), json!(fields.title), false);
    say("icon".into(), json!(fields.icon), false);
    say("team".into(), json!(fields.team), false);
    for (key, value) in fields.properties {
        say(format!("properties.{key}"), value, false);
    }
    for (key, value) in fields.relations {
        say(format!("relations.{key}"), value, false);
    }
    all
}

/// The change that gave each field its value.
fn since(store: &dyn Store, record: &EntityRecord, entry: &BlueprintEntry) -> Result<Found, PortalError> {
    let commits = store.history(Thing::Entity(record.uid), None, LOOK_BACK).map_err(writer::internal)?;
    let mut open = said(record, entry);
    let mut found = Found::new();
    let mut last: Option<Since> = None;
    for commit in &commits {
        let was = match commit.change_set.changes.last() {
            Some(Change::PutEntity(record)) => said(record, entry),
            _ => BTreeMap::new(),
        };
        open.retain(|field, now| {
            let same = was.get(field).is_some_and(|was| was.value == now.value);
            if let (false, Some(since)) = (same, &last) {
                found.insert(field.clone(), Since { exact: true, ..since.clone() });
            }
            same
        });
        if open.is_empty() {
            return Ok(found);
        }
        let agent = match commit.change_set.changes.last() {
            Some(Change::PutEntity(record)) => record.stamps.datasource.as_deref().map(str::to_owned),
            _ => None,
        };
        last = Some(Since {
            revision: commit.revision,
            at: commit.change_set.at,
            actor: commit.change_set.actor.clone(),
            agent,
            exact: false,
        });
    }
    // The log begins here, or it goes on further than anybody looks.
    let exact = commits.len() < LOOK_BACK;
    if let Some(since) = last {
        found.extend(open.into_keys().map(|field| (field, Since { exact, ..since.clone() })));
    }
    Ok(found)
}

/// Fields by name.
type Found = BTreeMap<String, Since>;
