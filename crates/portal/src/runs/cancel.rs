//! A person ends a run before its time, or decides about a step of which nobody knows whether it happened.

use std::sync::Arc;

use stagedoor_actions::{Run, Status, StepState};
use stagedoor_auth::Viewer;

use super::{Settlement, logs::Line, record};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock};

/// Characters of the reason of a decision.
const WHY: usize = 500;

impl Portal {
    /// Has a run end. What has not begun never will; what is under way is ended as far as its back end allows. The answer
    /// is the run as it is then: it may end a moment later.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`; `run_ended`.
    pub async fn cancel_run(&self, viewer: &Viewer, id: &str) -> Result<Arc<Run>, PortalError> {
        self.changeable_run(viewer, id)?;
        let key = id.to_owned();
        let cancel = move |draft: &mut Draft| {
            draft.change_run(&key, |run, _| {
                if run.status.has_ended() {
                    let text = format!("the run has ended: it is {}", record::word(run.status));
                    return Err(PortalError::refused("run_ended", text));
                }
                run.cancelling = true;
                if run.status == Status::WaitingForApproval || !is_under_way(run) {
                    run.status = Status::Cancelled;
                }
                Ok(())
            })
        };
        let ((), run) = self.commit(viewer.actor("run"), false, cancel).await?;
        self.note_doing(viewer, &run, "CancelRun", "cancelled the run");
        self.tell_run(id, Line::said(&format!("cancelled by {}", viewer.name())));
        self.wake_run(&run);
        Ok(run)
    }

    /// Decides about a step of which nobody can tell whether it happened.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`; `not_unclear`.
    pub async fn settle_step(
        &self,
        viewer: &Viewer,
        id: &str,
        step: &str,
        settlement: Settlement,
        why: Option<&str>,
    ) -> Result<Arc<Run>, PortalError> {
        self.changeable_run(viewer, id)?;
        let (key, name, who) = (id.to_owned(), step.to_owned(), viewer.name().to_owned());
        let holder = self.shared.runs.holder().to_owned();
        let settle = move |draft: &mut Draft| {
            draft.change_run(&key, |run, _| {
                settle_in(run, &name, settlement, &who)?;
                run.holder.get_or_insert_with(|| holder.clone());
                Ok(())
            })
        };
        let ((), run) = self.commit(viewer.actor("run"), false, settle).await?;
        let word = match settlement {
            Settlement::Repeat => "to be repeated",
            Settlement::Done => "done",
            Settlement::Failed => "failed",
        };
        let why: String = why.unwrap_or_default().trim().chars().take(WHY).collect();
        let why = if why.is_empty() { why } else { format!(": {why}") };
        let message = format!("said of the step \"{step}\" that it is {word}{why}");
        self.note_doing(viewer, &run, "SettleRun", &message);
        let text = format!("{} {message}", viewer.name());
        self.tell_run(id, Line { step: Some(step.to_owned()), ..Line::said(&text) });
        self.wake_run(&run);
        Ok(run)
    }
}

/// Whether ending it needs more than saying so.
fn is_under_way(run: &Run) -> bool {
    run.steps.iter().any(|step| {
        matches!(step.state, StepState::Intent { .. } | StepState::Following { .. } | StepState::Reported)
    })
}

fn settle_in(run: &mut Run, name: &str, settlement: Settlement, who: &str) -> Result<(), PortalError> {
    let step = run.steps.iter_mut().find(|step| step.id == name);
    let step = step.filter(|step| step.state == StepState::Unclear);
    let Some(step) = step.filter(|_| !run.status.has_ended()) else {
        let shown: String = name.chars().take(100).collect();
        let text = format!("nothing is to be decided about the step \"{shown}\"");
        return Err(PortalError::refused("not_unclear", text));
    };
    match settlement {
        Settlement::Repeat => {
            step.state = StepState::Open;
            step.error = None;
        }
        Settlement::Done => {
            step.state = StepState::Done;
            (step.error, step.ended_at) = (None, Some(clock::now()));
        }
        Settlement::Failed => {
            step.state = StepState::Failed;
            step.error = Some(format!("{who} said that it failed"));
            step.ended_at = Some(clock::now());
        }
    }
    let unclear = run.steps.iter().any(|step| step.state == StepState::Unclear);
    if !unclear {
        run.attention = None;
    }
    Ok(())
}
