//! Integrations through Port's dialect, as far as case files cannot say it: who may see what, how much is kept, who is called.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_portal::{IntegrationName, LogQuery, PortalError};
use stagedoor_store::MemoryStore;
use stagedoor_testkit::TestPortal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

async fn with_integration(config: Value) -> TestPortal {
    let portal = TestPortal::new().await;
    make(&portal, json!({ "installationId": "x", "installationAppType": "t", "config": config })).await;
    portal
}

async fn make(portal: &TestPortal, body: Value) {
    let answer = portal.post("/v1/integration", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
}

async fn ingest_id(portal: &TestPortal) -> String {
    let one = portal.get("/v1/integration/x").await.json();
    one["integration"]["logAttributes"]["ingestId"].as_str().unwrap().to_owned()
}

fn x() -> IntegrationName {
    IntegrationName::Identifier("x".into())
}

fn revision(portal: &TestPortal) -> u64 {
    portal.portal.view(&portal.viewer()).unwrap().revision()
}

#[tokio::test]
async fn members_see_who_there_is_and_nothing_else() {
    let test = with_integration(json!({ "token": "s3cret" })).await;
    test.post("/v1/integration/x/kinds/k/examples", &json!({ "examples": [{ "password": "s3cret" }] })).await;
    let member = test.member("elsa@larkfell.example").await.viewer;
    let portal = &test.portal;
    let forbidden = |error| assert!(matches!(error, PortalError::Forbidden(_)), "{error}");
    forbidden(portal.integrations(&member).await.unwrap_err());
    forbidden(portal.integration(&member, &x()).await.unwrap_err());
    forbidden(portal.kinds_with_examples(&member, &x()).await.unwrap_err());
    forbidden(portal.kind_examples(&member, &x(), "k".into()).await.unwrap_err());
    forbidden(portal.integration_logs(&member, &x(), LogQuery::default()).await.unwrap_err());
    forbidden(portal.sync_metrics(&member, &x(), None).await.unwrap_err());
    forbidden(portal.syncs_metadata(&member, &x()).await.unwrap_err());
    forbidden(portal.integration_cursor(&member, &x(), "k".into(), "0".into()).await.unwrap_err());
    forbidden(portal.create_integration(&member, json!({ "installationId": "y" })).await.unwrap_err());
    forbidden(portal.patch_integration(&member, x(), json!({}), false).await.unwrap_err());
    forbidden(portal.delete_integration(&member, x()).await.unwrap_err());
    forbidden(portal.report_resync(&member, &x(), json!({})).await.unwrap_err());
    forbidden(portal.report_logs(&member, &x(), &json!([])).await.unwrap_err());
    forbidden(portal.report_heartbeat(&member, &x(), &json!("e")).await.unwrap_err());
    forbidden(portal.patch_organization(&member, json!({ "name": "Mine" })).await.unwrap_err());
    // Whether one exists is the same answer as that it does not.
    let nobody = IntegrationName::Identifier("nobody".into());
    forbidden(portal.integration(&member, &nobody).await.unwrap_err());

    let shown = portal.integrations_metadata(&member).await.unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(shown[0].text("installationId"), "x");
    assert!(!format!("{shown:?}").contains("s3cret"));
    assert!(!shown[0].body.contains_key("logIngestId"));
}

#[tokio::test]
async fn what_is_reported_changes_nothing_in_the_catalog_and_is_bounded() {
    let test = with_integration(json!({})).await;
    let (before, id) = (revision(&test), ingest_id(&test).await);
    let logs = format!("/v1/ingest/logs/{id}");
    for batch in 0..6 {
        let lines: Vec<_> =
            (0..1000).map(|n| json!({ "message": format!("{batch}/{n}"), "level": "INFO" })).collect();
        assert_eq!(test.post(&logs, &json!({ "logs": lines })).await.status, 200);
    }
    let long =
        json!({ "message": "ü".repeat(50_000), "level": "ERROR", "extra": { "trace": "y".repeat(50_000) } });
    assert_eq!(test.post(&logs, &json!({ "logs": [long] })).await.status, 200);
    test.request("PATCH", "/v1/integration/x/resync-state", Some(&json!({ "status": "running" }))).await;
    test.post("/v1/integration/x/cursor?kind=k&index=0", &json!({ "primary": "2026-11-01" })).await;
    test.post("/v1/integration/x/kinds/k/examples", &json!({ "examples": [1] })).await;
    let metrics = format!("/v1/ingest/metrics/{id}/syncMetrics");
    test.post(&metrics, &json!({ "syncKindsMetrics": [{ "eventId": "e", "kindIdentifier": "k" }] })).await;
    assert_eq!(revision(&test), before, "none of it is in the change log");

    let query = |up, line| LogQuery { limit: 10_000, up, line, ..LogQuery::default() };
    let lines = test.portal.integration_logs(&test.viewer(), &x(), query(false, None)).await.unwrap();
    assert_eq!(lines.len(), 5000, "the oldest are forgotten");
    assert_eq!(lines[4999]["message"], "1/1");
    let cut = &lines[0];
    assert!(cut["message"].as_str().unwrap().ends_with("... (cut)") && cut.get("extra").is_none());
    assert!(cut.to_string().len() < 16 * 1024);
    let middle = lines[2500]["_id"].as_str().unwrap().parse().unwrap();
    let up = test.portal.integration_logs(&test.viewer(), &x(), query(true, Some(middle))).await.unwrap();
    assert_eq!(up[..], lines[..2500]);
    let near = LogQuery { limit: 3, ..query(true, Some(middle)) };
    let near = test.portal.integration_logs(&test.viewer(), &x(), near).await.unwrap();
    assert_eq!(near[..], lines[2497..2500], "those next to the position");

    let large = json!({ "examples": ["small", "x".repeat(70_000)] });
    let answer = test.post("/v1/integration/x/kinds/k/examples", &large).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.json()["message"], "\"examples/1\" must NOT be larger than 64 KiB");
    let large = json!({ "syncKindMetrics": { "metrics": "x".repeat(70_000) } });
    let answer = test.request("PUT", &format!("{metrics}/resync/e/kind/k"), Some(&large)).await;
    assert_eq!(answer.status, 422);
}

