//! Questions that are meant to cost (attack case 35): a clear answer in a moment, and the portal goes on.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal};

use crate::support::{Ask, assert_shape, component, database};

/// No answer may take longer, in an unoptimised build on a busy machine.
const SOON: Duration = Duration::from_secs(5);

async fn portal() -> TestPortal {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    for i in 0..20 {
        let relations =
            json!({ "replicaOf": if i > 0 { json!(format!("d{}", i - 1)) } else { Value::Null } });
        let body =
            json!({ "identifier": format!("d{i}"), "properties": { "engine": "x" }, "relations": relations });
        portal.merge("database", body).await;
    }
    portal.accept(&component("a")).await;
    portal
}

/// Asserts a client's fault with words, quickly and without repeating the question.
fn assert_refused(path: &str, what: &str, began: Instant, answer: &Answer) {
    let start: String = answer.text().chars().take(300).collect();
    assert!((400..500).contains(&answer.status), "{what}: {path}: {} {start}", answer.status);
    assert_shape(path, answer.status, answer);
    assert!(answer.body.len() < 10_000, "{what}: {path}: the refusal repeats the question");
    assert!(began.elapsed() < SOON, "{what}: {path}: {:?}", began.elapsed());
}

#[tokio::test]
async fn a_path_of_a_hundred_thousand_hops() {
    let portal = portal().await;
    // As long as a body may be.
    let hops = vec!["replicaOf"; 80_000];
    let path = hops.join(".");
    let rule = |property: Value| json!({ "combinator": "and", "rules": [{ "property": property, "operator": "matchAny", "value": ["d0"] }] });
    let mirror = json!({
        "identifier": "m", "schema": { "properties": {} }, "relations": {},
        "mirrorProperties": { "far": { "path": format!("{path}.engine") } }
    });
    let aggregation = json!({
        "identifier": "n", "schema": { "properties": {} },
        "aggregationProperties": { "far": { "target": "database", "calculationSpec": { "calculationBy": "entities", "func": "count" },
            "pathFilter": [{ "path": hops, "fromBlueprint": "database" }] } }
    });
    for (path, body) in [
        ("/v1/entities/search", rule(json!({ "path": hops }))),
        ("/v1/entities/search", rule(json!({ "path": hops, "fromBlueprint": "database" }))),
        ("/v1/entities/search", rule(json!({ "path": [{ "relation": "replicaOf", "maxHops": 100_000 }] }))),
        ("/v1/blueprints", mirror),
        ("/v1/blueprints", aggregation),
    ] {
        let began = Instant::now();
        let answer = portal.post(path, &body).await;
        assert_refused(path, "a long path", began, &answer);
    }
    for query in ["depth=100000", "limit=100000000", "depth=-1", "depth=99999999999999999999"] {
        let path = format!("/api/stagedoor/v1/graph?blueprint=database&identifier=d0&{query}");
        let began = Instant::now();
        let answer = portal.get(&path).await;
        assert_refused(&path, "a deep graph", began, &answer);
    }
}

#[tokio::test]
async fn pages_far_away_and_lists_without_end() {
    let portal = portal().await;
    for (path, body) in [
        (
            "/api/stagedoor/v1/tables",
            json!({ "blueprint": "database", "offset": 1_000_000, "limit": 1_000_000 }),
        ),
        ("/api/catalog/entities/by-query", json!({ "offset": 1_000_000, "limit": 1_000_000 })),
        (
            "/v1/blueprints/database/entities/search",
            json!({ "limit": 1000, "query": { "combinator": "and", "rules": [] } }),
        ),
    ] {
        let began = Instant::now();
        let answer = portal.post(path, &body).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{path}: {}", answer.text());
        assert!(began.elapsed() < SOON, "{path}: {:?}", began.elapsed());
    }
    for path in [
        "/api/catalog/entities?offset=1000000&limit=1000000",
        "/api/catalog/entities/by-query?offset=1000000",
        "/api/catalog/entities?limit=99999999999999999999",
        "/api/catalog/entities?offset=-1",
    ] {
        let began = Instant::now();
        let answer = portal.get(path).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{path}: {}", answer.text());
        assert!(began.elapsed() < SOON, "{path}: {:?}", began.elapsed());
    }
}

#[tokio::test]
async fn long_lists_of_values_and_hard_patterns() {
    let portal = portal().await;
    let many: Vec<String> = (0..60_000).map(|i| format!("value-{i}")).collect();
    let rules = |rule: Value| json!({ "combinator": "and", "rules": [rule] });
    for (path, body) in [
        ("/v1/entities/search", rules(json!({ "property": "engine", "operator": "in", "value": many }))),
        ("/v1/entities/search", rules(json!({ "property": "engine", "operator": "contains", "value": "*" }))),
        ("/v1/entities/search", rules(json!({ "property": "engine", "operator": "=", "value": "(a+)+$" }))),
        ("/api/catalog/entities/by-query", json!({ "query": { "metadata.name": { "$in": many } } })),
        ("/api/catalog/entities/by-refs", json!({ "entityRefs": many })),
        (
            "/api/permission/authorize",
            json!({ "items": [{ "id": "1", "resourceRef": many,
            "permission": { "type": "resource", "name": "catalog.entity.delete", "attributes": {} } }] }),
        ),
    ] {
        let began = Instant::now();
        let answer = portal.post(path, &body).await;
        let start: String = answer.text().chars().take(300).collect();
        assert!(
            answer.status == 200 || (400..500).contains(&answer.status),
            "{path}: {} {start}",
            answer.status
        );
        assert!(began.elapsed() < SOON, "{path}: {:?}", began.elapsed());
    }
    // A pattern of a blueprint is judged once, and takes time in the length of a text only.
    let pattern = json!({
        "identifier": "p", "schema": { "properties": { "v": { "type": "string", "pattern": "^(a+)+$" } } }
    });
    assert_eq!(portal.post("/v1/blueprints", &pattern).await.status, 201);
    let began = Instant::now();
    let body = json!({ "identifier": "x", "properties": { "v": format!("{}!", "a".repeat(100_000)) } });
    assert_eq!(portal.post("/v1/blueprints/p/entities", &body).await.status, 422);
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    for search in ["*", "%", "a b c d e f g h i j k l m n o p q r s t u v w x y z", "\u{0}"] {
        let text = crate::support::encode(search);
        let path = format!("/api/catalog/entities/by-query?fullTextFilterTerm={text}");
        assert_eq!(portal.get(&path).await.status, 200, "{search}");
    }
}
