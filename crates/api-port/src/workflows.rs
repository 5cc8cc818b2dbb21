//! Workflows: their definitions, running them, and their runs.
#![allow(dead_code, reason = "some types are only described")]

mod nodes;
mod shape;

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, patch, post};
use axum::{Json, Router};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Map, Value, json};
use stagedoor_auth::Via;
use stagedoor_portal::{Portal, Run, RunKind, RunOrigin, RunQuery, StoredWorkflow, WorkflowCall};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, decode};
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};
use crate::runs::body::text;
use shape::{WorkflowRunReply, WorkflowRunsReply};

/// Runs that a list has where nobody says how many, and at most.
const USUAL: usize = 200;
const MOST: usize = 1_000;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 13] = [
        ("/workflows", get(list).post(create)),
        ("/workflows/{workflow}", get(read).put(replace).delete(delete)),
        ("/workflows/{workflow}/runs", post(run)),
        ("/workflows/runs", get(runs)),
        ("/workflows/runs/claim-pending", post(nodes::claim)),
        ("/workflows/runs/ack", patch(nodes::acknowledge)),
        ("/workflows/runs/{run}", get(read_run)),
        ("/workflows/runs/{run}/cancel", post(cancel)),
        ("/workflows/runs/{run}/nodes/{node_run}", patch(nodes::report_of)),
        ("/workflows/nodes/runs", get(nodes::list)),
        ("/workflows/nodes/runs/{node_run}", get(nodes::read).patch(nodes::report)),
        ("/workflows/nodes/runs/{node_run}/logs", get(nodes::logs).post(nodes::log)),
        ("/workflows/nodes/runs/{node_run}/responses", post(nodes::answer)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// What stands after a part of the path: a workflow, a run, a run of a node.
fn after(parts: &Parts, part: &str) -> String {
    let rest = parts.uri.path().split_once(part).map_or("", |(_, rest)| rest);
    decode(rest.split('/').next().unwrap_or_default(), false)
}

/// The workflow in `/workflows/{workflow}/...`.
pub(crate) struct OfWorkflow(String);

impl<S: Sync> FromRequestParts<S> for OfWorkflow {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(after(parts, "/workflows/")))
    }
}

/// The run in `/workflows/runs/{run}/...`.
pub(crate) struct OfRun(String);

impl<S: Sync> FromRequestParts<S> for OfRun {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(after(parts, "/runs/")))
    }
}

/// A node of a workflow.
#[derive(ToSchema)]
pub(crate) struct WorkflowNode {
    /// Unique within the workflow.
    #[schema(min_length = 1, max_length = 100)]
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
    description: Option<String>,
    /// What later nodes read in the place of what it gives back: JQ templates by name.
    variables: Option<BTreeMap<String, Value>>,
    /// Addresses that its runs show, with templates.
    #[schema(max_items = 3)]
    links: Option<Vec<Value>>,
    verbose: Option<bool>,
    /// `{type, ...}`: `SELF_SERVE_TRIGGER`, `EVENT_TRIGGER`, `SCHEDULE_TRIGGER`, `WEBHOOK`, `KAFKA`, `UPSERT_ENTITY`,
    /// `INTEGRATION_ACTION`, `CONDITION`, `INPUT`, `AI`, `AI_AGENT`, or another back end of actions.
    config: BTreeMap<String, Value>,
}

/// A way from one node to another.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct WorkflowConnection {
    source_identifier: String,
    target_identifier: String,
    description: Option<String>,
    /// The outlet of a condition or an input by which it leaves.
    source_outlet_identifier: Option<String>,
    /// Taken where a condition chooses no outlet.
    fallback: Option<bool>,
}

/// A workflow. Its keys come back as they were sent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct WorkflowBody {
    /// Letters of any script, digits and `@_.+:=-`.
    #[schema(min_length = 1, max_length = 100)]
    identifier: String,
    title: Option<String>,
    icon: Option<String>,
    description: Option<String>,
    category: Option<String>,
    allow_anyone_to_view_runs: Option<bool>,
    #[schema(min_items = 1, max_items = 200)]
    nodes: Vec<WorkflowNode>,
    connections: Option<Vec<WorkflowConnection>>,
}

