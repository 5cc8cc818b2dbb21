//! Port's dialect against the case files of `tests/compat/port`, and what those cannot say.

#![expect(clippy::unwrap_used, reason = "the whole program is a test: what fails here should stop it")]

mod actions;
mod agents;
mod approvals;
mod case;
mod computed;
mod polling;
mod search;
mod workflows;

use std::path::{Path, PathBuf};

use axum::body::Body;
use serde_json::json;
use stagedoor_testkit::TestPortal;

#[tokio::test]
async fn case_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/port");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    // The table of endpoints names cases and has none.
    let cases =
        |path: &PathBuf| path.extension().is_some_and(|e| e == "yaml") && !path.ends_with("endpoints.yaml");
    files.retain(cases);
    // `CASES=pages` for those alone whose name begins so.
    if let Ok(only) = std::env::var("CASES") {
        files.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(&only)));
    }
    files.sort();
    assert!(!files.is_empty(), "no case files in {}", folder.display());
    let mut failures = Vec::new();
    for file in files {
        failures.extend(case::run(&file).await);
    }
    assert!(failures.is_empty(), "{} failed:\n{}", failures.len(), failures.join("\n"));
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_refused() {
    let portal = TestPortal::new().await;
    portal.post("/v1/blueprints", &json!({"identifier": "b", "title": "B"})).await;
    for (size, status) in [(1_000_000, 201), (1_100_000, 413)] {
        let body = json!({"identifier": "e", "properties": {"text": "x".repeat(size)}});
        let answer = portal.post("/v1/blueprints/b/entities", &body).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        if status == 413 {
            assert_eq!(answer.json()["message"], "Request body is too large (limit is 1MiB)");
        }
    }
}

#[tokio::test]
async fn a_body_needs_no_content_type() {
    let portal = TestPortal::new().await;
    let request = http::Request::builder()
        .method("POST")
        .uri("/v1/blueprints")
        .header("authorization", format!("Bearer {}", portal.token()))
        .body(Body::from(r#"{"identifier":"b","title":"B"}"#))
        .unwrap();
    assert_eq!(portal.send(request).await.status, 201);
}

/// Pages of a blueprint with more entities than the walk of small selections takes, also while some go.
#[tokio::test]
async fn pages_neither_repeat_nor_skip() {
    let portal = TestPortal::new().await;
    portal.post("/v1/blueprints", &json!({"identifier": "b", "title": "B"})).await;
    for batch in 0..105 {
        let entities: Vec<_> =
            (0..20).map(|i| json!({"identifier": format!("e{:04}", (batch * 20 + i) * 11 % 2100)})).collect();
        let answer = portal.post("/v1/blueprints/b/entities/bulk", &json!({ "entities": entities })).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }
    let mut seen = Vec::new();
    let mut body = json!({"limit": 500, "include": ["$identifier"]});
    loop {
        let page = portal.post("/v1/blueprints/b/entities/search", &body).await.json();
        let ids =
            page["entities"].as_array().unwrap().iter().map(|e| e["identifier"].as_str().unwrap().to_owned());
        seen.extend(ids);
        // The cursor is a key: it holds although its entity goes.
        let last = seen.last().unwrap();
        portal.request("DELETE", &format!("/v1/blueprints/b/entities/{last}"), None).await;
        match page.get("next") {
            Some(next) => body["from"] = next.clone(),
            None => break,
        }
    }
    let expected: Vec<String> = (0..2100).map(|i| format!("e{i:04}")).collect();
    assert_eq!(seen, expected);
}

/// What a file states is read through this dialect by the same rules as what was written through it.
#[tokio::test]
async fn documents_have_a_port_face() {
    let portal = TestPortal::new().await;
    let documents = r"
apiVersion: backstage.io/v1alpha1
kind: Group
metadata: {name: orders-team}
spec: {type: team, children: []}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: orders-service, tags: [java]}
spec: {type: service, lifecycle: production, owner: orders-team}
---
apiVersion: backstage.io/v1alpha1
kind: Component
metadata: {name: web, title: The Web}
spec: {type: website, lifecycle: production, owner: group:default/none}
";
    let sent = portal.documents(documents).await;
    assert_eq!(sent.status, 200, "{}", sent.text());
    let one = portal.get("/v1/blueprints/component/entities/component%3Adefault%2Forders-service").await;
    let entity = &one.json()["entity"];
    assert_eq!(entity["title"], "orders-service", "{}", one.text());
    assert_eq!(entity["team"], json!(["orders-team"]));
    assert_eq!(entity["properties"]["type"], "service");
    assert_eq!(entity["relations"]["owningGroup"], "group:default/orders-team");
    let (orders, web) = ("component:default/orders-service", "component:default/web");
    for (property, operator, value, expected) in [
        ("type", "=", json!("service"), vec![orders]),
        ("type", "=", json!("Service"), vec![]),
        ("lifecycle", "beginsWith", json!("prod"), vec![orders, web]),
        ("owningGroup", "=", json!("group:default/orders-team"), vec![orders]),
        ("owningGroup", "in", json!(["group:default/none"]), vec![web]),
        ("owningGroup", "isNotEmpty", json!(null), vec![orders, web]),
        ("$team", "contains", json!("orders-team"), vec![orders]),
        ("$title", "=", json!("The Web"), vec![web]),
        ("$identifier", "endsWith", json!("/web"), vec![web]),
    ] {
        let rule = json!({"property": property, "operator": operator, "value": value});
        let body = json!({"query": {"combinator": "and", "rules": [rule]}, "include": ["identifier"]});
        let answer = portal.post("/v1/blueprints/component/entities/search", &body).await;
        let entities: Vec<_> = expected.iter().map(|i| json!({"identifier": i})).collect();
        assert_eq!(answer.json(), json!({"ok": true, "entities": entities}), "{rule}");
    }
}
