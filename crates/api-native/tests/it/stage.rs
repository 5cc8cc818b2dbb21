//! A portal with services, teams and a scorecard.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Value, json};
use stagedoor_model::Timestamp;
use stagedoor_testkit::{Answer, MemoryStore, TestPortal};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) const NATIVE: &str = "/api/stagedoor/v1";

/// The date so many days from now.
pub(crate) fn in_days(days: i64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis();
    let at = Timestamp(i64::try_from(now).unwrap() + days * 24 * 3600 * 1000);
    at.to_string().chars().take(10).collect()
}

/// A rule that a property has a value.
pub(crate) fn rule(identifier: &str, level: &str, property: &str) -> Value {
    json!({
        "identifier": identifier, "title": format!("Has {property}"), "level": level,
        "fix": {"text": format!("Say its {property}.")},
        "query": {"combinator": "and", "conditions": [{"property": property, "operator": "=", "value": "yes"}]},
    })
}

/// Owner and docs for bronze and silver.
pub(crate) fn ready() -> Value {
    json!({"identifier": "ready", "title": "Ready", "levels": [{"title": "Basic"}, {"title": "Bronze"}, {"title": "Silver"}], "rules": [rule("owned", "Bronze", "owned"), rule("docs", "Silver", "docs")]})
}

pub(crate) fn made(answer: &Answer) {
    assert!(matches!(answer.status, 200 | 201 | 204), "{} {}", answer.status, answer.text());
}

/// Blueprint `service` with a scorecard, and the teams `red` and `blue`.
pub(crate) async fn stage() -> TestPortal {
    stage_over(Arc::default()).await
}

pub(crate) async fn stage_over(store: Arc<MemoryStore>) -> TestPortal {
    let test = TestPortal::builder().store(store).start().await;
    let text = json!({"type": "string"});
    let blueprint = json!({"identifier": "service", "title": "Service", "schema": {"properties": {
        "owned": text, "docs": text, "kind": text}}});
    made(&test.post("/v1/blueprints", &blueprint).await);
    for team in ["red", "blue"] {
        made(&test.post("/v1/teams", &json!({ "name": team })).await);
    }
    made(&test.post("/v1/blueprints/service/scorecards", &ready()).await);
    test
}

/// Makes or changes a service.
pub(crate) async fn service(test: &TestPortal, identifier: &str, team: &str, properties: Value) {
    let body = json!({"identifier": identifier, "title": identifier.to_uppercase(), "team": [team], "properties": properties});
    made(&test.post("/v1/blueprints/service/entities?upsert=true&merge=true", &body).await);
}

/// Waits until what has happened so far has been written down.
pub(crate) async fn recorded(test: &TestPortal) {
    let wanted = test.portal.view(&test.viewer()).unwrap().revision();
    let mut seen = test.portal.scores_seen();
    let wait = seen.wait_for(|seen| *seen >= wanted);
    tokio::time::timeout(PATIENCE, wait).await.unwrap().unwrap();
}

pub(crate) async fn native(test: &TestPortal, path: &str) -> Value {
    let answer = test.get(&format!("{NATIVE}{path}")).await;
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.json()
}
