//! A run begins anew: the same one where it failed, or another one like it.

use std::sync::Arc;

use serde_json::{Map, Value};
use stagedoor_actions::{Origin, Performers, Run, RunKind, Status, Step, StepState};
use stagedoor_auth::Viewer;

use super::{logs::Line, record, secrets, start};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{ActionCall, NewTask, Portal, WorkflowCall};

impl Portal {
    /// Begins a run anew where it failed or was cancelled: what was done stays done, what failed is done again. Its
    /// secrets went with its end: they are given anew.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden`; `not_failed`; `secrets_key_missing`.
    pub async fn retry_run(
        &self,
        viewer: &Viewer,
        id: &str,
        given: &Map<String, Value>,
    ) -> Result<Arc<Run>, PortalError> {
        self.changeable_run(viewer, id)?;
        let sealed = match given.is_empty() {
            true => None,
            false => Some(secrets::seal(self, id, given)?),
        };
        let (key, holder) = (id.to_owned(), self.shared.runs.holder().to_owned());
        let (limits, performers) = (viewer.scopes().cloned(), self.performers().clone());
        let retry = move |draft: &mut Draft| {
            let changed = draft.change_run(&key, |run, _| {
                if !matches!(run.status, Status::Failure | Status::Cancelled) || never_approved(run) {
                    let text = format!(
                        "only a run that failed or was cancelled can be begun anew: it is {}",
                        record::word(run.status)
                    );
                    return Err(PortalError::refused("not_failed", text));
                }
                begin_anew(run, &holder, &performers);
                run.starter.scopes = start::narrowed(run.starter.scopes.take(), limits.as_ref());
                Ok(())
            })?;
            if let Some(sealed) = &sealed {
                draft.put_run_secrets(&key, sealed);
            }
            Ok(changed.1)
        };
        let run = self.commit(viewer.actor("run"), false, retry).await?;
        self.note_doing(viewer, &run, "RetryRun", "began the run anew");
        self.tell_run(id, Line::said(&format!("begun anew by {}", viewer.name())));
        self.wake_run(&run);
        Ok(run)
    }
}

/// Whether somebody still has to say yes: it must not begin by way of its end.
fn never_approved(run: &Run) -> bool {
    run.approval.is_some() && run.begun_at.is_none()
}

fn begin_anew(run: &mut Run, holder: &str, performers: &Performers) {
    // What a step gave to later ones in secret went with the run's end: it is performed again.
    let is_lost = |step: &Step| {
        performers.get(&step.performer).is_some_and(|performer| !performer.secret_outputs().is_empty())
    };
    run.steps.retain(|step| step.state == StepState::Done && !is_lost(step));
    run.status = Status::InProgress;
    run.retries += 1;
    run.holder = Some(holder.to_owned());
    (run.cancelling, run.error, run.ended_at, run.begun_at) = (false, None, None, None);
    (run.claim, run.attention, run.wake_at) = (None, None, None);
    (run.report.payload, run.report.response) = (None, None);
}

impl Portal {
    /// Starts another run like this one, with other inputs if they are given. It is as if the caller filled in the form
    /// anew: rights, inputs and approval are those of now, and so is the definition. Secrets are not known any more: they
    /// are given anew.
    ///
    /// # Errors
    /// `NotFound`; `not_repeatable` for what no person sets going; as the start of an action or a template.
    pub async fn rerun(
        &self,
        viewer: &Viewer,
        id: &str,
        inputs: Option<Map<String, Value>>,
        given: Map<String, Value>,
    ) -> Result<Arc<Run>, PortalError> {
        let run = self.run(viewer, id)?;
        if let Err(why) = repeatable(&run) {
            return Err(PortalError::refused("not_repeatable", why));
        }
        let inputs = inputs.unwrap_or_else(|| run.inputs.clone());
        if run.of.kind == RunKind::Action {
            let call = ActionCall {
                action: run.of.identifier.clone(),
                entity: run.target.as_ref().and_then(|target| target.entity.clone()),
                blueprint: run.target.as_ref().map(|target| target.blueprint.clone()),
                inputs,
                run_as: None,
                origin: Origin::Ui,
                rerun_of: Some(run.id.clone()),
            };
            return self.start_action(viewer, call).await;
        }
        if run.of.kind == RunKind::Workflow {
            let trigger = run.context.get("workflow").and_then(|known| known.get("trigger"));
            let call = WorkflowCall {
                workflow: run.of.identifier.clone(),
                trigger: trigger.and_then(Value::as_str).map(str::to_owned),
                inputs,
                run_as: None,
                origin: Origin::Ui,
                rerun_of: Some(run.id.clone()),
            };
            return self.start_workflow(viewer, call).await;
        }
        let task =
            NewTask { template: run.of.identifier.clone(), values: inputs, secrets: given, by_hand: true };
        let new = self.execute_template(viewer, task).await?;
        let (key, of) = (new.id.clone(), run.id.clone());
        let name = move |draft: &mut Draft| {
            draft.change_run(&key, |run, _| {
                run.rerun_of = Some(of.clone());
                Ok(())
            })
        };
        self.commit(viewer.actor("run"), false, name).await.map(|(_, run)| run)
    }
}

/// Whether a person can set another run like this one going; else why not.
pub(super) fn repeatable(run: &Run) -> Result<(), String> {
    match run.of.kind {
        RunKind::Action | RunKind::Template => Ok(()),
        RunKind::Automation => Err("an event set it going, not a person".into()),
        RunKind::Workflow if run.starter.origin == Origin::Automation => {
            Err("an event or a clock set it going, not a person".into())
        }
        RunKind::Workflow => Ok(()),
    }
}
