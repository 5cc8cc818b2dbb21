//! Runs of the nodes of workflows, as Port's clients know them: each is a step of a run. Clients take them on, report on
//! them and add to their logs; people answer those that wait for them ([`answer`]).

mod answer;
mod asked;
mod claim;

pub use asked::{InboxItem, InputForm, NodePress, WaitingInput};

use std::sync::Arc;

use serde_json::Value;
use stagedoor_actions::workflow::{INPUT, WorkflowProgram, node_run_id, output_of, run_of_node_run};
use stagedoor_actions::{Report, Run, RunKind, Step, StepState};
use stagedoor_auth::Viewer;

use super::report::{check, ended, merge};
use super::{NewLine, RunLine, RunPatch, logs::Line, record};
use crate::Portal;
use crate::actions::aside;
use crate::error::PortalError;
use crate::writer::Draft;

/// Runs of nodes in one answer.
const MOST: usize = 1_000;
/// Lines that are read for one answer.
const LINES: usize = 1_000;

/// The run of a node.
#[derive(Clone, Debug)]
pub struct NodeRun {
    /// `wfnr_` and letters or digits.
    pub id: String,
    /// The run of the workflow.
    pub run: Arc<Run>,
    /// The step of that.
    pub step: Step,
    /// What it gave back, as later nodes read it.
    pub output: Value,
}

/// Which runs of nodes are wanted.
#[derive(Clone, Debug, Default)]
pub struct NodeRunQuery {
    /// Called this outside.
    pub external_run_id: Option<String>,
    /// Of this run.
    pub run: Option<String>,
    /// At most so many.
    pub limit: usize,
}

/// How a run of a node ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeResult {
    /// Well.
    Success,
    /// Badly.
    Failed,
    /// Because somebody wished so; the run of the workflow ends with it, unless the node says `onFailure: continue`.
    Cancelled,
}

/// What a client reports of a run of a node.
#[derive(Clone, Debug, Default)]
pub struct NodeRunPatch {
    /// How it ended; it goes on where absent.
    pub result: Option<NodeResult>,
    /// What later nodes read.
    pub output: Option<Value>,
    /// What it is called outside.
    pub external_run_id: Option<String>,
    /// Addresses where more can be seen.
    pub links: Option<Vec<String>>,
    /// For people: why it failed.
    pub summary: Option<String>,
}

impl NodeRun {
    pub(super) fn of(run: &Arc<Run>, step: &Step) -> Self {
        let id = node_run_id(&run.id, &step.id);
        Self { id, run: Arc::clone(run), step: step.clone(), output: output_of(run, step) }
    }

    /// Those of a run, in their order; nodes that were passed by have none.
    #[must_use]
    pub fn all_of(run: &Arc<Run>) -> Vec<Self> {
        let begun = run.steps.iter().filter(|step| step.state != StepState::Skipped);
        begun.map(|step| Self::of(run, step)).collect()
    }
}

fn missing(id: &str) -> PortalError {
    let shown: String = id.chars().take(100).collect();
    PortalError::NotFound(format!("Node run with identifier \"{shown}\" was not found"))
}

/// The place of the step in its run.
fn step_of<'r>(run: &'r mut Run, id: &str) -> Result<&'r mut Step, PortalError> {
    let own = run.id.clone();
    run.steps.iter_mut().find(|step| node_run_id(&own, &step.id) == id).ok_or_else(|| missing(id))
}

impl Portal {
    /// One run of a node.
    ///
    /// # Errors
    /// `NotFound` where there is none that this caller may see; `Forbidden` for a token without `read:runs`.
    pub fn node_run(&self, viewer: &Viewer, id: &str) -> Result<NodeRun, PortalError> {
        let run = run_of_node_run(id).ok_or(());
        let run = match run.map(|run| self.run(viewer, &run)) {
            Ok(Ok(run)) if run.of.kind == RunKind::Workflow => run,
            Ok(Err(error @ PortalError::Forbidden(_))) => return Err(error),
            // Whether there is such a thing at all is asked of everybody alike.
            Err(()) => return self.onlooker(viewer).and(Err(missing(id))),
            Ok(_) => return Err(missing(id)),
        };
        NodeRun::all_of(&run).into_iter().find(|node| node.id == id).ok_or_else(|| missing(id))
    }

    /// Runs of nodes that the caller may see, those of the newest run first.
    ///
    /// # Errors
    /// `Forbidden` for a token without `read:runs`.
    pub fn node_runs(&self, viewer: &Viewer, query: &NodeRunQuery) -> Result<Vec<NodeRun>, PortalError> {
        let onlooker = self.onlooker(viewer)?;
        let catalog = self.shared.catalog.load();
        let wanted = |step: &Step| {
            let called = step.report.external_run_id.as_deref();
            step.state != StepState::Skipped
                && query.external_run_id.as_deref().is_none_or(|wanted| called == Some(wanted))
        };
        let of = |run: &&Arc<Run>| {
            run.of.kind == RunKind::Workflow
                && query.run.as_deref().is_none_or(|wanted| run.id == wanted)
                && run.steps.iter().any(wanted)
                && onlooker.sees(run)
        };
        Ok(self.shared.runs.book.read(&catalog, |pages| {
            let nodes = pages.newest().filter(of).flat_map(NodeRun::all_of);
            nodes.filter(|node| wanted(&node.step)).take(query.limit.min(MOST)).collect()
        }))
    }

