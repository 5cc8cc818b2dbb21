//! The nodes that the last changes touched, for whoever keeps something about entities and brings it up to date.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use roaring::RoaringBitmap;

use crate::catalog::{Catalog, NodeId};

/// Nodes of a page. A commit copies the last one.
const PAGE: usize = 512;
/// So many pages are kept.
const PAGES: usize = 64;

static NEXT: AtomicU64 = AtomicU64::new(1);

/// A state of a catalog, as its successors know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    line: u64,
    at: u64,
    /// The last mark: a state that came to nothing is no predecessor of one that touched as much.
    mark: u64,
}

impl Place {
    /// Whether it is the other's, or a predecessor's.
    pub(crate) fn is_before(self, other: Self) -> bool {
        self.line == other.line && self.at <= other.at
    }
}

/// The last touched nodes, oldest first.
#[derive(Clone)]
pub(crate) struct Touched {
    /// Of the catalog and all that come of it.
    line: u64,
    /// How many are forgotten.
    gone: u64,
    /// Each with the mark that it was given.
    pages: VecDeque<Arc<Vec<(NodeId, u64)>>>,
}

impl Default for Touched {
    fn default() -> Self {
        Self { line: NEXT.fetch_add(1, Ordering::Relaxed), gone: 0, pages: VecDeque::new() }
    }
}

impl Touched {
    pub(crate) fn push(&mut self, node: NodeId, mark: u64) {
        if self.pages.back().is_none_or(|page| page.len() == PAGE) {
            if self.pages.len() == PAGES {
                self.pages.pop_front();
                self.gone += PAGE as u64;
            }
            self.pages.push_back(Arc::new(Vec::with_capacity(PAGE)));
        }
        if let Some(page) = self.pages.back_mut() {
            Arc::make_mut(page).push((node, mark));
        }
    }

    fn end(&self) -> u64 {
        let full = self.pages.len().saturating_sub(1) * PAGE;
        self.gone + (full + self.pages.back().map_or(0, |page| page.len())) as u64
    }

    fn since(&self, place: Place) -> Option<RoaringBitmap> {
        if place.line != self.line || place.at < self.gone || place.at > self.end() {
            return None;
        }
        if place.at > self.gone && self.mark_before(place.at) != place.mark {
            return None;
        }
        let skip = (place.at - self.gone) as usize;
        let rest = self.pages.iter().skip(skip / PAGE).flat_map(|page| page.iter().copied());
        Some(rest.skip(skip % PAGE).map(|(node, _)| node).collect())
    }

    /// The mark of the last node that was touched before there were so many; 0 where that is forgotten.
    fn mark_before(&self, at: u64) -> u64 {
        let Some(last) = at.checked_sub(self.gone + 1) else { return 0 };
        let page = self.pages.get(last as usize / PAGE);
        page.and_then(|page| page.get(last as usize % PAGE)).map_or(0, |(_, mark)| *mark)
    }

    fn place(&self) -> Place {
        let at = self.end();
        Place { line: self.line, at, mark: self.mark_before(at) }
    }
}

impl Catalog {
    /// Where it stands among its predecessors and successors.
    #[must_use]
    pub fn place(&self) -> Place {
        self.touched.place()
    }

    /// The nodes at which an entity or an edge came, went or changed since a predecessor; `None` when that is no
    /// predecessor, or too long ago. A change of the blueprints alone touches nothing: see [`Catalog::model_mark`].
    #[must_use]
    pub fn touched_since(&self, place: Place) -> Option<RoaringBitmap> {
        self.touched.since(place)
    }
}

#[cfg(test)]
mod tests {
    use super::{PAGE, PAGES, Touched};

    #[test]
    fn tells_what_came_later_until_it_forgets() {
        let mut touched = Touched::default();
        let place = Touched::place;
        let begin = place(&touched);
        (0..700).for_each(|n| touched.push(n, u64::from(n)));
        let middle = place(&touched);
        let old = touched.clone();
        (700..1500).for_each(|n| touched.push(n, u64::from(n)));
        assert_eq!(touched.since(begin), Some((0..1500).collect()));
        assert_eq!(touched.since(middle), Some((700..1500).collect()));
        assert_eq!(touched.since(place(&touched)), Some((0..0).collect()));
        assert_eq!(old.since(place(&touched)), None, "that is yet to come");
        assert_eq!(Touched::default().since(begin), None, "another catalog");
        let mut other = old.clone();
        (700..1500).for_each(|n| other.push(n, 9_000 + u64::from(n)));
        assert_eq!(other.since(place(&touched)), None, "it went another way");
        assert!(other.since(middle).is_some());
        (0..(PAGE * PAGES) as u32).for_each(|n| touched.push(n, 5_000 + u64::from(n)));
        assert_eq!(touched.since(middle), None);
        assert!(touched.since(place(&touched)).is_some_and(|none| none.is_empty()));
    }
}
