//! Which way a relation leads, and what it is called: decided by numbers, for a walk asks at every edge.
//!
//! An edge leads as [`crate::reach`] says: in the direction in which it is a relation of its entity's blueprint, and
//! where neither end has it as a relation, from the entity that states it.

use super::Link;
use crate::catalog::{Catalog, NodeId};
use crate::reach::Direction;

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
    /// By number of the blueprint.
    declared: Vec<Vec<Declared<'c>>>,
    /// The relation types that are asked for, by number; all when `None`.
    wanted: Option<Vec<bool>>,
}

impl<'c> Ways<'c> {
    /// Relations of these types, or of these keys at either end; all when there are none.
    pub(super) fn new(catalog: &'c Catalog, relations: &[String]) -> Self {
        let mut declared = Vec::new();
        declared.resize_with(catalog.classes.blueprints_end(), Vec::new);
        for entry in catalog.blueprints().iter() {
            let number = catalog.classes.blueprint(&entry.blueprint.identifier);
            let Some(all) = number.and_then(|n| declared.get_mut(n as usize)) else { continue };
            for (key, face) in &entry.face.relations {
                let relation = catalog.relation_id(&face.relation);
                let Some((relation, target_kind)) = relation.zip(catalog.classes.kind(&face.target_kind))
                else {
                    continue;
                };
                all.push(Declared { key, relation, target_kind, wanted: relations.contains(key) });
            }
        }
        let wanted = (!relations.is_empty()).then(|| catalog.types_named(relations));
        Self { catalog, declared, wanted }
    }

    /// The relations of `node` that an edge of this type to `end` belongs to.
    fn declared(&self, node: NodeId, relation: u16, end: NodeId) -> impl Iterator<Item = &Declared<'c>> {
        let all = self
            .declared
            .get(self.catalog.class_of(node).blueprint as usize)
            .map(Vec::as_slice)
            .unwrap_or_default();
        let kind = self.catalog.classes.of(end).kind;
        all.iter().filter(move |d| d.relation == relation && d.target_kind == kind)
    }

    /// The first key of the relation of `node` that an edge of this type to `end` belongs to.
    pub(super) fn key(&self, node: NodeId, relation: u16, end: NodeId) -> Option<&'c str> {
        self.declared(node, relation, end).next().map(|d| d.key)
    }

    /// Whether an edge is asked for.
    pub(super) fn wants(&self, node: NodeId, link: Link) -> bool {
        let Some(wanted) = &self.wanted else { return true };
        let by_type = |relation: u16| wanted.get(relation as usize).copied().unwrap_or_default();
        by_type(link.here)
            || by_type(link.there)
            || self.declared(node, link.here, link.other).any(|d| d.wanted)
            || self.declared(link.other, link.there, node).any(|d| d.wanted)
    }

    pub(super) fn leads(&self, node: NodeId, link: Link) -> Leads {
        let here = self.key(node, link.here, link.other).is_some();
        let there = self.key(link.other, link.there, node).is_some();
        Leads { out: here || (link.own && !there), back: there || (!link.own && !here) }
    }

    /// Whether a walk from `node` goes over an edge.
    pub(super) fn follows(&self, node: NodeId, link: Link, direction: Option<Direction>) -> bool {
        self.wants(node, link)
            && match direction {
                None => true,
                Some(Direction::Upstream) => self.leads(node, link).out,
                Some(Direction::Downstream) => self.leads(node, link).back,
            }
    }
}
