//! Building an [`Index`] from many entities at once: values are gathered in hash tables, by as many threads
//! as walk documents, and put in order at the end, field by field.

use std::sync::Arc;

use hashbrown::HashMap;
use roaring::RoaringBitmap;

use super::field::FieldIndex;
use super::postings::Postings;
use super::term::{MAX_INDEXED_CHARS, Term, TermRef, same_prefix};
use super::terms::Terms;
use super::walk::{Leaf, Nesting};
use super::{Index, Path, Row, row};
use crate::cow::SortedMap;

/// Gathers the leaves of documents.
#[derive(Default)]
pub(crate) struct IndexBuilder {
    paths: HashMap<Arc<str>, usize>,
    fields: Vec<FieldBuilder>,
    /// The field of the last leaf.
    last: usize,
}

#[derive(Default)]
struct FieldBuilder {
    path: Arc<str>,
    terms: HashMap<Term, Ids>,
    present: Vec<u32>,
    nulls: Vec<u32>,
    long: Vec<u32>,
    containers: Vec<u32>,
    /// The field that followed this one last time: documents of a kind have their keys in the same order.
    next: usize,
}

/// Most values occur once, and then need no list.
#[derive(Debug)]
enum Ids {
    One(u32),
    Many(Vec<u32>),
}

impl Ids {
    fn push(&mut self, id: u32) {
        match self {
            Self::One(one) if *one == id => {}
            Self::One(one) => *self = Self::Many(vec![*one, id]),
            Self::Many(ids) => push(ids, id),
        }
    }

    fn extend(&mut self, more: Self) {
        match more {
            Self::One(one) => self.push(one),
            Self::Many(ids) => ids.into_iter().for_each(|id| self.push(id)),
        }
    }

    fn postings(self) -> Postings {
        match self {
            Self::One(one) => Postings::One(one),
            Self::Many(mut ids) => {
                ids.sort_unstable();
                Postings::from_sorted(&ids)
            }
        }
    }
}

impl IndexBuilder {
    /// Adds a leaf of an entity's document. Ids must come in ascending order.
    pub(crate) fn leaf(&mut self, id: u32, path: &str, leaf: &Leaf<'_>, nesting: Nesting) {
        let field = self.field(path);
        match leaf.term(nesting) {
            Some((text, kind)) if text.len() <= MAX_INDEXED_CHARS => {
                let sought = TermRef { text: &text, kind };
                let entry = field.terms.raw_entry_mut().from_key(&sought);
                entry.or_insert_with(|| (Term::from(&sought), Ids::One(id))).1.push(id);
            }
            _ => match row(leaf, nesting) {
                Row::Null => push(&mut field.nulls, id),
                Row::Long => push(&mut field.long, id),
                Row::Container => return push(&mut field.containers, id),
                Row::Value(term) => field.terms.entry(term).or_insert(Ids::One(id)).push(id),
            },
        }
        push(&mut field.present, id);
    }

    fn field(&mut self, path: &str) -> &mut FieldBuilder {
        let guess = self.fields.get(self.last).map_or(0, |last| last.next);
        let at = match self.fields.get(guess).filter(|f| f.path.as_ref() == path) {
            Some(_) => guess,
            None => self.find(path),
        };
        if let Some(last) = self.fields.get_mut(self.last) {
            last.next = at;
        }
        self.last = at;
        &mut self.fields[at]
    }

    fn find(&mut self, path: &str) -> usize {
        if let Some(at) = self.paths.get(path) {
            return *at;
        }
        let path: Arc<str> = path.into();
        self.paths.insert(Arc::clone(&path), self.fields.len());
        self.fields.push(FieldBuilder { path, ..FieldBuilder::default() });
        self.fields.len() - 1
    }
}

