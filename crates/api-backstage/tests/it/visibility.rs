//! What this dialect shows, and what a deletion does to what a source states.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

const WEB: &str = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: web}\n\
                   spec: {type: website, lifecycle: production, owner: team-a}\n";

#[tokio::test]
async fn an_entity_that_a_source_states_survives_its_deletion() {
    let portal =
        TestPortal::builder().file("catalog-info.yaml", WEB).location("catalog-info.yaml").start().await;
    let path = "/api/catalog/entities/by-name/component/default/web";
    let before = portal.get(path).await.json();
    let uid = before["metadata"]["uid"].as_str().unwrap().to_owned();
    let deleted = portal.request("DELETE", &format!("/api/catalog/entities/by-uid/{uid}"), None).await;
    assert_eq!((deleted.status, deleted.text().as_str()), (204, ""));
    assert_eq!(portal.get(path).await.json(), before);
}

#[tokio::test]
async fn entities_of_ports_blueprints_have_an_automatic_face() {
    let portal = TestPortal::new().await;
    let blueprint = json!({
        "identifier": "ci-pipeline", "title": "Pipeline", "icon": "Git",
        "schema": {"properties": {"stage": {"type": "string"}}, "required": []}, "relations": {},
    });
    let created = portal.post("/v1/blueprints", &blueprint).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let entity =
        json!({"identifier": "Build_1", "title": "Build", "properties": {"stage": "test"}, "relations": {}});
    let created = portal.post("/v1/blueprints/ci-pipeline/entities", &entity).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let found = portal.get("/api/catalog/entities?filter=kind=CIPIPELINE,spec.stage=test").await.json();
    assert_eq!(found[0]["kind"], "CiPipeline");
    assert_eq!(
        (&found[0]["metadata"]["name"], &found[0]["metadata"]["title"]),
        (&json!("Build_1"), &json!("Build"))
    );
    let one = portal.get("/api/catalog/entities/by-name/cipipeline/default/build_1").await.json();
    assert_eq!(one, found[0]);
    let facets = portal.get("/api/catalog/entity-facets?facet=kind").await.json();
    assert_eq!(facets, json!({"facets": {"kind": [{"value": "CiPipeline", "count": 1}]}}));
}

#[tokio::test]
async fn entities_without_a_face_are_nowhere() {
    let portal = TestPortal::new().await;
    let blueprint =
        json!({"identifier": "_hidden", "schema": {"properties": {}, "required": []}, "relations": {}});
    let created = portal.post("/v1/blueprints", &blueprint).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let created = portal.post("/v1/blueprints/_hidden/entities", &json!({"identifier": "x"})).await;
    assert_eq!(created.status, 201, "{}", created.text());
    let node = portal.portal.view(&portal.viewer()).unwrap().by_key("_hidden", "x").unwrap();
    let view = portal.portal.view(&portal.viewer()).unwrap();
    let uid = view.entity(node).unwrap().record.uid;
    let reference = view.reference(node).to_owned();
    assert_eq!(portal.get(&format!("/api/catalog/entities/by-uid/{uid}")).await.status, 404);
    let body = json!({ "entityRefs": [reference] });
    assert_eq!(portal.post("/api/catalog/entities/by-refs", &body).await.json(), json!({"items": [null]}));
    assert_eq!(portal.get("/api/catalog/entities").await.json(), Value::Array(Vec::new()));
    assert_eq!(portal.get("/api/catalog/entities/by-query").await.json()["totalItems"], 0);
}
