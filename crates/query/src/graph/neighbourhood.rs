//! What is around an entity: everything within so many steps, nearest first, and every edge between.
//!
//! The walk goes level by level over bits and looks at every node once, so its cost is that of the edges, however
//! many of them a node has. Past the limit it goes on only to count. A node with too many neighbours is not passed
//! through, but counted; one that somebody wants opened is, beyond the depth too.

use std::collections::{HashMap, HashSet};

use stagedoor_model::entity_ref::kind_of;

use super::Link;
use super::ways::Ways;
use crate::budget::spend;
use crate::catalog::{Catalog, NodeId, OutEdge};
use crate::reach::{Bits, Direction};

/// Nodes whose edges are looked up before any of them is gone through: the look-ups do not wait for each other, and
/// memory is slow.
const TOGETHER: usize = 64;

/// What to show around some nodes.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// Where the walk sets out. They are shown whatever the blueprints.
    pub starts: Vec<NodeId>,
    /// So many steps.
    pub depth: usize,
    /// Which way to go; both when `None`.
    pub direction: Option<Direction>,
    /// Only over relations of these types or Port keys; over all when empty.
    pub relations: Vec<String>,
    /// Only to entities of these blueprints; to all when empty.
    pub blueprints: Vec<String>,
    /// So many nodes are shown, the starts included.
    pub limit: usize,
    /// A node that leads to more than so many new ones is not passed through; `None`: all are. A start always is.
    pub hub: Option<usize>,
    /// Nodes that are passed through although they are hubs, or at the end of the depth.
    pub expand: HashSet<NodeId>,
    /// Nodes that are not passed through.
    pub collapse: HashSet<NodeId>,
}

/// What is around a node.
#[derive(Clone, Debug, Default)]
pub struct Neighbourhood<'c> {
    /// The start, what is one step away, two steps away, and so on.
    pub nodes: Vec<Neighbour>,
    /// Every relation between these nodes once, by places in `nodes`, in their order.
    pub edges: Vec<Connection<'c>>,
    /// How many more nodes the walk reached.
    pub hidden_nodes: u64,
    /// How many nodes that are not shown are one step from those that are.
    pub beyond: u64,
}

/// A node that is shown. It need not be an entity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Neighbour {
    /// Which.
    pub node: NodeId,
    /// Steps from the start.
    pub hops: usize,
    /// How many others lead here that are not shown, among the relations and blueprints asked for.
    pub hidden_in: u32,
    /// How many others it leads to that are not shown.
    pub hidden_out: u32,
    /// How many others these are together: one may be both.
    pub hidden: u32,
    /// It has not been passed through, for it is a hub or was to be left closed.
    pub collapsed: bool,
}

/// A relation between two nodes that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Connection<'c> {
    /// Whom it leads from: the end whose blueprint has it as a relation. If both do or neither, the end that states it;
    /// if both do, the one whose type comes first by name.
    pub from: u32,
    /// Whom it leads to.
    pub to: u32,
    /// Its type, as `from` has it.
    pub relation: &'c str,
    /// Its key in the blueprint of `from`.
    pub key: Option<&'c str>,
}

impl Catalog {
    /// What is around a node. Under a [`crate::budget`] that has run out it is incomplete.
    #[must_use]
    pub fn around(&self, around: &Around) -> Neighbourhood<'_> {
        let mut walk = Walk::new(self, around);
        let hidden_nodes = walk.go();
        let mut beyond = Bits::of(self);
        let mut count = 0;
        for at in 0..walk.nodes.len() {
            count += walk.count_hidden(at, &mut beyond);
        }
        Neighbourhood { edges: walk.connections(), nodes: walk.nodes, hidden_nodes, beyond: count }
    }
}

struct Walk<'c, 'a> {
    catalog: &'c Catalog,
    around: &'a Around,
    ways: Ways<'c>,
    /// Entities that may be shown; all when `None`.
    entities: Option<Bits>,
    /// Whatever the blueprints.
    starts: HashSet<NodeId>,
    nodes: Vec<Neighbour>,
    shown: Bits,
    seen: Bits,
    /// Those seen up to the last step but one: who is a hub depends on no order.
    known: Bits,
    collapsed: HashSet<NodeId>,
    /// Ends found from one node, in either way.
    ends: (Bits, Bits),
}

impl<'c, 'a> Walk<'c, 'a> {
    fn new(catalog: &'c Catalog, around: &'a Around) -> Self {
        let entities = (!around.blueprints.is_empty()).then(|| {
            let mut bits = Bits::of(catalog);
            for members in around.blueprints.iter().filter_map(|b| catalog.members(b)) {
                bits.extend(members.set.iter());
            }
            bits
        });
        Self {
            catalog,
            around,
            ways: Ways::new(catalog, &around.relations),
            entities,
            starts: around.starts.iter().copied().collect(),
            nodes: Vec::new(),
            shown: Bits::of(catalog),
            seen: Bits::of(catalog),
            known: Bits::of(catalog),
            collapsed: HashSet::new(),
            ends: (Bits::of(catalog), Bits::of(catalog)),
        }
    }

