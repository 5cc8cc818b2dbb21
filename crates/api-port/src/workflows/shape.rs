//! Runs of workflows and of their nodes as Port's clients read them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};
use stagedoor_portal::{NodeRun, Portal, Run, RunLine, RunOrigin, RunStatus, StepState};
use utoipa::ToSchema;

/// The workflow of a run.
#[derive(ToSchema)]
pub(crate) struct MentionedWorkflow {
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
    /// It is not there any more.
    deleted: bool,
}

/// A run of a workflow.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = WorkflowRun)]
pub(crate) struct WorkflowRunShown {
    /// `wfr_` and 16 letters or digits.
    identifier: String,
    /// `IN_PROGRESS`, `CANCELLING` or `COMPLETED`.
    status: String,
    /// `SUCCESS`, `FAILED` or `CANCELLED`, once it has ended.
    result: Option<String>,
    status_label: Option<String>,
    /// Why it failed.
    error: Option<String>,
    workflow: MentionedWorkflow,
    /// Identifier of the trigger that began it.
    trigger: String,
    /// What was filled in.
    inputs: BTreeMap<String, Value>,
    /// `{outputs}`: what its nodes gave back, by their identifiers.
    variables: BTreeMap<String, Value>,
    node_runs: Vec<NodeRunShown>,
    blueprint: Option<String>,
    entity: Option<String>,
    /// `UI`, `API` or `AUTOMATION`.
    source: String,
    impersonated_by: Option<String>,
    created_at: String,
    created_by: String,
    updated_at: String,
    completed_at: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct WorkflowRunReply {
    ok: bool,
    workflow_run: WorkflowRunShown,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct WorkflowRunsReply {
    ok: bool,
    workflow_runs: Vec<WorkflowRunShown>,
}

/// A run of a node.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = NodeRun)]
pub(crate) struct NodeRunShown {
    /// `wfnr_` and letters or digits.
    identifier: String,
    /// The workflow and the node.
    node_uid: String,
    /// `{identifier, title, config?}`.
    node: BTreeMap<String, Value>,
    /// `{identifier}`.
    workflow_run: BTreeMap<String, Value>,
    /// `IN_PROGRESS` or `COMPLETED`.
    status: String,
    /// `SUCCESS`, `FAILED` or `CANCELLED`, once it has ended.
    result: Option<String>,
    status_label: Option<String>,
    error: Option<String>,
    /// What it was given: its configuration with templates filled in, without secrets.
    config: Option<BTreeMap<String, Value>>,
    /// What it gave back.
    output: BTreeMap<String, Value>,
    external_run_id: Option<String>,
    links: Vec<String>,
    /// An agent or integration has still to take it on.
    pending_execution: bool,
    claimed_until: Option<String>,
    created_at: Option<String>,
    updated_at: String,
    completed_at: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NodeRunReply {
    ok: bool,
    node_run: NodeRunShown,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NodeRunsReply {
    ok: bool,
    node_runs: Vec<NodeRunShown>,
}

/// A line of the log of a run of a node.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NodeRunLog {
    id: String,
    node_run_identifier: String,
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`.
    level: String,
    message: String,
    created_at: String,
    created_by: Option<String>,
}

#[derive(ToSchema)]
pub(crate) struct NodeRunLogsReply {
    ok: bool,
    logs: Vec<NodeRunLog>,
}

/// A run of a workflow.
pub(super) fn run(portal: &Portal, run: &Arc<Run>) -> Value {
    let nodes = NodeRun::all_of(run);
    let ended = |node: &&NodeRun| node.step.state.has_ended();
    let outputs: Map<String, Value> =
        nodes.iter().filter(ended).map(|node| (node.step.id.clone(), node.output.clone())).collect();
    let status = match (run.status.has_ended(), run.cancelling) {
        (true, _) => "COMPLETED",
        (false, true) => "CANCELLING",
        (false, false) => "IN_PROGRESS",
    };
    let result = match run.status {
        RunStatus::Success => Some("SUCCESS"),
        RunStatus::Failure | RunStatus::Declined => Some("FAILED"),
        RunStatus::Cancelled => Some("CANCELLED"),
        RunStatus::InProgress | RunStatus::WaitingForApproval => None,
    };
    let of = &run.of;
    let deleted = !portal.knows_workflow(&of.identifier);
    let began = run.context.get("workflow").and_then(|known| known.get("trigger"));
    let target = run.target.as_ref();
    json!({
        "identifier": run.id,
        "status": status,
        "result": result,
        "statusLabel": run.report.status_label,
        "error": run.error,
        "workflow": { "identifier": of.identifier, "title": of.title, "icon": of.icon, "deleted": deleted },
        "trigger": began,
        "inputs": run.inputs,
        "variables": { "outputs": outputs },
        "nodeRuns": nodes.iter().map(|one| node(one, false)).collect::<Vec<_>>(),
        "blueprint": target.map(|target| &target.blueprint),
        "entity": target.and_then(|target| target.entity.as_ref()),
        "source": match run.starter.origin {
            RunOrigin::Ui => "UI",
            RunOrigin::Api => "API",
            RunOrigin::Automation => "AUTOMATION",
        },
        "impersonatedBy": run.starter.impersonated_by,
        "createdAt": run.created_at.to_string(),
        "createdBy": run.starter.actor,
        "updatedAt": run.updated_at.to_string(),
        "completedAt": run.ended_at.map(|at| at.to_string()),
    })
}

/// A run of a node; with its configuration where it is asked for.
pub(super) fn node(one: &NodeRun, with_config: bool) -> Value {
    let (run, step) = (&one.run, &one.step);
    let cancelled = run.status == RunStatus::Cancelled || run.cancelling;
    let (status, result) = match step.state {
        StepState::Done => ("COMPLETED", Some("SUCCESS")),
        StepState::Failed if cancelled => ("COMPLETED", Some("CANCELLED")),
        StepState::Failed => ("COMPLETED", Some("FAILED")),
        _ => ("IN_PROGRESS", None),
    };
    let config = config(one);
    let mut about = json!({ "identifier": step.id, "title": step.name, "type": step.performer });
    if with_config {
        about["config"] = config.clone();
    }
    let links = step.report.link.as_ref().map(|links| json!(links));
    let links = links.or_else(|| step.input.get("links").cloned()).unwrap_or_else(|| json!([]));
    let label = step.report.status_label.clone();
    let label = label.or_else(|| step.input.pointer("/statusLabel/text")?.as_str().map(str::to_owned));
    let acknowledged = step.claim.as_ref().is_some_and(|claim| claim.acknowledged);
    let until = step.claim.as_ref().filter(|claim| !claim.acknowledged).map(|claim| claim.until.to_string());
    json!({
        "identifier": one.id,
        "nodeUid": format!("{}/{}", run.of.identifier, step.id),
        "node": about,
        "workflowRun": { "identifier": run.id },
        "workflow": { "identifier": run.of.identifier },
        "status": status,
        "result": result,
        "statusLabel": label,
        "error": step.error,
        "config": config,
        "output": if step.state.has_ended() { &one.output } else { &step.output },
        "externalRunId": step.report.external_run_id,
        "links": links,
        "pendingExecution": step.state == StepState::Reported && is_for_clients(one) && !acknowledged,
        "claimedUntil": until,
        "createdAt": step.started_at.map(|at| at.to_string()),
        "updatedAt": run.updated_at.to_string(),
        "completedAt": step.ended_at.map(|at| at.to_string()),
    })
}

/// What a node was given, as clients that take it on read it.
fn config(one: &NodeRun) -> Value {
    let Value::Object(input) = &one.step.input else { return json!({ "type": one.step.performer }) };
    let mut config = Map::from_iter([("type".to_owned(), json!(one.step.performer))]);
    config.extend(
        input.iter().filter(|(key, _)| *key != "links").map(|(key, value)| (key.clone(), value.clone())),
    );
    Value::Object(config)
}

fn is_for_clients(one: &NodeRun) -> bool {
    let agent = one.step.input.get("agent").is_some_and(|agent| *agent == true || agent == "true");
    one.step.performer == "INTEGRATION_ACTION" || agent
}

/// A line of a log.
pub(super) fn line(node: &str, line: &RunLine) -> Value {
    let level = serde_json::to_value(line.level).unwrap_or_default();
    json!({
        "id": line.id.to_string(),
        "nodeRunIdentifier": node,
        "level": level.as_str().unwrap_or_default().to_uppercase(),
        "message": line.message,
        "createdAt": line.at.to_string(),
        "createdBy": line.by,
    })
}
