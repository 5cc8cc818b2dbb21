//! Conditions on relations, and counts by what they lead to. Either is worked out from the side where there is less
//! to look at: from the entities that are asked about, or from what their relations lead to.

use std::borrow::Cow;
use std::cell::RefCell;

use roaring::RoaringBitmap;

use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};
use crate::expr::{Candidate, Collation, Subject, Test};
use crate::facet::Bucket;
use crate::index::term::{Scalar, fold_cmp, same_prefix};
use crate::page::Selection;
use crate::reach::Bits;

/// Looking up a node costs as much as so many of its edges.
const NODE: u64 = 8;

/// Relations as a condition or a facet names them.
pub(crate) struct Related<'c> {
    catalog: &'c Catalog,
    types: Vec<u16>,
    /// The only kind of ends, by number; 0 where nothing is of that kind.
    kind: Option<u32>,
    by_identifier: bool,
    /// By number of the kind, whether Backstage shows its references.
    shown: RefCell<Vec<Option<bool>>>,
}

impl<'c> Related<'c> {
    /// `None` where the subject is no relation.
    pub(crate) fn of(catalog: &'c Catalog, subject: &Subject, collation: Collation) -> Option<Self> {
        let Subject::Relation { name, target_kind, by_identifier } = subject else { return None };
        let types = match collation {
            Collation::Folded => catalog.relation_ids_folded(name),
            Collation::Exact => catalog.relation_id(name).into_iter().collect(),
        };
        let kind = target_kind.as_deref().map(|k| catalog.classes.kind(k).unwrap_or(0));
        Some(Self { catalog, types, kind, by_identifier: *by_identifier, shown: RefCell::default() })
    }

    fn is_type(&self, id: u16) -> bool {
        match self.types[..] {
            [one] => id == one,
            _ => self.types.contains(&id),
        }
    }

    /// Whether an end is of the kind, and has a reference to compare with.
    pub(crate) fn fits(&self, end: NodeId) -> bool {
        let kind = self.catalog.classes.of(end).kind;
        if self.kind.is_some_and(|k| k != kind) {
            return false;
        }
        if self.by_identifier {
            return true;
        }
        let mut shown = self.shown.borrow_mut();
        if shown.len() <= kind as usize {
            shown.resize(kind as usize + 1, None);
        }
        let is_shown = || !self.catalog.reference(end).starts_with('!');
        shown.get_mut(kind as usize).is_some_and(|known| *known.get_or_insert_with(is_shown))
    }