    /// What the nodes of a run have given back so far, by their identifiers; null where its definition is gone.
    ///
    /// # Errors
    /// As [`Portal::run`].
    pub async fn outputs_of(&self, viewer: &Viewer, run: &str) -> Result<Value, PortalError> {
        let run = self.run(viewer, run)?;
        let portal = self.clone();
        aside(move || {
            let definition = record::definition(&portal.shared.catalog.load(), &run);
            let outputs = |definition| WorkflowProgram::new(definition).outputs(&run, &portal.shared.jq);
            Ok(definition.map(outputs).unwrap_or_default())
        })
        .await
    }

    /// Takes what a client says of a run of a node. With a result it ends, and the workflow goes on.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for whoever neither set the workflow going nor is a machine or an administrator;
    /// `run_ended`; `not_handed_over` for a node that is no client's; `Invalid` naming the place.
    pub async fn report_node_run(
        &self,
        viewer: &Viewer,
        id: &str,
        patch: NodeRunPatch,
    ) -> Result<NodeRun, PortalError> {
        let node = self.node_run(viewer, id)?;
        self.changeable_run(viewer, &node.run.id)?;
        check(&RunPatch {
            link: patch.links.clone(),
            summary: patch.summary.clone(),
            external_run_id: patch.external_run_id.clone(),
            response: patch.output.clone(),
            ..RunPatch::default()
        })?;
        let clean = self.clean(&node.run.id);
        let report = Report {
            link: patch.links.map(|all| all.iter().map(|link| clean.text(link)).collect()),
            summary: patch.summary.as_deref().map(|text| clean.text(text)),
            external_run_id: patch.external_run_id,
            ..Report::default()
        };
        let (output, result) = (patch.output.map(|output| clean.value(output)), patch.result);
        let (key, name) = (node.run.id.clone(), id.to_owned());
        let change = move |draft: &mut Draft| {
            let at = draft.at;
            draft.change_run(&key, |run, _| {
                if run.status.has_ended() {
                    return Err(ended(run));
                }
                let step = step_of(run, &name)?;
                is_reported_on(step)?;
                merge(&mut step.report, report.clone());
                if let Some(output) = &output {
                    step.output = output.clone();
                }
                if let Some(result) = result {
                    step.ended_at = Some(at);
                    let cancels = end(step, result);
                    run.cancelling |= cancels;
                    if !run.steps.iter().any(|step| step.state == StepState::Unclear) {
                        run.attention = None;
                    }
                }
                Ok(())
            })
        };
        let ((), run) = self.commit(viewer.actor("run"), false, change).await?;
        if let Some(result) = result {
            let word = match result {
                NodeResult::Success => "finished with success",
                NodeResult::Failed => "finished with a failure",
                NodeResult::Cancelled => "cancelled",
            };
            let step = Some(node.step.id.clone());
            let by = Some(viewer.name().to_owned());
            self.tell_run(&run.id, Line { step, by, ..Line::said(&format!("reported as {word}")) });
        }
        self.wake_run(&run);
        self.node_run(viewer, id)
    }

    /// Adds lines to the log of a run of a node.
    ///
    /// # Errors
    /// As [`Portal::log_run`].
    pub async fn log_node_run(
        &self,
        viewer: &Viewer,
        id: &str,
        mut lines: Vec<NewLine>,
    ) -> Result<Vec<RunLine>, PortalError> {
        let node = self.node_run(viewer, id)?;
        lines.iter_mut().for_each(|line| line.step = Some(node.step.id.clone()));
        self.log_run(viewer, &node.run.id, lines).await
    }

    /// The log of a run of a node, oldest first.
    ///
    /// # Errors
    /// `NotFound`; `Forbidden` for a token without `read:runs`.
    pub async fn node_run_logs(&self, viewer: &Viewer, id: &str) -> Result<Vec<RunLine>, PortalError> {
        let node = self.node_run(viewer, id)?;
        let mut lines = self.run_logs(viewer, &node.run.id, None, 0, LINES).await?;
        lines.retain(|line| line.step.as_deref() == Some(node.step.id.as_str()));
        Ok(lines)
    }
}

/// Whether a step is one that a client reports on, and has not ended.
fn is_reported_on(step: &Step) -> Result<(), PortalError> {
    let own = matches!(
        step.performer.as_str(),
        INPUT | "CONDITION" | "SELF_SERVE_TRIGGER" | "EVENT_TRIGGER" | "SCHEDULE_TRIGGER"
    );
    let refused = |text: &str| Err(PortalError::refused("not_handed_over", text));
    if own {
        return refused(
            "nobody reports on a node of this type: people answer an input, the rest goes by itself",
        );
    }
    match &step.state {
        StepState::Open => refused("it has not begun"),
        state if state.has_ended() => {
            Err(PortalError::refused("run_ended", "the run of this node has ended"))
        }
        _ => Ok(()),
    }
}

/// Ends a step. True where the whole run is to end with it.
fn end(step: &mut Step, result: NodeResult) -> bool {
    step.wake_at = None;
    let summary = step.report.summary.clone();
    match result {
        NodeResult::Success => {
            (step.state, step.error) = (StepState::Done, None);
            false
        }
        NodeResult::Failed => {
            step.state = StepState::Failed;
            step.error = Some(summary.unwrap_or_else(|| "its client reported a failure".into()));
            false
        }
        NodeResult::Cancelled => {
            step.state = StepState::Failed;
            step.error = Some(summary.unwrap_or_else(|| "its client cancelled it".into()));
            step.input.get("onFailure").is_none_or(|what| what != "continue")
        }
    }
}
