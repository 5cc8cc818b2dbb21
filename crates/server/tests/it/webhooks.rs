//! `/api/events/http/<topic>`: hosts tell that something has changed, and what it is about is read at once.

use std::time::Duration;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Request;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use stagedoor_server::config::Config;
use stagedoor_testkit::{Answer, TestPortal};

use crate::support::{Ask as _, component, eventually};
use crate::url::Files;

const SECRET: &str = "It's a Secret to Everybody";
/// Long enough for a busy machine.
const PATIENCE: Duration = Duration::from_secs(10);
const FILE: &str = "/acme/shop/blob/main/catalog-info.yaml";
const OTHER: &str = "/acme/other/blob/main/catalog-info.yaml";

fn config() -> Config {
    let mut config = Config::default();
    let events = json!({
        "http": {"topics": ["gitea"]},
        "modules": {"github": {"webhookSecret": SECRET}, "gitlab": {"webhookSecret": SECRET}},
    });
    config.outside.events = Some(events.into());
    config
}

/// HMAC-SHA-256 in hex, as GitHub writes it.
fn signature(body: &str) -> String {
    let key = EncodingKey::from_secret(SECRET.as_bytes());
    let encoded = jsonwebtoken::crypto::sign(body.as_bytes(), &key, Algorithm::HS256).unwrap();
    let hex: String =
        URL_SAFE_NO_PAD.decode(encoded).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

fn push(base: &str, repository: &str, id: usize) -> String {
    json!({
        "ref": "refs/heads/main",
        "after": id.to_string(),
        "commits": [{"added": [], "removed": [], "modified": ["catalog-info.yaml"]}],
        "repository": {"full_name": repository, "html_url": format!("{base}/{repository}")},
    })
    .to_string()
}

async fn deliver(
    portal: &TestPortal,
    topic: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::post(format!("/api/events/http/{topic}"));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    portal.send(request.body(body.into()).unwrap()).await
}

async fn github(portal: &TestPortal, signature: &str, body: &str) -> Answer {
    let headers = [
        ("content-type", "application/json"),
        ("x-github-event", "push"),
        ("x-hub-signature-256", signature),
    ];
    deliver(portal, "github", &headers, body.to_owned()).await
}

async fn over_files() -> (TestPortal, Files, String) {
    let files = Files::default();
    files.put(FILE, 200, &component("shop"));
    files.put(OTHER, 200, &component("other"));
    let base = files.serve().await;
    let builder = TestPortal::builder().config(config());
    let portal =
        builder.url_location(&format!("{base}{FILE}")).url_location(&format!("{base}{OTHER}")).start().await;
    assert_eq!(files.asked(), [OTHER, FILE]);
    (portal, files, base)
}

async fn lifecycle(portal: &TestPortal) -> Value {
    portal.backstage("component:default/shop").await["spec"]["lifecycle"].clone()
}

#[tokio::test]
async fn a_push_is_read_at_once_and_nothing_else() {
    let (portal, files, base) = over_files().await;
    files.put(FILE, 200, &component("shop").replace("production", "deprecated"));
    let body = push(&base, "acme/shop", 1);
    let answer = github(&portal, &signature(&body), &body).await;
    assert_eq!((answer.status, answer.json()), (202, json!({"status": "accepted"})));
    assert_eq!(answer.header("content-type"), "application/json; charset=utf-8");
    eventually("the push is read", PATIENCE, async || lifecycle(&portal).await == "deprecated").await;
    assert_eq!(files.asked(), [FILE], "the other repository is left alone");
    // GitLab says the same in its words.
    files.put(FILE, 200, &component("shop").replace("production", "experimental"));
    let body = json!({"object_kind": "push", "ref": "refs/heads/main", "before": "1", "after": "2", "total_commits_count": 1,
        "commits": [{"added": ["catalog-info.yaml"], "modified": [], "removed": []}],
        "project": {"path_with_namespace": "acme/shop", "web_url": format!("{base}/acme/shop")}});
    let headers = [("content-type", "application/json; charset=utf-8"), ("x-gitlab-token", SECRET)];
    assert_eq!(deliver(&portal, "gitlab", &headers, body.to_string()).await.status, 202);
    eventually("GitLab's push is read", PATIENCE, async || lifecycle(&portal).await == "experimental").await;
}

/// Attack case 11: forged, without a signature, replayed, of another body.
#[tokio::test]
async fn whoever_does_not_know_the_secret_changes_nothing() {
    let (portal, files, base) = over_files().await;
    files.put(FILE, 200, &component("shop").replace("production", "deprecated"));
    let body = push(&base, "acme/shop", 1);
    let (before, wrong) = (portal.revision(), signature("{}"));
    for signature in ["", "sha256=", &wrong, SECRET, &signature(&body).to_uppercase()] {
        let answer = github(&portal, signature, &body).await;
        assert_eq!(
            (answer.status, answer.json()),
            (403, json!({"message": "invalid signature"})),
            "{signature}"
        );
    }
    let plain = [("content-type", "application/json")];
    for (topic, message) in
        [("github", "invalid signature"), ("gitlab", "invalid token"), ("gitea", "invalid signature")]
    {
        let answer = deliver(&portal, topic, &plain, body.clone()).await;
        assert_eq!((answer.status, answer.json()), (403, json!({ "message": message })), "{topic}");
        assert!(!answer.text().contains(SECRET));
    }
    // An administrator's token is no secret of a host.
    let bearer = format!("Bearer {}", portal.token());
    let headers = [("content-type", "application/json"), ("authorization", bearer.as_str())];
    assert_eq!(deliver(&portal, "github", &headers, body.clone()).await.status, 403);
    // What is believed comes after all of that, and alone is acted on.
    assert_eq!(read_other(&portal, &files, &base, 2).await, [OTHER]);
    assert_eq!(portal.revision(), before);
    // The same delivery twice is read once.
    for _ in 0..3 {
        assert_eq!(github(&portal, &signature(&body), &body).await.status, 202);
    }
    eventually("the push is read", PATIENCE, async || lifecycle(&portal).await == "deprecated").await;
    assert_eq!(read_other(&portal, &files, &base, 3).await, [OTHER, FILE]);
}

/// Attack case 11: a body over the limit is not read to its end, and no signature is computed over it.
#[tokio::test]
async fn what_is_too_large_is_refused_whoever_signed_it() {
    let (portal, files, base) = over_files().await;
    let mut body = push(&base, "acme/shop", 1);
    body.push_str(&" ".repeat(stagedoor_portal::LARGEST_WEBHOOK));
    let before = portal.revision();
    for signature in ["", "sha256=00", &signature(&body)] {
        let answer = github(&portal, signature, &body).await;
        assert_eq!(answer.status, 400, "{signature}");
        assert!(answer.text().contains("too large"), "{}", answer.text());
    }
    assert_eq!(read_other(&portal, &files, &base, 2).await, [OTHER]);
    assert_eq!(portal.revision(), before);
}

/// Pushes to the other repository and waits until that is read: everything that was read since the last time.
async fn read_other(portal: &TestPortal, files: &Files, base: &str, id: usize) -> Vec<String> {
    let body = push(base, "acme/other", id);
    assert_eq!(github(portal, &signature(&body), &body).await.status, 202);
    let read = async || files.asked.lock().unwrap().iter().any(|(path, _)| path == OTHER);
    eventually("the other push is read", PATIENCE, read).await;
    files.asked()
}

#[tokio::test]
async fn topics_that_are_not_configured_are_not_there() {
    let (portal, _, base) = over_files().await;
    let body = push(&base, "acme/shop", 1);
    let good = signature(&body);
    let headers = [("content-type", "application/json"), ("x-hub-signature", good.as_str())];
    for topic in
        ["bitbucketCloud", "bitbucketServer", "azureDevOps", "gerrit", "GitHub", "%2e%2e", "%ff", "github%2f"]
    {
        let answer = deliver(&portal, topic, &headers, body.clone()).await;
        assert_eq!(
            (answer.status, &answer.json()["error"]["name"]),
            (404, &json!("NotFoundError")),
            "{topic}"
        );
    }
    let bare = TestPortal::new().await;
    assert_eq!(github(&bare, &good, &body).await.status, 404);
    assert_eq!(bare.anonymous("GET", "/api/events/http/github", None).await.status, 401);
    assert_eq!(bare.get("/api/events/http/github").await.status, 404);
    assert_eq!(bare.get("/api/events/bus/v1/events").await.status, 404);
}

/// Attack case 35, and 11: a body is held to its size before its signature is looked at.
#[tokio::test]
async fn what_is_no_delivery_is_refused_in_backstages_words() {
    let (portal, ..) = over_files().await;
    let large = format!("{{\"x\":\"{}\"}}", "x".repeat(2 * 1024 * 1024));
    assert_eq!(github(&portal, &signature(&large), &large).await.status, 202, "more than other routes take");
    let huge = " ".repeat(5 * 1024 * 1024 + 1);
    let refused = |answer: &Answer, status: u16, name: &str| {
        assert_eq!(
            (answer.status, &answer.json()["error"]["name"]),
            (status, &json!(name)),
            "{}",
            answer.text()
        );
    };
    let answer = github(&portal, &signature(&huge), &huge).await;
    refused(&answer, 400, "InputError");
    assert_eq!(answer.json()["error"]["message"], "request entity too large");
    let length = (5 * 1024 * 1024 + 1).to_string();
    let announced = [("content-type", "application/json"), ("content-length", length.as_str())];
    refused(&deliver(&portal, "github", &announced, "{}").await, 400, "InputError");
    for body in ["", "not json", "{\"a\":", "\u{feff}{}"] {
        let answer = github(&portal, &signature(body), body).await;
        refused(&answer, 400, "InputError");
        assert_eq!(answer.json()["request"], json!({"method": "POST", "url": "/http/github"}));
    }
    for kind in ["application/x-www-form-urlencoded", "text/plain", ""] {
        let headers = [("content-type", kind), ("x-hub-signature-256", "sha256=00")];
        let answer = deliver(&portal, "github", &headers, "payload=%7B%7D").await;
        refused(&answer, 415, "UnsupportedMediaTypeError");
        let said = answer.json()["error"]["message"].as_str().unwrap().to_owned();
        assert!(said.contains("application/json"), "{said}");
    }
    for body in ["[]", "null", "7", r#"{"ref":{},"repository":7}"#] {
        assert_eq!(github(&portal, &signature(body), body).await.status, 202, "it means nothing: {body}");
    }
    assert_eq!(lifecycle(&portal).await, "production");
}
