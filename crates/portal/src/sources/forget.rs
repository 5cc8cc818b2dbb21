//! Sources that are no more.

use std::collections::BTreeSet;

use stagedoor_model::{Change, SourceState};
use stagedoor_query::Catalog;

use super::budget::Agreed;
use super::reading::TARGET_MARK;
use super::reconcile::Spoken;
use super::source::Source;
use crate::writer::Draft;

/// Why a source that is in the catalog is not read.
pub(super) const ABANDONED: &str =
    "it is no longer in the configuration; what it said goes a day after that, or when somebody confirms it";

impl Draft {
    /// Forgets a source and all that it said: its claims, those that wait, and what is remembered of its targets.
    /// Whoever ends a registered location does this in the same commit, unless the same location stands in the
    /// configuration too ([`crate::Portal::is_configured_source`]).
    pub(crate) fn forget_source(&mut self, id: &str) {
        // A claim that ends may hand over to another one of the same source.
        let waiting: Vec<_> = self.catalog.waiting().keys().filter(|(s, _)| s == id).cloned().collect();
        for (source, item) in waiting {
            self.put(Change::DeleteWaitingClaim(source, item));
        }
        self.end_claims(id, &Spoken::default(), &Agreed::All);
        let prefix = format!("{id}{TARGET_MARK}");
        let states = self.catalog.sources().keys().filter(|k| *k == id || k.starts_with(&prefix));
        for state in states.cloned().collect::<Vec<_>>() {
            self.set_source_state(&state, SourceState::Fresh, None);
        }
        self.share_problems(id, &[]);
    }
}

/// The sources that hold claims and are not listed. `keeps_providers`: what providers said stays.
pub(super) fn unlisted(listed: &[Source], catalog: &Catalog, keeps_providers: bool) -> BTreeSet<String> {
    let holding = catalog.claimers().map(|(source, _)| source);
    let waiting = catalog.waiting().keys().map(|(source, _)| source.as_str());
    let all: BTreeSet<&str> = holding.chain(waiting).collect();
    let is_location = |id: &str| id.starts_with("file:") || id.starts_with("url:");
    let unlisted = all.into_iter().filter(|id| !listed.iter().any(|s| s.id == *id));
    unlisted.filter(|id| !keeps_providers || is_location(id)).map(str::to_owned).collect()
}
