//! Drafts of scorecards, and their publishing.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use http::StatusCode;
use serde_json::Value;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

/// Keeps what a scorecard will say. It may be wrong, and the scorecard need not exist.
#[utoipa::path(
    put, path = "/scorecards/{blueprint}/{scorecard}/draft", operation_id = "put_scorecard_draft",
    params(("blueprint" = String, Path), ("scorecard" = String, Path)), request_body = BTreeMap<String, Value>,
    responses(
        (status = 204), (status = 400, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody), (status = 413, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn put(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
    body: Result<Json<Value>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(body) = body?;
    api.portal.put_scorecard_draft(&viewer, &blueprint, &scorecard, body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Throws a draft away.
#[utoipa::path(
    delete, path = "/scorecards/{blueprint}/{scorecard}/draft", operation_id = "delete_scorecard_draft",
    params(("blueprint" = String, Path), ("scorecard" = String, Path)),
    responses(
        (status = 204), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn discard(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
) -> Result<StatusCode, ApiError> {
    api.portal.drop_scorecard_draft(&viewer, &blueprint, &scorecard).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes the draft the scorecard, and answers it in Port's form.
#[utoipa::path(
    post, path = "/scorecards/{blueprint}/{scorecard}/publish", operation_id = "publish_scorecard",
    params(("blueprint" = String, Path), ("scorecard" = String, Path)),
    responses(
        (status = 200, body = Object), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn publish(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path((blueprint, scorecard)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let published = api.portal.publish_scorecard(&viewer, &blueprint, &scorecard).await?;
    Ok(Json(published.to_port()))
}
