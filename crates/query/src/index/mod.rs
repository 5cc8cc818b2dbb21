//! The live index: fields by path, built in bulk at start and changed row by row afterwards.

pub(crate) mod field;
pub(crate) mod postings;
pub(crate) mod term;
pub(crate) mod walk;

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use roaring::RoaringBitmap;

use self::field::{FieldIndex, Row};
use self::postings::Postings;
use self::term::{MAX_INDEXED_CHARS, Term, TermKind, fold_cmp, fold_eq};
use self::walk::{Leaf, walk_text};
use crate::cow::{PagedVec, SortedMap};

/// A path as the index orders it: without case first, then exactly.
#[derive(Clone, PartialEq, Eq)]
struct Path(Arc<str>);

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
fn row(leaf: &Leaf<'_>, in_array: bool) -> Row {
    match leaf.term(in_array) {
        None if *leaf == Leaf::Container => Row::Container,
        None => Row::Null,
        Some((text, _)) if text.len() > MAX_INDEXED_CHARS && text.chars().count() > MAX_INDEXED_CHARS => {
            Row::Long
        }
        Some((text, kind)) => Row::Value(Term { text: text.as_ref().into(), kind }),
    }
}

/// A row with its path.
pub(crate) fn row_at(path: &str, leaf: &Leaf<'_>, in_array: bool) -> (Arc<str>, Row) {
    (path.into(), row(leaf, in_array))
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
    walk_text(document, &mut |p, leaf, in_array| {
        let Row::Value(term) = row(&leaf, in_array) else { return };
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

/// Builds an [`Index`] from many entities at once, without keeping order on the way.
#[derive(Default)]
pub(crate) struct IndexBuilder {
    paths: HashMap<Arc<str>, usize>,
    fields: Vec<FieldBuilder>,
}

#[derive(Default)]
struct FieldBuilder {
    terms: HashMap<Term, Vec<u32>>,
    present: Vec<u32>,
    nulls: Vec<u32>,
    long: Vec<u32>,
    containers: Vec<u32>,
}

impl IndexBuilder {
    /// Adds a leaf of an entity's document. Ids must come in ascending order.
    pub(crate) fn leaf(&mut self, id: u32, path: &str, leaf: &Leaf<'_>, item: bool) {
        let at = match self.paths.get(path) {
            Some(at) => *at,
            None => {
                self.paths.insert(path.into(), self.fields.len());
                self.fields.push(FieldBuilder::default());
                self.fields.len() - 1
            }
        };
        let Some(field) = self.fields.get_mut(at) else { return };
        match row(leaf, item) {
            Row::Null => push(&mut field.nulls, id),
            Row::Long => push(&mut field.long, id),
            Row::Container => return push(&mut field.containers, id),
            Row::Value(term) => push(field.terms.entry(term).or_default(), id),
        }
        push(&mut field.present, id);
    }

    /// The finished index.
    pub(crate) fn build(mut self) -> Index {
        let mut paths: Vec<_> = self.paths.drain().map(|(path, at)| (Path(path), at)).collect();
        paths.sort();
        let mut index = Index::default();
        let mut names = Vec::with_capacity(paths.len());
        for (path, at) in paths {
            let Some(field) = self.fields.get_mut(at) else { continue };
            let id = index.fields.push(std::mem::take(field).build());
            names.push((path, id as u32));
        }
        index.names = SortedMap::from_sorted(names);
        index
    }
}

impl FieldBuilder {
    fn build(self) -> FieldIndex {
        let mut terms: Vec<_> =
            self.terms.into_iter().map(|(t, ids)| (t, Postings::from_sorted(&ids))).collect();
        terms.sort_by(|(a, _), (b, _)| a.cmp(b));
        let set = |ids: Vec<u32>| Arc::new(ids.into_iter().collect::<RoaringBitmap>());
        FieldIndex {
            terms: SortedMap::from_sorted(terms),
            present: set(self.present),
            nulls: set(self.nulls),
            long: set(self.long),
            containers: set(self.containers),
        }
    }
}

fn push(ids: &mut Vec<u32>, id: u32) {
    if ids.last() != Some(&id) {
        ids.push(id);
    }
}
