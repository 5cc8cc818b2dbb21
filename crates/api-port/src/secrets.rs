//! Secrets of the organization: written, and listed by name. No answer has a value.
#![allow(dead_code, reason = "some types are only described")]

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, get};
use axum::{Json, Router};
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_portal::{Portal, SecretInfo};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::Answer;
use crate::extract::{Body, Caller, decode};
use crate::openapi::{Done, Refusal};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 2] = [
        ("/organization/secrets", get(list).post(create)),
        ("/organization/secrets/{secret_name}", get(read).patch(update).delete(delete)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// A secret to be kept.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct NewSecret {
    #[schema(min_length = 1, max_length = 100, pattern = "^[A-Za-z0-9-_]*$")]
    secret_name: String,
    /// Up to 32 KiB. It is never answered.
    #[schema(min_length = 1)]
    secret_value: String,
    #[schema(max_length = 200)]
    description: Option<String>,
}

/// What is to be changed of it.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct SecretChange {
    #[schema(nullable = false, min_length = 1)]
    secret_value: Option<String>,
    /// Null or empty: removed.
    #[schema(max_length = 200)]
    description: Option<String>,
}

/// A secret without its value.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase", as = OrganizationSecret)]
pub(crate) struct Shown {
    secret_name: String,
    /// Absent where there is none.
    #[schema(nullable = false)]
    description: Option<String>,
    created_at: String,
    created_by: String,
    updated_at: String,
    updated_by: String,
}

#[derive(ToSchema)]
pub(crate) struct SecretReply {
    ok: bool,
    #[schema(inline)]
    secret: Shown,
}

#[derive(ToSchema)]
pub(crate) struct SecretsReply {
    ok: bool,
    secrets: Vec<Shown>,
}

#[derive(OpenApi)]
#[openapi(paths(list, create, read, update, delete))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

fn shown(secret: &SecretInfo) -> Value {
    let mut shown = json!({
        "secretName": secret.name,
        "description": secret.description,
        "createdAt": secret.stamps.created_at.to_string(),
        "createdBy": secret.stamps.created_by,
        "updatedAt": secret.stamps.updated_at.to_string(),
        "updatedBy": secret.stamps.updated_by,
    });
    if let Some(map) = shown.as_object_mut().filter(|_| secret.description.is_none()) {
        map.shift_remove("description");
    }
    shown
}

fn reply(status: StatusCode, secret: &SecretInfo) -> Response {
    (status, Json(json!({ "ok": true, "secret": shown(secret) }))).into_response()
}

/// Lists the secrets by name, without their values.
#[utoipa::path(
    get,
    path = "/organization/secrets",
    tag = "Organization",
    operation_id = "list_secrets",
    responses(
        (status = 200, description = "The secrets", body = SecretsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(State(portal): State<Portal>, Caller(viewer): Caller) -> Answer {
    let secrets: Vec<Value> = portal.secrets(&viewer)?.iter().map(shown).collect();
    Ok(Json(json!({ "ok": true, "secrets": secrets })).into_response())
}

/// Keeps a new secret.
#[utoipa::path(
    post,
    path = "/organization/secrets",
    tag = "Organization",
    operation_id = "create_secret",
    request_body = NewSecret,
    responses(
        (status = 201, description = "The secret, without its value", body = SecretReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 409, description = "`identifier_taken`", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal, or `secrets_key_missing`", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    Ok(reply(StatusCode::CREATED, &portal.create_secret(&viewer, &body).await?))
}

/// One secret, without its value.
#[utoipa::path(
    get,
    path = "/organization/secrets/{secret_name}",
    tag = "Organization",
    operation_id = "get_secret",
    params(("secret_name" = String, Path, description = "Name of the secret")),
    responses(
        (status = 200, description = "The secret, without its value", body = SecretReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such secret", body = Refusal),
    )
)]
pub(crate) async fn read(State(portal): State<Portal>, Caller(viewer): Caller, name: Name) -> Answer {
    Ok(reply(StatusCode::OK, &portal.secret_info(&viewer, &name.0)?))
}

/// Sets value, description or both.
#[utoipa::path(
    patch,
    path = "/organization/secrets/{secret_name}",
    tag = "Organization",
    operation_id = "patch_secret",
    params(("secret_name" = String, Path, description = "Name of the secret")),
    request_body = SecretChange,
    responses(
        (status = 200, description = "The secret, without its value", body = SecretReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such secret", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A field is not legal, or `secrets_key_missing`", body = Refusal),
    )
)]
pub(crate) async fn update(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    name: Name,
    Body(body): Body,
) -> Answer {
    Ok(reply(StatusCode::OK, &portal.update_secret(&viewer, &name.0, &body).await?))
}

/// Forgets a secret.
#[utoipa::path(
    delete,
    path = "/organization/secrets/{secret_name}",
    tag = "Organization",
    operation_id = "delete_secret",
    params(("secret_name" = String, Path, description = "Name of the secret")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such secret", body = Refusal),
    )
)]
pub(crate) async fn delete(State(portal): State<Portal>, Caller(viewer): Caller, name: Name) -> Answer {
    portal.delete_secret(&viewer, &name.0).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// The name in the path. What is not UTF-8 names no secret.
pub(crate) struct Name(String);

impl<S: Sync> axum::extract::FromRequestParts<S> for Name {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut http::request::Parts, _: &S) -> Result<Self, Self::Rejection> {
        let path = parts.uri.path();
        let rest = path.rsplit_once("/organization/secrets/").map_or("", |(_, rest)| rest);
        Ok(Self(decode(rest.strip_suffix('/').unwrap_or(rest), false)))
    }
}
