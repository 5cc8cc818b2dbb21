//! Writing through Port's dialect: what the case files of that dialect cannot say, because it shows in the other
//! dialect, in files or in the store.

use std::sync::Arc;

use axum::body::Body;
use serde_json::{Value, json};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_store_sql::SqliteStore;
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component, component_with, database, relations_of, send};

const MERGE: &str = "/v1/blueprints/database/entities?upsert=true&merge=true";
const BULK: &str =
    "/v1/blueprints/database/entities/bulk?upsert=true&merge=true&create_missing_related_entities=true";

async fn write_as(portal: &TestPortal, agent: &str, path: &str, body: Value) -> Value {
    let answer = send(portal, "POST", path, &[("user-agent", agent)], body.to_string()).await;
    assert!(answer.status < 300, "{}", answer.text());
    answer.json()
}

#[tokio::test]
async fn writing_what_is_there_already_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(&folder.path().join("stagedoor.db")).unwrap());
    let portal = TestPortal::builder().store(Arc::clone(&store) as Arc<dyn Store>).start().await;
    portal.blueprint(database()).await;
    let agent = "port-ocean/fake/0.1.3/my-int/exporter";
    let one = json!({ "identifier": "a", "title": "A", "icon": "I", "team": "red",
        "properties": { "engine": "postgres", "version": 17, "undeclared": [1], "tags": null }, "relations": { "replicaOf": "b" } });
    let bulk = json!({ "entities": [{ "identifier": "b", "title": "b" }, one] });
    write_as(&portal, agent, BULK, bulk.clone()).await;
    let (rows, revision, before) = (store.rows_written(), portal.revision(), portal.everything().await);

    write_as(&portal, agent, BULK, bulk.clone()).await;
    write_as(&portal, agent, MERGE, one.clone()).await;
    // Nor does another order of the keys, less of it, another version of the writer, or one without a name.
    let reordered = json!({ "relations": { "replicaOf": "b" }, "identifier": "a", "team": ["red"], "title": "A", "icon": "I",
        "properties": { "tags": null, "undeclared": [1], "version": 17, "engine": "postgres" } });
    write_as(&portal, agent, "/v1/blueprints/database/entities?upsert=true", reordered.clone()).await;
    write_as(&portal, &agent.replace("0.1.3", "0.2.0-dev"), MERGE, json!({ "identifier": "a" })).await;
    assert_eq!(portal.put("database", "a", reordered).await.status, 200);
    assert_eq!(portal.patch("database", "a", json!({ "properties": { "version": 17 } })).await.status, 200);
    let checked = format!("{MERGE}&validation_only=true");
    write_as(&portal, agent, &checked, json!({ "identifier": "a", "title": "Other" })).await;
    write_as(&portal, agent, &checked, json!({ "identifier": "new" })).await;
    // What is refused, too.
    let refused =
        json!({ "identifier": "c", "relations": { "replicaOf": "ghost" }, "properties": { "version": "x" } });
    assert_eq!(
        portal.post(&format!("{MERGE}&create_missing_related_entities=true"), &refused).await.status,
        422
    );
    assert_eq!((store.rows_written(), portal.revision()), (rows, revision));
    assert_eq!(portal.everything().await, before);

    // Another data source is news.
    write_as(&portal, "port-ocean/fake/0.1.3/other-int/exporter", MERGE, json!({ "identifier": "a" })).await;
    assert_eq!((store.rows_written(), portal.revision()), (rows + 3, revision + 1), "entity, change, commit");
    let found =
        json!({ "datasource_prefix": "port-ocean/fake/", "datasource_suffix": "/other-int/exporter" });
    let found = portal.post("/v1/blueprints/entities/datasource-entities", &found).await.json();
    assert_eq!(found["entities"][0]["identifier"], "a");
}

#[tokio::test]
async fn a_batch_is_one_commit() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let revision = portal.revision();
    let entities: Vec<_> = (0..20)
        .map(|i| json!({ "identifier": format!("d{i}"), "relations": { "replicaOf": "x" } }))
        .collect();
    assert_eq!(portal.post(BULK, &json!({ "entities": entities })).await.status, 200);
    assert_eq!(portal.revision(), revision + 1);
    let all: Vec<_> = (0..20).map(|i| format!("d{i}")).collect();
    let gone = portal.post("/v1/blueprints/database/bulk/entities/delete", &json!({ "entities": all })).await;
    assert_eq!(
        (gone.json(), portal.revision()),
        (json!({ "ok": true, "deletedEntities": all }), revision + 2)
    );
}

