//! Registered locations: whose they are, who sees them, what stays of them.

use serde_json::{Value, json};
use stagedoor_testkit::{Person, TestPortal};

use crate::files::Files;

const LOCATIONS: &str = "/api/catalog/locations";

pub(crate) fn component(name: &str) -> String {
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: {name}}}\n\
         spec: {{type: service, lifecycle: production, owner: team-a}}\n"
    )
}

async fn register(portal: &TestPortal, who: &Person, target: &str) -> Value {
    let body = json!({ "type": "url", "target": target });
    let answer = portal.request_as(who, "POST", LOCATIONS, Some(&body)).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["location"].clone()
}

fn path_of(location: &Value) -> String {
    format!("{LOCATIONS}/{}", location["id"].as_str().unwrap())
}

async fn status_of(portal: &TestPortal, name: &str) -> u16 {
    portal.get(&format!("/api/catalog/entities/by-name/component/default/{name}")).await.status
}

#[tokio::test]
async fn a_location_is_its_registrants_and_the_administrators() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    files.put("/b.yaml", component("b"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let otto = portal.member("otto@larkfell.example").await;
    let ada = portal.administrator("ada@larkfell.example").await;
    let (a, b) = (format!("{base}/a.yaml"), format!("{base}/b.yaml"));
    let location = register(&portal, &elsa, &a).await;
    let path = path_of(&location);
    let elsewhere = json!({ "type": "url", "target": b });
    assert_eq!(portal.request_as(&otto, "GET", &path, None).await.json(), location);
    for method in ["PUT", "DELETE"] {
        let refused = portal.request_as(&otto, method, &path, Some(&elsewhere)).await;
        assert_eq!(refused.status, 403, "{method} {}", refused.text());
        assert_eq!(refused.json()["error"]["name"], "NotAllowedError");
    }
    assert_eq!(status_of(&portal, "a").await, 200);
    let changed = portal.request_as(&elsa, "PUT", &path, Some(&elsewhere)).await;
    assert_eq!(changed.status, 200, "{}", changed.text());
    assert_eq!((status_of(&portal, "a").await, status_of(&portal, "b").await), (404, 200));
    // It is still hers.
    assert_eq!(portal.request_as(&otto, "DELETE", &path, None).await.status, 403);
    assert_eq!(portal.request_as(&elsa, "DELETE", &path, None).await.status, 204);
    assert_eq!(status_of(&portal, "b").await, 404);
    let another = path_of(&register(&portal, &otto, &a).await);
    assert_eq!(portal.request_as(&ada, "DELETE", &another, None).await.status, 204);
}

#[tokio::test]
async fn every_change_is_in_the_audit_log() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let elsa = portal.member("elsa@larkfell.example").await;
    let otto = portal.member("otto@larkfell.example").await;
    let location = register(&portal, &elsa, &format!("{base}/a.yaml")).await;
    portal.request_as(&otto, "DELETE", &path_of(&location), None).await;
    portal.request_as(&elsa, "DELETE", &path_of(&location), None).await;
    portal.portal.flush().await;
    let audit = portal.get("/api/stagedoor/v1/audit").await.json();
    let entries = audit["events"].as_array().unwrap();
    let told = |action: &str| {
        let by_elsa = |e: &&Value| e["actor"]["name"] == "elsa@larkfell.example" && e["status"] == "success";
        entries.iter().filter(by_elsa).any(|e| e["action"] == action && e["kind"] == "location")
    };
    assert!(told("create") && told("delete"), "{audit}");
    let refused = |e: &&Value| e["actor"]["name"] == "otto@larkfell.example" && e["status"] == "failure";
    let refused = entries.iter().find(refused).unwrap_or(&Value::Null);
    assert_eq!(refused["name"], "DeleteLocation", "{audit}");
}

#[tokio::test]
async fn a_location_survives_a_restart() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    let made = portal.post(LOCATIONS, &body).await.json()["location"].clone();
    let uid = portal.get("/api/catalog/entities/by-name/component/default/a").await.json()["metadata"]["uid"]
        .clone();
    portal.portal.flush().await;
    let store = std::sync::Arc::clone(&portal.store);
    drop(portal);
    files.fail("/a.yaml", 503);
    let portal = TestPortal::builder().store(store).start().await;
    assert_eq!(portal.get(LOCATIONS).await.json(), json!([{ "data": made }]));
    let entity = portal.get("/api/catalog/entities/by-name/component/default/a").await.json();
    assert_eq!(entity["metadata"]["uid"], uid, "an outage removes nothing");
}

#[tokio::test]
async fn a_refresh_reads_the_source_again() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    portal.post(LOCATIONS, &json!({ "type": "url", "target": format!("{base}/a.yaml") })).await;
    files.put("/a.yaml", component("a").replace("team-a", "team-b"));
    let refresh = json!({ "entityRef": "component:default/a" });
    let answer = portal.post("/api/catalog/refresh", &refresh).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, ""));
    let entity = portal.get("/api/catalog/entities/by-name/component/default/a").await.json();
    assert_eq!(entity["spec"]["owner"], "team-b");
}

