//! The live catalog: one immutable-to-readers snapshot of everything, and the one function that makes
//! the next one ([`Catalog::apply`]).
//!
//! A node stands for a reference, whether or not an entity of that name exists: an edge points to a
//! node, so a dangling edge resolves without a write when its target appears. What can be derived
//! (reverse relations, counts, the other face) is computed from here and never stored.

mod claimed;
mod edges;

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::{Arc, LazyLock, OnceLock};

use hashbrown::DefaultHashBuilder;
use roaring::RoaringBitmap;
use stagedoor_model::{
    Change, EntityRecord, Face, JsonText, Record, Revision, SourceRecord, Text, WaitingClaim, names,
};
use uuid::Uuid;

pub(crate) use self::claimed::Claimed;
use crate::blueprints::{BlueprintChange, BlueprintEntry, Blueprints};
use crate::classes::Classes;
use crate::cow::{Hashed, PagedVec, SortedMap};
use crate::derived::state::{Marks, State};
use crate::graph::Written;
use crate::index::walk::Leaf;
use crate::index::{Index, Rows};
use crate::lens::Lens;
use crate::prepare::Prepared;
use crate::relation_types::RelationTypes;
use crate::standing::Standards;
use crate::texts::Texts;
use crate::touched::Touched;

/// Number of a node within one snapshot and its successors. Not stable across restarts.
pub type NodeId = u32;

/// An entity in memory: the record, its document as Backstage sees it, its edges.
#[derive(Debug)]
pub struct Entity {
    /// As stored.
    pub record: Arc<EntityRecord>,
    /// The document with contributed fields laid over it: what is indexed and served. Shared with the
    /// record where nobody contributed.
    pub document: JsonText,
    /// Its own edges, in the order its content names them.
    pub(crate) outgoing: Box<[OutEdge]>,
    /// `metadata.title`; for shipped kinds the name where there is none.
    pub(crate) title: Option<Box<str>>,
    pub(crate) metadata_end: u32,
    pub(crate) document_hash: u64,
}

impl Entity {
    /// Where the closing brace of `metadata` stands in the document's text, for splicing.
    #[must_use]
    pub fn metadata_end(&self) -> usize {
        self.metadata_end as usize
    }

    /// Hash of the document's text, the same in every process.
    #[must_use]
    pub fn document_hash(&self) -> u64 {
        self.document_hash
    }
}

/// An edge as its emitter holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct OutEdge {
    pub(crate) relation: u16,
    pub(crate) reverse: u16,
    pub(crate) target: NodeId,
}

/// An edge as its target holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InEdge {
    pub(crate) relation: u16,
    pub(crate) reverse: u16,
    pub(crate) source: NodeId,
}

#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) reference: Text,
    pub(crate) entity: Option<Arc<Entity>>,
    pub(crate) incoming: Arc<Vec<InEdge>>,
    pub(crate) marks: Marks,
    /// Its relations as answers write them, made when first asked for: see [`Catalog::relations_text`].
    pub(crate) written: OnceLock<Arc<Written>>,
}

impl Node {
    /// What a reference stands for before anything is known of it.
    pub(crate) fn new(reference: Text) -> Self {
        /// Most nodes of many catalogs have no edge towards them; they share this.
        static NOTHING: LazyLock<Arc<Vec<InEdge>>> = LazyLock::new(Arc::default);
        let (incoming, marks) = (Arc::clone(&NOTHING), Marks::default());
        Self { reference, entity: None, incoming, marks, written: OnceLock::new() }
    }
}

/// Entities of one blueprint.
#[derive(Clone, Default)]
pub(crate) struct Members {
    pub(crate) by_identifier: SortedMap<Text, NodeId>,
    pub(crate) set: Arc<RoaringBitmap>,
}

/// A snapshot. Cloning it is cheap: copies share what neither has changed since.
#[derive(Clone, Default)]
pub struct Catalog {
    /// The commit it shows.
    pub revision: Revision,
    pub(crate) blueprints: Arc<Blueprints>,
    pub(crate) nodes: PagedVec<Node>,
    pub(crate) classes: Classes,
    pub(crate) texts: Texts,
    /// Nodes in the order of their references.
    pub(crate) refs: SortedMap<Text, NodeId>,
    /// Nodes by their references, for who knows one.
    pub(crate) by_reference: Hashed,
    pub(crate) hasher: DefaultHashBuilder,
    pub(crate) uids: SortedMap<Uuid, NodeId>,
    pub(crate) members: Arc<BTreeMap<Arc<str>, Members>>,
    pub(crate) index: Index,
    /// Nodes that are entities.
    pub(crate) live: Arc<RoaringBitmap>,
    /// Nodes that are entities which Backstage's dialect shows.
    pub(crate) visible: Arc<RoaringBitmap>,
    pub(crate) relation_types: RelationTypes,
    pub(crate) claimed: Claimed,
    sources: Arc<BTreeMap<String, Arc<SourceRecord>>>,
    waiting: Arc<BTreeMap<(String, String), Arc<WaitingClaim>>>,
    /// What computed values rest on.
    pub(crate) derived: State,
    pub(crate) touched: Touched,
    /// Evaluates scorecards.
    pub(crate) standards: Option<Arc<dyn Standards>>,
    /// What is hidden in it: see [`Catalog::through`].
    pub(crate) lens: Option<Arc<Lens>>,
    /// Records by collection and key.
    records: BTreeMap<String, Arc<BTreeMap<String, Arc<Record>>>>,
}

