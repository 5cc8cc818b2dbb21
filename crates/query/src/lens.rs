//! A snapshot as somebody sees it who may not see all of it.
//!
//! [`Catalog::through`] gives a copy in which hidden entities are not there: no accessor gives one away, their edges are
//! not walked, and what is derived is derived without them. A hidden entity that something visible points at is like
//! one that never existed: the edge dangles. Everything above (lists, counts, facets, searches, walks) works on that
//! copy and has nothing to check. A snapshot that nobody looks through pays one comparison with nothing per look-up.

use std::collections::BTreeMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use crate::catalog::{Catalog, InEdge, Members, NodeId, OutEdge};
use crate::classes::Class;
use crate::derived::state::Memory;
use crate::expr::{Expr, Meta, Subject};
use crate::touched::Place;

/// What is hidden from somebody, and what was computed for them.
pub struct Lens {
    hidden: RoaringBitmap,
    /// The same, quick to ask.
    bits: Vec<u64>,
    /// Every entity that is left.
    seen: Arc<RoaringBitmap>,
    pub(crate) memory: Memory,
    /// The state of the blueprints that the memory is about.
    blueprints: u64,
    place: Place,
}

impl Lens {
    fn new(catalog: &Catalog, hidden: RoaringBitmap, before: Option<&Self>) -> Self {
        let seen = Arc::new(catalog.live.as_ref() - &hidden);
        let blueprints = catalog.model_mark();
        let bits = bits_of(&hidden, before);
        let memory = match before {
            Some(before) if before.blueprints == blueprints && before.place.is_before(catalog.place()) => {
                // What comes or goes leaves marks where it is read. What merely changes sides leaves none.
                let shown = before.hidden.intersection_len(&seen) > 0;
                let hid = before.seen.intersection_len(&hidden) > 0;
                if shown || hid { Memory::apart(catalog) } else { before.memory.clone() }
            }
            _ => Memory::apart(catalog),
        };
        Self { hidden, bits, seen, memory, blueprints, place: catalog.place() }
    }

    pub(crate) fn hides(&self, node: NodeId) -> bool {
        self.bits.get(node as usize / 64).is_some_and(|word| word >> (node % 64) & 1 == 1)
    }

    /// What is hidden.
    #[must_use]
    pub fn hidden(&self) -> &RoaringBitmap {
        &self.hidden
    }
}

fn bits_of(hidden: &RoaringBitmap, before: Option<&Lens>) -> Vec<u64> {
    let (mut bits, changed) = match before {
        Some(before) => (before.bits.clone(), hidden ^ &before.hidden),
        None => (Vec::new(), hidden.clone()),
    };
    let length = hidden.max().map_or(0, |last| last as usize / 64 + 1);
    bits.resize(length.max(bits.len()), 0);
    for node in changed {
        if let Some(word) = bits.get_mut(node as usize / 64) {
            *word ^= 1 << (node % 64);
        }
    }
    bits
}

impl Catalog {
    /// The snapshot without some of its entities. `before` is the lens of the same person's last snapshot, whose memory
    /// of derived values goes on. The copy is for reading: changes are applied to the whole.
    #[must_use]
    pub fn through(&self, hidden: RoaringBitmap, before: Option<&Lens>) -> Self {
        let lens = Lens::new(self, hidden, before);
        let left = |members: &Members| match members.set.is_disjoint(&lens.hidden) {
            true => members.clone(),
            false => Members { set: Arc::new(members.set.as_ref() - &lens.hidden), ..members.clone() },
        };
        let members: BTreeMap<_, _> = self.members.iter().map(|(b, m)| (Arc::clone(b), left(m))).collect();
        let mut copy = self.clone();
        copy.live = Arc::clone(&lens.seen);
        copy.visible = Arc::new(self.visible.as_ref() - &lens.hidden);
        copy.members = Arc::new(members);
        copy.derived = self.derived.remembering(&lens.memory);
        copy.lens = Some(Arc::new(lens));
        copy
    }