    /// Whether a node is of a blueprint asked for. What does not exist is of the blueprint of its kind.
    fn fits(&self, node: NodeId) -> bool {
        let Some(entities) = &self.entities else { return true };
        if entities.contains(node) || self.starts.contains(&node) {
            return true;
        }
        let entry = || self.catalog.blueprints().by_kind(kind_of(self.catalog.reference(node)));
        !self.catalog.live.contains(node)
            && entry().is_some_and(|e| self.around.blueprints.contains(&e.blueprint.identifier))
    }

    /// Fills in the nodes; how many more there are.
    fn go(&mut self) -> u64 {
        let mut level: Vec<NodeId> = Vec::with_capacity(self.around.starts.len());
        for start in &self.around.starts {
            if self.seen.insert(*start) {
                self.known.insert(*start);
                level.push(*start);
            }
        }
        let mut hidden = (level.len() - self.show(&level, 0)) as u64;
        for hops in 1..=self.around.depth {
            let Some(mut next) = self.step(&level) else { return hidden };
            // Here and not at every edge: each node is looked at once, and what does not fit now never will.
            next.retain(|node| self.fits(*node));
            hidden += (next.len() - self.show(&next, hops)) as u64;
            if hidden > 0 {
                // Order no longer matters, and neighbours in number are neighbours in memory.
                next.sort_unstable();
            }
            if next.is_empty() {
                break;
            }
            if self.around.hub.is_some() {
                next.iter().for_each(|node| _ = self.known.insert(*node));
            }
            level = next;
        }
        hidden + self.expand()
    }

    /// What one step from a level leads to; `None` when the budget is used up.
    fn step(&mut self, level: &[NodeId]) -> Option<Vec<NodeId>> {
        let catalog = self.catalog;
        let mut next = Vec::new();
        let mut together = Vec::with_capacity(TOGETHER);
        for some in level.chunks(TOGETHER) {
            together.clear();
            together.extend(some.iter().map(|node| (*node, catalog.edges(*node))));
            for (node, edges) in &together {
                if self.is_closed(*node, edges.len()) {
                    self.collapsed.insert(*node);
                } else {
                    self.follow(*node, &mut next);
                }
                if !spend(edges.len() as u32 + 1) {
                    return None;
                }
            }
        }
        Some(next)
    }

    /// Gathers what is new among the neighbours of a node.
    fn follow(&mut self, node: NodeId, next: &mut Vec<NodeId>) {
        for link in self.catalog.edges(node).links() {
            let new = !self.seen.contains(link.other);
            if new && self.ways.follows(node, link, self.around.direction) {
                self.seen.insert(link.other);
                next.push(link.other);
            }
        }
    }

    /// Whether a node is not to be passed through.
    fn is_closed(&mut self, node: NodeId, edges: usize) -> bool {
        if self.around.collapse.contains(&node) {
            return true;
        }
        let Some(most) = self.around.hub.filter(|most| edges > *most) else { return false };
        if self.starts.contains(&node) || self.around.expand.contains(&node) {
            return false;
        }
        let mut found = Vec::new();
        for link in self.catalog.edges(node).links() {
            let end = link.other;
            if !self.known.contains(end)
                && self.fits(end)
                && self.ways.follows(node, link, self.around.direction)
                && self.ends.0.insert(end)
            {
                found.push(end);
            }
        }
        found.iter().for_each(|end| self.ends.0.remove(*end));
        found.len() > most
    }

    /// Passes through those at the end of the depth that are to be opened, and those that this brings; how many nodes
    /// there was no room for.
    fn expand(&mut self) -> u64 {
        let (mut at, mut hidden) = (0, 0);
        while let Some(Neighbour { node, hops, .. }) = self.nodes.get(at).copied() {
            at += 1;
            if hops < self.around.depth || !self.around.expand.contains(&node) {
                continue;
            }
            let mut next = Vec::new();
            if self.around.collapse.contains(&node) {
                continue;
            }
            self.follow(node, &mut next);
            next.retain(|node| self.fits(*node));
            hidden += (next.len() - self.show(&next, hops + 1)) as u64;
            if !spend(next.len() as u32 + 1) {
                break;
            }
        }
        hidden
    }

