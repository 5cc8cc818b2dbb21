//! Who waits for the end of readings.

use std::collections::BTreeMap;

use tokio::sync::oneshot;

use super::timetable::Timetable;

/// Somebody who waits, and for how many readings of which source.
struct Waiter {
    left: BTreeMap<String, u64>,
    /// Readings of parts, by number.
    jobs: Vec<u64>,
    done: oneshot::Sender<()>,
}

/// All of them.
#[derive(Default)]
pub(super) struct Waiting(Vec<Waiter>);

impl Waiting {
    /// Somebody waits until these sources have been read so often.
    pub(super) fn add(&mut self, left: BTreeMap<String, u64>, done: oneshot::Sender<()>) {
        self.0.push(Waiter { left, jobs: Vec::new(), done });
    }

    /// Somebody waits for the reading of a part.
    pub(super) fn add_job(&mut self, job: u64, done: oneshot::Sender<()>) {
        self.0.push(Waiter { left: BTreeMap::new(), jobs: vec![job], done });
    }

    /// The reading of a part has ended.
    pub(super) fn job_ended(&mut self, job: u64) {
        self.0.iter_mut().for_each(|waiter| waiter.jobs.retain(|waited| *waited != job));
    }

    /// Tells those whose wait is over, and forgets those that wait no more. A source that is no more is not waited for.
    pub(super) fn tell(&mut self, timetable: &Timetable) {
        let (done, left): (Vec<_>, Vec<_>) = std::mem::take(&mut self.0)
            .into_iter()
            .filter(|waiter| !waiter.done.is_closed())
            .map(|mut waiter| {
                waiter.left.retain(|id, wanted| timetable.plan(id).is_some_and(|plan| plan.ended < *wanted));
                waiter
            })
            .partition(|waiter| waiter.left.is_empty() && waiter.jobs.is_empty());
        self.0 = left;
        tell(done);
    }
}

fn tell(waiters: Vec<Waiter>) {
    for waiter in waiters {
        // Whoever has stopped waiting need not be told.
        let _ = waiter.done.send(());
    }
}
