//! Relations in both directions, read off the nodes.

use std::cmp::Ordering;
use std::sync::Arc;

use uuid::Uuid;

use crate::catalog::{Catalog, Entity, NodeId};

/// One relation as an entity sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Relation<'a> {
    /// Its type, `ownedBy` or `ownerOf`.
    pub name: &'a str,
    /// The other end, which need not be an entity.
    pub other: NodeId,
    /// Whether the other end emitted it.
    pub emitted_by_other: bool,
}

impl Catalog {
    /// The relations of a node, own ones first in the order of its content, then those others emit
    /// towards it; what both ends state comes once.
    #[must_use]
    pub fn relations(&self, node: NodeId) -> Vec<Relation<'_>> {
        let Some(n) = self.nodes.get(node as usize) else { return Vec::new() };
        let own = n.entity.as_ref().map(|e| &e.outgoing[..]).unwrap_or_default();
        let mut all = Vec::with_capacity(own.len() + n.incoming.len());
        for edge in own {
            let name = self.relation_name(edge.relation);
            all.push(Relation { name, other: edge.target, emitted_by_other: false });
        }
        for edge in n.incoming.iter() {
            let twin = own.iter().any(|o| o.target == edge.source && o.relation == edge.reverse);
            if !twin {
                let name = self.relation_name(edge.reverse);
                all.push(Relation { name, other: edge.source, emitted_by_other: true });
            }
        }
        all
    }

    /// Relations in the order of Backstage's answers: by type, then by the target's reference, without repeats.
    #[must_use]
    pub fn relations_sorted(&self, node: NodeId) -> Vec<Relation<'_>> {
        let mut all = self.relations(node);
        all.sort_by(|a, b| (a.name, self.reference(a.other)).cmp(&(b.name, self.reference(b.other))));
        all.dedup_by(|a, b| a.name == b.name && a.other == b.other);
        all
    }

    /// The other ends of a Port relation of an entity: edges of its type to nodes of its target kind.
    pub fn related<'a>(
        &'a self,
        node: NodeId,
        relation: &'a str,
        target_kind: &'a str,
    ) -> impl Iterator<Item = NodeId> + 'a {
        self.relations(node)
            .into_iter()
            .filter(move |r| {
                r.name == relation
                    && stagedoor_model::entity_ref::kind_of(self.reference(r.other)) == target_kind
            })
            .map(|r| r.other)
    }

    /// Every entity in the order of uids, which never change, beginning after one.
    pub fn entities_after(&self, after: Option<Uuid>) -> impl Iterator<Item = (NodeId, &Arc<Entity>)> {
        let late = move |uid: &Uuid| match after {
            Some(after) if *uid <= after => Ordering::Less,
            _ => Ordering::Greater,
        };
        self.uids.from(late).filter_map(|(_, node)| Some((*node, self.entity(*node)?)))
    }

    /// How many entities point at a node.
    #[must_use]
    pub fn incoming_count(&self, node: NodeId) -> usize {
        self.nodes.get(node as usize).map_or(0, |n| n.incoming.len())
    }
}
