//! Integrations: what Ocean, the Kubernetes exporter and the Terraform provider keep here beside entities.

mod cursors;
mod kinds;
mod openapi;
mod place;
mod reports;
mod shape;

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get, patch, post, put};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use stagedoor_portal::Portal;

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller};
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};
use openapi::{
    ConfigBody, IntegrationBody, IntegrationReply, IntegrationsReply, ProvisionReply, ResyncRequestReply,
    ResyncState,
};
pub(crate) use place::Base;
use place::OfIntegration;

pub(crate) use openapi::openapi;

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 17] = [
        ("/integration", get(list).post(create)),
        ("/integration/metadata", get(metadata)),
        ("/integration/provision-enabled", get(provision_enabled)),
        ("/integration/{integration}", get(read).patch(merge).delete(delete)),
        ("/integration/{integration}/config", patch(configure).put(configure)),
        ("/integration/{integration}/resync-state", patch(resync_state)),
        ("/integration/{integration}/resync-request", get(resync_request)),
        ("/integration/{integration}/cursor", get(cursors::read).put(cursors::shift).post(cursors::start)),
        ("/integration/{integration}/kinds", get(kinds::list)),
        ("/integration/{integration}/kinds/{kind}/examples", get(kinds::examples).post(kinds::add)),
        ("/integration/{integration}/logs", get(reports::logs)),
        ("/integration/{integration}/syncMetrics", get(reports::sync_metrics)),
        ("/integration/{integration}/syncsMetadata", get(reports::syncs_metadata)),
        ("/ingest/logs/{ingest_id}", post(reports::take_logs)),
        ("/ingest/metrics/{ingest_id}/syncMetrics", post(reports::take_metrics)),
        ("/ingest/metrics/{ingest_id}/heartbeat", post(reports::take_heartbeat)),
        (
            "/ingest/metrics/{ingest_id}/syncMetrics/resync/{event}/kind/{kind}",
            put(reports::take_kind_metrics),
        ),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// Lists all integrations, by identifier.
#[utoipa::path(
    get,
    path = "/integration",
    tag = "Integrations",
    operation_id = "list_integrations",
    params(("actionsProcessingEnabled" = Option<bool>, Query, description = "Only those that do, or do not, run actions")),
    responses(
        (status = 200, description = "All integrations", body = IntegrationsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    base: Base,
    parameters: Parameters,
) -> Answer {
    let wanted = parameters.one("actionsProcessingEnabled").and_then(|text| text.parse::<bool>().ok());
    let all = portal.integrations(&viewer).await?;
    let runs = |body: &serde_json::Map<String, Value>| {
        body.get("actionsProcessingEnabled").and_then(Value::as_bool).unwrap_or(false)
    };
    let chosen = all.iter().filter(|one| wanted.is_none_or(|wanted| runs(&one.body) == wanted));
    let integrations: Vec<Value> = chosen.map(|one| shape::whole(one, portal.identity(), &base)).collect();
    Ok(Json(json!({ "ok": true, "integrations": integrations })).into_response())
}

/// Lists who the integrations are and how their last resync went, without mappings.
#[utoipa::path(
    get,
    path = "/integration/metadata",
    tag = "Integrations",
    operation_id = "list_integrations_metadata",
    responses(
        (status = 200, description = "All integrations", body = IntegrationsReply),
        (status = 401, description = "No valid access token", body = Refusal),
    )
)]
pub(crate) async fn metadata(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    let all = portal.integrations_metadata(&viewer).await?;
    let integrations: Vec<Value> = all.iter().map(|one| shape::brief(one, portal.identity())).collect();
    Ok(Json(json!({ "ok": true, "integrations": integrations })).into_response())
}

/// Lists the types of integrations whose default blueprints and mapping this server would make: none.
#[utoipa::path(
    get,
    path = "/integration/provision-enabled",
    tag = "Integrations",
    operation_id = "list_provision_enabled",
    responses(
        (status = 200, description = "Always empty: integrations bring their own", body = ProvisionReply),
        (status = 401, description = "No valid access token", body = Refusal),
    )
)]
pub(crate) async fn provision_enabled(Caller(_): Caller) -> Answer {
    Ok(Json(json!({ "ok": true, "integrations": [] })).into_response())
}

