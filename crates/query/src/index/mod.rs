//! The live index: fields by path, built in bulk at start and changed row by row afterwards.

pub(crate) mod builder;
mod chunk;
pub(crate) mod field;
pub(crate) mod postings;
pub(crate) mod term;
pub(crate) mod terms;
pub(crate) mod walk;

use std::cmp::Ordering;
use std::sync::Arc;

use hashbrown::HashMap;
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
    /// The same without order, for writing.
    numbers: Arc<HashMap<Arc<str>, u32>>,
    fields: PagedVec<FieldIndex>,
}

/// The rows of one entity, sorted, without repeats: (number of the field, row).
pub(crate) type Rows = Vec<(u32, Row)>;

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

/// Gathers the rows of one entity.
pub(crate) struct RowsBuilder<'i> {
    index: &'i mut Index,
    rows: Rows,
}

impl RowsBuilder<'_> {
    /// Adds a leaf of the document.
    pub(crate) fn leaf(&mut self, path: &str, leaf: &Leaf<'_>, nesting: Nesting) {
        let field = self.index.field_at(path);
        self.rows.push((field, row(leaf, nesting)));
    }

    /// The rows in order.
    pub(crate) fn finish(mut self) -> Rows {
        self.rows.sort_unstable();
        self.rows.dedup();
        self.rows
    }
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

    /// How many of some entities can be sorted by a path.
    pub(crate) fn count_sortable(&self, path: &str, nodes: &RoaringBitmap) -> u64 {
        let mut fields = self.folded(path);
        let first = fields.next();
        let other =
            fields.next().is_some() || self.item_fields(path).any(|(field, item)| field.has_item(item));
        match first.filter(|field| !other && field.nulls.is_empty() && field.long.is_empty()) {
            Some(field) => field.present.intersection_len(nodes),
            None => self.sortable(path).intersection_len(nodes),
        }
    }

    /// Begins to gather the rows of an entity.
    pub(crate) fn rows(&mut self) -> RowsBuilder<'_> {
        RowsBuilder { index: self, rows: Rows::with_capacity(64) }
    }

    /// The rows of a document.
    pub(crate) fn rows_of(&mut self, document: &str) -> Rows {
        let mut rows = self.rows();
        walk_text(document, &mut |path, leaf, nesting| rows.leaf(path, &leaf, nesting));
        rows.finish()
    }

    /// The number of the field at a path, made if new.
    fn field_at(&mut self, path: &str) -> u32 {
        match self.numbers.get(path) {
            Some(number) => *number,
            None => self.add_field(path.into(), FieldIndex::default()),
        }
    }

    /// Adds a field; returns its number.
    fn add_field(&mut self, path: Arc<str>, field: FieldIndex) -> u32 {
        let number = self.fields.push(field) as u32;
        Arc::make_mut(&mut self.numbers).insert(Arc::clone(&path), number);
        self.names.insert(Path(path), number);
        number
    }

    /// Replaces the rows of an entity; both lists sorted. Touches only fields that differ.
    pub(crate) fn replace(&mut self, id: u32, old: &Rows, new: Rows) {
        // A container sorts last among the rows of a field, and is alone when it is the first.
        let has = |rows: &Rows, field: u32| {
            let first = rows.get(rows.partition_point(|(f, _)| *f < field));
            first.is_some_and(|(f, row)| *f == field && *row != Row::Container)
        };
        for entry @ (field, row) in old {
            if new.binary_search(entry).is_err()
                && let Some(index) = self.fields.get_mut(*field as usize)
            {
                index.remove(id, row, !has(&new, *field));
            }
        }
        for entry in new {
            if old.binary_search(&entry).is_err()
                && let Some(index) = self.fields.get_mut(entry.0 as usize)
            {
                index.insert(id, entry.1);
            }
        }
    }
}