impl Index {
    /// Puts together what builders gathered of different entities.
    pub(crate) fn build(builders: Vec<IndexBuilder>, threads: usize) -> Self {
        let mut parts: HashMap<Arc<str>, Vec<FieldBuilder>> = HashMap::new();
        for field in builders.into_iter().flat_map(|b| b.fields) {
            parts.entry(Arc::clone(&field.path)).or_default().push(field);
        }
        let mut work: Vec<_> = parts.into_iter().map(|(path, fields)| (Path(path), fields)).collect();
        // The largest first, dealt in turn: a field is the unit of work.
        work.sort_by_key(|(_, fields)| {
            std::cmp::Reverse(fields.iter().map(|f| f.terms.len()).sum::<usize>())
        });
        let mut hands: Vec<Vec<_>> = (0..threads.max(1)).map(|_| Vec::new()).collect();
        let count = hands.len();
        work.into_iter().enumerate().for_each(|(turn, job)| hands[turn % count].push(job));
        let order = |hand: Vec<(Path, Vec<FieldBuilder>)>| -> Vec<_> {
            hand.into_iter().map(|(path, fields)| (path, FieldBuilder::build(fields))).collect()
        };
        let mut fields: Vec<(Path, FieldIndex)> = std::thread::scope(|scope| {
            let handles: Vec<_> = hands.into_iter().map(|hand| scope.spawn(move || order(hand))).collect();
            handles.into_iter().flat_map(|h| h.join().unwrap_or_default()).collect()
        });
        fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        let mut index = Self::default();
        let mut names = Vec::with_capacity(fields.len());
        for (path, field) in fields {
            names.push((path, index.fields.push(field) as u32));
        }
        index.numbers = Arc::new(names.iter().map(|(path, number)| (Arc::clone(&path.0), *number)).collect());
        index.names = SortedMap::from_sorted(names);
        index
    }
}

impl FieldBuilder {
    fn build(parts: Vec<Self>) -> FieldIndex {
        let mut terms = Vec::new();
        let (mut present, mut nulls, mut long, mut containers) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            terms = merged(terms, sorted(part.terms));
            present.extend(part.present);
            nulls.extend(part.nulls);
            long.extend(part.long);
            containers.extend(part.containers);
        }
        let set = |mut ids: Vec<u32>| {
            ids.sort_unstable();
            Arc::new(RoaringBitmap::from_sorted_iter(ids).unwrap_or_default())
        };
        FieldIndex {
            terms: Terms::from_sorted(terms.into_iter().map(|(t, ids)| (t, ids.postings()))),
            present: set(present),
            nulls: set(nulls),
            long: set(long),
            containers: set(containers),
        }
    }
}

/// Terms in order. Where all are ASCII, sixteen lower-case bytes behind their common beginning decide almost
/// every comparison.
fn sorted(terms: HashMap<Term, Ids>) -> Vec<(Term, Ids)> {
    let mut terms: Vec<(Term, Ids)> = terms.into_iter().collect();
    let Some(first) = terms.first().map(|(t, _)| Arc::clone(&t.text)) else { return terms };
    if !terms.iter().all(|(t, _)| t.text.is_ascii()) {
        terms.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        return terms;
    }
    let shared =
        terms.iter().map(|(t, _)| same_prefix(first.as_bytes(), t.text.as_bytes())).min().unwrap_or(0);
    let key = |term: &Term| {
        let mut bytes = [0; 16];
        let rest = &term.text.as_bytes()[shared..];
        bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = from.to_ascii_lowercase());
        u128::from_be_bytes(bytes)
    };
    let mut keyed: Vec<(u128, (Term, Ids))> = terms.into_iter().map(|t| (key(&t.0), t)).collect();
    keyed.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then_with(|| x.0.cmp(&y.0)));
    keyed.into_iter().map(|(_, term)| term).collect()
}

/// Two lists in order as one.
fn merged(earlier: Vec<(Term, Ids)>, later: Vec<(Term, Ids)>) -> Vec<(Term, Ids)> {
    if earlier.is_empty() {
        return later;
    }
    let mut out = Vec::with_capacity(earlier.len() + later.len());
    let (mut earlier, mut later) = (earlier.into_iter().peekable(), later.into_iter().peekable());
    loop {
        let order = match (earlier.peek(), later.peek()) {
            (Some((a, _)), Some((b, _))) => a.cmp(b),
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (None, None) => return out,
        };
        if order.is_gt() {
            out.extend(later.next());
            continue;
        }
        let Some((term, mut ids)) = earlier.next() else { return out };
        if order.is_eq()
            && let Some((_, more)) = later.next()
        {
            ids.extend(more);
        }
        out.push((term, ids));
    }
}

fn push(ids: &mut Vec<u32>, id: u32) {
    if ids.last() != Some(&id) {
        ids.push(id);
    }
}
