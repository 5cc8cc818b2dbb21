//! The edges that an entity's content states, towards nodes that are made where they are missing.

use std::collections::HashSet;
use std::sync::Arc;

use stagedoor_model::face::Target;
use stagedoor_model::{EntityRecord, Face, JsonText};
use uuid::Uuid;

use super::{Catalog, InEdge, Node, NodeId, OutEdge};
use crate::prepare::Prepared;

impl Catalog {
    /// Tells the targets of a node's edges.
    pub(super) fn enter_edges(&mut self, node: NodeId) {
        let Some(entity) = self.entity(node).map(Arc::clone) else { return };
        for edge in &entity.outgoing {
            if let Some(target) = self.edges_change(edge.target) {
                let incoming = InEdge { relation: edge.relation, reverse: edge.reverse, source: node };
                Arc::make_mut(&mut target.incoming).push(incoming);
            }
        }
    }

    /// The same for all nodes of a new catalog. Every list is made in its length at once: lists that grow leave
    /// memory full of holes.
    pub(crate) fn enter_all_edges(&mut self) {
        let mut counts = vec![0_u32; self.nodes.len()];
        let outgoing = |n: &Node| n.entity.as_ref().map(Arc::clone);
        for entity in self.nodes.iter().filter_map(outgoing) {
            for edge in &entity.outgoing {
                if let Some(count) = counts.get_mut(edge.target as usize) {
                    *count += 1;
                }
            }
        }
        let room = |count| Vec::with_capacity(count as usize);
        let mut lists: Vec<Vec<InEdge>> = counts.into_iter().map(room).collect();
        for (source, entity) in self.nodes.iter().enumerate().filter_map(|(at, n)| Some((at, outgoing(n)?))) {
            for OutEdge { relation, reverse, target } in entity.outgoing.iter().copied() {
                if let Some(list) = lists.get_mut(target as usize) {
                    list.push(InEdge { relation, reverse, source: source as NodeId });
                }
            }
        }
        for (at, list) in lists.into_iter().enumerate().filter(|(_, list)| !list.is_empty()) {
            if let Some(node) = self.nodes.get_mut(at) {
                node.incoming = Arc::new(list);
            }
        }
    }

    /// The edges of an entity that is only a document.
    pub(super) fn stated_edges(&mut self, prepared: &Prepared, face: &Face) -> Box<[OutEdge]> {
        let mut out = Distinct::default();
        out.edges.reserve_exact(prepared.references.len());
        for (at, reference, known) in &prepared.references {
            let Some(field) = face.fields.get(*at) else { continue };
            let target = known.unwrap_or_else(|| self.intern_node(reference));
            let (relation, reverse) = self.relation_types.intern(&field.relation, &field.reverse);
            out.push(OutEdge { relation, reverse, target });
        }
        out.edges.into_boxed_slice()
    }

    /// The edges of an entity that contributors have a part in.
    pub(super) fn mixed_edges(&mut self, record: &EntityRecord, face: &Face) -> Box<[OutEdge]> {
        let document = record.document.as_ref().map(JsonText::value);
        let edges = face.edges(document.as_ref(), &record.contributed());
        let mut out = Distinct::default();
        out.edges.reserve_exact(edges.len());
        for edge in edges {
            let target = match &edge.target {
                Target::Ref(reference) => self.intern_node(reference),
                Target::Key(blueprint, identifier) => self.node_for_key(blueprint, identifier),
            };
            let (relation, reverse) = self.relation_types.intern(&edge.relation, &edge.reverse);
            out.push(OutEdge { relation, reverse, target });
        }
        out.edges.into_boxed_slice()
    }

    /// The node of a Port relation's target; where it does not exist, that of the reference it would have.
    fn node_for_key(&mut self, blueprint: &str, identifier: &str) -> NodeId {
        if let Some(node) = self.node_of_key(blueprint, identifier) {
            return node;
        }
        let reference = self.reference_of_target(blueprint, identifier);
        self.intern_node(&reference)
    }

    /// The reference that an entity which does not exist would have.
    pub(super) fn reference_of_target(&self, blueprint: &str, identifier: &str) -> String {
        match self.blueprints.get(blueprint) {
            // A uid that nobody has: what another entity holds is not its reference.
            Some(entry) => self.reference_for(&entry.face, Uuid::nil(), identifier),
            None => format!("!{}:{identifier}", blueprint.to_lowercase()),
        }
    }
}

/// Edges in order, without repeats. Few are compared with each other, many are looked up.
#[derive(Default)]
struct Distinct {
    edges: Vec<OutEdge>,
    seen: HashSet<OutEdge>,
}

impl Distinct {
    const FEW: usize = 32;

    fn push(&mut self, edge: OutEdge) {
        if self.edges.len() == Self::FEW && self.seen.is_empty() {
            self.seen.extend(&self.edges);
        }
        let new = match self.seen.is_empty() {
            true => !self.edges.contains(&edge),
            false => self.seen.insert(edge),
        };
        if new {
            self.edges.push(edge);
        }
    }
}
