//! Relations in both directions, read off the nodes, and what they lead to ([`Around`]).

mod neighbourhood;
mod path;
mod ways;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::HashSet;
use std::sync::Arc;

use uuid::Uuid;

pub use self::neighbourhood::{Around, Connection, Neighbour, Neighbourhood};
pub use self::path::Step;
use crate::catalog::{Catalog, Entity, InEdge, NodeId, OutEdge};
use crate::lens::Lens;
use crate::prepare::stable_hash;

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

/// A piece of an answer, and its hash.
#[derive(Clone, Debug)]
pub struct Written {
    text: Box<[u8]>,
    hash: u64,
}

impl Written {
    fn new(text: Vec<u8>) -> Self {
        Self { hash: stable_hash(&text), text: text.into() }
    }

    /// The bytes.
    #[must_use]
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Their [`stable_hash`].
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }
}

/// An edge as one of its ends sees it.
#[derive(Clone, Copy)]
struct Link {
    other: NodeId,
    /// Its type as this end has it.
    here: u16,
    /// As the other end has it.
    there: u16,
    /// Whether this end states it.
    own: bool,
}

/// The edges at a node.
#[derive(Clone, Copy)]
struct Edges<'c> {
    own: &'c [OutEdge],
    incoming: &'c [InEdge],
    lens: Option<&'c Lens>,
}

impl<'c> Edges<'c> {
    fn len(self) -> usize {
        self.own.len() + self.incoming.len()
    }

    /// Those that the node states itself first.
    fn links(self) -> impl Iterator<Item = Link> + 'c {
        let link = |other, here, there, own| Link { other, here, there, own };
        let own = self.own.iter().map(move |e| link(e.target, e.relation, e.reverse, true));
        let seen = move |e: &&InEdge| self.lens.is_none_or(|lens| !lens.hides(e.source));
        let incoming = self.incoming.iter().filter(seen);
        own.chain(incoming.map(move |e| link(e.source, e.reverse, e.relation, false)))
    }
}

/// What a node states itself, to find what others state too.
struct Stated<'c> {
    own: &'c [OutEdge],
    /// Types and ends, where either is not few.
    many: HashSet<(u16, NodeId)>,
}

impl<'c> Stated<'c> {
    /// To look for so many.
    fn of(own: &'c [OutEdge], sought: usize) -> Self {
        let is_many = own.len() > 8 && sought > 8;
        let many = own.iter().filter(|_| is_many).map(|e| (e.relation, e.target)).collect();
        Self { own, many }
    }

    fn has(&self, relation: u16, end: NodeId) -> bool {
        match self.many.is_empty() {
            true => self.own.iter().any(|o| o.target == end && o.relation == relation),
            false => self.many.contains(&(relation, end)),
        }
    }
}

impl Catalog {
    /// The relations of a node, own ones first in the order of its content, then those others emit
    /// towards it; what both ends state comes once.
    #[must_use]
    pub fn relations(&self, node: NodeId) -> Vec<Relation<'_>> {
        let Some(n) = self.nodes.get(node as usize) else { return Vec::new() };
        let own = self.outgoing(node);
        let mut all = Vec::with_capacity(own.len() + n.incoming.len());
        for edge in own {
            let name = self.relation_name(edge.relation);
            all.push(Relation { name, other: edge.target, emitted_by_other: false });
        }
        let stated = Stated::of(own, n.incoming.len());
        for edge in self.incoming(node) {
            if !stated.has(edge.reverse, edge.source) {
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

    /// The relations of a node as `write` puts them. Names and references never change, and gathering them reads
    /// all over memory: so what was written is kept with the node, once somebody has asked, until an edge at it
    /// comes or goes. One dialect asks, always with the same `write`. Where a hidden entity points at the node it is
    /// written anew.
    pub fn relations_text(
        &self,
        node: NodeId,
        write: impl FnOnce(&[Relation<'_>]) -> Vec<u8>,
    ) -> Option<Cow<'_, Written>> {
        let at = self.nodes.get(node as usize)?;
        let make = || Written::new(write(&self.relations_sorted(node)));
        // A hidden entity has no relations of its own; of others' ends that are hidden the name is all there is.
        if self.is_named_unseen(node) || !self.sees(node) {
            return Some(Cow::Owned(make()));
        }
        Some(Cow::Borrowed(at.written.get_or_init(|| Arc::new(make()))))
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
        match &self.lens {
            None => self.nodes.get(node as usize).map_or(0, |n| n.incoming.len()),
            Some(_) => self.incoming(node).count(),
        }
    }

    /// The node of an entity by blueprint and exact identifier, also where it does not exist but is pointed at.
    #[must_use]
    pub fn node_pointed_at(&self, blueprint: &str, identifier: &str) -> Option<NodeId> {
        let node = self.node_named(self.blueprints().get(blueprint)?, identifier)?;
        self.is_in_graph(node).then_some(node)
    }

    /// Whether there is anything at a node: an entity, or an edge that points at it.
    #[must_use]
    pub fn is_in_graph(&self, node: NodeId) -> bool {
        self.entity(node).is_some() || self.incoming_count(node) > 0
    }

    /// Whether a relation of this type or Port key is used or declared anywhere.
    #[must_use]
    pub fn knows_relation(&self, name: &str) -> bool {
        let declares = |face: &stagedoor_model::Face| {
            face.relations.contains_key(name)
                || face.fields.iter().any(|f| f.relation == name || f.reverse == name)
        };
        self.relation_id(name).is_some_and(|id| self.uses_relation(id))
            || self.blueprints().iter().any(|entry| declares(&entry.face))
    }

    /// The edges at a node.
    fn edges(&self, node: NodeId) -> Edges<'_> {
        let incoming = self.nodes.get(node as usize).map(|n| &n.incoming[..]).unwrap_or_default();
        Edges { own: self.outgoing(node), incoming, lens: self.lens.as_deref() }
    }

    /// Of each relation type, by number, whether it is among these names.
    fn types_named(&self, names: &[String]) -> Vec<bool> {
        let ids: Vec<u16> = names.iter().filter_map(|name| self.relation_id(name)).collect();
        let mut named = vec![false; ids.iter().max().map_or(0, |most| usize::from(*most) + 1)];
        for id in ids {
            if let Some(place) = named.get_mut(usize::from(id)) {
                *place = true;
            }
        }
        named
    }
}
