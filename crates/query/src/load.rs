//! Building the catalog at start. Documents are walked by several threads while the rest is still being
//! read from the database; then one thread links them and all put the index in order.

use std::collections::BTreeMap;
use std::hash::BuildHasher as _;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use hashbrown::HashMap;
use parking_lot::Mutex;
use roaring::RoaringBitmap as NodeSet;
use stagedoor_model::{Change, EntityRecord, Revision, Text};

use crate::blueprints::BlueprintEntry;
use crate::catalog::{Catalog, Claimed, Members, Node, NodeId};
use crate::cow::{Hashed, SortedMap};
use crate::index::Index;
use crate::index::builder::IndexBuilder;
use crate::index::walk::Leaf;
use crate::prepare::Prepared;

/// Entities that a thread takes at a time.
const CHUNK: usize = 256;

type Loaded = (Arc<EntityRecord>, BlueprintEntry);
/// Entities whose nodes are numbered from the first one's on.
type Job = (usize, Arc<Vec<Loaded>>);
type Walked = (Vec<(usize, Vec<Prepared>)>, IndexBuilder);

/// Takes the store's state, change by change, in the order of `Store::load`: blueprints, sources,
/// entities, waiting claims.
pub struct Loader {
    catalog: Catalog,
    chunk: Vec<Loaded>,
    chunks: Vec<Arc<Vec<Loaded>>>,
    count: usize,
    jobs: Sender<Job>,
    threads: Vec<JoinHandle<Walked>>,
}

impl Default for Loader {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let (jobs, queue) = channel();
        let queue = Arc::new(Mutex::new(queue));
        let start = |_| {
            let queue = Arc::clone(&queue);
            std::thread::Builder::new().name("load".into()).spawn(move || work(&queue)).ok()
        };
        let threads = (0..cores).filter_map(start).collect();
        Self { catalog: Catalog::default(), chunk: Vec::new(), chunks: Vec::new(), count: 0, jobs, threads }
    }
}

/// Walks documents until there are no more.
fn work(queue: &Mutex<Receiver<Job>>) -> Walked {
    let mut walked = Walked::default();
    loop {
        // The lock is held while waiting, so that the chunks of one thread come in ascending order.
        let Ok((first, chunk)) = queue.lock().recv() else { return walked };
        let builder = &mut walked.1;
        let one = |(at, (record, entry)): (usize, &Loaded)| {
            let node = (first + at) as NodeId;
            let sink = &mut |path: &str, leaf: Leaf<'_>, nesting| builder.leaf(node, path, &leaf, nesting);
            Prepared::new(record, &entry.face, sink)
        };
        let prepared = chunk.iter().enumerate().map(one).collect();
        walked.0.push((first, prepared));
    }
}

impl Loader {
    /// Takes one change.
    pub fn take(&mut self, change: Change) {
        match change {
            Change::PutEntity(mut record) => {
                // Just read, so nobody else has it yet.
                if let Some(record) = Arc::get_mut(&mut record) {
                    self.catalog.texts.share(record);
                }
                let Some(entry) = self.catalog.blueprints.get(&record.blueprint).cloned() else { return };
                self.chunk.push((record, entry));
                if self.chunk.len() == CHUNK {
                    self.hand_out();
                }
            }
            other => self.catalog.apply(&other),
        }
    }

    fn hand_out(&mut self) {
        let chunk = Arc::new(std::mem::take(&mut self.chunk));
        // Without a thread to take it the chunk is walked at the end.
        let _ = self.jobs.send((self.count, Arc::clone(&chunk)));
        self.count += chunk.len();
        self.chunks.push(chunk);
    }

    /// The catalog as of `revision`.
    #[must_use]
    pub fn finish(mut self, revision: Revision) -> Catalog {
        self.hand_out();
        let Self { mut catalog, chunks, jobs, threads, .. } = self;
        drop(jobs);
        let count = threads.len();
        let entities: Vec<&Loaded> = chunks.iter().flat_map(|c| c.iter()).collect();
        // Listed first, so that a Port relation finds its target by exact identifier whatever the order.
        catalog.enlist(&entities);
        let (mut prepared, mut builders) = (Vec::with_capacity(chunks.len()), Vec::with_capacity(count));
        for (walked, builder) in threads.into_iter().filter_map(|t| t.join().ok()) {
            prepared.extend(walked);
            builders.push(builder);
        }
        prepared.sort_by_key(|(first, _)| *first);
        let names = entities.iter().enumerate().map(|(at, (r, _))| (r.entity_ref.as_str(), at as NodeId));
        let known: HashMap<&str, NodeId> = names.collect();
        for (first, chunk) in prepared {
            for (at, mut prepared) in chunk.into_iter().enumerate() {
                let Some((record, entry)) = entities.get(first + at) else { continue };
                prepared.resolve(|reference| known.get(reference).copied());
                catalog.link((first + at) as NodeId, record, &entry.face, prepared);
            }
        }
        catalog.enter_all_edges();
        catalog.list_all_edges();
        catalog.index = Index::build(builders, count);
        catalog.revision = revision;
        catalog
    }
}

impl Catalog {
    /// Builds the catalog from the store's state in one go.
    pub fn load(changes: impl Iterator<Item = Change>, revision: Revision) -> Self {
        let mut loader = Loader::default();
        changes.for_each(|change| loader.take(change));
        loader.finish(revision)
    }

    /// Makes the nodes of entities and lists them everywhere.
    fn enlist(&mut self, entities: &[&Loaded]) {
        let mut members: BTreeMap<&str, Vec<(Text, NodeId)>> = BTreeMap::new();
        let mut refs = Vec::with_capacity(entities.len());
        let mut uids = Vec::with_capacity(entities.len());
        let mut visible = Vec::with_capacity(entities.len());
        for (at, (record, entry)) in entities.iter().enumerate() {
            let node = at as NodeId;
            let reference = record.entity_ref.clone();
            self.nodes.push(Node::new(reference.clone()));
            self.classes.push(&reference);
            refs.push((reference, node));
            uids.push((record.uid, node));
            members.entry(&record.blueprint).or_default().push((record.identifier.clone(), node));
            visible.extend(entry.visible.then_some(node));
        }
        let set = |nodes: Vec<NodeId>| Arc::new(NodeSet::from_sorted_iter(nodes).unwrap_or_default());
        self.live = Arc::new((0..entities.len() as NodeId).collect());
        self.visible = set(visible);
        let records = entities.iter().enumerate();
        self.claimed = Claimed::from_all(records.map(|(at, (record, _))| (at as NodeId, record.as_ref())));
        self.by_reference =
            Hashed::from_all(refs.iter().map(|(r, node)| (self.hasher.hash_one(r.as_str()), *node)));
        refs.sort_unstable();
        uids.sort_unstable_by_key(|(uid, _)| *uid);
        self.refs = SortedMap::from_sorted(refs);
        self.uids = SortedMap::from_sorted(uids);
        let list = |mut list: Vec<(Text, NodeId)>| {
            let set = set(list.iter().map(|(_, node)| *node).collect());
            list.sort_unstable();
            Members { by_identifier: SortedMap::from_sorted(list), set }
        };
        self.members = Arc::new(members.into_iter().map(|(b, l)| (b.into(), list(l))).collect());
    }
}
