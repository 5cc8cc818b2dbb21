//! Runs of nodes: what agents and integrations do with those that were handed to them, and how people answer.

use std::collections::BTreeMap;
use std::convert::Infallible;

use axum::Json;
use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};
use stagedoor_portal::{Level, NewLine, NodeResult, NodeRun, NodeRunPatch, NodeRunQuery, Portal, RunLine};
use utoipa::ToSchema;

use super::shape::{self, NodeRunLogsReply, NodeRunReply, NodeRunsReply};
use super::{MOST, after, inputs};
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::flags::Parameters;
use crate::openapi::Refusal;
use crate::runs::body::{object, text};
use crate::runs::claim::{ClaimBody, query_of};

/// The run of a node in `/workflows/nodes/runs/{node_run}/...`.
pub(crate) struct OfNodeRun(String);

impl<S: Sync> FromRequestParts<S> for OfNodeRun {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(after(parts, "/nodes/runs/")))
    }
}

/// The same in `/workflows/runs/{run}/nodes/{node_run}`.
pub(crate) struct OfRunAndNode(String, String);

impl<S: Sync> FromRequestParts<S> for OfRunAndNode {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(after(parts, "/runs/"), after(parts, "/nodes/")))
    }
}

/// Which run of a node is acknowledged.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AckNodeBody {
    node_run_identifier: String,
}

#[derive(ToSchema)]
pub(crate) struct AckNodeReply {
    ok: bool,
    acked: bool,
}

/// What a client reports of a run of a node.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NodeRunPatchBody {
    /// `IN_PROGRESS` or `COMPLETED`.
    #[schema(nullable = false, pattern = "^(IN_PROGRESS|COMPLETED)$")]
    status: Option<String>,
    /// `SUCCESS`, `FAILED` or `CANCELLED`: with `COMPLETED`.
    #[schema(nullable = false, pattern = "^(SUCCESS|FAILED|CANCELLED)$")]
    result: Option<String>,
    /// What later nodes read.
    #[schema(nullable = false)]
    output: Option<BTreeMap<String, Value>>,
    external_run_id: Option<String>,
    /// Addresses, or objects with a `url`.
    #[schema(nullable = false)]
    links: Option<Vec<Value>>,
    /// Why it failed.
    summary: Option<String>,
}

/// Lines for the log of a run of a node.
#[derive(ToSchema)]
pub(crate) struct NodeRunLogsBody {
    logs: Vec<NodeRunLine>,
}

/// One of them.
#[derive(ToSchema)]
pub(crate) struct NodeRunLine {
    /// `DEBUG`, `INFO`, `WARN` or `ERROR`.
    #[schema(nullable = false, pattern = "^(DEBUG|INFO|WARN|ERROR)$")]
    level: Option<String>,
    message: String,
}

/// An answer to a node that waits for people.
#[derive(ToSchema)]
#[schema(as = NodeResponseBody)]
pub(crate) struct ResponseBody {
    /// Identifier of a button.
    button: String,
    /// By the identifiers of its inputs.
    #[schema(nullable = false)]
    inputs: Option<BTreeMap<String, Value>>,
}

fn reply(status: StatusCode, node: &NodeRun) -> Response {
    (status, Json(json!({ "ok": true, "nodeRun": shape::node(node, true) }))).into_response()
}

/// Takes on runs of nodes that wait for an agent or an integration, oldest first.
#[utoipa::path(
    post,
    path = "/workflows/runs/claim-pending",
    tag = "Workflows",
    operation_id = "claim_node_runs",
    request_body = ClaimBody,
    responses(
        (status = 200, description = "The runs, each with its `config`", body = NodeRunsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller is no machine of the organization", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The body is not legal", body = Refusal),
    )
)]
pub(crate) async fn claim(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    let claimed = portal.claim_node_runs(&viewer, query_of(&body)?).await?;
    let nodes: Vec<Value> = claimed.iter().map(|node| shape::node(node, true)).collect();
    Ok(Json(json!({ "ok": true, "nodeRuns": nodes })).into_response())
}

/// Acknowledges a run of a node that was taken on: nobody else gets it.
#[utoipa::path(
    patch,
    path = "/workflows/runs/ack",
    tag = "Workflows",
    operation_id = "acknowledge_node_run",
    request_body = AckNodeBody,
    responses(
        (status = 200, description = "Done", body = AckNodeReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller is no machine of the organization", body = Refusal),
        (status = 404, description = "No such run", body = Refusal),
        (status = 409, description = "Somebody else has it", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The body is not legal", body = Refusal),
    )
)]
pub(crate) async fn acknowledge(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Body(body): Body,
) -> Answer {
    let id = text(&body, "nodeRunIdentifier")?
        .ok_or_else(|| Failure::invalid("body must have required property 'nodeRunIdentifier'"))?;
    if !portal.ack_node_run(&viewer, &id).await? {
        let text = "the run of this node has been acknowledged already, was never claimed, or has ended";
        return Err(Failure::new(StatusCode::CONFLICT, "already_acknowledged", text));
    }
    Ok(Json(json!({ "ok": true, "acked": true })).into_response())
}

