//! Taking changes back: deletions, whole runs of a source, and taking that back in turn.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::{Answer, Person, TestPortal};

use crate::support::{Ask, Folder, component, database, eventually, stream};

fn names(range: std::ops::Range<usize>) -> String {
    stream(&range.map(|i| component(&format!("c{i}"))).collect::<Vec<_>>())
}

async fn undo(portal: &TestPortal, body: Value) -> Answer {
    portal.post("/api/stagedoor/v1/undo", &body).await
}

async fn removals(portal: &TestPortal) -> Vec<Value> {
    let answer = portal.get("/api/stagedoor/v1/removals").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["removals"].as_array().unwrap().clone()
}

/// The newest removal, to be named in `changes`.
async fn newest(portal: &TestPortal) -> String {
    removals(portal).await[0]["revision"].to_string()
}

fn refs(list: &Value) -> Vec<&str> {
    let mut refs: Vec<&str> = list.as_array().unwrap().iter().map(|e| e["ref"].as_str().unwrap()).collect();
    refs.sort_unstable();
    refs
}

/// What an undone entity looks like but for when it was last changed.
async fn without_stamps(portal: &TestPortal, blueprint: &str, identifier: &str) -> Value {
    let mut entity = portal.port(blueprint, identifier).await;
    if let Some(keys) = entity.as_object_mut() {
        keys.retain(|key, _| !key.starts_with("updated"));
    }
    entity
}

#[tokio::test]
async fn a_deletion_comes_back_as_it_was_with_what_pointed_at_it() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal
        .merge("database", json!({"identifier": "main", "properties": {"engine": "pg", "odd": [1, null]}}))
        .await;
    portal
        .merge("database", json!({"identifier": "copy", "title": "Copy", "relations": {"replicaOf": "main"}}))
        .await;
    let (uid, before) =
        (portal.uid("database:default/main").await, portal.everything().await["backstage"].clone());
    let was = without_stamps(&portal, "database", "main").await;
    portal.delete("database", "main").await;
    assert_eq!(portal.port("database", "copy").await["relations"]["replicaOf"], Value::Null);
    let list = removals(&portal).await;
    assert_eq!((&list[0]["count"], &list[0]["gone"]), (&json!(1), &json!(1)), "{list:?}");
    assert_eq!(list[0]["examples"][0]["ref"], "database:default/main");
    assert_eq!(list[0]["actor"]["through"], "port");
    let revision = portal.revision();
    let preview =
        portal.post("/api/stagedoor/v1/undo?dryRun=true", &json!({"changes": [newest(&portal).await]})).await;
    assert_eq!((preview.status, portal.revision()), (200, revision), "{}", preview.text());
    assert_eq!(refs(&preview.json()["restored"]), ["database:default/main"]);
    assert_eq!(refs(&preview.json()["reverted"]), ["database:default/copy"]);
    assert_eq!((&preview.json()["dryRun"], &preview.json()["revision"]), (&json!(true), &Value::Null));
    let done = undo(&portal, json!({"changes": [newest(&portal).await]})).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["revision"], portal.revision());
    assert_eq!(portal.uid("database:default/main").await, uid);
    assert_eq!(without_stamps(&portal, "database", "main").await, was);
    assert_eq!(portal.everything().await["backstage"], before, "the same etags too");
    assert_eq!(removals(&portal).await[0]["gone"], 0);
    // A second time there is nothing to take back, and it says why.
    let again = undo(&portal, json!({"changes": [newest(&portal).await]})).await;
    assert_eq!((again.status, &again.json()["refused"][0]["code"]), (422, &json!("changed_since")));
    // It is in the log, by whoever did it, and can be taken back itself.
    let back = undo(&portal, json!({"changes": [done.json()["revision"].to_string()]})).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(refs(&back.json()["removed"]), ["database:default/main"]);
    assert_eq!(portal.port("database", "main").await, Value::Null);
    assert_eq!(portal.port("database", "copy").await["relations"]["replicaOf"], Value::Null);
    let audit = portal.get("/api/stagedoor/v1/audit?kind=entity&action=delete").await.json();
    assert_eq!(audit["events"][0]["identifier"], "main", "{audit}");
    // Events are written by a thread of their own.
    let told = format!("took back changes {}: 2 entities", done.json()["revision"]);
    eventually("it is in the audit log", Duration::from_secs(10), async || {
        portal.portal.flush().await;
        let audit = portal.get("/api/stagedoor/v1/audit?kind=entity&action=update").await.json();
        let events = audit["events"].as_array().unwrap().clone();
        events.iter().any(|e| e["name"] == "UndoChanges" && e["message"] == told)
    })
    .await;
    // And a third time, from where it began: all that came after has come to nothing.
    let back =
        undo(&portal, json!({"by": "test-client", "since": list[0]["at"], "until": list[0]["at"]})).await;
    assert_eq!(back.status, 200, "{}", back.text());
    assert_eq!(portal.uid("database:default/main").await, uid, "{}", back.text());
}

