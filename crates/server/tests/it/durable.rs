//! What was acknowledged is there after a restart from the database.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use stagedoor_store::{Store, StoreError};
use stagedoor_store_sql::SqliteStore;

use crate::support::{Ask, Folder, component, component_with, database, eventually, stream};

/// Opens the database once the portal that had it has let go of it.
async fn opened(path: &std::path::Path) -> Arc<dyn Store> {
    let mut store = None;
    eventually("the database is free", Duration::from_secs(10), || {
        let open = SqliteStore::open(path);
        assert!(!matches!(open, Err(ref e) if !matches!(e, StoreError::InUse { .. })), "{:?}", open.err());
        store = open.ok();
        std::future::ready(store.is_some())
    })
    .await;
    Arc::new(store.unwrap())
}

#[tokio::test]
async fn a_restart_keeps_what_came_in_by_document_port_and_file() {
    let (folder, data) = (Folder::new(), tempfile::tempdir().unwrap());
    let path = data.path().join("stagedoor.db");
    folder.write(
        "a.yaml",
        &stream(&[component("file"), component_with("other", "dependsOn: ['component:file']")]),
    );
    folder.write("b.yaml", &component("file"));
    let portal = folder.builder(&["*.yaml"]).store(opened(&path).await).start().await;
    portal.accept(&component("document")).await;
    portal.blueprint(database()).await;
    for i in 0..20 {
        portal.merge("database", json!({ "identifier": format!("Port{i}@x"), "properties": { "engine": "größe \u{0}", "n": i } })).await;
    }
    portal.merge("database", json!({ "identifier": "copy", "relations": { "replicaOf": "Port1@x" } })).await;
    portal
        .patch("component", "component:default/file", json!({ "properties": { "language": "rust" } }))
        .await;
    portal.delete("database", "Port0@x").await;
    let before =
        (portal.everything().await, portal.revision(), portal.sources().await[0]["conflicts"].clone());
    assert_eq!(portal.filtered("kind=database").await.len(), 20);
    drop(portal);

    for restarted in 0..2 {
        let portal = folder.builder(&["*.yaml"]).store(opened(&path).await).start().await;
        let now = (portal.everything().await, portal.revision());
        assert_eq!(now, (before.0.clone(), before.1), "{restarted}");
    }
    let portal = folder.builder(&["*.yaml"]).store(opened(&path).await).start().await;
    assert_eq!(
        (portal.everything().await, portal.revision(), portal.sources().await[0]["conflicts"].clone()),
        before
    );
}

#[tokio::test]
async fn what_was_refused_or_tried_is_not_there_after_a_restart() {
    let data = tempfile::tempdir().unwrap();
    let path = data.path().join("stagedoor.db");
    let folder = Folder::new();
    let portal = folder.builder(&[]).store(opened(&path).await).start().await;
    portal.blueprint(database()).await;
    portal
        .post("/v1/blueprints/database/entities?validation_only=true", &json!({ "identifier": "tried" }))
        .await;
    portal.merge("database", json!({ "identifier": "refused", "properties": { "version": "x" } })).await;
    let dry = crate::support::send(
        &portal,
        "POST",
        "/api/stagedoor/v1/documents?dryRun=true",
        &[],
        component("dry"),
    )
    .await;
    assert_eq!(dry.status, 200);
    portal.merge("database", json!({ "identifier": "kept" })).await;
    drop(portal);
    let portal = folder.builder(&[]).store(opened(&path).await).start().await;
    assert_eq!(portal.filtered("kind").await, ["database:default/kept"]);
    let blueprints = portal.get("/api/stagedoor/v1/blueprints").await.json();
    assert_eq!(blueprints["blueprints"].as_array().unwrap().len(), 1);
}
