//! Handing runs of nodes over to clients, as whole runs of actions are: see [`super::super::claim`].

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::workflow::node_run_id;
use stagedoor_actions::{Claim, Run, RunKind, Status, Step, StepState};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;

use super::super::claim::{AGENT, LONGEST, MOST, USUAL, is_masked};
use super::super::{ClaimQuery, record};
use super::{NodeRun, missing, step_of};
use crate::error::PortalError;
use crate::writer::Draft;
use crate::{Portal, clock};

impl Portal {
    /// Takes on runs of nodes that wait for an installation, oldest first.
    ///
    /// # Errors
    /// `Forbidden` for whoever is no machine of the organization.
    pub async fn claim_node_runs(
        &self,
        viewer: &Viewer,
        query: ClaimQuery,
    ) -> Result<Vec<NodeRun>, PortalError> {
        self.may(viewer, Action::ClaimRuns, Resource::Named(&query.installation))?;
        let catalog = self.shared.catalog.load();
        // Most polls find nothing: they cost no commit.
        let now = clock::now();
        let mut found: Vec<Arc<Run>> = self.shared.runs.book.read(&catalog, |pages| {
            pages.active().filter(|run| free(run, &query, now).next().is_some()).cloned().collect()
        });
        if found.is_empty() {
            return Ok(Vec::new());
        }
        found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        let claim = move |draft: &mut Draft| {
            let lasts = match query.visibility_timeout {
                0 => USUAL,
                asked => asked.clamp(1_000, LONGEST),
            };
            let until = Timestamp(draft.at.0 + lasts);
            let mut claimed = Vec::new();
            for run in &found {
                let left = query.limit.min(MOST).saturating_sub(claimed.len());
                let Ok(run) = record::find(&draft.catalog, &run.id) else { continue };
                let steps: Vec<String> =
                    free(&run, &query, draft.at).take(left).map(|step| step.id.clone()).collect();
                if steps.is_empty() {
                    continue;
                }
                let ((), run) = draft.change_run(&run.id, |run, _| {
                    for step in run.steps.iter_mut().filter(|step| steps.contains(&step.id)) {
                        let installation = query.installation.clone();
                        step.claim = Some(Claim { installation, until, acknowledged: false });
                    }
                    Ok(())
                })?;
                let taken = run.steps.iter().filter(|step| steps.contains(&step.id));
                claimed.extend(taken.map(|step| NodeRun::of(&run, step)));
            }
            Ok(claimed)
        };
        let mut claimed: Vec<NodeRun> = self.commit(viewer.actor("run"), false, claim).await?;
        for node in claimed.iter_mut().filter(|node| is_masked(&node.step.input)) {
            if let Some((input, _)) = self.in_clear(viewer, &node.run, &node.step).await {
                node.step.input = input;
            }
        }
        Ok(claimed)
    }

    /// Acknowledges a run of a node: nobody else gets it. False where that was done before, or it was never claimed.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound`.
    pub async fn ack_node_run(&self, viewer: &Viewer, id: &str) -> Result<bool, PortalError> {
        self.may(viewer, Action::ClaimRuns, Resource::Any)?;
        let run = stagedoor_actions::workflow::run_of_node_run(id).ok_or_else(|| missing(id))?;
        let name = id.to_owned();
        let acknowledge = move |draft: &mut Draft| {
            let found = draft.change_run(&run, |run, _| {
                let ended = run.status.has_ended();
                let step = step_of(run, &name)?;
                let open = !ended && !step.state.has_ended();
                let Some(claim) = step.claim.as_mut().filter(|claim| !claim.acknowledged && open) else {
                    return Ok(false);
                };
                claim.acknowledged = true;
                Ok(true)
            });
            match found {
                Ok((new, _)) => Ok(new),
                Err(PortalError::NotFound(_)) => Err(missing(&name)),
                Err(error) => Err(error),
            }
        };
        self.commit(viewer.actor("run"), false, acknowledge).await
    }
}

/// Steps of a run that wait for this client, and that no other has.
fn free<'r>(run: &'r Run, query: &'r ClaimQuery, now: Timestamp) -> impl Iterator<Item = &'r Step> {
    let under_way = run.of.kind == RunKind::Workflow && run.status == Status::InProgress && !run.cancelling;
    run.steps.iter().filter(move |step| under_way && is_for(run, step, query) && is_free(step, now))
}

fn is_for(run: &Run, step: &Step, query: &ClaimQuery) -> bool {
    let text = |key: &str| step.input.get(key).and_then(Value::as_str);
    let whose = match query.installation.as_str() {
        AGENT => {
            let agent = step.input.get("agent");
            step.performer == "WEBHOOK" && agent.is_some_and(|agent| *agent == true || agent == "true")
        }
        installation => {
            step.performer == "INTEGRATION_ACTION" && text("installationId") == Some(installation)
        }
    };
    let excluded = |name: &str| query.exclude.iter().any(|other| other == name);
    step.state == StepState::Reported
        && whose
        && query.method.as_deref().is_none_or(|method| step.performer == method)
        && !excluded(&step.id)
        && !excluded(&format!("{}/{}", run.of.identifier, step.id))
        && !excluded(&node_run_id(&run.id, &step.id))
}

fn is_free(step: &Step, now: Timestamp) -> bool {
    step.claim.as_ref().is_none_or(|claim| !claim.acknowledged && claim.until <= now)
}
