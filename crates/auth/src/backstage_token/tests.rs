use jsonwebtoken::Algorithm::HS256;
use ring::rand::SystemRandom;

use super::*;

const ISSUER: &str = "https://portal.example/api/auth";

fn tokens() -> BackstageTokens {
    BackstageTokens::new(Arc::new(BackstageKey::generate(&SystemRandom::new()).unwrap()), ISSUER.into())
}

fn at(seconds: i64) -> Timestamp {
    Timestamp(seconds * 1_000)
}

fn part(token: &str, index: usize) -> Value {
    let part = token.split('.').nth(index).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

/// A token of this header and these claims, signed with the key of `tokens`.
fn signed(tokens: &BackstageTokens, header: &Value, claims: &Value) -> String {
    let part = format!("{}.{}", encoded(header).unwrap(), encoded(claims).unwrap());
    format!("{part}.{}", tokens.sign(&part).unwrap())
}

#[test]
fn a_user_token_has_backstages_shape() {
    let tokens = tokens();
    let issued = tokens.issue("user:default/elsa", Some("s1"), at(1_000)).unwrap();
    assert_eq!(issued.expires, at(4_600));
    let (header, claims) = (part(&issued.token, 0), part(&issued.token, 1));
    assert_eq!((&header["typ"], &header["alg"]), (&json!("vnd.backstage.user"), &json!("ES256")));
    assert_eq!(header["kid"], tokens.key_set()["keys"][0]["kid"]);
    assert_eq!(
        (&claims["iss"], &claims["sub"], &claims["aud"]),
        (&json!(ISSUER), &json!("user:default/elsa"), &json!("backstage"))
    );
    assert_eq!((&claims["iat"], &claims["exp"]), (&json!(1_000), &json!(4_600)));
    let said = tokens.verify(&issued.token, at(4_599)).unwrap();
    assert_eq!((said.subject.as_str(), said.session.as_deref()), ("user:default/elsa", Some("s1")));
    assert!(tokens.is_own(&issued.token));
    assert!(!format!("{issued:?}").contains(&issued.token));
}

#[test]
fn its_limited_token_is_put_together_as_backstage_does() {
    let tokens = tokens();
    let issued = tokens.issue("user:default/elsa", None, at(1_000)).unwrap();
    let limited = tokens.limited(&issued.token, at(2_000)).unwrap();
    assert_eq!(limited.expires, issued.expires);
    // As `createLimitedUserToken` of `@backstage/backend-defaults` has it: these keys in this order.
    let kid = part(&issued.token, 0)["kid"].as_str().unwrap().to_owned();
    let header = format!(r#"{{"typ":"vnd.backstage.limited-user","alg":"ES256","kid":"{kid}"}}"#);
    let claims = r#"{"sub":"user:default/elsa","iat":1000,"exp":4600}"#;
    let uip = part(&issued.token, 1)["uip"].as_str().unwrap().to_owned();
    let expected = [URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims), uip].join(".");
    assert_eq!(limited.token, expected);
    assert_eq!(tokens.verify_limited(&limited.token, at(2_000)).unwrap().subject, "user:default/elsa");
    assert_eq!(tokens.verify_limited(&limited.token, at(4_600)), Err(AuthError::Expired));
    // Neither is good as the other.
    assert_eq!(tokens.verify(&limited.token, at(2_000)), Err(AuthError::Malformed));
    assert_eq!(tokens.verify_limited(&issued.token, at(2_000)), Err(AuthError::Malformed));
}

#[test]
fn only_the_own_key_and_algorithm_count() {
    let tokens = tokens();
    let good = tokens.issue("user:default/elsa", None, at(1_000)).unwrap().token;
    let (header, claims) = (part(&good, 0), part(&good, 1));
    let with = |key: &str, value: Value| {
        let mut header = header.clone();
        header[key] = value;
        header
    };
    let verify = |token: &str| tokens.verify(token, at(1_001)).map(drop);
    assert_eq!(verify(&good), Ok(()));
    assert_eq!(verify(&signed(&tokens, &header, &claims)), Ok(()), "the test signs as it should");

    // `none`, with and without the signature of before.
    let none =
        format!("{}.{}.", encoded(&with("alg", json!("none"))).unwrap(), good.split('.').nth(1).unwrap());
    assert_eq!(verify(&none), Err(AuthError::WrongAlgorithm));
    assert_eq!(
        verify(&signed(&tokens, &with("alg", json!("none")), &claims)),
        Err(AuthError::WrongAlgorithm)
    );
    let (start, _) = good.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{start}.")), Err(AuthError::WrongSignature));

    // HS256 with what everybody can read: the point, the coordinates, the whole set.
    let public = tokens.key_set()["keys"][0].clone();
    let text = |key: &str| public[key].as_str().unwrap().to_owned();
    let mut point = vec![4];
    point.extend(URL_SAFE_NO_PAD.decode(text("x")).unwrap());
    point.extend(URL_SAFE_NO_PAD.decode(text("y")).unwrap());
    for secret in [point, text("x").into_bytes(), public.to_string().into_bytes()] {
        for alg in ["HS256", "ES256"] {
            let part =
                format!("{}.{}", encoded(&with("alg", json!(alg))).unwrap(), encoded(&claims).unwrap());
            let mac = sign(part.as_bytes(), &EncodingKey::from_secret(&secret), HS256).unwrap();
            assert!(verify(&format!("{part}.{mac}")).is_err(), "{alg}");
        }
    }

    // Somebody else's key under the same name, and the own one under another.
    let other =
        BackstageTokens::new(Arc::new(BackstageKey::generate(&SystemRandom::new()).unwrap()), ISSUER.into());
    assert_eq!(verify(&signed(&other, &header, &claims)), Err(AuthError::WrongSignature));
    let foreign = other.issue("user:default/elsa", None, at(1_000)).unwrap().token;
    assert_eq!(verify(&foreign), Err(AuthError::UnknownKey));
    assert!(!tokens.is_own(&foreign));
    let embedded = with("jwk", other.key_set()["keys"][0].clone());
    assert_eq!(verify(&signed(&other, &embedded, &claims)), Err(AuthError::WrongSignature));
}

#[test]
fn other_audiences_issuers_types_and_times_are_refused() {
    let tokens = tokens();
    let good = tokens.issue("user:default/elsa", None, at(1_000)).unwrap().token;
    let (header, claims) = (part(&good, 0), part(&good, 1));
    let verify = |token: &str, now: i64| tokens.verify(token, at(now)).map(drop);
    let spoiled = |key: &str, value: Value| {
        let mut claims = claims.clone();
        claims[key] = value;
        verify(&signed(&tokens, &header, &claims), 1_001)
    };
    assert_eq!(verify(&good, 4_600), Err(AuthError::Expired));
    assert_eq!(spoiled("aud", json!("somebody-else")), Err(AuthError::WrongAudience));
    assert_eq!(spoiled("aud", json!(["backstage"])), Err(AuthError::Malformed));
    assert_eq!(spoiled("iss", json!("https://evil.example/api/auth")), Err(AuthError::WrongIssuer));
    assert_eq!(spoiled("exp", json!(1_000)), Err(AuthError::Expired));
    assert_eq!(spoiled("exp", json!("soon")), Err(AuthError::Malformed));
    assert_eq!(spoiled("exp", json!(i64::MAX)), Ok(()), "no overflow");
    assert_eq!(spoiled("sub", Value::Null), Err(AuthError::Malformed));
    let mut plugin = header.clone();
    plugin["typ"] = json!("vnd.backstage.plugin");
    assert_eq!(verify(&signed(&tokens, &plugin, &claims), 1_001), Err(AuthError::Malformed));
    for wrong in ["", ".", "..", "a.b", "a.b.c", "a.b.c.d", &"x".repeat(LONGEST + 1), &format!("{good}.x")] {
        assert!(verify(wrong, 1_001).is_err(), "{wrong:.40}");
        assert!(!tokens.is_own(wrong));
    }
}

#[test]
fn a_key_is_the_same_again() {
    let random = SystemRandom::new();
    let key = BackstageKey::generate(&random).unwrap();
    let text = key.text();
    assert!(!format!("{key:?}").contains(&text[40..60]));
    let again = BackstageKey::parse(&text, &random).unwrap();
    assert_eq!(again.id, key.id);
    let token =
        BackstageTokens::new(Arc::new(key), ISSUER.into()).issue("user:default/elsa", None, at(0)).unwrap();
    assert!(BackstageTokens::new(Arc::new(again), ISSUER.into()).verify(&token.token, at(1)).is_ok());
    assert!(BackstageKey::parse("AAAA", &random).is_err());
    assert!(BackstageKey::parse("no base64!", &random).is_err());
}