/// A workflow as it is kept.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = Workflow)]
pub(crate) struct WorkflowShown {
    #[schema(inline)]
    #[serde(flatten)]
    body: WorkflowBody,
    id: String,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
pub(crate) struct WorkflowReply {
    ok: bool,
    workflow: WorkflowShown,
}

#[derive(ToSchema)]
pub(crate) struct WorkflowsReply {
    ok: bool,
    workflows: Vec<WorkflowShown>,
}

/// What a workflow is run with.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewWorkflowRunBody {
    /// By the identifiers of its trigger's inputs.
    #[schema(nullable = false)]
    inputs: Option<BTreeMap<String, Value>>,
    /// The trigger, where it has several for people.
    node_identifier: Option<String>,
}

#[derive(OpenApi)]
#[openapi(paths(
    list,
    create,
    read,
    replace,
    delete,
    run,
    runs,
    read_run,
    cancel,
    nodes::claim,
    nodes::acknowledge,
    nodes::report_of,
    nodes::list,
    nodes::read,
    nodes::report,
    nodes::logs,
    nodes::log,
    nodes::answer
))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn reply(status: StatusCode, workflow: &StoredWorkflow) -> Response {
    (status, Json(json!({ "ok": true, "workflow": workflow.to_port() }))).into_response()
}

/// Lists workflows that the caller may run, by identifier; administrators get all.
#[utoipa::path(
    get,
    path = "/workflows",
    tag = "Workflows",
    operation_id = "list_workflows",
    responses(
        (status = 200, description = "The workflows", body = WorkflowsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    let all: Vec<Value> = portal.workflows(&viewer)?.iter().map(StoredWorkflow::to_port).collect();
    Ok(Json(json!({ "ok": true, "workflows": all })).into_response())
}

/// Makes a workflow.
#[utoipa::path(
    post,
    path = "/workflows",
    tag = "Workflows",
    operation_id = "create_workflow",
    request_body = WorkflowBody,
    responses(
        (status = 201, description = "The workflow", body = WorkflowReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The workflow is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    Ok(reply(StatusCode::CREATED, &portal.create_workflow(&viewer, body).await?))
}

/// One workflow.
#[utoipa::path(
    get,
    path = "/workflows/{workflow}",
    tag = "Workflows",
    operation_id = "get_workflow",
    params(("workflow" = String, Path, description = "Identifier of the workflow")),
    responses(
        (status = 200, description = "The workflow", body = WorkflowReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such workflow that the caller may run", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfWorkflow(workflow): OfWorkflow,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.workflow(&viewer, &workflow)?))
}

/// Replaces a workflow as a whole; another `identifier` renames it. Runs keep to the definition that they began with.
#[utoipa::path(
    put,
    path = "/workflows/{workflow}",
    tag = "Workflows",
    operation_id = "replace_workflow",
    params(("workflow" = String, Path, description = "Identifier of the workflow")),
    request_body = WorkflowBody,
    responses(
        (status = 200, description = "The workflow", body = WorkflowReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such workflow or blueprint", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The workflow is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfWorkflow(workflow): OfWorkflow,
    Body(body): Body,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.replace_workflow(&viewer, &workflow, body).await?))
}

/// Removes a workflow. Its runs stay, and go on.
#[utoipa::path(
    delete,
    path = "/workflows/{workflow}",
    tag = "Workflows",
    operation_id = "delete_workflow",
    params(("workflow" = String, Path, description = "Identifier of the workflow")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such workflow", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfWorkflow(workflow): OfWorkflow,
) -> Answer {
    portal.delete_workflow(&viewer, &workflow).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Runs a workflow.
#[utoipa::path(
    post,
    path = "/workflows/{workflow}/runs",
    tag = "Workflows",
    operation_id = "run_workflow",
    params(
        ("workflow" = String, Path, description = "Identifier of the workflow"),
        ("run_as" = Option<String>, Query, description = "The user in whose name a machine runs it"),
    ),
    request_body = NewWorkflowRunBody,
    responses(
        (status = 202, description = "The run", body = WorkflowRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such workflow that the caller may run", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The inputs are not legal", body = Refusal),
    )
)]
pub(crate) async fn run(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfWorkflow(workflow): OfWorkflow,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    if !body.is_object() {
        return Err(Failure::invalid("body must be object"));
    }
    let origin = if matches!(viewer.via(), Via::Session(_)) { RunOrigin::Ui } else { RunOrigin::Api };
    let call = WorkflowCall {
        workflow,
        trigger: text(&body, "nodeIdentifier")?,
        inputs: inputs(&body)?,
        run_as: parameters.one("run_as").map(str::to_owned),
        origin,
        rerun_of: None,
    };
    let run = portal.start_workflow(&viewer, call).await?;
    run_reply(&portal, StatusCode::ACCEPTED, &run, Value::Null)
}

fn inputs(body: &Value) -> Result<Map<String, Value>, Failure> {
    match body.get("inputs") {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(inputs)) => Ok(inputs.clone()),
        Some(_) => Err(Failure::invalid("\"inputs\" must be object")),
    }
}