/// Lists runs of nodes, those of the newest run first.
#[utoipa::path(
    get,
    path = "/workflows/nodes/runs",
    tag = "Workflows",
    operation_id = "list_node_runs",
    params(
        ("external_run_id" = Option<String>, Query, description = "Called this outside"),
        ("workflow_run" = Option<String>, Query, description = "Of this run"),
        ("include" = Option<Vec<String>>, Query, description = "`nodeConfig`: `node` has its configuration"),
        ("limit" = Option<u64>, Query, description = "200; 1,000 at most"),
    ),
    responses(
        (status = 200, description = "The runs", body = NodeRunsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let text = |name: &str| parameters.one(name).filter(|value| !value.is_empty()).map(str::to_owned);
    let limit = parameters.one("limit").and_then(|limit| limit.parse().ok()).unwrap_or(super::USUAL);
    let query = NodeRunQuery {
        external_run_id: text("external_run_id"),
        run: text("workflow_run"),
        limit: limit.clamp(1, MOST),
    };
    let with_config = parameters.list("include").iter().any(|part| part == "nodeConfig");
    let nodes = portal.node_runs(&viewer, &query)?;
    let nodes: Vec<Value> = nodes.iter().map(|node| shape::node(node, with_config)).collect();
    Ok(Json(json!({ "ok": true, "nodeRuns": nodes })).into_response())
}

/// One run of a node.
#[utoipa::path(
    get,
    path = "/workflows/nodes/runs/{node_run}",
    tag = "Workflows",
    operation_id = "get_node_run",
    params(("node_run" = String, Path, description = "Id of the run of the node")),
    responses(
        (status = 200, description = "The run", body = NodeRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfNodeRun(id): OfNodeRun,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.node_run(&viewer, &id)?))
}

/// Reports on a run of a node: its end, what it gave back. For whoever set the workflow going, machines and administrators.
#[utoipa::path(
    patch,
    path = "/workflows/nodes/runs/{node_run}",
    tag = "Workflows",
    operation_id = "patch_node_run",
    params(("node_run" = String, Path, description = "Id of the run of the node")),
    request_body = NodeRunPatchBody,
    responses(
        (status = 200, description = "The run", body = NodeRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The report is not legal, or the run has ended", body = Refusal),
    )
)]
pub(crate) async fn report(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfNodeRun(id): OfNodeRun,
    Body(body): Body,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.report_node_run(&viewer, &id, patch_of(&body)?).await?))
}

/// The same, by the run of the workflow.
#[utoipa::path(
    patch,
    path = "/workflows/runs/{run}/nodes/{node_run}",
    tag = "Workflows",
    operation_id = "patch_node_run_of_run",
    params(
        ("run" = String, Path, description = "Id of the run of the workflow"),
        ("node_run" = String, Path, description = "Id of the run of the node"),
    ),
    request_body = NodeRunPatchBody,
    responses(
        (status = 200, description = "The run", body = NodeRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The report is not legal, or the run has ended", body = Refusal),
    )
)]
pub(crate) async fn report_of(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRunAndNode(run, id): OfRunAndNode,
    Body(body): Body,
) -> Answer {
    // Also where it is somebody else's: then it is not there.
    let node = portal.node_run(&viewer, &id)?;
    if node.run.id != run {
        return Err(super::no_run(&run));
    }
    Ok(reply(StatusCode::OK, &portal.report_node_run(&viewer, &id, patch_of(&body)?).await?))
}

fn patch_of(body: &Value) -> Result<NodeRunPatch, Failure> {
    object(body)?;
    let one_of = |key: &str, names: &str| {
        Failure::invalid(format!("\"{key}\" must be equal to one of the allowed values: {names}"))
    };
    let result = match text(body, "result")?.as_deref() {
        None => None,
        Some("SUCCESS") => Some(NodeResult::Success),
        Some("FAILED" | "FAILURE") => Some(NodeResult::Failed),
        Some("CANCELLED") => Some(NodeResult::Cancelled),
        Some(_) => return Err(one_of("result", "SUCCESS, FAILED, CANCELLED")),
    };
    let result = match (text(body, "status")?.as_deref(), result) {
        (Some("COMPLETED"), None) => {
            return Err(Failure::invalid(
                "body must have required property 'result', where \"status\" is COMPLETED",
            ));
        }
        (Some("IN_PROGRESS"), Some(_)) => {
            return Err(Failure::invalid("\"result\" must come with \"status\": \"COMPLETED\""));
        }
        (Some("COMPLETED" | "IN_PROGRESS") | None, result) => result,
        (Some(_), _) => return Err(one_of("status", "IN_PROGRESS, COMPLETED")),
    };
    let output = match body.get("output") {
        None | Some(Value::Null) => None,
        Some(output @ Value::Object(_)) => Some(output.clone()),
        Some(_) => return Err(Failure::invalid("\"output\" must be object")),
    };
    Ok(NodeRunPatch {
        result,
        output,
        external_run_id: text(body, "externalRunId")?,
        links: links(body)?,
        summary: text(body, "summary")?,
    })
}

