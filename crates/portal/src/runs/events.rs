//! Watching a run: its lines and changes as they come, from any place on, on any replica.
//!
//! Nothing is kept for whoever watches. Each has the number of the last line that it was told, is woken when there may
//! be more, and reads on from there.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use stagedoor_actions::Run;
use stagedoor_auth::Viewer;
use tokio::sync::{broadcast, watch};

use super::RunEvent;
use crate::Portal;
use crate::error::PortalError;
use crate::publish::Now;

/// Lines that were told with a run's end can be read after this time.
const SETTLING: Duration = Duration::from_millis(60);
/// News that wait for one slow watcher; it reads everything anew then.
const WAITING: usize = 1_024;
/// Watchers at once in this process.
const MOST: usize = 2_000;
/// Lines that another replica wrote are looked for this often.
const LOOK: Duration = Duration::from_millis(500);

/// Who is told which runs have changed or have new lines.
pub(crate) struct Hub(broadcast::Sender<Arc<str>>);

impl Default for Hub {
    fn default() -> Self {
        Self(broadcast::channel(WAITING).0)
    }
}

impl Hub {
    pub(super) fn tell(&self, run: &str) {
        // Nobody may watch.
        let _ = self.0.send(run.into());
    }

    pub(super) fn watchers(&self) -> usize {
        self.0.receiver_count()
    }
}

/// The events of one run for one watcher.
pub struct RunEvents {
    portal: Portal,
    viewer: Viewer,
    id: String,
    after: i64,
    ready: VecDeque<RunEvent>,
    shown: Option<Arc<Run>>,
    inbox: broadcast::Receiver<Arc<str>>,
    head: watch::Receiver<Now>,
    fresh: bool,
    ended: bool,
}

impl Portal {
    /// Ids of runs that changed or told something, in this process or another one.
    #[must_use]
    pub fn run_changes(&self) -> broadcast::Receiver<Arc<str>> {
        self.shared.runs.hub.0.subscribe()
    }

    /// What happens to a run, beginning after a line. First comes how it is.
    ///
    /// # Errors
    /// `NotFound`; `Unavailable` where there are too many watchers.
    pub fn run_events(
        &self,
        viewer: &Viewer,
        id: &str,
        after: Option<i64>,
    ) -> Result<RunEvents, PortalError> {
        self.run(viewer, id)?;
        if self.shared.runs.hub.watchers() >= MOST {
            return Err(PortalError::Unavailable("too many runs are being watched: try again later".into()));
        }
        Ok(RunEvents {
            portal: self.clone(),
            viewer: viewer.clone(),
            id: id.to_owned(),
            after: after.unwrap_or(0),
            ready: VecDeque::new(),
            shown: None,
            inbox: self.run_changes(),
            head: self.shared.head.follow(),
            fresh: false,
            ended: false,
        })
    }
}

impl RunEvents {
    /// The next event; `None` after the last one, when the portal goes down, and when the watcher may not see the run
    /// any more.
    pub async fn next(&mut self) -> Option<RunEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                return Some(event);
            }
            if self.ended {
                return None;
            }
            if self.fresh && !self.shown.as_ref().is_some_and(|shown| shown.status.has_ended()) {
                self.wait().await?;
            }
            // Whoever drops this in the middle of a look has it looked again.
            self.fresh = false;
            self.look().await?;
            self.fresh = true;
        }
    }

    /// Reads what is new.
    async fn look(&mut self) -> Option<()> {
        let run = self.portal.run(&self.viewer, &self.id).ok()?;
        let over = run.status.has_ended();
        let settled = self.shown.as_ref().is_some_and(|shown| shown.status.has_ended());
        if over && settled {
            // The last lines may have been told with the end.
            tokio::time::sleep(SETTLING).await;
            self.portal.flush_run_logs().await;
        }
        if self.shown.as_ref().is_none_or(|shown| !Arc::ptr_eq(shown, &run)) {
            self.ready.push_back(RunEvent::Changed(Arc::clone(&run)));
            self.shown = Some(Arc::clone(&run));
        }
        for line in self.portal.lines_after(&self.id, self.after).await.ok()? {
            self.after = line.id;
            self.ready.push_back(RunEvent::Line(line));
        }
        if over && settled {
            self.ready.push_back(RunEvent::Ended(run));
            self.ended = true;
        }
        Some(())
    }

    /// Waits until there may be more.
    async fn wait(&mut self) -> Option<()> {
        let elsewhere = self.portal.shared.replication.is_some();
        let look = async {
            match elsewhere {
                true => tokio::time::sleep(LOOK).await,
                false => std::future::pending().await,
            }
        };
        tokio::pin!(look);
        loop {
            tokio::select! {
                told = self.inbox.recv() => match told {
                    Ok(id) if *id == *self.id => return Some(()),
                    Ok(_) => {}
                    Err(broadcast::error::RecvError::Lagged(_)) => return Some(()),
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                changed = self.head.changed() => {
                    if changed.is_err() || self.head.borrow_and_update().ended {
                        return None;
                    }
                }
                () = &mut look => return Some(()),
            }
        }
    }
}
