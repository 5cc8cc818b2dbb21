//! The edges that an entity's content states, towards nodes that are made where they are missing.

use std::collections::HashSet;

use stagedoor_model::face::Target;
use stagedoor_model::{EntityRecord, Face, JsonText};
use uuid::Uuid;

use super::{Catalog, NodeId, OutEdge};
use crate::prepare::Prepared;

impl Catalog {
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
