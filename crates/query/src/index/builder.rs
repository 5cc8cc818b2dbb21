//! Building an [`Index`] from many entities at once: values are gathered in hash tables, by as many threads
//! as walk documents, and put in order at the end, field by field.

use std::hash::BuildHasher as _;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use roaring::RoaringBitmap;

use super::field::FieldIndex;
use super::postings::Postings;
use super::term::{MAX_INDEXED_CHARS, TermKind, TermRef, same_prefix};
use super::terms::{Terms, TermsBuilder};
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
    values: Values,
    present: Vec<u32>,
    nulls: Vec<u32>,
    long: Vec<u32>,
    containers: Vec<u32>,
    /// The field that followed this one last time: documents of a kind have their keys in the same order.
    next: usize,
}

/// The distinct values of a field and who has them. Their texts stand in one piece: millions of small ones that come
/// and go at a start would leave memory full of holes.
#[derive(Default)]
struct Values {
    text: String,
    list: Vec<Value>,
    /// Places in `list`.
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

struct Value {
    start: u32,
    end: u32,
    kind: TermKind,
    ids: Ids,
}

impl Value {
    fn term<'t>(&self, text: &'t str) -> TermRef<'t> {
        let text = text.get(self.start as usize..self.end as usize).unwrap_or_default();
        TermRef { text, kind: self.kind }
    }
}

impl Values {
    fn term(&self, value: &Value) -> TermRef<'_> {
        value.term(&self.text)
    }

    fn push(&mut self, term: TermRef<'_>, id: u32) {
        let Self { text, list, table, hasher } = self;
        let hash = hasher.hash_one(term);
        let is_it = |at: &u32| list.get(*at as usize).is_some_and(|value| value.term(text) == term);
        let known = table.find(hash, is_it).copied();
        if let Some(value) = known.and_then(|at| list.get_mut(at as usize)) {
            return value.ids.push(id);
        }
        let hash_at = |at: &u32| list.get(*at as usize).map_or(0, |value| hasher.hash_one(value.term(text)));
        table.insert_unique(hash, list.len() as u32, hash_at);
        let start = text.len() as u32;
        text.push_str(term.text);
        list.push(Value { start, end: text.len() as u32, kind: term.kind, ids: Ids::One(id) });
    }

    /// Brings the values into order. Where all are ASCII, sixteen lower-case bytes behind their common beginning
    /// decide almost every comparison.
    fn sort(&mut self) {
        self.table = HashTable::new();
        let mut list = std::mem::take(&mut self.list);
        let first = list.first().map_or("", |first| self.term(first).text);
        if !self.text.is_ascii() {
            list.sort_unstable_by(|a, b| self.term(a).cmp(&self.term(b)));
            self.list = list;
            return;
        }
        let shared = |value: &Value| same_prefix(first.as_bytes(), self.term(value).text.as_bytes());
        let shared = list.iter().map(shared).min().unwrap_or(0);
        let key = |value: &Value| {
            let mut bytes = [0; 16];
            let rest = &self.term(value).text.as_bytes()[shared..];
            bytes.iter_mut().zip(rest).for_each(|(to, from)| *to = from.to_ascii_lowercase());
            u128::from_be_bytes(bytes)
        };
        let mut keyed: Vec<(u128, Value)> = list.into_iter().map(|value| (key(&value), value)).collect();
        keyed.sort_unstable_by(|(a, x), (b, y)| a.cmp(b).then_with(|| self.term(x).cmp(&self.term(y))));
        self.list = keyed.into_iter().map(|(_, value)| value).collect();
    }
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
                field.values.push(TermRef { text: &text, kind }, id);
            }
            _ => match row(leaf, nesting) {
                Row::Null => push(&mut field.nulls, id),
                Row::Long => push(&mut field.long, id),
                Row::Container => return push(&mut field.containers, id),
                Row::Value(term) => field.values.push(term.borrowed(), id),
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
            std::cmp::Reverse(fields.iter().map(|f| f.values.list.len()).sum::<usize>())
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
        let (mut present, mut nulls, mut long, mut containers) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut values = Vec::with_capacity(parts.len());
        for mut part in parts {
            part.values.sort();
            values.push(part.values);
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
            terms: merged(values),
            present: set(present),
            nulls: set(nulls),
            long: set(long),
            containers: set(containers),
        }
    }
}

/// Several lists in order as one.
fn merged(mut parts: Vec<Values>) -> Terms {
    let mut lists: Vec<_> =
        parts.iter_mut().map(|part| std::mem::take(&mut part.list).into_iter().peekable()).collect();
    let mut terms = TermsBuilder::default();
    loop {
        let heads = parts.iter().zip(&mut lists).filter_map(|(part, list)| Some(part.term(list.peek()?)));
        let Some(least) = heads.min() else { return terms.finish() };
        let mut ids: Option<Ids> = None;
        for (part, list) in parts.iter().zip(&mut lists) {
            if let Some(value) = list.next_if(|value| part.term(value) == least) {
                match &mut ids {
                    Some(ids) => ids.extend(value.ids),
                    None => ids = Some(value.ids),
                }
            }
        }
        if let Some(ids) = ids {
            terms.push(least, ids.postings());
        }
    }
}

fn push(ids: &mut Vec<u32>, id: u32) {
    if ids.last() != Some(&id) {
        ids.push(id);
    }
}
