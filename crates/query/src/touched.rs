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
    pages: VecDeque<Arc<Vec<NodeId>>>,
}

impl Default for Touched {
    fn default() -> Self {
        Self { line: NEXT.fetch_add(1, Ordering::Relaxed), gone: 0, pages: VecDeque::new() }
    }
}

impl Touched {
    pub(crate) fn push(&mut self, node: NodeId) {
        if self.pages.back().is_none_or(|page| page.len() == PAGE) {
            if self.pages.len() == PAGES {
                self.pages.pop_front();
                self.gone += PAGE as u64;
            }
            self.pages.push_back(Arc::new(Vec::with_capacity(PAGE)));
        }
        if let Some(page) = self.pages.back_mut() {
            Arc::make_mut(page).push(node);
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
        let skip = (place.at - self.gone) as usize;
        let rest = self.pages.iter().skip(skip / PAGE).flat_map(|page| page.iter().copied());
        Some(rest.skip(skip % PAGE).collect())
    }
}

impl Catalog {
    /// Where it stands among its predecessors and successors.
    #[must_use]
    pub fn place(&self) -> Place {
        Place { line: self.touched.line, at: self.touched.end() }
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
    use super::{PAGE, PAGES, Place, Touched};

    #[test]
    fn tells_what_came_later_until_it_forgets() {
        let mut touched = Touched::default();
        let place = |touched: &Touched| Place { line: touched.line, at: touched.end() };
        let begin = place(&touched);
        (0..700).for_each(|n| touched.push(n));
        let middle = place(&touched);
        let old = touched.clone();
        (700..1500).for_each(|n| touched.push(n));
        assert_eq!(touched.since(begin), Some((0..1500).collect()));
        assert_eq!(touched.since(middle), Some((700..1500).collect()));
        assert_eq!(touched.since(place(&touched)), Some((0..0).collect()));
        assert_eq!(old.since(place(&touched)), None, "that is yet to come");
        assert_eq!(Touched::default().since(begin), None, "another catalog");
        (0..(PAGE * PAGES) as u32).for_each(|n| touched.push(n));
        assert_eq!(touched.since(middle), None);
        assert!(touched.since(place(&touched)).is_some_and(|none| none.is_empty()));
    }
}
