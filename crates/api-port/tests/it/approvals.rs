//! Approvers are told that a run waits for them: in the portal, and where the action says so, by a webhook.

use std::sync::Arc;

use axum::body::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use stagedoor_testkit::{CLIENT_SECRET, Person, TestPortal};
use tokio::sync::{Mutex, mpsc};

const ANNA: &str = "anna@larkfell.example";
const MIA: &str = "mia@larkfell.example";

type Received = (HeaderMap, Bytes);

/// A receiver that answers with these statuses, and with 200 afterwards.
async fn receiver(statuses: &[u16]) -> (String, mpsc::UnboundedReceiver<Received>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/hooks/T0/very-secret-path", listener.local_addr().unwrap());
    let (told, inbox) = mpsc::unbounded_channel();
    let statuses = Arc::new(Mutex::new(statuses.to_vec()));
    let handler = move |headers: HeaderMap, body: Bytes| {
        let (told, statuses) = (told.clone(), Arc::clone(&statuses));
        async move {
            told.send((headers, body)).unwrap();
            let mut statuses = statuses.lock().await;
            let status = if statuses.is_empty() { 200 } else { statuses.remove(0) };
            StatusCode::from_u16(status).unwrap()
        }
    };
    let app = axum::Router::new().fallback(handler);
    tokio::spawn(async move { drop(axum::serve(listener, app).await) });
    (address, inbox)
}

async fn portal() -> (TestPortal, Person, Person) {
    let portal = TestPortal::new().await;
    let (anna, mia) = (portal.member(ANNA).await, portal.member(MIA).await);
    (portal, anna, mia)
}

