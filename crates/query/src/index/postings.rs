//! The entities that have a term: mostly one, often a few, sometimes most of the catalog.

use std::sync::Arc;

use roaring::RoaringBitmap;

/// Up to here a sorted slice is smaller and quicker than a bitmap.
const FEW: usize = 24;

/// A set of node ids, sized to its content.
#[derive(Clone, Debug)]
pub(crate) enum Postings {
    One(u32),
    /// Behind a thin pointer: millions of values have but one entity, and pay for the width of all of these.
    Few(Arc<Box<[u32]>>),
    Many(Arc<RoaringBitmap>),
}

impl Postings {
    /// From ids in ascending order, without repeats.
    pub(crate) fn from_sorted(ids: &[u32]) -> Self {
        match ids {
            [one] => Self::One(*one),
            few if few.len() <= FEW => Self::Few(Arc::new(few.into())),
            many => Self::Many(Arc::new(
                RoaringBitmap::from_sorted_iter(many.iter().copied()).unwrap_or_default(),
            )),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::One(_) => false,
            Self::Few(ids) => ids.is_empty(),
            Self::Many(ids) => ids.is_empty(),
        }
    }

    pub(crate) fn insert(&mut self, id: u32) {
        match self {
            Self::One(one) if *one == id => {}
            Self::One(one) => *self = Self::Few(Arc::new([(*one).min(id), (*one).max(id)].into())),
            Self::Few(ids) => {
                let Err(place) = ids.binary_search(&id) else { return };
                let mut all = ids.to_vec();
                all.insert(place, id);
                *self = Self::from_sorted(&all);
            }
            Self::Many(ids) => {
                if !ids.contains(id) {
                    Arc::make_mut(ids).insert(id);
                }
            }
        }
    }

    pub(crate) fn remove(&mut self, id: u32) {
        match self {
            Self::One(one) if *one == id => *self = Self::Few(Arc::default()),
            Self::One(_) => {}
            Self::Few(ids) => *ids = Arc::new(ids.iter().copied().filter(|i| *i != id).collect()),
            Self::Many(ids) => {
                if ids.contains(id) {
                    Arc::make_mut(ids).remove(id);
                }
            }
        }
    }
}

/// The entities that have a term, wherever they are kept.
#[derive(Clone, Copy)]
pub(crate) enum Holders<'a> {
    /// One, which costs no look elsewhere.
    One(u32),
    /// Any number.
    Several(&'a Postings),
}

impl<'a> From<&'a Postings> for Holders<'a> {
    fn from(postings: &'a Postings) -> Self {
        Self::Several(postings)
    }
}

impl Holders<'_> {
    /// A copy to keep.
    #[cfg(test)]
    pub(crate) fn postings(self) -> Postings {
        match self {
            Self::One(one) => Postings::One(one),
            Self::Several(several) => several.clone(),
        }
    }

    pub(crate) fn add_to(self, set: &mut RoaringBitmap) {
        match self {
            Self::One(one) | Self::Several(&Postings::One(one)) => {
                set.insert(one);
            }
            Self::Several(Postings::Few(ids)) => set.extend(ids.iter().copied()),
            Self::Several(Postings::Many(ids)) => *set |= ids.as_ref(),
        }
    }

    pub(crate) fn count_in(self, filter: &RoaringBitmap) -> u64 {
        match self {
            Self::One(one) | Self::Several(&Postings::One(one)) => u64::from(filter.contains(one)),
            Self::Several(Postings::Few(ids)) => ids.iter().filter(|i| filter.contains(**i)).count() as u64,
            Self::Several(Postings::Many(ids)) => ids.intersection_len(filter),
        }
    }

    /// Appends the ids that are in `filter`.
    pub(crate) fn collect_in(self, filter: &RoaringBitmap, out: &mut Vec<u32>) {
        match self {
            Self::One(one) | Self::Several(&Postings::One(one)) => {
                out.extend(filter.contains(one).then_some(one));
            }
            Self::Several(Postings::Few(ids)) => {
                out.extend(ids.iter().copied().filter(|i| filter.contains(*i)));
            }
            Self::Several(Postings::Many(ids)) => out.extend(ids.as_ref() & filter),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_and_shrinks_through_all_sizes() {
        let mut p = Postings::One(50);
        for id in 0..100 {
            p.insert(id);
        }
        let all: RoaringBitmap = (0..1000).collect();
        assert_eq!(Holders::from(&p).count_in(&all), 100);
        for id in 0..100 {
            p.remove(id);
            assert_eq!(Holders::from(&p).count_in(&all), 99 - u64::from(id));
        }
        assert!(p.is_empty());
    }
}
