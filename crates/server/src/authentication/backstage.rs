//! Backstage's frontend: user tokens of this installation, `Authorization: Bearer`, or the subprotocol of a WebSocket.

use std::collections::HashMap;
use std::sync::Arc;

use http::{HeaderMap, header};
use parking_lot::RwLock;
use stagedoor_api_backstage::Guests;
use stagedoor_auth::{BackstageClaims, BackstageTokens, Principal, SecretDigest, Via, Viewer, digest};
use stagedoor_model::Timestamp;
use stagedoor_portal::Portal;

use super::{Authenticator, Presented, Verdict};

/// Verified tokens that are remembered; beyond that they are verified again.
const REMEMBERED: usize = 4_096;

/// User tokens. One that was made from a session is as good as that session.
pub(crate) struct Backstage {
    portal: Portal,
    tokens: Arc<BackstageTokens>,
    guests: Arc<Guests>,
    dev: bool,
    verified: RwLock<HashMap<SecretDigest, Verified>>,
}

/// A token that was accepted.
#[derive(Clone)]
struct Verified {
    expires: Timestamp,
    viewer: Viewer,
    /// Under which its session is kept.
    session: Option<String>,
}

impl Backstage {
    pub(crate) fn new(portal: &Portal, tokens: Arc<BackstageTokens>, guests: Arc<Guests>, dev: bool) -> Self {
        Self { portal: portal.clone(), tokens, guests, dev, verified: RwLock::default() }
    }

    fn verify(&self, token: &str, now: Timestamp) -> Option<Verified> {
        let claims = self.tokens.verify(token, now).ok()?;
        let expires = claims.expires;
        let verified = match claims {
            BackstageClaims { session: Some(id), .. } => {
                let digest = self.portal.session_called(&id)?;
                let person = self.portal.session_viewer(&digest, now)?;
                let Principal::Person(email) = person.principal() else { return None };
                // Less than the session itself: what asks for one, as another password does, is not done with this.
                let via = Via::AccessToken(format!("session/{id}"));
                let viewer = Viewer::new(Principal::Person(email.clone()), via, None);
                Verified { expires, viewer, session: Some(digest) }
            }
            // Whoever may come in without proving anything may do it by a token of before, and nobody else.
            BackstageClaims { subject, .. } if self.guests.allowed && subject == self.guests.reference => {
                let viewer = if self.dev { Viewer::development() } else { Viewer::guest(&subject) };
                Verified { expires, viewer, session: None }
            }
            BackstageClaims { .. } => return None,
        };
        Some(verified)
    }

    fn viewer(&self, token: &str, now: Timestamp) -> Option<Viewer> {
        let key = digest(token);
        let known = self.verified.read().get(&key).cloned();
        let known = match known {
            Some(known) if now < known.expires => known,
            Some(_) => return None,
            None => {
                let new = self.verify(token, now)?;
                let mut verified = self.verified.write();
                if verified.len() >= REMEMBERED {
                    verified.clear();
                }
                verified.insert(key, new.clone());
                new
            }
        };
        match &known.session {
            // Ended, over, or its person shut out: the look-up says so at once.
            Some(session) if self.portal.session_viewer(session, now).is_none() => None,
            _ => Some(known.viewer),
        }
    }
}

impl Authenticator for Backstage {
    fn authenticate(&self, presented: &Presented<'_>) -> Verdict {
        let token = presented.bearer.or_else(|| of_socket(presented.headers));
        let Some(token) = token.filter(|token| self.tokens.is_own(token)) else { return Verdict::NotMine };
        self.viewer(token, presented.now).map_or(Verdict::Refused, Verdict::Viewer)
    }
}

/// The first subprotocol of a request for a WebSocket.
fn of_socket(headers: &HeaderMap) -> Option<&str> {
    let upgrade = headers.get(header::UPGRADE)?;
    if headers.contains_key(header::AUTHORIZATION) || !upgrade.as_bytes().eq_ignore_ascii_case(b"websocket") {
        return None;
    }
    let offered = headers.get(header::SEC_WEBSOCKET_PROTOCOL)?.to_str().ok()?;
    offered.split(',').next().map(str::trim)
}