/// An action that Anna approves.
async fn action(portal: &TestPortal, notification: Value) {
    let body = json!({
        "identifier": "scale", "title": "Scale <!channel>", "requiredApproval": true, "approvalNotification": notification,
        "trigger": { "type": "self-service", "operation": "CREATE", "userInputs": { "properties": { "n": { "type": "number" } } } },
        "invocationMethod": { "type": "WEBHOOK", "agent": true, "url": "https://example.com" },
    });
    let made = portal.post("/v1/actions", &body).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let permissions = json!({ "approve": { "users": [ANNA, MIA] } });
    let changed = portal.request("PATCH", "/v1/actions/scale/permissions", Some(&permissions)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
}

async fn start(portal: &TestPortal, who: &Person) -> String {
    let body = json!({ "properties": { "n": 7 } });
    let run = portal.request_as(who, "POST", "/v1/actions/scale/runs", Some(&body)).await;
    assert_eq!(run.status, 202, "{}", run.text());
    run.json()["run"]["id"].as_str().unwrap().to_owned()
}

/// Titles and links of what somebody has been sent.
async fn inbox(portal: &TestPortal, who: &Person) -> Vec<(String, String)> {
    let answer = portal.request_as(who, "GET", "/api/notifications/notifications", None).await.json();
    let text = |one: &Value, key: &str| one["payload"][key].as_str().unwrap().to_owned();
    let all = answer["notifications"].as_array().unwrap();
    all.iter().map(|one| (text(one, "title"), text(one, "link"))).collect()
}

/// Waits for a line of a run's log.
async fn told(portal: &TestPortal, run: &str, part: &str) -> String {
    for _ in 0..400 {
        let logs = portal.get(&format!("/v1/actions/runs/{run}/logs?limit=100&offset=0")).await.text();
        if logs.contains(part) {
            return logs;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no line with {part:?}");
}

#[tokio::test]
async fn approvers_are_told_in_the_portal_and_the_starter_what_became_of_it() {
    let (portal, anna, mia) = portal().await;
    action(&portal, json!({ "type": "email" })).await;
    let run = start(&portal, &mia).await;
    let link = format!("/runs/{run}");
    let waits = ("Scale <!channel> waits for your approval".to_owned(), link.clone());
    assert_eq!(inbox(&portal, &anna).await, [waits]);
    assert_eq!(inbox(&portal, &mia).await, [], "nobody approves what is his own");
    let logs = told(&portal, &run, "no mail was sent").await;
    assert!(logs.contains("in their notifications"), "{logs}");
    let path = format!("/v1/actions/runs/{run}/approval");
    let answer = portal.request_as(&anna, "PATCH", &path, Some(&json!({ "status": "DECLINE" }))).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    assert_eq!(inbox(&portal, &mia).await, [("Scale <!channel> was declined".to_owned(), link)]);
}

#[tokio::test]
async fn a_webhook_is_signed_tried_again_and_its_address_told_to_nobody() {
    let (portal, _, mia) = portal().await;
    let (url, mut received) = receiver(&[503]).await;
    action(&portal, json!({ "type": "webhook", "url": url })).await;
    let run = start(&portal, &mia).await;
    let first = received.recv().await.unwrap();
    let (headers, body) = received.recv().await.unwrap();
    assert_eq!(first.1, body, "the same again");
    let text = std::str::from_utf8(&body).unwrap();
    let at: i64 = headers["x-port-timestamp"].to_str().unwrap().parse().unwrap();
    assert_eq!(headers["x-port-signature"], stagedoor_portal::signature(CLIENT_SECRET, at, text));
    let body: Value = serde_json::from_str(text).unwrap();
    assert_eq!(
        (&body["context"]["runId"], &body["status"], &body["payload"]["properties"]["n"], &body["approvers"]),
        (&json!(run), &json!("WAITING_FOR_APPROVAL"), &json!(7), &json!([ANNA]))
    );
    let logs = told(&portal, &run, "was told that it waits").await;
    assert!(!logs.contains("very-secret-path"), "{logs}");
}

#[tokio::test]
async fn slack_is_told_in_its_form_and_names_mention_nobody() {
    let (portal, _, mia) = portal().await;
    let (url, mut received) = receiver(&[]).await;
    action(&portal, json!({ "type": "webhook", "url": url, "format": "slack" })).await;
    let run = start(&portal, &mia).await;
    let (_, body) = received.recv().await.unwrap();
    let body: Value = serde_json::from_slice(&body).unwrap();
    let text = body["text"].as_str().unwrap();
    assert!(text.contains("Scale &lt;!channel&gt;") && text.contains(&format!("/runs/{run}|")), "{text}");
    assert!(!text.contains("<!channel>"), "{text}");
}

/// An address of this network is not asked, and the run waits all the same.
#[tokio::test]
async fn what_must_not_be_reached_is_not() {
    let (portal, anna, mia) = portal().await;
    action(&portal, json!({ "type": "webhook", "url": "http://169.254.169.254/latest/secret" })).await;
    let run = start(&portal, &mia).await;
    let logs = told(&portal, &run, "could not be told").await;
    assert!(!logs.contains("latest/secret"), "{logs}");
    assert_eq!(inbox(&portal, &anna).await.len(), 1);
    for (wrong, says) in [
        (json!({ "type": "webhook" }), "'url'"),
        (json!({ "type": "webhook", "url": "ftp://example.com" }), "approvalNotification/url"),
        (json!({ "type": "pigeon" }), "approvalNotification/type"),
        (
            json!({ "type": "webhook", "url": "https://example.com", "format": "xml" }),
            "approvalNotification/format",
        ),
    ] {
        let body = json!({ "identifier": "x", "trigger": { "type": "self-service", "operation": "CREATE", "userInputs": { "properties": {} } },
            "approvalNotification": wrong, "invocationMethod": { "type": "WEBHOOK", "url": "https://example.com" } });
        let refused = portal.post("/v1/actions", &body).await;
        assert_eq!(refused.status, 422, "{wrong}");
        assert!(refused.text().contains(says), "{wrong}: {}", refused.text());
    }
}