impl Catalog {
    /// The blueprints.
    #[must_use]
    pub fn blueprints(&self) -> &Blueprints {
        &self.blueprints
    }

    /// Remembered sources, by id.
    #[must_use]
    pub fn sources(&self) -> &BTreeMap<String, Arc<SourceRecord>> {
        &self.sources
    }

    /// Claims that wait for their reference, by (source, item).
    #[must_use]
    pub fn waiting(&self) -> &BTreeMap<(String, String), Arc<WaitingClaim>> {
        &self.waiting
    }

    /// The records of a collection, by key.
    pub fn records(&self, collection: &str) -> impl Iterator<Item = &Arc<Record>> {
        self.records.get(collection).into_iter().flat_map(|all| all.values())
    }

    /// A whole collection, to be compared with that of another snapshot: the same object where nothing has changed.
    #[must_use]
    pub fn collection(&self, collection: &str) -> Option<&Arc<BTreeMap<String, Arc<Record>>>> {
        self.records.get(collection)
    }

    /// One record.
    #[must_use]
    pub fn record(&self, collection: &str, key: &str) -> Option<&Arc<Record>> {
        self.records.get(collection)?.get(key)
    }

    /// The node of a lower-case reference, if anything has named it.
    #[must_use]
    pub fn node_of_ref(&self, reference: &str) -> Option<NodeId> {
        let node = self
            .by_reference
            .find(self.hasher.hash_one(reference), |node| self.reference(node) == reference)?;
        (self.lens.is_none() || self.is_in_graph(node)).then_some(node)
    }

    /// The node of an entity's uid.
    #[must_use]
    pub fn node_of_uid(&self, uid: Uuid) -> Option<NodeId> {
        self.uids.get(&uid).copied().filter(|node| self.sees(*node))
    }

    /// The node of an entity by blueprint and exact identifier.
    #[must_use]
    pub fn node_of_key(&self, blueprint: &str, identifier: &str) -> Option<NodeId> {
        let node = *self.members.get(blueprint)?.by_identifier.get_by(|i| i.as_ref().cmp(identifier))?;
        self.sees(node).then_some(node)
    }

    /// The node of an entity by blueprint and exact identifier, also where it does not exist but is pointed at.
    pub(crate) fn node_named(&self, entry: &BlueprintEntry, identifier: &str) -> Option<NodeId> {
        let blueprint = &entry.blueprint.identifier;
        self.node_of_key(blueprint, identifier).or_else(|| {
            let reference = self.reference_of_target(blueprint, identifier);
            self.node_of_ref(&reference).filter(|n| self.entity(*n).is_none())
        })
    }

    /// The entity at a node.
    #[must_use]
    pub fn entity(&self, node: NodeId) -> Option<&Arc<Entity>> {
        self.nodes.get(node as usize)?.entity.as_ref().filter(|_| self.sees(node))
    }

    /// The reference a node stands for.
    #[must_use]
    pub fn reference(&self, node: NodeId) -> &str {
        self.nodes.get(node as usize).map_or("", |n| &n.reference)
    }

    /// The blueprint of an entity, with its face.
    #[must_use]
    pub fn blueprint_of(&self, entity: &Entity) -> Option<&BlueprintEntry> {
        self.blueprints.get(&entity.record.blueprint)
    }

    /// Whether Backstage's dialect shows the entity at a node.
    #[must_use]
    pub fn is_visible(&self, node: NodeId) -> bool {
        self.visible.contains(node)
    }

    /// Number of entities of a blueprint.
    #[must_use]
    pub fn count(&self, blueprint: &str) -> u64 {
        self.members.get(blueprint).map_or(0, |m| m.set.len())
    }

    pub(crate) fn members(&self, blueprint: &str) -> Option<&Members> {
        self.members.get(blueprint)
    }

    /// Every entity, in no particular order.
    pub fn entities(&self) -> impl Iterator<Item = (NodeId, &Arc<Entity>)> {
        let all = self.nodes.iter().enumerate();
        all.filter_map(|(id, n)| Some((id as NodeId, n.entity.as_ref().filter(|_| self.sees(id as NodeId))?)))
    }

