//! Input that is wrong, hostile or huge: a clear refusal in the dialect's own shape, nothing lost, and the
//! portal answers afterwards.

mod huge;

use axum::body::Body;
use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal};

use crate::support::{Ask, Folder, assert_shape, component, component_with, database, send};

const DOCUMENTS: &str = "/api/stagedoor/v1/documents";
/// Every route that takes a body, with its method.
const BODIES: [(&str, &str); 13] = [
    ("POST", "/v1/blueprints"),
    ("PUT", "/v1/blueprints/database"),
    ("PATCH", "/v1/blueprints/database"),
    ("POST", "/v1/blueprints/database/entities"),
    ("PUT", "/v1/blueprints/database/entities/a"),
    ("PATCH", "/v1/blueprints/database/entities/a"),
    ("POST", "/v1/blueprints/database/entities/bulk"),
    ("POST", "/v1/blueprints/database/entities/search"),
    ("POST", "/v1/entities/search"),
    ("POST", "/api/catalog/entities/by-query"),
    ("POST", "/api/catalog/entities/by-refs"),
    ("POST", "/api/catalog/entity-facets"),
    ("POST", "/api/stagedoor/v1/tables"),
];

/// A portal that has something to lose, and proves afterwards that it did not.
struct Besieged {
    portal: TestPortal,
    before: (Value, u64),
}

impl Besieged {
    async fn new() -> Self {
        let portal = TestPortal::new().await;
        portal.blueprint(database()).await;
        portal.merge("database", json!({ "identifier": "a", "properties": { "engine": "x" } })).await;
        portal.accept(&component("a")).await;
        let before = (portal.everything().await, portal.revision());
        Self { portal, before }
    }

    async fn json(&self, method: &str, path: &str, body: impl Into<Body>) -> Answer {
        send(&self.portal, method, path, &[("content-type", "application/json")], body).await
    }

    /// Asserts a refusal: a client's fault, in the right shape, with a text.
    async fn refuses(&self, method: &str, path: &str, body: impl Into<Body>, what: &str) {
        let answer = self.json(method, path, body).await;
        assert!(
            (400..500).contains(&answer.status),
            "{what}: {method} {path}: {} {}",
            answer.status,
            start(&answer)
        );
        assert_shape(path, answer.status, &answer);
        assert!(answer.body.len() < 10_000, "{what}: {method} {path}: the refusal repeats the input");
    }

    /// Asserts that documents are rejected, each with a place and a text.
    async fn rejects(&self, documents: &str, what: &str) -> Value {
        let answer = self.portal.documents(documents).await;
        assert_eq!(answer.status, 422, "{what}: {}", start(&answer));
        let report = answer.json();
        for rejected in report["rejected"].as_array().unwrap() {
            assert!(
                rejected["line"].as_u64().unwrap() > 0 && rejected["column"].as_u64().unwrap() > 0,
                "{what}: {rejected}"
            );
            assert!(
                rejected["message"].as_str().is_some_and(|m| !m.is_empty() && m.len() < 2000),
                "{what}: {}",
                start(&answer)
            );
        }
        report
    }

    async fn survived(self) {
        assert_eq!((self.portal.everything().await, self.portal.revision()), self.before);
        self.portal.accept(&component("still-here")).await;
        assert_eq!(self.portal.uid("component:default/still-here").await.len(), 36);
    }
}

fn start(answer: &Answer) -> String {
    answer.text().chars().take(300).collect()
}

fn deep(depth: usize) -> String {
    "[".repeat(depth) + &"]".repeat(depth)
}

#[tokio::test]
async fn malformed_json() {
    let besieged = Besieged::new().await;
    for (method, path) in BODIES {
        for body in [
            "",
            "{",
            "{\"a\":}",
            "{'a':1}",
            "nul",
            "{\"a\":1}{",
            "\u{feff}{",
            "[1,]",
            "{\"a\":1e999999}",
            "\"\\ud800\"",
        ] {
            // Backstage takes no body for an empty one.
            if !(body.is_empty() && path.starts_with("/api/catalog/")) {
                besieged.refuses(method, path, body, body).await;
            }
        }
    }
    besieged.survived().await;
}

