//! GitHub Apps on a fake GitHub. The fake follows docs.github.com/rest/apps: "List installations for the authenticated
//! app", "Create an installation access token for an app", and "Generating a JSON Web Token for a GitHub App". The
//! keys in `tests/data` were made for these tests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use ring::rsa::KeyPair;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Hosts, Priority};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::github::{hosts, message, raw};

const PKCS1: &str = include_str!("../data/github-app.pkcs1.pem");
const PKCS8: &str = include_str!("../data/github-app.pkcs8.pem");

/// Checks the signature of an app and gives what it states.
fn claims(request: &FakeRequest) -> Value {
    let jwt = request.header("authorization").unwrap().strip_prefix("Bearer ").unwrap();
    let (text, signature) = jwt.rsplit_once('.').unwrap();
    let body: String = PKCS1.lines().filter(|line| !line.starts_with('-')).collect();
    let key = KeyPair::from_der(&STANDARD.decode(body).unwrap()).unwrap();
    let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.public().as_ref().to_vec());
    public.verify(text.as_bytes(), &URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let (header, claims) = text.split_once('.').unwrap();
    let part = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap();
    assert_eq!(part(header), json!({ "alg": "RS256", "typ": "JWT" }));
    part(claims)
}

fn installation(id: u64, login: &str, suspended: bool) -> Value {
    json!({
        "id": id,
        "account": { "login": login },
        "target_type": "Organization",
        "suspended_at": suspended.then_some("2026-01-01T00:00:00Z"),
    })
}

fn token(name: &str, seconds: i64) -> FakeReply {
    let ends = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    FakeReply::json(&json!({ "token": name, "expires_at": ends.to_string(), "repository_selection": "all" }))
        .and_status(201)
}

async fn read(hosts: &Hosts, url: &str) -> Result<String, HostError> {
    let found = hosts.read(url, Priority::Poll).await?;
    Ok(String::from_utf8(found[0].body.to_vec()).unwrap())
}

fn lines(requests: &[FakeRequest]) -> Vec<String> {
    requests.iter().map(|request| request.path.trim_start_matches("/api/v3").to_owned()).collect()
}

#[tokio::test]
async fn an_installation_gives_a_token_that_is_used_until_shortly_before_its_end() {
    let life = Arc::new(AtomicUsize::new(200));
    let lasts = Arc::clone(&life);
    let fake = Fake::start(move |request| match request.path.trim_start_matches("/api/v3") {
        "/app/installations" => {
            let stated = claims(request);
            assert_eq!(stated["iss"], 42);
            assert_eq!(stated["exp"].as_i64().unwrap() - stated["iat"].as_i64().unwrap(), 600);
            // A hundred others come first.
            match request.parameter("page").as_deref() {
                Some("1") => FakeReply::json(&json!(
                    (0..100).map(|n| installation(n, &format!("o{n}"), false)).collect::<Vec<_>>()
                )),
                _ => FakeReply::json(&json!([installation(777, "Acme", false)])),
            }
        }
        "/app/installations/777/access_tokens" => {
            assert_eq!(request.method, "POST");
            assert_eq!(claims(request)["iss"], 42);
            token("ghs_short", i64::try_from(lasts.load(Ordering::SeqCst)).unwrap())
        }
        _ => raw(request.header("authorization").unwrap()),
    })
    .await;
    for key in [PKCS1.to_owned(), PKCS8.to_owned(), PKCS1.replace('\n', "\\n")] {
        life.store(200, Ordering::SeqCst);
        let apps = json!({ "apps": [{ "appId": 42, "clientId": "c", "clientSecret": "s", "privateKey": key, "webhookSecret": "w" }] });
        let hosts = hosts(&fake, &apps);
        assert_eq!(read(&hosts, &fake.url("/acme/shop/blob/main/a.yaml")).await.unwrap(), "Bearer ghs_short");
        assert_eq!(fake.take().len(), 4);
        // 200 seconds are too near to the end to be used again.
        life.store(3600, Ordering::SeqCst);
        read(&hosts, &fake.url("/acme/shop/blob/main/b.yaml")).await.unwrap();
        assert_eq!(
            lines(&fake.take()),
            ["/app/installations/777/access_tokens", "/repos/acme/shop/contents/b.yaml"]
        );
        read(&hosts, &fake.url("/ACME/shop/blob/main/c.yaml")).await.unwrap();
        assert_eq!(lines(&fake.take()), ["/repos/ACME/shop/contents/c.yaml"]);
        let names: Vec<_> = hosts.budgets().into_iter().map(|budget| budget.host).collect();
        assert_eq!(
            names,
            [fake.host.clone(), format!("{} as app 42", fake.host), format!("{} for acme", fake.host)][1..]
        );
    }
}

