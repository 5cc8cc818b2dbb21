//! Entities that move from one source to another, and documents that wait for their blueprint.

use serde_json::json;
use stagedoor_testkit::TestPortal;

use crate::outside::{FAKE, Fake, PATIENCE, components, group, read, source};
use crate::support::{Ask as _, Folder, component, component_with, database, eventually};
use crate::url::Files;

const A: &str = "component:default/a";

/// A contributor's property, to see what else moves.
async fn contribute(portal: &TestPortal) -> String {
    let patched = portal.patch("component", A, json!({ "properties": { "language": "rust" } })).await;
    assert!(patched.status < 300, "{}", patched.text());
    portal.uid(A).await
}

async fn is_still(portal: &TestPortal, uid: &str) {
    assert_eq!(portal.uid(A).await, uid);
    assert_eq!(portal.port("component", A).await["properties"]["language"], "rust");
}

#[tokio::test]
async fn what_moves_between_files_and_addresses_is_still_the_same() {
    let (folder, files) = (Folder::new(), Files::default());
    folder.write("a.yaml", &component("a"));
    files.put("/u.yaml", 200, &component("b"));
    let base = files.serve().await;
    let target = format!("{base}/u.yaml");
    let portal = folder.builder(&["*.yaml"]).url_location(&target).start().await;
    let uid = contribute(&portal).await;
    let created = portal.port("component", A).await["createdAt"].clone();
    // It goes before it comes, which two sources on two hosts cannot do at once.
    folder.write("a.yaml", "");
    portal.sync().await;
    assert_eq!(components(&portal).await, ["b"]);
    files.put("/u.yaml", 200, &component_with("a", "moved: true"));
    read(&portal, &format!("url:{target}")).await;
    assert_eq!(components(&portal).await, ["a"]);
    is_still(&portal, &uid).await;
    let there = portal.port("component", A).await;
    assert_eq!(there["createdAt"], created);
    assert_ne!(there["updatedAt"], created);
    // And back.
    files.put("/u.yaml", 200, &component("b"));
    read(&portal, &format!("url:{target}")).await;
    folder.write("a.yaml", &component("a"));
    portal.sync().await;
    is_still(&portal, &uid).await;
    // What was another kind of thing is another thing.
    folder.write("a.yaml", "");
    portal.sync().await;
    portal.merge("component", json!({ "identifier": "component:default/a" })).await;
    let made = portal.uid(A).await;
    assert_ne!(made, uid, "somebody has made it anew");
}

#[tokio::test]
async fn what_stands_elsewhere_is_taken_over_from_an_address_that_is_gone() {
    let (old, new) = (Files::default(), Files::default());
    old.put("/a.yaml", 200, &component("a"));
    new.put("/a.yaml", 200, &component("b"));
    let (old_base, new_base) = (old.serve().await, new.serve().await);
    let (old_target, new_target) = (format!("{old_base}/a.yaml"), format!("{new_base}/a.yaml"));
    let portal = TestPortal::builder().url_location(&old_target).url_location(&new_target).start().await;
    let uid = contribute(&portal).await;
    let (old_id, new_id) = (format!("url:{old_target}"), format!("url:{new_target}"));
    let moved = async || portal.backstage(A).await["spec"]["moved"] == true;
    // While the old address cannot be reached it keeps what it said, and a rival from before waits for its grace.
    new.put("/a.yaml", 200, &component_with("a", "moved: true"));
    for status in [500, 404] {
        old.put("/a.yaml", status, "");
        read(&portal, &old_id).await;
        read(&portal, &new_id).await;
        assert_eq!(source(&portal, &new_id).await["conflicts"][0]["ref"], A);
        assert!(!moved().await, "{status}");
    }
    // Whoever says it only when the old address is gone has moved it.
    for text in [component("b"), component_with("a", "moved: true")] {
        new.put("/a.yaml", 200, &text);
        read(&portal, &new_id).await;
    }
    is_still(&portal, &uid).await;
    assert!(moved().await);
    assert_eq!(source(&portal, &new_id).await["conflicts"], json!([]));
}

#[tokio::test]
async fn a_blueprint_that_somebody_makes_has_waiting_documents_read() {
    let folder = Folder::new();
    let document = "apiVersion: stagedoor.io/v1alpha1\nkind: Database\nmetadata: {name: main}\nspec: {engine: postgres}\n";
    folder.write("d.yaml", document);
    let files = Files::default();
    files.put("/d.yaml", 200, &document.replace("main", "other"));
    let base = files.serve().await;
    let fake = Fake::finding([group("crew")]);
    let target = format!("{base}/d.yaml");
    let portal = folder.builder(&["*.yaml"]).url_location(&target).provider(fake.clone()).start().await;
    assert_eq!(portal.filtered("kind=database").await, Vec::<String>::new());
    assert_eq!(portal.sources().await[0]["problems"].as_array().unwrap().len(), 1);
    fake.asked();
    portal.blueprint(database()).await;
    eventually("both are there", PATIENCE, async || {
        portal.filtered("kind=database").await == ["database:default/main", "database:default/other"]
    })
    .await;
    assert_eq!(portal.sources().await[0]["problems"], json!([]));
    // A provider without such a document has nothing to look for.
    assert_eq!((fake.asked(), source(&portal, FAKE).await["state"].clone()), (0, json!("fresh")));
}
