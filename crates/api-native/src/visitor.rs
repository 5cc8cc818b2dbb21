//! Where a request comes from, and the cookie that goes back.

use std::convert::Infallible;

use axum::extract::{DefaultBodyLimit, FromRequestParts};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use stagedoor_auth::{PLAIN_COOKIE, SECURE_COOKIE, Visitor};
use stagedoor_portal::{Portal, SignedIn};

/// What the server's authentication found out of a request that may change something.
pub(crate) struct Visit(pub(crate) Visitor);

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(parts.extensions.get::<Visitor>().cloned().unwrap_or_default()))
    }
}

/// What anybody may send holds an address and a password at most.
pub(crate) fn small_body() -> DefaultBodyLimit {
    DefaultBodyLimit::max(16 * 1024)
}

/// `Set-Cookie` of a session that has begun.
pub(crate) fn session_cookie(signed_in: &SignedIn, visitor: &Visitor) -> HeaderMap {
    cookie(signed_in.secret.reveal(), signed_in.lasts, visitor.secure)
}

/// `Set-Cookie` of one that has ended.
pub(crate) fn no_cookie(visitor: &Visitor) -> HeaderMap {
    cookie("", 0, visitor.secure)
}

fn cookie(value: &str, seconds: i64, secure: bool) -> HeaderMap {
    let (name, flag) = if secure { (SECURE_COOKIE, "; Secure") } else { (PLAIN_COOKIE, "") };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{flag}");
    let mut headers = HeaderMap::new();
    // Made of letters, digits and signs that are legal in a header.
    if let Ok(text) = HeaderValue::from_str(&text) {
        headers.insert(header::SET_COOKIE, text);
    }
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers
}

/// The address of a page with something secret behind `#`, as the reader's browser reaches this installation.
pub(crate) fn page_address(portal: &Portal, headers: &HeaderMap, visitor: &Visitor, page: &str) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let scheme = if visitor.secure { "https" } else { "http" };
    let here = text(header::HOST).map(|host| format!("{scheme}://{host}"));
    // A page of ours asked: its own address is where it can be reached.
    let of_page = text(header::ORIGIN).filter(|origin| here.as_deref() == Some(*origin)).map(str::to_owned);
    let base = of_page.or_else(|| portal.identity().base_url.clone()).or(here).unwrap_or_default();
    format!("{base}{page}")
}
