//! Access tokens for client credentials.

use std::net::IpAddr;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::{Extension, Json};
use http::{HeaderValue, StatusCode, header};
use serde_json::{Value, json};
use stagedoor_auth::{Issued, Visitor};

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::Body;
use crate::openapi::{AccessToken, ClientCredentials, Refusal};

/// Who issues access tokens.
pub trait TokenIssuer: Send + Sync {
    /// A token for these credentials, given from an address.
    ///
    /// # Errors
    /// Why there is none.
    fn issue(
        &self,
        client_id: &str,
        client_secret: &str,
        address: Option<IpAddr>,
    ) -> Result<Issued, NotIssued>;
}

/// Why no token was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotIssued {
    /// The credentials are not good.
    Wrong,
    /// Too many were not: another attempt may be made after so many seconds.
    Wait(u64),
}

/// Exchanges a client id and secret for an access token.
#[utoipa::path(
    post,
    path = "/auth/access_token",
    tag = "Auth",
    operation_id = "issue_access_token",
    security(()),
    request_body = ClientCredentials,
    responses(
        (status = 200, description = "The token; while one lives, the same is answered again", body = AccessToken),
        (status = 401, description = "Wrong credentials", body = Refusal),
        (status = 413, description = "The body is over 1 MiB", body = Refusal),
        (status = 422, description = "A credential is missing", body = Refusal),
        (status = 429, description = "Too many wrong credentials; `Retry-After` says how long to wait", body = Refusal),
    )
)]
pub(crate) async fn access_token(
    State(app): State<App>,
    visitor: Option<Extension<Visitor>>,
    Body(body): Body,
) -> Answer {
    let id = text(&body, "clientId")?;
    let secret = text(&body, "clientSecret")?;
    let wrong = || {
        Failure::new(
            StatusCode::UNAUTHORIZED,
            "invalid_credentials",
            "the client id or the client secret is wrong",
        )
    };
    let address = visitor.and_then(|Extension(visitor)| visitor.address);
    let issued = match app.tokens.issue(id, secret, address) {
        Ok(issued) => issued,
        Err(NotIssued::Wrong) => return Err(wrong()),
        Err(NotIssued::Wait(seconds)) => return Ok(wait(seconds)),
    };
    let reply = json!({ "ok": true, "accessToken": issued.token, "expiresIn": issued.expires_in, "tokenType": "Bearer" });
    Ok(Json(reply).into_response())
}

fn wait(seconds: u64) -> Response {
    let message = format!("too many wrong credentials: try again in {seconds} s");
    let failure = Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_many_attempts", message);
    let mut response = failure.into_response();
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

fn text<'b>(body: &'b Value, key: &str) -> Result<&'b str, Failure> {
    let map = body.as_object().ok_or_else(|| Failure::invalid("body must be object"))?;
    let value =
        map.get(key).ok_or_else(|| Failure::invalid(format!("body must have required property '{key}'")))?;
    value.as_str().ok_or_else(|| Failure::invalid(format!("\"{key}\" must be string")))
}
