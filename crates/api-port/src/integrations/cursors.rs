//! How far an integration has read, where it reads only what is new.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::json;
use stagedoor_portal::Portal;

use super::openapi::{CursorBody, CursorReply};
use super::place::{OfCursor, OfIntegration};
use crate::error::Answer;
use crate::extract::{Body, Caller};
use crate::openapi::Refusal;

/// How far a kind has been read; null when it has not.
#[utoipa::path(
    get,
    path = "/integration/{integration}/cursor",
    tag = "Integrations",
    operation_id = "get_integration_cursor",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("kind" = String, Query, description = "Kind in the mapping"),
        ("index" = Option<u64>, Query, description = "Place in the mapping"),
    ),
    responses(
        (status = 200, description = "The cursor", body = CursorReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 422, description = "No `kind`", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    OfCursor(kind, index): OfCursor,
) -> Answer {
    let cursor = portal.integration_cursor(&viewer, &name, kind, index).await?;
    Ok(Json(json!({ "ok": true, "cursor": cursor })).into_response())
}

/// Moves a cursor that is there.
#[utoipa::path(
    put,
    path = "/integration/{integration}/cursor",
    tag = "Integrations",
    operation_id = "move_integration_cursor",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("kind" = String, Query, description = "Kind in the mapping"),
        ("index" = Option<u64>, Query, description = "Place in the mapping"),
    ),
    request_body = CursorBody,
    responses(
        (status = 200, description = "The cursor", body = CursorReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration or cursor", body = Refusal),
        (status = 422, description = "`primary` is no text", body = Refusal),
    )
)]
pub(crate) async fn shift(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    OfCursor(kind, index): OfCursor,
    Body(body): Body,
) -> Answer {
    let cursor = portal.set_integration_cursor(&viewer, &name, (kind, index), &body, false).await?;
    Ok(Json(json!({ "ok": true, "cursor": cursor })).into_response())
}

/// Makes a cursor.
#[utoipa::path(
    post,
    path = "/integration/{integration}/cursor",
    tag = "Integrations",
    operation_id = "start_integration_cursor",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("kind" = String, Query, description = "Kind in the mapping"),
        ("index" = Option<u64>, Query, description = "Place in the mapping"),
    ),
    request_body = CursorBody,
    responses(
        (status = 201, description = "The cursor", body = CursorReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 422, description = "`primary` is no text", body = Refusal),
    )
)]
pub(crate) async fn start(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    OfCursor(kind, index): OfCursor,
    Body(body): Body,
) -> Answer {
    let cursor = portal.set_integration_cursor(&viewer, &name, (kind, index), &body, true).await?;
    Ok((StatusCode::CREATED, Json(json!({ "ok": true, "cursor": cursor }))).into_response())
}