#[tokio::test]
async fn wrong_types() {
    let besieged = Besieged::new().await;
    for (method, path) in BODIES {
        for body in ["null", "1", "\"text\"", "true", "[]", "[[]]"] {
            besieged.refuses(method, path, body, body).await;
        }
    }
    let wrong = [
        ("/v1/blueprints", json!({ "identifier": 1 })),
        ("/v1/blueprints", json!({ "identifier": "b", "schema": [] })),
        (
            "/v1/blueprints",
            json!({ "identifier": "b", "schema": { "properties": { "p": { "type": "integral" } } } }),
        ),
        ("/v1/blueprints", json!({ "identifier": "b", "schema": { "properties": { "p": 1 } } })),
        (
            "/v1/blueprints",
            json!({ "identifier": "b", "schema": { "properties": {} }, "relations": { "r": { "target": {} } } }),
        ),
        ("/v1/blueprints", json!({ "identifier": "b", "schema": { "properties": {} }, "relations": [] })),
        (
            "/v1/blueprints",
            json!({ "identifier": "b", "schema": { "properties": { "p": { "type": "string", "pattern": "(" } } } }),
        ),
        ("/v1/blueprints/database/entities", json!({ "identifier": {} })),
        ("/v1/blueprints/database/entities", json!({ "identifier": "b", "properties": [] })),
        (
            "/v1/blueprints/database/entities",
            json!({ "identifier": "b", "properties": { "version": "one" } }),
        ),
        (
            "/v1/blueprints/database/entities",
            json!({ "identifier": "b", "relations": { "replicaOf": ["a"] } }),
        ),
        (
            "/v1/blueprints/database/entities",
            json!({ "identifier": "b", "relations": { "replicaOf": true } }),
        ),
        ("/v1/blueprints/database/entities", json!({ "identifier": "b", "relations": { "unknown": "a" } })),
        ("/v1/blueprints/database/entities", json!({ "identifier": "b", "title": 1, "team": 2 })),
        ("/v1/blueprints/database/entities/bulk", json!({ "entities": {} })),
        ("/v1/entities/search", json!({ "combinator": "nand", "rules": [] })),
        (
            "/v1/entities/search",
            json!({ "combinator": "and", "rules": [{ "property": "x", "operator": "resembles", "value": 1 }] }),
        ),
        ("/v1/entities/search", json!({ "combinator": "and", "rules": {} })),
        ("/api/catalog/entities/by-query", json!({ "query": [] })),
        ("/api/catalog/entities/by-query", json!({ "query": { "kind": { "$regex": "." } } })),
        ("/api/catalog/entities/by-query", json!({ "limit": "ten" })),
        ("/api/catalog/entities/by-refs", json!({ "entityRefs": "component:a" })),
        ("/api/catalog/entities/by-refs", json!({ "entityRefs": [1] })),
        ("/api/catalog/entity-facets", json!({ "facets": {} })),
        ("/api/stagedoor/v1/tables", json!({ "blueprint": 1 })),
        ("/api/stagedoor/v1/tables", json!({ "blueprint": "database", "limit": -1 })),
        (
            "/api/stagedoor/v1/tables",
            json!({ "blueprint": "database", "sort": [{ "field": "a.b.c", "order": "asc" }] }),
        ),
        ("/api/stagedoor/v1/tables", json!({ "blueprint": "database", "query": "tier = = gold" })),
        ("/api/stagedoor/v1/tables", json!({ "query": { "combinator": "xor", "rules": [] } })),
        ("/api/stagedoor/v1/tables", json!({ "columns": ["$nothing"] })),
        ("/api/stagedoor/v1/tables/export", json!({ "query": "(", "format": "csv" })),
        ("/api/stagedoor/v1/query", json!({})),
    ];
    for (path, body) in wrong {
        besieged.refuses("POST", path, body.to_string(), &body.to_string()).await;
    }
    for path in [
        "/api/catalog/entities?filter==x",
        "/api/catalog/entities?limit=x",
        "/api/catalog/entities/by-query?limit=-1",
        "/api/catalog/entities/by-query?cursor=nonsense",
        "/api/catalog/entities?unknown=1",
        "/api/catalog/entities?after=@@",
        "/api/stagedoor/v1/entity",
        "/api/stagedoor/v1/suggest?limit=x",
        "/api/search/query?pageCursor=nonsense",
        "/api/search/query?types%5B0%5D=nonsense",
        "/api/catalog/entities?fields=a%5B0%5D",
    ] {
        besieged.refuses("GET", path, Body::empty(), path).await;
    }
    besieged.survived().await;
}

