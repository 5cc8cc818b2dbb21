//! `POST /refresh`: the source of an entity is read again.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, Uri};
use stagedoor_portal::Portal;
use utoipa::ToSchema;

use crate::body::{self, JsonBody, lacks, must};
use crate::caller::Caller;
use crate::error::ApiError;
use crate::locations::typed;
use crate::openapi::Refusal;
use crate::query::Query;

const KEYS: [&str; 2] = ["entityRef", "authorizationToken"];

/// What to read again.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[allow(dead_code, reason = "only described")]
pub(crate) struct RefreshBody {
    entity_ref: String,
    /// Not used: the credential of the request counts.
    #[schema(nullable = false)]
    authorization_token: Option<String>,
}

/// Has the source of an entity read again. What it says now is there on return, if it can be read in a few seconds.
#[utoipa::path(
    post,
    path = "/api/catalog/refresh",
    operation_id = "refresh_entity",
    tag = "entities",
    request_body = RefreshBody,
    responses(
        (status = 200, description = "Asked for; there is no body"),
        (status = 400, description = "Refused body", body = Refusal),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "Not allowed", body = Refusal),
        (status = 404, description = "No such entity", body = Refusal),
    )
)]
pub(crate) async fn post(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    uri: Uri,
    JsonBody(body): JsonBody,
) -> Result<Response, ApiError> {
    Query::of(&uri, &[])?;
    let body = typed(body)?;
    let reference = body::text(&body, "", "entityRef")?.ok_or_else(|| lacks("", "entityRef"))?;
    body::text(&body, "", "authorizationToken")?;
    if body.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(must("", "NOT have additional properties"));
    }
    portal.refresh_entity(&viewer, reference).await?;
    Ok(StatusCode::OK.into_response())
}
