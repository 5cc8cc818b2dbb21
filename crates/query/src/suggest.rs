//! Entities by a few typed letters, also where a letter is wrong.
//!
//! Names and titles are looked at in the index, once per distinct value. What is equal comes first, then what begins
//! with the text, what has a word that does, what contains it, and what has all of its words. Only where that is little
//! are those added that are one or two slips away ([`near`]).

mod near;

use roaring::RoaringBitmap;

use crate::budget::spend;
use crate::catalog::{Catalog, NodeId};
use crate::index::term::{fold_eq, folded};
use crate::index::terms::Entry;
pub use near::Near;

/// Where names and titles are.
const FIELDS: [&str; 4] = [
    "metadata.name",
    "metadata.title",
    "spec.profile.displayName",
    "metadata.annotations.stagedoor.io/identifier",
];
/// With so many that contain the text nobody looks for slips.
const ENOUGH: u64 = 5;
/// Of more than these only the first by reference are put in order by length.
const SORTED: u64 = 2_000;
/// Longer texts are cut: nobody types them.
const LONGEST: usize = 100;

/// What was found.
#[derive(Debug, Default)]
pub struct Suggested {
    /// The best first.
    pub nodes: Vec<NodeId>,
    /// How many contain the text, or are near it.
    pub total: u64,
    /// Nothing contains the text: these are near it.
    pub near: bool,
}

/// Sets of entities, each worse than the one before.
#[derive(Default)]
struct Ranks {
    equal: RoaringBitmap,
    prefix: RoaringBitmap,
    word: RoaringBitmap,
    contains: RoaringBitmap,
}

impl Catalog {
    /// The entities that a few letters may mean, at most `limit`.
    #[must_use]
    pub fn suggest(&self, text: &str, limit: usize) -> Suggested {
        let text: String = folded(text.trim()).chars().take(LONGEST).collect();
        if text.is_empty() {
            return Suggested::default();
        }
        let ranks = self.ranks(&text, limit);
        let mut nodes = Vec::new();
        let sets = [&ranks.equal, &ranks.prefix, &ranks.word, &ranks.contains];
        for set in sets {
            self.add_best(set, limit, &mut nodes);
        }
        let mut total = ranks.contains.len();
        let exactly = total;
        if total < ENOUGH {
            let slips = self.slips(&text, &ranks.contains);
            total += slips.iter().map(RoaringBitmap::len).sum::<u64>();
            for set in &slips {
                self.add_best(set, limit, &mut nodes);
            }
        }
        Suggested { nodes, total, near: exactly == 0 && total > 0 }
    }

    fn ranks(&self, text: &str, limit: usize) -> Ranks {
        let mut ranks = Ranks::default();
        let mut containing = Vec::new();
        for field in FIELDS.iter().flat_map(|path| self.index.folded(path)) {
            containing.extend(field.terms.containing(text).into_iter().take_while(|_| spend(1)));
        }
        for entry in &containing {
            let term = entry.term().text;
            entry.holders().add_to(&mut ranks.contains);
            if begins(term, text) {
                entry.holders().add_to(&mut ranks.prefix);
                if fold_eq(term, text) {
                    entry.holders().add_to(&mut ranks.equal);
                }
            }
        }
        for set in [&mut ranks.equal, &mut ranks.prefix, &mut ranks.contains] {
            *set &= self.live.as_ref();
        }
        if ranks.prefix.len() < limit as u64 {
            let words = containing.iter().filter(|entry| has_word(entry.term().text, text));
            words.for_each(|entry| entry.holders().add_to(&mut ranks.word));
            ranks.word &= self.live.as_ref();
        }
        if text.contains(char::is_whitespace) {
            ranks.contains |= self.with_all_words(text);
        }
        ranks
    }

    /// What has every word of a text somewhere in its name or title.
    fn with_all_words(&self, text: &str) -> RoaringBitmap {
        let mut all: Option<RoaringBitmap> = None;
        for word in text.split_whitespace() {
            let mut found = RoaringBitmap::new();
            for field in FIELDS.iter().flat_map(|path| self.index.folded(path)) {
                let entries: Vec<Entry<'_>> = field.terms.containing(word);
                entries.iter().take_while(|_| spend(1)).for_each(|e| e.holders().add_to(&mut found));
            }
            all = Some(match all {
                Some(all) => all & found,
                None => found & self.live.as_ref(),
            });
        }
        all.unwrap_or_default()
    }

    /// What is one slip away, and what is two.
    fn slips(&self, text: &str, known: &RoaringBitmap) -> [RoaringBitmap; 2] {
        let mut found = [RoaringBitmap::new(), RoaringBitmap::new()];
        let Some(near) = Near::to(text) else { return found };
        for field in FIELDS.iter().flat_map(|path| self.index.folded(path)) {
            for entry in field.terms.iter().take_while(|_| spend(1)) {
                if let Some(set) = near.slips(entry.term().text).and_then(|n| found.get_mut(n.max(1) - 1)) {
                    entry.holders().add_to(set);
                }
            }
        }
        let [one, two] = &mut found;
        *one &= self.live.as_ref();
        *one -= known;
        *two &= self.live.as_ref();
        *two -= known;
        *two -= &*one;
        found
    }

    /// Those of a set that are not there yet: short names first, for they have least besides the text.
    fn add_best(&self, set: &RoaringBitmap, limit: usize, out: &mut Vec<NodeId>) {
        if out.len() >= limit || set.is_empty() {
            return;
        }
        let mut nodes: Vec<NodeId> = match set.len() > SORTED {
            true => self.in_reference_order(set, limit + out.len()),
            false => set.iter().collect(),
        };
        nodes.retain(|node| !out.contains(node));
        let length = |n: NodeId| {
            self.entity(n).map_or(0, |e| e.title.as_deref().unwrap_or(&e.record.identifier).len())
        };
        nodes.sort_by_cached_key(|n| (length(*n), self.reference(*n).to_owned()));
        nodes.truncate(limit - out.len());
        out.extend(nodes);
    }

    fn in_reference_order(&self, set: &RoaringBitmap, most: usize) -> Vec<NodeId> {
        crate::page::Selection::of(self, set.clone()).by_ref(None, false).take(most).collect()
    }
}

/// Whether a value begins with a folded text.
fn begins(value: &str, text: &str) -> bool {
    match value.as_bytes().get(..text.len()) {
        Some(start) if value.is_ascii() => start.eq_ignore_ascii_case(text.as_bytes()),
        _ => !value.is_ascii() && folded(value).starts_with(text),
    }
}

/// Whether a word of a value begins with a folded text: `serv` in `orders-service`, `Order Service`, `orderService`.
fn has_word(value: &str, text: &str) -> bool {
    near::word_starts(value).any(|at| value.get(at..).is_some_and(|rest| begins(rest, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_begin_after_what_is_no_letter_and_with_capitals() {
        for (value, text, is) in [
            ("orders-service", "serv", true),
            ("orders-service", "ers", false),
            ("Order Service", "serv", true),
            ("orderService", "serv", true),
            ("orders-ämter", "ämt", true),
            ("orders", "orders", true),
        ] {
            assert_eq!(has_word(value, text), is, "{value} {text}");
        }
    }
}
