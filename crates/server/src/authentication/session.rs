//! Browsers: the cookie of a session.

use http::{HeaderMap, header};
use stagedoor_auth::{PLAIN_COOKIE, SECURE_COOKIE, cookies, secret_digest};
use stagedoor_portal::Portal;

use super::{Authenticator, Presented, Verdict};

/// Sessions, looked up in the newest snapshot.
pub(crate) struct Sessions(Portal);

impl Sessions {
    pub(crate) fn new(portal: &Portal) -> Self {
        Self(portal.clone())
    }
}

impl Authenticator for Sessions {
    fn authenticate(&self, presented: &Presented<'_>) -> Verdict {
        // Whoever sends a token means it; no browser does that by itself.
        if presented.headers.contains_key(header::AUTHORIZATION) {
            return Verdict::NotMine;
        }
        let Some(secret) = cookie(presented.headers, presented.secure) else { return Verdict::NotMine };
        let viewer = secret_digest(secret).and_then(|digest| self.0.session_viewer(&digest, presented.now));
        viewer.map_or(Verdict::Refused, Verdict::Viewer)
    }
}

/// The secret in the cookie of a session. Over TLS only the cookie that no neighbour can plant counts.
pub(super) fn cookie(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let named = |name: &'static str| {
        let headers = headers.get_all(header::COOKIE).iter().filter_map(|header| header.to_str().ok());
        headers.flat_map(|header| cookies(header, name)).next()
    };
    named(SECURE_COOKIE).or_else(|| if secure { None } else { named(PLAIN_COOKIE) })
}
