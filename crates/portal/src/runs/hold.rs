//! Who looks after which run. A run names its holder, the process that accepted it; every step of the way is made on
//! the condition that this has not changed. Where the holder is gone, another process puts its own name there, in one
//! commit, and goes on.

use std::collections::BTreeSet;

use stagedoor_actions::{Run, Status};

use super::engine::Counters;
use super::{logs::Line, record};
use crate::Portal;
use crate::writer::Draft;

/// Runs that are taken over with one commit.
const AT_ONCE: usize = 200;

/// Whether a run needs a process: to go on, or to tell that it waits.
fn is_looked_after(run: &Run) -> bool {
    run.status == Status::InProgress || !run.announcements.is_empty()
}

impl Portal {
    /// Whether there are runs under way that this process does not hold. Without any, nobody has to be asked who is
    /// still there.
    fn others_hold_runs(&self) -> bool {
        let holder = self.shared.runs.holder();
        self.shared.runs.book.read(&self.shared.catalog.load_full(), |pages| {
            pages.active().any(|run| is_looked_after(run) && run.holder.as_deref() != Some(holder))
        })
    }

    /// Takes over the runs of processes that are gone. A database for one process has no others: whoever is named
    /// there and is not this one is gone.
    pub(super) async fn take_over(&self) {
        if !self.others_hold_runs() {
            return;
        }
        let living = match &self.shared.replication {
            None => BTreeSet::new(),
            Some(replication) => {
                let peers = std::sync::Arc::clone(&replication.peers);
                match tokio::task::spawn_blocking(move || peers.living()).await {
                    Ok(Ok(living)) => living,
                    // Whoever cannot ask cannot take anything over.
                    _ => return,
                }
            }
        };
        let holder = self.shared.runs.holder().to_owned();
        let orphan = {
            let holder = holder.clone();
            move |run: &Run| {
                is_looked_after(run)
                    && run.holder.as_ref().is_none_or(|held| *held != holder && !living.contains(held))
            }
        };
        let catalog = self.shared.catalog.load_full();
        let found: Vec<String> = self.shared.runs.book.read(&catalog, |pages| {
            pages.active().filter(|run| orphan(run)).map(|run| run.id.clone()).collect()
        });
        for ids in found.chunks(AT_ONCE) {
            let (ids, orphan, holder) = (ids.to_vec(), orphan.clone(), holder.clone());
            let take = move |draft: &mut Draft| {
                let mut taken = Vec::new();
                for id in &ids {
                    let (mine, run) = draft.change_run(id, |run, _| {
                        let free = orphan(run);
                        if free {
                            run.holder = Some(holder.clone());
                        }
                        Ok(free)
                    })?;
                    taken.extend(mine.then_some(run));
                }
                Ok(taken)
            };
            let taken = match self.commit(record::engine(), false, take).await {
                Ok(taken) => taken,
                Err(error) => return tracing::warn!(%error, "runs could not be taken over: tried again"),
            };
            for run in taken {
                Counters::add(&self.shared.runs.counters.taken_over);
                if !run.steps.is_empty() {
                    self.tell_run(
                        &run.id,
                        Line::said("the process that had this run is gone: another one goes on"),
                    );
                }
                self.wake_run(&run);
            }
        }
    }
}
