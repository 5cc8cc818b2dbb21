//! Programs from outside: `backend.auth.externalAccess`.

mod keys;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use stagedoor_auth::{
    AuthError, ExternalRule, Principal, Scopes, SecretDigest, Via, Viewer, digest, is_legacy_token,
    is_public_key_token, same_digest, verify_legacy,
};
use stagedoor_model::Timestamp;
use stagedoor_outbound::Egress;

use self::keys::Keys;
use super::{Authenticator, Presented, Verdict};
use crate::config::{ExternalAccess, ExternalWay};

/// Verified tokens that are remembered; beyond that they are verified again.
const REMEMBERED: usize = 4_096;
/// The longest token that Backstage takes.
const LONGEST: usize = 32_768;
/// What our own access tokens begin with: `{"typ":"JWT","alg":"HS256"}`.
const OWN: &str = "eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.";

/// Whoever the configuration lets in from outside.
#[derive(Default)]
pub(crate) struct External {
    fixed: Vec<Fixed>,
    legacy: Vec<Legacy>,
    issuers: Vec<Issuer>,
    verified: RwLock<HashMap<SecretDigest, Verified>>,
}

/// A token that the configuration says.
struct Fixed {
    length: usize,
    digest: SecretDigest,
    viewer: Viewer,
}

/// A secret that another system signs with.
struct Legacy {
    secret: Vec<u8>,
    viewer: Viewer,
}

/// A system whose public keys are read.
struct Issuer {
    rule: ExternalRule,
    keys: Arc<Keys>,
    /// Host of the address where the keys are.
    name: String,
    scopes: Option<Scopes>,
}

/// A token that was accepted, and with which state of the keys.
struct Verified {
    viewer: Viewer,
    expires: Timestamp,
    issuer: Option<(usize, u64)>,
}

impl External {
    /// `None` where nobody is let in.
    pub(crate) fn new(config: &[ExternalAccess], egress: Option<&Arc<Egress>>) -> Option<Self> {
        let mut external = Self::default();
        for access in config {
            external.add(access, egress);
        }
        (!config.is_empty()).then_some(external)
    }

    fn add(&mut self, access: &ExternalAccess, egress: Option<&Arc<Egress>>) {
        let scopes = access.scopes.clone();
        let named = |subject: &str, scopes| {
            let via = Via::External(subject.to_owned());
            Viewer::new(Principal::Credential(subject.to_owned()), via, scopes)
        };
        match &access.way {
            ExternalWay::Static { token, subject } => self.fixed.push(Fixed {
                length: token.len(),
                digest: digest(token),
                viewer: named(subject, scopes),
            }),
            ExternalWay::Legacy { secret, subject } => {
                let secret = secret.bytes().to_owned();
                self.legacy.push(Legacy { secret, viewer: named(subject, scopes) });
            }
            ExternalWay::Jwks { url, rule } => self.issuers.push(Issuer {
                rule: rule.clone(),
                keys: Arc::new(Keys::new(url.clone(), egress.cloned())),
                name: url.host_str().unwrap_or_default().to_owned(),
                scopes,
            }),
        }
    }

    /// Digests are compared as a whole, so that no beginning of a token is told from another.
    fn fixed(&self, token: &str, given: &SecretDigest) -> Option<Viewer> {
        let same = |one: &&Fixed| one.length == token.len() && same_digest(&one.digest, given);
        self.fixed.iter().rfind(same).map(|one| one.viewer.clone())
    }

    fn remembered(&self, digest: &SecretDigest, now: Timestamp) -> Option<Viewer> {
        let verified = self.verified.read();
        let known = verified.get(digest).filter(|known| now < known.expires)?;
        // What was signed with keys of before may be signed with a key that was taken back.
        let current = match known.issuer {
            Some((at, generation)) => self.issuers.get(at)?.keys.is_current(generation, now),
            None => true,
        };
        current.then(|| known.viewer.clone())
    }

    fn remember(&self, digest: SecretDigest, known: Verified) {
        let mut verified = self.verified.write();
        if verified.len() >= REMEMBERED {
            verified.clear();
        }
        verified.insert(digest, known);
    }

    fn legacy(&self, token: &str, digest: SecretDigest, now: Timestamp) -> Verdict {
        for one in &self.legacy {
            if let Ok(expires) = verify_legacy(token, &one.secret, now) {
                let viewer = one.viewer.clone();
                self.remember(digest, Verified { viewer: viewer.clone(), expires, issuer: None });
                return Verdict::Viewer(viewer);
            }
        }
        Verdict::Refused
    }

    fn issued(&self, token: &str, digest: SecretDigest, now: Timestamp) -> Verdict {
        let mut later = None;
        for (at, issuer) in self.issuers.iter().enumerate() {
            let keys = issuer.keys.current(now);
            match issuer.rule.verify(token, &keys.set, now) {
                Ok(good) => {
                    let via = Via::External(issuer.name.clone());
                    let viewer = Viewer::new(Principal::Credential(good.subject), via, issuer.scopes.clone());
                    let issuer = Some((at, keys.generation));
                    self.remember(digest, Verified { viewer: viewer.clone(), expires: good.expires, issuer });
                    return Verdict::Viewer(viewer);
                }
                Err(AuthError::UnknownKey) => later = issuer.keys.refresh(now).or(later),
                Err(error) => tracing::debug!(issuer = issuer.name, %error, "an external token was refused"),
            }
        }
        later.map_or(Verdict::Refused, Verdict::Later)
    }
}

impl Authenticator for External {
    fn authenticate(&self, presented: &Presented<'_>) -> Verdict {
        let Some(token) = presented.bearer.filter(|token| token.len() <= LONGEST) else {
            return Verdict::NotMine;
        };
        let is_fixed = self.fixed.iter().any(|one| one.length == token.len());
        if !is_fixed && self.legacy.is_empty() && token.starts_with(OWN) {
            return Verdict::NotMine;
        }
        let given = digest(token);
        if let Some(viewer) = self.fixed(token, &given) {
            return Verdict::Viewer(viewer);
        }
        if let Some(viewer) = self.remembered(&given, presented.now) {
            return Verdict::Viewer(viewer);
        }
        if !self.legacy.is_empty() && is_legacy_token(token) {
            return self.legacy(token, given, presented.now);
        }
        if !self.issuers.is_empty() && is_public_key_token(token) {
            return self.issued(token, given, presented.now);
        }
        Verdict::NotMine
    }
}