#[tokio::test]
async fn a_token_that_was_taken_back_is_replaced_once() {
    let revoked = Arc::new(AtomicBool::new(false));
    let count = Arc::new(AtomicUsize::new(0));
    let (gone, made) = (Arc::clone(&revoked), Arc::clone(&count));
    let fake = Fake::start(move |request| match request.path.trim_start_matches("/api/v3") {
        "/app/installations" => FakeReply::json(&json!([installation(1, "acme", false)])),
        "/app/installations/1/access_tokens" => {
            token(&format!("ghs_{}", made.fetch_add(1, Ordering::SeqCst)), 3600)
        }
        _ if gone.load(Ordering::SeqCst) && request.header("authorization") == Some("Bearer ghs_0") => {
            message(401, "Bad credentials")
        }
        "/repos/acme/shop/contents/never.yaml" => message(401, "Bad credentials"),
        _ => raw("x"),
    })
    .await;
    let hosts = hosts(&fake, &json!({ "apps": [{ "appId": "1", "privateKey": PKCS1 }] }));
    read(&hosts, &fake.url("/acme/shop/blob/main/a.yaml")).await.unwrap();
    revoked.store(true, Ordering::SeqCst);
    read(&hosts, &fake.url("/acme/shop/blob/main/b.yaml")).await.unwrap();
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let denied = read(&hosts, &fake.url("/acme/shop/blob/main/never.yaml")).await.unwrap_err();
    assert!(
        matches!(&denied, HostError::Denied(text) if text.contains("the GitHub App 1 in acme")),
        "{denied}"
    );
    assert_eq!(count.load(Ordering::SeqCst), 3, "replaced once, not for ever");
}

#[tokio::test]
async fn the_first_app_that_may_is_used_and_else_the_token() {
    let fake = Fake::start(|request| match request.path.trim_start_matches("/api/v3") {
        "/app/installations" if claims(request)["iss"] == 1 => {
            FakeReply::json(&json!([installation(10, "acme", false), installation(11, "other", false)]))
        }
        "/app/installations" => FakeReply::json(&json!([
            installation(20, "acme", false),
            installation(21, "asleep", true),
            installation(22, "other", false),
        ])),
        path if path.ends_with("/access_tokens") => token(path, 3600),
        _ => raw(request.header("authorization").unwrap_or("nobody")),
    })
    .await;
    let hosts = hosts(
        &fake,
        &json!({
            "token": "ghp_rest",
            "apps": [
                { "appId": 1, "privateKey": PKCS1, "allowedInstallationOwners": ["Other"] },
                { "appId": 2, "privateKey": PKCS8 },
            ],
        }),
    );
    let of = async |owner: &str| read(&hosts, &fake.url(&format!("/{owner}/r/blob/main/a.yaml"))).await;
    assert_eq!(of("acme").await.unwrap(), "Bearer /app/installations/20/access_tokens");
    assert_eq!(of("other").await.unwrap(), "Bearer /app/installations/11/access_tokens");
    assert_eq!(of("stranger").await.unwrap(), "Bearer ghp_rest");
    let asleep = of("asleep").await.unwrap_err();
    assert!(matches!(&asleep, HostError::Denied(text) if text.contains("suspended")), "{asleep}");
}

#[tokio::test]
async fn an_app_that_is_refused_says_so() {
    let fake = Fake::start(|_| message(401, "A JSON web token could not be decoded")).await;
    let hosts = hosts(&fake, &json!({ "apps": [{ "appId": 5, "privateKey": PKCS1 }] }));
    let odd = Fake::start(|_| FakeReply::json(&json!({}))).await;
    let apps = json!({ "apps": [{ "appId": 5, "privateKey": PKCS1 }] });
    let error = read(&self::hosts(&odd, &apps), &odd.url("/acme/r/blob/main/a.yaml")).await.unwrap_err();
    assert!(matches!(error, HostError::Unreachable(_)), "no list is not an empty one: {error}");
    let denied = read(&hosts, &fake.url("/acme/r/blob/main/a.yaml")).await.unwrap_err();
    assert!(
        matches!(&denied, HostError::Denied(text) if text.contains("the private key of the GitHub App 5")),
        "{denied}"
    );
}

/// What is not there for the app is not gone for the catalog.
#[tokio::test]
async fn an_app_that_was_taken_away_is_a_matter_of_rights() {
    let fake = Fake::start(|request| match request.path.trim_start_matches("/api/v3") {
        "/app/installations" => FakeReply::json(&json!([installation(1, "acme", false)])),
        "/app/installations/1/access_tokens" => message(404, "Not Found"),
        other => panic!("{other}"),
    })
    .await;
    let hosts = hosts(&fake, &json!({ "apps": [{ "appId": 5, "privateKey": PKCS1 }] }));
    let denied = read(&hosts, &fake.url("/acme/r/blob/main/a/b.yaml")).await.unwrap_err();
    assert!(matches!(denied, HostError::Denied(_)), "{denied}");
    // The next reading asks anew where it is installed.
    assert_eq!(fake.take().len(), 2);
    assert!(read(&hosts, &fake.url("/acme/r/blob/main/a/b.yaml")).await.is_err());
    assert_eq!(fake.take().len(), 2);
}
