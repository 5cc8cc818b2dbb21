//! Tokens of people and service accounts, and the scopes that they may be limited to.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use stagedoor_auth::Action;
use stagedoor_portal::{NewToken, TokenInfo};
use utoipa::{IntoParams, ToSchema};

use crate::Api;
use crate::error::{ApiError, Caller, ErrorBody};

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TokenBody {
    /// For its owner to know it again.
    name: String,
    /// Permission strings such as `read:entities`; null: what the owner may.
    scopes: Option<Vec<String>>,
    /// Null: until it is revoked.
    expires_in_days: Option<u32>,
    /// Identifier of a service account; without it the token is the caller's.
    owner: Option<String>,
}

/// A token, without its secret.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokenItem {
    id: String,
    name: String,
    /// Address of a person, or identifier of a service account.
    owner: String,
    /// `personal` or `serviceAccount`.
    kind: String,
    /// Null: what the owner may.
    scopes: Option<Vec<String>>,
    created_at: String,
    expires_at: Option<String>,
    last_used_at: Option<String>,
    /// The last four characters of the secret.
    ending: String,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct TokenList {
    tokens: Vec<TokenItem>,
}

/// A token that was made.
#[derive(Serialize, ToSchema)]
pub(crate) struct MadeToken {
    /// To be sent as `Authorization: Bearer`. It is shown this once.
    token: String,
    #[serde(flatten)]
    #[schema(inline)]
    item: TokenItem,
}

/// A permission string and what it allows.
#[derive(Serialize, ToSchema)]
pub(crate) struct ScopeItem {
    /// Such as `read:entities`. With `:<identifier>` behind it, it is for one blueprint, page or other named thing.
    scope: String,
    /// What it allows.
    words: Vec<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ScopeList {
    scopes: Vec<ScopeItem>,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct TokenQuery {
    /// Whose; without it the caller's own.
    user: Option<String>,
}

pub(crate) fn routes() -> Router<Api> {
    Router::new()
        .route("/tokens", get(tokens).post(create))
        .route("/tokens/{id}", delete(revoke))
        .route("/scopes", get(scopes))
}

/// Tokens, newest first.
#[utoipa::path(
    get, path = "/tokens", operation_id = "list_tokens", params(TokenQuery),
    responses((status = 200, body = TokenList), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody))
)]
pub(crate) async fn tokens(
    State(api): State<Api>,
    Caller(viewer): Caller,
    query: Result<Query<TokenQuery>, QueryRejection>,
) -> Result<Json<TokenList>, ApiError> {
    let tokens = api.portal.tokens(&viewer, query?.user.as_deref())?;
    Ok(Json(TokenList { tokens: tokens.into_iter().map(item).collect() }))
}

/// Makes a token.
#[utoipa::path(
    post, path = "/tokens", operation_id = "create_token", request_body = TokenBody,
    responses(
        (status = 201, body = MadeToken), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 401, body = ErrorBody),
        (status = 403, body = ErrorBody), (status = 404, body = ErrorBody, description = "No such owner"),
        (status = 422, body = ErrorBody)
    )
)]
pub(crate) async fn create(
    State(api): State<Api>,
    Caller(viewer): Caller,
    body: Result<Json<TokenBody>, JsonRejection>,
) -> Result<(StatusCode, Json<MadeToken>), ApiError> {
    let Json(TokenBody { name, scopes, expires_in_days, owner }) = body?;
    let new = NewToken { name, scopes, expires_in_days, owner };
    let (token, secret) = api.portal.create_token(&viewer, new).await?;
    let made = MadeToken { token: secret.reveal().to_owned(), item: item(token) };
    Ok((StatusCode::CREATED, Json(made)))
}

/// Takes a token back: the next request with it is refused.
#[utoipa::path(
    delete, path = "/tokens/{id}", operation_id = "revoke_token", params(("id" = String, Path)),
    responses(
        (status = 204, description = "Taken back"), (status = 401, body = ErrorBody), (status = 403, body = ErrorBody),
        (status = 404, body = ErrorBody)
    )
)]
pub(crate) async fn revoke(
    State(api): State<Api>,
    Caller(viewer): Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    api.portal.revoke_token(&viewer, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every scope that a token may be limited to.
#[utoipa::path(get, path = "/scopes", responses((status = 200, body = ScopeList), (status = 401, body = ErrorBody)))]
pub(crate) async fn scopes(_: Caller) -> Json<ScopeList> {
    let mut scopes: Vec<ScopeItem> = Vec::new();
    for action in Action::ALL {
        let words = action.words().to_owned();
        match scopes.iter_mut().find(|item| item.scope == action.scope()) {
            Some(item) => item.words.push(words),
            None => scopes.push(ScopeItem { scope: action.scope().to_owned(), words: vec![words] }),
        }
    }
    Json(ScopeList { scopes })
}

fn item(token: TokenInfo) -> TokenItem {
    TokenItem {
        id: token.id,
        name: token.name,
        owner: token.owner,
        kind: token.kind.name().to_owned(),
        scopes: token.scopes,
        created_at: token.created_at.to_string(),
        expires_at: token.expires_at.map(|at| at.to_string()),
        last_used_at: token.last_used_at.map(|at| at.to_string()),
        ending: token.ending,
    }
}
