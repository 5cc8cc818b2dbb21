//! Runs of actions and automations: asked for, reported on by clients, approved, and taken on by agents.
#![allow(dead_code, reason = "some types are only described")]

pub(crate) mod body;
pub(crate) mod claim;
mod shape;

use std::convert::Infallible;

use axum::extract::{FromRequestParts, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, patch as patch_route, post};
use axum::{Json, Router};
use http::StatusCode;
use http::request::Parts;
use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_portal::{Portal, Run, RunKind, RunOrigin, RunQuery, Verdict};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, decode};
use crate::flags::Parameters;
use crate::openapi::Refusal;

use shape::{ApproversReply, LogReply, LogsReply, RunShown, log_line};
pub(crate) use shape::{RunReply, shown};

/// Runs that a list has where nobody says how many, and at most.
const USUAL: usize = 200;
const MOST: usize = 1_000;
/// Lines of a log on a page.
const LINES: usize = 1_000;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 8] = [
        ("/actions/runs", get(list)),
        ("/actions/runs/claim-pending", post(claim::claim)),
        ("/actions/runs/ack", patch_route(claim::acknowledge)),
        ("/actions/runs/{run}", get(read).patch(patch)),
        ("/actions/runs/{run}/approval", patch_route(approval)),
        ("/actions/runs/{run}/approvers", get(approvers)),
        ("/actions/runs/{run}/logs", get(logs).post(log)),
        ("/actions/runs/{run}/response", patch_route(response)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// The run in `/actions/runs/{run}/...`.
pub(crate) struct OfRun(String);

impl<S: Sync> FromRequestParts<S> for OfRun {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let rest = parts.uri.path().split_once("/runs/").map_or("", |(_, rest)| rest);
        Ok(Self(decode(rest.split('/').next().unwrap_or_default(), false)))
    }
}

#[derive(ToSchema)]
pub(crate) struct RunsReply {
    ok: bool,
    runs: Vec<RunShown>,
}

#[derive(OpenApi)]
#[openapi(paths(
    list,
    read,
    patch,
    approval,
    approvers,
    logs,
    log,
    response,
    claim::claim,
    claim::acknowledge
))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn reply(status: StatusCode, portal: &Portal, viewer: &Viewer, run: &Run) -> Response {
    (status, Json(json!({ "ok": true, "run": shown(portal, viewer, run) }))).into_response()
}

/// Port's runs are those of actions and automations.
fn is_ours(run: &Run) -> bool {
    matches!(run.of.kind, RunKind::Action | RunKind::Automation)
}

/// Lists runs, newest first.
#[utoipa::path(
    get,
    path = "/actions/runs",
    tag = "Runs",
    operation_id = "list_runs",
    params(
        ("entity" = Option<String>, Query, description = "About this entity"),
        ("blueprint" = Option<String>, Query, description = "About this blueprint"),
        ("action" = Option<String>, Query, description = "Of this action"),
        ("active" = Option<bool>, Query, description = "That have not ended, or that have"),
        ("user_email" = Option<String>, Query, description = "Set going by this user"),
        ("user_id" = Option<String>, Query, description = "The same"),
        ("external_run_id" = Option<String>, Query, description = "Called this outside"),
        ("source" = Option<String>, Query, description = "`UI`, `API` or `AUTOMATION`"),
        ("exclude" = Option<Vec<String>>, Query, description = "Without these"),
        ("limit" = Option<u64>, Query, description = "200; 1,000 at most"),
        ("version" = Option<String>, Query, description = "Accepted: there is one form"),
    ),
    responses(
        (status = 200, description = "The runs", body = RunsReply),
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
    let source = match parameters.one("source") {
        Some("UI") => Some(RunOrigin::Ui),
        Some("API") => Some(RunOrigin::Api),
        Some("AUTOMATION") => Some(RunOrigin::Automation),
        _ => None,
    };
    let limit = parameters.one("limit").and_then(|limit| limit.parse().ok()).unwrap_or(USUAL);
    let query = RunQuery {
        kinds: vec![RunKind::Action, RunKind::Automation],
        of: text("action"),
        active: parameters.one("active").and_then(|flag| flag.parse().ok()),
        blueprint: text("blueprint"),
        entity: text("entity"),
        starter: text("user_email").or_else(|| text("user_id")),
        source,
        external_run_id: text("external_run_id"),
        exclude: parameters.list("exclude"),
        limit: limit.clamp(1, MOST),
        ..RunQuery::default()
    };
    let page = portal.runs(&viewer, &query)?;
    let runs: Vec<Value> = page.runs.iter().map(|run| shown(&portal, &viewer, run)).collect();
    Ok(Json(json!({ "ok": true, "runs": runs })).into_response())
}

