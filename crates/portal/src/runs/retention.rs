//! What is kept: runs that have not ended, the newest of those that have, and the definitions that they name.

use std::collections::BTreeSet;

use stagedoor_actions::Run;
use stagedoor_model::{Change, json};

use super::{DEFINITIONS, RUNS, logs, record};
use crate::writer::Draft;
use crate::{Portal, clock};

/// One part in so many more than wanted may be there before anything goes: each sweep is then worth its while.
const SLACK: usize = 20;
/// Runs that go with one commit.
const AT_ONCE: usize = 500;

impl Portal {
    /// Forgets the oldest runs that have ended, their logs, and definitions that nothing names any more.
    pub(super) async fn sweep_runs(&self) {
        if !self.leads() {
            return;
        }
        let kept = self.shared.runs.config.limits.kept;
        let catalog = self.shared.catalog.load_full();
        let surplus: Vec<String> = self.shared.runs.book.read(&catalog, |pages| {
            let (all, active) = pages.count();
            if all - active <= kept + kept / SLACK {
                return Vec::new();
            }
            let ended = pages.newest().filter(|run| run.status.has_ended());
            ended.skip(kept).map(|run| run.id.clone()).collect()
        });
        for ids in surplus.chunks(AT_ONCE) {
            let ids = ids.to_vec();
            let gone = ids.clone();
            let forget = move |draft: &mut Draft| {
                draft.forget_runs(&ids);
                Ok(())
            };
            if let Err(error) = self.commit(record::engine(), false, forget).await {
                return tracing::debug!(%error, "old runs stay for now");
            }
            let empty = move |store: &dyn stagedoor_store::Store| {
                gone.iter().try_for_each(|id| store.append_journal(&logs::journal(id), clock::now(), &[], 0))
            };
            if let Err(error) = self.run_journal(empty).await {
                tracing::debug!(%error, "logs of old runs stay");
            }
        }
    }

    /// What goes with the end of a run in this process.
    pub(super) async fn after_end(&self, run: &Run) {
        self.remove_folder(&run.id).await;
        self.shared.runs.masks.end(&run.id);
    }
}

impl Draft {
    fn forget_runs(&mut self, ids: &[String]) {
        for id in ids {
            if record::find(&self.catalog, id).is_ok_and(|run| run.status.has_ended()) {
                self.put(Change::DeleteRecord(RUNS.into(), id.clone()));
            }
        }
        let named: BTreeSet<&str> = self
            .catalog
            .records(RUNS)
            .filter_map(|record| json::member(record.body.as_str(), ["definition"]))
            .map(|text| text.trim_matches('"'))
            .collect();
        let unnamed: Vec<String> = self
            .catalog
            .records(DEFINITIONS)
            .filter(|record| !named.contains(record.key.as_str()))
            .map(|record| record.key.clone())
            .collect();
        for key in unnamed {
            self.put(Change::DeleteRecord(DEFINITIONS.into(), key));
        }
    }
}