#[tokio::test]
async fn a_run_of_a_source_comes_back_and_stays_until_the_source_says_it_again() {
    let folder = Folder::new();
    folder.write("a.yaml", &names(0..10));
    let portal = folder.portal(&["a.yaml"]).await;
    portal.patch("component", "component:default/c3", json!({"properties": {"language": "rust"}})).await;
    let uid = portal.uid("component:default/c3").await;
    folder.write("a.yaml", &names(0..2));
    portal.sync().await;
    let list = removals(&portal).await;
    assert_eq!(
        (&list[0]["count"], list[0]["actor"]["name"].as_str()),
        (&json!(8), Some("file:a.yaml")),
        "{list:?}"
    );
    let done = undo(&portal, json!({"by": "file:a.yaml", "since": list[0]["at"]})).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["restored"].as_array().unwrap().len(), 8);
    assert_eq!(done.json()["restored"][0]["source"], "file:a.yaml");
    let came_back = portal.port("component", "component:default/c3").await;
    assert_eq!(came_back["properties"]["language"], "rust");
    // The source says them no more: they stay, and belong to nobody.
    portal.sync().await;
    assert_eq!(portal.filtered("kind=component").await.len(), 10);
    assert_eq!(portal.delete("component", "component:default/c9").await.status, 200);
    // It says some again: those are its own, with the same uid, and go when it drops them.
    folder.write("a.yaml", &names(0..5));
    portal.sync().await;
    assert_eq!(portal.uid("component:default/c3").await, uid);
    assert_eq!(portal.delete("component", "component:default/c3").await.status, 422, "the source owns it");
    folder.write("a.yaml", &names(0..2));
    portal.sync().await;
    let left = portal.filtered("kind=component").await;
    assert_eq!(left.len(), 2 + 4, "c5 to c8 are still nobody's: {left:?}");
    assert!(!left.contains(&"component:default/c3".to_owned()));
}

#[tokio::test]
async fn what_came_back_is_known_as_such_after_a_restart() {
    let (folder, store) = (Folder::new(), Arc::new(MemoryStore::new()));
    let start = || folder.builder(&["a.yaml"]).store(Arc::clone(&store) as Arc<dyn Store>).start();
    folder.write("a.yaml", &names(0..4));
    let portal = start().await;
    folder.write("a.yaml", &names(0..2));
    portal.sync().await;
    undo(&portal, json!({"changes": [newest(&portal).await]})).await;
    drop(portal);
    // The first reading of a start changes nothing.
    let portal = start().await;
    assert_eq!(portal.filtered("kind=component").await.len(), 4);
    folder.write("a.yaml", &names(0..3));
    portal.sync().await;
    drop(portal);
    let portal = start().await;
    folder.write("a.yaml", &names(0..2));
    portal.sync().await;
    let left = portal.filtered("kind=component").await;
    assert_eq!(left, ["component:default/c0", "component:default/c1", "component:default/c3"]);
}

