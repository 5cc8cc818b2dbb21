//! Runs as the native API writes them.

use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value};
use stagedoor_auth::Viewer;
use stagedoor_model::Timestamp;
use stagedoor_portal::{Portal, Report, Run as Kept, RunDoings, RunStep, StepState};
use utoipa::ToSchema;

use super::inputs::RunWaits;
use crate::may::May;

/// A run in a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RunRow {
    id: String,
    of: RunSubject,
    starter: RunStarter,
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<RunTarget>,
    /// `WAITING_FOR_APPROVAL`, `IN_PROGRESS`, `SUCCESS`, `FAILURE`, `DECLINED`, `CANCELLED`.
    status: String,
    report: RunReport,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// What a person has to look at.
    #[serde(skip_serializing_if = "Option::is_none")]
    attention: Option<String>,
    /// Somebody wants it to end.
    cancelling: bool,
    created_at: String,
    updated_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// What a run is of.
#[derive(Serialize, ToSchema)]
struct RunSubject {
    /// `action`, `automation`, `template` or `workflow`.
    kind: String,
    /// Of an action or workflow; the reference of a template.
    identifier: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    icon: Option<String>,
}

/// Who set a run going.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunStarter {
    actor: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// The machine that did so in that person's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    impersonated_by: Option<String>,
    /// `UI`, `API` or `AUTOMATION`.
    origin: String,
}

/// What a run is about.
#[derive(Serialize, ToSchema)]
struct RunTarget {
    blueprint: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    entity: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

/// What back ends and clients say of a run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    status_label: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    external_run_id: Option<String>,
    /// What the back end answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<Value>,
}

/// A run with all that its page shows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Run {
    #[serde(flatten)]
    row: RunRow,
    /// What it was given; never changed since.
    inputs: Map<String, Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<RunApproval>,
    steps: Vec<Step>,
    /// What it gives back.
    output: Value,
    /// Digest of the definition as it was when the run began.
    definition: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    rerun_of: Option<String>,
    /// The run by whose doings it was set going.
    #[serde(skip_serializing_if = "Option::is_none")]
    caused_by: Option<String>,
    /// How often it was begun anew.
    retries: u32,
    /// When its first step began.
    #[serde(skip_serializing_if = "Option::is_none")]
    begun_at: Option<String>,
    /// What people are asked now, by the nodes of a workflow.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    waiting: Vec<RunWaits>,
    may: RunMay,
}

/// Who has to approve a run.
#[derive(Serialize, ToSchema)]
struct RunApproval {
    /// `ANY` or `ALL`.
    mode: String,
    /// Addresses; administrators where there are none.
    approvers: Vec<String>,
    answers: Vec<RunAnswer>,
}

/// An approver's answer.
#[derive(Serialize, ToSchema)]
struct RunAnswer {
    email: String,
    /// `APPROVE` or `DECLINE`.
    verdict: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    at: String,
}

/// A part of a run.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Step {
    id: String,
    name: String,
    /// What does it, such as `WEBHOOK` or `fetch:template`.
    performer: String,
    state: State,
    /// How often it was begun.
    attempts: u32,
    /// What it was given, with secrets masked.
    input: Value,
    output: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<String>,
}

/// How a step is doing.
#[derive(Serialize, ToSchema)]
struct State {
    /// `open`, `intent` (being performed), `following`, `reported` (handed over), `done`, `failed`, `skipped`, `unclear`
    /// (a person decides).
    state: &'static str,
}

/// What the caller may do with the run: true, or in words why not.
#[derive(Serialize, ToSchema)]
struct RunMay {
    cancel: May,
    rerun: May,
    retry: May,
    approve: May,
    settle: May,
}

/// A word of the kept form, as it is written there.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}

impl RunRow {
    pub(crate) fn of(run: &Kept) -> Self {
        Self {
            id: run.id.clone(),
            of: RunSubject {
                kind: word(run.of.kind),
                identifier: run.of.identifier.clone(),
                title: run.of.title.clone(),
                icon: run.of.icon.clone(),
            },
            starter: RunStarter {
                actor: run.starter.actor.clone(),
                email: run.starter.email.clone(),
                impersonated_by: run.starter.impersonated_by.clone(),
                origin: word(run.starter.origin),
            },
            target: run.target.as_ref().map(|target| RunTarget {
                blueprint: target.blueprint.clone(),
                entity: target.entity.clone(),
                title: target.title.clone(),
            }),
            status: word(run.status),
            report: RunReport::of(&run.report),
            error: run.error.clone(),
            attention: run.attention.clone(),
            cancelling: run.cancelling,
            created_at: run.created_at.to_string(),
            updated_at: run.updated_at.to_string(),
            ended_at: time(run.ended_at),
        }
    }
}

impl RunReport {
    fn of(report: &Report) -> Self {
        Self {
            status_label: report.status_label.clone(),
            link: report.link.clone(),
            summary: report.summary.clone(),
            external_run_id: report.external_run_id.clone(),
            response: report.response.clone(),
        }
    }
}

impl Run {
    pub(crate) async fn of(portal: &Portal, viewer: &Viewer, run: &Arc<Kept>) -> Self {
        // Whoever may read no more than runs is not told what is asked, and may not answer it.
        let waiting = portal.waiting_inputs(viewer, run).await.unwrap_or_default();
        let approval = run.approval.as_ref().map(|approval| RunApproval {
            mode: word(approval.mode),
            approvers: approval.approvers.clone(),
            answers: approval
                .answers
                .iter()
                .map(|answer| RunAnswer {
                    email: answer.email.clone(),
                    verdict: word(answer.verdict),
                    description: answer.description.clone(),
                    at: answer.at.to_string(),
                })
                .collect(),
        });
        Self {
            row: RunRow::of(run),
            inputs: run.inputs.clone(),
            approval,
            steps: run.steps.iter().map(Step::of).collect(),
            output: run.output.clone(),
            definition: run.definition.clone(),
            rerun_of: run.rerun_of.clone(),
            caused_by: run.caused_by.clone(),
            retries: run.retries,
            begun_at: time(run.begun_at),
            waiting: waiting.into_iter().map(RunWaits::of).collect(),
            may: RunMay::of(portal.run_doings(viewer, run)),
        }
    }
}

impl Step {
    fn of(step: &RunStep) -> Self {
        Self {
            id: step.id.clone(),
            name: step.name.clone(),
            performer: step.performer.clone(),
            state: State { state: state(&step.state) },
            attempts: step.attempts,
            input: step.input.clone(),
            output: step.output.clone(),
            error: step.error.clone(),
            started_at: time(step.started_at),
            ended_at: time(step.ended_at),
        }
    }
}

fn state(state: &StepState) -> &'static str {
    match state {
        StepState::Open => "open",
        StepState::Intent { .. } => "intent",
        StepState::Following { .. } => "following",
        StepState::Reported => "reported",
        StepState::Done => "done",
        StepState::Failed => "failed",
        StepState::Skipped => "skipped",
        StepState::Unclear => "unclear",
    }
}

impl RunMay {
    fn of(doings: RunDoings) -> Self {
        Self {
            cancel: doings.cancel.into(),
            rerun: doings.rerun.into(),
            retry: doings.retry.into(),
            approve: doings.approve.into(),
            settle: doings.settle.into(),
        }
    }
}
