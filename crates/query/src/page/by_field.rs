//! Selections in the order of a field's values, read off the index.

use std::cmp::Ordering;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::by_ref::Nodes;
use super::{Place, Selection, Step, Walk, forward};
use crate::catalog::NodeId;
use crate::index::field::FieldIndex;
use crate::index::postings::{Holders, Postings};
use crate::index::term::{TermRef, fold_cmp, fold_eq};
use crate::index::terms::Entry;

/// Reading a value from a document costs as much as passing so many values of the index.
const READING: u64 = 4;

/// The nodes of a selection that have one value.
enum Group {
    One(NodeId),
    Several(RoaringBitmap),
}

impl Selection<'_> {
    pub(super) fn sorted_by_field<'s>(
        &'s self,
        field: &'s FieldIndex,
        descending: bool,
        after: Option<Place>,
    ) -> Walk<'s> {
        let mut entries = entries(field, descending, after.as_ref()).peekable();
        // The text of a value that nobody here has is not even looked at.
        let groups = std::iter::from_fn(move || {
            loop {
                let first = entries.next()?;
                let Some(mut group) = self.group_of(first.holders()) else { continue };
                let text = first.term().text;
                while let Some(more) = entries.next_if(|e| fold_eq(e.term().text, text)) {
                    group = self.joined(group, more.holders());
                }
                return Some((Arc::<str>::from(text), group));
            }
        });
        Box::new(groups.flat_map(move |(value, group)| {
            let within = after.as_ref().filter(|p| fold_cmp(&p.value, &value) == Ordering::Equal);
            let nodes = self.group(group, within.map(|p| p.reference.as_str()), descending);
            nodes.map(move |node| Step { value: Arc::clone(&value), node })
        }))
    }

    /// Of those who have a value, the nodes of the selection.
    fn group_of(&self, holders: Holders<'_>) -> Option<Group> {
        let some = match holders {
            Holders::One(one) | Holders::Several(&Postings::One(one)) => {
                return self.bits().contains(one).then_some(Group::One(one));
            }
            Holders::Several(Postings::Few(ids)) => {
                ids.iter().copied().filter(|id| self.bits().contains(*id)).collect()
            }
            Holders::Several(Postings::Many(ids)) => ids.as_ref() & self.nodes.as_ref(),
        };
        (!some.is_empty()).then_some(Group::Several(some))
    }

    /// With those who have another spelling of it.
    fn joined(&self, group: Group, more: Holders<'_>) -> Group {
        let Some(more) = self.group_of(more) else { return group };
        let set = |group: Group| match group {
            Group::One(one) => RoaringBitmap::from_iter([one]),
            Group::Several(set) => set,
        };
        Group::Several(set(group) | set(more))
    }

    /// The members of one group of equal values in the order of references. Lazy where the group is large.
    fn group<'s>(&'s self, group: Group, after: Option<&str>, descending: bool) -> Nodes<'s> {
        match group {
            Group::One(one) => {
                let past = after.is_none_or(|a| self.catalog.reference(one).cmp(a) == forward(descending));
                Box::new(past.then_some(one).into_iter())
            }
            Group::Several(set) => self.in_ref_order(&set, after, descending),
        }
    }

    /// Whether reading the values of all is less work than walking the field until a page is full.
    pub(super) fn is_small_for(&self, field: &FieldIndex) -> bool {
        let (nodes, values) = (self.nodes.len(), field.present.len());
        nodes * nodes * READING < values
    }
}

/// The values of a field in order; those behind a place, its own value included.
fn entries<'f>(
    field: &'f FieldIndex,
    descending: bool,
    after: Option<&Place>,
) -> Box<dyn Iterator<Item = Entry<'f>> + 'f> {
    let start = after.map(|p| p.value.clone());
    // All spellings of the value itself count as behind it.
    let order = move |t: TermRef<'_>, value: &str, equal: Ordering| match fold_cmp(t.text, value) {
        Ordering::Equal => equal,
        other => other,
    };
    match (start, descending) {
        (None, false) => Box::new(field.terms.iter()),
        (None, true) => Box::new(field.terms.iter().rev()),
        (Some(v), false) => Box::new(field.terms.from(move |t| order(t, &v, Ordering::Greater))),
        (Some(v), true) => Box::new(field.terms.before(move |t| order(t, &v, Ordering::Less))),
    }
}
