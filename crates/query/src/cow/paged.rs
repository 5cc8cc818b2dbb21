//! A growable array in shared pages.

use std::sync::Arc;

const PAGE: usize = 256;

/// An array whose copies share unmodified pages.
#[derive(Clone)]
pub(crate) struct PagedVec<T> {
    pages: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T> Default for PagedVec<T> {
    fn default() -> Self {
        Self { pages: Vec::new(), len: 0 }
    }
}

impl<T: Clone> PagedVec<T> {
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        self.pages.get(index / PAGE)?.get(index % PAGE)
    }

    /// The element for writing; copies its page if a snapshot shares it.
    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        Arc::make_mut(self.pages.get_mut(index / PAGE)?).get_mut(index % PAGE)
    }

    /// Appends and returns the new element's index.
    pub(crate) fn push(&mut self, value: T) -> usize {
        if self.len.is_multiple_of(PAGE) {
            self.pages.push(Arc::new(Vec::with_capacity(PAGE)));
        }
        if let Some(page) = self.pages.last_mut() {
            Arc::make_mut(page).push(value);
        }
        self.len += 1;
        self.len - 1
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.pages.iter().flat_map(|p| p.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_keeps_what_it_saw() {
        let mut v = PagedVec::default();
        for i in 0..1000 {
            assert_eq!(v.push(i), i);
        }
        let before = v.clone();
        *v.get_mut(700).unwrap() = 7;
        assert_eq!((before.get(700), v.get(700)), (Some(&700), Some(&7)));
        assert_eq!(v.get(1000), None);
        assert_eq!(before.iter().sum::<usize>(), 499_500);
    }
}