#[tokio::test]
async fn more_kinds_than_are_kept_push_out_the_oldest() {
    let test = with_integration(json!({})).await;
    for n in 0..502 {
        test.post(&format!("/v1/integration/x/kinds/k{n}/examples"), &json!({ "examples": [n] })).await;
    }
    let kinds = test.get("/v1/integration/x/kinds").await.json();
    let kinds = kinds["data"].as_object().unwrap();
    assert_eq!(kinds.len(), 500);
    assert!(!kinds.contains_key("k1") && kinds.contains_key("k2"));
    let gone = test.get("/v1/integration/x/kinds/k0/examples").await.json();
    assert_eq!(gone["examples"], json!([]));
}

#[tokio::test]
async fn it_is_all_there_after_a_restart() {
    let store = Arc::new(MemoryStore::new());
    let before = {
        let test = TestPortal::builder().store(store.clone()).start().await;
        make(&test, json!({ "installationId": "x", "config": { "resources": [] } })).await;
        test.request("PATCH", "/v1/integration/x/resync-state", Some(&json!({ "status": "completed" })))
            .await;
        test.request("PATCH", "/v1/organization", Some(&json!({ "name": "Acme" }))).await;
        test.get("/v1/integration/x").await.json()
    };
    let test = TestPortal::builder().store(store).start().await;
    assert_eq!(test.get("/v1/integration/x").await.json(), before);
    assert_eq!(before["integration"]["resyncState"]["status"], "completed");
    assert_eq!(test.get("/v1/organization").await.json()["organization"]["name"], "Acme");
    let request = test.get("/v1/integration/x/resync-request").await.json();
    assert_eq!(request["request"]["updatedAt"], before["integration"]["createdAt"]);
}

/// One request, as it came.
async fn received(listener: &TcpListener) -> String {
    let (mut stream, _) =
        tokio::time::timeout(Duration::from_secs(20), listener.accept()).await.unwrap().unwrap();
    let mut text = String::new();
    while !text.ends_with("}}") {
        let mut bytes = [0; 4096];
        let n = stream.read(&mut bytes).await.unwrap();
        assert!(n > 0, "the connection ended after {text}");
        text.push_str(std::str::from_utf8(&bytes[..n]).unwrap());
    }
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 4\r\nconnection: close\r\n\r\nnull";
    stream.write_all(answer.as_bytes()).await.unwrap();
    text
}

#[tokio::test]
async fn whoever_wants_to_be_called_is_called_and_told_nothing_secret() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/resync", listener.local_addr().unwrap());
    let test = TestPortal::new().await;
    let destination = json!({ "type": "WEBHOOK", "url": url });
    let body = json!({ "installationId": "x", "changelogDestination": destination, "config": { "token": "s3cret" } });
    make(&test, body).await;
    let called = received(&listener).await;
    assert!(called.starts_with("POST /resync HTTP/1.1\r\n"), "{called}");
    assert!(called.contains("\"context\":{\"integration\":\"x\"}") && !called.contains("s3cret"), "{called}");
    assert!(!called.to_ascii_lowercase().contains("authorization"), "{called}");

    // On request, and with another mapping; with the same one there is nothing to say.
    test.request("PATCH", "/v1/integration/x", Some(&json!({ "title": "X" }))).await;
    test.request("PATCH", "/v1/integration/x", Some(&json!({}))).await;
    received(&listener).await;
    test.request("PUT", "/v1/integration/x/config", Some(&json!({ "config": { "token": "s3cret" } }))).await;
    test.request("PATCH", "/v1/integration/x/config", Some(&json!({ "config": {} }))).await;
    received(&listener).await;
    let nobody_else = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(nobody_else.is_err(), "called once each");
}
