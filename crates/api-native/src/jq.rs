//! A place to try JQ programs out.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use stagedoor_portal::{ProgramRun, ProgramTrial};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, ToSchema)]
pub(crate) struct JqRequest {
    /// JQ; texts in single quotes are understood, as Port does.
    program: String,
    /// Blueprint of the entity that is the input.
    blueprint: Option<String>,
    /// Identifier of the entity that is the input.
    entity: Option<String>,
    /// The input, where it is no entity.
    #[schema(value_type = Option<Value>)]
    input: Option<Value>,
}

/// What a program gave.
#[derive(Serialize, ToSchema)]
pub(crate) struct JqResult {
    /// The first is what a calculation takes.
    #[schema(value_type = Vec<Value>)]
    outputs: Vec<Value>,
    /// There are more than are shown.
    more: bool,
    problem: Option<JqProblem>,
    /// What it was run on.
    #[schema(value_type = Value)]
    input: Value,
}

/// Why a program gave nothing.
#[derive(Serialize, ToSchema)]
struct JqProblem {
    /// `syntax`, `failed`, `time`, `memory` or `unavailable`.
    kind: &'static str,
    message: String,
    /// From 1, where a place can be told.
    line: Option<u32>,
    /// From 1, in characters.
    column: Option<u32>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/jq/try", post(run))
}

/// Runs a JQ program on an entity, under the limits of time and memory that hold for all programs.
#[utoipa::path(
    post, path = "/jq/try", operation_id = "try_program", request_body = JqRequest,
    responses(
        (status = 200, body = JqResult), (status = 400, body = ErrorBody, description = "Half an entity"),
        (status = 401, body = ErrorBody), (status = 403, body = ErrorBody), (status = 404, body = ErrorBody),
        (status = 413, body = ErrorBody), (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn run(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<JqRequest>, JsonRejection>,
) -> Result<Json<JqResult>, ApiError> {
    let Json(JqRequest { program, blueprint, entity, input }) = body?;
    let entity = match (blueprint, entity) {
        (Some(blueprint), Some(entity)) => Some((blueprint, entity)),
        (None, None) => None,
        _ => return Err(ApiError::invalid("\"blueprint\" and \"entity\" are given together, or neither")),
    };
    let run = api.portal.try_program(&viewer, ProgramTrial { program, entity, input }).await?;
    let ProgramRun { outputs, more, problem, input } = run;
    let problem = problem.map(|p| JqProblem {
        kind: p.kind,
        message: p.message,
        line: p.place.map(|(line, _)| line),
        column: p.place.map(|(_, column)| column),
    });
    Ok(Json(JqResult { outputs, more, problem, input }))
}
