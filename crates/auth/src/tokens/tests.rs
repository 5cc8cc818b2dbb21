use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use stagedoor_model::Timestamp;

use super::{Realm, TOKEN_LIFE_SECONDS, Tokens};
use crate::{AuthError, Principal, Scopes, Via, Viewer};

const KEY: [u8; 32] = [7; 32];
const AUDIENCE: &str = "https://portal.example";

fn tokens() -> Tokens {
    let realm = Realm {
        issuer: "stagedoor".into(),
        audience: AUDIENCE.into(),
        organization_id: "org_larkfell".into(),
        organization_name: "Larkfell".into(),
    };
    Tokens::new(KEY, realm)
}

fn at(seconds: u64) -> Timestamp {
    Timestamp(i64::try_from(seconds).unwrap() * 1000)
}

fn claims_of(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

/// Claims that are accepted, to be spoiled one at a time.
fn good_claims() -> Value {
    json!({"sub": "ocean", "iat": 1000, "exp": 2000, "iss": "stagedoor", "aud": AUDIENCE, "isMachine": true,
        "personalToken": false, "orgId": "o", "orgName": "O", "principal": "credential",
        "credential": "ocean"})
}

fn signed(algorithm: Algorithm, key: &[u8], claims: &Value) -> String {
    jsonwebtoken::encode(&Header::new(algorithm), claims, &EncodingKey::from_secret(key)).unwrap()
}

fn part(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[test]
fn carries_the_claims_that_clients_read() {
    let issued = tokens().issue(&Viewer::machine("ocean"), at(1000)).unwrap();
    assert_eq!(issued.expires_in, TOKEN_LIFE_SECONDS);
    assert_eq!(
        claims_of(&issued.token),
        json!({"sub": "ocean", "iat": 1000, "exp": 11_800, "iss": "stagedoor", "aud": AUDIENCE,
            "isMachine": true, "personalToken": false, "orgId": "org_larkfell", "orgName": "Larkfell",
            "principal": "credential", "credential": "ocean", "https://portal.example/email": "ocean",
            "https://portal.example/orgId": "org_larkfell", "https://portal.example/orgName": "Larkfell"})
    );
}

#[test]
fn gives_back_the_viewer() {
    let tokens = tokens();
    for viewer in [
        Viewer::machine("ocean"),
        Viewer::person("elsa@larkfell.example"),
        Viewer::new(
            Principal::ServiceAccount("ci@serviceaccounts.getport.io".into()),
            Via::AccessToken("c1".into()),
            Some(Scopes::parse(["read:entities"]).unwrap()),
        ),
    ] {
        let token = tokens.issue(&viewer, at(1000)).unwrap().token;
        assert_eq!(tokens.verify(&token, at(1000)), Ok(viewer.clone()));
        assert_eq!(tokens.verify(&token, at(1001)), Ok(viewer), "from memory");
    }
}

#[test]
fn a_live_token_is_handed_out_again() {
    let tokens = tokens();
    let viewer = Viewer::machine("ocean");
    let first = tokens.issue(&viewer, at(1000)).unwrap();
    let again = tokens.issue(&viewer, at(4000)).unwrap();
    assert_eq!((again.token.as_str(), again.expires_in), (first.token.as_str(), 7800));
    let other = tokens.issue(&Viewer::machine("terraform"), at(4000)).unwrap();
    assert_ne!(other.token, first.token);
    let later = tokens.issue(&viewer, at(11_800)).unwrap();
    assert_ne!(later.token, first.token);
    assert_eq!(later.expires_in, TOKEN_LIFE_SECONDS);
}

#[test]
fn expiry_is_checked_every_time() {
    let tokens = tokens();
    let token = tokens.issue(&Viewer::machine("ocean"), at(1000)).unwrap().token;
    assert!(tokens.verify(&token, at(11_799)).is_ok());
    assert_eq!(tokens.verify(&token, at(11_800)), Err(AuthError::Expired), "remembered");
    assert_eq!(self::tokens().verify(&token, at(11_800)), Err(AuthError::Expired), "seen for the first time");
}

#[test]
fn the_accepted_claims_are_accepted() {
    let token = signed(Algorithm::HS256, &KEY, &good_claims());
    assert_eq!(tokens().verify(&token, at(1500)), Ok(Viewer::machine("ocean")));
}

#[test]
fn refuses_other_algorithms() {
    for algorithm in [Algorithm::HS384, Algorithm::HS512] {
        let token = signed(algorithm, &KEY, &good_claims());
        assert_eq!(tokens().verify(&token, at(1500)), Err(AuthError::WrongAlgorithm));
    }
    for name in ["none", "None", "", "RS256", "hs256"] {
        let head = part(&json!({"alg": name, "typ": "JWT"}));
        for signature in ["", "AAAA"] {
            let token = format!("{head}.{}.{signature}", part(&good_claims()));
            assert_eq!(tokens().verify(&token, at(1500)), Err(AuthError::WrongAlgorithm), "{name}");
        }
    }
}

#[test]
fn refuses_what_was_signed_elsewhere_or_changed() {
    let foreign = signed(Algorithm::HS256, &[8; 32], &good_claims());
    assert_eq!(tokens().verify(&foreign, at(1500)), Err(AuthError::WrongSignature));
    let empty_key = signed(Algorithm::HS256, b"", &good_claims());
    assert_eq!(tokens().verify(&empty_key, at(1500)), Err(AuthError::WrongSignature));

    let genuine = signed(Algorithm::HS256, &KEY, &good_claims());
    let tokens = tokens();
    assert!(tokens.verify(&genuine, at(1500)).is_ok());
    let mut claims = good_claims();
    claims["sub"] = json!("root");
    let mut parts: Vec<String> = genuine.split('.').map(str::to_owned).collect();
    parts[1] = part(&claims);
    assert_eq!(tokens.verify(&parts.join("."), at(1500)), Err(AuthError::WrongSignature));
}

#[test]
fn refuses_another_issuer_and_audience() {
    for (claim, value, expected) in [
        ("iss", json!("elsewhere"), AuthError::WrongIssuer),
        ("iss", Value::Null, AuthError::Malformed),
        ("aud", json!("https://other.example"), AuthError::WrongAudience),
        ("aud", json!([AUDIENCE, "https://other.example"]), AuthError::Malformed),
        ("aud", Value::Null, AuthError::Malformed),
        ("exp", Value::Null, AuthError::Malformed),
        ("exp", json!("2000"), AuthError::Malformed),
        ("sub", Value::Null, AuthError::Malformed),
        ("principal", json!("root"), AuthError::Malformed),
        ("scopes", json!(["everything"]), AuthError::Malformed),
    ] {
        let mut claims = good_claims();
        claims[claim] = value.clone();
        let token = signed(Algorithm::HS256, &KEY, &claims);
        assert_eq!(tokens().verify(&token, at(1500)), Err(expected), "{claim} {value}");
    }
}

#[test]
fn refuses_what_is_no_token() {
    let long = "a".repeat(100_000);
    for text in ["", ".", "..", "a.b", "a.b.c", "Bearer a.b.c", "ä.ö.ü", &long] {
        assert_eq!(tokens().verify(text, at(1500)), Err(AuthError::Malformed), "{text:.20}");
        assert_eq!(tokens().revoke(text, at(1500)), Err(AuthError::Malformed), "{text:.20}");
    }
}

#[test]
fn a_revoked_token_is_refused_at_once() {
    let tokens = tokens();
    let viewer = Viewer::machine("ocean");
    let token = tokens.issue(&viewer, at(1000)).unwrap().token;
    let other = tokens.issue(&Viewer::machine("terraform"), at(1000)).unwrap().token;
    assert!(tokens.verify(&token, at(1001)).is_ok());
    tokens.revoke(&token, at(1002)).unwrap();
    assert_eq!(tokens.verify(&token, at(1002)), Err(AuthError::Revoked));
    assert!(tokens.verify(&other, at(1002)).is_ok());
    let fresh = tokens.issue(&viewer, at(1002)).unwrap().token;
    assert_ne!(fresh, token);
    assert!(tokens.verify(&fresh, at(1002)).is_ok());
}

#[test]
fn a_revoked_token_has_no_second_spelling() {
    // The last character of a base64 signature has bits that nobody reads.
    let tokens = tokens();
    let token = tokens.issue(&Viewer::machine("ocean"), at(1000)).unwrap().token;
    tokens.revoke(&token, at(1001)).unwrap();
    for last in ('A'..='Z').chain('a'..='z').chain('0'..='9') {
        let spelling = format!("{}{last}", &token[..token.len() - 1]);
        assert!(tokens.verify(&spelling, at(1001)).is_err(), "{last}");
    }
}

#[test]
fn all_tokens_of_a_client_can_be_revoked() {
    let tokens = tokens();
    let viewer = Viewer::machine("ocean");
    for second in [1000, 1000, 1001] {
        let token = tokens.issue(&viewer, at(second)).unwrap().token;
        assert!(tokens.verify(&token, at(second)).is_ok());
        tokens.revoke_all("ocean", at(second));
        assert_eq!(tokens.verify(&token, at(second)), Err(AuthError::Revoked));
    }
    let token = tokens.issue(&viewer, at(1001)).unwrap().token;
    assert_eq!(tokens.verify(&token, at(1001)), Ok(viewer));
}

#[test]
fn memory_is_bounded() {
    let tokens = tokens();
    for n in 0..super::REMEMBERED_TOKENS + 10 {
        let token = tokens.issue(&Viewer::machine(&n.to_string()), at(1000)).unwrap().token;
        tokens.verify(&token, at(1000)).unwrap();
    }
    assert!(tokens.read().verified.len() <= super::REMEMBERED_TOKENS);
}

#[test]
fn debug_shows_no_secret() {
    let tokens = tokens();
    let issued = tokens.issue(&Viewer::machine("ocean"), at(1000)).unwrap();
    let text = format!("{tokens:?} {issued:?}");
    assert!(!text.contains(&issued.token), "{text}");
    assert!(!text.contains("7, 7"), "{text}");
}