    /// The node of a reference, made if new.
    pub(crate) fn intern_node(&mut self, reference: &str) -> NodeId {
        self.node_of_ref(reference).unwrap_or_else(|| self.add_node(reference.into()))
    }

    /// The node of an entity's reference, made if new.
    fn intern_reference(&mut self, reference: &Text) -> NodeId {
        self.node_of_ref(reference).unwrap_or_else(|| self.add_node(reference.clone()))
    }

    fn add_node(&mut self, reference: Text) -> NodeId {
        let id = self.nodes.push(Node::new(reference.clone())) as NodeId;
        self.classes.push(&reference);
        let hash_of = |node: NodeId| {
            let reference = self.nodes.get(node as usize).map_or("", |n| n.reference.as_str());
            self.hasher.hash_one(reference)
        };
        self.by_reference.insert(hash_of(id), id, hash_of);
        self.refs.insert(reference, id);
        id
    }

    /// The lower-case reference that a new entity gets: that of its name, or `<slug>-<8 hex>` where the
    /// identifier is no Backstage name or another entity has the reference already. The digits are those of
    /// the identifier, so that a relation finds the entity that appears after it.
    #[must_use]
    pub fn reference_for(&self, face: &Face, uid: Uuid, identifier: &str) -> String {
        let free = |reference: &String| {
            let holder = self.node_of_ref(reference).and_then(|n| self.entity(n));
            holder.is_none_or(|h| h.record.uid == uid)
        };
        let stood_in = || Some(face.stand_in(identifier)).filter(free);
        face.reference_of(identifier).filter(free).or_else(stood_in).unwrap_or_else(|| {
            // The end of a uid is random; its beginning is the time.
            let hash = uid.simple().to_string();
            let slug = names::slug(identifier, 54).to_lowercase();
            format!("{}:default/{}-{}", face.kind_lower, slug, &hash[24..])
        })
    }

    /// Applies one change, exactly as the store does.
    pub fn apply(&mut self, change: &Change) {
        self.derived.step();
        match change {
            Change::PutBlueprint(b) => self.set_blueprints(self.blueprints.with(BlueprintChange::Put(b))),
            Change::DeleteBlueprint(id) => {
                self.set_blueprints(self.blueprints.with(BlueprintChange::Delete(id)))
            }
            Change::PutEntity(record) => self.put_entity(record),
            Change::DeleteEntity(uid) => self.delete_entity(*uid),
            Change::PutSource(s) => {
                Arc::make_mut(&mut self.sources).insert(s.id.clone(), Arc::clone(s));
            }
            Change::DeleteSource(id) => {
                Arc::make_mut(&mut self.sources).remove(id);
            }
            Change::PutWaitingClaim(w) => {
                let key = (w.source.clone(), w.item.clone());
                Arc::make_mut(&mut self.waiting).insert(key, Arc::clone(w));
            }
            Change::DeleteWaitingClaim(source, item) => {
                Arc::make_mut(&mut self.waiting).remove(&(source.clone(), item.clone()));
            }
            Change::PutRecord(r) => {
                let all = self.records.entry(r.collection.clone()).or_default();
                Arc::make_mut(all).insert(r.key.clone(), Arc::clone(r));
            }
            Change::DeleteRecord(collection, key) => {
                if let Some(all) = self.records.get_mut(collection) {
                    Arc::make_mut(all).remove(key);
                }
            }
        }
    }

    /// A changed blueprint may change how others' entities look; those whose face differs are indexed anew.
    fn set_blueprints(&mut self, new: Blueprints) {
        let old = std::mem::replace(&mut self.blueprints, Arc::new(new));
        self.derived.blueprints_changed();
        let blueprints = Arc::clone(&self.blueprints);
        for entry in blueprints.iter() {
            let before = old.get(&entry.blueprint.identifier);
            let same = before.is_some_and(|b| {
                b.visible == entry.visible
                    && b.face.properties == entry.face.properties
                    && b.face.relations == entry.face.relations
                    && b.face.fields == entry.face.fields
            });
            if same {
                continue;
            }
            let members = self.members(&entry.blueprint.identifier).map(|m| m.set.iter().collect::<Vec<_>>());
            for node in members.unwrap_or_default() {
                if let Some(record) = self.entity(node).map(|e| Arc::clone(&e.record)) {
                    self.put_entity(&record);
                }
            }
        }
    }

