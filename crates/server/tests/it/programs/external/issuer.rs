//! An issuer of tokens with real keys, and its server.

use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use axum::extract::State;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use jsonwebtoken::{Algorithm, EncodingKey, Header, crypto};
use serde_json::{Map, Value, json};

/// Made for these tests with `openssl genrsa` and `openssl ecparam -name prime256v1`.
const RSA: &[u8] = include_bytes!("../../../data/issuer-rsa.der");
const EC: &[u8] = include_bytes!("../../../data/issuer-ec.der");
/// Their public halves.
const N: &str = "1WVCxE1Jfc8RK1vGNHNUEvCVG_ZDOQwkU6UPwm82i171JhjJRRzo3SvtA_urwUDsgnWWfguKxMoXzCJQZ7ALXWS4Ab-Eht_tQ8Qc-Q8Wi_bpCSjNgjm33uXFWAxuieMk44GLXceYYehOuDxqE6bBMa8CUSmwaqTD4lHkOdQBmhp2Ip1ASZrMLpdkMSCJh2orXxZVxIiITDXzyjfdmFVjfO7HVeoE5lTxaje9A0xFkGiBtgW_0N1dxKvLS01NdwR-Syj8C8pR_i-ZQo9lttWkQRc5jPB5widw7GpLbGB8vfdnf2nSG1hR-zEo4IOJN1NS90GBz6bhiTMAn-UezQnHEw";
const X: &str = "r8pxW7CKt3-dUdwLkuA76Eb4RCXASmr4pkkFgmN0fvw";
const Y: &str = "Sg2Jlpvme9cYNhZgA1_QYfXd6iF4Uw7FidSnbNbsKDw";

/// The server, which publishes keys under names.
#[derive(Clone)]
pub(super) struct Issuer {
    pub(super) url: String,
    state: Arc<Mutex<(Vec<String>, Vec<String>)>>,
}

impl Issuer {
    /// Publishes `rsa-1` and `ec-1` at `/keys`.
    pub(super) async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/keys", listener.local_addr().unwrap());
        let issuer = Self { url, state: Arc::default() };
        issuer.publish(&["rsa-1", "ec-1"]);
        let app = Router::new().fallback(keys).with_state(issuer.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        issuer
    }

    /// Publishes other keys from now on.
    pub(super) fn publish(&self, names: &[&str]) {
        self.state.lock().unwrap().0 = names.iter().map(|name| (*name).to_owned()).collect();
    }

    /// The paths that were asked for.
    pub(super) fn asked(&self) -> Vec<String> {
        self.state.lock().unwrap().1.clone()
    }
}

async fn keys(State(issuer): State<Issuer>, uri: Uri) -> Json<Value> {
    let mut state = issuer.state.lock().unwrap();
    state.1.push(uri.path().to_owned());
    let key = |name: &String| match name.split_once('-') {
        Some(("rsa", _)) => json!({ "kty": "RSA", "kid": name, "use": "sig", "n": N, "e": "AQAB" }),
        _ => json!({ "kty": "EC", "kid": name, "alg": "ES256", "crv": "P-256", "x": X, "y": Y }),
    };
    let mut all: Vec<Value> = state.0.iter().map(key).collect();
    // Keys that must not be used: for encryption, symmetric, of an unknown kind.
    all.push(json!({ "kty": "RSA", "kid": "../../evil", "use": "enc", "n": N, "e": "AQAB" }));
    all.push(json!({ "kty": "oct", "kid": "shared", "k": "c2VjcmV0" }));
    all.push(json!({ "kty": "new", "kid": "new" }));
    all.push(json!("no key"));
    Json(json!({ "keys": all }))
}

pub(super) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A part of a token.
pub(super) fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// A token before it is signed.
pub(super) struct Signed {
    algorithm: Algorithm,
    header: Map<String, Value>,
    claims: Map<String, Value>,
    key: EncodingKey,
}

impl Signed {
    fn new(algorithm: Algorithm, kid: &str, key: EncodingKey) -> Self {
        let claims =
            json!({ "iss": "https://id.example", "aud": "stagedoor", "sub": "robot", "exp": now() + 600 });
        let name = serde_json::to_value(algorithm).unwrap();
        let header = json!({ "typ": "JWT", "alg": name, "kid": kid });
        let (Value::Object(header), Value::Object(claims)) = (header, claims) else { unreachable!() };
        Self { algorithm, header, claims, key }
    }

    pub(super) fn rsa(kid: &str) -> Self {
        Self::new(Algorithm::RS256, kid, EncodingKey::from_rsa_der(RSA))
    }

    pub(super) fn pss(kid: &str) -> Self {
        Self::new(Algorithm::PS256, kid, EncodingKey::from_rsa_der(RSA))
    }

    pub(super) fn ec(kid: &str) -> Self {
        Self::new(Algorithm::ES256, kid, EncodingKey::from_ec_der(EC))
    }

    /// Signed by a shared secret.
    pub(super) fn by_secret(claims: Value, secret: &[u8]) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(secret))
            .unwrap()
    }

    /// By the public key, taken for a shared secret.
    pub(super) fn by_public_key(kid: &str) -> String {
        let modulus = URL_SAFE_NO_PAD.decode(N).unwrap();
        Self::new(Algorithm::HS256, kid, EncodingKey::from_secret(&modulus)).token()
    }

    /// With a claim, or without it where it is null.
    pub(super) fn claim(mut self, name: &str, value: Value) -> Self {
        match value {
            Value::Null => drop(self.claims.shift_remove(name)),
            value => drop(self.claims.insert(name.to_owned(), value)),
        }
        self
    }

    pub(super) fn header(mut self, name: &str, value: Value) -> Self {
        self.header.insert(name.to_owned(), value);
        self
    }

    pub(super) fn token(self) -> String {
        let signed = format!("{}.{}", encoded(&self.header.into()), encoded(&self.claims.into()));
        let signature = crypto::sign(signed.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{signed}.{signature}")
    }
}
