//! Tokens that somebody else has made (attack cases of JWTs), and what is published to verify ours.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use super::{claims, elsa, guest, open_portal, with_guests, with_token};

const KEYS: &str = "/api/auth/.well-known/jwks.json";

async fn status(portal: &TestPortal, token: &str) -> u16 {
    portal.request_as(&with_token(portal, token), "GET", "/api/catalog/entities", None).await.status
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[tokio::test]
async fn the_keys_are_published() {
    let portal = open_portal().await;
    let about = portal.anonymous("GET", "/api/auth/.well-known/openid-configuration", None).await.json();
    assert_eq!(about["issuer"], "https://portal.example/api/auth");
    assert_eq!(about["jwks_uri"], format!("https://portal.example{KEYS}"));
    assert_eq!(about["userinfo_endpoint"], "https://portal.example/api/auth/v1/userinfo");
    let keys = portal.anonymous("GET", KEYS, None).await.json();
    let key = &keys["keys"][0];
    assert!(key.get("d").is_none(), "no private part");
    // As any library verifies it.
    let (elsa, _) = elsa(&portal).await;
    let verifying =
        DecodingKey::from_ec_components(key["x"].as_str().unwrap(), key["y"].as_str().unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::ES256);
    rules.set_issuer(&["https://portal.example/api/auth"]);
    rules.set_audience(&["backstage"]);
    let verified = jsonwebtoken::decode::<Value>(&elsa.token, &verifying, &rules).unwrap();
    assert_eq!(verified.claims["sub"], "user:default/elsa");
    assert_eq!(
        (verified.header.typ.as_deref(), verified.header.kid.as_deref()),
        (Some("vnd.backstage.user"), key["kid"].as_str())
    );
}

#[tokio::test]
async fn forged_tokens_are_nobodys() {
    let portal = open_portal().await;
    let (elsa, _) = elsa(&portal).await;
    assert_eq!(status(&portal, &elsa.token).await, 200);
    let (header, said) = (claims(&elsa.token, 0), claims(&elsa.token, 1));
    let (start, signature) = elsa.token.rsplit_once('.').unwrap();
    let with = |key: &str, value: Value| {
        let mut header = header.clone();
        header[key] = value;
        header
    };
    let mut forged = vec![
        format!("{start}."),
        format!("{}.{}.", part(&with("alg", json!("none"))), part(&said)),
        format!("{}.{}.{signature}", part(&with("alg", json!("none"))), part(&said)),
        format!("{}.{}.{signature}", part(&header), part(&json!({ "sub": "user:default/otto" }))),
        format!("{start}.{}", said["uip"].as_str().unwrap()),
    ];
    // HS256 with what is public.
    let key = portal.anonymous("GET", KEYS, None).await.json()["keys"][0].clone();
    for secret in [key.to_string(), key["x"].as_str().unwrap().to_owned(), String::new()] {
        let mut head = Header::new(Algorithm::HS256);
        head.typ = Some("vnd.backstage.user".into());
        head.kid = key["kid"].as_str().map(str::to_owned);
        forged
            .push(jsonwebtoken::encode(&head, &said, &EncodingKey::from_secret(secret.as_bytes())).unwrap());
    }
    for token in forged {
        assert_eq!(status(&portal, &token).await, 401, "{token}");
    }
}

/// Another installation's token, though its user, its session and its issuer have the same names.
#[tokio::test]
async fn tokens_of_other_installations_are_refused() {
    let (here, there) = (open_portal().await, open_portal().await);
    let guest = guest(&there).await;
    assert_eq!(status(&there, &guest.token).await, 200);
    assert_eq!(status(&here, &guest.token).await, 401);
}

/// Guests who were let in once are not, when the configuration does not let them any more.
#[tokio::test]
async fn a_guests_token_is_as_good_as_the_configuration() {
    let portal = open_portal().await;
    let guest = guest(&portal).await;
    let store = std::sync::Arc::clone(&portal.store);
    drop(portal);
    let config = stagedoor_server::config::Config {
        backend_url: Some("https://portal.example".into()),
        ..Default::default()
    };
    let closed = TestPortal::builder().store(store).config(config).start().await;
    assert_eq!(status(&closed, &guest.token).await, 401);
}

/// The key lies in the database, and is the same after a restart and on another replica.
#[tokio::test]
async fn the_key_is_kept() {
    let portal = with_guests(None).await;
    let keys = portal.anonymous("GET", KEYS, None).await.text();
    let store = std::sync::Arc::clone(&portal.store);
    let again = TestPortal::builder().store(store).start().await;
    assert_eq!(again.anonymous("GET", KEYS, None).await.text(), keys);
    assert_ne!(with_guests(None).await.anonymous("GET", KEYS, None).await.text(), keys);
}
