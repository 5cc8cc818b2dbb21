//! Selections in the order of references and of identifiers. A walk passes every reference between its ends and asks
//! whether it is wanted; so the ends are drawn close, and the wanted stand in a plain bit set.

use std::borrow::Cow;
use std::cmp::Ordering;

use roaring::RoaringBitmap;
use stagedoor_model::Text;
use stagedoor_model::entity_ref::kind_of;

use super::{Selection, forward};
use crate::catalog::NodeId;
use crate::reach::Bits;

pub(super) type Nodes<'s> = Box<dyn Iterator<Item = NodeId> + 's>;

/// Whether so many nodes are better collected and sorted than found by walking `all` references in order until a
/// page is full: a walk passes all / nodes references per hit.
pub(super) fn is_few(nodes: u64, all: usize) -> bool {
    nodes <= 32 || nodes * nodes < all as u64
}

impl Selection<'_> {
    /// In the order of references, beginning after one.
    pub fn by_ref<'s>(&'s self, after: Option<&str>, descending: bool) -> Nodes<'s> {
        self.in_ref_order(&self.nodes, after, descending)
    }

    /// The entities of one blueprint in the order of their exact identifiers, beginning after one.
    pub fn by_identifier<'s>(&'s self, blueprint: &str, after: Option<&str>) -> Nodes<'s> {
        let Some(members) = self.catalog.members(blueprint) else { return Box::new(std::iter::empty()) };
        let after = after.map(str::to_owned);
        if !is_few(self.nodes.len(), members.by_identifier.len()) {
            let late = move |i: &Text| match &after {
                Some(a) if i.as_str() <= a.as_str() => Ordering::Less,
                _ => Ordering::Greater,
            };
            let rest = members.by_identifier.from(late).map(|(_, id)| *id);
            return Box::new(rest.filter(|id| self.bits().contains(*id)));
        }
        let identifier = |n: NodeId| self.catalog.entity(n).map_or("", |e| e.record.identifier.as_str());
        let late = |n: &NodeId| after.as_deref().is_none_or(|a| identifier(*n) > a);
        let mut nodes: Vec<NodeId> =
            (self.nodes.as_ref() & members.set.as_ref()).iter().filter(late).collect();
        nodes.sort_by_key(|n| identifier(*n));
        Box::new(nodes.into_iter())
    }

    /// Some of the selection in the order of references, beginning after one.
    pub(super) fn in_ref_order<'s>(
        &'s self,
        set: &RoaringBitmap,
        after: Option<&str>,
        descending: bool,
    ) -> Nodes<'s> {
        let catalog = self.catalog;
        if is_few(set.len(), catalog.refs.len()) {
            let past = |n: &NodeId| after.is_none_or(|a| catalog.reference(*n).cmp(a) == forward(descending));
            let mut nodes: Vec<NodeId> = set.iter().filter(past).collect();
            nodes.sort_by(|a, b| catalog.reference(*a).cmp(catalog.reference(*b)));
            if descending {
                nodes.reverse();
            }
            return Box::new(nodes.into_iter());
        }
        let wanted = match std::ptr::eq(set, self.nodes.as_ref()) {
            true => Cow::Borrowed(self.bits()),
            false => Cow::Owned(Bits::from_set(catalog, set)),
        };
        let (mut first, mut end) = self.one_kind(set).unzip();
        match descending {
            true => end = after.map(str::to_owned).or(end),
            // What follows a text at once is the text with the least character behind it.
            false => first = after.map(|a| format!("{a}\0")).or(first),
        }
        let least = |r: &Text| first.as_deref().map_or(Ordering::Greater, |f| r.as_str().cmp(f));
        let past = |r: &Text| end.as_deref().map_or(Ordering::Less, |e| r.as_str().cmp(e));
        let between = catalog.refs.between(&least, &past).map(|(_, id)| *id);
        match descending {
            true => Box::new(between.rev().filter(move |id| wanted.contains(*id))),
            false => Box::new(between.filter(move |id| wanted.contains(*id))),
        }
    }

    /// Where the references of a set begin and end, if all are of one kind, as they are in most lists.
    fn one_kind(&self, set: &RoaringBitmap) -> Option<(String, String)> {
        let first = set.min()?;
        let blueprint = &self.catalog.entity(first)?.record.blueprint;
        let kind = kind_of(self.catalog.reference(first));
        // A semicolon follows the colon at once.
        let ends = || (format!("{kind}:"), format!("{kind};"));
        set.is_subset(&self.catalog.members(blueprint)?.set).then(ends)
    }
}
