//! Handing runs over to clients: an agent that calls webhooks inside a network, an integration that starts workflows.
//!
//! A client takes on what waits for it, and has it for itself for a while; with its acknowledgement for good. One that
//! is not acknowledged in time is free again.

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::{Call, Claim, Level, Run, RunKind, Status, Step, StepState};
use stagedoor_auth::{Action, Resource, Viewer};
use stagedoor_model::Timestamp;

use super::logs::Line;
use super::{ClaimQuery, record};
use crate::Portal;
use crate::error::PortalError;
use crate::writer::Draft;

/// The name of Port's agent, which takes on webhooks.
pub(super) const AGENT: &str = "_PORT_EXEC_AGENT";
/// What stands in the place of secrets: see `stagedoor_auth::Redactor`.
const MASK: &str = "[redacted]";
/// Runs in one answer.
pub(super) const MOST: usize = 1_000;
/// How long an unacknowledged claim lasts, in milliseconds, where the client does not say; and at most.
pub(super) const USUAL: i64 = 60_000;
pub(super) const LONGEST: i64 = 24 * 60 * 60 * 1000;

impl Portal {
    /// Takes on what waits for an installation, oldest first.
    ///
    /// # Errors
    /// `Forbidden` for whoever is no machine of the organization.
    pub async fn claim_runs(&self, viewer: &Viewer, query: ClaimQuery) -> Result<Vec<Arc<Run>>, PortalError> {
        self.may(viewer, Action::ClaimRuns, Resource::Named(&query.installation))?;
        let catalog = self.shared.catalog.load();
        // Most polls find nothing: they cost no commit.
        let waits = |run: &&Arc<Run>| is_for(run, &query) && is_free(run, crate::clock::now());
        let mut found: Vec<Arc<Run>> =
            self.shared.runs.book.read(&catalog, |pages| pages.active().filter(waits).cloned().collect());
        if found.is_empty() {
            return Ok(found);
        }
        found.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        found.truncate(query.limit.min(MOST));
        let ids: Vec<String> = found.iter().map(|run| run.id.clone()).collect();
        let claim = move |draft: &mut Draft| {
            let lasts = match query.visibility_timeout {
                0 => USUAL,
                asked => asked.clamp(1_000, LONGEST),
            };
            let until = Timestamp(draft.at.0 + lasts);
            let mut claimed = Vec::new();
            for id in &ids {
                let Ok(run) = record::find(&draft.catalog, id) else { continue };
                if !is_for(&run, &query) || !is_free(&run, draft.at) {
                    continue;
                }
                let claim = Claim { installation: query.installation.clone(), until, acknowledged: false };
                let change = draft.change_run(id, |run, _| {
                    run.claim = Some(claim);
                    Ok(())
                });
                claimed.push(change?.1);
            }
            Ok(claimed)
        };
        let claimed = self.commit(viewer.actor("run"), false, claim).await?;
        let mut all = Vec::with_capacity(claimed.len());
        for run in claimed {
            all.push(self.with_payload(viewer, run).await);
        }
        Ok(all)
    }

    /// The run with its payload in clear, for the machine that has just taken it on.
    async fn with_payload(&self, viewer: &Viewer, run: Arc<Run>) -> Arc<Run> {
        let step = run.steps.iter().find(|step| step.state == StepState::Reported);
        let masked = run.report.payload.as_ref().is_some_and(is_masked);
        let Some(step) = step.filter(|_| masked) else { return run };
        let Some((_, payload)) = self.in_clear(viewer, &run, step).await else { return run };
        let mut clear = run.as_ref().clone();
        clear.report.payload = payload;
        Arc::new(clear)
    }

    /// What a step was given and what it hands over, with secrets in clear: for the one answer to a machine's claim. It
    /// is worked out anew, and kept nowhere. `None` for people, and where it cannot be worked out.
    pub(super) async fn in_clear(
        &self,
        viewer: &Viewer,
        run: &Arc<Run>,
        step: &Step,
    ) -> Option<(Value, Option<Value>)> {
        if !viewer.is_machine() {
            return None;
        }
        let performer = self.shared.runs.performers.get(&step.performer).cloned()?;
        let planned = match self.planned_again(run, &step.id).await {
            Ok(planned) => planned,
            Err(why) => {
                let text = format!("its client is given no secrets: {}", self.clean(&run.id).text(&why));
                self.tell_run(&run.id, Line { level: Level::Warn, ..Line::said(&text) });
                return None;
            }
        };
        // What its client says of it is masked from now on, in this process, too.
        self.hide_planned(&run.id, &planned);
        let (attempt, input) = (step.attempts, &planned.input);
        let call = Call { run, step: &step.id, input, attempt, key: "", dry_run: false };
        let payload = performer.handed(&call);
        let by = viewer.name();
        self.note_doing(
            viewer,
            run,
            "HandOverSecrets",
            &format!("gave {by} the secrets of \"{}\"", step.name),
        );
        Some((planned.input, payload))
    }

    /// Acknowledges runs: from now on nobody else gets them. Answers how many were acknowledged by this call.
    ///
    /// # Errors
    /// `Forbidden`; `NotFound` where there is no such run.
    pub async fn ack_runs(&self, viewer: &Viewer, ids: &[String]) -> Result<usize, PortalError> {
        self.may(viewer, Action::ClaimRuns, Resource::Any)?;
        let ids = ids.to_vec();
        let acknowledge = move |draft: &mut Draft| {
            let mut count = 0;
            for id in &ids {
                let (new, _) = draft.change_run(id, |run, _| {
                    let ended = run.status.has_ended();
                    let Some(claim) = run.claim.as_mut().filter(|claim| !claim.acknowledged && !ended) else {
                        return Ok(0);
                    };
                    claim.acknowledged = true;
                    Ok(1)
                })?;
                count += new;
            }
            Ok(count)
        };
        self.commit(viewer.actor("run"), false, acknowledge).await
    }
}

/// Whether something in it was taken out.
pub(super) fn is_masked(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains(MASK),
        Value::Array(list) => list.iter().any(is_masked),
        Value::Object(map) => map.iter().any(|(key, value)| key.contains(MASK) || is_masked(value)),
        _ => false,
    }
}

/// Whether it waits for this client.
fn is_for(run: &Run, query: &ClaimQuery) -> bool {
    let Some(payload) = &run.report.payload else { return false };
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    // Of a workflow it is the nodes that are taken on.
    let handed = run.status == Status::InProgress
        && run.of.kind != RunKind::Workflow
        && !run.cancelling
        && run.steps.iter().any(|step| step.state == StepState::Reported);
    let whose = match query.installation.as_str() {
        AGENT => payload.get("agent") == Some(&Value::Bool(true)),
        installation => text("installationId") == Some(installation),
    };
    handed
        && whose
        && query.method.as_deref().is_none_or(|method| text("type") == Some(method))
        && !query.exclude.contains(&run.id)
        // Integrations name the actions of which they have enough to do.
        && !query.exclude.contains(&run.of.identifier)
}

fn is_free(run: &Run, now: Timestamp) -> bool {
    run.claim.as_ref().is_none_or(|claim| !claim.acknowledged && claim.until <= now)
}