#[tokio::test]
async fn what_was_made_anew_or_changed_since_is_named_and_the_rest_comes_back() {
    let folder = Folder::new();
    folder.write("a.yaml", &names(0..4));
    let portal = folder.portal(&["a.yaml"]).await;
    folder.write("a.yaml", &names(0..1));
    portal.sync().await;
    portal.accept(&component("c2")).await;
    let done = undo(&portal, json!({"changes": [newest(&portal).await]})).await;
    assert_eq!(done.status, 207, "{}", done.text());
    let body = done.json();
    assert_eq!(refs(&body["restored"]), ["component:default/c1", "component:default/c3"]);
    assert_eq!(body["refused"][0]["ref"], "component:default/c2");
    assert_eq!(body["refused"][0]["code"], "made_anew");
    assert!(body["refused"][0]["message"].as_str().unwrap().contains("test-client"), "{body}");
    // What a source says now stays what it says.
    folder.write("a.yaml", &names(0..4));
    portal.sync().await;
    let undone = undo(&portal, json!({"by": "file:a.yaml", "since": "2020-01-01T00:00:00Z"})).await;
    let refused = undone.json()["refused"].clone();
    let codes: Vec<_> = refused.as_array().unwrap().iter().filter(|r| r["code"] == "claimed").collect();
    assert!(undone.status == 422 && !codes.is_empty(), "{}", undone.text());
    assert_eq!(portal.filtered("kind=component").await.len(), 4);
}

#[tokio::test]
async fn one_change_of_a_commit_can_be_picked() {
    let folder = Folder::new();
    folder.write("a.yaml", &names(0..3));
    let portal = folder.portal(&["a.yaml"]).await;
    folder.write("a.yaml", "");
    portal.sync().await;
    let events = portal.get("/api/stagedoor/v1/changes?limit=1000").await.json()["events"].clone();
    let id = |reference: &str| {
        let of = |e: &&Value| e["action"] == "deleted" && e["ref"] == reference;
        events.as_array().unwrap().iter().find(of).unwrap()["id"].as_str().unwrap().to_owned()
    };
    let done =
        undo(&portal, json!({"changes": [id("component:default/c1"), id("component:default/c2")]})).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(portal.filtered("kind=component").await, ["component:default/c1", "component:default/c2"]);
}

async fn undo_as(portal: &TestPortal, who: &Person, body: Value) -> Answer {
    portal.request_as(who, "POST", "/api/stagedoor/v1/undo", Some(&body)).await
}

#[tokio::test]
async fn members_take_back_what_they_did_and_still_may() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    let open = json!({"entities": {"register": {"roles": ["Member"]}, "unregister": {"roles": ["Member"]}}});
    let opened = portal.request("PATCH", "/v1/blueprints/database/permissions", Some(&open)).await;
    assert_eq!(opened.status, 200, "{}", opened.text());
    let (elsa, otto) =
        (portal.member("elsa@larkfell.example").await, portal.member("otto@larkfell.example").await);
    for name in ["a", "b"] {
        portal.merge("database", json!({"identifier": name})).await;
    }
    let path = |name: &str| format!("/v1/blueprints/database/entities/{name}");
    assert_eq!(portal.request_as(&elsa, "DELETE", &path("a"), None).await.status, 200);
    let revision = portal.revision().to_string();
    portal.delete("database", "b").await;
    let seen = |answer: Answer| answer.json()["removals"].as_array().unwrap().len();
    let list = "/api/stagedoor/v1/removals";
    assert_eq!(seen(portal.request_as(&elsa, "GET", list, None).await), 1);
    assert_eq!(seen(portal.request_as(&otto, "GET", list, None).await), 0);
    assert_eq!(
        seen(portal.request_as(&otto, "GET", &format!("{list}?by=elsa@larkfell.example"), None).await),
        0
    );
    // Others' doings are not there, by whichever way they are asked for.
    for body in [
        json!({"changes": [revision]}),
        json!({"changes": [format!("{revision}-0")]}),
        json!({"by": "elsa@larkfell.example", "since": "2020-01-01T00:00:00Z"}),
    ] {
        assert_eq!(undo_as(&portal, &otto, body).await.status, 404);
    }
    // Whoever may make no more databases cannot get one back.
    let closed = json!({"entities": {"register": {"roles": ["Admin"]}}});
    portal.request("PATCH", "/v1/blueprints/database/permissions", Some(&closed)).await;
    let refused = undo_as(&portal, &elsa, json!({"changes": [revision]})).await;
    assert_eq!((refused.status, &refused.json()["refused"][0]["code"]), (422, &json!("forbidden")));
    portal.request("PATCH", "/v1/blueprints/database/permissions", Some(&open)).await;
    assert_eq!(undo_as(&portal, &elsa, json!({"changes": [revision]})).await.status, 200);
    assert_ne!(portal.port("database", "a").await, Value::Null);
}

