//! Numbers found by a hash of what they stand for, in shared pages.

use std::sync::Arc;

/// A page is split when it has more than so many on average: a scan of one is a few cache lines.
const PAGE: usize = 96;

/// (some bits of the hash, number).
type Page = Vec<(u32, u32)>;

/// An index whose copies share unmodified pages. What the numbers stand for is known to the caller.
#[derive(Clone, Default)]
pub(crate) struct Hashed {
    /// As many as a power of two; the low bits of a hash tell which.
    pages: Arc<Vec<Arc<Page>>>,
    len: usize,
}

/// The bits that tell numbers of a page apart, from the other end of the hash.
fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
}

impl Hashed {
    /// From (hash, number), each number once.
    pub(crate) fn from_all(all: impl ExactSizeIterator<Item = (u64, u32)>) -> Self {
        let len = all.len();
        let count = len.div_ceil(PAGE).next_power_of_two();
        let mut pages: Vec<Page> = vec![Vec::with_capacity(len / count + PAGE / 4); count];
        for (hash, number) in all {
            if let Some(page) = pages.get_mut(hash as usize & (count - 1)) {
                page.push((tag(hash), number));
            }
        }
        Self { pages: Arc::new(pages.into_iter().map(Arc::new).collect()), len }
    }

    /// The number under a hash that the caller recognises.
    pub(crate) fn find(&self, hash: u64, is_it: impl Fn(u32) -> bool) -> Option<u32> {
        let page = self.pages.get(hash as usize & self.pages.len().checked_sub(1)?)?;
        page.iter().find(|(t, number)| *t == tag(hash) && is_it(*number)).map(|(_, number)| *number)
    }

    /// Adds a number that is not there yet. `hash_of` tells the hash of those that are.
    pub(crate) fn insert(&mut self, hash: u64, number: u32, hash_of: impl Fn(u32) -> u64) {
        if self.len >= self.pages.len() * PAGE {
            let numbers: Vec<u32> = self.pages.iter().flat_map(|p| p.iter().map(|(_, n)| *n)).collect();
            // Twice the pages, so that the next time is as far away as there are numbers.
            let count = (self.pages.len() * 2).max(1);
            let mut pages: Vec<Page> = vec![Vec::new(); count];
            for (hash, number) in numbers.into_iter().map(|n| (hash_of(n), n)) {
                if let Some(page) = pages.get_mut(hash as usize & (count - 1)) {
                    page.push((tag(hash), number));
                }
            }
            self.pages = Arc::new(pages.into_iter().map(Arc::new).collect());
        }
        let at = hash as usize & (self.pages.len() - 1);
        if let Some(page) = Arc::make_mut(&mut self.pages).get_mut(at) {
            Arc::make_mut(page).push((tag(hash), number));
        }
        self.len += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many have equal tags, many pages are equal.
    fn hash(n: u32) -> u64 {
        u64::from(n % 700).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    #[test]
    fn finds_what_was_put_in_and_copies_stay() {
        let (mut grown, mut copies) = (Hashed::default(), Vec::new());
        for n in 0..5000 {
            assert_eq!(grown.find(hash(n), |m| m == n), None);
            grown.insert(hash(n), n, hash);
            if n % 1000 == 7 {
                copies.push((n, grown.clone()));
            }
        }
        copies.push((4999, grown));
        copies.push((4999, Hashed::from_all((0..5000).map(|n| (hash(n), n)))));
        for (last, index) in copies {
            for n in 0..5100 {
                let expected = (n <= last).then_some(n);
                assert_eq!(index.find(hash(n), |m| m == n), expected);
            }
        }
    }
}