#[tokio::test]
async fn a_renamed_entity_is_the_same_thing() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "main", "title": "Main" })).await;
    portal.merge("database", json!({ "identifier": "copy", "relations": { "replicaOf": "main" } })).await;
    portal.accept(&component_with("web", "dependsOn: ['database:main']")).await;
    let uid = portal.uid("database:default/main").await;
    assert_eq!(portal.patch("database", "main", json!({ "identifier": "eu/Main" })).await.status, 200);
    assert_eq!(portal.uid("database:eu/main").await, uid);
    assert_eq!(portal.backstage("database:default/main").await, Value::Null);
    let metadata = portal.backstage("database:eu/main").await["metadata"].clone();
    assert_eq!((&metadata["name"], &metadata["namespace"]), (&json!("Main"), &json!("eu")));
    // What was written through Port follows; what a document says stays what it says.
    let copy = portal.backstage("database:default/copy").await;
    assert_eq!(relations_of(&copy), ["replicaOf database:eu/main"]);
    let web = portal.backstage("component:default/web").await;
    assert!(relations_of(&web).contains(&"dependsOn database:default/main".to_owned()), "{web}");
    // To a name that Backstage cannot have, and back after a restart.
    assert_eq!(
        portal.put("database", "eu/Main", json!({ "identifier": "größe", "title": "G" })).await.status,
        200
    );
    assert_eq!(portal.port("database", "copy").await["relations"]["replicaOf"], "größe");
    let before = portal.everything().await;
    drop(portal);
    let portal = TestPortal::builder().store(store).start().await;
    assert_eq!(portal.everything().await, before);
    assert_eq!(portal.patch("database", "größe", json!({ "identifier": "main" })).await.status, 200);
    assert_eq!(portal.uid("database:default/main").await, uid);
    // The document's dangling relation has its target again.
    let main = portal.backstage("database:default/main").await;
    assert_eq!(
        relations_of(&main),
        ["dependencyOf component:default/web", "replicaOfOf database:default/copy"]
    );
}

#[tokio::test]
async fn a_document_that_nobody_claims_is_renamed_with_its_entity() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal
        .accept("apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {name: a, annotations: {x: y}}\nspec: {engine: e, other: 1}\n")
        .await;
    assert_eq!(
        portal.patch("database", "a", json!({ "identifier": "a b".replace(' ', "@") })).await.status,
        200
    );
    let [reference] = &portal.filtered("kind=database").await[..] else { panic!() };
    let found = portal.backstage(reference).await;
    assert_eq!(found["metadata"]["annotations"], json!({ "x": "y", "stagedoor.io/identifier": "a@b" }));
    assert_eq!(portal.patch("database", "a@b", json!({ "identifier": "eu/c" })).await.status, 200);
    let found = portal.backstage("database:eu/c").await;
    assert_eq!(found["metadata"]["annotations"], json!({ "x": "y" }));
    assert_eq!((&found["spec"]["engine"], &found["spec"]["other"]), (&json!("e"), &json!(1)));
}

#[tokio::test]
async fn names_that_a_source_or_backstage_gives_are_kept() {
    let folder = Folder::new();
    folder.write("a.yaml", &component("a"));
    folder.write(
        "d.yaml",
        "apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {name: filed}\nspec: {}\n",
    );
    folder.write("0.json", &json!({ "blueprints": [database()] }).to_string());
    let portal = folder.portal(&["*.json", "*.yaml"]).await;
    assert_eq!(
        portal.merge("component", json!({ "identifier": "component:default/free" })).await.status,
        201
    );
    for (blueprint, from, to) in [
        ("component", "component:default/a", "component:default/b"),
        ("component", "component:default/free", "component:default/b"),
        ("database", "filed", "renamed"),
    ] {
        let answer = portal.put(blueprint, from, json!({ "identifier": to })).await;
        assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("protected_entity")), "{from}");
        let message = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(message.contains(from), "{message}");
        assert_eq!(portal.port(blueprint, to).await, Value::Null);
        assert_eq!(portal.port(blueprint, from).await["identifier"], from);
    }
}

#[tokio::test]
async fn what_a_source_owns_is_not_deleted_in_bulk() {
    let folder = Folder::new();
    folder.write("a.yaml", &component("a"));
    let portal = folder.portal(&["*.yaml"]).await;
    portal.merge("component", json!({ "identifier": "component:default/free" })).await;
    let body = json!({ "entities": ["component:default/a", "component:default/free"] });
    let path = "/v1/blueprints/component/bulk/entities/delete?delete_dependents=true";
    let gone = portal.post(path, &body).await.json();
    assert_eq!(gone, json!({ "ok": true, "deletedEntities": ["component:default/free"] }));
    assert_eq!(portal.port("component", "component:default/a").await["identifier"], "component:default/a");
}

