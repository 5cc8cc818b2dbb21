//! What is taken out of logs and other texts: every value of a secret that this process has known.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use stagedoor_auth::{Redactor, Secret};
use stagedoor_model::Record;
use stagedoor_query::Catalog;

use super::{COLLECTION, Keeper};
use crate::{Portal, Shared};

/// Takes secrets out of texts for as long as the portal lives. Cheap to clone.
#[derive(Clone)]
pub struct Hiding(Weak<Shared>);

impl Hiding {
    /// What takes them out now; `None` when the portal is gone.
    #[must_use]
    pub fn redactor(&self) -> Option<Arc<Redactor>> {
        self.0.upgrade().map(|shared| shared.secrets.redactor(&shared.catalog.load()))
    }
}

/// What is known to be secret.
#[derive(Default)]
pub(super) struct Hidden {
    redactor: ArcSwap<Redactor>,
    /// The commit that the redactor has seen, and one.
    seen: AtomicU64,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    records: Vec<Arc<Record>>,
    /// Values that were replaced stay: they may still be good where they are used.
    values: Vec<Secret>,
}

impl Keeper {
    /// Follows the catalog. While no secret changes this is one comparison.
    fn redactor(&self, catalog: &Catalog) -> Arc<Redactor> {
        let hidden = &self.hidden;
        if hidden.seen.load(Ordering::Acquire) != catalog.revision + 1 {
            // Nothing in here may log: the log asks for the redactor.
            let mut known = hidden.known.lock();
            let now: Vec<Arc<Record>> = catalog.records(COLLECTION).cloned().collect();
            let is_known = |record: &Arc<Record>| known.records.iter().any(|old| Arc::ptr_eq(old, record));
            let new: Vec<Arc<Record>> = now.iter().filter(|record| !is_known(record)).cloned().collect();
            known.records = now;
            let values: Vec<Secret> = new.iter().filter_map(|record| self.open(record)?.ok()).collect();
            if !values.is_empty() {
                known.values.extend(values);
                hidden.redactor.store(Arc::new(Redactor::new(&known.values)));
            }
            hidden.seen.store(catalog.revision + 1, Ordering::Release);
        }
        hidden.redactor.load_full()
    }
}

impl Portal {
    /// Takes the values of all secrets out of texts: for logs of whatever they are used in.
    #[must_use]
    pub fn redactor(&self) -> Arc<Redactor> {
        self.shared.secrets.redactor(&self.shared.catalog.load())
    }

    /// The same for what outlives a request.
    #[must_use]
    pub fn hiding(&self) -> Hiding {
        Hiding(Arc::downgrade(&self.shared))
    }

    /// Takes another value out of texts too: a credential of the installation's own.
    pub fn hide(&self, secret: Secret) {
        let hidden = &self.shared.secrets.hidden;
        let mut known = hidden.known.lock();
        known.values.push(secret);
        hidden.redactor.store(Arc::new(Redactor::new(&known.values)));
    }
}
