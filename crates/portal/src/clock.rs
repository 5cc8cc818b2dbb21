//! The only place that asks for the time.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use stagedoor_model::Timestamp;
use tokio::sync::watch;

use crate::Portal;

/// Now.
pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}

/// The time that a portal derives by: the system's, unless somebody has moved it.
#[derive(Clone, Default)]
pub(crate) struct Clock {
    /// Milliseconds that are added.
    moved: Arc<watch::Sender<i64>>,
}

impl Clock {
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(now().0.saturating_add(*self.moved.borrow()))
    }

    /// Tells when it is moved.
    pub(crate) fn follow(&self) -> watch::Receiver<i64> {
        self.moved.subscribe()
    }
}

impl Portal {
    /// Moves the time that derived values, scorecards and exemptions go by, for tests of what the time alone changes.
    /// What is written is stamped with the system's time all the same.
    pub fn move_clock(&self, millis: i64) {
        self.shared.clock.moved.send_modify(|moved| *moved = moved.saturating_add(millis));
    }
}
