//! Work over all entities of a blueprint, in the background.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_portal::{Attribute, PortalError, WriteMode, WriteRequest};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component, eventually};

const LIMIT: Duration = Duration::from_secs(30);

async fn migration(portal: &TestPortal, id: &str) -> Value {
    portal.get(&format!("/v1/migrations/{id}")).await.json()["migration"].clone()
}

/// The migration when it has ended.
pub(crate) async fn ended(portal: &TestPortal, id: &str) -> Value {
    let running = ["INITIALIZING", "RUNNING", "PENDING", "PENDING_CANCELLATION"];
    eventually("the migration ends", LIMIT, || async {
        let migration = migration(portal, id).await;
        !running.contains(&migration["status"].as_str().unwrap())
    })
    .await;
    migration(portal, id).await
}

async fn delete_all(portal: &TestPortal, blueprint: &str, too: bool) -> String {
    let path =
        format!("/v1/blueprints/{blueprint}/all-entities?delete_blueprint={too}&ocean_info_event_type=x");
    let answer = portal.request("DELETE", &path, None).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["migrationId"].as_str().unwrap().to_owned()
}

async fn start(portal: &TestPortal, body: Value) -> String {
    let answer = portal.post("/v1/migrations", &body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["migration"]["identifier"].as_str().unwrap().to_owned()
}

/// Writes many entities at once.
async fn fill(portal: &TestPortal, blueprint: &str, count: usize) {
    let entities = (0..count)
        .map(|i| json!({ "identifier": format!("e{i:05}"), "properties": { "n": i, "url": format!("https://{i}.example") } }))
        .collect();
    let request = WriteRequest {
        blueprint: blueprint.into(),
        mode: WriteMode::Create,
        create_missing: false,
        validation_only: false,
        datasource: None,
        entities,
    };
    let written = portal.portal.write_entities(&portal.viewer(), request).await.unwrap();
    assert!(written.iter().all(Result::is_ok), "{:?}", written.iter().find(|w| w.is_err()));
}

async fn identifiers(portal: &TestPortal) -> Vec<String> {
    let blueprints = portal.get("/v1/blueprints").await.json();
    let list = blueprints["blueprints"].as_array().unwrap().iter();
    let names = list.map(|b| b["identifier"].as_str().unwrap().to_owned());
    names.filter(|name| !name.starts_with('_')).collect()
}

/// As Ocean cleans up after itself: all at once, each the target of another, some required.
#[tokio::test]
async fn blueprints_that_point_at_each_other_go_together() {
    let portal = TestPortal::new().await;
    let names = ["a", "b", "c", "d", "e"];
    for name in names {
        portal.blueprint(json!({ "identifier": name, "title": name })).await;
    }
    for (at, name) in names.iter().enumerate() {
        let next = names[(at + 1) % names.len()];
        portal
            .post(&format!("/v1/blueprints/{next}/entities?upsert=true"), &json!({ "identifier": "x" }))
            .await;
        let relations = json!({ "relations": { "next": { "target": next, "required": at % 2 == 0 }, "self": { "target": name } } });
        let patched = portal.request("PATCH", &format!("/v1/blueprints/{name}"), Some(&relations)).await;
        assert_eq!(patched.status, 200, "{}", patched.text());
        let body = json!({ "identifier": "x", "relations": { "next": "x" } });
        assert_eq!(portal.merge(name, body).await.status / 100, 2);
    }
    let (a, b, c, d, e) = tokio::join!(
        delete_all(&portal, "a", true),
        delete_all(&portal, "b", true),
        delete_all(&portal, "c", true),
        delete_all(&portal, "d", true),
        delete_all(&portal, "e", true),
    );
    for id in [a, b, c, d, e] {
        let migration = ended(&portal, &id).await;
        assert_eq!(migration["status"], "COMPLETED", "{migration}");
        assert_eq!((&migration["successCount"], &migration["failureCount"]), (&json!(1), &json!(0)));
        assert!(migration["actor"].is_string() && migration["mapping"].is_object(), "{migration}");
        assert_eq!(migration["deleteBlueprint"], true);
    }
    assert_eq!(identifiers(&portal).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_source_owns_stays_and_is_counted() {
    let folder = Folder::new();
    folder.write("a.yaml", &component("kept"));
    let portal = folder.portal(&["*.yaml"]).await;
    portal.merge("component", json!({ "identifier": "component:default/gone" })).await;
    let done = ended(&portal, &delete_all(&portal, "component", false).await).await;
    assert_eq!(
        (&done["status"], &done["successCount"], &done["failureCount"]),
        (&json!("COMPLETED"), &json!(1), &json!(1))
    );
    assert_eq!(done["errors"][0]["identifier"], "component:default/kept", "{done}");
    assert_eq!(done["errors"][0]["error"], "protected_entity");
    let done = ended(&portal, &delete_all(&portal, "component", true).await).await;
    assert_eq!(done["status"], "FAILURE");
    assert!(done["message"].as_str().unwrap().contains("stays with 1 of its entities"), "{done}");
    assert_eq!(portal.filtered("kind=component").await, ["component:default/kept"]);
}

#[tokio::test]
async fn a_target_of_others_stays() {
    let portal = TestPortal::new().await;
    portal.blueprint(json!({ "identifier": "host", "title": "Host" })).await;
    let relations = json!({ "on": { "target": "host", "required": true } });
    portal.blueprint(json!({ "identifier": "app", "title": "App", "relations": relations })).await;
    portal.merge("host", json!({ "identifier": "needed" })).await;
    portal.merge("host", json!({ "identifier": "free" })).await;
    portal.merge("app", json!({ "identifier": "app", "relations": { "on": "needed" } })).await;
    let id = delete_all(&portal, "host", true).await;
    let done = ended(&portal, &id).await;
    assert_eq!(done["status"], "FAILURE", "{done}");
    assert_eq!((&done["successCount"], &done["failureCount"]), (&json!(1), &json!(1)));
    assert_eq!(done["errors"][0]["error"], "has_dependents");
    portal.delete("app", "app").await;
    let done = ended(&portal, &delete_all(&portal, "host", true).await).await;
    assert!(done["message"].as_str().unwrap().contains("blueprint \"app\" targets it"), "{done}");
    // Asked for in the wrong order, and in time.
    let host = delete_all(&portal, "host", true).await;
    assert_eq!(portal.request("DELETE", "/v1/blueprints/app", None).await.status, 200);
    assert_eq!(ended(&portal, &host).await["status"], "COMPLETED");
}

/// As port-cli changes the type of a property: to a temporary one, and back.
#[tokio::test]
async fn a_property_changes_its_type_by_way_of_another() {
    let portal = TestPortal::new().await;
    let body = |properties: Value| json!({ "identifier": "b", "title": "B", "schema": { "properties": properties, "required": [] } });
    portal.blueprint(body(json!({ "size": { "type": "string" } }))).await;
    for (id, size) in [("a", json!("1")), ("b", json!("2.5")), ("c", Value::Null), ("d", json!("big"))] {
        portal.merge("b", json!({ "identifier": id, "properties": { "size": size, "other": 1 } })).await;
    }
    portal.merge("b", json!({ "identifier": "e", "title": "E" })).await;
    let put = async |properties: Value| {
        let answer = portal.request("PUT", "/v1/blueprints/b", Some(&body(properties))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    };
    put(json!({ "size": { "type": "string" }, "tmp": { "type": "string" } })).await;
    let copy = |from: &str, to: &str| {
        let properties = json!({ to: format!(".properties[\"{from}\"]") });
        json!({ "sourceBlueprint": "b", "mapping": { "blueprint": "b", "entity": { "identifier": ".identifier", "properties": properties } } })
    };
    let done = ended(&portal, &start(&portal, copy("size", "tmp")).await).await;
    assert_eq!((&done["status"], &done["successCount"]), (&json!("COMPLETED"), &json!(5)), "{done}");
    put(json!({ "tmp": { "type": "string" } })).await;
    put(json!({ "tmp": { "type": "string" }, "size": { "type": "number" } })).await;
    let back = json!({ "sourceBlueprint": "b", "mapping": {
        "filter": ".properties.tmp != null",
        "entity": { "properties": { "size": ".properties.tmp | tonumber" } } } });
    let done = ended(&portal, &start(&portal, back).await).await;
    // What is no number is refused; the rest is not held back.
    assert_eq!((&done["successCount"], &done["failureCount"]), (&json!(2), &json!(1)), "{done}");
    assert_eq!(done["errors"][0]["identifier"], "d");
    assert_eq!(portal.port("b", "a").await["properties"]["size"], 1);
    assert_eq!(portal.port("b", "b").await["properties"], json!({ "size": 2.5, "other": 1, "tmp": "2.5" }));
    assert_eq!(portal.port("b", "e").await["properties"], json!({}));
    assert_eq!(portal.port("b", "e").await["title"], "E");
}

#[tokio::test]
async fn entities_become_others_of_another_blueprint() {
    let portal = TestPortal::new().await;
    portal.blueprint(json!({ "identifier": "from", "title": "From" })).await;
    let relations = json!({ "of": { "target": "from" } });
    portal.blueprint(json!({ "identifier": "to", "title": "To", "relations": relations })).await;
    portal
        .merge("from", json!({ "identifier": "x", "title": "X", "properties": { "parts": ["l", "r"] } }))
        .await;
    portal.merge("from", json!({ "identifier": "y" })).await;
    let mapping = json!({ "blueprint": "\"to\"", "itemsToParse": ".properties.parts", "entity": {
        "identifier": ".identifier + \"-\" + .item", "title": ".title", "team": "[\"t\"]", "relations": { "of": ".identifier" } } });
    let done =
        ended(&portal, &start(&portal, json!({ "sourceBlueprint": "from", "mapping": mapping })).await).await;
    assert_eq!((&done["status"], &done["successCount"]), (&json!("COMPLETED"), &json!(2)), "{done}");
    let made = portal.port("to", "x-r").await;
    assert_eq!(
        (&made["title"], &made["team"], &made["relations"]["of"]),
        (&json!("X"), &json!(["t"]), &json!("x"))
    );
    // Into the same blueprint, each once: what it makes is not its own input.
    let twice = json!({ "sourceBlueprint": "from", "mapping": { "entity": { "identifier": ".identifier + \"x\"" } } });
    let done = ended(&portal, &start(&portal, twice).await).await;
    assert_eq!(done["successCount"], 2, "{done}");
    assert_eq!(portal.get("/v1/blueprints/from/entities-count").await.json()["count"], 4);
    // No explosion of items.
    let many =
        json!({ "sourceBlueprint": "to", "mapping": { "itemsToParse": "[range(1001)]", "entity": {} } });
    let done = ended(&portal, &start(&portal, many).await).await;
    assert_eq!((&done["successCount"], &done["failureCount"]), (&json!(0), &json!(2)), "{done}");
    // No program runs for ever.
    for program in ["[repeat(.)] | length | tostring", "[range(1e12)] | length | tostring"] {
        let hostile = json!({ "sourceBlueprint": "to", "mapping": { "entity": { "title": program } } });
        let done = ended(&portal, &start(&portal, hostile).await).await;
        assert_eq!(
            (&done["successCount"], &done["failureCount"]),
            (&json!(0), &json!(2)),
            "{program}: {done}"
        );
    }
    let broken = json!({ "sourceBlueprint": "from", "mapping": { "entity": { "title": "this is | no (" } } });
    let refused = portal.post("/v1/migrations", &broken).await;
    assert_eq!((refused.status, &refused.json()["error"]), (422, &json!("invalid_request")));
}

/// Whenever the process ends, the work is finished once, and no part of it twice.
#[tokio::test]
async fn a_restart_in_the_middle_goes_on() {
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    portal.blueprint(json!({ "identifier": "b", "title": "B", "schema": { "properties": { "n": { "type": "number" } }, "required": [] } })).await;
    fill(&portal, "b", 1200).await;
    let mapping = json!({ "entity": { "properties": { "m": ".properties.n + 1" } } });
    let id = start(&portal, json!({ "sourceBlueprint": "b", "mapping": mapping })).await;
    eventually("some of it is done", LIMIT, || async { migration(&portal, &id).await["successCount"] != 0 })
        .await;
    drop(portal);
    let portal = TestPortal::builder().store(Arc::clone(&store)).start().await;
    let done = ended(&portal, &id).await;
    assert_eq!((&done["status"], &done["successCount"]), (&json!("COMPLETED"), &json!(1200)), "{done}");
    assert_eq!(portal.port("b", "e01199").await["properties"]["m"], 1200);
    let id = delete_all(&portal, "b", true).await;
    eventually("some of it is done", LIMIT, || async { migration(&portal, &id).await["successCount"] != 0 })
        .await;
    drop(portal);
    let portal = TestPortal::builder().store(store).start().await;
    let done = ended(&portal, &id).await;
    assert_eq!((&done["status"], &done["successCount"]), (&json!("COMPLETED"), &json!(1200)), "{done}");
    assert_eq!(identifiers(&portal).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_cancelled_one_ends_where_it_is() {
    let portal = TestPortal::new().await;
    portal.blueprint(json!({ "identifier": "b", "title": "B" })).await;
    fill(&portal, "b", 1200).await;
    let id = delete_all(&portal, "b", true).await;
    let answer = portal.post(&format!("/v1/migrations/{id}/cancel"), &json!({ "reason": "a mistake" })).await;
    if answer.status == 200 {
        assert_eq!(answer.json()["migration"]["status"], "PENDING_CANCELLATION");
        let done = ended(&portal, &id).await;
        assert_eq!((&done["status"], &done["reason"]), (&json!("CANCELLED"), &json!("a mistake")));
        let left = portal.get("/v1/blueprints/b/entities-count").await.json()["count"].as_u64().unwrap();
        assert_eq!(left + done["successCount"].as_u64().unwrap(), 1200);
    }
    let again = portal.post(&format!("/v1/migrations/{id}/cancel"), &json!({})).await;
    assert_eq!((again.status, &again.json()["error"]), (409, &json!("migration_ended")));
    let listed = portal.get("/v1/migrations?status=CANCELLED&status=COMPLETED").await.json();
    assert_eq!(listed["migrations"].as_array().unwrap().len(), 1);
}

/// Whoever is no administrator may look.
#[tokio::test]
async fn others_change_nothing() {
    let portal = TestPortal::new().await;
    portal
        .blueprint(json!({ "identifier": "b", "title": "B", "relations": { "r": { "target": "b" } } }))
        .await;
    let (viewer, portal) = (portal.member("guest@larkfell.example").await.viewer, &portal.portal);
    let body =
        || json!({ "identifier": "c", "title": "C", "sourceBlueprint": "b", "mapping": { "entity": {} } });
    let refused = [
        portal.replace_blueprint(&viewer, "b", body()).await.map(drop),
        portal.rename_attribute(&viewer, "b", Attribute::Relation, "r", "s").await.map(drop),
        portal.patch_blueprint_permissions(&viewer, "b", json!({})).await.map(drop),
        portal.delete_all_entities(&viewer, "b", true).await.map(drop),
        portal.start_mapping(&viewer, body()).await.map(drop),
        portal.cancel_migration(&viewer, "none", None).await.map(drop),
    ];
    assert!(refused.iter().all(|r| matches!(r, Err(PortalError::Forbidden(_)))), "{refused:?}");
    assert!(portal.blueprint_permissions(&viewer, "b").is_ok());
    assert!(portal.migrations(&viewer, &[], None, None).unwrap().is_empty());
}

/// Whoever writes meanwhile is not overwritten by what was mapped from older values.
#[tokio::test]
async fn a_mapping_sees_what_is_written_meanwhile() {
    let portal = TestPortal::new().await;
    let properties = json!({ "n": { "type": "number" }, "m": { "type": "number" } });
    portal.blueprint(json!({ "identifier": "b", "title": "B", "schema": { "properties": properties, "required": [] } })).await;
    fill(&portal, "b", 400).await;
    let mapping = json!({ "entity": { "properties": { "m": ".properties.n * 2" } } });
    let id = start(&portal, json!({ "sourceBlueprint": "b", "mapping": mapping })).await;
    for n in 0..40 {
        let patched = portal.patch("b", "e00399", json!({ "properties": { "n": 1000 + n } })).await;
        assert_eq!(patched.status, 200);
    }
    assert_eq!(ended(&portal, &id).await["successCount"], 400);
    let last = portal.port("b", "e00399").await["properties"].clone();
    let (n, m) = (last["n"].as_i64().unwrap(), last["m"].as_i64().unwrap());
    assert!(n == 1039 && m % 2 == 0 && m <= 2 * n, "{last}");
}
