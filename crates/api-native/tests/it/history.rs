//! What became of results: what moved, since when, over restarts; and what automations make of it.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_testkit::{MemoryStore, TestPortal};

use crate::stage::{NATIVE, made, native, ready, recorded, service, stage, stage_over};

const PAST: &str = "/scorecards/service/ready/history";

/// What moved, the oldest first: entity, from, to.
async fn moved(test: &TestPortal, path: &str) -> Vec<(String, Value, Value)> {
    let past = native(test, path).await;
    let all = past["moved"].as_array().unwrap().iter().rev();
    let one = |m: &Value| {
        (m["entity"]["identifier"].as_str().unwrap().to_owned(), m["from"].clone(), m["to"].clone())
    };
    all.map(one).collect()
}

fn step(entity: &str, from: &str, to: &str) -> (String, Value, Value) {
    (entity.to_owned(), json!(from), json!(to))
}

#[tokio::test(flavor = "multi_thread")]
async fn levels_and_results_that_move_are_written_down() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    recorded(&test).await;
    service(&test, "cart", "red", json!({"owned": "yes"})).await;
    recorded(&test).await;
    service(&test, "cart", "red", json!({"docs": "yes"})).await;
    recorded(&test).await;
    service(&test, "cart", "red", json!({"docs": "no"})).await;
    recorded(&test).await;
    assert_eq!(
        moved(&test, PAST).await,
        [step("cart", "Basic", "Bronze"), step("cart", "Bronze", "Silver"), step("cart", "Silver", "Bronze")]
    );
    let docs = moved(&test, &format!("{PAST}?rule=docs")).await;
    assert_eq!(docs, [step("cart", "notMeasured", "passed"), step("cart", "passed", "failed")]);
    let past = native(&test, PAST).await;
    assert!(past["since"].is_string(), "{past}");
    let today = past["points"].as_array().unwrap().last().unwrap();
    assert_eq!((&today["applies"], &today["levels"]["Bronze"]), (&json!(1), &json!(1)), "{today}");
    assert_eq!(today["rules"]["docs"], json!({"passed": 0, "failed": 1, "notMeasured": 0, "exempt": 0}));
    let shown = native(&test, "/entities/service/cart/scorecards").await;
    assert!(shown["scorecards"][0]["rules"][1]["since"].is_string(), "{shown}");
    assert_eq!(test.get(&format!("{NATIVE}/scorecards/service/none/history")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_outlives_restarts_and_renames() {
    let store: Arc<MemoryStore> = Arc::default();
    let test = stage_over(Arc::clone(&store)).await;
    service(&test, "cart", "red", json!({})).await;
    service(&test, "shop", "red", json!({})).await;
    recorded(&test).await;
    service(&test, "cart", "red", json!({"owned": "yes"})).await;
    recorded(&test).await;
    let since = native(&test, PAST).await["since"].clone();
    test.portal.stop_runs().await;
    test.portal.end_feeds();
    // Nobody looks while this changes.
    service(&test, "shop", "red", json!({"owned": "yes", "docs": "yes"})).await;
    drop(test);
    let test = TestPortal::builder().store(store).start().await;
    recorded(&test).await;
    let told = [step("cart", "Basic", "Bronze"), step("shop", "Basic", "Silver")];
    assert_eq!(moved(&test, PAST).await, told);
    assert_eq!(native(&test, PAST).await["since"], since);
    let mut renamed = ready();
    renamed["identifier"] = json!("fit");
    made(&test.request("PUT", "/v1/blueprints/service/scorecards/ready", Some(&renamed)).await);
    recorded(&test).await;
    assert_eq!(moved(&test, "/scorecards/service/fit/history").await, told);
    // Another one of the old name has a past of its own.
    made(&test.post("/v1/blueprints/service/scorecards", &ready()).await);
    recorded(&test).await;
    assert_eq!(moved(&test, PAST).await, []);
    made(&test.request("DELETE", "/v1/blueprints/service/scorecards/fit", None).await);
    recorded(&test).await;
    renamed["title"] = json!("Fit");
    made(&test.post("/v1/blueprints/service/scorecards", &renamed).await);
    recorded(&test).await;
    assert_eq!(moved(&test, "/scorecards/service/fit/history").await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_does_not_see_all_is_told_of_what_is_seen() {
    let test = stage().await;
    service(&test, "cart", "red", json!({})).await;
    service(&test, "vault", "blue", json!({})).await;
    recorded(&test).await;
    for name in ["cart", "vault"] {
        service(&test, name, if name == "cart" { "red" } else { "blue" }, json!({"owned": "yes"})).await;
    }
    recorded(&test).await;
    let closed = json!({"entities": {"read": {"ownedByTeam": true}}});
    made(&test.request("PATCH", "/v1/blueprints/service/permissions", Some(&closed)).await);
    let rosa = test.member_of("rosa@larkfell.example", &["red"]).await;
    let answer = test.request_as(&rosa, "GET", &format!("{NATIVE}{PAST}"), None).await;
    let past = answer.json();
    assert_eq!(past["points"], json!([]), "{past}");
    let names: Vec<&Value> =
        past["moved"].as_array().unwrap().iter().map(|m| &m["entity"]["identifier"]).collect();
    assert_eq!(names, ["cart"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_degrades_sets_an_automation_going() {
    let test = stage().await;
    let note = json!({"identifier": "note", "schema": {"properties": {"text": {"type": "string"}}}});
    made(&test.post("/v1/blueprints", &note).await);
    let automation = json!({
        "identifier": "degraded", "publish": true,
        "trigger": {"type": "automation",
            "event": {"type": "ENTITY_UPDATED", "blueprintIdentifier": "_rule_result"},
            "condition": {"type": "JQ", "expressions": [".diff.after.properties.result == \"Not passed\""]}},
        "invocationMethod": {"type": "UPSERT_ENTITY", "blueprintIdentifier": "note", "mapping": {
            "identifier": "{{ .event.diff.after.properties.entity }}",
            "properties": {"text": "{{ .event.context.entityIdentifier }} {{ .event.diff.before.properties.result }}"}}}
    });
    made(&test.post("/v1/actions", &automation).await);
    service(&test, "cart", "red", json!({"owned": "yes"})).await;
    recorded(&test).await;
    service(&test, "cart", "red", json!({"owned": "no"})).await;
    let mut changes = test.portal.run_changes();
    let wait = async {
        loop {
            let note = test.get("/v1/blueprints/note/entities/cart").await.json();
            if let Some(text) = note["entity"]["properties"]["text"].as_str() {
                return text.to_owned();
            }
            let _ = changes.recv().await;
        }
    };
    let text = tokio::time::timeout(std::time::Duration::from_secs(20), wait).await.unwrap();
    assert_eq!(text, "service/ready/owned/cart Passed");
}
