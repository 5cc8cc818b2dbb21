//! Runs as objects: each is read from its record once, however often it is listed.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::RwLock;
use stagedoor_actions::Run;
use stagedoor_model::{Record, Timestamp};
use stagedoor_query::Catalog;

use super::{RUNS, record};

type Records = BTreeMap<String, Arc<Record>>;

/// All runs of the newest snapshot that was asked for.
#[derive(Default)]
pub(crate) struct Book {
    /// The commit that it has seen, and one.
    seen: AtomicU64,
    pages: RwLock<Pages>,
}

/// What the book says.
#[derive(Default)]
pub(super) struct Pages {
    records: Option<Arc<Records>>,
    runs: HashMap<String, Arc<Run>>,
    /// By time, oldest first.
    order: BTreeMap<(Timestamp, String), Arc<Run>>,
    /// Those that have not ended.
    active: BTreeMap<String, Arc<Run>>,
    /// Those that have changed since somebody asked; `None` while nobody wants to know.
    news: Option<Vec<Arc<Run>>>,
}

impl Book {
    /// Follows the catalog. While no run changes this is one comparison.
    fn follow(&self, catalog: &Catalog) {
        if self.seen.load(Ordering::Acquire) > catalog.revision {
            return;
        }
        let mut pages = self.pages.write();
        // A reader of an older snapshot may come last: what is newer stays.
        if self.seen.load(Ordering::Acquire) <= catalog.revision {
            pages.turn(catalog.collection(RUNS));
            self.seen.store(catalog.revision + 1, Ordering::Release);
        }
    }

    /// From now on it remembers what changes, for [`Book::news`].
    pub(super) fn remember(&self) {
        self.pages.write().news.get_or_insert_default();
    }

    /// Runs that are new or another than when this was last asked.
    pub(super) fn news(&self, catalog: &Catalog) -> Vec<Arc<Run>> {
        self.follow(catalog);
        self.pages.write().news.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Reads from it, as it is in this snapshot or a newer one.
    pub(super) fn read<T>(&self, catalog: &Catalog, look: impl FnOnce(&Pages) -> T) -> T {
        self.follow(catalog);
        look(&self.pages.read())
    }
}

impl Pages {
    pub(super) fn get(&self, id: &str) -> Option<&Arc<Run>> {
        self.runs.get(id)
    }

    /// All, newest first.
    pub(super) fn newest(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.order.values().rev()
    }

    /// Those that have not ended.
    pub(super) fn active(&self) -> impl Iterator<Item = &Arc<Run>> {
        self.active.values()
    }

    /// How many there are, and how many of them have not ended.
    pub(super) fn count(&self) -> (usize, usize) {
        (self.runs.len(), self.active.len())
    }

    /// Both lists are in order, so one walk finds what differs.
    fn turn(&mut self, now: Option<&Arc<Records>>) {
        let same = match (&self.records, now) {
            (Some(old), Some(new)) => Arc::ptr_eq(old, new),
            (None, None) => true,
            _ => false,
        };
        if same {
            return;
        }
        let before = std::mem::replace(&mut self.records, now.cloned());
        let mut old = before.iter().flat_map(|all| all.iter()).peekable();
        for (key, record) in now.iter().flat_map(|all| all.iter()) {
            while let Some((gone, _)) = old.next_if(|(before, _)| *before < key) {
                self.forget(gone);
            }
            match old.next_if(|(before, _)| *before == key) {
                Some((_, before)) if Arc::ptr_eq(before, record) => continue,
                _ => self.enter(record),
            }
        }
        for (gone, _) in old {
            self.forget(gone);
        }
    }

    fn enter(&mut self, record: &Record) {
        let Some(run) = record::read(record).map(Arc::new) else { return };
        self.order.insert((run.created_at, run.id.clone()), Arc::clone(&run));
        if run.status.has_ended() {
            self.active.remove(&run.id);
        } else {
            self.active.insert(run.id.clone(), Arc::clone(&run));
        }
        if let Some(news) = &mut self.news {
            news.push(Arc::clone(&run));
        }
        self.runs.insert(run.id.clone(), run);
    }

    fn forget(&mut self, id: &str) {
        if let Some(run) = self.runs.remove(id) {
            self.order.remove(&(run.created_at, run.id.clone()));
        }
        self.active.remove(id);
    }
}
