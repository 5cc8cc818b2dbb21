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
    let mut logs = String::new();
    for _ in 0..400 {
        logs = portal.get(&format!("/v1/actions/runs/{run}/logs?limit=100&offset=0")).await.text();
        if logs.contains(part) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    assert!(logs.contains(part), "no line with {part:?}: {logs}");
    logs
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

/// Attack case 10: what is approved is what was asked for, whatever becomes of the action meanwhile, and by whoever may
/// approve when he does.
#[tokio::test]
async fn an_approval_is_for_the_definition_that_was_asked_for() {
    let (portal, anna, mia) = portal().await;
    action(&portal, json!({ "type": "email" })).await;
    let run = start(&portal, &mia).await;
    let changed = json!({
        "identifier": "scale", "requiredApproval": true, "trigger": { "type": "self-service", "operation": "CREATE", "userInputs": { "properties": {} } },
        "invocationMethod": { "type": "WEBHOOK", "agent": true, "url": "https://elsewhere.example.com" },
    });
    assert_eq!(portal.request("PUT", "/v1/actions/scale", Some(&changed)).await.status, 200);
    // Nor does a changed list make an approver of somebody who was none.
    let permissions = json!({ "approve": { "users": ["otto@larkfell.example"] } });
    portal.request("PATCH", "/v1/actions/scale/permissions", Some(&permissions)).await;
    let otto = portal.member("otto@larkfell.example").await;
    let (path, yes) = (format!("/v1/actions/runs/{run}/approval"), json!({ "status": "APPROVE" }));
    let forged = portal.request_as(&otto, "PATCH", &path, Some(&yes)).await;
    assert_eq!(forged.status, 403, "{}", forged.text());
    let limited = portal.limited(&anna, &["read:runs", "read:actions"]);
    let forged = portal.request_as(&limited, "PATCH", &path, Some(&yes)).await;
    assert_eq!(forged.status, 403, "{}", forged.text());
    let approved = portal.request_as(&anna, "PATCH", &path, Some(&yes)).await;
    assert_eq!(approved.status, 201, "{}", approved.text());
    let again = portal.request_as(&anna, "PATCH", &path, Some(&yes)).await;
    assert_eq!(again.status, 422, "a replay: {}", again.text());
    let claim = json!({ "installationId": "_PORT_EXEC_AGENT", "limit": 10 });
    for _ in 0..400 {
        let claimed = portal.post("/v1/actions/runs/claim-pending", &claim).await.json();
        if let Some(run) = claimed["runs"].as_array().unwrap().first() {
            assert_eq!(run["payload"]["url"], "https://example.com", "{run}");
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("no run to be claimed");
}

/// Attack case 11: who reports on a run is known before anything of what he says is read.
#[tokio::test]
async fn reports_are_believed_by_who_sends_them() {
    let (portal, anna, mia) = portal().await;
    action(&portal, json!({ "type": "email" })).await;
    let run = start(&portal, &mia).await;
    let path = format!("/v1/actions/runs/{run}");
    let huge = json!({ "summary": "x".repeat(3 << 20) });
    let strangers = portal.anonymous("PATCH", &path, Some(&huge)).await;
    assert_eq!(strangers.status, 401, "before its body: {}", strangers.status);
    let success = json!({ "status": "SUCCESS" });
    let limited = portal.limited(&mia, &["read:runs"]);
    for who in [&anna, &limited] {
        let forged = portal.request_as(who, "PATCH", &path, Some(&success)).await;
        assert_eq!(forged.status, 403, "{}", forged.text());
        let line = json!({ "message": "x", "terminationStatus": "SUCCESS" });
        let forged = portal.request_as(who, "POST", &format!("{path}/logs"), Some(&line)).await;
        assert_eq!(forged.status, 403, "{}", forged.text());
    }
    let other = path.replace(&run, "r_0000000000000000");
    assert_eq!(portal.request("PATCH", &other, Some(&success)).await.status, 404);
    let waits = portal.get(&path).await.json();
    assert_eq!(waits["run"]["status"], "WAITING_FOR_APPROVAL");
}
