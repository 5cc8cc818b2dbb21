//! Tokens in the shape of Backstage's own: what its frontend carries for whoever is signed in.
//!
//! A user token is a JWT of type `vnd.backstage.user`, signed with ES256 by one key of this installation. Its claim
//! `uip` is the signature of a second, smaller token, `vnd.backstage.limited-user`, which goes into a cookie: whoever has
//! the first can put the second together (`@backstage/backend-defaults`, `UserTokenHandler`). Neither says what somebody
//! may do; that is in the catalog.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::{sign, verify};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey};
use ring::rand::SecureRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use stagedoor_model::Timestamp;

use crate::{AuthError, digest};

/// How long a user token lives, in seconds. Frontends ask for another five minutes before.
pub const USER_TOKEN_LIFE: i64 = 3_600;
/// The longest token that Backstage takes.
const LONGEST: usize = 32_768;
/// `aud` of every user token.
const AUDIENCE: &str = "backstage";
const USER: &str = "vnd.backstage.user";
const LIMITED: &str = "vnd.backstage.limited-user";
/// What both begin with: the start of a header whose first key is `typ`, `{"typ":"vnd.backstage.`.
const START: &str = "eyJ0eXAiOiJ2bmQuYmFja3N0YWdlL";

/// The key pair that signs user tokens: ECDSA over P-256.
pub struct BackstageKey {
    pkcs8: Vec<u8>,
    signing: EncodingKey,
    verifying: DecodingKey,
    x: String,
    y: String,
    id: String,
}

impl BackstageKey {
    /// A new one.
    ///
    /// # Errors
    /// [`AuthError::Signing`] when there is no randomness.
    pub fn generate(random: &dyn SecureRandom) -> Result<Self, AuthError> {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, random);
        Self::of(document.map_err(|_| AuthError::Signing)?.as_ref(), random)
    }

    /// The one of a text that [`BackstageKey::text`] gave.
    ///
    /// # Errors
    /// [`AuthError::Signing`] for any other text.
    pub fn parse(text: &str, random: &dyn SecureRandom) -> Result<Self, AuthError> {
        Self::of(&STANDARD.decode(text).map_err(|_| AuthError::Signing)?, random)
    }

    fn of(pkcs8: &[u8], random: &dyn SecureRandom) -> Result<Self, AuthError> {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8, random)
            .map_err(|_| AuthError::Signing)?;
        // An uncompressed point: 4, x, y.
        let (x, y) = match pair.public_key().as_ref() {
            [4, point @ ..] if point.len() == 64 => point.split_at(32),
            _ => return Err(AuthError::Signing),
        };
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        // The thumbprint of RFC 7638: the same key has the same id on every replica.
        let canonical = format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#);
        Ok(Self {
            signing: EncodingKey::from_ec_der(pkcs8),
            verifying: DecodingKey::from_ec_components(&x, &y).map_err(|_| AuthError::Signing)?,
            id: URL_SAFE_NO_PAD.encode(digest(&canonical)),
            pkcs8: pkcs8.to_vec(),
            x,
            y,
        })
    }

    /// The private key, to be kept sealed.
    #[must_use]
    pub fn text(&self) -> String {
        STANDARD.encode(&self.pkcs8)
    }
}

impl fmt::Debug for BackstageKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BackstageKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackstageClaims {
    /// `sub`: the reference of a user, such as `user:default/elsa`.
    pub subject: String,
    /// `sid`: the public id of the session that it was made from. Guests and limited tokens have none.
    pub session: Option<String>,
    /// `exp`.
    pub expires: Timestamp,
}

/// A token and its end.
#[derive(Clone, PartialEq, Eq)]
pub struct UserToken {
    /// The token.
    pub token: String,
    /// When it ends.
    pub expires: Timestamp,
}

impl fmt::Debug for UserToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserToken").field("token", &"[redacted]").field("expires", &self.expires).finish()
    }
}

#[derive(Serialize, Deserialize)]
struct Header {
    typ: String,
    alg: String,
    kid: String,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    iat: i64,
    exp: i64,
    uip: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sid: Option<String>,
}

/// The claims of a limited token; their order is part of what is signed.
#[derive(Serialize, Deserialize)]
struct LimitedClaims {
    sub: String,
    iat: i64,
    exp: i64,
}

/// Issues and verifies user tokens.
#[derive(Debug)]
pub struct BackstageTokens {
    key: Arc<BackstageKey>,
    issuer: String,
}

impl BackstageTokens {
    /// Tokens of an issuer, `https://portal.example.com/api/auth`.
    #[must_use]
    pub fn new(key: Arc<BackstageKey>, issuer: String) -> Self {
        Self { key, issuer }
    }

    /// `iss` of every token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public key as a JSON Web Key Set (RFC 7517).
    #[must_use]
    pub fn key_set(&self) -> Value {
        let BackstageKey { x, y, id, .. } = self.key.as_ref();
        json!({ "keys": [{ "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": id, "x": x, "y": y }] })
    }

