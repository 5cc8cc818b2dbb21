//! What an error of a code host means for a step.

use std::time::Duration;

use stagedoor_hosts::HostError;

use crate::performer::Failure;

/// Where the host wants to be left alone, the step is tried again when that is over; what cannot be reached, in a moment.
pub(super) fn failure(error: &HostError) -> Failure {
    match error {
        HostError::Exhausted { until, .. } => {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let until = Duration::from_secs(u64::try_from(*until).unwrap_or_default());
            Failure::again(error.to_string(), until.saturating_sub(now).max(Duration::from_secs(1)))
        }
        _ => Failure::new(error.to_string()),
    }
}
