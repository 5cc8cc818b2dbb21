//! Tokens of other systems: JWTs signed by the keys of an issuer that the configuration trusts, and Backstage's old
//! server-to-server tokens. Reading the keys is the business of whoever has a network; here they are only used.
//!
//! Only asymmetric algorithms count for keys that are public, so that nobody can sign with one as if it were a shared
//! secret. A key is chosen by comparing its id with those in the set; the id is no path and no address, and what else
//! a token's header says of keys (`jku`, `jwk`, `x5u`) is not looked at.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde::Deserialize;
use serde_json::{Map, Value};
use stagedoor_model::Timestamp;

use crate::AuthError;

/// A genuine token is well under this; anything longer is not looked at.
const LONGEST: usize = 16 * 1024;
/// Seconds by which the clocks of two systems may differ.
const LEEWAY: i64 = 30;
/// Keys of one issuer that are used.
const MOST_KEYS: usize = 100;
/// Bytes of a secret that two systems share.
const SHORTEST_SECRET: usize = 16;

const RSA: &[Algorithm] = &[
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
];
const NAMES: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// What a token of an issuer has to say.
#[derive(Clone, Debug, Default)]
pub struct ExternalRule {
    /// `iss`; any where empty.
    pub issuers: Vec<String>,
    /// One of `aud`; any where empty.
    pub audiences: Vec<String>,
    /// Stands between `external:` and `sub`.
    pub subject_prefix: Option<String>,
    /// Claims, each with the values of which it must have one.
    pub claims: Vec<(String, Vec<String>)>,
    /// Empty: whatever fits the key.
    algorithms: Vec<Algorithm>,
}

/// A token that was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExternalToken {
    /// What its bearer is called.
    pub subject: String,
    /// Until when it is accepted.
    pub expires: Timestamp,
}

/// The public keys of an issuer: a JSON Web Key Set (RFC 7517).
#[derive(Clone, Default)]
pub struct KeySet(Vec<Key>);

