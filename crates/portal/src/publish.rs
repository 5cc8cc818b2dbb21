//! The newest snapshot: the one place that stores it, and who is told.

use std::sync::Arc;

use stagedoor_model::Revision;
use stagedoor_query::Catalog;
use tokio::sync::watch;

use crate::Shared;

/// Tells waiting readers of the log that there is more.
pub(crate) struct Head(watch::Sender<Revision>);

impl Head {
    pub(crate) fn new(revision: Revision) -> Self {
        Self(watch::Sender::new(revision))
    }

    /// Wakes at every newer revision; ends when the portal is gone.
    pub(crate) fn follow(&self) -> watch::Receiver<Revision> {
        self.0.subscribe()
    }
}

impl Shared {
    /// Makes a snapshot the one that readers get. Whoever makes a newer catalog, this writer or the follower of
    /// another one, ends here.
    pub(crate) fn publish(&self, catalog: Catalog) {
        let revision = catalog.revision;
        self.catalog.store(Arc::new(catalog));
        self.head.0.send_replace(revision);
    }
}
