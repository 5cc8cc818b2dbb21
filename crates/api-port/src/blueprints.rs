//! Blueprints.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_model::Blueprint;
use stagedoor_portal::Portal;

use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint};
use crate::openapi::{BlueprintBody, BlueprintReply, BlueprintsReply, Done, Refusal};

fn reply(status: StatusCode, blueprint: &Blueprint) -> Response {
    (status, Json(json!({ "ok": true, "blueprint": blueprint.to_port() }))).into_response()
}

/// Lists all blueprints, in the order of their creation.
#[utoipa::path(
    get,
    path = "/blueprints",
    tag = "Blueprints",
    operation_id = "list_blueprints",
    responses(
        (status = 200, description = "All blueprints", body = BlueprintsReply),
        (status = 401, description = "No valid access token", body = Refusal),
    )
)]
pub(crate) async fn list(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    let view = portal.view(&viewer)?;
    let blueprints: Vec<Value> = view.blueprints().iter().map(|e| e.blueprint.to_port()).collect();
    Ok(Json(json!({ "ok": true, "blueprints": blueprints })).into_response())
}

/// Makes a blueprint.
#[utoipa::path(
    post,
    path = "/blueprints",
    tag = "Blueprints",
    operation_id = "create_blueprint",
    params(("create_catalog_page" = Option<bool>, Query, description = "Ignored: there are no pages yet")),
    request_body = BlueprintBody,
    responses(
        (status = 201, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The blueprint is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    let blueprint = portal.create_blueprint(&viewer, body).await?;
    Ok(reply(StatusCode::CREATED, &blueprint))
}

/// One blueprint.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}",
    tag = "Blueprints",
    operation_id = "get_blueprint",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(identifier): OfBlueprint,
) -> Answer {
    let view = portal.view(&viewer)?;
    let entry = view.blueprints().get(&identifier).ok_or_else(|| Failure::no_blueprint(&identifier))?;
    Ok(reply(StatusCode::OK, &entry.blueprint))
}

/// Replaces a blueprint as a whole: what the body lacks is gone.
#[utoipa::path(
    put,
    path = "/blueprints/{blueprint}",
    tag = "Blueprints",
    operation_id = "replace_blueprint",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    request_body = BlueprintBody,
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The blueprint is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(identifier): OfBlueprint,
    Body(body): Body,
) -> Answer {
    let blueprint = portal.replace_blueprint(&viewer, &identifier, body).await?;
    Ok(reply(StatusCode::OK, &blueprint))
}

/// Merges into a blueprint, key by key.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}",
    tag = "Blueprints",
    operation_id = "patch_blueprint",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    request_body = serde_json::Map<String, Value>,
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The blueprint would not be legal", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(identifier): OfBlueprint,
    Body(body): Body,
) -> Answer {
    let blueprint = portal.patch_blueprint(&viewer, &identifier, body).await?;
    Ok(reply(StatusCode::OK, &blueprint))
}

/// Removes a blueprint that has no entities and is no relation's target.
#[utoipa::path(
    delete,
    path = "/blueprints/{blueprint}",
    tag = "Blueprints",
    operation_id = "delete_blueprint",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("delete_actions" = Option<bool>, Query, description = "Ignored: there are no actions yet"),
    ),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "`has_dependents`", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(identifier): OfBlueprint,
) -> Answer {
    portal.delete_blueprint(&viewer, &identifier).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}
