//! Locations that somebody has registered.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use super::{components, source};
use crate::support::{Ask as _, component};
use crate::url::Files;

async fn register(portal: &TestPortal, target: &str) -> Value {
    let answer = portal.post("/api/catalog/locations", &json!({ "type": "url", "target": target })).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()["location"].clone()
}

#[tokio::test]
async fn a_registered_location_is_there_on_return_and_gone_when_it_is_deleted() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    files.put("/b.yaml", 200, &component("b"));
    let base = files.serve().await;
    let portal = TestPortal::builder().url_location(&format!("{base}/b.yaml")).start().await;
    files.asked();
    let target = format!("{base}/a.yaml");
    let registered = register(&portal, &target).await;
    assert_eq!(components(&portal).await, ["a", "b"]);
    assert_eq!(files.asked(), ["/a.yaml"], "the other one is not read for it");
    let id = format!("url:{target}");
    let shown = source(&portal, &id).await;
    assert_eq!(
        (&shown["registered"], &shown["state"], &shown["entities"]),
        (&json!(true), &json!("fresh"), &json!(2))
    );
    assert_eq!(shown["schedule"], "every 2 minutes");

    let entity = portal.backstage(registered["entityRef"].as_str().unwrap()).await;
    assert_eq!(entity["spec"], json!({ "type": "url", "target": target }));
    let annotations = &entity["metadata"]["annotations"];
    for key in ["managed-by-location", "managed-by-origin-location"] {
        assert_eq!(annotations[format!("backstage.io/{key}")], json!(id));
    }
    assert_eq!(annotations["backstage.io/view-url"], json!(target));

    let path = format!("/api/catalog/locations/{}", registered["id"].as_str().unwrap());
    assert_eq!(portal.request("DELETE", &path, None).await.status, 204);
    assert_eq!(components(&portal).await, ["b"]);
    assert!(source(&portal, &id).await.is_null());
    portal.sync().await;
    assert_eq!(files.asked(), ["/b.yaml"]);
    assert_eq!(components(&portal).await, ["b"]);
}

#[tokio::test]
async fn a_registered_location_that_cannot_be_read_says_why() {
    let files = Files::default();
    files.put("/broken.yaml", 500, "");
    files.put("/bad.yaml", 200, "kind: [");
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    for (path, state) in [("/none.yaml", "gone"), ("/broken.yaml", "stale"), ("/bad.yaml", "fresh")] {
        register(&portal, &format!("{base}{path}")).await;
        let shown = source(&portal, &format!("url:{base}{path}")).await;
        assert_eq!(
            (shown["state"].as_str().unwrap(), shown["problems"].as_array().unwrap().len()),
            (state, 1),
            "{path}"
        );
    }
}

#[tokio::test]
async fn registered_locations_survive_a_restart() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    let base = files.serve().await;
    let portal = TestPortal::new().await;
    register(&portal, &format!("{base}/a.yaml")).await;
    let (store, revision) = (std::sync::Arc::clone(&portal.store), portal.revision());
    drop(portal);
    files.asked();
    let portal = TestPortal::builder().store(store).start().await;
    assert_eq!((components(&portal).await, portal.revision()), (vec!["a".to_owned()], revision));
    assert_eq!(files.asked(), ["/a.yaml"]);
}
