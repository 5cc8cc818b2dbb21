//! Service accounts: accounts for programs.

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_portal::{Client, NewServiceAccount, ServiceAccount};
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ServiceAccountBody {
    /// The identifier is made of it.
    name: String,
    /// `Admin` or `Member`.
    role: String,
    /// Identifiers of teams.
    teams: Option<Vec<String>>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceAccountItem {
    /// Identifier of the `_user` entity.
    identifier: String,
    name: String,
    /// `Admin`, `Member` or another role.
    role: String,
    /// `Active`, `Disabled`, `Staged` or `Invited`.
    status: String,
    teams: Vec<String>,
    client_id: Option<String>,
    created_at: String,
    /// When its client was last used.
    last_used_at: Option<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ServiceAccountList {
    service_accounts: Vec<ServiceAccountItem>,
}

/// A client for `POST /v1/auth/access_token`.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct MadeClient {
    /// Identifier of the service account.
    identifier: String,
    client_id: String,
    /// It is shown this once.
    client_secret: String,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/service-accounts", get(list).post(create))
        .route("/service-accounts/{identifier}", delete(remove))
        .route("/service-accounts/{identifier}/rotate", post(rotate))
}

/// All service accounts.
#[utoipa::path(
    get, path = "/service-accounts", operation_id = "list_service_accounts",
    responses(
        (status = 200, body = ServiceAccountList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody)
    )
)]
pub(crate) async fn list(
    State(api): State<Api>,
    Caller(viewer): Caller,
) -> Result<Json<ServiceAccountList>, ApiError> {
    let all = api.portal.service_accounts(&viewer)?;
    Ok(Json(ServiceAccountList { service_accounts: all.into_iter().map(item).collect() }))
}

/// Makes a service account with a client of its own.
#[utoipa::path(
    post, path = "/service-accounts", operation_id = "create_service_account", request_body = ServiceAccountBody,
    responses(
        (status = 201, body = MadeClient), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody, description = "No such team"),
        (status = 409, body = ErrorBody, description = "There is one of this name"), (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<ServiceAccountBody>, JsonRejection>,
) -> Result<(StatusCode, Json<MadeClient>), ApiError> {
    let Json(ServiceAccountBody { name, role, teams }) = body?;
    let new = NewServiceAccount { name, role, teams: teams.unwrap_or_default() };
    let (identifier, client) = api.portal.create_service_account(&viewer, new).await?;
    Ok((StatusCode::CREATED, Json(made(identifier, &client))))
}

/// Gives a service account's client another secret; the old one and its access tokens are refused from now on.
#[utoipa::path(
    post, path = "/service-accounts/{identifier}/rotate", operation_id = "rotate_service_account",
    params(("identifier" = String, Path)),
    responses(
        (status = 200, body = MadeClient), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn rotate(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(identifier): Path<String>,
) -> Result<Json<MadeClient>, ApiError> {
    let client = api.portal.rotate_service_account(&viewer, &identifier).await?;
    Ok(Json(made(identifier, &client)))
}

/// Removes a service account; its tokens and its client are refused from now on.
#[utoipa::path(
    delete, path = "/service-accounts/{identifier}", operation_id = "delete_service_account",
    params(("identifier" = String, Path)),
    responses(
        (status = 204, description = "Removed"), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn remove(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(identifier): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.portal.delete_service_account(&viewer, &identifier).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn made(identifier: String, client: &Client) -> MadeClient {
    let client_secret = client.secret.reveal().to_owned();
    MadeClient { identifier, client_id: client.id.clone(), client_secret }
}

fn item(account: ServiceAccount) -> ServiceAccountItem {
    ServiceAccountItem {
        identifier: account.identifier,
        name: account.name,
        role: account.role,
        status: account.status,
        teams: account.teams,
        client_id: account.client_id,
        created_at: account.created_at.to_string(),
        last_used_at: account.last_used_at.map(|at| at.to_string()),
    }
}
