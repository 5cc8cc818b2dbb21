//! Cookies and the sessions behind them.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use stagedoor_auth::{SessionLimits, secret_digest};
use stagedoor_model::Timestamp;
use stagedoor_server::config::Config;
use stagedoor_testkit::TestPortal;
use tower::ServiceExt as _;

use super::browser::{Browser, NATIVE};
use super::{ADA, ELSA, PASSWORD, member, set_up};

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis().try_into().unwrap()
}

#[tokio::test]
async fn the_cookie_is_for_the_server_alone() {
    let portal = TestPortal::new().await;
    set_up(&portal).await;
    let mut ada = Browser::of(&portal);
    let answer = ada.sign_in(ADA, PASSWORD).await;
    let set = answer.header("set-cookie");
    let mut parts: Vec<&str> = set.split("; ").collect();
    let secret = parts.remove(0).strip_prefix("stagedoor-session=").unwrap();
    assert_eq!(parts, ["Path=/", "Max-Age=604800", "HttpOnly", "SameSite=Lax"]);
    assert_eq!(secret.len(), 43);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.text().contains(secret), "only the cookie has it");
    assert_eq!(
        ada.delete("/session").await.header("set-cookie").split(';').next(),
        Some("stagedoor-session=")
    );
}

#[tokio::test]
async fn over_tls_only_the_cookie_counts_that_no_neighbour_can_plant() {
    let portal = TestPortal::new().await;
    let ada = set_up(&portal).await;
    let config = Config { base_url: Some("https://portal.example:7007".into()), ..Config::default() };
    let key = stagedoor_server::SigningKey::of(portal.store.as_ref()).unwrap();
    let authority = stagedoor_server::authority(&portal.portal, &key, &config, None, false);
    let info = stagedoor_server::portal_info(&config, false);
    let app = stagedoor_server::app(portal.portal.clone(), std::sync::Arc::new(authority), info);
    let ask = async |request: Request<Body>| app.clone().oneshot(request).await.unwrap();
    let origin = [("origin", "https://portal.example:7007"), ("content-type", "application/json")];
    let body = json!({ "email": ADA, "password": PASSWORD }).to_string();
    let request = Browser::of(&portal).request("POST", &format!("{NATIVE}/session"), &origin);
    let answer = ask(request.body(Body::from(body)).unwrap()).await;
    let set = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
    assert!(set.starts_with("__Host-stagedoor=") && set.ends_with("; SameSite=Lax; Secure"), "{set}");
    assert!(set.contains("; Path=/;") && !set.contains("Domain"), "{set}");
    let secret = set.split(['=', ';']).nth(1).unwrap().to_owned();
    let status = async |cookie: String| {
        let request = Browser::of(&portal).request("GET", "/v1/blueprints", &[("cookie", &cookie)]);
        ask(request.body(Body::empty()).unwrap()).await.status().as_u16()
    };
    assert_eq!(status(format!("__Host-stagedoor={secret}")).await, 200);
    assert_eq!(status(format!("stagedoor-session={secret}")).await, 401);
    let planted = format!("stagedoor-session={}; __Host-stagedoor={secret}", ada.secret().unwrap());
    assert_eq!(status(planted).await, 200);
}

#[tokio::test]
async fn signing_in_takes_no_secret_that_was_there_before() {
    let portal = TestPortal::new().await;
    let ada = set_up(&portal).await;
    let old = ada.cookie.clone();
    // A secret that somebody else knows, planted in the browser: made up, and of a session of his own.
    let made_up = format!("stagedoor-session={}", stagedoor_auth::secret_text(&[7; 32]));
    for planted in [Some(made_up), old.clone()] {
        let mut browser = Browser::of(&portal);
        browser.cookie.clone_from(&planted);
        assert_eq!(browser.sign_in(ADA, PASSWORD).await.status, 200);
        assert_ne!(browser.cookie, planted);
        assert!(browser.is_in().await);
        let mut other = Browser::of(&portal);
        other.cookie = planted;
        assert!(!other.is_in().await, "what was planted leads nowhere");
    }
}

#[tokio::test]
async fn signing_out_ends_the_session_itself() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let stolen = ada.cookie.clone();
    assert_eq!(ada.delete("/session").await.status, 204);
    assert_eq!(ada.cookie, None);
    ada.cookie = stolen;
    assert!(!ada.is_in().await);
    let again = ada.delete("/session").await;
    assert_eq!((again.status, ada.cookie), (204, None), "what is left of it goes, too");
}

#[tokio::test]
async fn sessions_are_listed_and_ended_at_once() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let mut elsa = member(&mut ada, ELSA).await;
    let mut phone = Browser::of(&portal).at("198.51.100.4");
    assert_eq!(phone.sign_in(ELSA, PASSWORD).await.status, 200);
    let sessions = elsa.get("/sessions").await.json()["sessions"].as_array().unwrap().clone();
    assert_eq!(sessions.len(), 2);
    let of = |address: &str| sessions.iter().find(|s| s["address"] == address).unwrap();
    let (here, there) = (of("192.0.2.7"), of("198.51.100.4"));
    assert_eq!((&here["current"], &there["current"]), (&json!(true), &json!(false)));
    assert_eq!((&here["user"], &here["agent"]), (&json!(ELSA), &json!("Browser/1")));
    for at in ["createdAt", "lastSeenAt", "expiresAt"] {
        assert!(here[at].as_str().is_some_and(|at| at.ends_with('Z')), "{here}");
    }
    let id = |session: &Value| session["id"].as_str().unwrap().to_owned();
    assert_eq!(elsa.delete(&format!("/sessions/{}", id(there))).await.status, 204);
    assert!(!phone.is_in().await && elsa.is_in().await);
    // Those of others are not there, whatever one knows of them.
    let adas = id(&ada.get("/sessions").await.json()["sessions"][0]);
    assert_eq!(elsa.delete(&format!("/sessions/{adas}")).await.status, 404);
    assert_eq!(elsa.delete("/sessions/nothing").await.status, 404);
    assert_eq!(elsa.get(&format!("/sessions?user={ADA}")).await.status, 403);
    assert_eq!(elsa.delete(&format!("/sessions?user={ADA}")).await.status, 403);
    assert!(ada.is_in().await);
    assert_eq!(ada.get(&format!("/sessions?user={ELSA}")).await.json()["sessions"][0]["current"], false);
    assert_eq!(ada.delete(&format!("/sessions?user={ELSA}")).await.json(), json!({ "ended": 1 }));
    assert!(!elsa.is_in().await);
}

