//! The change feed: everything, once, in order, to those who may have it.

mod limited;
mod stream;

use serde_json::{Value, json};
use stagedoor_auth::{Realm, Tokens, Viewer};
use stagedoor_portal::{FeedFilter, PortalError};
use stagedoor_testkit::TestPortal;

use crate::support::{
    Ask as _, assert_shape, component, component_with, database, send, stream as documents,
};

const CHANGES: &str = "/api/stagedoor/v1/changes";

async fn page(portal: &TestPortal, query: &str) -> Value {
    let answer = portal.get(&format!("{CHANGES}{query}")).await;
    assert_eq!(answer.status, 200, "{query}: {}", answer.text());
    answer.json()
}

fn told(event: &Value) -> String {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    format!("{} {} {} {}", text("kind"), text("action"), text("blueprint"), text("identifier"))
}

fn all_told(page: &Value) -> Vec<String> {
    page["events"].as_array().unwrap().iter().map(told).collect()
}

#[tokio::test]
async fn every_change_of_entities_and_blueprints_is_told_with_what_was_and_what_is() {
    let portal = TestPortal::new().await;
    portal.blueprint(database()).await;
    portal
        .merge(
            "database",
            json!({ "identifier": "orders", "title": "Orders", "properties": { "engine": "pg" } }),
        )
        .await;
    portal.patch("database", "orders", json!({ "properties": { "version": 16 } })).await;
    portal.merge("database", json!({ "identifier": "copy", "relations": { "replicaOf": "orders" } })).await;
    portal.delete("database", "copy").await;
    let page = page(&portal, "").await;
    assert_eq!(
        all_told(&page),
        [
            "blueprint created database database",
            "entity created database orders",
            "entity updated database orders",
            "entity created database copy",
            "entity deleted database copy",
        ]
    );
    let events = page["events"].as_array().unwrap();
    let revisions: Vec<u64> = events.iter().map(|e| e["revision"].as_u64().unwrap()).collect();
    assert_eq!(revisions, [1, 2, 3, 4, 5]);
    assert_eq!((&page["next"], &page["more"], &page["revision"]), (&json!("5"), &json!(false), &json!(5)));
    assert_eq!(events[0]["after"]["schema"]["properties"]["engine"]["type"], "string");
    assert_eq!(events[1]["actor"], json!({ "name": "test-client", "through": "port" }));
    assert_eq!((&events[1]["before"], &events[1]["ref"]), (&Value::Null, &json!("database:default/orders")));
    assert_eq!(events[2]["before"], events[1]["after"]);
    assert_eq!(events[1]["after"]["properties"], json!({ "engine": "pg" }));
    assert_eq!(events[2]["after"]["properties"], json!({ "engine": "pg", "version": 16 }));
    assert_eq!(events[2]["after"], portal.port("database", "orders").await);
    assert_eq!(events[3]["after"]["relations"], json!({ "replicaOf": "orders" }));
    assert_eq!((&events[4]["before"], &events[4]["after"]), (&events[3]["after"], &Value::Null));
}