    /// What it is seen through.
    #[must_use]
    pub fn lens(&self) -> Option<&Arc<Lens>> {
        self.lens.as_ref()
    }

    /// Whether an entity at a node would not be hidden.
    #[inline]
    pub(crate) fn sees(&self, node: NodeId) -> bool {
        self.lens.as_ref().is_none_or(|lens| !lens.hides(node))
    }

    /// The edges that an entity at a node states.
    #[inline]
    pub(crate) fn outgoing(&self, node: NodeId) -> &[OutEdge] {
        self.entity(node).map(|e| &e.outgoing[..]).unwrap_or_default()
    }

    /// The edges at a node that others state.
    #[inline]
    pub(crate) fn incoming(&self, node: NodeId) -> impl Iterator<Item = &InEdge> + Clone {
        let all = self.nodes.get(node as usize).map(|n| &n.incoming[..]).unwrap_or_default();
        let lens = self.lens.as_deref();
        all.iter().filter(move |edge| lens.is_none_or(|lens| !lens.hides(edge.source)))
    }

    /// Whether somebody unseen points at a node.
    pub(crate) fn is_named_unseen(&self, node: NodeId) -> bool {
        let Some(lens) = &self.lens else { return false };
        let incoming = self.nodes.get(node as usize).map(|n| &n.incoming[..]).unwrap_or_default();
        incoming.iter().any(|edge| lens.hides(edge.source))
    }

    /// Kind and blueprint of a node.
    #[inline]
    pub(crate) fn class_of(&self, node: NodeId) -> Class {
        let class = self.classes.of(node);
        match self.sees(node) {
            true => class,
            false => Class { blueprint: 0, ..class },
        }
    }

    /// Whether any edge that is seen has a relation type.
    pub(crate) fn uses_relation(&self, id: u16) -> bool {
        let Some(lens) = &self.lens else { return true };
        let uses = |node: NodeId| {
            self.outgoing(node).iter().any(|e| e.relation == id)
                || self.incoming(node).any(|e| e.reverse == id)
        };
        self.holders(&[id]).iter().any(|node| (!lens.hides(node) || self.is_in_graph(node)) && uses(node))
    }

    /// The entities of a set that satisfy a query.
    #[must_use]
    pub fn satisfying(&self, expr: &Expr, among: &RoaringBitmap) -> RoaringBitmap {
        self.evaluate(expr, &(among & self.live.as_ref())).into_owned()
    }

    /// The entities of a blueprint.
    #[must_use]
    pub fn set_of(&self, blueprint: &str) -> Arc<RoaringBitmap> {
        self.members(blueprint).map(|m| Arc::clone(&m.set)).unwrap_or_default()
    }

    /// Whether the answer of a query about one entity can only change when that entity does, or an edge at it.
    #[must_use]
    pub fn is_local(&self, expr: &Expr) -> bool {
        let inherits = || self.blueprints().iter().any(|entry| entry.derived.inherits_teams());
        match expr {
            Expr::All => true,
            Expr::And(parts) | Expr::Or(parts) => parts.iter().all(|part| self.is_local(part)),
            Expr::Not(part) => self.is_local(part),
            Expr::Reach(_) => false,
            Expr::Is { subject: Subject::Meta(Meta::Team), .. } => !inherits(),
            Expr::Is { subject: Subject::Field(_) | Subject::Meta(_), .. } => true,
            Expr::Is {
                subject: Subject::Relation { .. } | Subject::Derived(_) | Subject::Standing { .. },
                ..
            } => false,
        }
    }
}

impl Expr {
    /// Whether a query looks at derived properties, or may do so.
    #[must_use]
    pub fn reads_derived(&self) -> bool {
        match self {
            Self::All => false,
            Self::And(parts) | Self::Or(parts) => parts.iter().any(Self::reads_derived),
            Self::Not(part) => part.reads_derived(),
            Self::Reach(_) => true,
            Self::Is { subject, .. } => matches!(subject, Subject::Derived(_)),
        }
    }
}