#[tokio::test]
async fn an_unknown_blueprint() {
    let besieged = Besieged::new().await;
    for (method, path, body) in [
        ("GET", "/v1/blueprints/none", json!(null)),
        ("PUT", "/v1/blueprints/none", json!({ "identifier": "none", "schema": { "properties": {} } })),
        ("DELETE", "/v1/blueprints/none", json!(null)),
        ("GET", "/v1/blueprints/none/entities", json!(null)),
        ("POST", "/v1/blueprints/none/entities", json!({ "identifier": "a" })),
        ("POST", "/v1/blueprints/none/entities/bulk", json!({ "entities": [{ "identifier": "a" }] })),
        ("GET", "/v1/blueprints/none/entities/a", json!(null)),
        ("DELETE", "/v1/blueprints/none/entities/a", json!(null)),
        ("GET", "/v1/blueprints/database/entities/none", json!(null)),
        (
            "POST",
            "/v1/blueprints",
            json!({ "identifier": "b", "schema": { "properties": {} }, "relations": { "r": { "target": "none" } } }),
        ),
        ("GET", "/api/catalog/entities/by-name/none/default/a", json!(null)),
        ("GET", "/api/catalog/entities/by-uid/none", json!(null)),
        ("POST", "/api/stagedoor/v1/tables", json!({ "blueprint": "none" })),
        ("GET", "/api/stagedoor/v1/entity?blueprint=none&identifier=a", json!(null)),
    ] {
        let answer = besieged.json(method, path, body.to_string()).await;
        assert_shape(path, 404, &answer);
        assert!(answer.text().contains("none"), "{path}: {}", answer.text());
    }
    besieged.rejects("apiVersion: x/v1\nkind: None\nmetadata: {name: a}\n", "kind").await;
    besieged.rejects("{\"identifier\": \"a\", \"blueprint\": \"none\"}", "blueprint").await;
    besieged.survived().await;
}

#[tokio::test]
async fn nul_bytes() {
    let besieged = Besieged::new().await;
    let path = "/v1/blueprints/database/entities";
    besieged.refuses("POST", path, "{\"identifier\":\"a\\u0000b\"}", "identifier").await;
    besieged
        .refuses(
            "POST",
            "/v1/blueprints",
            "{\"identifier\":\"\\u0000\",\"schema\":{\"properties\":{}}}",
            "blueprint",
        )
        .await;
    besieged.refuses("POST", path, "{\"identifier\":\"b\0\"}", "raw").await;
    besieged.rejects(&component("a\0b"), "in a document").await;
    besieged.rejects(&component("\"a\\0b\""), "as an escape").await;
    for path in [
        "/v1/blueprints/%00",
        "/v1/blueprints/database/entities/%00",
        "/api/catalog/entities/by-name/component/default/%00",
        "/api/stagedoor/v1/entity?blueprint=database&identifier=%00",
    ] {
        assert_shape(path, 404, &besieged.portal.get(path).await);
    }
    assert_eq!(besieged.portal.filtered("spec.type=%00").await, Vec::<String>::new());
    // In a value it is a character like any other.
    let portal = &besieged.portal;
    portal.merge("database", json!({ "identifier": "nul", "properties": { "engine": "a\u{0}b" } })).await;
    assert_eq!(portal.port("database", "nul").await["properties"]["engine"], "a\u{0}b");
    assert_eq!(portal.filtered("spec.engine=a%00b").await, ["database:default/nul"]);
}

#[tokio::test]
async fn bytes_that_are_no_text() {
    let besieged = Besieged::new().await;
    for bytes in [&b"\xff\xfe{}"[..], b"{\"identifier\":\"\xc3\x28\"}", b"\xed\xa0\x80", b"{\"\xff\":1}"] {
        for (method, path) in BODIES.into_iter().chain([("POST", DOCUMENTS)]) {
            besieged.refuses(method, path, bytes.to_vec(), "invalid UTF-8").await;
        }
    }
    for path in [
        "/v1/blueprints/%ff",
        "/v1/blueprints/database/entities/%ff",
        "/api/catalog/entities/by-name/component/default/%ff",
        "/api/catalog/entities/by-uid/%ff",
        "/api/stagedoor/v1/entity?blueprint=%ff&identifier=a",
    ] {
        let answer = besieged.portal.get(path).await;
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert_shape(path, answer.status, &answer);
    }
    assert_eq!(besieged.portal.filtered("spec.type=%ff").await, Vec::<String>::new());
    besieged.survived().await;
}