    /// A token for a user, perhaps as long as a session lives.
    ///
    /// # Errors
    /// [`AuthError::Signing`].
    pub fn issue(
        &self,
        subject: &str,
        session: Option<&str>,
        now: Timestamp,
    ) -> Result<UserToken, AuthError> {
        let iat = now.0.div_euclid(1_000);
        let exp = iat + USER_TOKEN_LIFE;
        let claims = Claims {
            iss: self.issuer.clone(),
            sub: subject.to_owned(),
            aud: AUDIENCE.to_owned(),
            iat,
            exp,
            uip: self.sign(&self.limited_part(subject, iat, exp)?)?,
            sid: session.map(str::to_owned),
        };
        let part = format!("{}.{}", self.header(USER)?, encoded(&claims)?);
        let token = format!("{part}.{}", self.sign(&part)?);
        if token.len() > LONGEST {
            return Err(AuthError::Signing);
        }
        Ok(UserToken { token, expires: Timestamp(exp * 1_000) })
    }

    /// What a user token says.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<BackstageClaims, AuthError> {
        let claims: Claims = self.open(token, USER)?;
        if claims.iss != self.issuer {
            return Err(AuthError::WrongIssuer);
        }
        if claims.aud != AUDIENCE {
            return Err(AuthError::WrongAudience);
        }
        let expires = end(claims.exp, now)?;
        Ok(BackstageClaims { subject: claims.sub, session: claims.sid, expires })
    }

    /// The limited token of a user token, which must be a good one.
    ///
    /// # Errors
    /// Why that is not accepted.
    pub fn limited(&self, token: &str, now: Timestamp) -> Result<UserToken, AuthError> {
        self.verify(token, now)?;
        let claims: Claims = self.open(token, USER)?;
        let part = self.limited_part(&claims.sub, claims.iat, claims.exp)?;
        Ok(UserToken { token: format!("{part}.{}", claims.uip), expires: end(claims.exp, now)? })
    }

    /// What a limited token says. It is good for nothing but reading what a page embeds.
    ///
    /// # Errors
    /// Why it is not accepted.
    pub fn verify_limited(&self, token: &str, now: Timestamp) -> Result<BackstageClaims, AuthError> {
        let claims: LimitedClaims = self.open(token, LIMITED)?;
        let expires = end(claims.exp, now)?;
        Ok(BackstageClaims { subject: claims.sub, session: None, expires })
    }

    /// Whether a text has the form of a token that this key has signed, good or not.
    #[must_use]
    pub fn is_own(&self, token: &str) -> bool {
        token.len() <= LONGEST
            && token.starts_with(START)
            && header(token).is_ok_and(|header| header.kid == self.key.id)
    }

    fn header(&self, kind: &str) -> Result<String, AuthError> {
        encoded(&Header { typ: kind.to_owned(), alg: "ES256".to_owned(), kid: self.key.id.clone() })
    }

    /// What is signed of a limited token.
    fn limited_part(&self, subject: &str, iat: i64, exp: i64) -> Result<String, AuthError> {
        let claims = LimitedClaims { sub: subject.to_owned(), iat, exp };
        Ok(format!("{}.{}", self.header(LIMITED)?, encoded(&claims)?))
    }

    fn sign(&self, part: &str) -> Result<String, AuthError> {
        sign(part.as_bytes(), &self.key.signing, Algorithm::ES256).map_err(|_| AuthError::Signing)
    }

    /// The claims of a token of one kind, once its signature is found to be good. One key and one algorithm: nothing
    /// that a header says chooses either.
    fn open<T: for<'de> Deserialize<'de>>(&self, token: &str, kind: &str) -> Result<T, AuthError> {
        if token.len() > LONGEST {
            return Err(AuthError::Malformed);
        }
        let header = header(token)?;
        if header.alg != "ES256" {
            return Err(AuthError::WrongAlgorithm);
        }
        if header.typ != kind {
            return Err(AuthError::Malformed);
        }
        if header.kid != self.key.id {
            return Err(AuthError::UnknownKey);
        }
        let (part, signature) = token.rsplit_once('.').ok_or(AuthError::Malformed)?;
        let good = verify(signature, part.as_bytes(), &self.key.verifying, Algorithm::ES256);
        if !good.unwrap_or(false) {
            return Err(AuthError::WrongSignature);
        }
        let claims = part.split('.').nth(1).and_then(|claims| URL_SAFE_NO_PAD.decode(claims).ok());
        serde_json::from_slice(&claims.ok_or(AuthError::Malformed)?).map_err(|_| AuthError::Malformed)
    }
}

/// When a token ends, if that is to come.
fn end(exp: i64, now: Timestamp) -> Result<Timestamp, AuthError> {
    let end = Timestamp(exp.saturating_mul(1_000));
    if now < end { Ok(end) } else { Err(AuthError::Expired) }
}

fn header(token: &str) -> Result<Header, AuthError> {
    let mut parts = token.split('.');
    let (Some(header), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err(AuthError::Malformed);
    };
    let header = URL_SAFE_NO_PAD.decode(header).map_err(|_| AuthError::Malformed)?;
    serde_json::from_slice(&header).map_err(|_| AuthError::Malformed)
}

fn encoded(value: &impl Serialize) -> Result<String, AuthError> {
    Ok(URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).map_err(|_| AuthError::Signing)?))
}

#[cfg(test)]
mod tests;
