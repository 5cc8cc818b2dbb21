//! Access tokens: issued, verified, revoked.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use stagedoor_model::Timestamp;

use crate::AuthError;
use crate::{Principal, Scopes, Via, Viewer};

/// How long a token lives: three hours, which Port's clients expect.
pub const TOKEN_LIFE_SECONDS: u64 = 10_800;

/// A token this close to its end is not handed out again: the caller could not use it.
const RENEW_BEFORE_SECONDS: u64 = 60;

/// How many verified tokens are remembered. Only genuine tokens get in, so this is many machines and people.
const REMEMBERED_TOKENS: usize = 4096;

/// A genuine token is well under this; anything longer is not even hashed.
const MAX_TOKEN_BYTES: usize = 8192;

/// Who issues tokens, for whom, on behalf of which organization.
#[derive(Clone, Debug)]
pub struct Realm {
    /// `iss`.
    pub issuer: String,
    /// `aud`: the public base URL of the API; also the prefix of the namespaced claims.
    pub audience: String,
    /// `orgId`.
    pub organization_id: String,
    /// `orgName`.
    pub organization_name: String,
}

/// A token and the seconds it has left.
#[derive(Clone, PartialEq, Eq)]
pub struct Issued {
    /// The token, to be sent as `Authorization: Bearer`.
    pub token: String,
    /// Seconds until it expires.
    pub expires_in: u64,
}

impl fmt::Debug for Issued {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issued").field("token", &"[redacted]").field("expires_in", &self.expires_in).finish()
    }
}

/// Issues and verifies tokens. Shared by all requests.
pub struct Tokens {
    realm: Realm,
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    state: RwLock<State>,
}

/// SHA-256 of a token, or of its signed part.
type Fingerprint = [u8; 32];

#[derive(Default)]
struct State {
    /// The live token of each viewer, and its end.
    issued: HashMap<Viewer, (String, u64)>,
    /// By fingerprint of the whole token, signature included.
    verified: HashMap<Fingerprint, Verified>,
    /// By fingerprint of the signed part alone, because base64 lets one signature be spelled in several ways;
    /// with the token's end, after which it need not be remembered.
    revoked: HashMap<Fingerprint, u64>,
    /// By subject: tokens issued before this second are revoked.
    not_before: HashMap<String, u64>,
}

struct Verified {
    viewer: Viewer,
    signed_part: Fingerprint,
    issued_at: u64,
    expires: u64,
}

impl State {
    fn has_revoked(&self, token: &Verified) -> bool {
        self.revoked.contains_key(&token.signed_part)
            || self.not_before.get(token.viewer.name()).is_some_and(|limit| token.issued_at < *limit)
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    iat: u64,
    exp: u64,
    iss: String,
    aud: String,
    #[serde(rename = "isMachine")]
    is_machine: bool,
    #[serde(rename = "personalToken")]
    personal_token: bool,
    #[serde(rename = "orgId")]
    org_id: String,
    #[serde(rename = "orgName")]
    org_name: String,
    /// `credential`, `service_account` or `person`.
    principal: String,
    /// The credential that it was issued for.
    credential: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    email: Option<String>,
    /// `<aud>/email`, `<aud>/orgId`, `<aud>/orgName`: where Port's command line looks.
    #[serde(flatten)]
    namespaced: BTreeMap<String, serde_json::Value>,
}

impl Tokens {
    /// Tokens signed with `signing_key`. Whoever has the key can be anybody.
    #[must_use]
    pub fn new(signing_key: [u8; 32], realm: Realm) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        validation.set_issuer(&[&realm.issuer]);
        validation.set_audience(&[&realm.audience]);
        // The library would ask the system clock; `live` compares with the time passed in.
        validation.validate_exp = false;
        Self {
            realm,
            encoding: EncodingKey::from_secret(&signing_key),
            decoding: DecodingKey::from_secret(&signing_key),
            validation,
            state: RwLock::default(),
        }
    }

