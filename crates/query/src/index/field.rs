//! One field of the index: every value that occurs at a path, and which entities have it.

use std::cmp::Ordering;
use std::sync::Arc;

use roaring::RoaringBitmap;

use super::postings::Postings;
use super::term::{Term, TermKind, fold_cmp, folded};
use crate::cow::SortedMap;

/// Stands between the texts of a [`Haystack`]: no UTF-8 text has this byte.
const BETWEEN: u8 = 0xff;

/// The lower-case texts of many terms in one piece, so that a part of a text is found by one pass over memory.
pub(crate) struct Haystack {
    text: Box<[u8]>,
    /// Where each term's text ends.
    ends: Box<[u32]>,
}

impl Haystack {
    fn of(terms: &[(Term, Postings)]) -> Self {
        let (mut text, mut ends) = (Vec::new(), Vec::with_capacity(terms.len()));
        for (term, _) in terms {
            if term.text.is_ascii() {
                text.extend(term.text.bytes().map(|b| b.to_ascii_lowercase()));
            } else {
                text.extend_from_slice(folded(&term.text).as_bytes());
            }
            ends.push(text.len() as u32);
            text.push(BETWEEN);
        }
        Self { text: text.into(), ends: ends.into() }
    }

    /// The places of the terms that contain what is sought, ascending, each once.
    fn find(&self, part: &memchr::memmem::Finder<'_>) -> Vec<usize> {
        let mut places: Vec<usize> = part
            .find_iter(&self.text)
            .map(|at| self.ends.partition_point(|end| *end as usize <= at))
            .collect();
        places.dedup();
        places
    }
}

/// The inverted index of one document path.
#[derive(Clone, Default)]
pub(crate) struct FieldIndex {
    /// Values up to the indexed length.
    pub(crate) terms: SortedMap<Term, Postings, Haystack>,
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
            Row::Value(term) => {
                if let Some(postings) = self.terms.entry(term, || Postings::One(id)) {
                    postings.insert(id);
                }
            }
        }
        add(&mut self.present, id);
    }

    /// Takes a row out. `last` tells that the entity has no other row here.
    pub(crate) fn remove(&mut self, id: u32, row: &Row, last: bool) {
        match row {
            Row::Null => take(&mut self.nulls, id),
            Row::Long => take(&mut self.long, id),
            Row::Container => return take(&mut self.containers, id),
            Row::Value(term) => {
                let mut empty = false;
                if self.terms.get(term).is_some()
                    && let Some(postings) = self.terms.entry(term.clone(), || Postings::One(id))
                {
                    postings.remove(id);
                    empty = postings.is_empty();
                }
                if empty {
                    self.terms.remove(term);
                }
            }
        }
        if last {
            take(&mut self.present, id);
        }
    }

    /// All entries whose text equals `text` without case.
    pub(crate) fn folded<'a>(&'a self, text: &str) -> impl Iterator<Item = (&'a Term, &'a Postings)> {
        self.terms
            .from(move |t| match fold_cmp(&t.text, text) {
                // Everything equal without case counts as not less, whatever its exact spelling.
                Ordering::Equal => Ordering::Greater,
                other => other,
            })
            .take_while(move |(t, _)| fold_cmp(&t.text, text) == Ordering::Equal)
    }

    /// All entries whose text contains `part` without case.
    pub(crate) fn containing(&self, part: &str) -> Vec<(&Term, &Postings)> {
        let part = folded(part);
        let finder = memchr::memmem::Finder::new(part.as_bytes());
        let mut found = Vec::new();
        for chunk in self.terms.chunks() {
            let places = chunk.derived.get_or_init(|| Haystack::of(chunk)).find(&finder);
            found.extend(places.into_iter().filter_map(|at| chunk.get(at)).map(|(t, p)| (t, p)));
        }
        found
    }

    /// Entities that have `text` as an item of an array here (`tags: [java]` for `tags.java`).
    pub(crate) fn items(&self, text: &str) -> RoaringBitmap {
        let mut set = RoaringBitmap::new();
        self.folded(text).filter(|(t, _)| t.kind == TermKind::Item).for_each(|(_, p)| p.add_to(&mut set));
        set
    }

    /// Whether any entity has `text` as an item of an array here.
    pub(crate) fn has_item(&self, text: &str) -> bool {
        self.folded(text).any(|(t, _)| t.kind == TermKind::Item)
    }

    /// Entities with a non-null value of indexed length: those that can be sorted by this field.
    pub(crate) fn valued(&self) -> RoaringBitmap {
        if self.nulls.is_empty() && self.long.is_empty() {
            return self.present.as_ref().clone();
        }
        let mut set = RoaringBitmap::new();
        self.terms.iter().for_each(|(_, p)| p.add_to(&mut set));
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
