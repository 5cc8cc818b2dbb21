//! Who may have something applied.

use crate::performer::{Call, Failure};
use crate::run::Verdict;

/// What is applied has been approved: whoever answered saw the run that names the plan, and so the plan.
pub(super) fn approved(call: &Call<'_>) -> Result<(), Failure> {
    let answers = call.run.approval.as_ref().map(|approval| approval.answers.as_slice()).unwrap_or_default();
    if answers.iter().any(|answer| answer.verdict == Verdict::Approve) {
        return Ok(());
    }
    Err(Failure::new(
        "a plan is applied only by a run that somebody has approved: set requiredApproval on this action",
    ))
}
