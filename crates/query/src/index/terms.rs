//! The values of a field in order, each with who has it, packed: a value costs its text and ten bytes.
//!
//! As in [`crate::cow::SortedMap`] two levels are enough: a list of chunks and at most [`CHUNK`] values in each. The
//! texts of a chunk stand in one piece of memory, so that a search in it touches few cache lines, a copy is one
//! `memcpy`, and a part of a text is found by one pass.

use std::cmp::Ordering;
use std::sync::Arc;

use memchr::memmem::Finder;

use super::chunk::{BETWEEN, Chunk};
use super::postings::{Holders, Postings};
use super::term::{TermRef, fold_eq, folded};

const CHUNK: usize = 256;

/// A value and who has it. Who passes over many looks at the holders first: the texts are elsewhere in memory.
#[derive(Clone, Copy)]
pub(crate) struct Entry<'a> {
    pub(super) chunk: &'a Chunk,
    pub(super) at: usize,
}

impl<'a> Entry<'a> {
    /// The value.
    pub(crate) fn term(&self) -> TermRef<'a> {
        self.chunk.term(self.at)
    }

    /// Who has it.
    pub(crate) fn holders(&self) -> Holders<'a> {
        self.chunk.holders(self.at)
    }
}

/// An ordered map from values to nodes. Copies share what neither has changed.
#[derive(Clone, Default)]
pub(crate) struct Terms {
    chunks: Arc<Vec<Arc<Chunk>>>,
}

/// Builds [`Terms`] from values already in order, without repeats.
#[derive(Default)]
pub(crate) struct TermsBuilder {
    chunks: Vec<Arc<Chunk>>,
    chunk: Chunk,
}

impl TermsBuilder {
    /// The next value.
    pub(crate) fn push(&mut self, term: TermRef<'_>, postings: Postings) {
        if self.chunk.len() == CHUNK / 4 * 3 {
            self.seal();
        }
        self.chunk.push(term, postings);
    }

    fn seal(&mut self) {
        let mut chunk = std::mem::take(&mut self.chunk);
        chunk.shrink();
        self.chunks.push(Arc::new(chunk));
    }

    /// All of them.
    pub(crate) fn finish(mut self) -> Terms {
        if self.chunk.len() > 0 {
            self.seal();
        }
        Terms { chunks: Arc::new(self.chunks) }
    }
}

impl Terms {
    /// Where the first value that is not less stands: (chunk, place in it).
    fn lower(&self, cmp: &impl Fn(TermRef<'_>) -> Ordering) -> (usize, usize) {
        let less =
            |c: &Arc<Chunk>| c.len().checked_sub(1).is_some_and(|last| cmp(c.term(last)) == Ordering::Less);
        let chunk = self.chunks.partition_point(less);
        (chunk, self.chunks.get(chunk).map_or(0, |c| c.lower(cmp)))
    }

    /// Where a value stands, if it is there.
    fn find(&self, term: TermRef<'_>) -> Result<(usize, usize), (usize, usize)> {
        let (chunk, place) = self.lower(&|t| t.cmp(&term));
        match self.chunks.get(chunk).and_then(|c| c.entry(place)) {
            Some(found) if found.term() == term => Ok((chunk, place)),
            _ => Err((chunk, place)),
        }
    }

    /// The chunk for writing.
    fn writable(&mut self, chunk: usize) -> Option<&mut Chunk> {
        Arc::make_mut(&mut self.chunks).get_mut(chunk).map(Arc::make_mut)
    }

    /// Notes that a node has a value.
    pub(crate) fn add(&mut self, term: TermRef<'_>, id: u32) {
        match self.find(term) {
            Ok((chunk, place)) => {
                if let Some(chunk) = self.writable(chunk) {
                    chunk.change(place, |postings| postings.insert(id));
                }
            }
            Err((chunk, place)) => self.insert(chunk, place, term, Postings::One(id)),
        }
    }

    fn insert(&mut self, mut chunk: usize, mut place: usize, term: TermRef<'_>, postings: Postings) {
        if chunk == self.chunks.len() {
            match chunk.checked_sub(1) {
                Some(last) => (chunk, place) = (last, self.chunks.get(last).map_or(0, |c| c.len())),
                None => Arc::make_mut(&mut self.chunks).push(Arc::default()),
            }
        }
        if self.chunks.get(chunk).is_some_and(|c| c.len() >= CHUNK) {
            (chunk, place) = self.split(chunk, place);
        }
        if let Some(chunk) = self.writable(chunk) {
            chunk.insert(place, term, postings);
        }
    }

    fn split(&mut self, chunk: usize, place: usize) -> (usize, usize) {
        let Some(full) = self.writable(chunk) else { return (chunk, place) };
        // Appending in order is common: leave the left half full then.
        let at = if place == full.len() { full.len() - 1 } else { full.len() / 2 };
        let right = Arc::new(full.split_off(at));
        Arc::make_mut(&mut self.chunks).insert(chunk + 1, right);
        if place > at { (chunk + 1, place - at) } else { (chunk, place) }
    }

    /// Notes that a node no longer has a value.
    pub(crate) fn remove(&mut self, term: TermRef<'_>, id: u32) {
        let Ok((at, place)) = self.find(term) else { return };
        let Some(chunk) = self.writable(at) else { return };
        if !chunk.change(place, |postings| postings.remove(id)) {
            chunk.remove(place);
            if chunk.len() == 0 {
                Arc::make_mut(&mut self.chunks).remove(at);
            }
        }
    }

    /// All values, in order.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Entry<'_>> {
        self.chunks.iter().flat_map(|c| c.entries(0, c.len()))
    }

