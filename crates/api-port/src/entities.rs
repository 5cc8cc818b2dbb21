//! Entities, one at a time, and all of a blueprint.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use stagedoor_auth::Viewer;
use stagedoor_portal::{Portal, Scope, View, WriteMode, WriteRequest, Written, is_computed};
use stagedoor_query::Expr;

use crate::apps;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfBlueprint, OfEntity, json_text};
use crate::flags::Parameters;
use crate::openapi::{
    Count, Done, EntitiesReply, EntityBody, EntityReply, ReadParameters, Refusal, WriteParameters,
};
use crate::search::computed;
use crate::shape::Shape;
use crate::stream::{self, aside};

/// Lists the entities of a blueprint, by identifier.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}/entities",
    tag = "Entities",
    operation_id = "list_entities",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint"), ReadParameters),
    responses(
        (status = 200, description = "Its entities", body = EntitiesReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    parameters: Parameters,
) -> Answer {
    let view = portal.view(&viewer)?;
    let body = aside(move || {
        view.blueprints().get(&blueprint).ok_or_else(|| Failure::no_blueprint(&blueprint))?;
        let shape = Shape::of_query(&parameters);
        if blueprint == computed::RESULTS {
            return computed::all(&portal.computed(&view), &shape);
        }
        let view = computed::of(&portal, view, &blueprint, None)?;
        let found = view.select(&Expr::of_blueprint(&*blueprint), Scope::Everything);
        let nodes = found.by_identifier(&blueprint, None);
        Ok(stream::entities(&view, nodes, &shape, &[]))
    });
    Ok(json_text(body.await?))
}

/// Counts the entities of a blueprint.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}/entities-count",
    tag = "Entities",
    operation_id = "count_entities",
    params(("blueprint" = String, Path, description = "Identifier of the blueprint")),
    responses(
        (status = 200, description = "Their number", body = Count),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
    )
)]
pub(crate) async fn count(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
) -> Answer {
    let view = portal.view(&viewer)?;
    view.blueprints().get(&blueprint).ok_or_else(|| Failure::no_blueprint(&blueprint))?;
    let count = match is_computed(&blueprint) {
        true => aside(move || Ok(computed::count_all(&portal, &view, &blueprint))).await?,
        false => view.count(&blueprint),
    };
    Ok(Json(json!({ "ok": true, "count": count })).into_response())
}

/// One entity.
#[utoipa::path(
    get,
    path = "/blueprints/{blueprint}/entities/{entity}",
    tag = "Entities",
    operation_id = "get_entity",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("entity" = String, Path, description = "Identifier of the entity"),
        ReadParameters,
    ),
    responses(
        (status = 200, description = "The entity", body = EntityReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such blueprint or entity", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfEntity,
    parameters: Parameters,
) -> Answer {
    let view = portal.view(&viewer)?;
    view.blueprints().get(&of.blueprint).ok_or_else(|| Failure::no_blueprint(&of.blueprint))?;
    let shape = Shape::of_query(&parameters);
    let entity = match is_computed(&of.blueprint) {
        true => aside(move || computed_entity(&portal, view, &of, &shape)).await?,
        false => {
            let node = view.by_key(&of.blueprint, &of.identifier);
            shape.entity(&view, node.ok_or_else(|| Failure::no_entity(&of.blueprint, &of.identifier))?)
        }
    };
    Ok(Json(json!({ "ok": true, "entity": entity })).into_response())
}

fn computed_entity(portal: &Portal, view: View, of: &OfEntity, shape: &Shape) -> Result<Value, Failure> {
    let computed = portal.computed(&view);
    let found = match of.blueprint == computed::RESULTS {
        true => computed.result(&of.identifier),
        false => {
            let view = computed.view();
            let node = view.by_key(&of.blueprint, &of.identifier);
            node.map(|node| (view, node))
        }
    };
    let (view, node) = found.ok_or_else(|| Failure::no_entity(&of.blueprint, &of.identifier))?;
    Ok(shape.entity(&view, node))
}

/// Makes an entity; with `upsert` replaces the one that exists, with `merge` too merges into it.
#[utoipa::path(
    post,
    path = "/blueprints/{blueprint}/entities",
    tag = "Entities",
    operation_id = "create_entity",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("upsert" = Option<bool>, Query, description = "Replace the entity where it exists"),
        ("merge" = Option<bool>, Query, description = "With `upsert`: keep what the body does not name"),
        WriteParameters,
    ),
    request_body = EntityBody,
    responses(
        (status = 200, description = "The entity, which existed", body = EntityReply),
        (status = 201, description = "The entity, which is new", body = EntityReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint, related entity or relation", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The entity is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfBlueprint(blueprint): OfBlueprint,
    parameters: Parameters,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    let viewer = portal.in_run(&viewer, parameters.one("run_id"));
    let mode = post_mode(&parameters);
    write_one(&portal, &viewer, request(blueprint, mode, &parameters, &headers, vec![body])).await
}

/// Replaces an entity: what the body lacks is cleared.
#[utoipa::path(
    put,
    path = "/blueprints/{blueprint}/entities/{entity}",
    tag = "Entities",
    operation_id = "replace_entity",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("entity" = String, Path, description = "Identifier of the entity"),
        WriteParameters,
    ),
    request_body = EntityBody,
    responses(
        (status = 200, description = "The entity", body = EntityReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint, entity, related entity or relation", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The entity is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfEntity,
    parameters: Parameters,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    let viewer = portal.in_run(&viewer, parameters.one("run_id"));
    let mode = WriteMode::Replace(of.identifier);
    write_one(&portal, &viewer, request(of.blueprint, mode, &parameters, &headers, vec![body])).await
}

/// Merges into an entity; null clears.
#[utoipa::path(
    patch,
    path = "/blueprints/{blueprint}/entities/{entity}",
    tag = "Entities",
    operation_id = "patch_entity",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("entity" = String, Path, description = "Identifier of the entity"),
        WriteParameters,
    ),
    request_body = EntityBody,
    responses(
        (status = 200, description = "The entity", body = EntityReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint, entity, related entity or relation", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The entity would not be legal", body = Refusal),
    )
)]
pub(crate) async fn patch(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfEntity,
    parameters: Parameters,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    let viewer = portal.in_run(&viewer, parameters.one("run_id"));
    let mode = WriteMode::Patch(of.identifier);
    write_one(&portal, &viewer, request(of.blueprint, mode, &parameters, &headers, vec![body])).await
}

