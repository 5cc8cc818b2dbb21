//! Where relations lead: everything an entity depends on, what depends on it, the far end of a path.
//!
//! A walk goes level by level over bits, one for each node, and looks at every node once, so that a cycle
//! ends it and its cost is that of the edges. It leaves out dangling ends, which are no entities.
//!
//! An edge leads forward in the direction in which it is a relation of its entity's blueprint: what a document
//! states as `dependencyOf` is the other end's `dependsOn`. An edge that neither blueprint has as a relation leads
//! from the entity that states it.

use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};
use crate::expr::Expr;

/// The entities that relations lead to.
#[derive(Clone, Debug, PartialEq)]
pub struct Reach {
    /// From where.
    pub from: Start,
    /// How.
    pub route: Route,
}

/// Where a walk sets out.
#[derive(Clone, Debug, PartialEq)]
pub enum Start {
    /// Entities by exact identifier; those that are only pointed at, too.
    Named {
        /// Their blueprint; any when `None`.
        blueprint: Option<String>,
        /// Their identifiers.
        identifiers: Vec<String>,
    },
    /// Entities that satisfy a query.
    Matching(Expr),
}

/// How a walk goes on.
#[derive(Clone, Debug, PartialEq)]
pub enum Route {
    /// Over all relations, however far.
    Related {
        /// Forward, backward, or what either of them reaches.
        direction: Option<Direction>,
        /// Only over relations that are required, or only over those that are not.
        required: Option<bool>,
    },
    /// Along a path of relations.
    Path {
        /// What it goes over, in the order in which it is written.
        hops: Vec<Hop>,
        /// Whether it is walked from its end to its beginning.
        backward: bool,
    },
}

/// Which way relations are followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// To what an entity depends on.
    Upstream,
    /// To what depends on it.
    Downstream,
}

/// One part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Key of a relation; any when `None`.
    pub relation: Option<String>,
    /// It is followed once, or again up to this often.
    pub max: u8,
}

impl Catalog {
    /// The nodes that a walk reaches, by at least one step.
    pub(crate) fn reach(&self, reach: &Reach) -> RoaringBitmap {
        let web = Web::new(self);
        let start = web.start(&reach.from);
        match &reach.route {
            Route::Related { direction, required } => {
                let walk = |direction| {
                    web.walk(&start, usize::MAX, &|node, out| web.related(node, direction, *required, out))
                };
                match direction {
                    Some(direction) => walk(*direction).nodes(),
                    None => walk(Direction::Upstream).nodes() | walk(Direction::Downstream).nodes(),
                }
            }
            Route::Path { hops, backward } => {
                let mut at = start;
                let hops: Box<dyn Iterator<Item = &Hop>> =
                    if *backward { Box::new(hops.iter().rev()) } else { Box::new(hops.iter()) };
                for hop in hops {
                    let key = hop.relation.as_deref();
                    at = web.walk(&at, usize::from(hop.max), &|node, out| match backward {
                        false => web.forward(node, key, out),
                        true => web.backward(node, key, out),
                    });
                }
                at.nodes()
            }
        }
    }

    /// The other ends of a Port relation of an entity, by its key.
    pub(crate) fn ends_of(&self, node: NodeId, key: &str) -> Vec<NodeId> {
        let entry = self.entity(node).and_then(|e| self.blueprint_of(e));
        let Some(relation) = entry.and_then(|e| e.face.relations.get(key)) else { return Vec::new() };
        self.related(node, &relation.relation, &relation.target_kind).collect()
    }
}

/// A relation that a blueprint declares, as edges have it.
struct Declared<'c> {
    key: &'c str,
    relation: u16,
    target_kind: u32,
    required: bool,
}

/// The relations that blueprints declare, to follow edges by.
pub(crate) struct Web<'c> {
    catalog: &'c Catalog,
    /// By number of the blueprint.
    declared: Vec<Vec<Declared<'c>>>,
}

type Step<'s> = &'s dyn Fn(NodeId, &mut Vec<NodeId>);

impl<'c> Web<'c> {
    pub(crate) fn new(catalog: &'c Catalog) -> Self {
        let mut declared = Vec::new();
        declared.resize_with(catalog.classes.blueprints_end(), Vec::new);
        for entry in catalog.blueprints().iter() {
            let number = catalog.classes.blueprint(&entry.blueprint.identifier);
            let Some(all) = number.and_then(|n| declared.get_mut(n as usize)) else { continue };
            let relation = |(key, face): (&'c String, &'c stagedoor_model::face::RelationFace)| {
                let required = entry.blueprint.relations.get(key).is_some_and(|r| r.required);
                let relation = catalog.relation_id(&face.relation)?;
                let target_kind = catalog.classes.kind(&face.target_kind)?;
                Some(Declared { key, relation, target_kind, required })
            };
            *all = entry.face.relations.iter().filter_map(relation).collect();
        }
        Self { catalog, declared }
    }

    fn start(&self, from: &Start) -> Bits {
        let mut start = Bits::of(self.catalog);
        match from {
            Start::Named { blueprint, identifiers } => {
                let fits = |b: &str| blueprint.as_deref().is_none_or(|only| only == b);
                for entry in self.catalog.blueprints().iter().filter(|e| fits(&e.blueprint.identifier)) {
                    let nodes = identifiers.iter().filter_map(|i| self.catalog.node_named(entry, i));
                    start.extend(nodes);
                }
            }
            Start::Matching(expr) => {
                let found = self.catalog.evaluate(expr, &self.catalog.live);
                start.extend(found.iter());
            }
        }
        start
    }