#[tokio::test]
async fn a_compressed_body_is_refused_with_a_text() {
    let besieged = Besieged::new().await;
    // {} in gzip.
    let zipped = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00\x00\x00";
    for (method, path) in BODIES.into_iter().chain([("POST", DOCUMENTS)]) {
        let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
        let answer = send(&besieged.portal, method, path, &headers, zipped.to_vec()).await;
        assert!((400..500).contains(&answer.status), "{method} {path}: {}", answer.status);
        assert_shape(path, answer.status, &answer);
    }
    besieged.survived().await;
}

#[tokio::test]
async fn keys_that_are_traps_elsewhere_are_plain_keys() {
    let portal = TestPortal::new().await;
    let traps = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty"];
    let mut blueprint = database();
    blueprint["identifier"] = json!("constructor");
    for key in traps {
        blueprint["schema"]["properties"][key] = json!({ "type": "object" });
    }
    blueprint["relations"] = json!({});
    portal.blueprint(blueprint).await;
    let properties: Value =
        traps.iter().map(|k| ((*k).to_owned(), json!({ "__proto__": { "polluted": true } }))).collect();
    let body = json!({ "identifier": "__proto__", "properties": properties });
    assert_eq!(portal.merge("constructor", body).await.status, 201);
    assert_eq!(portal.port("constructor", "__proto__").await["properties"], properties);
    let document = json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": "Component",
        "metadata": { "name": "constructor", "annotations": { "constructor": "x" }, "__proto__": { "a": 1 } },
        "spec": { "type": "toString", "lifecycle": "l", "owner": "constructor", "__proto__": { "owner": "x" }, "constructor": [] }
    });
    assert_eq!(portal.post(DOCUMENTS, &document).await.status, 200);
    let found = portal.backstage("component:default/constructor").await;
    assert_eq!((&found["spec"], &found["metadata"]["__proto__"]), (&document["spec"], &json!({ "a": 1 })));
    assert_eq!(portal.filtered("spec.__proto__.owner=x").await, ["component:default/constructor"]);
    for key in traps {
        let path = format!("/api/catalog/entity-facets?facet={key}&facet=spec.{key}");
        assert_eq!(portal.get(&path).await.status, 200);
        let search = json!({ "combinator": "and", "rules": [{ "property": key, "operator": "isNotEmpty" }] });
        assert_eq!(portal.post("/v1/entities/search", &search).await.status, 200, "{key}");
    }
}

#[tokio::test]
async fn a_file_that_is_bad_in_every_way_harms_no_other() {
    let folder = Folder::new();
    folder.write("good.yaml", &component("good"));
    let portal = folder.portal(&["*.yaml"]).await;
    let uid = portal.uid("component:default/good").await;
    for (i, bad) in [
        "[".repeat(10_000),
        deep(10_000),
        "\0".repeat(1000),
        "a: &a [*a]".into(),
        "%YAML 9.9\n---\n- x".into(),
        "- ".repeat(50_000),
        "\u{feff}x".into(),
    ]
    .iter()
    .enumerate()
    {
        folder.write(&format!("bad{i}.yaml"), bad);
    }
    std::fs::write(folder.path("bytes.yaml"), [0xff; 1000]).unwrap();
    std::fs::create_dir(folder.path("folder.yaml")).unwrap();
    folder.write("huge.yaml", &"x".repeat(11 * 1024 * 1024));
    portal.sync().await;
    assert_eq!(portal.uid("component:default/good").await, uid);
    let problems = portal.sources().await[0]["problems"].clone();
    for i in 0..7 {
        assert!(problems.to_string().contains(&format!("bad{i}.yaml")), "{i}: {problems}");
    }
    assert!(problems.to_string().contains("bytes.yaml") && problems.to_string().contains("huge.yaml"));
    folder.write("good.yaml", &component_with("good", "n: 1"));
    portal.sync().await;
    assert_eq!(portal.backstage("component:default/good").await["spec"]["n"], 1);
}

/// Also where the web framework would answer by itself, without a body.
#[tokio::test]
async fn the_native_api_refuses_methods_in_its_own_shape() {
    let portal = TestPortal::new().await;
    for (method, path, allowed) in [("DELETE", "blueprints", "GET,HEAD"), ("GET", "tables", "POST")] {
        let path = format!("/api/stagedoor/v1/{path}");
        let answer = portal.request(method, &path, None).await;
        assert_shape(&path, 405, &answer);
        assert_eq!(answer.json()["error"]["code"], "method_not_allowed");
        assert_eq!(answer.header("allow"), allowed);
    }
}