/// Removes an entity.
#[utoipa::path(
    delete,
    path = "/blueprints/{blueprint}/entities/{entity}",
    tag = "Entities",
    operation_id = "delete_entity",
    params(
        ("blueprint" = String, Path, description = "Identifier of the blueprint"),
        ("entity" = String, Path, description = "Identifier of the entity"),
        ("delete_dependents" = Option<bool>, Query, description = "Remove the entities that require it, too"),
        ("run_id" = Option<String>, Query, description = "The run for which it is done, while that is under way: the audit log names it"),
    ),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint or entity", body = Refusal),
        (status = 422, description = "`has_dependents`, `protected_entity`", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    of: OfEntity,
    parameters: Parameters,
) -> Answer {
    portal
        .view(&viewer)?
        .blueprints()
        .get(&of.blueprint)
        .ok_or_else(|| Failure::no_blueprint(&of.blueprint))?;
    let viewer = portal.in_run(&viewer, parameters.one("run_id"));
    let dependents = parameters.flag("delete_dependents");
    portal.delete_entity(&viewer, &of.blueprint, &of.identifier, dependents).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// The mode that `upsert` and `merge` ask for.
pub(crate) fn post_mode(parameters: &Parameters) -> WriteMode {
    match (parameters.flag("upsert"), parameters.flag("merge")) {
        (true, true) => WriteMode::UpsertMerge,
        (true, false) => WriteMode::Upsert,
        (false, _) => WriteMode::Create,
    }
}

/// What every write has in common. The writer's `User-Agent` is the entity's `$datasource`.
pub(crate) fn request(
    blueprint: String,
    mode: WriteMode,
    parameters: &Parameters,
    headers: &HeaderMap,
    entities: Vec<Value>,
) -> WriteRequest {
    let datasource = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok()).map(str::to_owned);
    WriteRequest {
        blueprint,
        mode,
        create_missing: parameters.flag("create_missing_related_entities"),
        validation_only: parameters.flag("validation_only"),
        datasource,
        entities,
    }
}

async fn write_one(portal: &Portal, viewer: &Viewer, request: WriteRequest) -> Answer {
    let outcome = portal.write_entities(viewer, request).await?.into_iter().next();
    let none = || Failure::invalid("body must be object");
    Ok(written(outcome.ok_or_else(none)??))
}

fn written(written: Written) -> Response {
    let status = if written.created { StatusCode::CREATED } else { StatusCode::OK };
    let mut body = json!({ "ok": true, "entity": written.entity });
    if let Some(client) = &written.client {
        body["additionalData"] = json!({ "credentials": apps::credentials(client) });
    }
    (status, Json(body)).into_response()
}
