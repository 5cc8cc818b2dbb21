//! Examples of what an integration reads, by kind.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::{Map, Value, json};
use stagedoor_portal::Portal;

use super::openapi::{ExamplesBody, ExamplesReply, KindsReply};
use super::place::{OfIntegration, OfKind};
use crate::error::Answer;
use crate::extract::{Body, Caller};
use crate::openapi::{Done, Refusal};

/// The kinds that there are examples of, with the newest ten of each.
#[utoipa::path(
    get,
    path = "/integration/{integration}/kinds",
    tag = "Integrations",
    operation_id = "list_integration_kinds",
    params(("integration" = String, Path, description = "Its `installationId`")),
    responses(
        (status = 200, description = "Examples by kind", body = KindsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
) -> Answer {
    let kinds = portal.kinds_with_examples(&viewer, &name).await?;
    let data: Map<String, Value> =
        kinds.into_iter().map(|(kind, examples)| (kind, json!({ "examples": examples }))).collect();
    Ok(Json(json!({ "ok": true, "data": data })).into_response())
}

/// The newest ten examples of a kind.
#[utoipa::path(
    get,
    path = "/integration/{integration}/kinds/{kind}/examples",
    tag = "Integrations",
    operation_id = "list_kind_examples",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("kind" = String, Path, description = "Kind in the mapping"),
    ),
    responses(
        (status = 200, description = "The examples", body = ExamplesReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn examples(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    OfKind(kind): OfKind,
) -> Answer {
    let examples = portal.kind_examples(&viewer, &name, kind).await?;
    Ok(Json(json!({ "ok": true, "examples": examples })).into_response())
}

/// Takes examples of a kind: raw items, at most 64 KiB each.
#[utoipa::path(
    post,
    path = "/integration/{integration}/kinds/{kind}/examples",
    tag = "Integrations",
    operation_id = "add_kind_examples",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("kind" = String, Path, description = "Kind in the mapping"),
    ),
    request_body = ExamplesBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "An example is too large", body = Refusal),
    )
)]
pub(crate) async fn add(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
    OfKind(kind): OfKind,
    Body(body): Body,
) -> Answer {
    portal.add_kind_examples(&viewer, &name, kind, &body["examples"]).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}
