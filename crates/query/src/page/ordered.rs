//! Pages by position in the order of several columns, as a table shows them.
//!
//! A selection falls into groups of equal values, one after the other; a group that lies wholly before the page is
//! passed by its size, and only one that the page touches is ordered further, by the next column and in the end by
//! reference. What the index orders is read off it as far as the page reaches.

use roaring::RoaringBitmap;

use super::Selection;
use crate::budget::spend;
use crate::catalog::NodeId;
use crate::dialect::port::Column;
use crate::expr::{Meta, Subject};
use crate::index::field::FieldIndex;
use crate::index::postings::{Holders, Postings};
use crate::index::term::{Scalar, fold_cmp};
use crate::index::terms::Entry;
use crate::top::compare;

/// One column of an order. What has no value comes last in both directions; of several values the first counts.
#[derive(Clone, Copy, Debug)]
pub struct By<'c> {
    /// The same property in every place where blueprints keep it.
    pub columns: &'c [Column],
    /// From the greatest down.
    pub descending: bool,
    /// Its values are numbers.
    pub numeric: bool,
}

/// What is left to pass, and what is found.
struct Window {
    skip: u64,
    need: usize,
    nodes: Vec<NodeId>,
}

/// Entities with an equal value.
enum Group {
    One(NodeId),
    Several(RoaringBitmap),
}

impl Window {
    /// Passes a group that lies wholly before the page.
    fn passes(&mut self, size: u64) -> bool {
        let passes = size <= self.skip;
        if passes {
            self.skip -= size;
        }
        passes
    }

    fn is_full(&self) -> bool {
        self.need == 0
    }

    fn take(&mut self, nodes: impl Iterator<Item = NodeId>) {
        let before = self.nodes.len();
        self.nodes.extend(nodes.skip(self.skip as usize).take(self.need));
        self.need -= self.nodes.len() - before;
        self.skip = 0;
    }
}