#[derive(Clone)]
struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: DecodingKey,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct JwkSet {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    used_for: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

impl KeySet {
    /// Reads a set. Keys that cannot be used here (symmetric ones, for encryption, of unknown kinds) are left out.
    ///
    /// # Errors
    /// [`AuthError::Malformed`] for what is no set.
    pub fn parse(text: &[u8]) -> Result<Self, AuthError> {
        let set: JwkSet = serde_json::from_slice(text).map_err(|_| AuthError::Malformed)?;
        let keys = set.keys.into_iter().filter_map(|key| Key::of(serde_json::from_value(key).ok()?));
        Ok(Self(keys.take(MOST_KEYS).collect()))
    }

    /// Number of keys that can be used.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no key can be used.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that signed a token by its header. A header without an id will do where there is only one.
    fn key(&self, algorithm: Algorithm, id: Option<&str>) -> Result<&Key, AuthError> {
        let mut fitting = self
            .0
            .iter()
            .filter(|key| key.algorithms.contains(&algorithm) && (id.is_none() || key.id.as_deref() == id));
        match (fitting.next(), fitting.next()) {
            (Some(key), None) => Ok(key),
            (Some(key), Some(_)) if id.is_some() => Ok(key),
            (Some(_), Some(_)) => Err(AuthError::Malformed),
            (None, _) => Err(AuthError::UnknownKey),
        }
    }
}

impl Key {
    fn of(jwk: Jwk) -> Option<Self> {
        let for_signatures = jwk.used_for.as_deref().is_none_or(|used| used == "sig")
            && jwk.key_ops.as_ref().is_none_or(|ops| ops.iter().any(|op| op == "verify"));
        let (fitting, key): (&[Algorithm], _) = match (jwk.kty.as_str(), jwk.crv.as_deref()) {
            ("RSA", _) => (RSA, DecodingKey::from_rsa_components(&jwk.n?, &jwk.e?)),
            ("EC", Some("P-256")) => (&[Algorithm::ES256], DecodingKey::from_ec_components(&jwk.x?, &jwk.y?)),
            ("EC", Some("P-384")) => (&[Algorithm::ES384], DecodingKey::from_ec_components(&jwk.x?, &jwk.y?)),
            ("OKP", Some("Ed25519")) => (&[Algorithm::EdDSA], DecodingKey::from_ed_components(&jwk.x?)),
            _ => return None,
        };
        let stated = |algorithm: &&Algorithm| match jwk.alg.as_deref() {
            Some(stated) => named(stated) == Some(**algorithm),
            None => true,
        };
        let algorithms: Vec<Algorithm> = fitting.iter().filter(stated).copied().collect();
        (for_signatures && !algorithms.is_empty()).then_some(Self { id: jwk.kid, algorithms, key: key.ok()? })
    }
}

impl ExternalRule {
    /// Limits the algorithms, by their names in RFC 7518.
    ///
    /// # Errors
    /// What is wrong with the first that cannot be used.
    pub fn set_algorithms<S: AsRef<str>>(&mut self, names: &[S]) -> Result<(), String> {
        let one = |name: &S| {
            let name = name.as_ref();
            let all = || NAMES.map(|(name, _)| name).join(", ");
            named(name).ok_or_else(|| match name {
                _ if name.starts_with("HS") || name.eq_ignore_ascii_case("none") => {
                    format!("{name} proves nothing with a public key: expected some of {}", all())
                }
                _ => format!("{name} is not supported: expected some of {}", all()),
            })
        };
        self.algorithms = names.iter().map(one).collect::<Result<_, _>>()?;
        Ok(())
    }

    /// Who bears a token, if it is one of this issuer.
    ///
    /// # Errors
    /// Why it is not accepted; [`AuthError::UnknownKey`] where a newer set of keys may help.
    pub fn verify(&self, token: &str, keys: &KeySet, now: Timestamp) -> Result<ExternalToken, AuthError> {
        let header = header(token)?;
        let algorithm = named(&header.alg).ok_or(AuthError::WrongAlgorithm)?;
        if !self.algorithms.is_empty() && !self.algorithms.contains(&algorithm) {
            return Err(AuthError::WrongAlgorithm);
        }
        // Looked at before the keys: what is certainly somebody else's is no reason to read them anew.
        self.check_origin(&unverified(token)?)?;
        let key = keys.key(algorithm, header.kid.as_deref())?;
        let claims = signed(token, &key.key, algorithm)?;
        self.check_origin(&claims)?;
        let expires = lifetime(&claims, now)?;
        for (name, values) in &self.claims {
            if !has_one(claims.get(name), values) {
                return Err(AuthError::WrongClaim);
            }
        }
        let subject = claims.get("sub").and_then(Value::as_str).unwrap_or_default();
        if subject.is_empty() || subject.len() > 255 || subject.chars().any(char::is_control) {
            return Err(AuthError::Malformed);
        }
        let prefix = self.subject_prefix.as_ref().map(|prefix| format!("{prefix}:")).unwrap_or_default();
        Ok(ExternalToken { subject: format!("external:{prefix}{subject}"), expires })
    }

    fn check_origin(&self, claims: &Map<String, Value>) -> Result<(), AuthError> {
        let says = |name: &str, wanted: &str| claims.get(name).and_then(Value::as_str) == Some(wanted);
        if !self.issuers.is_empty() && !self.issuers.iter().any(|issuer| says("iss", issuer)) {
            return Err(AuthError::WrongIssuer);
        }
        let in_list = |wanted: &str| {
            let list = claims.get("aud").and_then(Value::as_array);
            list.is_some_and(|list| list.iter().any(|one| one.as_str() == Some(wanted)))
        };
        let any = self.audiences.iter().any(|audience| says("aud", audience) || in_list(audience));
        if self.audiences.is_empty() || any { Ok(()) } else { Err(AuthError::WrongAudience) }
    }
}

/// Whether a text has the form of a JWT, and is signed by an algorithm with a public key.
#[must_use]
pub fn is_public_key_token(token: &str) -> bool {
    header(token).is_ok_and(|header| named(&header.alg).is_some())
}

/// Whether a text is one of Backstage's old server-to-server tokens, good or not: HS256 of `backstage-server` for
/// nobody in particular.
#[must_use]
pub fn is_legacy_token(token: &str) -> bool {
    let is_one = |claims: Map<String, Value>| {
        claims.get("sub").and_then(Value::as_str) == Some("backstage-server") && !claims.contains_key("aud")
    };
    header(token).is_ok_and(|header| header.alg == "HS256") && unverified(token).is_ok_and(is_one)
}

/// Until when a token of Backstage's old server-to-server kind is accepted, if it is signed with this secret.
///
/// # Errors
/// Why it is not accepted.
pub fn verify_legacy(token: &str, secret: &[u8], now: Timestamp) -> Result<Timestamp, AuthError> {
    if !is_legacy_token(token) {
        return Err(AuthError::Malformed);
    }
    let claims = signed(token, &DecodingKey::from_secret(secret), Algorithm::HS256)?;
    lifetime(&claims, now)
}

/// The bytes of a shared secret as Backstage has it: base64. `None` for what is none, or too short to be one.
#[must_use]
pub fn legacy_secret(text: &str) -> Option<Vec<u8>> {
    let bytes = STANDARD.decode(text).or_else(|_| STANDARD_NO_PAD.decode(text)).ok()?;
    (bytes.len() >= SHORTEST_SECRET).then_some(bytes)
}

fn named(name: &str) -> Option<Algorithm> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, algorithm)| *algorithm)
}

