//! Who gets in: nobody without a token, and no page from elsewhere in local try-out mode.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use stagedoor_auth::{Credentials, Realm, Tokens, Viewer};
use stagedoor_model::Timestamp;
use stagedoor_server::{Authority, portal_info};
use stagedoor_testkit::{CLIENT_ID, CLIENT_SECRET, TestPortal};
use tower::ServiceExt as _;

use crate::support::{Ask, assert_shape, component, send};

/// The operations that answer everyone. Health is answered before any of this: see `gate`.
const PUBLIC: [(&str, &str); 12] = [
    // Whoever delivers signs instead.
    ("post", "/api/events/http/x"),
    ("post", "/v1/auth/access_token"),
    ("get", "/api/permission/health"),
    ("get", "/api/auth/guest/refresh"),
    ("post", "/api/auth/guest/refresh"),
    ("get", "/api/auth/.well-known/jwks.json"),
    ("get", "/api/auth/.well-known/openid-configuration"),
    ("get", "/api/stagedoor/v1/session"),
    ("post", "/api/stagedoor/v1/session"),
    ("delete", "/api/stagedoor/v1/session"),
    ("post", "/api/stagedoor/v1/links/check"),
    ("post", "/api/stagedoor/v1/links/accept"),
];

/// Method and path of every operation in the API descriptions, with something in place of parameters.
fn operations() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (_, text) in stagedoor_server::openapi().unwrap() {
        let document: Value = serde_json::from_str(&text).unwrap();
        let base = document["servers"][0]["url"].as_str().unwrap_or_default().to_owned();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let path = path
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part })
                .collect::<Vec<_>>()
                .join("/");
            let path = if path.starts_with(&base) { path } else { base.clone() + &path };
            found.extend(methods.as_object().unwrap().keys().map(|m| (m.clone(), path.clone())));
        }
    }
    found
}

#[tokio::test]
async fn every_operation_demands_a_token() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    let operations = operations();
    for dialect in ["/v1/", "/api/catalog/", "/api/stagedoor/v1/"] {
        assert!(
            operations.iter().filter(|(_, p)| p.starts_with(dialect)).count() > 4,
            "{dialect}: {operations:?}"
        );
    }
    let before = portal.revision();
    for (method, path) in &operations {
        if PUBLIC.contains(&(method, path)) {
            continue;
        }
        for body in [None, Some(json!({ "identifier": "a" }))] {
            let answer = portal.anonymous(&method.to_uppercase(), path, body.as_ref()).await;
            assert_shape(path, 401, &answer);
        }
        // The same without the slash's encoding, with a slash at the end, and by other methods: no way round.
        for (method, path) in [
            ("HEAD", path.clone()),
            ("GET", format!("{path}/")),
            ("PUT", path.clone()),
            ("OPTIONS", path.clone()),
        ] {
            let answer = portal.anonymous(method, &path, None).await;
            assert!(matches!(answer.status, 401 | 404 | 405), "{method} {path}: {}", answer.status);
        }
    }
    assert_eq!(portal.revision(), before);
}

