//! The cookie of a plugin's pages: `GET /api/<plugin>/.backstage/auth/v1/cookie`.
//!
//! It holds a limited token, which is good for reading what a page embeds and for nothing else; no route takes it for
//! more. It is the plugin's own: it goes nowhere but to its paths.

use axum::extract::{MatchedPath, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;
use stagedoor_auth::{Principal, UserToken, Viewer, bearer, cookies};

use crate::answer;
use crate::caller::Caller;
use crate::error::ApiError;
use crate::frontend::{Frontend, nothing};
use crate::openapi::Refusal;

/// Under the mount of every plugin.
pub(crate) const PATH: &str = "/.backstage/auth/v1/cookie";
const NAME: &str = "backstage-auth";
/// A cookie this close to its end is renewed.
const SOON: i64 = 5 * 60 * 1_000;

/// Sets the cookie, or leaves the one that is there. The same is under `/api/catalog` and `/api/techdocs`.
#[utoipa::path(
    get,
    path = "/api/app/.backstage/auth/v1/cookie",
    operation_id = "issue_cookie",
    tag = "auth",
    responses(
        (status = 200, description = "Until when it is good: `{expiresAt}`", body = Object),
        (status = 401, description = "No valid credential", body = Refusal),
        (status = 403, description = "The caller is a program", body = Refusal),
    )
)]
pub(crate) async fn issue(
    State(frontend): State<Frontend>,
    Caller(viewer): Caller,
    route: MatchedPath,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    if matches!(viewer.principal(), Principal::Credential(_) | Principal::ServiceAccount(_)) {
        return Err(ApiError::not_allowed("This endpoint does not allow 'service' credentials"));
    }
    let fresh = limited(&frontend, &viewer, &headers).ok_or_else(ApiError::unauthenticated)?;
    if let Some(expires) = standing(&frontend, &headers, &fresh) {
        return Ok(answer::json(json!({ "expiresAt": expires.to_string() }).to_string()));
    }
    let mut response = answer::json(json!({ "expiresAt": fresh.expires.to_string() }).to_string());
    let seconds = (fresh.expires.0 - frontend.portal.now().0) / 1_000;
    set(&frontend, route.as_str(), &fresh.token, seconds, response.headers_mut());
    Ok(response)
}

/// Takes the cookie back. The same is under `/api/catalog` and `/api/techdocs`.
#[utoipa::path(
    delete,
    path = "/api/app/.backstage/auth/v1/cookie",
    operation_id = "clear_cookie",
    tag = "auth",
    responses(
        (status = 204, description = "It is gone"),
        (status = 401, description = "No valid credential", body = Refusal),
    )
)]
pub(crate) async fn clear(State(frontend): State<Frontend>, _: Caller, route: MatchedPath) -> Response {
    let mut response = nothing().into_response();
    set(&frontend, route.as_str(), "", 0, response.headers_mut());
    response
}

/// The limited token of the caller's user token; a new one for who came by something else.
fn limited(frontend: &Frontend, viewer: &Viewer, headers: &HeaderMap) -> Option<UserToken> {
    let now = frontend.portal.now();
    let token = headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(bearer);
    if let Some(Ok(limited)) = token.map(|token| frontend.tokens.limited(token, now)) {
        return Some(limited);
    }
    let user = frontend.portal.backstage_user(viewer)?;
    let issued = frontend.tokens.issue(&user.reference, None, now).ok()?;
    frontend.tokens.limited(&issued.token, now).ok()
}

/// The end of the cookie that the request came with, if it is this user's and has some time left.
fn standing(
    frontend: &Frontend,
    headers: &HeaderMap,
    fresh: &UserToken,
) -> Option<stagedoor_model::Timestamp> {
    let now = frontend.portal.now();
    let sent = headers.get_all(header::COOKIE).iter().filter_map(|header| header.to_str().ok());
    let token = sent.flat_map(|header| cookies(header, NAME)).next()?;
    let old = frontend.tokens.verify_limited(token, now).ok()?;
    let new = frontend.tokens.verify_limited(&fresh.token, now).ok()?;
    (old.subject == new.subject && old.expires.0 > now.0 + SOON).then_some(old.expires)
}

/// No page of another site gets it sent along, unless pages of other origins may send cookies at all.
fn set(frontend: &Frontend, route: &str, value: &str, seconds: i64, headers: &mut HeaderMap) {
    let plugin = route.strip_suffix(PATH).unwrap_or("/api");
    let site = match (frontend.secure, frontend.cross_site) {
        (true, true) => "None; Secure",
        (true, false) => "Lax; Secure",
        (false, _) => "Lax",
    };
    let text = format!("{NAME}={value}; Path={plugin}/; Max-Age={seconds}; HttpOnly; SameSite={site}");
    // Made of letters, digits and signs that are legal in a header.
    if let Ok(text) = HeaderValue::from_str(&text) {
        headers.insert(header::SET_COOKIE, text);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
}