fn links(body: &Value) -> Result<Option<Vec<String>>, Failure> {
    let address = |link: &Value| {
        let text = link.as_str().or_else(|| link.get("url")?.as_str());
        text.map(str::to_owned).ok_or_else(|| Failure::invalid("\"links\" must be array of strings"))
    };
    match body.get("links").or_else(|| body.get("link")) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(list)) => list.iter().map(address).collect::<Result<_, _>>().map(Some),
        Some(one) => Ok(Some(vec![address(one)?])),
    }
}

/// The log of a run of a node, oldest first.
#[utoipa::path(
    get,
    path = "/workflows/nodes/runs/{node_run}/logs",
    tag = "Workflows",
    operation_id = "list_node_run_logs",
    params(("node_run" = String, Path, description = "Id of the run of the node")),
    responses(
        (status = 200, description = "The lines", body = NodeRunLogsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn logs(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfNodeRun(id): OfNodeRun,
) -> Answer {
    Ok(lines(StatusCode::OK, &id, &portal.node_run_logs(&viewer, &id).await?))
}

fn lines(status: StatusCode, id: &str, lines: &[RunLine]) -> Response {
    let lines: Vec<Value> = lines.iter().map(|line| shape::line(id, line)).collect();
    (status, Json(json!({ "ok": true, "logs": lines }))).into_response()
}

/// Adds lines to the log of a run of a node.
#[utoipa::path(
    post,
    path = "/workflows/nodes/runs/{node_run}/logs",
    tag = "Workflows",
    operation_id = "add_node_run_logs",
    params(("node_run" = String, Path, description = "Id of the run of the node")),
    request_body = NodeRunLogsBody,
    responses(
        (status = 201, description = "The lines", body = NodeRunLogsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The lines are not legal", body = Refusal),
    )
)]
pub(crate) async fn log(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfNodeRun(id): OfNodeRun,
    Body(body): Body,
) -> Answer {
    let Some(given) = body.get("logs").and_then(Value::as_array) else {
        return Err(Failure::invalid("body must have required property 'logs', an array"));
    };
    let given: Vec<NewLine> =
        given.iter().enumerate().map(|(at, line)| line_of(at, line)).collect::<Result<_, _>>()?;
    Ok(lines(StatusCode::CREATED, &id, &portal.log_node_run(&viewer, &id, given).await?))
}

fn line_of(at: usize, line: &Value) -> Result<NewLine, Failure> {
    let message = line.get("message").and_then(Value::as_str);
    let message = message.ok_or_else(|| Failure::invalid(format!("\"logs/{at}/message\" must be string")))?;
    let level = match line.get("level").and_then(Value::as_str) {
        None | Some("INFO") => Level::Info,
        Some("DEBUG") => Level::Debug,
        Some("WARN") => Level::Warn,
        Some("ERROR") => Level::Error,
        Some(_) => {
            let text = format!(
                "\"logs/{at}/level\" must be equal to one of the allowed values: DEBUG, INFO, WARN, ERROR"
            );
            return Err(Failure::invalid(text));
        }
    };
    Ok(NewLine { level, message: message.to_owned(), ..NewLine::default() })
}

/// Answers a node that waits for people: fills in its form and presses a button. For those whom it asks.
#[utoipa::path(
    post,
    path = "/workflows/nodes/runs/{node_run}/responses",
    tag = "Workflows",
    operation_id = "answer_node_run",
    params(("node_run" = String, Path, description = "Id of the run of the node")),
    request_body = ResponseBody,
    responses(
        (status = 201, description = "The run", body = NodeRunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller is not asked", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The answer is not legal, or comes too late", body = Refusal),
    )
)]
pub(crate) async fn answer(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfNodeRun(id): OfNodeRun,
    Body(body): Body,
) -> Answer {
    let button = text(&body, "button")?
        .ok_or_else(|| Failure::invalid("body must have required property 'button'"))?;
    let node = portal.answer_node_run(&viewer, &id, &button, inputs(&body)?).await?;
    Ok(reply(StatusCode::CREATED, &node))
}