    /// What an end is compared by.
    pub(crate) fn text(&self, end: NodeId) -> Cow<'c, str> {
        match self.by_identifier {
            true => self.catalog.identifier_at(end),
            false => self.catalog.reference(end).into(),
        }
    }

    /// Calls for each that has such a relation to `end`, for some more than once.
    pub(crate) fn each_holder(&self, end: NodeId, mut each: impl FnMut(NodeId)) {
        let catalog = self.catalog;
        catalog.incoming(end).filter(|e| self.is_type(e.relation)).for_each(|e| each(e.source));
        catalog.outgoing(end).iter().filter(|e| self.is_type(e.reverse)).for_each(|e| each(e.target));
    }

    /// What such relations of a node lead to, some of it perhaps twice.
    fn ends_of(&self, node: NodeId) -> impl Iterator<Item = NodeId> {
        let own = self.catalog.outgoing(node).iter().filter(|e| self.is_type(e.relation)).map(|e| e.target);
        own.chain(self.catalog.incoming(node).filter(|e| self.is_type(e.reverse)).map(|e| e.source))
    }

    /// The nodes with such a relation to something that satisfies the test; where few are asked about, only those
    /// of `universe`.
    pub(crate) fn matching(
        &self,
        test: &Test,
        collation: Collation,
        universe: &RoaringBitmap,
    ) -> RoaringBitmap {
        let matches = |end: NodeId| {
            let accepts = || test.accepts(Candidate { text: &self.text(end), is_text: true }, collation);
            self.fits(end) && (matches!(test, Test::Exists | Test::Valued | Test::Filled) || accepts())
        };
        let holders = self.catalog.holders(&self.types);
        let ends = self.catalog.possible_ends(&self.types);
        if universe.len() < ends.len() {
            let asked = (universe & holders.as_ref()).into_iter().take_while(|_| spend(1));
            return asked.filter(|node| self.ends_of(*node).any(matches)).collect();
        }
        let found: Vec<NodeId> = ends.iter().take_while(|_| spend(1)).filter(|end| matches(*end)).collect();
        // Through a lens some hold it only by edges that are not seen.
        if found.len() as u64 == ends.len() && self.catalog.lens.is_none() {
            return holders.into_owned();
        }
        let mut all = Bits::of(self.catalog);
        for end in found.into_iter().take_while(|_| spend(1)) {
            self.each_holder(end, |node| {
                all.insert(node);
            });
        }
        all.nodes()
    }

    /// Of a selection, the entities with such a relation to `end`, each once.
    fn selected(&self, end: NodeId, nodes: &Bits, found: &mut Vec<NodeId>) {
        let from = found.len();
        self.each_holder(end, |node| {
            if nodes.contains(node) {
                found.push(node);
            }
        });
        // After a load they come in order.
        if !found[from..].is_sorted_by(|a, b| a < b) {
            let mut some = found.split_off(from);
            some.sort_unstable();
            some.dedup();
            found.append(&mut some);
        }
    }

    /// What relations of a selection lead to, with how many of it have one.
    fn counts(&self, selection: &Selection<'_>) -> Vec<(NodeId, u64)> {
        let holders = self.catalog.holders(&self.types);
        let ends = self.catalog.possible_ends(&self.types);
        let mut found = Vec::new();
        if holders.intersection_len(selection.nodes()) * NODE <= ends.len() * NODE + holders.len() {
            let mut once = Vec::new();
            for node in (selection.nodes() & holders.as_ref()).into_iter().take_while(|_| spend(1)) {
                once.extend(self.ends_of(node));
                once.sort_unstable();
                once.dedup();
                found.append(&mut once);
            }
            found.sort_unstable();
            let groups = found.chunk_by(|a, b| a == b);
            let counted = groups.filter_map(|g| Some((*g.first()?, g.len() as u64)));
            return counted.filter(|(end, _)| self.fits(*end)).collect();
        }
        let mut counts = Vec::new();
        for end in ends.iter().take_while(|_| spend(1)).filter(|end| self.fits(*end)) {
            self.selected(end, selection.bits(), &mut found);
            if !found.is_empty() {
                counts.push((end, found.len() as u64));
                found.clear();
            }
        }
        counts
    }

    /// The buckets of a selection. Ends of the same text, as entities of different blueprints may have the same
    /// identifier, are one bucket.
    pub(crate) fn facet(&self, selection: &Selection<'_>) -> Vec<Bucket> {
        let counts = self.counts(selection);
        let mut named: Vec<_> = counts.into_iter().map(|(end, count)| (self.text(end), end, count)).collect();
        in_order(&mut named);
        let mut buckets = Vec::with_capacity(named.len());
        let mut several = Vec::new();
        for group in named.chunk_by_mut(|a, b| a.0 == b.0) {
            let mut count = group.iter().map(|(.., count)| count).sum();
            if group.len() > 1 {
                several.clear();
                group.iter().for_each(|(_, end, _)| self.selected(*end, selection.bits(), &mut several));
                several.sort_unstable();
                several.dedup();
                count = several.len() as u64;
            }
            if let Some((text, ..)) = group.first_mut() {
                buckets.push(Bucket { value: Scalar::text(std::mem::take(text)), count });
            }
        }
        buckets
    }
}

/// Orders by text without case, then by text. What follows the beginning that all share mostly decides.
fn in_order<T>(named: &mut Vec<(Cow<'_, str>, T, u64)>) {
    let Some((first, ..)) = named.first() else { return };
    let common = named.iter().map(|(t, ..)| same_prefix(first.as_bytes(), t.as_bytes())).min().unwrap_or(0);
    let is_ascii = named.iter().all(|(text, ..)| text.is_ascii());
    let key = |text: &str| {
        let mut key = [0; 8];
        let rest = text.as_bytes().get(common..).filter(|_| is_ascii).unwrap_or_default();
        key.iter_mut().zip(rest).for_each(|(k, byte)| *k = byte.to_ascii_lowercase());
        u64::from_be_bytes(key)
    };
    let mut keyed: Vec<_> = named.drain(..).map(|one| (key(&one.0), one)).collect();
    keyed.sort_unstable_by(|(k, (a, ..)), (l, (b, ..))| {
        k.cmp(l).then_with(|| fold_cmp(a, b)).then_with(|| a.cmp(b))
    });
    named.extend(keyed.into_iter().map(|(_, one)| one));
}
