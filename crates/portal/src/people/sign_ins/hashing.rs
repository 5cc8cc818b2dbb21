//! Hashing of passwords: off the threads that serve, a few at a time, and not without end.
//!
//! A hash takes 19 MiB and tens of milliseconds. As many run at once as there are cores, some wait, and whoever comes
//! then is asked to come again: ten thousand sign-ins at once cost neither memory nor the other requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::AcqRel};

use tokio::sync::Semaphore;

use super::Refusal;
use crate::error::PortalError;

/// Hashes that may wait for their turn: some seconds of work.
const WAITING: usize = 64;

pub(in crate::people) struct Hashing {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
}

impl Default for Hashing {
    fn default() -> Self {
        // One core is left to everything else where there are several.
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let turns = cores.saturating_sub(1).clamp(1, 8);
        Self { turns: Arc::new(Semaphore::new(turns)), waiting: AtomicUsize::new(0) }
    }
}

/// Counts one that waits, for as long as it does: also when the request is given up meanwhile.
struct Place<'h>(&'h AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, AcqRel);
    }
}

impl Hashing {
    /// Does something slow with a password when there is a turn.
    ///
    /// # Errors
    /// [`Refusal::Wait`] when too many wait already.
    pub(in crate::people) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        let before = self.waiting.fetch_add(1, AcqRel);
        let place = Place(&self.waiting);
        if before >= WAITING {
            return Err(Refusal::Wait(2));
        }
        let stopped = || PortalError::Unavailable("the portal is shutting down".into());
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(|_| stopped())?;
        drop(place);
        // The turn goes with the work: a request that is given up does not make room before the work is done.
        let done = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(turn);
            result
        });
        done.await.map_err(|_| stopped().into())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test(flavor = "multi_thread")]
    async fn ten_thousand_at_once_cost_a_few_turns() {
        let hashing = Arc::new(Hashing::default());
        let turns = hashing.turns.available_permits();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..10_000)
            .map(|_| {
                let (hashing, running, most) =
                    (Arc::clone(&hashing), Arc::clone(&running), Arc::clone(&most));
                tokio::spawn(async move {
                    hashing
                        .run(move || {
                            most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                            std::thread::yield_now();
                            running.fetch_sub(1, Ordering::SeqCst);
                        })
                        .await
                })
            })
            .collect();
        let mut done = 0;
        for task in tasks {
            match task.await.unwrap() {
                Ok(()) => done += 1,
                Err(refusal) => assert_eq!(refusal, Refusal::Wait(2)),
            }
        }
        assert!(done >= 1);
        assert!(most.load(Ordering::SeqCst) <= turns);
        assert_eq!(hashing.waiting.load(Ordering::SeqCst), 0);
        assert_eq!(hashing.run(|| 7).await, Ok(7), "and then it goes on");
    }
}
