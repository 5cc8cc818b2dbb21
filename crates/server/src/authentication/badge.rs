//! Badges: pictures that pages outside embed, so that their address has to prove who asks.
//!
//! Addresses end up in logs, histories and other people's pages. So a token is taken from one for badges only, and only
//! one that may do nothing else. Beside it no other credential counts: a page outside learns nothing by a cookie.

use http::{HeaderMap, Method, Uri};
use stagedoor_auth::{Action, Viewer};

/// Where badges are.
const UNDER: &str = "/api/stagedoor/v1/badges/";

/// The token in the address of a badge. Secret tokens have no character that would have to be escaped.
pub(super) fn token<'u>(method: &Method, uri: &'u Uri) -> Option<&'u str> {
    let reads = matches!(*method, Method::GET | Method::HEAD);
    if !reads || !uri.path().starts_with(UNDER) {
        return None;
    }
    uri.query()?.split('&').find_map(|pair| pair.strip_prefix("token="))
}

/// Whether a token may stand in an address.
pub(super) fn is_harmless(viewer: &Viewer) -> bool {
    let badges = Action::ReadBadges.scope();
    let only =
        |scope: &str| scope.strip_prefix(badges).is_some_and(|rest| rest.is_empty() || rest.starts_with(':'));
    viewer.scopes().is_some_and(|scopes| scopes.iter().next().is_some() && scopes.iter().all(only))
}

/// What is presented beside such a token.
pub(super) fn nothing() -> &'static HeaderMap {
    static NOTHING: std::sync::LazyLock<HeaderMap> = std::sync::LazyLock::new(HeaderMap::new);
    &NOTHING
}
