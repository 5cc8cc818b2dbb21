//! The live index: fields by path, built in bulk at start and changed row by row afterwards.

pub(crate) mod builder;
pub(crate) mod field;
pub(crate) mod postings;
pub(crate) mod term;
pub(crate) mod walk;

use std::cmp::Ordering;
use std::sync::Arc;

use roaring::RoaringBitmap;

use self::field::{FieldIndex, Row};
use self::term::{MAX_INDEXED_CHARS, Term, TermKind, fold_cmp, fold_eq};
use self::walk::{Leaf, Nesting, walk_text};
use crate::cow::{PagedVec, SortedMap};

/// A path as the index orders it: without case first, then exactly.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Path(Arc<str>);

impl Ord for Path {
    fn cmp(&self, other: &Self) -> Ordering {
        fold_cmp(&self.0, &other.0).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Path {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Every field, by path.
#[derive(Clone, Default)]
pub(crate) struct Index {
    names: SortedMap<Path, u32>,
    fields: PagedVec<FieldIndex>,
}

/// The rows of one entity, sorted: (path, row).
pub(crate) type Rows = Vec<(Arc<str>, Row)>;

/// The row that a leaf makes.
fn row(leaf: &Leaf<'_>, nesting: Nesting) -> Row {
    match leaf.term(nesting) {
        None if *leaf == Leaf::Container => Row::Container,
        None => Row::Null,
        Some((text, _)) if text.len() > MAX_INDEXED_CHARS && text.chars().count() > MAX_INDEXED_CHARS => {
            Row::Long
        }
        Some((text, kind)) => Row::Value(Term { text: text.as_ref().into(), kind }),
    }
}

/// A row with its path.
pub(crate) fn row_at(path: &str, leaf: &Leaf<'_>, nesting: Nesting) -> (Arc<str>, Row) {
    (path.into(), row(leaf, nesting))
}

/// Brings rows into order, without repeats.
pub(crate) fn sort_rows(rows: &mut Rows) {
    rows.sort();
    rows.dedup();
}

/// The rows of a document, sorted, without repeats.
pub(crate) fn rows_of(document: &str) -> Rows {
    let mut rows = Rows::with_capacity(64);
    walk_text(document, &mut |path, leaf, item| rows.push(row_at(path, &leaf, item)));
    sort_rows(&mut rows);
    rows
}

/// The values at a path of one document, without case and as [`rows_of`] has them, item rows included.
pub(crate) fn rows_at(document: &str, path: &str) -> Vec<String> {
    let mut values = Vec::new();
    walk_text(document, &mut |p, leaf, nesting| {
        let Row::Value(term) = row(&leaf, nesting) else { return };
        if fold_eq(p, path) {
            values.push(term.text.to_string());
        }
        let item = || {
            path.match_indices('.')
                .any(|(at, _)| fold_eq(p, &path[..at]) && fold_eq(&term.text, &path[at + 1..]))
        };
        if term.kind == TermKind::Item && item() {
            values.push("true".to_owned());
        }
    });
    values
}

/// The one value at a path of object keys, spelt exactly, without reading the rest of the document. `None` when
/// it takes a closer look: [`rows_at`] knows.
pub(crate) fn text_at<'d>(document: &'d str, path: &str) -> Option<&'d str> {
    let text = stagedoor_model::json::member(document, path.split('.'))?;
    let text = text.strip_prefix('"')?.strip_suffix('"')?;
    (text.len() <= MAX_INDEXED_CHARS && !text.contains('\\')).then_some(text)
}

impl Index {
    /// The field at exactly this path.
    pub(crate) fn exact(&self, path: &str) -> Option<&FieldIndex> {
        let id = self.names.get_by(|p| fold_cmp(&p.0, path).then_with(|| p.0.as_ref().cmp(path)))?;
        self.fields.get(*id as usize)
    }

    /// The fields at this path, without case.
    pub(crate) fn folded<'a>(&'a self, path: &str) -> impl Iterator<Item = &'a FieldIndex> {
        self.names
            .from(move |p| match fold_cmp(&p.0, path) {
                Ordering::Equal => Ordering::Greater,
                other => other,
            })
            .take_while(move |(p, _)| fold_cmp(&p.0, path) == Ordering::Equal)
            .filter_map(|(_, id)| self.fields.get(*id as usize))
    }

    /// Fields of which `path` names an item: `metadata.tags` for `metadata.tags.java`, with the item's text.
    pub(crate) fn item_fields<'a, 'p>(
        &'a self,
        path: &'p str,
    ) -> impl Iterator<Item = (&'a FieldIndex, &'p str)> {
        path.match_indices('.').flat_map(move |(at, _)| {
            let item = &path[at + 1..];
            self.folded(&path[..at]).map(move |field| (field, item))
        })
    }

    /// Entities that can be sorted by a path: those with a value of indexed length at it.
    pub(crate) fn sortable(&self, path: &str) -> RoaringBitmap {
        let mut set = RoaringBitmap::new();
        self.folded(path).for_each(|field| set |= field.valued());
        self.item_fields(path).for_each(|(field, item)| set |= field.items(item));
        set
    }

    fn field_mut(&mut self, path: &Arc<str>) -> Option<&mut FieldIndex> {
        let next = self.fields.len() as u32;
        let known = self.names.get(&Path(Arc::clone(path))).copied();
        let id = match known {
            Some(id) => id,
            None => {
                self.names.insert(Path(Arc::clone(path)), next);
                self.fields.push(FieldIndex::default());
                next
            }
        };
        self.fields.get_mut(id as usize)
    }

    /// Replaces the rows of an entity; both lists sorted. Touches only fields that differ.
    pub(crate) fn replace(&mut self, id: u32, old: &Rows, new: &Rows) {
        // A container sorts last among the rows of a path, and is alone when it is the first.
        let has = |rows: &Rows, path: &Arc<str>| {
            let first = rows.get(rows.partition_point(|(p, _)| p < path));
            first.is_some_and(|(p, row)| p == path && *row != Row::Container)
        };
        for (path, row) in old {
            if new.binary_search_by(|(p, r)| p.cmp(path).then_with(|| r.cmp(row))).is_err()
                && let Some(field) = self.field_mut(path)
            {
                field.remove(id, row, !has(new, path));
            }
        }
        for (path, row) in new {
            if old.binary_search_by(|(p, r)| p.cmp(path).then_with(|| r.cmp(row))).is_err()
                && let Some(field) = self.field_mut(path)
            {
                field.insert(id, row.clone());
            }
        }
    }
}
