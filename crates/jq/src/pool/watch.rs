//! The thread that ends workers: those that take too long, and those that nobody needs. It is there while there are
//! workers.

use std::sync::Arc;
use std::thread;
use std::time::Instant;

use super::{Shared, State};
use crate::JqError;

/// Starts the thread if there is none.
pub(super) fn begin(shared: &Arc<Shared>, state: &mut State) -> Result<(), JqError> {
    if state.watched {
        return Ok(());
    }
    let watched = shared.clone();
    let started = thread::Builder::new().name("jq-watch".into()).spawn(move || watch(&watched));
    started.map_err(|error| JqError::Unavailable(format!("no thread to watch JQ workers: {error}")))?;
    state.watched = true;
    Ok(())
}

fn watch(shared: &Shared) {
    let mut state = shared.state.lock();
    loop {
        let now = Instant::now();
        let idle = std::mem::take(&mut state.idle).into_iter();
        let (over, kept): (Vec<_>, _) = idle.partition(|(_, since)| *since + shared.limits.idle <= now);
        state.idle = kept;
        let busy = state.busy.iter().filter_map(|handle| handle.end_if_over(now)).min();
        let idle = state.idle.iter().map(|(_, since)| *since + shared.limits.idle).min();
        // Ending a process takes a moment: not under the lock.
        if !over.is_empty() {
            parking_lot::MutexGuard::unlocked(&mut state, || drop(over));
            continue;
        }
        if state.busy.is_empty() && state.idle.is_empty() {
            state.watched = false;
            return;
        }
        match busy.into_iter().chain(idle).min() {
            Some(next) => {
                shared.wake.wait_until(&mut state, next);
            }
            None => shared.wake.wait(&mut state),
        }
    }
}