    /// On whose behalf tokens are issued.
    #[must_use]
    pub fn realm(&self) -> &Realm {
        &self.realm
    }

    /// A token for `viewer`: the one it already has while that lives, with the time that is left. What the viewer
    /// may do is not in it but in the catalog.
    ///
    /// # Errors
    /// [`AuthError::Signing`] when the claims can't be signed, or for a viewer that needs no token.
    pub fn issue(&self, viewer: &Viewer, now: Timestamp) -> Result<Issued, AuthError> {
        let now = seconds(now);
        let kind = kind(viewer.principal()).ok_or(AuthError::Signing)?;
        let mut state = self.write();
        if let Some((token, expires)) = state.issued.get(viewer)
            && *expires > now + RENEW_BEFORE_SECONDS
        {
            return Ok(Issued { token: token.clone(), expires_in: expires - now });
        }
        // After a revocation within this second, a new token has to be told from the old ones.
        let issued_at = state.not_before.get(viewer.name()).map_or(now, |limit| now.max(*limit));
        let expires = issued_at + TOKEN_LIFE_SECONDS;
        let claims = self.claims(viewer, kind, issued_at, expires);
        let token = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(|_| AuthError::Signing)?;
        state.issued.retain(|_, (_, end)| *end > now);
        state.issued.insert(viewer.clone(), (token.clone(), expires));
        Ok(Issued { token, expires_in: expires - now })
    }

    /// The viewer that `token` names. The second time costs one hash and one look-up; expiry is checked every time.
    ///
    /// # Errors
    /// Why the token is not accepted.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<Viewer, AuthError> {
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::Malformed);
        }
        let now = seconds(now);
        let key = fingerprint(token);
        if let Some(known) = self.read().verified.get(&key) {
            return if known.expires > now { Ok(known.viewer.clone()) } else { Err(AuthError::Expired) };
        }
        let verified = self.check(token, now)?;
        let viewer = verified.viewer.clone();
        self.remember(key, verified, now);
        Ok(viewer)
    }

    /// Takes one token back. It is refused from now on; one that is not genuine needs no revocation.
    ///
    /// # Errors
    /// Why the token would not have been accepted anyway.
    pub fn revoke(&self, token: &str, now: Timestamp) -> Result<(), AuthError> {
        let now = seconds(now);
        if token.len() > MAX_TOKEN_BYTES {
            return Err(AuthError::Malformed);
        }
        let Verified { signed_part: gone, expires, .. } = self.check(token, now)?;
        let mut state = self.write();
        state.revoked.retain(|_, end| *end > now);
        state.revoked.insert(gone, expires);
        state.verified.retain(|_, known| known.signed_part != gone);
        state.issued.retain(|_, (issued, _)| signed_part(issued) != gone);
        Ok(())
    }

    /// Takes back every token of one client or person.
    pub fn revoke_all(&self, name: &str, now: Timestamp) {
        let now = seconds(now);
        let mut state = self.write();
        // What is older than a token's life revokes nothing any more.
        state.not_before.retain(|_, limit| *limit + TOKEN_LIFE_SECONDS > now);
        let limit = state.not_before.get(name).map_or(now + 1, |old| (now + 1).max(old + 1));
        state.not_before.insert(name.to_owned(), limit);
        state.verified.retain(|_, known| known.viewer.name() != name);
        state.issued.retain(|viewer, _| viewer.name() != name);
    }

    fn claims(&self, viewer: &Viewer, kind: &str, issued_at: u64, expires: u64) -> Claims {
        let realm = &self.realm;
        let email = viewer.email().unwrap_or(viewer.name());
        let namespaced = [
            ("email", email),
            ("orgId", realm.organization_id.as_str()),
            ("orgName", realm.organization_name.as_str()),
        ]
        .map(|(name, value)| (format!("{}/{name}", realm.audience), value.into()));
        Claims {
            sub: viewer.name().to_owned(),
            iat: issued_at,
            exp: expires,
            iss: realm.issuer.clone(),
            aud: realm.audience.clone(),
            is_machine: viewer.is_machine(),
            personal_token: false,
            org_id: realm.organization_id.clone(),
            org_name: realm.organization_name.clone(),
            principal: kind.to_owned(),
            credential: viewer.via().id().to_owned(),
            scopes: viewer.scopes().map(|scopes| scopes.iter().map(str::to_owned).collect()),
            email: viewer.email().map(str::to_owned),
            namespaced: namespaced.into(),
        }
    }

    /// Everything that can be wrong with a token, seen for the first time.
    fn check(&self, token: &str, now: u64) -> Result<Verified, AuthError> {
        check_algorithm(token)?;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|error| refusal(&error))?
            .claims;
        if claims.exp <= now {
            return Err(AuthError::Expired);
        }
        let principal = match claims.principal.as_str() {
            "credential" => Principal::Credential(claims.sub),
            "service_account" => Principal::ServiceAccount(claims.sub),
            "person" => Principal::Person(claims.sub),
            _ => return Err(AuthError::Malformed),
        };
        let scopes = claims.scopes.map(Scopes::parse).transpose().map_err(|_| AuthError::Malformed)?;
        let viewer = Viewer::new(principal, Via::AccessToken(claims.credential), scopes);
        let signed_part = signed_part(token);
        let verified = Verified { viewer, signed_part, issued_at: claims.iat, expires: claims.exp };
        if self.read().has_revoked(&verified) { Err(AuthError::Revoked) } else { Ok(verified) }
    }

    fn remember(&self, key: Fingerprint, verified: Verified, now: u64) {
        let mut state = self.write();
        // A revocation may have come between the check and this lock: then the next request checks again.
        if state.has_revoked(&verified) {
            return;
        }
        if state.verified.len() >= REMEMBERED_TOKENS {
            state.verified.retain(|_, known| known.expires > now);
        }
        if state.verified.len() >= REMEMBERED_TOKENS {
            state.verified.clear();
        }
        state.verified.insert(key, verified);
    }

    // A panic while the lock is held leaves maps that are still maps; refusing everybody would be worse.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("realm", &self.realm).finish_non_exhaustive()
    }
}

