//! What agents and integrations do with runs that were handed to them: they take some on, and acknowledge them.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_portal::{ClaimQuery, Portal};
use utoipa::ToSchema;

use super::RunsReply;
use super::body::text;
use super::shape::shown;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::openapi::Refusal;

/// Runs that one claim gets where nobody says how many.
const USUAL: u64 = 100;

/// Which runs are taken on.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ClaimBody {
    /// The integration, or `_PORT_EXEC_AGENT`.
    installation_id: String,
    #[schema(nullable = false)]
    limit: Option<u64>,
    /// After this time one that was not acknowledged is free again.
    #[schema(nullable = false)]
    visibility_timeout_ms: Option<u64>,
    #[schema(nullable = false)]
    exclude: Option<Vec<String>>,
    /// Only those of this back end.
    invocation_method: Option<String>,
}

/// One run, or several.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AckBody {
    run_id: Option<String>,
    #[schema(nullable = false)]
    run_ids: Option<Vec<String>>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AckReply {
    ok: bool,
    acked_count: u64,
}

/// Takes on runs that wait for an agent or an integration, oldest first.
#[utoipa::path(
    post,
    path = "/actions/runs/claim-pending",
    tag = "Runs",
    operation_id = "claim_runs",
    request_body = ClaimBody,
    responses(
        (status = 200, description = "The runs, each with its `payload`", body = RunsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller is no machine of the organization", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The body is not legal", body = Refusal),
    )
)]
pub(crate) async fn claim(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    let claimed = portal.claim_runs(&viewer, query_of(&body)?).await?;
    let runs: Vec<Value> = claimed.iter().map(|run| shown(&portal, &viewer, run)).collect();
    Ok(Json(json!({ "ok": true, "runs": runs })).into_response())
}

/// Reads which runs are taken on.
pub(crate) fn query_of(body: &Value) -> Result<ClaimQuery, Failure> {
    let installation = text(body, "installationId")?
        .ok_or_else(|| Failure::invalid("body must have required property 'installationId'"))?;
    let number = |key: &str| match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(value) => match value.as_f64() {
            Some(number) if number >= 0.0 => Ok(Some(number as u64)),
            _ => Err(Failure::invalid(format!("\"{key}\" must be a non-negative number"))),
        },
    };
    Ok(ClaimQuery {
        installation,
        limit: usize::try_from(number("limit")?.unwrap_or(USUAL)).unwrap_or(usize::MAX),
        exclude: texts(body, "exclude")?,
        visibility_timeout: i64::try_from(number("visibilityTimeoutMs")?.unwrap_or_default())
            .unwrap_or(i64::MAX),
        method: text(body, "invocationMethod")?,
    })
}

fn texts(body: &Value, key: &str) -> Result<Vec<String>, Failure> {
    let wrong = || Failure::invalid(format!("\"{key}\" must be array of strings"));
    match body.get(key) {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(list)) => {
            list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
        }
        Some(_) => Err(wrong()),
    }
}

/// Acknowledges runs that were taken on: nobody else gets them. A single one that somebody has is 409.
#[utoipa::path(
    patch,
    path = "/actions/runs/ack",
    tag = "Runs",
    operation_id = "acknowledge_runs",
    request_body = AckBody,
    responses(
        (status = 200, description = "How many", body = AckReply),
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
    let one = text(&body, "runId")?;
    let mut ids = texts(&body, "runIds")?;
    let single = one.is_some();
    ids.extend(one);
    if ids.is_empty() && body.get("runIds").is_none() {
        return Err(Failure::invalid("body must have required property 'runIds'"));
    }
    let count = portal.ack_runs(&viewer, &ids).await?;
    if single && count == 0 {
        let text = "the run has been acknowledged already, was never claimed, or has ended";
        return Err(Failure::new(StatusCode::CONFLICT, "already_acknowledged", text));
    }
    Ok(Json(json!({ "ok": true, "ackedCount": count })).into_response())
}
