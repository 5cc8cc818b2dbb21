//! What integrations see that ask again and again.

use std::time::UNIX_EPOCH;

use serde_json::json;
use stagedoor_model::Timestamp;
use stagedoor_testkit::TestPortal;

/// The Kubernetes exporter resyncs when `updatedAt` is another one, and its users save a mapping to make it.
#[tokio::test]
async fn a_mapping_saved_unchanged_is_an_update() {
    let portal = TestPortal::new().await;
    let made = portal.post("/v1/integration", &json!({"installationId": "k", "config": {}})).await.json();
    let updated = |answer: &serde_json::Value| answer["integration"]["updatedAt"].clone();
    let path = "/v1/integration/k";
    let read = portal.get(path).await.json();
    assert_eq!(updated(&read), updated(&made), "reading is no update");
    // Times have milliseconds: it ends within one.
    let at = Timestamp::parse(updated(&made).as_str().unwrap()).unwrap();
    while u128::try_from(at.0).unwrap() >= UNIX_EPOCH.elapsed().unwrap().as_millis() {}
    let saved = portal.request("PATCH", path, Some(&json!({"config": {}}))).await.json();
    assert_eq!(saved["ok"], true);
    assert_ne!(updated(&saved), updated(&made));
    assert_eq!(updated(&portal.get(path).await.json()), updated(&saved));
}