#[tokio::test]
async fn whoever_is_shut_out_is_out_at_once_and_for_good() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let mut elsa = member(&mut ada, ELSA).await;
    portal.person(ELSA, json!({ "status": "Disabled" }), &[]).await;
    assert!(!elsa.is_in().await);
    portal.person(ELSA, json!({ "status": "Active" }), &[]).await;
    assert!(!elsa.is_in().await, "an old session does not come back with the person");
    assert_eq!(elsa.sign_in(ELSA, PASSWORD).await.status, 200);
    let path = format!("/v1/blueprints/_user/entities/{ELSA}");
    assert_eq!(portal.request("DELETE", &path, None).await.status, 200);
    assert!(!elsa.is_in().await);
    // Somebody else gets the address later.
    portal.person(ELSA, json!({}), &[]).await;
    assert!(!elsa.is_in().await);
    assert_eq!(elsa.sign_in(ELSA, PASSWORD).await.status, 401, "the password went with the person");
}

#[tokio::test]
async fn a_right_that_goes_is_gone_in_the_next_request() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let mut elsa = member(&mut ada, ELSA).await;
    portal.person(ELSA, json!({ "port_role": "Admin" }), &[]).await;
    assert_eq!(elsa.get("/audit").await.status, 200);
    portal.person(ELSA, json!({ "port_role": "Member" }), &[]).await;
    assert_eq!(elsa.get("/audit").await.status, 403);
}

#[tokio::test]
async fn what_goes_on_ends_with_its_session() {
    let portal = TestPortal::new().await;
    let ada = set_up(&portal).await;
    let request = ada.request("GET", &format!("{NATIVE}/changes"), &[("accept", "text/event-stream")]);
    let mut stream = portal.respond(request.body(Body::empty()).unwrap()).await.into_body();
    assert!(stream.frame().await.is_some());
    let mut other = Browser::of(&portal);
    other.cookie.clone_from(&ada.cookie);
    assert_eq!(other.delete("/session").await.status, 204);
    portal.member("nora@larkfell.example").await;
    let mut text = String::new();
    while let Some(Ok(frame)) = stream.frame().await {
        text += &String::from_utf8_lossy(frame.data_ref().unwrap());
    }
    assert!(!text.contains("nora@"), "{text}");
}

#[tokio::test]
async fn sessions_end_when_idle_and_in_any_case() {
    let hour = 3_600_000;
    let limits = SessionLimits { idle: 12 * hour, absolute: 24 * hour };
    let portal = TestPortal::builder().sessions(limits).start().await;
    let ada = set_up(&portal).await;
    let digest = secret_digest(&ada.secret().unwrap()).unwrap();
    let start = now();
    let lives = |at: i64| portal.portal.session_viewer(&digest, Timestamp(start + at)).is_some();
    assert!(lives(11 * hour));
    assert!(lives(22 * hour), "it was used in between");
    assert!(!lives(24 * hour + 10_000), "however busy");
    assert!(lives(23 * hour));
    let idle = set_up_again(&portal).await;
    let digest = secret_digest(&idle).unwrap();
    assert!(portal.portal.session_viewer(&digest, Timestamp(now() + 13 * hour)).is_none());
}

/// The secret of another session.
async fn set_up_again(portal: &TestPortal) -> String {
    let mut ada = Browser::of(portal);
    assert_eq!(ada.sign_in(ADA, PASSWORD).await.status, 200);
    ada.secret().unwrap()
}

#[tokio::test]
async fn what_is_over_is_swept_and_nothing_else() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let day = 24 * 3_600_000;
    super::invited(&mut ada, ELSA, json!({})).await;
    assert_eq!(portal.portal.sweep_sign_ins(Timestamp(now())).await, Ok(0));
    assert_eq!(
        portal.portal.sweep_sign_ins(Timestamp(now() + day)).await,
        Ok(1),
        "a session without a request"
    );
    assert!(!ada.is_in().await);
    assert_eq!(portal.portal.sweep_sign_ins(Timestamp(now() + 8 * day)).await, Ok(1), "the invitation");
}

#[tokio::test]
async fn requests_write_nothing() {
    let portal = TestPortal::new().await;
    let mut ada = set_up(&portal).await;
    let before = portal.portal.newest_revision();
    for _ in 0..20 {
        assert!(ada.is_in().await);
    }
    portal.portal.flush().await;
    assert_eq!(portal.portal.newest_revision(), before);
}

#[tokio::test]
async fn one_person_has_no_endless_sessions() {
    let portal = TestPortal::new().await;
    let mut first = set_up(&portal).await;
    for _ in 0..50 {
        assert_eq!(Browser::of(&portal).sign_in(ADA, PASSWORD).await.status, 200);
    }
    assert!(!first.is_in().await, "the oldest gave way");
}