#[tokio::test]
async fn a_document_is_told_in_ports_form_as_its_blueprint_of_then_read_it() {
    let portal = TestPortal::new().await;
    portal.accept(&component_with("shop", "system: commerce\ndependsOn: [resource:db]")).await;
    let first = page(&portal, "?kind=entity").await["events"][0].clone();
    assert_eq!(first["after"], portal.port("component", "component:default/shop").await);
    assert_eq!(first["after"]["team"], json!(["team-a"]));
    // Later the blueprint loses a property; what was told stays told.
    let mut blueprint = portal.get("/v1/blueprints/component").await.json()["blueprint"].clone();
    blueprint["schema"]["properties"].as_object_mut().unwrap().shift_remove("lifecycle");
    let answer = portal.request("PUT", "/v1/blueprints/component", Some(&blueprint)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(page(&portal, "?kind=entity").await["events"][0], first);
    let last = page(&portal, "?kind=blueprint").await["events"].as_array().unwrap().last().unwrap().clone();
    assert_eq!(told(&last), "blueprint updated component component");
    assert!(last["before"]["schema"]["properties"]["lifecycle"].is_object(), "{last}");
    assert!(last["after"]["schema"]["properties"]["lifecycle"].is_null(), "{last}");
}

#[tokio::test]
async fn pages_of_any_size_give_the_same_events_without_gap_or_repeat() {
    let portal = TestPortal::new().await;
    // One commit of many changes, then many commits of one.
    portal.accept(&documents(&(0..25).map(|i| component(&format!("c{i}"))).collect::<Vec<_>>())).await;
    portal.blueprint(database()).await;
    for i in 0..12 {
        portal.merge("database", json!({ "identifier": format!("d{i}") })).await;
    }
    let whole = page(&portal, "?limit=1000").await;
    assert!(whole["events"].as_array().unwrap().len() > 37, "{}", whole["events"]);
    for limit in [1, 2, 7, 30] {
        let (mut events, mut since) = (Vec::new(), "0".to_owned());
        loop {
            let next = page(&portal, &format!("?limit={limit}&since={since}")).await;
            events.extend(next["events"].as_array().unwrap().clone());
            since = next["next"].as_str().unwrap().to_owned();
            if next["more"] == false {
                break;
            }
        }
        assert_eq!(json!(events), whole["events"], "limit {limit}");
    }
    // Every event's id is a place to go on from.
    let events = whole["events"].as_array().unwrap();
    for at in [0, 1, 20, events.len() - 2, events.len() - 1] {
        let since = events[at]["id"].as_str().unwrap();
        assert_eq!(
            page(&portal, &format!("?limit=1000&since={since}")).await["events"],
            json!(events[at + 1..])
        );
    }
    let mut ids: Vec<&str> = events.iter().map(|e| e["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), events.len());
}

#[tokio::test]
async fn filters_leave_out_and_move_on() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    portal.blueprint(database()).await;
    portal.merge("database", json!({ "identifier": "d" })).await;
    portal.delete("database", "d").await;
    assert_eq!(
        all_told(&page(&portal, "?blueprint=database&kind=entity").await),
        ["entity created database d", "entity deleted database d"]
    );
    assert_eq!(
        all_told(&page(&portal, "?blueprint=database,component&kind=blueprint").await),
        ["blueprint created component component", "blueprint created database database"]
    );
    let none = page(&portal, "?blueprint=nothing").await;
    assert_eq!((&none["events"], &none["next"]), (&json!([]), &json!(portal.revision().to_string())));
    let bare = page(&portal, "?blueprint=component&kind=entity&values=false").await["events"][0].clone();
    assert_eq!(
        (told(&bare).as_str(), &bare["after"]),
        ("entity created component component:default/a", &Value::Null)
    );
}

#[tokio::test]
async fn places_that_are_none_are_refused() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    for (query, status, says) in [
        ("?since=x", 400, "expected a revision"),
        ("?since=-1", 400, "expected a revision"),
        ("?since=%2B1", 400, "expected a revision"),
        ("?since=1-", 400, "expected a revision"),
        ("?since=1-2-3", 400, "expected a revision"),
        ("?since=18446744073709551616", 400, "expected a revision"),
        ("?since=18446744073709551615", 422, "the newest is 1"),
        ("?since=2", 422, "the newest is 1"),
        ("?since=2-0", 422, "the newest is 1"),
        ("?limit=0", 400, "1 to 1000"),
        ("?limit=1001", 400, "1 to 1000"),
        ("?limit=x", 400, "limit"),
        ("?kind=records", 400, "kind"),
        ("?sice=1", 400, "sice"),
    ] {
        let answer = portal.get(&format!("{CHANGES}{query}")).await;
        assert_shape(CHANGES, status, &answer);
        assert!(answer.text().contains(says), "{query}: {}", answer.text());
        let accept = [("accept", "text/event-stream")];
        if !query.contains("limit") {
            let stream = send(&portal, "GET", &format!("{CHANGES}{query}"), &accept, "").await;
            assert_eq!(stream.status, status, "{query}");
        }
    }
    // A place within a commit, beyond its last change, is its end.
    assert_eq!(page(&portal, "?since=1-99").await["next"], "1");
}

#[tokio::test]
async fn only_for_accounts() {
    let portal = TestPortal::new().await;
    let feed =
        portal.portal.feed(&Viewer::person("elsa@larkfell.example"), None, FeedFilter::default()).await;
    assert!(matches!(feed.err(), Some(PortalError::Forbidden(_))));
    for accept in ["application/json", "text/event-stream"] {
        let request = http::Request::get(CHANGES).header("accept", accept);
        let answer = portal.send(request.body(axum::body::Body::empty()).unwrap()).await;
        assert_shape(CHANGES, 401, &answer);
        // A token in the address is none: addresses end in logs.
        let path = format!("{CHANGES}?access_token={}", portal.token());
        let request = http::Request::get(path).header("accept", accept);
        assert_eq!(portal.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 401);
        // Signed by another key.
        let realm = Realm {
            issuer: "stagedoor".into(),
            audience: "http://127.0.0.1:7007".into(),
            organization_id: "org_stagedoor".into(),
            organization_name: "stagedoor".into(),
        };
        let forged =
            Tokens::new([7; 32], realm).issue(&portal.viewer(), stagedoor_model::Timestamp(0)).unwrap();
        let request = http::Request::get(CHANGES).header("accept", accept);
        let request = request.header("authorization", format!("Bearer {}", forged.token));
        assert_eq!(portal.send(request.body(axum::body::Body::empty()).unwrap()).await.status, 401);
    }
}