#[tokio::test]
async fn people_are_not_taken_back() {
    let portal = TestPortal::new().await;
    portal.member("elsa@larkfell.example").await;
    assert_eq!(portal.delete("_user", "elsa@larkfell.example").await.status, 200);
    let answer = undo(&portal, json!({"changes": [newest(&portal).await]})).await;
    assert_eq!((answer.status, &answer.json()["refused"][0]["code"]), (422, &json!("protected_entity")));
    assert_eq!(portal.port("_user", "elsa@larkfell.example").await, Value::Null);
}

#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_its_place() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    for (body, status, says) in [
        (json!({}), 400, "either"),
        (json!({"changes": ["1"], "by": "x"}), 400, "either"),
        (json!({"changes": ["x"]}), 400, "changes: "),
        (json!({"changes": ["1--2"]}), 400, "changes: "),
        (json!({"changes": ["99999999999999999999"]}), 400, "changes: "),
        (json!({"by": "x"}), 400, "either"),
        (json!({"by": "x", "since": "yesterday"}), 400, "since"),
        (json!({"by": "x", "since": "2020-01-01T00:00:00Z", "until": "?"}), 400, "until"),
        (json!({"change": 1}), 422, "unknown field"),
        (json!({"changes": ["0"]}), 404, "no change"),
        (json!({"changes": ["123456"]}), 404, "123456"),
        (json!({"changes": ["1-123456"]}), 404, "1-123456"),
        (json!({"changes": []}), 404, "no change"),
        (json!({"by": "nobody", "since": "2020-01-01T00:00:00Z"}), 404, "no change"),
    ] {
        let answer = undo(&portal, body.clone()).await;
        let message = answer.json()["error"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == status && message.contains(says), "{body}: {} {message}", answer.status);
    }
    let path = "/api/stagedoor/v1/removals";
    for query in ["?limit=0", "?limit=101", "?limit=x", "?before=x", "?other=1"] {
        assert_eq!(portal.get(&format!("{path}{query}")).await.status, 400, "{query}");
    }
    for key in 0..3 {
        portal.accept(&component(&format!("x{key}"))).await;
        portal.delete("component", &format!("component:default/x{key}")).await;
    }
    let first = portal.get(&format!("{path}?limit=2")).await.json();
    let rest = portal.get(&format!("{path}?limit=2&before={}", first["next"])).await.json();
    let revisions = |page: &Value| {
        page["removals"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["revision"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    let all = [revisions(&first), revisions(&rest)].concat();
    assert!(all.len() == 3 && all.is_sorted_by(|a, b| a > b), "{all:?}");
    assert_eq!(rest["next"], Value::Null);
}

#[tokio::test]
async fn a_deleted_location_is_registered_again_and_claims_what_it_says() {
    let page = "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: far}\n\
                spec: {type: service, lifecycle: production, owner: a}\n";
    let app = axum::Router::new().route("/far.yaml", axum::routing::get(move || async move { page }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let target = format!("http://{}/far.yaml", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let portal = TestPortal::new().await;
    let made = portal.post("/api/catalog/locations", &json!({"type": "url", "target": target})).await;
    assert_eq!(made.status, 201, "{}", made.text());
    let id = made.json()["location"]["id"].as_str().unwrap().to_owned();
    let uid = portal.uid("component:default/far").await;
    let gone = portal.request("DELETE", &format!("/api/catalog/locations/{id}"), None).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(portal.backstage("component:default/far").await, Value::Null);
    let done = undo(&portal, json!({"changes": [newest(&portal).await]})).await;
    assert_eq!(done.status, 200, "{}", done.text());
    assert_eq!(done.json()["locations"], json!([format!("url:{target}")]));
    portal.sync().await;
    let locations = portal.get("/api/catalog/locations").await.json();
    assert_eq!(locations[0]["data"]["id"], id, "{locations}");
    assert_eq!(portal.uid("component:default/far").await, uid);
    assert_eq!(portal.delete("component", "component:default/far").await.status, 422, "the location owns it");
    let gone = portal.request("DELETE", &format!("/api/catalog/locations/{id}"), None).await;
    assert_eq!(gone.status, 204, "{}", gone.text());
    assert_eq!(portal.backstage("component:default/far").await, Value::Null, "nobody else had made it");
}
