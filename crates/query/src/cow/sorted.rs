//! An ordered map in shared chunks.
//!
//! Two levels are enough for a million entries: a list of chunks, found by binary search on their
//! first keys, and at most [`CHUNK`] entries in each.

use std::cmp::Ordering;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

const CHUNK: usize = 256;

/// An ordered map whose copies share unmodified chunks. `D` is what readers may derive from the entries of a
/// chunk and leave with it; it goes when the chunk changes.
pub(crate) struct SortedMap<K, V, D = ()> {
    chunks: Vec<Arc<Chunk<K, V, D>>>,
    len: usize,
}

impl<K, V, D> Clone for SortedMap<K, V, D> {
    fn clone(&self) -> Self {
        Self { chunks: self.chunks.clone(), len: self.len }
    }
}

/// Entries in order, and what is derived from them.
pub(crate) struct Chunk<K, V, D> {
    entries: Vec<(K, V)>,
    pub(crate) derived: OnceLock<D>,
}

impl<K, V, D> Chunk<K, V, D> {
    fn new(entries: Vec<(K, V)>) -> Arc<Self> {
        Arc::new(Self { entries, derived: OnceLock::new() })
    }
}

impl<K: Clone, V: Clone, D> Clone for Chunk<K, V, D> {
    /// A copy is made to be changed.
    fn clone(&self) -> Self {
        Self { entries: self.entries.clone(), derived: OnceLock::new() }
    }
}

impl<K, V, D> Deref for Chunk<K, V, D> {
    type Target = Vec<(K, V)>;

    fn deref(&self) -> &Vec<(K, V)> {
        &self.entries
    }
}

/// The entries for writing; what was derived from them goes.
fn writable<K: Clone, V: Clone, D>(chunk: &mut Arc<Chunk<K, V, D>>) -> &mut Vec<(K, V)> {
    let chunk = Arc::make_mut(chunk);
    chunk.derived.take();
    &mut chunk.entries
}

impl<K, V, D> Default for SortedMap<K, V, D> {
    fn default() -> Self {
        Self { chunks: Vec::new(), len: 0 }
    }
}

impl<K: Clone + Ord, V: Clone, D> SortedMap<K, V, D> {
    /// Builds from entries already in order, without repeats.
    pub(crate) fn from_sorted(entries: Vec<(K, V)>) -> Self {
        let len = entries.len();
        let mut chunks = Vec::with_capacity(len.div_ceil(CHUNK / 2));
        let mut rest = entries.into_iter();
        loop {
            let chunk: Vec<_> = rest.by_ref().take(CHUNK / 2).collect();
            if chunk.is_empty() {
                return Self { chunks, len };
            }
            chunks.push(Chunk::new(chunk));
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
                    None => self.chunks.push(Chunk::new(Vec::new())),
                }
            }
            if self.chunks.get(chunk).is_some_and(|c| c.len() >= CHUNK) {
                (chunk, place) = self.split(chunk, place);
            }
            writable(self.chunks.get_mut(chunk)?).insert(place, (key, new()));
            self.len += 1;
        }
        writable(self.chunks.get_mut(chunk)?).get_mut(place).map(|(_, v)| v)
    }

    fn split(&mut self, chunk: usize, place: usize) -> (usize, usize) {
        let Some(full) = self.chunks.get_mut(chunk) else { return (chunk, place) };
        // Appending in order is common (bulk loads): leave the left half full then.
        let at = if place == full.len() { full.len() - 1 } else { full.len() / 2 };
        let right = writable(full).split_off(at);
        self.chunks.insert(chunk + 1, Chunk::new(right));
        if place > at { (chunk + 1, place - at) } else { (chunk, place) }
    }

    pub(crate) fn insert(&mut self, key: K, value: V) {
        if let Some(slot) = self.entry(key, || value.clone()) {
            *slot = value;
        }
    }

    pub(crate) fn remove(&mut self, key: &K) -> Option<V> {
        let (chunk, place) = self.lower(&|k: &K| k.cmp(key));
        let entries = self.chunks.get_mut(chunk)?;
        if entries.get(place).is_none_or(|(k, _)| k != key) {
            return None;
        }
        let (_, value) = writable(entries).remove(place);
        if entries.is_empty() {
            self.chunks.remove(chunk);
        }
        self.len -= 1;
        Some(value)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.chunks.iter().flat_map(|c| c.iter()).map(|(k, v)| (k, v))
    }

    /// The entries by chunk, for what is derived from whole chunks.
    pub(crate) fn chunks(&self) -> impl Iterator<Item = &Chunk<K, V, D>> {
        self.chunks.iter().map(Arc::as_ref)
    }

    /// Entries from the first whose key is not less than what `cmp` seeks.
    pub(crate) fn from(&self, cmp: impl Fn(&K) -> Ordering) -> impl Iterator<Item = (&K, &V)> {
        let (chunk, place) = self.lower(&cmp);
        let first: &[(K, V)] = self.chunks.get(chunk).and_then(|c| c.get(place..)).unwrap_or_default();
        let rest = self.chunks.get(chunk + 1..).unwrap_or_default();
        first.iter().chain(rest.iter().flat_map(|c| c.iter())).map(|(k, v)| (k, v))
    }

    /// Entries less than what `cmp` seeks, from the greatest down.
    pub(crate) fn before(&self, cmp: impl Fn(&K) -> Ordering) -> impl Iterator<Item = (&K, &V)> {
        let (chunk, place) = self.lower(&cmp);
        let last: &[(K, V)] = self.chunks.get(chunk).and_then(|c| c.get(..place)).unwrap_or_default();
        let rest = self.chunks.get(..chunk).unwrap_or_default();
        last.iter().rev().chain(rest.iter().rev().flat_map(|c| c.iter().rev())).map(|(k, v)| (k, v))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn behaves_like_a_btree_map_and_copies_stay() {
        let (mut ours, mut model) = (SortedMap::<u64, u64, usize>::default(), BTreeMap::new());
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
            for chunk in ours.chunks() {
                assert_eq!(*chunk.derived.get_or_init(|| chunk.len()), chunk.len());
            }
            if step % 4000 == 0 {
                copies.push((ours.clone(), model.clone()));
            }
        }
        copies.push((ours, model));
        for (ours, model) in copies {
            assert_eq!(ours.len(), model.len());
            assert!(ours.iter().eq(model.iter()));
            for sought in [0, 1, 1499, 2999, 5000] {
                assert!(ours.from(|k| k.cmp(&sought)).eq(model.range(sought..)));
                assert!(ours.before(|k| k.cmp(&sought)).eq(model.range(..sought).rev()));
                assert_eq!(ours.get(&sought), model.get(&sought));
            }
        }
    }
}
