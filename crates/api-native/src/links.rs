//! One-time links: looking at one, and using it.

use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::response::Response;
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use stagedoor_portal::Acceptance;
use utoipa::ToSchema;

use crate::Api;
use crate::error::{ApiError, ErrorBody};
use crate::session::{SignedInBody, signed_in_answer};
use crate::visitor::{Visit, small_body};

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinkToken {
    /// What stands behind `#` in the address.
    token: String,
}

/// What a link is good for.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LinkBody {
    /// `setup`, `invitation` or `reset`.
    kind: &'static str,
    /// Whose it is; a setup link is whoever's who takes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    expires_at: String,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Accept {
    /// What stands behind `#` in the address.
    token: String,
    /// Needed for a setup link.
    email: Option<String>,
    first_name: Option<String>,
    last_name: Option<String>,
    /// 12 characters or more.
    password: String,
}

pub(crate) fn routes() -> Router<Api> {
    let routes = Router::new().route("/links/check", post(check)).route("/links/accept", post(accept));
    routes.layer(small_body())
}

/// What a link is good for. It is not used up.
#[utoipa::path(
    post, path = "/links/check", request_body = LinkToken,
    responses(
        (status = 200, body = LinkBody), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody), (status = 422, body = ErrorBody),
        (status = 404, body = ErrorBody, description = "Used, too old, taken back or made up"),
        (status = 429, body = ErrorBody)
    )
)]
pub(crate) async fn check(
    State(api): State<Api>,
    Visit(visitor): Visit,
    body: Result<Json<LinkToken>, JsonRejection>,
) -> Result<Json<LinkBody>, ApiError> {
    let link = api.portal.check_link(&body?.token, &visitor).await?;
    Ok(Json(LinkBody { kind: link.kind.name(), email: link.email, expires_at: link.expires_at.to_string() }))
}

/// Uses a link up: the person is active, has this password, and is signed in.
#[utoipa::path(
    post, path = "/links/accept", request_body = Accept,
    responses(
        (status = 200, body = SignedInBody), (status = 400, body = ErrorBody),
        (status = 415, body = ErrorBody),
        (status = 403, body = ErrorBody, description = "Made by a page of another site"),
        (status = 404, body = ErrorBody, description = "Used, too old, taken back or made up"),
        (status = 409, body = ErrorBody, description = "The address is a service account's"),
        (status = 422, body = ErrorBody, description = "Weak password, no e-mail address"),
        (status = 429, body = ErrorBody)
    )
)]
pub(crate) async fn accept(
    State(api): State<Api>,
    Visit(visitor): Visit,
    body: Result<Json<Accept>, JsonRejection>,
) -> Result<Response, ApiError> {
    let Json(Accept { token, email, first_name, last_name, password }) = body?;
    let acceptance = Acceptance { secret: token, email, first_name, last_name, password };
    let signed_in = api.portal.accept_link(acceptance, &visitor).await?;
    Ok(signed_in_answer(&api.portal, &signed_in, &visitor))
}
