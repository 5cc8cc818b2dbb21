//! Sizes of requests.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

#[tokio::test]
async fn thousands_of_references_fit_into_a_request() {
    let portal = TestPortal::new().await;
    let refs: Vec<String> =
        (0..5_000).map(|i| format!("component:default/a-rather-long-name-{i:06}")).collect();
    let body = json!({ "entityRefs": refs });
    assert!(body.to_string().len() > 200_000);
    let answer = portal.post("/api/catalog/entities/by-refs", &body).await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.json()["items"].as_array().map(|items| items.iter().filter(|i| i.is_null()).count()),
        Some(5_000)
    );
}

#[tokio::test]
async fn a_request_that_is_too_large_is_refused_in_backstages_shape() {
    let portal = TestPortal::new().await;
    let body = json!({ "entityRefs": ["x".repeat(2_000_000)] });
    let answer = portal.post("/api/catalog/entities/by-refs", &body).await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.json()["error"], json!({"name": "InputError", "message": "request entity too large"}));
}

#[tokio::test]
async fn a_predicate_that_nests_without_end_is_refused() {
    let portal = TestPortal::new().await;
    let text = format!("{{\"query\":{}{{}}{}}}", "{\"$not\":".repeat(5_000), "}".repeat(5_000));
    let request = http::Request::builder()
        .method("POST")
        .uri("/api/catalog/entities/by-query")
        .header("authorization", format!("Bearer {}", portal.token()))
        .header("content-type", "application/json")
        .body(text.into());
    let answer = portal.send(request.unwrap()).await;
    assert_eq!((answer.status, &answer.json()["error"]["name"]), (400, &Value::from("InputError")));
}