    /// Shows as many as there is room for; how many these are.
    fn show(&mut self, nodes: &[NodeId], hops: usize) -> usize {
        let room = self.around.limit.saturating_sub(self.nodes.len());
        for node in nodes.iter().take(room) {
            self.shown.insert(*node);
            self.nodes.push(Neighbour { node: *node, hops, ..Neighbour::default() });
        }
        nodes.len().min(room)
    }

    /// Counts the neighbours of a shown node that are not shown, each once; how many of them are new `beyond`.
    fn count_hidden(&mut self, at: usize, beyond: &mut Bits) -> u64 {
        let Some(Neighbour { node, .. }) = self.nodes.get(at).copied() else { return 0 };
        let edges = self.catalog.edges(node);
        if !spend(edges.len() as u32 + 1) {
            return 0;
        }
        let (mut found, mut incoming, mut outgoing, mut all, mut new) = (Vec::new(), 0, 0, 0, 0);
        for link in edges.links() {
            let end = link.other;
            if self.shown.contains(end) || !self.fits(end) || !self.ways.wants(node, link) {
                continue;
            }
            let leads = self.ways.leads(node, link);
            let known = self.ends.0.contains(end) || self.ends.1.contains(end);
            outgoing += u32::from(leads.out && self.ends.0.insert(end));
            incoming += u32::from(leads.back && self.ends.1.insert(end));
            all += u32::from(!known);
            new += u64::from(beyond.insert(end));
            found.push(end);
        }
        for end in found {
            self.ends.0.remove(end);
            self.ends.1.remove(end);
        }
        if let Some(neighbour) = self.nodes.get_mut(at) {
            (neighbour.hidden_in, neighbour.hidden_out, neighbour.hidden) = (incoming, outgoing, all);
            neighbour.collapsed = self.collapsed.contains(&node);
        }
        new
    }

    /// Every relation between shown nodes. Each is stated by one of them, so that what points at a node need not be
    /// gone through.
    fn connections(&self) -> Vec<Connection<'c>> {
        let place = |(at, n): (usize, &Neighbour)| (n.node, at as u32);
        let places: HashMap<NodeId, u32> = self.nodes.iter().enumerate().map(place).collect();
        let mut facts = Vec::new();
        for (at, neighbour) in self.nodes.iter().enumerate() {
            let Some(entity) = self.catalog.entity(neighbour.node) else { continue };
            for edge in entity.outgoing.iter().filter(|e| self.shown.contains(e.target)) {
                let link = Link { other: edge.target, here: edge.relation, there: edge.reverse, own: true };
                if let Some(to) = places.get(&edge.target)
                    && self.ways.wants(neighbour.node, link)
                {
                    facts.push(Fact::stated(at as u32, *to, edge));
                }
            }
        }
        facts.sort_unstable_by_key(Fact::identity);
        facts.dedup_by(|later, first| {
            let same = later.identity() == first.identity();
            if same {
                first.stated = (first.stated.0 || later.stated.0, first.stated.1 || later.stated.1);
            }
            same
        });
        let mut all: Vec<_> = facts.iter().filter_map(|fact| self.connection(fact)).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn connection(&self, fact: &Fact) -> Option<Connection<'c>> {
        let node = |at: u32| self.nodes.get(at as usize).map(|n| n.node);
        let (a, b) = (node(fact.ends.0)?, node(fact.ends.1)?);
        let keys = (self.ways.key(a, fact.types.0, b), self.ways.key(b, fact.types.1, a));
        let names = (self.catalog.relation_name(fact.types.0), self.catalog.relation_name(fact.types.1));
        let first = match (keys.0.is_some(), keys.1.is_some(), fact.stated) {
            (true, false, _) => true,
            (false, true, _) => false,
            (.., (true, true)) => {
                (names.0, self.catalog.reference(a)) <= (names.1, self.catalog.reference(b))
            }
            (.., (first, _)) => first,
        };
        let (from, to) = fact.ends;
        Some(match first {
            true => Connection { from, to, relation: names.0, key: keys.0 },
            false => Connection { from: to, to: from, relation: names.1, key: keys.1 },
        })
    }
}

/// What two shown nodes, by place, are to each other, whoever states it.
struct Fact {
    /// The lower place first; of a node and itself, with the lower type.
    ends: (u32, u32),
    types: (u16, u16),
    stated: (bool, bool),
}

impl Fact {
    fn stated(from: u32, to: u32, edge: &OutEdge) -> Self {
        match (from, edge.relation) <= (to, edge.reverse) {
            true => Self { ends: (from, to), types: (edge.relation, edge.reverse), stated: (true, false) },
            false => Self { ends: (to, from), types: (edge.reverse, edge.relation), stated: (false, true) },
        }
    }

    fn identity(&self) -> (u32, u32, u16, u16) {
        (self.ends.0, self.ends.1, self.types.0, self.types.1)
    }
}