impl<'a> Selection<'a> {
    /// `limit` entities from a position on.
    #[must_use]
    pub fn positions(&self, by: &[By<'_>], offset: u64, limit: usize) -> Vec<NodeId> {
        let mut window = Window { skip: offset, need: limit, nodes: Vec::new() };
        self.fill(by, &mut window);
        window.nodes
    }

    fn fill(&self, by: &[By<'_>], window: &mut Window) {
        let Some((first, rest)) = by.split_first() else { return window.take(self.by_ref(None, false)) };
        let mut left = self.nodes().clone();
        first.each_group(self, &mut |group| {
            match group {
                Group::One(node) => {
                    if left.remove(node) && !window.passes(1) {
                        window.take(std::iter::once(node));
                    }
                }
                Group::Several(mut nodes) => {
                    nodes &= &left;
                    left -= &nodes;
                    if !nodes.is_empty() && !window.passes(nodes.len()) {
                        Selection::of(self.catalog(), nodes).fill(rest, window);
                    }
                }
            }
            !window.is_full() && spend(1)
        });
        if !window.is_full() && !left.is_empty() && !window.passes(left.len()) {
            Selection::of(self.catalog(), left).fill(rest, window);
        }
    }

    /// Of those who have a value, the nodes of the selection.
    fn holding(&self, holders: Holders<'_>) -> Option<Group> {
        let some: RoaringBitmap = match holders {
            Holders::One(one) | Holders::Several(&Postings::One(one)) => {
                return self.bits().contains(one).then_some(Group::One(one));
            }
            Holders::Several(Postings::Few(ids)) => {
                ids.iter().copied().filter(|id| self.bits().contains(*id)).collect()
            }
            Holders::Several(Postings::Many(ids)) => ids.as_ref() & self.nodes(),
        };
        (!some.is_empty()).then_some(Group::Several(some))
    }
}

type Each<'e> = &'e mut dyn FnMut(Group) -> bool;

/// The values of a field in order.
fn entries(field: &FieldIndex, descending: bool) -> Box<dyn Iterator<Item = Entry<'_>> + '_> {
    match descending {
        true => Box::new(field.terms.iter().rev()),
        false => Box::new(field.terms.iter()),
    }
}

impl By<'_> {
    fn each_group(&self, selection: &Selection<'_>, each: Each<'_>) {
        let index = &selection.catalog().index;
        if let [column] = self.columns
            && column.through().is_none()
        {
            match column.subject() {
                Subject::Field(path) if !self.numeric && !column.is_time() => {
                    let field = index.exact(path).map(|f| (f, selection));
                    return self.walk(&field.into_iter().collect::<Vec<_>>(), each);
                }
                Subject::Meta(Meta::Title) => return self.titles(selection, each),
                Subject::Meta(Meta::CreatedAt) => return self.stamps(selection, |s| s.created_at.0, each),
                Subject::Meta(Meta::UpdatedAt) => return self.stamps(selection, |s| s.updated_at.0, each),
                Subject::Meta(Meta::Identifier) => return self.identifiers(selection, each),
                _ => {}
            }
        }
        self.gathered(selection, each);
    }

    /// The values of fields of the index in their order, each with those of a selection who have it there.
    fn walk(&self, fields: &[(&FieldIndex, &Selection<'_>)], each: Each<'_>) {
        let mut heads: Vec<_> =
            fields.iter().map(|(f, of)| (entries(f, self.descending).peekable(), of)).collect();
        let before = |a: &str, b: &str| if self.descending { fold_cmp(b, a) } else { fold_cmp(a, b) };
        loop {
            let texts = heads.iter_mut().enumerate().filter_map(|(i, h)| Some((i, h.0.peek()?.term().text)));
            let Some((at, _)) = texts.min_by(|a, b| before(a.1, b.1)) else { return };
            let Some((entry, of)) = heads.get_mut(at).and_then(|h| Some((h.0.next()?, h.1))) else { return };
            if let Some(group) = of.holding(entry.holders())
                && !each(group)
            {
                return;
            }
        }
    }

    /// Titles; of what has none, names.
    fn titles(&self, selection: &Selection<'_>, each: Each<'_>) {
        let index = &selection.catalog().index;
        let (titles, names) = (index.exact("metadata.title"), index.exact("metadata.name"));
        let titled = titles.map(|f| f.present.as_ref() - f.nulls.as_ref()).unwrap_or_default();
        let named = Selection::of(selection.catalog(), selection.nodes() - titled);
        let names = names.filter(|_| !named.is_empty()).map(|f| (f, &named));
        let fields: Vec<_> = titles.map(|f| (f, selection)).into_iter().chain(names).collect();
        self.walk(&fields, each);
    }

    fn stamps(
        &self,
        selection: &Selection<'_>,
        stamp: impl Fn(&stagedoor_model::Stamps) -> i64,
        each: Each<'_>,
    ) {
        let entity = |n: NodeId| Some((stamp(&selection.catalog().entity(n)?.record.stamps), n));
        let keyed = selection.nodes().iter().take_while(|_| spend(1)).filter_map(entity).collect();
        self.in_groups(keyed, each);
    }

    fn identifiers(&self, selection: &Selection<'_>, each: Each<'_>) {
        let entity = |n: NodeId| Some((selection.catalog().entity(n)?.record.identifier.as_str(), n));
        let keyed = selection.nodes().iter().take_while(|_| spend(1)).filter_map(entity).collect();
        self.in_groups(keyed, each);
    }

    /// Values that are read of each entity: derived ones, those behind relations, numbers and dates.
    fn gathered(&self, selection: &Selection<'_>, each: Each<'_>) {
        let values: Vec<_> = self.columns.iter().map(|c| (c.is_time(), c.values(selection))).collect();
        let mut distinct: Vec<(bool, &Scalar)> =
            values.iter().flat_map(|(time, v)| v.distinct.iter().map(|s| (*time, s))).collect();
        let order = |a: &(bool, &Scalar), b: &(bool, &Scalar)| compare(a.1, b.1, a.0 && b.0);
        distinct.sort_by(order);
        let mut keyed: Vec<(u32, NodeId)> = Vec::new();
        for (time, values) in &values {
            let rank = |s: &Scalar| distinct.partition_point(|d| order(d, &(*time, s)).is_lt()) as u32;
            let ranks: Vec<u32> = values.distinct.iter().map(rank).collect();
            keyed.extend(values.pairs.iter().filter_map(|(n, at)| Some((*ranks.get(*at as usize)?, *n))));
        }
        self.in_groups(keyed, each);
    }

    fn in_groups<K: Ord + Copy>(&self, mut keyed: Vec<(K, NodeId)>, each: Each<'_>) {
        keyed.sort_unstable();
        let group = |some: &[(K, NodeId)]| match some {
            [(_, one)] => Group::One(*one),
            // Sorted by node within the key.
            some => Group::Several(some.iter().map(|(_, n)| *n).collect()),
        };
        let groups = keyed.chunk_by(|a, b| a.0 == b.0);
        match self.descending {
            true => groups.rev().map(group).all(each),
            false => groups.map(group).all(each),
        };
    }
}
