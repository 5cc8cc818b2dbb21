//! Who may do what with the entities of a blueprint.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use stagedoor_portal::Portal;

use super::openapi::{PermissionsBody, PermissionsReply};
use crate::error::Answer;
use crate::extract::{Body, Caller, OfBlueprint};
use crate::openapi::Refusal;

fn reply(permissions: &Value) -> Answer {
    Ok(Json(json!({ "ok": true, "permissions": permissions })).into_response())
}

/// The permissions of a blueprint, complete.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}/permissions",
    tag = "Blueprints",
    operation_id = "get_blueprint_permissions",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    responses(
        (status = 200, description = "The permissions", body = PermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
) -> Answer {
    reply(&portal.blueprint_permissions(&viewer, &blueprint)?)
}

/// Changes permissions, key by key. They are kept, and not enforced yet.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}/permissions",
    tag = "Blueprints",
    operation_id = "patch_blueprint_permissions",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    request_body = PermissionsBody,
    responses(
        (status = 200, description = "The permissions", body = PermissionsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "Not legal, or `invalid_permissions`", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    Body(body): Body,
) -> Answer {
    reply(&portal.patch_blueprint_permissions(&viewer, &blueprint, body).await?)
}