fn run_reply(portal: &Portal, status: StatusCode, run: &std::sync::Arc<Run>, outputs: Value) -> Answer {
    let mut shown = shape::run(portal, run);
    if !outputs.is_null() {
        shown["variables"]["outputs"] = outputs;
    }
    Ok((status, Json(json!({ "ok": true, "workflowRun": shown }))).into_response())
}

/// Lists runs of workflows, newest first.
#[utoipa::path(
    get,
    path = "/workflows/runs",
    tag = "Workflows",
    operation_id = "list_workflow_runs",
    params(
        ("workflow" = Option<String>, Query, description = "Of this workflow"),
        ("active" = Option<bool>, Query, description = "That have not ended, or that have"),
        ("blueprint" = Option<String>, Query, description = "About this blueprint"),
        ("entity" = Option<String>, Query, description = "About this entity"),
        ("user_email" = Option<String>, Query, description = "Set going by this user"),
        ("limit" = Option<u64>, Query, description = "200; 1,000 at most"),
        ("offset" = Option<u64>, Query, description = "So many are left out at the beginning"),
    ),
    responses(
        (status = 200, description = "The runs", body = WorkflowRunsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn runs(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let text = |name: &str| parameters.one(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let number = |name: &str| parameters.one(name).and_then(|number| number.parse::<usize>().ok());
    let query = RunQuery {
        kinds: vec![RunKind::Workflow],
        of: text("workflow").or_else(|| text("workflow_identifier")),
        active: parameters.one("active").and_then(|flag| flag.parse().ok()),
        blueprint: text("blueprint"),
        entity: text("entity"),
        starter: text("user_email"),
        offset: number("offset").unwrap_or_default(),
        limit: number("limit").unwrap_or(USUAL).clamp(1, MOST),
        ..RunQuery::default()
    };
    let page = portal.runs(&viewer, &query)?;
    let runs: Vec<Value> = page.runs.iter().map(|run| shape::run(&portal, run)).collect();
    Ok(Json(json!({ "ok": true, "workflowRuns": runs })).into_response())
}

/// One run of a workflow, with those of its nodes and what they gave back.
#[utoipa::path(
    get,
    path = "/workflows/runs/{run}",
    tag = "Workflows",
    operation_id = "get_workflow_run",
    params(("run" = String, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "The run", body = WorkflowRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn read_run(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
) -> Answer {
    let run = portal.run(&viewer, &id)?;
    if run.of.kind != RunKind::Workflow {
        return Err(no_run(&id));
    }
    let outputs = portal.outputs_of(&viewer, &id).await?;
    run_reply(&portal, StatusCode::OK, &run, outputs)
}

fn no_run(id: &str) -> Failure {
    let shown: String = id.chars().take(100).collect();
    let text = format!("Run with identifier \"{shown}\" was not found");
    Failure::new(StatusCode::NOT_FOUND, "not_found", text)
}

/// Ends a run before its time: nodes that have not begun never will.
#[utoipa::path(
    post,
    path = "/workflows/runs/{run}/cancel",
    tag = "Workflows",
    operation_id = "cancel_workflow_run",
    params(("run" = String, Path, description = "Id of the run")),
    responses(
        (status = 200, description = "The run", body = WorkflowRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 422, description = "`run_ended`", body = Refusal),
    )
)]
pub(crate) async fn cancel(State(portal): State<Portal>, Caller(viewer): Caller, OfRun(id): OfRun) -> Answer {
    if portal.run(&viewer, &id)?.of.kind != RunKind::Workflow {
        return Err(no_run(&id));
    }
    let run = portal.cancel_run(&viewer, &id).await?;
    run_reply(&portal, StatusCode::OK, &run, Value::Null)
}
