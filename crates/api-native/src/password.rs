//! One's own password.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};
use crate::visitor::{Visit, small_body};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// The present password.
    current: String,
    /// 12 characters or more.
    new: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new().route("/password", post(change).layer(small_body()))
}

/// Changes one's own password. All other sessions end.
#[utoipa::path(
    post, path = "/password", request_body = NewPassword,
    responses(
        (status = 204, description = "Changed"), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Not signed in with a browser"),
        (status = 422, body = ErrorBody, description = "The present password is wrong, or the new one weak"),
        (status = 429, body = ErrorBody)
    )
)]
pub(crate) async fn change(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Visit(visitor): Visit,
    body: Result<Json<NewPassword>, JsonRejection>,
) -> Result<StatusCode, ApiError> {
    let Json(NewPassword { current, new }) = body?;
    api.portal.change_password(&viewer, &current, &new, &visitor).await?;
    Ok(StatusCode::NO_CONTENT)
}