#[tokio::test]
async fn a_relation_to_any_identifier_resolves_when_its_target_appears() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    for (i, odd) in ["größe", "a@b", "Team/X", "-a", "漢字"].into_iter().enumerate() {
        // Handed over in Port's form, relations may dangle.
        let from = format!("from{i}");
        let body = json!({ "blueprint": "database", "identifier": from, "relations": { "replicaOf": odd } });
        portal.accept(&body.to_string()).await;
        assert_eq!(portal.merge("database", json!({ "identifier": odd })).await.status, 201);
        assert_eq!(portal.port("database", &from).await["relations"]["replicaOf"], odd);
        let answer = portal
            .get(&format!("/v1/blueprints/database/entities/{from}?attach_title_to_relation=true"))
            .await;
        assert_eq!(answer.json()["entity"]["relations"]["replicaOf"]["identifier"], odd);
        let target = relations_of(&portal.backstage(&format!("database:default/{from}")).await);
        let reference = target[0].strip_prefix("replicaOf ").unwrap();
        let shown = portal.backstage(reference).await;
        assert_eq!(shown["metadata"]["annotations"]["stagedoor.io/identifier"], odd);
        assert_eq!(relations_of(&shown), [format!("replicaOfOf database:default/{from}")]);
    }
}

#[tokio::test]
async fn entities_of_files_relate_to_any_identifier() {
    let folder = Folder::new();
    let entities = json!([
        { "identifier": "a", "blueprint": "database", "relations": { "replicaOf": "größe" } },
        { "identifier": "größe", "blueprint": "database" },
    ]);
    folder.write("x.json", &json!({ "blueprints": [database()], "entities": entities }).to_string());
    let portal = folder.portal(&["*.json"]).await;
    assert_eq!(portal.port("database", "a").await["relations"]["replicaOf"], "größe");
    let a = portal.backstage("database:default/a").await;
    assert_eq!(relations_of(&a).len(), 1);
    let text = a["spec"]["replicaOf"].as_str().unwrap();
    assert_eq!(relations_of(&a)[0], format!("replicaOf {text}"));
}

#[tokio::test]
async fn what_only_writers_made_comes_from_the_api() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "mine" })).await;
    write_as(&portal, "github-action/v1.0", MERGE, json!({ "identifier": "built" })).await;
    for (identifier, target) in [("mine", "test-client"), ("built", "github-action/v1.0")] {
        let source = portal.page("database", identifier).await["source"].clone();
        assert_eq!((&source["kind"], &source["target"]), (&json!("api"), &json!(target)));
    }
}

#[tokio::test]
async fn every_reply_says_where_its_caller_stands() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "a" })).await;
    for (method, path, status) in [
        ("HEAD", "/v1/blueprints/database/entities/a", 200),
        ("HEAD", "/v1/blueprints/database/entities/none", 404),
        ("HEAD", "/v1/nothing", 404),
        ("OPTIONS", "/v1/blueprints", 404),
        ("DELETE", "/v1/blueprints/database/entities/a/", 200),
        ("PUT", "/v1/blueprints/database/entities/%FF%00", 422),
    ] {
        let answer = send(&portal, method, path, &[], Body::empty()).await;
        assert_eq!(answer.status, status, "{method} {path}");
        assert_eq!(answer.header("content-type"), "application/json", "{method} {path}");
        let number = |name: &str| answer.header(&format!("x-ratelimit-{name}")).parse::<u64>().unwrap();
        assert!(number("remaining") <= number("limit") && number("remaining") > 30_000);
        assert!(number("period") > 0 && number("reset") > 1_700_000_000);
        assert!(!answer.header("x-trace-id").is_empty(), "{method} {path}");
    }
}

/// Bodies made to hold up the writer, and with it everybody.
#[tokio::test]
async fn searches_in_bodies_have_an_end() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let rule = json!({ "property": "engine", "operator": "contains", "value": "x" });
    let mut deep = rule.clone();
    for _ in 0..60 {
        deep = json!({ "combinator": "and", "rules": [deep] });
    }
    let wide = json!({ "combinator": "or", "rules": vec![rule.clone(); 1_001] });
    let many = json!({ "combinator": "or", "rules": [{ "property": "engine", "operator": "isEmpty" }] });
    let entities: Vec<_> = (0..101).map(|i| json!({ "identifier": format!("e{i}") })).collect();
    for chunk in entities.chunks(20) {
        assert_eq!(portal.post(BULK, &json!({ "entities": chunk })).await.status, 200);
    }
    let mut blueprint = database();
    blueprint["relations"]["near"] = json!({ "target": "database", "many": true });
    assert_eq!(portal.request("PUT", "/v1/blueprints/database", Some(&blueprint)).await.status, 200);
    for (query, message) in [
        (deep, "must NOT be nested deeper than 50 groups"),
        (wide, "is one rule too many: a query has at most 1000"),
        (
            many,
            "\"relations/near\" must find at most 100 entities of blueprint \"database\": its rules match 101",
        ),
    ] {
        let answer = portal.patch("database", "e0", json!({ "relations": { "near": query } })).await;
        assert_eq!((answer.status, &answer.json()["error"]), (422, &json!("invalid_request")));
        let text = answer.json()["message"].as_str().unwrap().to_owned();
        assert!(text.contains(message), "{text}");
        assert!(text.starts_with("\"relations/near"), "{text}");
    }
}