#[tokio::test]
async fn what_answers_everyone_tells_nothing() {
    let portal = TestPortal::new().await;
    portal.accept(&component("needle")).await;
    for path in
        ["/", "/index.html", "/catalog", "/catalog/component/component:default%2Fneedle", "/nothing.txt"]
    {
        let answer = portal.anonymous("GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.text().contains("needle"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    for path in [
        "/api",
        "/api/",
        "/api/other/x",
        "/v1/x",
        "/api/stagedoor/v2/session",
        "/assets/none.js",
        "/v1",
        "/v1/",
    ] {
        let answer = portal.anonymous("GET", path, None).await;
        assert!(answer.status == 404 || answer.status == 401, "{path}: {}", answer.status);
    }
    assert_eq!(portal.anonymous("POST", "/", None).await.status, 404);
}

#[tokio::test]
async fn a_token_is_good_for_every_dialect() {
    let portal = TestPortal::new().await;
    let body = json!({ "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
    let answer = portal.anonymous("POST", "/v1/auth/access_token", Some(&body)).await;
    let reply = answer.json();
    assert_eq!((answer.status, &reply["ok"], &reply["tokenType"]), (200, &json!(true), &json!("Bearer")));
    assert!(reply["expiresIn"].as_u64().is_some_and(|s| (1..=10_800).contains(&s)));
    let token = format!("Bearer {}", reply["accessToken"].as_str().unwrap());
    for path in ["/v1/blueprints", "/api/catalog/entities", "/api/stagedoor/v1/session"] {
        let request = Request::get(path).header("authorization", &token).body(Body::empty()).unwrap();
        assert_eq!(portal.send(request).await.status, 200, "{path}");
    }
    for (id, secret) in [(CLIENT_ID, "wrong"), ("wrong", CLIENT_SECRET), ("", ""), (CLIENT_ID, "")] {
        let body = json!({ "clientId": id, "clientSecret": secret });
        let answer = portal.anonymous("POST", "/v1/auth/access_token", Some(&body)).await;
        assert_shape("/v1/auth/access_token", 401, &answer);
    }
    for body in [json!({}), json!([]), json!({ "clientId": 1, "clientSecret": {} })] {
        let answer = portal.anonymous("POST", "/v1/auth/access_token", Some(&body)).await;
        assert_shape("/v1/auth/access_token", 422, &answer);
    }
}

#[tokio::test]
async fn a_bad_authorization_is_none() {
    let portal = TestPortal::new().await;
    let good = portal.token().to_owned();
    let mut changed = good.clone().into_bytes();
    let middle = good.len() / 2;
    changed[middle] = if changed[middle] == b'A' { b'B' } else { b'A' };
    let changed = String::from_utf8(changed).unwrap();
    // {"alg":"none"} with the payload of a good token.
    let unsigned = format!("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.{}.", good.split('.').nth(1).unwrap());
    let long = "x".repeat(100_000);
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer null",
        "Bearer a.b.c",
        "Basic dGVzdDp0ZXN0",
        &good,
        &format!("Bearer {changed}"),
        &format!("Bearer {unsigned}"),
        &format!("Bearer {good}x"),
        &format!("Bearer {good} {good}"),
        &format!("Bearer {long}"),
        &format!("Token {good}"),
    ] {
        for path in ["/v1/blueprints", "/api/catalog/entities", "/api/stagedoor/v1/sources"] {
            let request = Request::get(path).header("authorization", header).body(Body::empty()).unwrap();
            assert_shape(path, 401, &portal.send(request).await);
        }
    }
    let twice = Request::get("/v1/blueprints")
        .header("authorization", "Bearer x")
        .header("authorization", format!("Bearer {good}"));
    assert_eq!(portal.send(twice.body(Body::empty()).unwrap()).await.status, 401);
    // A token in the address would end in logs.
    assert_eq!(
        portal
            .anonymous("GET", &format!("/v1/blueprints?token={good}&access_token={good}"), None)
            .await
            .status,
        401
    );
}

#[tokio::test]
async fn a_token_ends_and_is_good_only_where_it_was_issued() {
    let portal = TestPortal::new().await;
    let realm = |audience: &str| Realm {
        issuer: "stagedoor".into(),
        audience: audience.into(),
        organization_id: "o".into(),
        organization_name: "o".into(),
    };
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap();
    let token = |key: u8, audience: &str, age: i64| {
        Tokens::new([key; 32], realm(audience))
            .issue(&Viewer::machine("m"), Timestamp(now - age))
            .unwrap()
            .token
    };
    let authority =
        Authority::new(Tokens::new([7; 32], realm("here")), Credentials::new("id", "secret"), false);
    let info = portal_info(&stagedoor_server::config::Config::default(), false);
    let app = stagedoor_server::app(portal.portal.clone(), Arc::new(authority), info);
    assert_eq!(status(&app, &token(7, "here", 0)).await, 200);
    assert_eq!(status(&app, &token(7, "here", 10_700_000)).await, 200);
    for (what, bad) in [
        ("expired", token(7, "here", 10_801_000)),
        ("signed by someone else", token(8, "here", 0)),
        ("for somewhere else", token(7, "there", 0)),
    ] {
        assert_eq!(status(&app, &bad).await, 401, "{what}");
    }
}

async fn status(app: &Router, token: &str) -> u16 {
    let request = Request::get("/v1/blueprints").header("authorization", format!("Bearer {token}"));
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    let status = response.status().as_u16();
    response.into_body().collect().await.unwrap();
    status
}

#[tokio::test]
async fn local_try_out_mode_serves_this_machines_own_pages_only() {
    let portal = TestPortal::builder().dev().start().await;
    let ask = async |method: &str, path: &str, headers: &[(&str, &str)]| {
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        portal.send(request.body(Body::empty()).unwrap()).await.status
    };
    let own = ("host", "localhost:7007");
    for path in ["/", "/v1/blueprints", "/api/catalog/entities", "/api/stagedoor/v1/session"] {
        for headers in [
            &[own][..],
            &[("host", "127.0.0.1:7007")],
            &[("host", "[::1]:7007")],
            &[own, ("origin", "http://localhost:7007"), ("sec-fetch-site", "same-origin")],
            &[own, ("sec-fetch-site", "none")],
        ] {
            assert_eq!(ask("GET", path, headers).await, 200, "{path} {headers:?}");
        }
        for headers in [
            &[][..],
            &[("host", "evil.example")],
            &[("host", "localhost.evil.example:7007")],
            &[("host", "127.0.0.1.nip.io")],
            &[own, ("host", "evil.example")],
            &[own, ("origin", "https://evil.example")],
            &[own, ("origin", "null")],
            &[own, ("origin", "http://localhost:3000")],
            &[own, ("sec-fetch-site", "cross-site")],
        ] {
            for method in ["GET", "POST", "OPTIONS"] {
                assert_eq!(ask(method, path, headers).await, 403, "{method} {path} {headers:?}");
            }
        }
    }
}

#[tokio::test]
async fn try_out_mode_shows_itself_and_is_off_by_default() {
    let dev = TestPortal::builder().dev().start().await;
    let request =
        || Request::get("/api/stagedoor/v1/session").header("host", "localhost").body(Body::empty()).unwrap();
    let session = dev.send(request()).await.json();
    assert_eq!((&session["devMode"], &session["viewer"]["role"]), (&json!(true), &json!("Admin")));
    let portal = TestPortal::new().await;
    assert_eq!(portal.send(request()).await.json()["viewer"], Value::Null);
    assert_eq!(portal.get("/api/stagedoor/v1/session").await.json()["devMode"], false);
}

#[tokio::test]
async fn no_path_leads_out_of_the_embedded_files() {
    let portal = TestPortal::new().await;
    for path in [
        "/..%2f..%2fetc/passwd",
        "/assets/../../x",
        "/assets/..%2f..%2f..%2f..%2fCargo.toml",
        "/../Cargo.toml",
        "/../../Cargo.toml",
        "/assets/%2e%2e/%2e%2e/Cargo.toml",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/assets//etc/passwd",
        "/..\\..\\Cargo.toml",
        "/assets/../../../../../../../../../../etc/passwd",
        "/../../../../../../../../../../etc/passwd",
        "/%00",
        "/assets/%ff",
    ] {
        let Ok(request) = Request::get(path).body(Body::empty()) else { continue };
        let answer = portal.send(request).await;
        assert!(answer.status == 200 || answer.status == 404, "{path}: {}", answer.status);
        let text = answer.text();
        assert!(
            !text.contains("root:") && !text.contains("[workspace") && !text.contains("[package"),
            "{path}: {text}"
        );
    }
}

#[tokio::test]
async fn a_refusal_does_not_depend_on_what_exists() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    for (there, absent) in [
        ("/v1/blueprints/component", "/v1/blueprints/nothing"),
        (
            "/api/catalog/entities/by-name/component/default/a",
            "/api/catalog/entities/by-name/component/default/b",
        ),
    ] {
        let (there, absent) =
            (portal.anonymous("GET", there, None).await, portal.anonymous("GET", absent, None).await);
        assert_eq!((there.status, &there.json()["error"]), (absent.status, &absent.json()["error"]));
    }
    let unknown = send(&portal, "GET", "/api/catalog/nothing", &[], Body::empty()).await;
    assert_eq!((unknown.status, unknown.text().as_str()), (404, ""));
}
