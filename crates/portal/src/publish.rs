//! The newest snapshot: the one place that stores it, and who is told.

use std::sync::Arc;

use stagedoor_model::Revision;
use stagedoor_query::Catalog;
use tokio::sync::watch;

use crate::Shared;

/// Where the catalog is, as readers of the log see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    /// The newest commit that readers of the catalog see.
    pub(crate) revision: Revision,
    /// The portal is going down: whoever waits should end.
    pub(crate) ended: bool,
}

/// Tells waiting readers of the log that there is more.
pub(crate) struct Head(watch::Sender<Now>);

impl Head {
    pub(crate) fn new(revision: Revision) -> Self {
        Self(watch::Sender::new(Now { revision, ended: false }))
    }

    /// Wakes at every newer revision, and at the end.
    pub(crate) fn follow(&self) -> watch::Receiver<Now> {
        self.0.subscribe()
    }

    /// Wakes everyone for the last time.
    pub(crate) fn end(&self) {
        self.0.send_modify(|now| now.ended = true);
    }
}

impl Shared {
    /// Makes a snapshot the one that readers get. Whoever makes a newer catalog, this writer or the follower of
    /// another one, ends here.
    pub(crate) fn publish(&self, catalog: Catalog) {
        let revision = catalog.revision;
        let (before, catalog) = (self.catalog.load_full(), Arc::new(catalog));
        self.catalog.store(Arc::clone(&catalog));
        self.sources.compare(&before, &catalog);
        self.sources.departed.learn(&before, &catalog);
        self.rights.sights.forget_views();
        self.head.0.send_modify(|now| now.revision = revision);
    }
}
