//! What is remembered of computed values, and how a reader tells whether it still holds.
//!
//! Every node has two marks: one for what it is, one for who points at it. Whoever changes a node gives it a new
//! mark from one counter that all snapshots share, so that no two states of a node ever have the same. A
//! remembered value lists the marks of everything that was read for it and holds in any snapshot in which all
//! of them are the same. So a change costs as much as it touches, however much depends on it; who reads next
//! finds out. Old snapshots and drafts that came to nothing cannot be confused with the newest state.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use serde_json::Value;
use stagedoor_model::Timestamp;

use super::Calculator;
use crate::budget::spend;
use crate::catalog::{Catalog, Entity, NodeId, OutEdge};

/// Parts of the memory, so that readers seldom wait for one another.
const SHARDS: usize = 64;
/// When what is remembered takes about so many bytes, all of it is forgotten.
const LIMIT: usize = 96 << 20;
/// The same of what is remembered for somebody who does not see all: there are many of these.
const LIMIT_APART: usize = 4 << 20;

/// The marks of a node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Marks {
    content: u64,
    incoming: u64,
}

/// A part of a node that may change by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// Its entity: document, fields, own edges, stamps.
    Content,
    /// The edges of others that point at it.
    Incoming,
}

impl Marks {
    fn of(self, part: Part) -> u64 {
        match part {
            Part::Content => self.content,
            Part::Incoming => self.incoming,
        }
    }
}

/// A snapshot's share in the memory.
#[derive(Clone)]
pub(crate) struct State {
    shared: Arc<Shared>,
    pub(super) calculator: Option<Arc<dyn Calculator>>,
    /// Unique for each state of the catalog.
    stamp: u64,
    /// Unique for each state of the blueprints.
    blueprints: u64,
}

struct Shared {
    next: AtomicU64,
    shards: Vec<Mutex<Shard>>,
    weight: AtomicUsize,
    limit: usize,
}

impl Shared {
    fn of(limit: usize) -> Self {
        let shards = (0..SHARDS).map(|_| Mutex::default()).collect();
        Self { next: AtomicU64::new(1), shards, weight: AtomicUsize::new(0), limit }
    }
}

/// What is remembered apart from what everybody sees.
#[derive(Clone)]
pub(crate) struct Memory {
    shared: Arc<Shared>,
    /// Stands for the state of the blueprints.
    epoch: u64,
}

impl Memory {
    /// An empty one.
    pub(crate) fn apart(catalog: &Catalog) -> Self {
        Self { shared: Arc::new(Shared::of(LIMIT_APART)), epoch: catalog.derived.next() }
    }
}

type Shard = HashMap<(NodeId, u32), Arc<Entry>>;

impl Default for State {
    fn default() -> Self {
        Self { shared: Arc::new(Shared::of(LIMIT)), calculator: None, stamp: 0, blueprints: 0 }
    }
}

/// A computed value with what it depends on.
pub(crate) struct Entry {
    pub(super) value: Value,
    /// Why there is none.
    pub(super) problem: Option<String>,
    until: Option<Timestamp>,
    reads: Box<[(NodeId, Part, u64)]>,
    everything: bool,
    blueprints: u64,
    /// The newest state that it was seen to hold in.
    seen: AtomicU64,
}

impl Entry {
    /// What it rests on, each node once.
    pub(super) fn basis(&self) -> Basis {
        let mut nodes: Vec<NodeId> = self.reads.iter().map(|(node, ..)| *node).collect();
        nodes.dedup();
        Basis { nodes, everything: self.everything, until: self.until }
    }

    fn weight(&self) -> usize {
        160 + self.reads.len() * 16 + weight_of(&self.value) + self.problem.as_ref().map_or(0, String::len)
    }
}

fn weight_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(list) => list.iter().map(|v| 32 + weight_of(v)).sum(),
        Value::Object(map) => map.iter().map(|(k, v)| 64 + k.len() + weight_of(v)).sum(),
        _ => 0,
    }
}

/// What a computed value rests on.
#[derive(Clone, Debug, Default)]
pub struct Basis {
    /// The nodes that were read.
    pub nodes: Vec<NodeId>,
    /// It may change with any change.
    pub everything: bool,
    /// It holds before this time.
    pub until: Option<Timestamp>,
}

/// What is read while a value is computed.
#[derive(Default)]
pub(crate) struct Reads {
    nodes: Vec<(NodeId, Part)>,
    everything: bool,
    until: Option<Timestamp>,
    off: bool,
}

impl Reads {
    /// Takes no notes.
    pub(crate) fn none() -> Self {
        Self { off: true, ..Self::default() }
    }

    pub(crate) fn note(&mut self, node: NodeId, part: Part) {
        if !self.off {
            self.nodes.push((node, part));
        }
    }

    /// Which nodes were read, each once.
    pub(super) fn nodes(self) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.nodes.into_iter().map(|(node, _)| node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }

    /// What was read.
    pub(super) fn basis(self) -> Basis {
        let (everything, until) = (self.everything, self.until);
        Basis { nodes: self.nodes(), everything, until }
    }

    /// The value may change with any change.
    pub(super) fn everything(&mut self) {
        self.everything = true;
    }

    /// The value holds before this time.
    pub(super) fn until(&mut self, time: Timestamp) {
        self.until = Some(self.until.map_or(time, |t| t.min(time)));
    }

