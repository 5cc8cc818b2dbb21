//! Building an [`Index`] from many entities at once: values are gathered in hash tables and ordered at the end.

use std::sync::Arc;

use hashbrown::HashMap;
use roaring::RoaringBitmap;

use super::field::FieldIndex;
use super::postings::Postings;
use super::term::{MAX_INDEXED_CHARS, Term, TermRef};
use super::walk::{Leaf, Nesting};
use super::{Index, Path, Row, row};
use crate::cow::SortedMap;

/// Gathers the leaves of documents.
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
    pub(crate) fn leaf(&mut self, id: u32, path: &str, leaf: &Leaf<'_>, nesting: Nesting) {
        let field = self.field(path);
        match leaf.term(nesting) {
            Some((text, kind)) if text.len() <= MAX_INDEXED_CHARS => {
                let sought = TermRef { text: &text, kind };
                let entry = field.terms.raw_entry_mut().from_key(&sought);
                push(entry.or_insert_with(|| (Term::from(&sought), Vec::new())).1, id);
            }
            _ => match row(leaf, nesting) {
                Row::Null => push(&mut field.nulls, id),
                Row::Long => push(&mut field.long, id),
                Row::Container => return push(&mut field.containers, id),
                Row::Value(term) => push(field.terms.entry(term).or_default(), id),
            },
        }
        push(&mut field.present, id);
    }

    fn field(&mut self, path: &str) -> &mut FieldBuilder {
        let at = match self.paths.get(path) {
            Some(at) => *at,
            None => {
                self.paths.insert(path.into(), self.fields.len());
                self.fields.push(FieldBuilder::default());
                self.fields.len() - 1
            }
        };
        &mut self.fields[at]
    }

    /// Takes over what another builder gathered of entities with greater ids.
    pub(crate) fn append(&mut self, mut later: Self) {
        for (path, at) in later.paths.drain() {
            let Some(theirs) = later.fields.get_mut(at).map(std::mem::take) else { continue };
            let ours = self.field(&path);
            for (term, ids) in theirs.terms {
                ours.terms.entry(term).or_default().extend(ids);
            }
            ours.present.extend(theirs.present);
            ours.nulls.extend(theirs.nulls);
            ours.long.extend(theirs.long);
            ours.containers.extend(theirs.containers);
        }
    }

    /// The finished index. Fields are put in order by `threads` threads.
    pub(crate) fn build(mut self, threads: usize) -> Index {
        let mut paths: Vec<_> = self.paths.drain().map(|(path, at)| (Path(path), at)).collect();
        paths.sort();
        let mut work: Vec<_> =
            paths.iter().map(|(_, at)| std::mem::take(&mut self.fields[*at])).enumerate().collect();
        // The largest first, dealt in turn: a field is the unit of work.
        work.sort_by_key(|(_, field)| std::cmp::Reverse(field.terms.len()));
        let mut hands: Vec<Vec<_>> = (0..threads.max(1)).map(|_| Vec::new()).collect();
        let count = hands.len();
        for (turn, job) in work.into_iter().enumerate() {
            hands[turn % count].push(job);
        }
        let sort = |hand: Vec<(usize, FieldBuilder)>| {
            hand.into_iter().map(|(at, f)| (at, f.build())).collect::<Vec<_>>()
        };
        let mut built: Vec<_> = std::thread::scope(|scope| {
            let handles: Vec<_> = hands.into_iter().map(|hand| scope.spawn(move || sort(hand))).collect();
            handles.into_iter().flat_map(|h| h.join().unwrap_or_default()).collect()
        });
        built.sort_by_key(|(at, _)| *at);
        let mut index = Index::default();
        let mut names = Vec::with_capacity(paths.len());
        for ((path, _), (_, field)) in paths.into_iter().zip(built) {
            names.push((path, index.fields.push(field) as u32));
        }
        index.names = SortedMap::from_sorted(names);
        index
    }
}

impl FieldBuilder {
    fn build(self) -> FieldIndex {
        let mut terms: Vec<_> =
            self.terms.into_iter().map(|(t, ids)| (t, Postings::from_sorted(&ids))).collect();
        terms.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
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
