//! The organization: its name, settings and announcement.
#![allow(dead_code, reason = "some types are only described")]

use axum::extract::State;
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use serde_json::{Value, json};
use stagedoor_auth::{Action, Resource};
use stagedoor_portal::Portal;
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::Answer;
use crate::extract::{Body, Caller};
use crate::openapi::{Done, Refusal};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let methods: MethodRouter<App> = get(read).patch(merge).put(replace);
    Router::new().route("/organization/", methods.clone()).route("/organization", methods)
}

/// What may be set. Other keys are left out; further settings are stored and returned.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct OrganizationBody {
    /// Required where everything is replaced; from the configuration until it is set.
    #[schema(nullable = false, min_length = 1, max_length = 100)]
    name: Option<String>,
    #[schema(nullable = false)]
    settings: Option<Settings>,
    announcement: Option<Announcement>,
    #[schema(nullable = false)]
    is_onboarded: Option<bool>,
    tool_selection_provisioning: Option<ToolSelectionProvisioning>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Settings {
    /// Identifiers of blueprints.
    hidden_blueprints: Option<Vec<String>>,
    federated_logout: Option<bool>,
    /// A name, an address or a `data:` address.
    portal_icon: Option<String>,
    #[schema(max_length = 30)]
    portal_title: Option<String>,
    #[schema(pattern = "^(KAFKA|POLLING)$")]
    port_agent_streamer_name: Option<String>,
    #[schema(pattern = "^(OPT_OUT|OPT_IN)$")]
    support_user_permission: Option<String>,
    #[serde(rename = "supportUserTTL")]
    support_user_ttl: Option<Value>,
    support_user_expires_at: Option<String>,
}

/// How far the choice of tools at the beginning has come.
#[derive(ToSchema)]
pub(crate) struct ToolSelectionProvisioning {
    #[schema(pattern = "^(IN_PROGRESS|DONE)$")]
    status: String,
}

/// Shown to everybody.
#[derive(ToSchema)]
pub(crate) struct Announcement {
    #[schema(nullable = false)]
    enabled: Option<bool>,
    #[schema(nullable = false, min_length = 1, max_length = 300)]
    content: Option<String>,
    #[schema(max_length = 300)]
    link: Option<String>,
    #[schema(nullable = false, pattern = "^(blue|red)$")]
    color: Option<String>,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct Organization {
    id: String,
    name: String,
    /// Always empty.
    feature_flags: Vec<String>,
    settings: Settings,
    announcement: Option<Announcement>,
    #[schema(nullable = false)]
    is_onboarded: Option<bool>,
    #[schema(nullable = false)]
    tool_selection_provisioning: Option<ToolSelectionProvisioning>,
}

#[derive(ToSchema)]
pub(crate) struct OrganizationReply {
    ok: bool,
    organization: Organization,
}

#[derive(OpenApi)]
#[openapi(paths(read, merge, replace))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The organization.
#[utoipa::path(
    get,
    path = "/organization",
    tag = "Organization",
    operation_id = "get_organization",
    responses(
        (status = 200, description = "The organization", body = OrganizationReply),
        (status = 401, description = "No valid access token", body = Refusal),
    )
)]
pub(crate) async fn read(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    let identity = portal.identity();
    let mut organization = json!({
        "id": identity.organization_id, "name": identity.organization, "featureFlags": [],
        "settings": {}, "announcement": null,
    });
    let set = portal.view_for(&viewer, Action::ReadOrganization, Resource::Any)?.organization();
    if let Some(map) = organization.as_object_mut() {
        map.extend(set);
        if let Some(settings) = map.get_mut("settings").and_then(Value::as_object_mut) {
            settings.entry("hiddenBlueprints").or_insert_with(|| json!([]));
        }
    }
    Ok(Json(json!({ "ok": true, "organization": organization })).into_response())
}

/// Sets what the body has; settings are merged key by key, null removes.
#[utoipa::path(
    patch,
    path = "/organization",
    tag = "Organization",
    operation_id = "patch_organization",
    request_body = OrganizationBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal", body = Refusal),
    )
)]
pub(crate) async fn merge(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    portal.patch_organization(&viewer, body).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Replaces name, settings and announcement: what the body lacks is gone.
#[utoipa::path(
    put,
    path = "/organization",
    tag = "Organization",
    operation_id = "replace_organization",
    request_body = OrganizationBody,
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal", body = Refusal),
    )
)]
pub(crate) async fn replace(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    Body(body): Body,
) -> Answer {
    portal.replace_organization(&viewer, body).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}
