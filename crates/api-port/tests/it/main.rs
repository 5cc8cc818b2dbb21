//! Port's dialect against the case files of `tests/compat/port`, and what those cannot say.

#![expect(clippy::unwrap_used, reason = "the whole program is a test: what fails here should stop it")]

mod case;

use std::path::Path;

use axum::body::Body;
use serde_json::json;
use stagedoor_testkit::TestPortal;

#[tokio::test]
async fn case_files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/port");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|e| e == "yaml"));
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