    fn put_entity(&mut self, record: &Arc<EntityRecord>) {
        let Some(entry) = self.blueprints.get(&record.blueprint).cloned() else { return };
        let old = self.node_of_uid(record.uid);
        let node = self.intern_reference(&record.entity_ref);
        let record = &self.shared(node, record);
        let mut old_rows = Rows::new();
        let before = old.and_then(|old| Some((old, Arc::clone(self.entity(old)?))));
        if let Some(old) = old {
            let rows = self.detach(old);
            if old == node {
                old_rows = rows;
            } else {
                self.classes.clear_blueprint(old);
                self.index.replace(old, &rows, Rows::new());
            }
        }
        // A relation to itself finds it by its identifier.
        let members = Arc::make_mut(&mut self.members).entry(record.blueprint.as_str().into()).or_default();
        members.by_identifier.insert(record.identifier.clone(), node);
        let mut rows = self.index.rows();
        let sink = &mut |path: &str, leaf: Leaf<'_>, nesting| rows.leaf(path, &leaf, nesting);
        let prepared = Prepared::new(record, &entry.face, sink);
        let rows = rows.finish();
        self.attach(node, record, &entry, prepared);
        if let Some((old, entity)) = &before {
            self.unlist_edges(*old, &entity.outgoing);
        }
        self.index.replace(node, &old_rows, rows);
        self.mark_written(node, before.as_ref().map(|(node, entity)| (*node, entity.as_ref())));
    }

    /// A record as it is kept: its texts are those that are there already.
    fn shared(&mut self, node: NodeId, record: &EntityRecord) -> Arc<EntityRecord> {
        let mut record = record.clone();
        if let Some(node) = self.nodes.get(node as usize) {
            record.entity_ref = node.reference.clone();
        }
        self.texts.share(&mut record);
        Arc::new(record)
    }

    fn delete_entity(&mut self, uid: Uuid) {
        let Some(node) = self.node_of_uid(uid) else { return };
        let before = self.entity(node).map(Arc::clone);
        let rows = self.detach(node);
        self.classes.clear_blueprint(node);
        if let Some(entity) = &before {
            self.unlist_edges(node, &entity.outgoing);
        }
        self.index.replace(node, &rows, Rows::new());
        self.uids.remove(&uid);
        self.mark_written(node, before.as_deref().map(|entity| (node, entity)));
    }

    /// The node for writing, when edges at it come or go.
    pub(crate) fn edges_change(&mut self, node: NodeId) -> Option<&mut Node> {
        let node = self.nodes.get_mut(node as usize)?;
        node.written.take();
        Some(node)
    }

    /// Takes the entity off its node: edges, membership. Returns its index rows, which the caller replaces.
    fn detach(&mut self, node: NodeId) -> Rows {
        let Some(entity) = self.edges_change(node).and_then(|n| n.entity.take()) else {
            return Rows::new();
        };
        for edge in &entity.outgoing {
            if let Some(target) = self.edges_change(edge.target) {
                // The first is found first: entities go in the order in which they came.
                let ours = |e: &InEdge| e.source == node && e.relation == edge.relation;
                if let Some(at) = target.incoming.iter().position(ours) {
                    Arc::make_mut(&mut target.incoming).remove(at);
                }
            }
        }
        if let Some(members) = Arc::make_mut(&mut self.members).get_mut(entity.record.blueprint.as_str()) {
            members.by_identifier.remove(&entity.record.identifier);
            Arc::make_mut(&mut members.set).remove(node);
        }
        Arc::make_mut(&mut self.live).remove(node);
        Arc::make_mut(&mut self.visible).remove(node);
        self.claimed.remove(node, &entity.record);
        self.index.rows_of(entity.document.as_str())
    }

    /// Puts an entity on its node.
    fn attach(
        &mut self,
        node: NodeId,
        record: &Arc<EntityRecord>,
        entry: &BlueprintEntry,
        prepared: Prepared,
    ) {
        // Listed first: a relation to itself finds it by its identifier.
        let members = Arc::make_mut(&mut self.members).entry(record.blueprint.as_str().into()).or_default();
        members.by_identifier.insert(record.identifier.clone(), node);
        Arc::make_mut(&mut members.set).insert(node);
        Arc::make_mut(&mut self.live).insert(node);
        if entry.visible {
            Arc::make_mut(&mut self.visible).insert(node);
        }
        self.uids.insert(record.uid, node);
        self.claimed.insert(node, record);
        self.link(node, record, &entry.face, prepared);
        self.enter_edges(node);
        self.list_edges(node);
    }

    /// Puts an entity on its node with its own edges; it is not yet listed anywhere.
    pub(crate) fn link(&mut self, node: NodeId, record: &Arc<EntityRecord>, face: &Face, prepared: Prepared) {
        let outgoing = match &record.fields {
            None => self.stated_edges(&prepared, face),
            Some(_) => self.mixed_edges(record, face),
        };
        self.classes.set_blueprint(node, &record.blueprint);
        let entity = Arc::new(prepared.entity(Arc::clone(record), outgoing));
        if let Some(n) = self.edges_change(node) {
            n.entity = Some(entity);
        }
    }
}