    /// The value depends on another.
    pub(super) fn extend(&mut self, entry: &Entry) {
        if self.off {
            return;
        }
        self.nodes.extend(entry.reads.iter().map(|(node, part, _)| (*node, *part)));
        self.everything |= entry.everything;
        if let Some(until) = entry.until {
            self.until(until);
        }
    }
}

impl State {
    fn next(&self) -> u64 {
        self.shared.next.fetch_add(1, Ordering::Relaxed)
    }

    /// A change begins.
    pub(crate) fn step(&mut self) {
        self.stamp = self.next();
    }

    /// The blueprints are others.
    pub(crate) fn blueprints_changed(&mut self) {
        self.blueprints = self.next();
    }

    /// The same with another memory.
    pub(crate) fn remembering(&self, memory: &Memory) -> Self {
        Self { shared: Arc::clone(&memory.shared), blueprints: memory.epoch, ..self.clone() }
    }

    fn shard(&self, node: NodeId) -> Option<&Mutex<Shard>> {
        self.shared.shards.get(node as usize % SHARDS)
    }
}

impl Catalog {
    /// An entity was written to a node, or taken away; `before` tells where it stood, and how it was. What it
    /// points at is marked only where that is something else than before.
    pub(crate) fn mark_written(&mut self, node: NodeId, before: Option<(NodeId, &Entity)>) {
        self.mark(node, Part::Content);
        let place = before.map_or(node, |(place, _)| place);
        if place != node {
            self.mark(place, Part::Content);
        }
        let before = before.map(|(_, entity)| &entity.outgoing[..]).unwrap_or_default();
        let after = self.entity(node).map(|e| &e.outgoing[..]).unwrap_or_default();
        if place == node && before == after {
            return;
        }
        let set = |edges: &[OutEdge]| edges.iter().copied().collect::<HashSet<_>>();
        let (was, is) = if place == node { (set(before), set(after)) } else { Default::default() };
        let gone = before.iter().filter(|e| !is.contains(e));
        let new = after.iter().filter(|e| !was.contains(e));
        let targets: Vec<NodeId> = gone.chain(new).map(|e| e.target).collect();
        targets.into_iter().for_each(|target| self.mark(target, Part::Incoming));
    }

    fn mark(&mut self, node: NodeId, part: Part) {
        let next = self.derived.next();
        self.touched.push(node, next);
        let Some(node) = self.nodes.get_mut(node as usize) else { return };
        match part {
            Part::Content => node.marks.content = next,
            Part::Incoming => node.marks.incoming = next,
        }
    }

    fn mark_of(&self, node: NodeId, part: Part) -> u64 {
        self.nodes.get(node as usize).map_or(0, |n| n.marks.of(part))
    }

    /// Numbers that are others whenever the entity at a node, the edges at it or the blueprints may be: whoever
    /// remembers what it read there compares them. None is ever given twice.
    #[must_use]
    pub fn marks_at(&self, node: NodeId) -> [u64; 3] {
        [self.derived.blueprints, self.mark_of(node, Part::Content), self.mark_of(node, Part::Incoming)]
    }

    /// A number that is another for every state of the catalog: two snapshots that have the same are the same.
    #[must_use]
    pub fn state_mark(&self) -> u64 {
        self.derived.stamp
    }

    /// A number that is another whenever the blueprints may be.
    #[must_use]
    pub fn model_mark(&self) -> u64 {
        self.derived.blueprints
    }

    /// The value remembered, if it holds here and now.
    pub(super) fn remembered(&self, node: NodeId, id: u32) -> Option<Arc<Entry>> {
        let entry = self.derived.shard(node)?.lock().get(&(node, id)).cloned()?;
        let in_time = || entry.until.is_none_or(|until| self.now() < until);
        if entry.blueprints != self.derived.blueprints || !in_time() {
            return None;
        }
        if entry.seen.load(Ordering::Relaxed) == self.derived.stamp {
            return Some(entry);
        }
        let same = |(node, part, mark): &(NodeId, Part, u64)| self.mark_of(*node, *part) == *mark;
        if entry.everything || !entry.reads.iter().all(same) {
            return None;
        }
        entry.seen.store(self.derived.stamp, Ordering::Relaxed);
        Some(entry)
    }

    /// Remembers a value.
    pub(super) fn remember(
        &self,
        node: NodeId,
        id: u32,
        value: Value,
        problem: Option<String>,
        reads: Reads,
    ) -> Arc<Entry> {
        let Reads { mut nodes, everything, until, .. } = reads;
        nodes.sort_unstable();
        nodes.dedup();
        let reads = nodes.into_iter().map(|(node, part)| (node, part, self.mark_of(node, part))).collect();
        let (blueprints, seen) = (self.derived.blueprints, AtomicU64::new(self.derived.stamp));
        let entry = Arc::new(Entry { value, problem, until, reads, everything, blueprints, seen });
        // What came of a query that was stopped is no value.
        if !spend(0) {
            return entry;
        }
        let Some(shard) = self.derived.shard(node) else { return entry };
        let old = shard.lock().insert((node, id), Arc::clone(&entry));
        let shared = &self.derived.shared;
        let before = shared.weight.fetch_add(entry.weight(), Ordering::Relaxed);
        if let Some(old) = old {
            shared.weight.fetch_sub(old.weight(), Ordering::Relaxed);
        }
        if before > shared.limit {
            shared.weight.store(0, Ordering::Relaxed);
            shared.shards.iter().for_each(|shard| shard.lock().clear());
        }
        entry
    }

    /// The time, as the calculator tells it.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.derived.calculator.as_ref().map_or(Timestamp(0), |c| c.now())
    }
}
