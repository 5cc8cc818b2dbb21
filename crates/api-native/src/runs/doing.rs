//! What people do with a run.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use serde::Deserialize;
use serde_json::{Map, Value};
use stagedoor_portal::{Settlement, Verdict};
use utoipa::ToSchema;

use super::Run;
use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// With what another run is started.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rerun {
    /// Other inputs; those of the run when absent.
    inputs: Option<Map<String, Value>>,
    /// What a template is given in secret.
    #[serde(default)]
    secrets: Map<String, Value>,
}

/// What a run that is begun anew is given in secret.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retry {
    #[serde(default)]
    secrets: Map<String, Value>,
}

/// Yes or no.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunVerdict {
    verdict: Yes,
    /// In the approver's words.
    description: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
enum Yes {
    Approve,
    Decline,
}

/// What is decided about a step.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Settle {
    #[serde(rename = "as")]
    outcome: SettleAs,
    /// For the audit log and the run's log.
    why: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum SettleAs {
    /// It did not happen: perform it.
    Repeat,
    /// It happened.
    Done,
    /// The run cannot go on.
    Failed,
}

type Answer = Result<Json<Run>, ApiError>;

/// Has a run end before its time. It may end a moment later, when what is under way has been ended.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", params(("id" = String, Path, description = "Id of the run")),
    responses(
        (status = 200, body = Run), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 422, description = "it has ended", body = ErrorBody)
    )
)]
pub(crate) async fn cancel(State(api): State<Api>, Caller(viewer): Caller, Path(id): Path<String>) -> Answer {
    let run = api.portal.cancel_run(&viewer, &id).await?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}

/// Starts another run like this one: as if the caller had filled in the form anew.
#[utoipa::path(
    post, path = "/runs/{id}/rerun", params(("id" = String, Path, description = "Id of the run")),
    request_body = Rerun,
    responses(
        (status = 200, description = "the new run", body = Run), (status = 400, body = ErrorBody),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn rerun(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<Rerun>, JsonRejection>,
) -> Answer {
    let Json(Rerun { inputs, secrets }) = body?;
    let run = api.portal.rerun(&viewer, &id, inputs, secrets).await?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}

/// Begins a run anew where it failed: what was done stays done.
#[utoipa::path(
    post, path = "/runs/{id}/retry", params(("id" = String, Path, description = "Id of the run")),
    request_body = Retry,
    responses(
        (status = 200, body = Run), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, description = "it has not failed", body = ErrorBody)
    )
)]
pub(crate) async fn retry(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<Retry>, JsonRejection>,
) -> Answer {
    let Json(Retry { secrets }) = body?;
    let run = api.portal.retry_run(&viewer, &id, &secrets).await?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}

/// Says yes or no to a run that waits for it.
#[utoipa::path(
    post, path = "/runs/{id}/approval", params(("id" = String, Path, description = "Id of the run")),
    request_body = RunVerdict,
    responses(
        (status = 200, body = Run), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, description = "the caller is no approver, or set the run going", body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 413, body = ErrorBody), (status = 415, body = ErrorBody),
        (status = 422, description = "it does not wait, or the caller has answered", body = ErrorBody)
    )
)]
pub(crate) async fn approve(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: Result<Json<RunVerdict>, JsonRejection>,
) -> Answer {
    let Json(RunVerdict { verdict, description }) = body?;
    let verdict = match verdict {
        Yes::Approve => Verdict::Approve,
        Yes::Decline => Verdict::Decline,
    };
    let run = api.portal.answer_approval(&viewer, &id, verdict, description).await?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}

/// Decides about a step of which nobody can tell whether it happened.
#[utoipa::path(
    post, path = "/runs/{id}/steps/{step}/settle",
    params(
        ("id" = String, Path, description = "Id of the run"),
        ("step" = String, Path, description = "Id of the step, escaped")
    ),
    request_body = Settle,
    responses(
        (status = 200, body = Run), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, description = "nothing is to be decided", body = ErrorBody)
    )
)]
pub(crate) async fn settle(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((id, step)): Path<(String, String)>,
    body: Result<Json<Settle>, JsonRejection>,
) -> Answer {
    let Json(Settle { outcome, why }) = body?;
    let settlement = match outcome {
        SettleAs::Repeat => Settlement::Repeat,
        SettleAs::Done => Settlement::Done,
        SettleAs::Failed => Settlement::Failed,
    };
    let run = api.portal.settle_step(&viewer, &id, &step, settlement, why.as_deref()).await?;
    Ok(Json(Run::of(&api.portal, &viewer, &run).await))
}