/// One run.
#[utoipa::path(
    get,
    path = "/actions/runs/{run}",
    tag = "Runs",
    operation_id = "get_run",
    params(
        ("run" = String, Path, description = "Id of the run"),
        ("version" = Option<String>, Query, description = "Accepted: there is one form"),
    ),
    responses(
        (status = 200, description = "The run", body = RunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn read(State(portal): State<Portal>, Caller(viewer): Caller, OfRun(id): OfRun) -> Answer {
    let run = portal.run(&viewer, &id)?;
    match is_ours(&run) {
        true => Ok(reply(StatusCode::OK, &portal, &viewer, &run)),
        false => Err(no_run(&id)),
    }
}

fn no_run(id: &str) -> Failure {
    let shown: String = id.chars().take(100).collect();
    Failure::new(StatusCode::NOT_FOUND, "not_found", format!("Run with id \"{shown}\" was not found"))
}

/// Reports on a run: its end, a label, links, a summary. For whoever set it going, machines and administrators.
#[utoipa::path(
    patch,
    path = "/actions/runs/{run}",
    tag = "Runs",
    operation_id = "patch_run",
    params(
        ("run" = String, Path, description = "Id of the run"),
        ("version" = Option<String>, Query, description = "Accepted: there is one form"),
    ),
    request_body = body::RunPatchBody,
    responses(
        (status = 200, description = "The run", body = RunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The report is not legal, or the run has ended", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
    Body(body): Body,
) -> Answer {
    let patch = body::patch_of(&body)?;
    let run = portal.report_run(&viewer, &id, patch).await?;
    Ok(reply(StatusCode::OK, &portal, &viewer, &run))
}

/// What an approver says.
#[derive(ToSchema)]
pub(crate) struct ApprovalBody {
    /// `APPROVE` or `DECLINE`.
    #[schema(pattern = "^(APPROVE|DECLINE)$")]
    status: String,
    description: Option<String>,
}

/// Says yes or no to a run that waits for it.
#[utoipa::path(
    patch,
    path = "/actions/runs/{run}/approval",
    tag = "Runs",
    operation_id = "approve_run",
    params(("run" = String, Path, description = "Id of the run")),
    request_body = ApprovalBody,
    responses(
        (status = 201, description = "The run", body = RunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The run does not wait, or the caller has answered", body = Refusal),
    )
)]
pub(crate) async fn approval(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
    Body(body): Body,
) -> Answer {
    let verdict = match body.get("status").and_then(Value::as_str) {
        Some("APPROVE" | "APPROVED") => Verdict::Approve,
        Some("DECLINE" | "DECLINED") => Verdict::Decline,
        _ => {
            let text = "\"status\" must be equal to one of the allowed values: APPROVE, DECLINE";
            return Err(Failure::invalid(text));
        }
    };
    let description = body::text(&body, "description")?;
    let run = portal.answer_approval(&viewer, &id, verdict, description).await?;
    Ok(reply(StatusCode::CREATED, &portal, &viewer, &run))
}

/// Who approves a run, and what they have said.
#[utoipa::path(
    get,
    path = "/actions/runs/{run}/approvers",
    tag = "Runs",
    operation_id = "list_approvers",
    params(
        ("run" = String, Path, description = "Id of the run"),
        ("include_pending_approvers" = Option<bool>, Query, description = "Those who have not answered, too"),
    ),
    responses(
        (status = 200, description = "The approvers", body = ApproversReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn approvers(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
    parameters: Parameters,
) -> Answer {
    let all = portal.approvers(&viewer, &id, parameters.flag("include_pending_approvers"))?;
    let approvers: Vec<Value> = all.iter().map(shape::approver).collect();
    Ok(Json(json!({ "ok": true, "approvers": approvers })).into_response())
}

/// The log of a run.
#[utoipa::path(
    get,
    path = "/actions/runs/{run}/logs",
    tag = "Runs",
    operation_id = "list_run_logs",
    params(
        ("run" = String, Path, description = "Id of the run"),
        ("limit" = Option<u64>, Query, description = "1,000 at most"),
        ("offset" = Option<u64>, Query, description = "So many lines are left out at the beginning"),
    ),
    responses(
        (status = 200, description = "Its lines", body = LogsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
    )
)]
pub(crate) async fn logs(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
    parameters: Parameters,
) -> Answer {
    let number = |name: &str| parameters.one(name).and_then(|number| number.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(LINES).clamp(1, LINES);
    let lines = portal.run_logs(&viewer, &id, None, number("offset").unwrap_or_default(), limit).await?;
    let lines: Vec<Value> = lines.iter().map(|line| log_line(&id, line)).collect();
    Ok(Json(json!({ "ok": true, "runLogs": lines })).into_response())
}

/// Adds a line to the log of a run; with `terminationStatus` the run ends.
#[utoipa::path(
    post,
    path = "/actions/runs/{run}/logs",
    tag = "Runs",
    operation_id = "log_run",
    params(("run" = String, Path, description = "Id of the run")),
    request_body = body::LogBody,
    responses(
        (status = 201, description = "The line", body = LogReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The line is not legal, or the run has ended", body = Refusal),
    )
)]
pub(crate) async fn log(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
    Body(body): Body,
) -> Answer {
    let lines = portal.log_run(&viewer, &id, vec![body::line_of(&body)?]).await?;
    let line = lines.first().map(|line| log_line(&id, line)).unwrap_or_default();
    Ok((StatusCode::CREATED, Json(json!({ "ok": true, "runLog": line }))).into_response())
}

/// What the back end answered.
#[derive(ToSchema)]
pub(crate) struct ResponseBody {
    response: Value,
}

/// Keeps what the back end answered, for an agent that has called it.
#[utoipa::path(
    patch,
    path = "/actions/runs/{run}/response",
    tag = "Runs",
    operation_id = "patch_run_response",
    params(("run" = String, Path, description = "Id of the run")),
    request_body = ResponseBody,
    responses(
        (status = 200, description = "The run", body = RunReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such run that the caller may see", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The run has ended", body = Refusal),
    )
)]
pub(crate) async fn response(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfRun(id): OfRun,
    Body(body): Body,
) -> Answer {
    let Some(response) = body.get("response") else {
        return Err(Failure::invalid("body must have required property 'response'"));
    };
    let patch = stagedoor_portal::RunPatch { response: Some(response.clone()), ..Default::default() };
    let run = portal.report_run(&viewer, &id, patch).await?;
    Ok(reply(StatusCode::OK, &portal, &viewer, &run))
}
