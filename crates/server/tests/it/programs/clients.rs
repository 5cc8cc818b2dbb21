//! Client ids and secrets: guesses, and who may change what.

use serde_json::json;
use stagedoor_testkit::{CLIENT_ID, CLIENT_SECRET, TestPortal};

use super::tokens::access_token;
use super::{reads, text};

const ACCESS: &str = "/v1/auth/access_token";

#[tokio::test]
async fn guesses_at_a_secret_run_out() {
    let portal = TestPortal::new().await;
    let app = portal.post("/v1/apps", &json!({ "name": "app" })).await;
    let (id, secret) = (text(&app, "/app/id"), text(&app, "/app/secret"));
    let guess = json!({ "clientId": id, "clientSecret": "guess" });
    for _ in 0..10 {
        assert_eq!(portal.anonymous("POST", ACCESS, Some(&guess)).await.status, 401);
    }
    // From now on not even the right secret is looked at.
    for secret in ["guess", &secret] {
        let body = json!({ "clientId": id, "clientSecret": secret });
        let answer = portal.anonymous("POST", ACCESS, Some(&body)).await;
        assert_eq!((answer.status, &answer.json()["error"]), (429, &json!("too_many_attempts")));
        let wait: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=30).contains(&wait), "{wait}");
    }
    portal.portal.flush().await;
    let lines = portal.get("/v1/audit-log").await.text();
    assert!(
        lines.contains("the client id or the client secret is wrong") && !lines.contains("guess"),
        "{lines}"
    );
    // Another client from there is not shut out with it.
    let other = json!({ "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
    assert_eq!(portal.anonymous("POST", ACCESS, Some(&other)).await.status, 200);
}

/// Whether an id exists is not to be learned from the answer.
#[tokio::test]
async fn a_wrong_id_is_answered_as_a_wrong_secret() {
    let portal = TestPortal::new().await;
    let app = portal.post("/v1/apps", &json!({ "name": "app" })).await;
    let mut answers = Vec::new();
    for id in [text(&app, "/app/id").as_str(), CLIENT_ID, "nobody", "", &"x".repeat(100_000)] {
        let body = json!({ "clientId": id, "clientSecret": "wrong" });
        let answer = portal.anonymous("POST", ACCESS, Some(&body)).await;
        answers.push((answer.status, answer.text()));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    // A token is no client secret, and the other way round.
    let secret = text(&app, "/app/secret");
    assert_eq!(reads(&portal, &secret).await, [401; 3]);
}

#[tokio::test]
async fn only_administrators_change_clients() {
    let portal = TestPortal::new().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    portal.member("mia@larkfell.example").await;
    let id = text(&portal.post("/v1/apps", &json!({ "name": "app" })).await, "/app/id");
    for (method, path) in [
        ("GET", "/v1/apps".to_owned()),
        ("POST", "/v1/apps".to_owned()),
        ("PUT", format!("/v1/apps/{id}")),
        ("DELETE", format!("/v1/apps/{id}")),
        ("DELETE", "/v1/apps/none".to_owned()),
        ("POST", format!("/v1/apps/{id}/rotate-secret")),
        ("POST", "/v1/rotate-credentials/mia@larkfell.example".to_owned()),
        ("POST", "/v1/rotate-credentials/nobody@larkfell.example".to_owned()),
    ] {
        let answer = portal.request_as(&elsa, method, &path, Some(&json!({ "name": "x" }))).await;
        assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
    }
    // Her own are hers; they are good for what she may, and end with her.
    let own = portal.request_as(&elsa, "POST", "/v1/rotate-credentials/Elsa@larkfell.example", None).await;
    let (id, secret) = (text(&own, "/credentials/clientId"), text(&own, "/credentials/clientSecret"));
    let token = access_token(&portal, &id, &secret).await;
    assert_eq!(reads(&portal, &token).await, [200; 3]);
    let blueprint = json!({ "identifier": "b", "title": "B" });
    assert_eq!(super::ask(&portal, &token, "POST", "/v1/blueprints", Some(&blueprint)).await.status, 403);
    portal.person("elsa@larkfell.example", json!({ "status": "Disabled" }), &[]).await;
    assert_eq!(reads(&portal, &token).await, [401; 3]);
    let body = json!({ "clientId": id, "clientSecret": secret });
    assert_eq!(portal.anonymous("POST", ACCESS, Some(&body)).await.status, 401);
}
