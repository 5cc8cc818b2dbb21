//! One field of the index: every value that occurs at a path, and which entities have it.

use std::sync::Arc;

use roaring::RoaringBitmap;

use super::term::{Term, TermKind};
use super::terms::Terms;

/// The inverted index of one document path.
#[derive(Clone, Default)]
pub(crate) struct FieldIndex {
    /// Values up to the indexed length.
    pub(crate) terms: Terms,
    /// Entities with any row at this path, null and long ones included.
    pub(crate) present: Arc<RoaringBitmap>,
    /// Entities with a null at this path.
    pub(crate) nulls: Arc<RoaringBitmap>,
    /// Entities with a string too long to be indexed by value.
    pub(crate) long: Arc<RoaringBitmap>,
    /// Entities with an object or array here. Not in `present`.
    pub(crate) containers: Arc<RoaringBitmap>,
}

/// A row of one entity, as taken in and out of a [`FieldIndex`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Row {
    Null,
    Long,
    Value(Term),
    /// Last: see [`super::Index::replace`].
    Container,
}

impl FieldIndex {
    pub(crate) fn insert(&mut self, id: u32, row: Row) {
        match row {
            Row::Null => add(&mut self.nulls, id),
            Row::Long => add(&mut self.long, id),
            Row::Container => return add(&mut self.containers, id),
            Row::Value(term) => self.terms.add(term.borrowed(), id),
        }
        add(&mut self.present, id);
    }

    /// Takes a row out. `last` tells that the entity has no other row here.
    pub(crate) fn remove(&mut self, id: u32, row: &Row, last: bool) {
        match row {
            Row::Null => take(&mut self.nulls, id),
            Row::Long => take(&mut self.long, id),
            Row::Container => return take(&mut self.containers, id),
            Row::Value(term) => self.terms.remove(term.borrowed(), id),
        }
        if last {
            take(&mut self.present, id);
        }
    }

    /// Entities that have `text` as an item of an array here (`tags: [java]` for `tags.java`).
    pub(crate) fn items(&self, text: &str) -> RoaringBitmap {
        let mut set = RoaringBitmap::new();
        self.terms
            .folded(text)
            .filter(|e| e.term().kind == TermKind::Item)
            .for_each(|e| e.holders().add_to(&mut set));
        set
    }

    /// Whether any entity has `text` as an item of an array here.
    pub(crate) fn has_item(&self, text: &str) -> bool {
        self.terms.folded(text).any(|e| e.term().kind == TermKind::Item)
    }

    /// Entities with a non-null value of indexed length: those that can be sorted by this field.
    pub(crate) fn valued(&self) -> RoaringBitmap {
        if self.nulls.is_empty() && self.long.is_empty() {
            return self.present.as_ref().clone();
        }
        let mut set = RoaringBitmap::new();
        self.terms.iter().for_each(|e| e.holders().add_to(&mut set));
        set
    }
}

fn add(set: &mut Arc<RoaringBitmap>, id: u32) {
    if !set.contains(id) {
        Arc::make_mut(set).insert(id);
    }
}

fn take(set: &mut Arc<RoaringBitmap>, id: u32) {
    if set.contains(id) {
        Arc::make_mut(set).remove(id);
    }
}
