//! Blueprints.

mod attributes;
mod openapi;
mod permissions;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete as delete_route, get, patch as patch_route};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource};
use stagedoor_model::Blueprint;
use stagedoor_portal::Portal;

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint};
use crate::flags::Parameters;
use crate::openapi::{BlueprintBody, BlueprintReply, BlueprintsReply, Done, Refusal};
use openapi::MigrationStarted;

pub(crate) use openapi::openapi;

/// The routes of this noun beside those of a blueprint itself.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 6] = [
        ("/blueprints/system/{blueprint}/structure", get(structure)),
        ("/blueprints/{blueprint}/all-entities", delete_route(delete_all)),
        ("/blueprints/{blueprint}/permissions", get(permissions::read).patch(permissions::patch)),
        ("/blueprints/{blueprint}/properties/{key}/rename", patch_route(attributes::property)),
        ("/blueprints/{blueprint}/relations/{key}/rename", patch_route(attributes::relation)),
        ("/blueprints/{blueprint}/mirror/{key}/rename", patch_route(attributes::mirror)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

fn reply(status: StatusCode, blueprint: &Blueprint) -> Response {
    (status, Json(json!({ "ok": true, "blueprint": blueprint.to_port() }))).into_response()
}

/// Lists all blueprints, in the order of their creation; system blueprints that nobody has extended come last.
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
    let view = portal.view_for(&viewer, Action::ReadBlueprints, Resource::Any)?;
    let blueprints: Vec<Value> = view.blueprints().iter().map(|e| view.described(&e.blueprint)).collect();
    Ok(Json(json!({ "ok": true, "blueprints": blueprints })).into_response())
}

/// Makes a blueprint.
#[utoipa::path(
    post,
    path = "/blueprints",
    tag = "Blueprints",
    operation_id = "create_blueprint",
    params(("create_catalog_page" = Option<bool>, Query, description = "False: without a page in the catalog")),
    request_body = BlueprintBody,
    responses(
        (status = 201, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "A relation leads to a blueprint that is not there", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The blueprint is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
    Body(body): Body,
) -> Answer {
    let blueprint = match parameters.one("create_catalog_page") {
        Some("false") => portal.create_blueprint_without_page(&viewer, body).await?,
        _ => portal.create_blueprint(&viewer, body).await?,
    };
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
    let view = portal.view_for(&viewer, Action::ReadBlueprints, Resource::Named(&identifier))?;
    let entry = view.blueprints().get(&identifier).ok_or_else(|| Failure::no_blueprint(&identifier))?;
    let described = view.described(&entry.blueprint);
    Ok(Json(json!({ "ok": true, "blueprint": described })).into_response())
}

/// Replaces a blueprint as a whole: what the body lacks is gone. Another `identifier` than the path's renames it.
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
        (status = 409, description = "`identifier_taken`", body = Refusal),
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

/// A system blueprint as it ships, whatever was added to it.
#[utoipa::path(
    get,
    path = "/blueprints/system/{blueprint}/structure",
    tag = "Blueprints",
    operation_id = "get_system_blueprint",
    params(("blueprint" = String, Path, description = "Identifier of the system blueprint, `_user`")),
    responses(
        (status = 200, description = "The blueprint", body = BlueprintReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such system blueprint", body = Refusal),
    )
)]
pub(crate) async fn structure(_: Caller, Path(identifier): Path<String>) -> Answer {
    let shipped =
        stagedoor_portal::structure(&identifier).ok_or_else(|| Failure::no_blueprint(&identifier))?;
    Ok(reply(StatusCode::OK, &shipped))
}

/// Starts to delete all entities of a blueprint, and the blueprint if asked. `GET /migrations/{id}` tells how far it is.
#[utoipa::path(
    delete,
    path = "/blueprints/{blueprint}/all-entities",
    tag = "Blueprints",
    operation_id = "delete_all_entities",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("delete_blueprint" = Option<bool>, Query, description = "Delete the blueprint afterwards"),
    ),
    responses(
        (status = 200, description = "It has begun", body = MigrationStarted),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "`protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn delete_all(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(identifier): OfBlueprint,
    parameters: Parameters,
) -> Answer {
    let id = portal.delete_all_entities(&viewer, &identifier, parameters.flag("delete_blueprint")).await?;
    Ok(Json(json!({ "ok": true, "migrationId": id })).into_response())
}