#[tokio::test]
async fn what_may_not_be_seen_of_location_entities_is_in_no_answer() {
    let files = Files::default();
    files.put("/a.yaml", "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: way}\nspec: {target: ./b.yaml}\n");
    files.put("/b.yaml", component("b"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    let location = portal.post(LOCATIONS, &body).await.json()["location"].clone();
    let read = json!({ "entities": { "read": { "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false } } });
    let answer = portal.request("PATCH", "/v1/blueprints/location/permissions", Some(&read)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let elsa = portal.member("elsa@larkfell.example").await;
    let seen = async |method: &str, path: &str, body: Option<Value>| {
        let answer = portal.request_as(&elsa, method, path, body.as_ref()).await;
        let text = answer.text();
        assert!(!text.contains(location["id"].as_str().unwrap()), "{method} {path}: {text}");
        (answer.status, answer.json())
    };
    assert_eq!(seen("GET", LOCATIONS, None).await, (200, json!([])));
    let page = seen("POST", "/api/catalog/locations/by-query", Some(json!({}))).await;
    assert_eq!(page.1, json!({ "items": [], "totalItems": 0, "pageInfo": {} }));
    let by_entity = seen("GET", "/api/catalog/locations/by-entity/component/default/b", None).await;
    assert_eq!(by_entity.0, 404);
    let ancestry = seen("GET", "/api/catalog/entities/by-name/component/default/b/ancestry", None).await;
    assert_eq!(ancestry.1["items"][0]["parentEntityRefs"], json!([]));
    assert_eq!(ancestry.1["items"].as_array().map(Vec::len), Some(1));
    let trial = seen("POST", "/api/catalog/locations?dryRun=true", Some(body)).await;
    assert_eq!(trial.1["exists"], false);
    let path = path_of(&location);
    for method in ["GET", "DELETE"] {
        assert_eq!(portal.request_as(&elsa, method, &path, None).await.status, 404, "{method}");
    }
    let whole = portal.get("/api/catalog/entities/by-name/component/default/b/ancestry").await.json();
    assert_eq!(whole["items"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn what_may_not_be_seen_cannot_be_refreshed() {
    let portal = TestPortal::new().await;
    portal.documents(&component("a")).await;
    let read = json!({ "entities": { "read": { "roles": ["Admin"], "users": [], "teams": [], "ownedByTeam": false } } });
    portal.request("PATCH", "/v1/blueprints/component/permissions", Some(&read)).await;
    let elsa = portal.member("elsa@larkfell.example").await;
    for name in ["a", "none"] {
        let body = json!({ "entityRef": format!("component:default/{name}") });
        let answer = portal.request_as(&elsa, "POST", "/api/catalog/refresh", Some(&body)).await;
        let text = format!("Entity component:default/{name} not found");
        assert_eq!((answer.status, &answer.json()["error"]["message"]), (404, &json!(text)));
    }
    let conditions = json!({ "items": [{
        "id": "1", "resourceRef": "component:default/a", "resourceType": "catalog-entity",
        "conditions": { "not": { "rule": "IS_ENTITY_KIND", "resourceType": "catalog-entity", "params": { "kinds": ["api"] } } }
    }] });
    let path = "/api/catalog/.well-known/backstage/permissions/apply-conditions";
    let answer = portal.request_as(&elsa, "POST", path, Some(&conditions)).await.json();
    assert_eq!(answer["items"][0]["result"], "DENY");
    assert_eq!(portal.post(path, &conditions).await.json()["items"][0]["result"], "ALLOW");
}

#[tokio::test]
async fn where_nothing_may_be_registered_trials_are_still_there() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::builder().readonly().start().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    for (method, path) in [
        ("POST", LOCATIONS.to_owned()),
        ("PUT", format!("{LOCATIONS}/x")),
        ("DELETE", format!("{LOCATIONS}/x")),
    ] {
        let answer = portal.request(method, &path, Some(&body)).await;
        let error =
            json!({ "name": "NotAllowedError", "message": "This operation not allowed in readonly mode" });
        assert_eq!((answer.status, &answer.json()["error"]), (403, &error), "{method}");
    }
    assert_eq!(portal.post(&format!("{LOCATIONS}?dryRun=true"), &body).await.status, 201);
    assert_eq!(portal.get(LOCATIONS).await.json(), json!([]));
}

#[tokio::test]
async fn a_conflict_may_mean_another_reading_by_itself() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let portal = TestPortal::builder().refreshing_conflicts().start().await;
    let body = json!({ "type": "url", "target": format!("{base}/a.yaml") });
    let first = portal.post(LOCATIONS, &body).await.json();
    files.put("/a.yaml", component("b"));
    let second = portal.post(LOCATIONS, &body).await;
    assert_eq!((second.status, &second.json()["location"]), (201, &first["location"]));
    assert_eq!(status_of(&portal, "b").await, 200);
    let refused = portal.post(&format!("{LOCATIONS}?onConflict=reject"), &body).await;
    assert_eq!(refused.status, 409);
}

#[tokio::test]
async fn what_the_configuration_names_is_not_registered() {
    let files = Files::default();
    files.put("/a.yaml", component("a"));
    let base = files.serve().await;
    let target = format!("{base}/a.yaml");
    let portal = TestPortal::builder().url_location(&target).start().await;
    let answer = portal.post(LOCATIONS, &json!({ "type": "url", "target": target })).await;
    assert_eq!(answer.status, 409, "{}", answer.text());
    assert_eq!(portal.get(LOCATIONS).await.json(), json!([]));
    assert_eq!(status_of(&portal, "a").await, 200);
}
