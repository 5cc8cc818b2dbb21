//! Too large, too deep, too many.

use serde_json::{Value, json};

use super::{BODIES, Besieged, DOCUMENTS, deep, start};
use crate::support::{Ask, assert_shape, component, component_with};

#[tokio::test]
async fn a_body_of_ten_megabytes() {
    let besieged = Besieged::new().await;
    let huge = format!("{{\"identifier\":\"{}\"}}", "x".repeat(10 * 1024 * 1024 + 1));
    for (method, path) in BODIES.into_iter().chain([("POST", DOCUMENTS)]) {
        let answer = besieged.json(method, path, huge.clone()).await;
        assert_shape(path, if path.starts_with("/api/catalog/") { 400 } else { 413 }, &answer);
    }
    let answer = besieged.json("POST", "/v1/auth/access_token", huge).await;
    assert_shape("/v1/auth/access_token", 413, &answer);
    besieged.survived().await;
}

#[tokio::test]
async fn a_body_of_a_megabyte_is_too_much_for_one_thing_and_fine_for_documents() {
    let besieged = Besieged::new().await;
    let large =
        json!({ "identifier": "large", "properties": { "text": "x".repeat(1024 * 1024) } }).to_string();
    assert_shape("/v1/", 413, &besieged.json("POST", "/v1/blueprints/database/entities", large).await);
    let text = component_with("large", &format!("text: {}", "x".repeat(2 * 1024 * 1024)));
    besieged.portal.accept(&text).await;
    let found = besieged.portal.backstage("component:default/large").await;
    assert_eq!(found["spec"]["text"].as_str().map(str::len), Some(2 * 1024 * 1024));
}

#[tokio::test]
async fn a_bomb_of_aliases() {
    let besieged = Besieged::new().await;
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..20 {
        bomb += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 10].join(", "));
    }
    besieged.rejects(&component_with("bomb", &bomb), "a bomb").await;
    besieged.rejects(&bomb, "a bare bomb").await;
    besieged.rejects(&component_with("loop", "me: &me [*me]"), "a loop").await;
    // Its neighbours are not harmed.
    let answer = besieged
        .portal
        .documents(&format!("{}---\n{}", component_with("bomb", &bomb), component("after")))
        .await;
    assert_eq!(
        (answer.status, &answer.json()["created"][0]["ref"]),
        (207, &json!("component:default/after"))
    );
}

#[tokio::test]
async fn a_document_ten_thousand_deep() {
    let besieged = Besieged::new().await;
    let nested = deep(10_000);
    for (method, path) in BODIES {
        for body in [
            nested.clone(),
            format!(
                "{{\"identifier\":\"d\",\"blueprint\":\"database\",\"query\":{nested},\"properties\":{{\"engine\":{nested}}}}}"
            ),
        ] {
            besieged.refuses(method, path, body, "deep").await;
        }
    }
    besieged.refuses("POST", "/v1/auth/access_token", nested.clone(), "deep").await;
    let block: String = (0..10_000).map(|i| format!("{}k:\n", " ".repeat(i))).collect();
    for (what, yaml) in [
        ("a list", nested.clone()),
        ("open brackets", "[".repeat(10_000)),
        ("maps", "{a: ".repeat(10_000)),
        ("dashes", "- ".repeat(10_000)),
        ("questions", "? ".repeat(10_000)),
        ("blocks", block.chars().take(9_000_000).collect()),
        ("inside", component_with("deep", &format!("deep: {nested}"))),
        (
            "JSON",
            json!({ "apiVersion": "backstage.io/v1alpha1" })
                .to_string()
                .replace('}', &format!(",\"kind\":{nested}}}")),
        ),
    ] {
        besieged.rejects(&yaml, what).await;
    }
    besieged.survived().await;
}

#[tokio::test]
async fn rules_that_nest_deeply() {
    let besieged = Besieged::new().await;
    let nest =
        |open: &str, leaf: &str, close: &str, depth: usize| open.repeat(depth) + leaf + &close.repeat(depth);
    let rules = nest(
        "{\"combinator\":\"and\",\"rules\":[",
        "{\"property\":\"$identifier\",\"operator\":\"=\",\"value\":\"a\"}",
        "]}",
        40,
    );
    let query = format!("{{\"query\":{}}}", nest("{\"$not\":", "{\"kind\":\"x\"}", "}", 100));
    for (path, body) in [("/v1/entities/search", rules), ("/api/catalog/entities/by-query", query)] {
        let answer = besieged.json("POST", path, body).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{path}: {}", start(&answer));
    }
    besieged.survived().await;
}

#[tokio::test]
async fn names_of_sixty_four_kilobytes() {
    let besieged = Besieged::new().await;
    let name = "n".repeat(64 * 1024);
    let property: Value = [(name.clone(), json!({ "type": "string" }))].into_iter().collect();
    let portal = &besieged.portal;
    for (path, body) in [
        ("/v1/blueprints", json!({ "identifier": "b", "schema": { "properties": property } })),
        ("/v1/blueprints", json!({ "identifier": name, "schema": { "properties": {} } })),
        ("/v1/blueprints/database/entities", json!({ "identifier": name })),
        ("/api/stagedoor/v1/tables", json!({ "blueprint": "database", "facets": [name] })),
    ] {
        let answer = portal.post(path, &body).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", start(&answer));
        assert_shape(path, answer.status, &answer);
    }
    let report = portal.documents(&component(&name)).await;
    assert_eq!(report.status, 422, "{}", start(&report));
    // What no blueprint declares may be called anything.
    let value: Value = [(name.clone(), json!("v"))].into_iter().collect();
    assert_eq!(
        portal.merge("database", json!({ "identifier": "long", "properties": value })).await.status,
        201
    );
    assert_eq!(portal.port("database", "long").await["properties"], value);
    assert_eq!(portal.backstage("database:default/long").await["spec"], value);
}

#[tokio::test]
async fn ten_thousand_filters() {
    let besieged = Besieged::new().await;
    let many = 10_000;
    let any: Vec<Value> = (0..many).map(|i| json!({ "metadata.name": format!("n{i}") })).collect();
    let rules: Vec<Value> = (0..many)
        .map(|i| json!({ "property": "$identifier", "operator": "!=", "value": format!("n{i}") }))
        .collect();
    let words = (0..many).map(|i| format!("n{i} ")).collect::<String>();
    let facets = vec!["engine"; many];
    for (path, body) in [
        ("/api/catalog/entities/by-query", json!({ "query": { "$any": any } })),
        ("/v1/entities/search", json!({ "combinator": "and", "rules": rules })),
        ("/api/stagedoor/v1/tables", json!({ "blueprint": "database", "query": words, "facets": facets })),
        ("/api/stagedoor/v1/tables", json!({ "query": words })),
        ("/api/stagedoor/v1/query", json!({ "text": words, "cursor": 40_000 })),
        ("/api/stagedoor/v1/query", json!({ "text": "(".repeat(many), "cursor": many })),
    ] {
        let answer = besieged.portal.post(path, &body).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{path}: {}", start(&answer));
        if answer.status != 200 {
            assert_shape(path, answer.status, &answer);
        }
    }
    let filters = "filter=a&".repeat(7_000);
    let facets = "facet=a&".repeat(7_000);
    for path in [format!("/api/catalog/entities?{filters}"), format!("/api/catalog/entity-facets?{facets}")] {
        let answer = besieged.portal.get(&path).await;
        assert!(answer.status == 200 || (400..500).contains(&answer.status), "{}", start(&answer));
    }
    besieged.survived().await;
}
