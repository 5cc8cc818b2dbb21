//! Which way a relation leads, and what it is called: decided by numbers, for a walk asks at every edge.
//!
//! An edge leads as [`crate::reach`] says: in the direction in which it is a relation of its entity's blueprint, and
//! where neither end has it as a relation, from the entity that states it.

use std::collections::HashMap;

use stagedoor_model::entity_ref::kind_of;

use super::Link;
use crate::catalog::{Catalog, NodeId};
use crate::reach::Direction;

/// Neither a blueprint nor a kind that any relation is about.
const OTHER: u32 = 1;

/// A relation that a blueprint declares, as edges have it.
struct Declared<'c> {
    key: &'c str,
    relation: u16,
    target_kind: u32,
    wanted: bool,
}

/// The ways in which one edge leads, seen from one end.
#[derive(Clone, Copy)]
pub(super) struct Leads {
    /// From this end to the other.
    pub(super) out: bool,
    /// From the other end to this one.
    pub(super) back: bool,
}

/// What blueprints say of relations, by numbers.
pub(super) struct Ways<'c> {
    catalog: &'c Catalog,
    blueprints: HashMap<&'c str, u32>,
    kinds: HashMap<&'c str, u32>,
    /// By number of the blueprint.
    declared: Vec<Vec<Declared<'c>>>,
    /// The relation types that are asked for, by number; all when `None`.
    wanted: Option<Vec<bool>>,
    /// Blueprint and kind of each node that was looked at, 0 before: their names are read once.
    classes: Vec<u64>,
}

impl<'c> Ways<'c> {
    /// Relations of these types, or of these keys at either end; all when there are none.
    pub(super) fn new(catalog: &'c Catalog, relations: &[String]) -> Self {
        let mut ways = Self {
            catalog,
            blueprints: HashMap::new(),
            kinds: HashMap::new(),
            declared: vec![Vec::new(), Vec::new()],
            wanted: (!relations.is_empty()).then(|| catalog.types_named(relations)),
            classes: vec![0; catalog.nodes.len()],
        };
        for entry in catalog.blueprints().iter() {
            let mut all = Vec::with_capacity(entry.face.relations.len());
            for (key, face) in &entry.face.relations {
                let Some(relation) = catalog.relation_id(&face.relation) else { continue };
                let next = OTHER + 1 + ways.kinds.len() as u32;
                let target_kind = *ways.kinds.entry(face.target_kind.as_str()).or_insert(next);
                all.push(Declared { key, relation, target_kind, wanted: relations.contains(key) });
            }
            ways.blueprints.insert(&entry.blueprint.identifier, ways.declared.len() as u32);
            ways.declared.push(all);
        }
        ways
    }

    /// The numbers of a node's blueprint and kind.
    fn class(&mut self, node: NodeId) -> (usize, u32) {
        let known = self.classes.get(node as usize).copied().unwrap_or(u64::from(OTHER));
        if known != 0 {
            return ((known >> 32) as usize, known as u32);
        }
        let blueprint = self.catalog.entity(node).map(|e| e.record.blueprint.as_str());
        let blueprint = blueprint.and_then(|b| self.blueprints.get(b)).copied().unwrap_or(OTHER);
        let kind = self.kinds.get(kind_of(self.catalog.reference(node))).copied().unwrap_or(OTHER);
        if let Some(place) = self.classes.get_mut(node as usize) {
            *place = u64::from(blueprint) << 32 | u64::from(kind);
        }
        (blueprint as usize, kind)
    }

    /// The relations of `node` that an edge of this type to `end` belongs to.
    fn declared(&mut self, node: NodeId, relation: u16, end: NodeId) -> impl Iterator<Item = &Declared<'c>> {
        let ((blueprint, _), (_, kind)) = (self.class(node), self.class(end));
        let all = self.declared.get(blueprint).map(Vec::as_slice).unwrap_or_default();
        all.iter().filter(move |d| d.relation == relation && d.target_kind == kind)
    }

    /// The first key of the relation of `node` that an edge of this type to `end` belongs to.
    pub(super) fn key(&mut self, node: NodeId, relation: u16, end: NodeId) -> Option<&'c str> {
        self.declared(node, relation, end).next().map(|d| d.key)
    }

    /// Whether an edge is asked for.
    pub(super) fn wants(&mut self, node: NodeId, link: Link) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        let by_type = |relation: u16| wanted.get(relation as usize).copied().unwrap_or_default();
        by_type(link.here)
            || by_type(link.there)
            || self.declared(node, link.here, link.other).any(|d| d.wanted)
            || self.declared(link.other, link.there, node).any(|d| d.wanted)
    }

    pub(super) fn leads(&mut self, node: NodeId, link: Link) -> Leads {
        let here = self.key(node, link.here, link.other).is_some();
        let there = self.key(link.other, link.there, node).is_some();
        Leads { out: here || (link.own && !there), back: there || (!link.own && !here) }
    }

    /// Whether a walk from `node` goes over an edge.
    pub(super) fn follows(&mut self, node: NodeId, link: Link, direction: Option<Direction>) -> bool {
        self.wants(node, link)
            && match direction {
                None => true,
                Some(Direction::Upstream) => self.leads(node, link).out,
                Some(Direction::Downstream) => self.leads(node, link).back,
            }
    }
}
