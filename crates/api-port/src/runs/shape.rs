//! A run as Port's clients read it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stagedoor_auth::Viewer;
use stagedoor_portal::{Approver, Portal, Run, RunLine, RunOrigin, RunStatus, StepState, Verdict};
use utoipa::ToSchema;

/// Something by its name, as runs mention it.
#[derive(ToSchema)]
pub(crate) struct Mention {
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
}

/// The action of a run.
#[derive(ToSchema)]
pub(crate) struct MentionedAction {
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
    /// It is not there any more.
    deleted: bool,
}

/// A run.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Run)]
pub(crate) struct RunShown {
    id: String,
    /// `WAITING_FOR_APPROVAL`, `IN_PROGRESS`, `SUCCESS`, `FAILURE`, `DECLINED` or `CANCELLED`.
    status: String,
    status_label: Option<String>,
    blueprint: Option<Mention>,
    entity: Option<Mention>,
    action: MentionedAction,
    /// `UI`, `API` or `AUTOMATION`.
    source: String,
    link: Vec<String>,
    summary: Option<String>,
    external_run_id: Option<String>,
    required_approval: bool,
    approval: Option<BTreeMap<String, Value>>,
    /// What was filled in.
    properties: BTreeMap<String, Value>,
    /// What the back end is given, without secrets.
    payload: Option<BTreeMap<String, Value>>,
    /// What it answered.
    response: Option<Value>,
    /// An agent or integration has still to take it on.
    pending_execution: bool,
    claimed_until: Option<String>,
    installation_id: Option<String>,
    impersonated_by: Option<String>,
    ended_at: Option<String>,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
pub(crate) struct RunReply {
    ok: bool,
    run: RunShown,
}

/// A line of a log.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct RunLog {
    id: String,
    run_id: String,
    message: String,
    termination_status: Option<String>,
    status_label: Option<String>,
    created_at: String,
    created_by: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct LogReply {
    ok: bool,
    run_log: RunLog,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = RunLogsReply)]
pub(crate) struct LogsReply {
    ok: bool,
    run_logs: Vec<RunLog>,
}

/// Somebody who may say yes or no.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = RunApprover)]
pub(crate) struct ApproverShown {
    user_id: String,
    /// `APPROVED`, `DECLINED` or `PENDING`.
    state: String,
    description: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct ApproversReply {
    ok: bool,
    approvers: Vec<ApproverShown>,
}

/// Port's word for how a run is doing.
pub(super) fn status(status: RunStatus) -> Value {
    serde_json::to_value(status).unwrap_or_default()
}

/// A run, with what it mentions as the caller sees that.
pub(crate) fn shown(portal: &Portal, viewer: &Viewer, run: &Run) -> Value {
    let report = &run.report;
    let handed = run.steps.iter().any(|step| step.state == StepState::Reported) && !run.status.has_ended();
    let payload = report.payload.clone().or_else(|| run.steps.first().map(|step| step.input.clone()));
    let mut shown = Map::new();
    let mut set = |key: &str, value: Value| drop(shown.insert(key.to_owned(), value));
    set("id", json!(run.id));
    set("status", status(run.status));
    set("statusLabel", json!(report.status_label));
    let (blueprint, entity) = mentioned(portal, viewer, run);
    set("blueprint", blueprint);
    set("entity", entity);
    let deleted = !portal.knows_action(&run.of.identifier);
    set(
        "action",
        json!({ "identifier": run.of.identifier, "title": run.of.title, "icon": run.of.icon, "deleted": deleted }),
    );
    set("source", json!(source(run.starter.origin)));
    set("link", json!(report.link.clone().unwrap_or_default()));
    set("summary", json!(report.summary.clone().or_else(|| run.error.clone())));
    set("externalRunId", json!(report.external_run_id));
    set("requiredApproval", json!(run.approval.is_some()));
    set("approval", approval(run));
    set("properties", Value::Object(run.inputs.clone()));
    set("payload", payload.filter(|payload| !payload.is_null()).unwrap_or_default());
    set("response", report.response.clone().unwrap_or_default());
    let acknowledged = run.claim.as_ref().is_some_and(|claim| claim.acknowledged);
    set("pendingExecution", json!(handed && report.payload.is_some() && !acknowledged));
    let until = run.claim.as_ref().filter(|claim| !claim.acknowledged).map(|claim| claim.until.to_string());
    set("claimedUntil", json!(until));
    let installation = report.payload.as_ref().and_then(|payload| payload.get("installationId"));
    set("installationId", installation.cloned().unwrap_or_default());
    set("impersonatedBy", json!(run.starter.impersonated_by));
    set("endedAt", json!(run.ended_at.map(|at| at.to_string())));
    set("createdAt", json!(run.created_at.to_string()));
    set("createdBy", json!(run.starter.actor));
    set("updatedAt", json!(run.updated_at.to_string()));
    set("updatedBy", json!(run.starter.actor));
    Value::Object(shown)
}

fn source(origin: RunOrigin) -> &'static str {
    match origin {
        RunOrigin::Ui => "UI",
        RunOrigin::Api => "API",
        RunOrigin::Automation => "AUTOMATION",
    }
}

fn mentioned(portal: &Portal, viewer: &Viewer, run: &Run) -> (Value, Value) {
    let Some(target) = &run.target else { return (Value::Null, Value::Null) };
    let view = portal.view(viewer).ok();
    let model = view.as_ref().and_then(|view| view.blueprints().get(&target.blueprint).cloned());
    let body = model.map(|entry| entry.blueprint.body.value()).unwrap_or_default();
    let part = |key: &str| body.get(key).cloned().unwrap_or_default();
    let blueprint = json!({ "identifier": target.blueprint, "title": part("title"), "icon": part("icon") });
    let entity = match &target.entity {
        Some(entity) => json!({ "identifier": entity, "title": target.title, "icon": null }),
        None => Value::Null,
    };
    (blueprint, entity)
}

fn approval(run: &Run) -> Value {
    let Some(approval) = &run.approval else { return Value::Null };
    let answer = approval.answers.last();
    let state = match (run.status, answer.map(|answer| answer.verdict)) {
        (RunStatus::WaitingForApproval, _) => "PENDING",
        (_, Some(Verdict::Decline)) => "DECLINED",
        (_, Some(Verdict::Approve)) => "APPROVED",
        (_, None) => "PENDING",
    };
    json!({
        "state": state,
        "userId": answer.map(|answer| &answer.email),
        "description": answer.and_then(|answer| answer.description.as_ref()),
    })
}

/// Somebody who may say yes or no.
pub(super) fn approver(approver: &Approver) -> Value {
    let state = match approver.answer.as_ref().map(|answer| answer.verdict) {
        None => "PENDING",
        Some(Verdict::Approve) => "APPROVED",
        Some(Verdict::Decline) => "DECLINED",
    };
    let description = approver.answer.as_ref().and_then(|answer| answer.description.as_ref());
    json!({ "userId": approver.email, "state": state, "description": description })
}

/// A line of a log.
pub(super) fn log_line(run: &str, line: &RunLine) -> Value {
    json!({
        "id": line.id.to_string(),
        "runId": run,
        "message": line.message,
        "terminationStatus": line.termination.map(status),
        "statusLabel": line.status_label,
        "createdAt": line.at.to_string(),
        "createdBy": line.by,
    })
}
