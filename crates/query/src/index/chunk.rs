//! A piece of the sorted values of a field.

use std::cmp::Ordering;
use std::sync::OnceLock;

use memchr::memmem::Finder;

use super::postings::{Holders, Postings};
use super::term::{TermKind, TermRef, folded};
use super::terms::Entry;

/// Stands behind every text, so that no part that is sought is found across two of them.
pub(super) const BETWEEN: char = '\0';
/// Marks among the holders of values what is no node; there are never so many nodes.
const SEVERAL: u32 = 1 << 31;

/// Values in order, their parts apart: most values have one node each, and a walk over them reads just these.
#[derive(Default)]
pub(super) struct Chunk {
    text: String,
    /// Where each text ends; the separator stands there.
    ends: Vec<u32>,
    kinds: Vec<TermKind>,
    /// Who has each: a node, or with [`SEVERAL`] the place in `several`.
    holders: Vec<u32>,
    several: Vec<Postings>,
    /// For finding parts of texts, made when first asked for.
    haystack: OnceLock<Haystack>,
}

/// The lower-case texts of a chunk in one piece.
enum Haystack {
    /// The chunk's own: they are ASCII and lower-case already.
    Same,
    /// As long as the chunk's own.
    Ascii(Box<str>),
    /// With where each of them ends.
    Unicode(Box<str>, Box<[u32]>),
}

impl Clone for Chunk {
    /// A copy is made to be changed.
    fn clone(&self) -> Self {
        Self {
            text: self.text.clone(),
            ends: self.ends.clone(),
            kinds: self.kinds.clone(),
            holders: self.holders.clone(),
            several: self.several.clone(),
            haystack: OnceLock::new(),
        }
    }
}

