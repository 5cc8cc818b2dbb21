//! Apps: client ids and secrets of the organization, and those of people and service accounts.
#![allow(dead_code, reason = "some types are only described")]

use axum::extract::{FromRequestParts, State};
use axum::response::IntoResponse as _;
use axum::routing::{MethodRouter, get, post, put};
use axum::{Json, Router};
use http::request::Parts;
use serde_json::{Map, Value, json};
use stagedoor_portal::{App as Stored, Client, Portal};
use utoipa::{OpenApi, ToSchema};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::{Body, Caller, OfName, decode};
use crate::fields::Fields;
use crate::flags::Parameters;
use crate::openapi::{Done, Refusal};

/// The routes of this noun.
pub(crate) fn routes() -> Router<App> {
    let routes: [(&str, MethodRouter<App>); 4] = [
        ("/apps", get(list).post(create)),
        ("/apps/{app}", put(update).delete(remove)),
        ("/apps/{app}/rotate-secret", post(rotate)),
        ("/rotate-credentials/{user}", post(rotate_credentials)),
    ];
    routes.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(&format!("{path}/"), methods.clone()).route(path, methods)
    })
}

/// The client id in `/apps/{app}` and below.
pub(crate) struct OfApp(String);

impl<S: Sync> FromRequestParts<S> for OfApp {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let rest = parts.uri.path().split_once("/apps/").map_or("", |(_, rest)| rest);
        Ok(Self(decode(rest.split('/').next().unwrap_or_default(), false)))
    }
}

/// A client id of the organization. It may do what an administrator may.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct AppItem {
    /// The client id.
    #[schema(required = false)]
    id: String,
    #[schema(required = false)]
    name: String,
    /// Whether it may get access tokens.
    #[schema(required = false)]
    enabled: bool,
    /// The client secret; only where it is new.
    #[schema(nullable = false)]
    secret: Option<String>,
    #[schema(required = false)]
    created_at: String,
    #[schema(required = false)]
    updated_at: String,
}

#[derive(ToSchema)]
pub(crate) struct AppBody {
    #[schema(min_length = 1, max_length = 100)]
    name: String,
    /// False: no access tokens for now.
    #[schema(nullable = false)]
    enabled: Option<bool>,
}

#[derive(ToSchema)]
pub(crate) struct AppsReply {
    ok: bool,
    apps: Vec<AppItem>,
}

#[derive(ToSchema)]
pub(crate) struct AppReply {
    ok: bool,
    app: AppItem,
}

#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(crate) struct ClientCredentialsItem {
    client_id: String,
    /// It is shown this once.
    client_secret: String,
}

#[derive(ToSchema)]
pub(crate) struct CredentialsReply {
    ok: bool,
    credentials: ClientCredentialsItem,
}

#[derive(OpenApi)]
#[openapi(paths(list, create, update, remove, rotate, rotate_credentials))]
struct Document;

/// These routes, described.
pub(crate) fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The organization's client ids, the one of the environment first.
#[utoipa::path(
    get,
    path = "/apps",
    tag = "Auth",
    operation_id = "list_apps",
    params(("fields" = Option<Vec<String>>, Query, description = "Only these fields")),
    responses(
        (status = 200, description = "All of them, without their secrets", body = AppsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
    )
)]
pub(crate) async fn list(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    parameters: Parameters,
) -> Answer {
    let fields = Fields::of_query(&parameters);
    let apps = portal.apps(&viewer)?;
    let apps: Vec<Value> = apps.iter().map(|app| fields.of(item(app), &[], &[])).collect();
    Ok(Json(json!({ "ok": true, "apps": apps })).into_response())
}

/// Makes a client id with a secret.
#[utoipa::path(
    post,
    path = "/apps",
    tag = "Auth",
    operation_id = "create_app",
    request_body = AppBody,
    responses(
        (status = 200, description = "The app with its secret, which is shown this once", body = AppReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "The name is not legal", body = Refusal),
    )
)]
pub(crate) async fn create(State(portal): State<Portal>, Caller(viewer): Caller, Body(body): Body) -> Answer {
    let app = portal.create_app(&viewer, &body).await?;
    Ok(Json(json!({ "ok": true, "app": item(&app) })).into_response())
}

/// Gives an app another name, or turns it off and on.
#[utoipa::path(
    put,
    path = "/apps/{app}",
    tag = "Auth",
    operation_id = "update_app",
    params(("app" = String, Path, description = "The client id")),
    request_body = AppBody,
    responses(
        (status = 200, description = "The app", body = AppReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such app", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "Not legal, or the environment's: `protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn update(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfApp(app): OfApp,
    Body(body): Body,
) -> Answer {
    let app = portal.update_app(&viewer, &app, &body).await?;
    Ok(Json(json!({ "ok": true, "app": item(&app) })).into_response())
}

/// Removes an app; access tokens that were issued for it are refused from now on.
#[utoipa::path(
    delete,
    path = "/apps/{app}",
    tag = "Auth",
    operation_id = "delete_app",
    params(("app" = String, Path, description = "The client id")),
    responses(
        (status = 200, description = "Done", body = Done),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such app", body = Refusal),
        (status = 422, description = "The environment's: `protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn remove(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfApp(app): OfApp,
) -> Answer {
    portal.delete_app(&viewer, &app).await?;
    Ok(Json(json!({ "ok": true })).into_response())
}

/// Gives an app another secret; the old one and its access tokens are refused from now on.
#[utoipa::path(
    post,
    path = "/apps/{app}/rotate-secret",
    tag = "Auth",
    operation_id = "rotate_app_secret",
    params(("app" = String, Path, description = "The client id")),
    responses(
        (status = 200, description = "The app with its secret, which is shown this once", body = AppReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such app", body = Refusal),
        (status = 422, description = "The environment's: `protected_resource`", body = Refusal),
    )
)]
pub(crate) async fn rotate(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfApp(app): OfApp,
) -> Answer {
    let app = portal.rotate_app(&viewer, &app).await?;
    Ok(Json(json!({ "ok": true, "app": item(&app) })).into_response())
}

/// Gives a person or a service account a client secret, the first one or another one; the id stays.
#[utoipa::path(
    post,
    path = "/rotate-credentials/{user}",
    tag = "Auth",
    operation_id = "rotate_credentials",
    params(("user" = String, Path, description = "Address of a person, or identifier of a service account")),
    responses(
        (status = 200, description = "Client id and secret, which is shown this once", body = CredentialsReply),
        (status = 401, description = "No valid access token", body = Refusal),
        (status = 403, description = "The caller may not", body = Refusal),
        (status = 404, description = "No such user", body = Refusal),
    )
)]
pub(crate) async fn rotate_credentials(
    State(portal): State<Portal>,
    Caller(viewer): Caller,
    OfName(user): OfName,
) -> Answer {
    let client = portal.rotate_credentials(&viewer, &user).await?;
    Ok(Json(json!({ "ok": true, "credentials": credentials(&client) })).into_response())
}

/// A client as every reply has it that shows one.
pub(crate) fn credentials(client: &Client) -> Value {
    json!({ "clientId": client.id, "clientSecret": client.secret.reveal() })
}

fn item(app: &Stored) -> Value {
    let mut item = Map::new();
    item.insert("id".into(), app.id.clone().into());
    item.insert("name".into(), app.name.clone().into());
    item.insert("enabled".into(), app.enabled.into());
    if let Some(secret) = &app.secret {
        item.insert("secret".into(), secret.reveal().into());
    }
    item.insert("createdAt".into(), app.created_at.to_string().into());
    item.insert("updatedAt".into(), app.updated_at.to_string().into());
    item.into()
}
