//! Which sources this replica reads, where there are several.
//!
//! Each source that stands outside is leased by itself ([`stagedoor_store::Peers::share`]): one replica reads it, the
//! replicas read equal numbers of them, and what a dead one read is read by others some seconds later. Files are read
//! together by the one that leads, for documents pass between them, and so is what belongs to no source that is
//! listed. Whoever asks for a source asks all replicas; the one that reads it does as asked, and tells when it has.
//!
//! A replica that is not sure of its lease any more changes nothing: [`Portal::reads`] is asked once more on the
//! writer's thread, with every change ([`super::round::Round::commit`]).

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::Wish;
use super::engine::Engine;
use super::source::{self, Origin, Source};
use crate::{Portal, clock};

impl Portal {
    /// Whether this replica reads a source, and no other one can. A portal with a database of its own reads all.
    pub(super) fn reads(&self, source: &Source) -> bool {
        let Some(replication) = &self.shared.replication else { return true };
        match source.origin {
            Origin::Abandoned => self.leads(),
            _ if source.is_local() => self.leads(),
            _ => replication.peers.holds(&source.id),
        }
    }

    /// The same by its id.
    pub(super) fn reads_id(&self, id: &str) -> bool {
        if self.shared.replication.is_none() {
            return true;
        }
        let all = source::all(&self.shared.sources.config, &self.shared.catalog.load());
        let unlisted = || Source { id: id.to_owned(), origin: Origin::Abandoned };
        self.reads(&all.into_iter().find(|source| source.id == id).unwrap_or_else(unlisted))
    }

    /// Takes this replica's part of the sources that stand outside.
    fn share_sources(&self, all: &[Source]) {
        let Some(replication) = &self.shared.replication else { return };
        let outside: BTreeSet<String> =
            all.iter().filter(|source| !source.is_local()).map(|source| source.id.clone()).collect();
        if let Err(error) = replication.peers.share(&outside) {
            tracing::warn!(%error, "the sources could not be shared: this replica reads none that stand outside");
        }
        let mine = outside.iter().filter(|id| replication.peers.holds(id)).count();
        tracing::info!(mine, all = outside.len(), "sources outside that this replica reads");
    }
}

impl Engine {
    /// What is read here is what the configuration and the records say now, and where there are several replicas this
    /// one's part of it. `share`: who reads what may have changed.
    pub(super) fn look_at_list(&mut self, portal: &Portal, share: bool) {
        let catalog = portal.shared.catalog.load();
        let all = source::all(&portal.shared.sources.config, &catalog);
        drop(catalog);
        let names = |sources: &[Source]| -> Vec<String> { sources.iter().map(|s| s.id.clone()).collect() };
        if share || names(&all) != names(&self.all) {
            portal.share_sources(&all);
        }
        let mine: Vec<&Source> = all.iter().filter(|source| portal.reads(source)).collect();
        let delay = |s: &Source| s.provider().map(|p| p.schedule().initial_delay).unwrap_or_default();
        let listed: Vec<_> = mine.iter().map(|s| (s.id.clone(), delay(s))).collect();
        let gone = self.timetable.keep(&listed, clock::now().0);
        self.listed = mine.into_iter().map(|s| (s.id.clone(), s.clone())).collect();
        self.all = all;
        for id in &gone {
            self.stop_reading(portal, id);
        }
    }

    /// A source is no more, or another replica reads it now.
    fn stop_reading(&mut self, portal: &Portal, id: &str) {
        self.reader.forget(id);
        self.watching.forget(id);
        self.leads.remove(id);
        self.missed.remove(id);
        self.agreed.remove(id);
        self.held.remove(id);
        let is_of = |source: &Source| source.id == id;
        let mut dropped: HashSet<u64> =
            self.jobs.iter().filter(|(_, job)| is_of(&job.source)).map(|(number, _)| *number).collect();
        self.jobs.retain(|number, _| !dropped.contains(number));
        for batch in self.ended.values_mut() {
            dropped.extend(batch.iter().filter(|(_, job)| is_of(&job.source)).map(|(number, _)| *number));
            batch.retain(|(_, job)| !is_of(&job.source));
        }
        dropped.into_iter().for_each(|number| self.waiting.job_ended(number));
        if self.all.iter().any(is_of) {
            if let Some(status) = portal.shared.sources.status.lock().get_mut(id) {
                status.running = false;
            }
            return;
        }
        portal.shared.sources.status.lock().remove(id);
        let mut problems = portal.shared.problems.load().as_ref().clone();
        problems.replace(id, Vec::new());
        portal.shared.problems.store(Arc::new(problems));
    }

    /// Tells whoever waits, here or on another replica, that a source has been read, or a part of it.
    pub(super) fn tell(&self, portal: &Portal, id: &str) {
        let next = self.timetable.plan(id).and_then(|plan| plan.due);
        let last = portal.shared.sources.status.lock().get(id).and_then(|status| status.last_run);
        if let (Some(last), true) = (last, portal.shared.replication.is_some()) {
            portal.ask_others(&Wish::Told { id: id.to_owned(), last: last.0, next });
        }
    }
}