impl Chunk {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    fn start(&self, at: usize) -> usize {
        at.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |end| *end as usize + 1)
    }

    fn text(&self, at: usize) -> &str {
        let end = self.ends.get(at).map_or(0, |end| *end as usize);
        self.text.get(self.start(at)..end).unwrap_or_default()
    }

    pub(super) fn term(&self, at: usize) -> TermRef<'_> {
        let kind = self.kinds.get(at).copied().unwrap_or(TermKind::Text);
        TermRef { text: self.text(at), kind }
    }

    pub(super) fn holders(&self, at: usize) -> Holders<'_> {
        let held = self.holders.get(at).copied().unwrap_or_default();
        match self.several.get((held & !SEVERAL) as usize) {
            Some(several) if held & SEVERAL != 0 => Holders::Several(several),
            _ => Holders::One(held),
        }
    }

    /// What stands for these among the holders.
    fn held(&mut self, postings: Postings) -> u32 {
        match postings {
            Postings::One(one) => one,
            several => {
                self.several.push(several);
                (self.several.len() as u32 - 1) | SEVERAL
            }
        }
    }

    /// Takes the holders at a place out; what is left there stands for nothing.
    fn take_holders(&mut self, at: usize) -> Postings {
        let held = self.holders.get(at).copied().unwrap_or_default();
        if held & SEVERAL == 0 {
            return Postings::One(held);
        }
        let (place, last) = (held & !SEVERAL, self.several.len().saturating_sub(1) as u32);
        // The last takes its place.
        self.holders.iter_mut().filter(|h| **h == last | SEVERAL).for_each(|h| *h = held);
        self.several.swap_remove(place as usize)
    }

    /// Changes who has the value at a place; whether anybody is left. The texts stay, and what was made of them for
    /// finding parts.
    pub(super) fn change(&mut self, at: usize, change: impl FnOnce(&mut Postings)) -> bool {
        let mut postings = self.take_holders(at);
        change(&mut postings);
        let left = !postings.is_empty();
        let held = self.held(postings);
        if let Some(place) = self.holders.get_mut(at) {
            *place = held;
        }
        left
    }

    pub(super) fn entry(&self, at: usize) -> Option<Entry<'_>> {
        (at < self.len()).then_some(Entry { chunk: self, at })
    }

    pub(super) fn entries(&self, from: usize, to: usize) -> impl DoubleEndedIterator<Item = Entry<'_>> {
        (from..to).map(move |at| Entry { chunk: self, at })
    }

    /// The place of the first value that is not less.
    pub(super) fn lower(&self, cmp: &impl Fn(TermRef<'_>) -> Ordering) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if cmp(self.term(middle)) == Ordering::Less {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    pub(super) fn push(&mut self, term: TermRef<'_>, postings: Postings) {
        let held = self.held(postings);
        self.text.push_str(term.text);
        self.ends.push(self.text.len() as u32);
        self.kinds.push(term.kind);
        self.holders.push(held);
        self.text.push(BETWEEN);
    }

    pub(super) fn insert(&mut self, at: usize, term: TermRef<'_>, postings: Postings) {
        let (held, start) = (self.held(postings), self.start(at));
        self.haystack.take();
        self.text.insert(start, BETWEEN);
        self.text.insert_str(start, term.text);
        let length = term.text.len() as u32;
        self.ends.insert(at, start as u32 + length);
        self.kinds.insert(at, term.kind);
        self.holders.insert(at, held);
        self.ends.iter_mut().skip(at + 1).for_each(|end| *end += length + 1);
    }

    /// Takes a value out that nobody has any more.
    pub(super) fn remove(&mut self, at: usize) {
        self.take_holders(at);
        self.haystack.take();
        let (start, end) = (self.start(at), self.ends.get(at).map_or(0, |end| *end as usize));
        self.text.drain(start..=end);
        self.ends.remove(at);
        self.kinds.remove(at);
        self.holders.remove(at);
        let length = (end + 1 - start) as u32;
        self.ends.iter_mut().skip(at).for_each(|end| *end -= length);
    }

    pub(super) fn split_off(&mut self, at: usize) -> Self {
        let start = self.start(at);
        self.haystack.take();
        let mut right = Self { text: self.text.split_off(start), ..Self::default() };
        right.ends = self.ends.split_off(at);
        right.ends.iter_mut().for_each(|end| *end -= start as u32);
        right.kinds = self.kinds.split_off(at);
        for place in at..self.holders.len() {
            let postings = self.take_holders(place);
            let held = right.held(postings);
            right.holders.push(held);
            // Not to be taken for one of those that are left.
            if let Some(place) = self.holders.get_mut(place) {
                *place = 0;
            }
        }
        self.holders.truncate(at);
        right
    }

    pub(super) fn shrink(&mut self) {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        self.kinds.shrink_to_fit();
        self.holders.shrink_to_fit();
        self.several.shrink_to_fit();
    }

    fn haystack(&self) -> Haystack {
        if !self.text.is_ascii() {
            let (mut text, mut ends) = (String::with_capacity(self.text.len()), Vec::new());
            for at in 0..self.len() {
                text.push_str(&folded(self.text(at)));
                ends.push(text.len() as u32);
                text.push(BETWEEN);
            }
            return Haystack::Unicode(text.into(), ends.into());
        }
        if self.text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Haystack::Ascii(self.text.to_ascii_lowercase().into());
        }
        Haystack::Same
    }

    /// The places of the values that contain what is sought, ascending, each once.
    pub(super) fn containing(&self, part: &Finder<'_>) -> Vec<usize> {
        let own = |at: usize| self.ends.partition_point(|end| *end as usize <= at);
        let mut places: Vec<usize> = match self.haystack.get_or_init(|| self.haystack()) {
            Haystack::Same => part.find_iter(self.text.as_bytes()).map(own).collect(),
            Haystack::Ascii(text) => part.find_iter(text.as_bytes()).map(own).collect(),
            Haystack::Unicode(text, ends) => part
                .find_iter(text.as_bytes())
                .map(|at| ends.partition_point(|end| *end as usize <= at))
                .collect(),
        };
        places.dedup();
        places
    }
}
