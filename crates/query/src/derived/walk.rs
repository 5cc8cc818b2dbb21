//! Following relations, with notes of what was read.

use std::collections::HashSet;

use roaring::RoaringBitmap;
use stagedoor_model::entity_ref::kind_of;

use super::state::{Part, Reads};
use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};

/// One step along a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hop {
    /// Type of its edges, as the relation's own entity sees them.
    pub(crate) relation: String,
    /// Lower-case kind of the relation's targets.
    pub(crate) target_kind: String,
    /// Blueprint of the entities that the step leads to.
    pub(crate) to: String,
    /// It leads to a list.
    pub(crate) many: bool,
    /// From the target to those that have the relation.
    pub(crate) back: bool,
    /// Whether the other end may be the one that states the relation.
    pub(crate) mutual: bool,
}

/// Paths that share their beginnings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Paths {
    ends: bool,
    next: Vec<(Hop, Paths)>,
}

impl Paths {
    /// Adds a path.
    pub(crate) fn add(&mut self, path: &[Hop]) {
        let Some((hop, rest)) = path.split_first() else {
            self.ends = true;
            return;
        };
        let at = self.next.iter().position(|(known, _)| known == hop).unwrap_or_else(|| {
            self.next.push((hop.clone(), Self::default()));
            self.next.len() - 1
        });
        if let Some((_, paths)) = self.next.get_mut(at) {
            paths.add(rest);
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        !self.ends && self.next.is_empty()
    }
}

/// Leaves out repeats from a place on.
fn unique(nodes: &mut Vec<NodeId>, first: usize) {
    if nodes.len() < first + 2 {
        return;
    }
    let mut seen = HashSet::with_capacity(nodes.len() - first);
    let mut at = 0;
    nodes.retain(|node| {
        at += 1;
        at <= first || seen.insert(*node)
    });
}

impl Catalog {
    /// The other ends of a relation that a blueprint's face has: own ones first, in the order of the content,
    /// then those of others that state it, by reference. Dangling ends are among them.
    #[must_use]
    pub fn linked(&self, node: NodeId, relation: &stagedoor_model::face::RelationFace) -> Vec<NodeId> {
        let (kind, mut out) = (&relation.target_kind, Vec::new());
        self.ends(node, &relation.relation, kind, true, &mut Reads::none(), &mut out);
        out
    }

    fn ends(
        &self,
        node: NodeId,
        relation: &str,
        kind: &str,
        mutual: bool,
        reads: &mut Reads,
        out: &mut Vec<NodeId>,
    ) {
        reads.note(node, Part::Content);
        if mutual {
            // Also where no edge has the type yet: the first one may point here.
            reads.note(node, Part::Incoming);
        }
        let Some(id) = self.relation_id(relation) else { return };
        let fits = |other: NodeId| kind_of(self.reference(other)) == kind;
        let own = self.outgoing(node);
        let first = out.len();
        out.extend(own.iter().filter(|e| e.relation == id && fits(e.target)).map(|e| e.target));
        if mutual {
            let stated = out.len();
            let incoming = self.incoming(node).filter(|e| e.reverse == id && fits(e.source));
            out.extend(incoming.map(|e| e.source));
            out[stated..].sort_by(|a, b| self.reference(*a).cmp(self.reference(*b)));
        }
        unique(out, first);
    }

    /// The nodes that have a relation to `node`.
    fn sources_of(&self, node: NodeId, hop: &Hop, reads: &mut Reads, out: &mut Vec<NodeId>) {
        reads.note(node, Part::Incoming);
        if hop.mutual {
            reads.note(node, Part::Content);
        }
        let Some(id) = self.relation_id(&hop.relation) else { return };
        if kind_of(self.reference(node)) != hop.target_kind {
            return;
        }
        out.extend(self.incoming(node).filter(|e| e.relation == id).map(|e| e.source));
        if hop.mutual {
            let own = self.outgoing(node).iter();
            out.extend(own.filter(|e| e.reverse == id).map(|e| e.target));
        }
    }

    /// The entities that one step leads to; the first end only, if `first`.
    pub(super) fn follow(
        &self,
        node: NodeId,
        hop: &Hop,
        first: bool,
        reads: &mut Reads,
        out: &mut Vec<NodeId>,
    ) {
        let start = out.len();
        if hop.back {
            self.sources_of(node, hop, reads, out);
        } else {
            self.ends(node, &hop.relation, &hop.target_kind, hop.mutual, reads, out);
        }
        if first {
            out.truncate(start + 1);
        }
        if !spend((out.len() - start) as u32 + 1) {
            return out.truncate(start);
        }
        let mut kept = start;
        for at in start..out.len() {
            let node = out[at];
            reads.note(node, Part::Content);
            if self.entity(node).is_some_and(|e| e.record.blueprint == hop.to) {
                out[kept] = node;
                kept += 1;
            }
        }
        out.truncate(kept);
    }

    /// The entities at the end of a path, each once, in the order in which relations name them.
    pub(super) fn at_end(&self, node: NodeId, hops: &[Hop], reads: &mut Reads) -> Vec<NodeId> {
        let mut nodes = vec![node];
        for hop in hops {
            let mut next = Vec::new();
            for node in nodes {
                self.follow(node, hop, !hop.many && !hop.back, reads, &mut next);
            }
            unique(&mut next, 0);
            nodes = next;
        }
        nodes
    }

    /// Every entity at the end of any of the paths, but not the one they begin at.
    pub(super) fn at_ends(&self, node: NodeId, paths: &Paths, reads: &mut Reads) -> RoaringBitmap {
        let mut found = RoaringBitmap::new();
        self.spread(&[node], paths, reads, &mut found);
        found.remove(node);
        found
    }

    fn spread(&self, nodes: &[NodeId], paths: &Paths, reads: &mut Reads, found: &mut RoaringBitmap) {
        if paths.ends {
            found.extend(nodes.iter().copied());
        }
        for (hop, rest) in &paths.next {
            let mut next = Vec::new();
            for node in nodes {
                self.follow(*node, hop, false, reads, &mut next);
            }
            next.sort_unstable();
            next.dedup();
            if !next.is_empty() {
                self.spread(&next, rest, reads, found);
            }
        }
    }
}
