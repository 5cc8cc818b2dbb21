//! Building the catalog at start: the documents are walked by several threads, then linked by one.

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::HashMap;
use stagedoor_model::{Change, EntityRecord, Revision};

use crate::blueprints::BlueprintEntry;
use crate::catalog::{Catalog, Members, Node, NodeId};
use crate::cow::SortedMap;
use crate::index::Index;
use crate::index::builder::IndexBuilder;
use crate::index::walk::Leaf;
use crate::prepare::Prepared;

/// Fewer entities than this are not worth a thread.
const PER_THREAD: usize = 1_000;

type Loaded = (Arc<EntityRecord>, BlueprintEntry);

impl Catalog {
    /// Builds the catalog from the store's state in one go. `changes` are in the order of
    /// `Store::load`: blueprints, sources, entities, waiting claims.
    pub fn load(changes: impl Iterator<Item = Change>, revision: Revision) -> Self {
        let mut catalog = Self::default();
        catalog.revision = revision;
        let mut entities: Vec<Loaded> = Vec::new();
        for change in changes {
            match change {
                Change::PutEntity(record) => {
                    let entry = catalog.blueprints.get(&record.blueprint).cloned();
                    entities.extend(entry.map(|e| (record, e)));
                }
                other => catalog.apply(&other),
            }
        }
        entities.sort_by(|(a, _), (b, _)| a.entity_ref.cmp(&b.entity_ref));
        // Listed first, so that a Port relation finds its target by exact identifier whatever the order.
        catalog.enlist(&entities);
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = cores.min(entities.len() / PER_THREAD).max(1);
        let (prepared, builders) = prepare(&entities, threads);
        for (node, ((record, entry), prepared)) in entities.iter().zip(prepared).enumerate() {
            catalog.link(node as NodeId, record, &entry.face, prepared);
        }
        catalog.index = Index::build(builders, threads);
        catalog
    }

    /// Makes the nodes of entities (in the order of references) and lists them everywhere.
    fn enlist(&mut self, entities: &[Loaded]) {
        let mut members: BTreeMap<&str, Vec<(Arc<str>, NodeId)>> = BTreeMap::new();
        let mut refs = Vec::with_capacity(entities.len());
        let mut uids = Vec::with_capacity(entities.len());
        for (at, (record, entry)) in entities.iter().enumerate() {
            let node = at as NodeId;
            let reference: Arc<str> = record.entity_ref.as_str().into();
            self.nodes.push(Node {
                reference: Arc::clone(&reference),
                entity: None,
                incoming: Arc::default(),
            });
            refs.push((reference, node));
            uids.push((record.uid, node));
            members.entry(&record.blueprint).or_default().push((record.identifier.as_str().into(), node));
            Arc::make_mut(&mut self.live).insert(node);
            if entry.visible {
                Arc::make_mut(&mut self.visible).insert(node);
            }
        }
        uids.sort_unstable_by_key(|(uid, _)| *uid);
        self.refs = SortedMap::from_sorted(refs);
        self.uids = SortedMap::from_sorted(uids);
        let list = |mut list: Vec<(Arc<str>, NodeId)>| {
            list.sort_unstable();
            let mut nodes: Vec<NodeId> = list.iter().map(|(_, node)| *node).collect();
            nodes.sort_unstable();
            Members {
                by_identifier: SortedMap::from_sorted(list),
                set: Arc::new(nodes.into_iter().collect()),
            }
        };
        self.members = Arc::new(members.into_iter().map(|(b, l)| (b.into(), list(l))).collect());
    }
}

/// Walks all documents. The place of an entity in the list is its node.
fn prepare(entities: &[Loaded], threads: usize) -> (Vec<Prepared>, Vec<IndexBuilder>) {
    let names = entities.iter().enumerate().map(|(at, (r, _))| (r.entity_ref.as_str(), at as NodeId));
    let known: HashMap<&str, NodeId> = names.collect();
    let known = |reference: &str| known.get(reference).copied();
    let share = entities.len().div_ceil(threads).max(1);
    let walk = |first: usize, part: &[Loaded]| {
        let mut builder = IndexBuilder::default();
        let one = |(at, (record, entry)): (usize, &Loaded)| {
            let node = (first + at) as NodeId;
            let sink = &mut |path: &str, leaf: Leaf<'_>, item| builder.leaf(node, path, &leaf, item);
            Prepared::new(record, &entry.face, &known, sink)
        };
        let prepared: Vec<Prepared> = part.iter().enumerate().map(one).collect();
        (prepared, builder)
    };
    let walk = &walk;
    std::thread::scope(|scope| {
        let parts = entities.chunks(share).enumerate();
        let handles: Vec<_> = parts.map(|(n, part)| scope.spawn(move || walk(n * share, part))).collect();
        let mut all = (Vec::with_capacity(entities.len()), Vec::with_capacity(threads));
        for (prepared, builder) in handles.into_iter().filter_map(|h| h.join().ok()) {
            all.0.extend(prepared);
            all.1.push(builder);
        }
        all
    })
}
