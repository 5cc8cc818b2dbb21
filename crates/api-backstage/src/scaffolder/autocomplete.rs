//! Choices that a form's fields offer from a code host, with the person's own token.

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::Value;
use stagedoor_portal::Portal;

use crate::body::{JsonBody, lacks, map, text};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::openapi::Refusal;

/// Choices for a field. No provider is there: a person's token is not sent on.
#[utoipa::path(
    post,
    path = "/api/scaffolder/v2/autocomplete/{provider}/{resource}",
    operation_id = "template_autocomplete",
    tag = "scaffolder",
    params(
        ("provider" = String, Path, description = "Such as `github`"),
        ("resource" = String, Path, description = "Such as `repositoriesWithOwner`"),
    ),
    request_body(content = Object, description = "`token` and `context`"),
    responses(
        (status = 400, description = "There is no such provider", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path((provider, _)): Path<(String, String)>,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    portal.template_filters(&viewer)?;
    let body = body.unwrap_or_default();
    text(&body, "", "token")?.ok_or_else(|| lacks("", "token"))?;
    if body.get("context").is_some_and(|context: &Value| !context.is_null()) {
        map(&body, "context")?;
    }
    Err(ApiError::input(format!("Unsupported provider: {}", provider.chars().take(100).collect::<String>())))
}