/// How a token names its kind of caller; those without a credential get no token.
fn kind(principal: &Principal) -> Option<&'static str> {
    match principal {
        Principal::Credential(_) => Some("credential"),
        Principal::ServiceAccount(_) => Some("service_account"),
        Principal::Person(_) => Some("person"),
        Principal::Development | Principal::Guest(_) | Principal::System(_) => None,
    }
}

fn refusal(error: &Error) -> AuthError {
    match error.kind() {
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => AuthError::WrongAlgorithm,
        ErrorKind::InvalidSignature => AuthError::WrongSignature,
        ErrorKind::InvalidIssuer => AuthError::WrongIssuer,
        ErrorKind::InvalidAudience => AuthError::WrongAudience,
        _ => AuthError::Malformed,
    }
}

/// The library knows no `none` and calls it malformed; say what it is.
fn check_algorithm(token: &str) -> Result<(), AuthError> {
    #[derive(Deserialize)]
    struct Named {
        alg: String,
    }
    let header = token.split('.').next().unwrap_or_default();
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| AuthError::Malformed)?;
    let header: Named = serde_json::from_slice(&header).map_err(|_| AuthError::Malformed)?;
    if header.alg == "HS256" { Ok(()) } else { Err(AuthError::WrongAlgorithm) }
}

fn fingerprint(text: &str) -> Fingerprint {
    Sha256::digest(text.as_bytes()).into()
}

fn signed_part(token: &str) -> Fingerprint {
    fingerprint(token.rsplit_once('.').map_or(token, |(signed, _)| signed))
}

fn seconds(time: Timestamp) -> u64 {
    u64::try_from(time.0 / 1000).unwrap_or(0)
}

#[cfg(test)]
mod tests;
