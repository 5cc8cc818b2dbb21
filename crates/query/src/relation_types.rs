//! Relation types by number, and which nodes have a relation of each, as its emitter or at its other end.
//!
//! A type's holders are exact after every change. What its relations lead to are the holders of its inverses, or
//! fewer: an inverse may have other inverses. Who walks those looks at the edges anyway.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::catalog::{Catalog, NodeId, OutEdge};
use crate::index::term::fold_eq;

#[derive(Clone)]
struct RelationType {
    name: Arc<str>,
    holders: Arc<RoaringBitmap>,
    /// What the other ends call it.
    inverses: Arc<Vec<u16>>,
}

/// All relation types that an edge ever had.
#[derive(Clone, Default)]
pub(crate) struct RelationTypes {
    all: Arc<Vec<RelationType>>,
    ids: Arc<HashMap<Arc<str>, u16>>,
}

impl RelationTypes {
    /// The numbers of a type and of its inverse, made if new.
    pub(crate) fn intern(&mut self, relation: &str, reverse: &str) -> (u16, u16) {
        let (here, there) = (self.number(relation), self.number(reverse));
        for (one, inverse) in [(here, there), (there, here)] {
            let is_known = |t: &RelationType| t.inverses.contains(&inverse);
            if !self.all.get(usize::from(one)).is_some_and(is_known)
                && let Some(known) = Arc::make_mut(&mut self.all).get_mut(usize::from(one))
            {
                Arc::make_mut(&mut known.inverses).push(inverse);
            }
        }
        (here, there)
    }

    fn number(&mut self, name: &str) -> u16 {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let id = self.all.len() as u16;
        let name: Arc<str> = name.into();
        let new = RelationType { name: Arc::clone(&name), holders: Arc::default(), inverses: Arc::default() };
        Arc::make_mut(&mut self.all).push(new);
        Arc::make_mut(&mut self.ids).insert(name, id);
        id
    }

    fn holders(&self, id: u16) -> Option<&RoaringBitmap> {
        self.all.get(usize::from(id)).map(|t| t.holders.as_ref())
    }

    /// Lists a node as a holder, or takes it off. Most writes change nothing, and then nothing is copied.
    fn list(&mut self, id: u16, node: NodeId, holds: bool) {
        if self.holders(id).is_none_or(|h| h.contains(node) == holds) {
            return;
        }
        if let Some(known) = Arc::make_mut(&mut self.all).get_mut(usize::from(id)) {
            let holders = Arc::make_mut(&mut known.holders);
            let _ = if holds { holders.insert(node) } else { holders.remove(node) };
        }
    }
}

impl Catalog {
    pub(crate) fn relation_id(&self, name: &str) -> Option<u16> {
        self.relation_types.ids.get(name).copied()
    }

    pub(crate) fn relation_ids_folded(&self, name: &str) -> Vec<u16> {
        let ids = self.relation_types.ids.iter();
        ids.filter(|(n, _)| fold_eq(n, name)).map(|(_, id)| *id).collect()
    }

    pub(crate) fn relation_name(&self, id: u16) -> &str {
        self.relation_types.all.get(usize::from(id)).map_or("", |t| &t.name)
    }

    /// The nodes that have a relation of one of these types.
    pub(crate) fn holders(&self, types: &[u16]) -> Cow<'_, RoaringBitmap> {
        let mut sets = types.iter().filter_map(|id| self.relation_types.holders(*id));
        let Some(first) = sets.next() else { return Cow::default() };
        sets.fold(Cow::Borrowed(first), |all, set| Cow::Owned(all.as_ref() | set))
    }

    /// The nodes that relations of these types may lead to.
    pub(crate) fn possible_ends(&self, types: &[u16]) -> Cow<'_, RoaringBitmap> {
        let known = types.iter().filter_map(|id| self.relation_types.all.get(usize::from(*id)));
        let mut inverses: Vec<u16> = known.flat_map(|t| t.inverses.iter().copied()).collect();
        inverses.sort_unstable();
        inverses.dedup();
        self.holders(&inverses)
    }

    /// Lists the ends of a node's own edges, which are new.
    pub(crate) fn list_edges(&mut self, node: NodeId) {
        let Some(entity) = self.entity(node).map(Arc::clone) else { return };
        for edge in &entity.outgoing {
            self.relation_types.list(edge.relation, node, true);
            self.relation_types.list(edge.reverse, edge.target, true);
        }
    }

    /// Takes off the list what held a relation only by these edges, which a node had before.
    pub(crate) fn unlist_edges(&mut self, node: NodeId, edges: &[OutEdge]) {
        for edge in edges {
            for (id, end) in [(edge.relation, node), (edge.reverse, edge.target)] {
                if !self.has_relation(end, id) {
                    self.relation_types.list(id, end, false);
                }
            }
        }
    }

    fn has_relation(&self, node: NodeId, id: u16) -> bool {
        let Some(n) = self.nodes.get(node as usize) else { return false };
        let own = n.entity.as_ref().map(|e| &e.outgoing[..]).unwrap_or_default();
        own.iter().any(|e| e.relation == id) || n.incoming.iter().any(|e| e.reverse == id)
    }

    /// Lists the ends of all edges, after a load.
    pub(crate) fn list_all_edges(&mut self) {
        let mut lists: Vec<Vec<NodeId>> = vec![Vec::new(); self.relation_types.all.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            let mut list = |id: u16| {
                if let Some(list) =
                    lists.get_mut(usize::from(id)).filter(|l| l.last() != Some(&(at as NodeId)))
                {
                    list.push(at as NodeId);
                }
            };
            let own = node.entity.as_ref().map(|e| &e.outgoing[..]).unwrap_or_default();
            own.iter().for_each(|e| list(e.relation));
            node.incoming.iter().for_each(|e| list(e.reverse));
        }
        for (known, list) in Arc::make_mut(&mut self.relation_types.all).iter_mut().zip(lists) {
            known.holders = Arc::new(RoaringBitmap::from_sorted_iter(list).unwrap_or_default());
        }
    }
}
