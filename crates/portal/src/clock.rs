//! The only place that asks for the time.

use std::time::{SystemTime, UNIX_EPOCH};

use stagedoor_model::Timestamp;

/// Now.
pub(crate) fn now() -> Timestamp {
    let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX))
}
