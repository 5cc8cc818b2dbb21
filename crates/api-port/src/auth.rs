//! Access tokens for client credentials.

use axum::Json;
use axum::extract::State;
use axum::response::IntoResponse as _;
use http::StatusCode;
use serde_json::{Value, json};
use stagedoor_auth::Issued;

use crate::App;
use crate::error::{Answer, Failure};
use crate::extract::Body;
use crate::openapi::{AccessToken, ClientCredentials, Refusal};

/// Who issues access tokens.
pub trait TokenIssuer: Send + Sync {
    /// A token for these credentials; `None` when they are not good.
    fn issue(&self, client_id: &str, client_secret: &str) -> Option<Issued>;
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
    )
)]
pub(crate) async fn access_token(State(app): State<App>, Body(body): Body) -> Answer {
    let id = text(&body, "clientId")?;
    let secret = text(&body, "clientSecret")?;
    let wrong = || {
        Failure::new(
            StatusCode::UNAUTHORIZED,
            "invalid_credentials",
            "the client id or the client secret is wrong",
        )
    };
    let issued = app.tokens.issue(id, secret).ok_or_else(wrong)?;
    let reply = json!({ "ok": true, "accessToken": issued.token, "expiresIn": issued.expires_in, "tokenType": "Bearer" });
    Ok(Json(reply).into_response())
}

fn text<'b>(body: &'b Value, key: &str) -> Result<&'b str, Failure> {
    let map = body.as_object().ok_or_else(|| Failure::invalid("body must be object"))?;
    let value =
        map.get(key).ok_or_else(|| Failure::invalid(format!("body must have required property '{key}'")))?;
    value.as_str().ok_or_else(|| Failure::invalid(format!("\"{key}\" must be string")))
}
