//! An ordered map in shared chunks.
//!
//! Two levels are enough for a million entries: a list of chunks, found by binary search on their
//! first keys, and at most [`CHUNK`] entries in each.

use std::cmp::Ordering;
use std::sync::Arc;

const CHUNK: usize = 256;

/// Entries in order.
type Chunk<K, V> = Vec<(K, V)>;

/// An ordered map whose copies share unmodified chunks.
#[derive(Clone)]
pub(crate) struct SortedMap<K, V> {
    chunks: Arc<Vec<Arc<Chunk<K, V>>>>,
    len: usize,
}

impl<K, V> Default for SortedMap<K, V> {
    fn default() -> Self {
        Self { chunks: Arc::default(), len: 0 }
    }
}

impl<K: Clone + Ord, V: Clone> SortedMap<K, V> {
    /// Builds from entries already in order, without repeats.
    pub(crate) fn from_sorted(entries: Vec<(K, V)>) -> Self {
        let len = entries.len();
        let mut chunks = Vec::with_capacity(len.div_ceil(CHUNK / 2));
        let mut rest = entries.into_iter();
        loop {
            let chunk: Vec<_> = rest.by_ref().take(CHUNK / 2).collect();
            if chunk.is_empty() {
                return Self { chunks: Arc::new(chunks), len };
            }
            chunks.push(Arc::new(chunk));
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// Where the first key that is not less stands: (chunk, place in it).
    fn lower(&self, cmp: &impl Fn(&K) -> Ordering) -> (usize, usize) {
        let chunk = self.chunks.partition_point(|c| c.last().is_some_and(|(k, _)| cmp(k) == Ordering::Less));
        let place =
            self.chunks.get(chunk).map_or(0, |c| c.partition_point(|(k, _)| cmp(k) == Ordering::Less));
        (chunk, place)
    }

    /// The value whose key compares equal. `cmp` tells how a key compares to what is sought.
    pub(crate) fn get_by(&self, cmp: impl Fn(&K) -> Ordering) -> Option<&V> {
        let (chunk, place) = self.lower(&cmp);
        let (key, value) = self.chunks.get(chunk)?.get(place)?;
        (cmp(key) == Ordering::Equal).then_some(value)
    }

    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.get_by(|k| k.cmp(key))
    }

    /// The value for writing, inserted first where the key is new.
    pub(crate) fn entry(&mut self, key: K, new: impl FnOnce() -> V) -> Option<&mut V> {
        let (mut chunk, mut place) = self.lower(&|k: &K| k.cmp(&key));
        let found = self.chunks.get(chunk).and_then(|c| c.get(place)).is_some_and(|(k, _)| *k == key);
        if !found {
            if chunk == self.chunks.len() {
                match chunk.checked_sub(1) {
                    Some(last) => (chunk, place) = (last, self.chunks.get(last).map_or(0, |c| c.len())),
                    None => Arc::make_mut(&mut self.chunks).push(Arc::new(Vec::new())),
                }
            }
            if self.chunks.get(chunk).is_some_and(|c| c.len() >= CHUNK) {
                (chunk, place) = self.split(chunk, place);
            }
            Arc::make_mut(Arc::make_mut(&mut self.chunks).get_mut(chunk)?).insert(place, (key, new()));
            self.len += 1;
        }
        Arc::make_mut(Arc::make_mut(&mut self.chunks).get_mut(chunk)?).get_mut(place).map(|(_, v)| v)
    }

    fn split(&mut self, chunk: usize, place: usize) -> (usize, usize) {
        let chunks = Arc::make_mut(&mut self.chunks);
        let Some(full) = chunks.get_mut(chunk) else { return (chunk, place) };
        // Appending in order is common (bulk loads): leave the left half full then.
        let at = if place == full.len() { full.len() - 1 } else { full.len() / 2 };
        let right = Arc::make_mut(full).split_off(at);
        chunks.insert(chunk + 1, Arc::new(right));
        if place > at { (chunk + 1, place - at) } else { (chunk, place) }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if let Some(slot) = self.entry(key, || value.clone()) {
            *slot = value;
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (chunk, place) = self.lower(&|k: &K| k.cmp(key));
        if self.chunks.get(chunk)?.get(place).is_none_or(|(k, _)| k != key) {
            return None;
        }
        let chunks = Arc::make_mut(&mut self.chunks);
        let entries = chunks.get_mut(chunk)?;
        let (_, value) = Arc::make_mut(entries).remove(place);
        if entries.is_empty() {
            chunks.remove(chunk);
        }
        self.len -= 1;
        Some(value)
    }

    /// Entries from the first whose key is not less than what `cmp` seeks.
    pub(crate) fn from(&self, cmp: impl Fn(&K) -> Ordering) -> impl Iterator<Item = (&K, &V)> {
        let (chunk, place) = self.lower(&cmp);
        let first = self.chunks.get(chunk).and_then(|c| c.get(place..)).unwrap_or_default();
        let rest = self.chunks.get(chunk + 1..).unwrap_or_default();
        first.iter().chain(rest.iter().flat_map(|c| c.iter())).map(|(k, v)| (k, v))
    }

    /// Entries from the first whose key is not less than what `from` seeks, to the last less than what `to` does.
    pub(crate) fn between<'s>(
        &'s self,
        from: &dyn Fn(&K) -> Ordering,
        to: &dyn Fn(&K) -> Ordering,
    ) -> impl DoubleEndedIterator<Item = (&'s K, &'s V)> + use<'s, K, V> {
        let ((first, start), (last, end)) = (self.lower(&from), self.lower(&to));
        let chunks = self.chunks.get(first..self.chunks.len().min(last + 1)).unwrap_or_default();
        let part = move |(at, chunk): (usize, &Arc<Chunk<K, V>>)| {
            let start = if at == 0 { start } else { 0 };
            let end = if first + at == last { end } else { chunk.len() };
            start..end
        };
        let parts = chunks.iter().enumerate().map(move |(at, chunk)| (chunk, part((at, chunk))));
        parts.flat_map(|(chunk, part)| chunk.get(part).unwrap_or_default()).map(|(k, v)| (k, v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn behaves_like_a_btree_map_and_copies_stay() {
        let (mut ours, mut model) = (SortedMap::default(), BTreeMap::new());
        let mut seed = 42_u64;
        let mut copies = Vec::new();
        for step in 0..20_000_u64 {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let key = (seed >> 40) % 3000;
            if seed.is_multiple_of(3) {
                assert_eq!(ours.remove(&key), model.remove(&key));
            } else {
                ours.insert(key, step);
                model.insert(key, step);
            }
            if step % 4000 == 0 {
                copies.push((ours.clone(), model.clone()));
            }
        }
        copies.push((ours, model));
        for (ours, model) in copies {
            assert_eq!(ours.len(), model.len());
            for sought in [0, 1, 1499, 2999, 5000] {
                assert!(ours.from(|k| k.cmp(&sought)).eq(model.range(sought..)));
                for end in [0, sought, sought + 7, 2000, 9000] {
                    let between = || ours.between(&|k| k.cmp(&sought), &|k| k.cmp(&end));
                    let known = || model.iter().filter(|(k, _)| (sought..end).contains(*k));
                    assert!(between().eq(known()) && between().rev().eq(known().rev()), "{sought} {end}");
                }
                assert_eq!(ours.get(&sought), model.get(&sought));
            }
        }
    }
}