/// Makes an integration. It is to resync at once.
#[utoipa::path(
    post,
    path = "/integration",
    tag = "Integrations",
    operation_id = "create_integration",
    params(("integration_modes" = Option<String>, Query, description = "Ignored: integrations bring their own defaults")),
    request_body = IntegrationBody,
    responses(
        (status = 201, description = "The integration", body = IntegrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The integration is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    base: Base,
    Body(body): Body,
) -> Answer {
    let one = portal.create_integration(&viewer, body).await?;
    let integration = shape::whole(&one, portal.identity(), &base);
    Ok((StatusCode::CREATED, Json(json!({ "ok": true, "integration": integration }))).into_response())
}

/// One integration.
#[utoipa::path(
    get,
    path = "/integration/{integration}",
    tag = "Integrations",
    operation_id = "get_integration",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("byField" = Option<String>, Query, description = "`installationId`, or `logIngestId` for the part of its ingest address"),
    ),
    responses(
        (status = 200, description = "The integration", body = IntegrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn read(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    base: Base,
    OfIntegration(name): OfIntegration,
) -> Answer {
    let one = portal.integration(&viewer, &name).await?;
    Ok(shape::reply(&one, &portal, &base))
}

/// Sets the fields that the body has. An empty body asks for a resync, and so does another `config`.
#[utoipa::path(
    patch,
    path = "/integration/{integration}",
    tag = "Integrations",
    operation_id = "patch_integration",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("x-skip-resync" = Option<bool>, Header, description = "Do not ask for a resync"),
    ),
    request_body = IntegrationBody,
    responses(
        (status = 200, description = "The integration", body = IntegrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The integration would not be legal", body = Refusal),
    )
)]
pub(crate) async fn merge(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    base: Base,
    OfIntegration(name): OfIntegration,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    let one = portal.patch_integration(&viewer, name, body, skips_resync(&headers)).await?;
    Ok(shape::reply(&one, &portal, &base))
}

/// Sets the mapping, and asks for a resync if it is another one. `PUT` does the same.
#[utoipa::path(
    patch,
    path = "/integration/{integration}/config",
    tag = "Integrations",
    operation_id = "configure_integration",
    params(
        ("integration" = String, Path, description = "Its `installationId`"),
        ("x-skip-resync" = Option<bool>, Header, description = "Do not ask for a resync"),
    ),
    request_body = ConfigBody,
    responses(
        (status = 200, description = "The integration", body = IntegrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "`config` is missing or no object", body = Refusal),
    )
)]
pub(crate) async fn configure(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    base: Base,
    OfIntegration(name): OfIntegration,
    headers: HeaderMap,
    Body(body): Body,
) -> Answer {
    let config = body.get("config").filter(|c| !c.is_null());
    let config = config.ok_or_else(|| Failure::invalid("body must have required property 'config'"))?;
    let body = json!({ "config": config });
    let one = portal.patch_integration(&viewer, name, body, skips_resync(&headers)).await?;
    Ok(shape::reply(&one, &portal, &base))
}

fn skips_resync(headers: &HeaderMap) -> bool {
    headers.get("x-skip-resync").is_some_and(|value| value == "true")
}

/// Forgets an integration and what it reported. The entities it made stay.
#[utoipa::path(
    delete,
    path = "/integration/{integration}",
    tag = "Integrations",
    operation_id = "delete_integration",
    params(("integration" = String, Path, description = "Its `installationId`")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn delete(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
) -> Answer {
    portal.delete_integration(&viewer, name).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Reports how a resync goes: keys are merged into what was reported before.
#[utoipa::path(
    patch,
    path = "/integration/{integration}/resync-state",
    tag = "Integrations",
    operation_id = "report_resync_state",
    params(("integration" = String, Path, description = "Its `installationId`")),
    request_body = ResyncState,
    responses(
        (status = 200, description = "The integration", body = IntegrationReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
        (status = 422, description = "`status` is no text", body = Refusal),
    )
)]
pub(crate) async fn resync_state(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    base: Base,
    OfIntegration(name): OfIntegration,
    Body(body): Body,
) -> Answer {
    let one = portal.report_resync(&viewer, &name, body).await?;
    Ok(shape::reply(&one, &portal, &base))
}

/// When a resync was asked for last: by a person, or by another mapping.
#[utoipa::path(
    get,
    path = "/integration/{integration}/resync-request",
    tag = "Integrations",
    operation_id = "get_resync_request",
    params(("integration" = String, Path, description = "Its `installationId`")),
    responses(
        (status = 200, description = "The request", body = ResyncRequestReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such integration", body = Refusal),
    )
)]
pub(crate) async fn resync_request(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfIntegration(name): OfIntegration,
) -> Answer {
    let one = portal.integration(&viewer, &name).await?;
    let request = one.body.get("resyncRequest").unwrap_or(&Value::Null);
    Ok(Json(json!({ "ok": true, "request": request })).into_response())
}