    /// Values from the first that is not less than what `cmp` seeks.
    pub(crate) fn from(&self, cmp: impl Fn(TermRef<'_>) -> Ordering) -> impl Iterator<Item = Entry<'_>> {
        let (chunk, place) = self.lower(&cmp);
        let first = self.chunks.get(chunk).into_iter().flat_map(move |c| c.entries(place, c.len()));
        let rest = self.chunks.get(chunk + 1..).unwrap_or_default();
        first.chain(rest.iter().flat_map(|c| c.entries(0, c.len())))
    }

    /// Values less than what `cmp` seeks, from the greatest down.
    pub(crate) fn before(&self, cmp: impl Fn(TermRef<'_>) -> Ordering) -> impl Iterator<Item = Entry<'_>> {
        let (chunk, place) = self.lower(&cmp);
        let last = self.chunks.get(chunk).into_iter().flat_map(move |c| c.entries(0, place).rev());
        let rest = self.chunks.get(..chunk).unwrap_or_default();
        last.chain(rest.iter().rev().flat_map(|c| c.entries(0, c.len()).rev()))
    }

    /// All spellings of a text.
    pub(crate) fn folded<'a>(&'a self, text: &str) -> impl Iterator<Item = Entry<'a>> {
        let at_least = self.from(|t| match super::term::fold_cmp(t.text, text) {
            // Everything equal without case counts as not less, whatever its exact spelling.
            Ordering::Equal => Ordering::Greater,
            other => other,
        });
        at_least.take_while(move |e| fold_eq(e.term().text, text))
    }

    /// All values whose text contains `part` without case.
    pub(crate) fn containing(&self, part: &str) -> Vec<Entry<'_>> {
        let part = folded(part);
        if part.contains(BETWEEN) {
            return self.iter().filter(|e| folded(e.term().text).contains(&part)).collect();
        }
        let finder = Finder::new(part.as_bytes());
        let in_chunk = |c: &'_ Arc<Chunk>| c.containing(&finder);
        let found = self.chunks.iter().flat_map(|c| in_chunk(c).into_iter().filter_map(|at| c.entry(at)));
        found.collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::term::{Term, TermKind};
    use super::*;

    fn pairs<'a>(entries: impl Iterator<Item = Entry<'a>>) -> Vec<(String, u64)> {
        let all: roaring::RoaringBitmap = (0..5000).collect();
        entries.map(|e| (e.term().text.to_owned(), e.holders().count_in(&all))).collect()
    }

    fn model_pairs<'a>(
        entries: impl Iterator<Item = (&'a Term, &'a std::collections::BTreeSet<u32>)>,
    ) -> Vec<(String, u64)> {
        entries.map(|(t, ids)| (t.text.to_string(), ids.len() as u64)).collect()
    }

    #[test]
    fn behaves_like_a_map_of_sets_and_copies_stay() {
        let (mut ours, mut model) =
            (Terms::default(), BTreeMap::<Term, std::collections::BTreeSet<u32>>::new());
        let mut seed = 7_u64;
        let mut copies = Vec::new();
        for step in 0..20_000 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let text = match (seed >> 33) % 1500 {
                n if n % 11 == 0 => format!("Ünter-{n}"),
                n if n % 5 == 0 => format!("Name-{n}"),
                n => format!("name-{n}"),
            };
            let term = Term { text: text.as_str().into(), kind: TermKind::Text };
            let id = (seed >> 20) as u32 % 5000;
            if seed.is_multiple_of(3) {
                ours.remove(term.borrowed(), id);
                if let Some(ids) = model.get_mut(&term) {
                    ids.remove(&id);
                    if ids.is_empty() {
                        model.remove(&term);
                    }
                }
            } else {
                ours.add(term.borrowed(), id);
                model.entry(term).or_default().insert(id);
            }
            if step % 4000 == 0 {
                let part = pairs(ours.containing("E-1").into_iter());
                let naive = model.iter().filter(|(t, _)| t.text.to_lowercase().contains("e-1"));
                assert_eq!(part, model_pairs(naive));
                copies.push((ours.clone(), model.clone()));
            }
        }
        copies.push((ours, model));
        for (ours, model) in copies {
            assert_eq!(pairs(ours.iter()), model_pairs(model.iter()));
            let mut rebuilt = TermsBuilder::default();
            ours.iter().for_each(|e| rebuilt.push(e.term(), e.holders().postings()));
            assert_eq!(pairs(rebuilt.finish().iter()), model_pairs(model.iter()));
            let sought = Term { text: "name-77".into(), kind: TermKind::Text };
            let from = ours.from(|t| t.cmp(&sought.borrowed()));
            assert_eq!(pairs(from), model_pairs(model.range(&sought..)));
            let before = ours.before(|t| t.cmp(&sought.borrowed()));
            assert_eq!(pairs(before), model_pairs(model.range(..&sought).rev()));
            let spellings = model.iter().filter(|(t, _)| t.text.to_lowercase() == "name-105");
            assert_eq!(pairs(ours.folded("NAME-105")), model_pairs(spellings));
        }
    }
}
