//! Changes of the data model, seen through both dialects.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component_with, database, relations_of};

async fn put(portal: &TestPortal, blueprint: &str, body: Value) -> (u16, Value) {
    let answer = portal.request("PUT", &format!("/v1/blueprints/{blueprint}"), Some(&body)).await;
    (answer.status, answer.json())
}

async fn rename(portal: &TestPortal, path: &str, body: Value) -> Value {
    let answer = portal.request("PATCH", &format!("/v1/blueprints/{path}/rename"), Some(&body)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["blueprint"].clone()
}

#[tokio::test]
async fn a_renamed_blueprint_is_another_kind_and_the_same_entities() {
    let folder = Folder::new();
    folder.write("a.yaml", &component_with("claimed", "dependsOn: ['database:default/orders']"));
    let portal = folder.portal(&["*.yaml"]).await;
    portal.blueprint(database()).await;
    portal
        .accept(
            "apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {name: orders}\nspec: {engine: pg, owner: x}\n---\n\
             apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {name: copy}\nspec: {engine: pg, replicaOf: orders}\n",
        )
        .await;
    portal.accept(&component_with("free", "dependsOn: ['database:orders', 'component:claimed']")).await;
    portal.merge("database", json!({ "identifier": "Odd@1", "relations": { "replicaOf": "orders" } })).await;
    portal.merge("database", json!({ "identifier": "Odd@2", "relations": { "replicaOf": "Odd@1" } })).await;
    let uid = portal.uid("database:default/orders").await;
    let before = portal.port("database", "orders").await;
    let mut body = database();
    body["identifier"] = "data-store".into();
    let (status, answer) = put(&portal, "database", body).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(answer["blueprint"]["relations"]["replicaOf"]["target"], "data-store");

    // The same things, with the same stamps.
    let after = portal.port("data-store", "orders").await;
    assert_eq!(portal.uid("datastore:default/orders").await, uid);
    assert_eq!((&after["updatedAt"], &after["properties"]), (&before["updatedAt"], &before["properties"]));
    let orders = portal.backstage("datastore:default/orders").await;
    assert_eq!((&orders["kind"], &orders["spec"]["owner"]), (&json!("DataStore"), &json!("x")));
    assert_eq!(portal.backstage("database:default/orders").await, Value::Null);
    assert_eq!(portal.filtered("kind=database").await, Vec::<String>::new());
    assert_eq!(portal.filtered("kind=datastore").await.len(), 4);
    // Relations within it, by whatever dialect they were written.
    assert_eq!(portal.port("data-store", "copy").await["relations"]["replicaOf"], "orders");
    assert_eq!(portal.port("data-store", "Odd@2").await["relations"]["replicaOf"], "Odd@1");
    assert_eq!(portal.port("data-store", "Odd@1").await["relations"]["replicaOf"], "orders");
    assert!(
        relations_of(&portal.backstage("datastore:default/copy").await)
            .contains(&"replicaOf datastore:default/orders".into())
    );
    // A document that nobody claims follows; a file is what it says, until somebody changes it.
    let free = portal.backstage("component:default/free").await;
    let depends = free["spec"]["dependsOn"].as_array().unwrap();
    assert!(
        depends.contains(&json!("datastore:default/orders")) && depends.contains(&json!("component:claimed")),
        "{free}"
    );
    assert!(relations_of(&free).contains(&"dependsOn datastore:default/orders".into()), "{free}");
    let claimed = portal.backstage("component:default/claimed").await;
    assert!(relations_of(&claimed).contains(&"dependsOn database:default/orders".into()), "{claimed}");
    let model = portal.get("/api/stagedoor/v1/blueprints").await.json();
    assert!(
        model["edges"].as_array().unwrap().iter().any(|e| e["from"] == "data-store" && e["count"] == 3),
        "{}",
        model["edges"]
    );
}

#[tokio::test]
async fn what_files_state_keeps_its_name() {
    let folder = Folder::new();
    folder.write(
        "b.yaml",
        "apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {name: one}\nspec: {engine: pg}\n",
    );
    let portal = folder.portal(&[]).await;
    portal.blueprint(database()).await;
    drop(portal);
    let portal = folder.builder(&["*.yaml"]).start().await;
    portal.blueprint(database()).await;
    portal.sync().await;
    assert_eq!(portal.filtered("kind=database").await, ["database:default/one"]);
    let (status, answer) = put(
        &portal,
        "database",
        json!({ "identifier": "db", "title": "DB", "schema": { "properties": {} } }),
    )
    .await;
    assert_eq!((status, &answer["error"]), (422, &json!("protected_entity")), "{answer}");
    let (status, answer) = put(
        &portal,
        "component",
        json!({ "identifier": "part", "title": "Part", "schema": { "properties": {} } }),
    )
    .await;
    assert_eq!(status, 404, "{answer}");
    portal.accept(&component_with("a", "")).await;
    let (status, answer) = put(
        &portal,
        "component",
        json!({ "identifier": "part", "title": "Part", "schema": { "properties": {} } }),
    )
    .await;
    assert_eq!((status, &answer["error"]), (422, &json!("protected_resource")), "{answer}");
}

/// A document keeps its words: the new name finds the old field.
#[tokio::test]
async fn renamed_attributes_still_find_what_documents_state() {
    let folder = Folder::new();
    folder.write("a.yaml", &component_with("a", "language: rust\nsystem: shop\ndependsOn: ['component:b']"));
    let portal = folder.portal(&["*.yaml"]).await;
    portal
        .merge(
            "component",
            json!({ "identifier": "component:default/b", "properties": { "language": "go" } }),
        )
        .await;
    let blueprint =
        rename(&portal, "component/properties/language", json!({ "newPropertyName": "lang" })).await;
    assert_eq!(blueprint["schema"]["properties"]["lang"]["backstage"]["field"], "spec.language");
    rename(&portal, "component/relations/system", json!({ "newRelationIdentifier": "partOf" })).await;
    let a = portal.port("component", "component:default/a").await;
    assert_eq!(
        (&a["properties"]["lang"], &a["relations"]["partOf"]),
        (&json!("rust"), &json!("system:default/shop"))
    );
    assert_eq!(portal.port("component", "component:default/b").await["properties"]["lang"], "go");
    assert_eq!(portal.backstage("component:default/b").await["spec"]["language"], "go");
    assert!(
        relations_of(&portal.backstage("component:default/a").await)
            .contains(&"partOf system:default/shop".into())
    );
    portal.sync().await;
    assert_eq!(portal.port("component", "component:default/a").await["properties"]["lang"], "rust");

    // Without documents the name in Backstage is the new one.
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "x", "properties": { "engine": "pg" } })).await;
    rename(&portal, "database/properties/engine", json!({ "newPropertyName": "make" })).await;
    assert_eq!(portal.backstage("database:default/x").await["spec"], json!({ "make": "pg" }));
    assert_eq!(portal.filtered("spec.make=pg").await, ["database:default/x"]);
    rename(&portal, "database/relations/replicaOf", json!({ "newRelationIdentifier": "copyOf" })).await;
    portal.merge("database", json!({ "identifier": "y", "relations": { "copyOf": "x" } })).await;
    assert_eq!(relations_of(&portal.backstage("database:default/y").await), ["copyOf database:default/x"]);
}

