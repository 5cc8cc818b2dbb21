//! Documents with problems, of entities that are there and of some that are not.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::files::Files;
use crate::locations::component;

const FAILED: &str = "/api/catalog/entities/unprocessed/failed";

#[tokio::test]
async fn an_entity_whose_document_turned_bad_has_failed() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    files.put("/a.yaml", component("a").replace(", owner: team-a", ""));
    portal.post("/api/catalog/refresh", &json!({ "entityRef": "component:default/a" })).await;
    let failed = portal.get(FAILED).await.json();
    let entity = portal.get("/api/catalog/entities/by-name/component/default/a").await.json();
    assert_eq!(failed["type"], "failed");
    let one = &failed["entities"][0];
    assert_eq!(one["entity_id"], entity["metadata"]["uid"], "{failed}");
    assert_eq!(one["unprocessed_entity"]["spec"]["owner"], "team-a", "what it said before");
    assert_eq!(one["errors"][0]["cause"]["name"], "TypeError");
    assert!(one["last_discovery_at"].is_string(), "{one}");
    let of =
        async |owner: &str| portal.get(&format!("{FAILED}?owner={owner}")).await.json()["entities"].clone();
    assert_eq!((of("team-a").await, of("team-b").await), (failed["entities"].clone(), json!([])));
    assert_eq!(portal.get("/api/catalog/entities/unprocessed/pending").await.json()["entities"], json!([]));

    // Mended at its source, it is forgotten by whoever asks for it.
    files.put("/a.yaml", component("a"));
    let path = format!("/api/catalog/entities/unprocessed/delete/{}", one["entity_id"].as_str().unwrap());
    let deleted = portal.request("DELETE", &path, None).await;
    assert_eq!((deleted.status, deleted.text().as_str()), (204, ""));
    assert_eq!(portal.get(FAILED).await.json(), json!({ "type": "failed", "entities": [] }));
    assert_eq!(portal.get("/api/catalog/entities/by-name/component/default/a").await.status, 200);
}

#[tokio::test]
async fn a_document_that_was_never_taken_has_its_owner() {
    let files = Files::default();
    let group = "apiVersion: backstage.io/v1alpha1\nkind: Resource\nmetadata: {name: r}\nspec: {type: db, owner: team-b}\n";
    files.put("/a.yaml", component("a").replace("lifecycle", "lifecicle") + "---\n" + group);
    let base = files.serve().await;
    let portal = TestPortal::builder().default_rules().start().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    let of = async |owner: &str| {
        let path = format!("/api/catalog/entities/unprocessed/pending?owner={owner}");
        let found = portal.get(&path).await.json()["entities"].as_array().cloned().unwrap_or_default();
        found.iter().map(|one| one["entity_ref"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of("team-a").await, ["component:default/a"], "refused by its schema");
    assert_eq!(of("team-b").await, ["resource:default/r"], "refused by the rules");
    assert_eq!(of("team-c").await, Vec::<String>::new());
}

#[tokio::test]
async fn what_may_not_be_seen_has_no_problems() {
    let files = Files::default();
    files.put("/a.yaml", component("a") + "---\n" + &component("b").replace(", owner: team-a", ""));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    assert_eq!(portal.post("/api/catalog/locations", &body).await.status, 201);
    let elsa = portal.member("elsa@larkfell.example").await;
    let path = "/api/catalog/entities/unprocessed/pending";
    let seen = async || {
        portal.request_as(&elsa, "GET", path, None).await.json()["entities"].as_array().map(Vec::len)
    };
    assert_eq!(seen().await, Some(1));
    let read: Value = json!({ "entities": { "read": { "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false } } });
    portal.request("PATCH", "/v1/blueprints/component/permissions", Some(&read)).await;
    assert_eq!(seen().await, Some(0));
    assert_eq!(portal.get(path).await.json()["entities"].as_array().map(Vec::len), Some(1));
    let delete = "/api/catalog/entities/unprocessed/delete/x";
    assert_eq!(portal.request_as(&elsa, "DELETE", delete, None).await.status, 403);
}
