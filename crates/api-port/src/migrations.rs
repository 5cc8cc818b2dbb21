//! Migrations: work over all entities of a blueprint, in the background.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_portal::Portal;
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::flags::Parameters;
use crate::openapi::Refusal;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 3] = [
        ("/migrations", get(list).post(create)),
        ("/migrations/{migration}", get(read)),
        ("/migrations/{migration}/cancel", post(cancel)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

fn reply(status: StatusCode, migration: &Value) -> Response {
    (status, Json(json!({ "ok": true, "migration": migration }))).into_response()
}

/// What becomes of the entities of a blueprint.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct MigrationBody {
    #[expect(dead_code, reason = "only described")]
    source_blueprint: String,
    #[expect(dead_code, reason = "only described")]
    mapping: MigrationMapping,
}

/// JQ programs. Each sees an entity of the source; with `itemsToParse` also `.item`.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only described")]
pub(crate) struct MigrationMapping {
    /// Of the entities that are made; the source where absent.
    #[schema(nullable = false)]
    blueprint: Option<String>,
    /// Which entities are mapped: those for which it is true.
    #[schema(nullable = false)]
    filter: Option<String>,
    #[schema(nullable = false)]
    items_to_parse: Option<String>,
    entity: MappedEntity,
}

/// A JQ program for each part of an entity.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct MappedEntity {
    #[schema(nullable = false)]
    identifier: Option<String>,
    #[schema(nullable = false)]
    title: Option<String>,
    #[schema(nullable = false)]
    icon: Option<String>,
    #[schema(nullable = false)]
    team: Option<String>,
    #[schema(nullable = false)]
    properties: Option<BTreeMap<String, String>>,
    #[schema(nullable = false)]
    relations: Option<BTreeMap<String, String>>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "only described")]
pub(crate) struct Migration {
    id: String,
    identifier: String,
    /// `INITIALIZING`, `RUNNING`, `COMPLETED`, `FAILURE`, `PENDING_CANCELLATION` or `CANCELLED`.
    status: String,
    /// Who asked for it.
    actor: String,
    source_blueprint: String,
    #[schema(value_type = std::collections::HashMap<String, Value>)]
    mapping: Value,
    delete_entities: bool,
    delete_blueprint: bool,
    success_count: u64,
    failure_count: u64,
    /// Up to 100 entities that were refused: `{identifier, error, message}`.
    #[schema(nullable = false, value_type = Option<Vec<std::collections::HashMap<String, Value>>>)]
    errors: Option<Value>,
    /// Why it failed.
    #[schema(nullable = false)]
    message: Option<String>,
    created_at: String,
    updated_at: String,
}

/// Why a migration is to end.
#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct CancelBody {
    #[schema(nullable = false)]
    reason: Option<String>,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct MigrationReply {
    ok: bool,
    migration: Migration,
}

#[derive(ToSchema)]
#[expect(dead_code, reason = "only described")]
pub(crate) struct MigrationsReply {
    ok: bool,
    migrations: Vec<Migration>,
}

#[derive(OpenApi)]
#[openapi(paths(list, create, read, cancel))]
struct Document;

/// What this noun adds to the OpenAPI document.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Lists migrations, newest first.
#[utoipa::path(
    get,
    path = "/migrations",
    tag = "Migrations",
    operation_id = "list_migrations",
    params(
        ("status" = Option<Vec<String>>, Query, description = "Only those of these statuses"),
        ("actor" = Option<String>, Query, description = "Only those that this one asked for"),
        ("blueprint" = Option<String>, Query, description = "Only those of this source blueprint"),
    ),
    responses(
        (status = 200, description = "The migrations", body = MigrationsReply),
        (status = 401, description = "No valid access token", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let one = |name: &str| parameters.list(name).into_iter().next();
    let (actor, blueprint) = (one("actor"), one("blueprint"));
    let statuses = parameters.list("status");
    let migrations = portal.migrations(&viewer, &statuses, actor.as_deref(), blueprint.as_deref())?;
    Ok(Json(json!({ "ok": true, "migrations": migrations })).into_response())
}

/// Starts to map the entities of a blueprint by JQ.
#[utoipa::path(
    post,
    path = "/migrations",
    tag = "Migrations",
    operation_id = "create_migration",
    request_body = MigrationBody,
    responses(
        (status = 201, description = "The migration", body = MigrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such blueprint", body = Refusal),
        (status = 422, description = "The mapping is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    Ok(reply(StatusCode::CREATED, &portal.start_mapping(&viewer, body).await?))
}

/// One migration.
#[utoipa::path(
    get,
    path = "/migrations/{migration}",
    tag = "Migrations",
    operation_id = "get_migration",
    params(("migration" = String, Path, description = "Id of the migration")),
    responses(
        (status = 200, description = "The migration", body = MigrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 404, description = "No such migration", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.migration(&viewer, &id)?))
}

/// Ends a migration before its time; what it has done stays done. The body, `{reason?}`, may be empty.
#[utoipa::path(
    post,
    path = "/migrations/{migration}/cancel",
    tag = "Migrations",
    operation_id = "cancel_migration",
    params(("migration" = String, Path, description = "Id of the migration")),
    request_body = Option<CancelBody>,
    responses(
        (status = 200, description = "The migration", body = MigrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such migration", body = Refusal),
        (status = 409, description = "`migration_ended`", body = Refusal),
    )
)]
pub(crate) async fn cancel(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
    body: axum::body::Bytes,
) -> Answer {
    let reason = match body.is_empty() {
        true => None,
        false => {
            let body: Value = serde_json::from_slice(&body)
                .map_err(|error| Failure::invalid(format!("body must be valid JSON: {error}")))?;
            body.get("reason").and_then(Value::as_str).map(str::to_owned)
        }
    };
    Ok(reply(StatusCode::OK, &portal.cancel_migration(&viewer, &id, reason).await?))
}