/// A file says something once; what is changed elsewhere afterwards stays until the file says something new.
#[tokio::test]
async fn a_file_does_not_undo_what_an_api_changed() {
    let folder = Folder::new();
    let file = |title: &str| {
        format!(
            "{{\"identifier\": \"svc\", \"title\": \"{title}\", \"schema\": {{\"properties\": {{\"a\": {{\"type\": \"string\"}}}}, \"required\": []}}}}"
        )
    };
    folder.write("svc.json", &file("One"));
    let portal = folder.portal(&["*.json"]).await;
    let title = async || portal.get("/v1/blueprints/svc").await.json()["blueprint"]["title"].clone();
    assert_eq!(title().await, "One");
    let revision = portal.revision();
    portal.sync().await;
    assert_eq!(portal.revision(), revision);
    portal.request("PATCH", "/v1/blueprints/svc", Some(&json!({ "title": "Mine" }))).await;
    portal.sync().await;
    assert_eq!(title().await, "Mine");
    folder.write("svc.json", &file("Two"));
    portal.sync().await;
    assert_eq!(title().await, "Two");
    portal.request("DELETE", "/v1/blueprints/svc", None).await;
    portal.sync().await;
    assert_eq!(title().await, "Two");
}

#[tokio::test]
async fn programs_that_are_none_are_shown() {
    let portal = TestPortal::new().await;
    portal
        .blueprint(json!({ "identifier": "b", "title": "B", "calculationProperties": {
            "good": { "type": "string", "calculation": ".identifier" },
            "bad": { "type": "string", "calculation": "this is | no (" } } }))
        .await;
    let list = portal.get("/api/stagedoor/v1/blueprints").await.json();
    let list = list["blueprints"].as_array().unwrap();
    assert_eq!(list.len(), 1, "system blueprints without entities are not shown");
    let problems = list[0]["problems"].as_array().unwrap();
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0]["property"], "bad");
    assert!(!problems[0]["message"].as_str().unwrap().is_empty());
    portal.merge("_team", json!({ "identifier": "ops", "title": "Ops" })).await;
    let list = portal.get("/api/stagedoor/v1/blueprints").await.json();
    assert!(list["blueprints"].as_array().unwrap().iter().any(|b| b["identifier"] == "_team"));
}