fn header(token: &str) -> Result<Header, AuthError> {
    let (head, rest) = token.split_once('.').ok_or(AuthError::Malformed)?;
    if token.len() > LONGEST || rest.split('.').count() != 2 {
        return Err(AuthError::Malformed);
    }
    let header = URL_SAFE_NO_PAD.decode(head).map_err(|_| AuthError::Malformed)?;
    let header: Header = serde_json::from_slice(&header).map_err(|_| AuthError::Malformed)?;
    // What must be understood and is not.
    if header.crit.is_some() { Err(AuthError::Malformed) } else { Ok(header) }
}

fn unverified(token: &str) -> Result<Map<String, Value>, AuthError> {
    let claims = token.split('.').nth(1).unwrap_or_default();
    let claims = URL_SAFE_NO_PAD.decode(claims).map_err(|_| AuthError::Malformed)?;
    serde_json::from_slice(&claims).map_err(|_| AuthError::Malformed)
}

/// The claims, if the signature is right. Nothing else is checked.
fn signed(token: &str, key: &DecodingKey, algorithm: Algorithm) -> Result<Map<String, Value>, AuthError> {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    // The library would ask the system clock.
    (validation.validate_exp, validation.validate_nbf, validation.validate_aud) = (false, false, false);
    let decoded = decode::<Map<String, Value>>(token, key, &validation);
    decoded.map(|data| data.claims).map_err(|_| AuthError::WrongSignature)
}

/// Until when the token is accepted; one without an end is not at all.
fn lifetime(claims: &Map<String, Value>, now: Timestamp) -> Result<Timestamp, AuthError> {
    let seconds = |name: &str| claims.get(name).and_then(Value::as_f64).filter(|n| n.is_finite());
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970, cut off at both ends")]
    let time = |seconds: f64| Timestamp((seconds.clamp(0.0, 1e12) * 1_000.0) as i64);
    let expires = seconds("exp").map(time).ok_or(AuthError::Malformed)?;
    let expires = Timestamp(expires.0 + LEEWAY * 1_000);
    if expires <= now {
        return Err(AuthError::Expired);
    }
    match claims.get("nbf") {
        None => Ok(expires),
        Some(_) => match seconds("nbf").map(time) {
            Some(begins) if begins.0 <= now.0 + LEEWAY * 1_000 => Ok(expires),
            _ => Err(AuthError::Expired),
        },
    }
}

/// Whether a claim has one of the values: a text as a whole or one of its words, a list by its items.
fn has_one(claim: Option<&Value>, values: &[String]) -> bool {
    let one = |value: &Value| match value {
        Value::String(text) => values.contains(text),
        Value::Number(_) | Value::Bool(_) => values.contains(&value.to_string()),
        _ => false,
    };
    match claim {
        Some(Value::Array(items)) => items.iter().any(one),
        Some(value @ Value::String(text)) => {
            one(value) || text.split(' ').any(|word| values.iter().any(|value| value == word))
        }
        Some(value) => one(value),
        None => false,
    }
}