    /// What `step` leads to, again and again up to `times`.
    fn walk(&self, start: &Bits, times: usize, step: Step<'_>) -> Bits {
        let mut seen = Bits::of(self.catalog);
        let mut level: Vec<NodeId> = start.iter().collect();
        let (mut next, mut ends) = (Vec::new(), Vec::new());
        for _ in 0..times {
            for node in level.drain(..) {
                step(node, &mut ends);
                if !spend(ends.len() as u32 + 1) {
                    return seen;
                }
                next.extend(ends.drain(..).filter(|end| seen.insert(*end)));
            }
            if next.is_empty() {
                break;
            }
            std::mem::swap(&mut level, &mut next);
        }
        seen
    }

    /// The relations of `node` that an edge of this type to `end` belongs to.
    fn keys(&self, node: NodeId, relation: u16, end: NodeId) -> impl Iterator<Item = &Declared<'c>> {
        let all = self.declared.get(self.catalog.class_of(node).blueprint as usize).map(Vec::as_slice);
        let kind = self.catalog.classes.of(end).kind;
        all.unwrap_or_default().iter().filter(move |d| d.relation == relation && d.target_kind == kind)
    }

    /// Every edge at a node: the other end, its type as the node sees it, as the other end does, and whether the
    /// node states it.
    fn edges(&self, node: NodeId) -> impl Iterator<Item = (NodeId, u16, u16, bool)> {
        let own = self.catalog.outgoing(node).iter().map(|e| (e.target, e.relation, e.reverse, true));
        own.chain(self.catalog.incoming(node).map(|e| (e.source, e.reverse, e.relation, false)))
    }

    fn related(&self, node: NodeId, way: Direction, required: Option<bool>, out: &mut Vec<NodeId>) {
        for (end, here, there, own) in self.edges(node) {
            let leads = match way {
                Direction::Upstream => self.leads((node, here), (end, there), own, required),
                Direction::Downstream => self.leads((end, there), (node, here), !own, required),
            };
            if leads {
                out.push(end);
            }
        }
    }

    /// Whether an edge leads forward from one end to the other.
    fn leads(&self, a: (NodeId, u16), b: (NodeId, u16), stated_by_a: bool, required: Option<bool>) -> bool {
        let mut keys = self.keys(a.0, a.1, b.0).peekable();
        if keys.peek().is_some() {
            return required.is_none_or(|r| keys.any(|d| d.required == r));
        }
        stated_by_a && required != Some(true) && self.keys(b.0, b.1, a.0).next().is_none()
    }

    /// What a relation of a node leads to.
    pub(crate) fn forward(&self, node: NodeId, key: Option<&str>, out: &mut Vec<NodeId>) {
        let fits = |d: &Declared<'_>| key.is_none_or(|k| k == d.key);
        let edges = self.edges(node).filter(|(end, here, ..)| self.keys(node, *here, *end).any(fits));
        out.extend(edges.map(|(end, ..)| end));
    }

    /// Whose relation leads to a node.
    pub(crate) fn backward(&self, node: NodeId, key: Option<&str>, out: &mut Vec<NodeId>) {
        let fits = |d: &Declared<'_>| key.is_none_or(|k| k == d.key);
        let edges = self.edges(node).filter(|(end, _, there, _)| self.keys(*end, *there, node).any(fits));
        out.extend(edges.map(|(end, ..)| end));
    }
}

/// A set of nodes, quick to add to.
#[derive(Clone)]
pub(crate) struct Bits(Vec<u64>);

impl Bits {
    pub(crate) fn of(catalog: &Catalog) -> Self {
        Self(vec![0; catalog.nodes.len().div_ceil(64)])
    }

    pub(crate) fn from_set(catalog: &Catalog, set: &RoaringBitmap) -> Self {
        let mut bits = Self::of(catalog);
        let (mut rest, mut some) = (set.iter(), [0; 256]);
        loop {
            let next = rest.next_many(&mut some);
            if next.is_empty() {
                return bits;
            }
            for node in next {
                if let Some(word) = bits.0.get_mut(*node as usize / 64) {
                    *word |= 1 << (*node % 64);
                }
            }
        }
    }

    pub(crate) fn contains(&self, node: NodeId) -> bool {
        self.0.get(node as usize / 64).is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    pub(crate) fn remove(&mut self, node: NodeId) {
        if let Some(word) = self.0.get_mut(node as usize / 64) {
            *word &= !(1 << (node % 64));
        }
    }

    /// Whether it is new.
    pub(crate) fn insert(&mut self, node: NodeId) -> bool {
        let Some(word) = self.0.get_mut(node as usize / 64) else { return false };
        let bit = 1 << (node % 64);
        let new = *word & bit == 0;
        *word |= bit;
        new
    }

    pub(crate) fn extend(&mut self, nodes: impl Iterator<Item = NodeId>) {
        for node in nodes {
            self.insert(node);
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = NodeId> {
        self.0.iter().enumerate().filter(|(_, word)| **word != 0).flat_map(|(at, word)| {
            (0..64).filter(move |bit| word >> bit & 1 == 1).map(move |bit| at as NodeId * 64 + bit)
        })
    }

    pub(crate) fn nodes(&self) -> RoaringBitmap {
        RoaringBitmap::from_sorted_iter(self.iter()).unwrap_or_default()
    }
}

impl Expr {
    /// What a walk reaches.
    #[must_use]
    pub fn reach(from: Start, route: Route) -> Self {
        Self::Reach(Arc::new(Reach { from, route }))
    }
}
