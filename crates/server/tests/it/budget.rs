//! The deletion budget: what is lost only with a person's word, and what that word covers.

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::outside::{FAKE, Fake, components, group, read, source};
use crate::support::{Ask as _, Folder, component, encode, stream};
use crate::url::Files;

async fn confirm(portal: &TestPortal, id: &str) {
    let path = format!("/api/stagedoor/v1/sources/confirm?id={}", encode(id));
    assert_eq!(portal.post(&path, &Value::Null).await.status, 200);
}

async fn groups(portal: &TestPortal) -> usize {
    portal.filtered("kind=group").await.len()
}

fn numbered(range: std::ops::Range<usize>) -> Vec<Value> {
    range.map(|n| group(&format!("g{n}"))).collect()
}

#[tokio::test]
async fn a_small_provider_that_suddenly_finds_nothing_waits_for_a_person() {
    let fake = Fake::finding(numbered(0..6));
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    fake.finds([]);
    read(&portal, FAKE).await;
    let shown = source(&portal, FAKE).await;
    assert_eq!((groups(&portal).await, &shown["state"]), (6, &json!("held")));
    assert!(shown["reason"].as_str().unwrap().contains("6 of 6"), "{shown}");
    // What it still finds comes all the same, and it may come back by itself.
    fake.finds([group("new")]);
    read(&portal, FAKE).await;
    assert_eq!((groups(&portal).await, source(&portal, FAKE).await["state"].clone()), (7, json!("held")));
    fake.finds(numbered(0..6));
    read(&portal, FAKE).await;
    assert_eq!((groups(&portal).await, source(&portal, FAKE).await["state"].clone()), (6, json!("fresh")));
    // Less than half, or a few of few, goes at once.
    fake.finds(numbered(0..3));
    read(&portal, FAKE).await;
    assert_eq!(groups(&portal).await, 3);
    fake.finds([]);
    read(&portal, FAKE).await;
    assert_eq!((groups(&portal).await, source(&portal, FAKE).await["state"].clone()), (0, json!("fresh")));
}

#[tokio::test]
async fn a_person_confirms_what_was_shown_and_no_more() {
    let fake = Fake::finding(numbered(0..10));
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    fake.finds(numbered(0..4));
    read(&portal, FAKE).await;
    // Between the look and the word the provider has got worse.
    fake.finds([]);
    confirm(&portal, FAKE).await;
    let shown = source(&portal, FAKE).await;
    assert_eq!((groups(&portal).await, &shown["state"]), (10, &json!("held")));
    assert!(shown["reason"].as_str().unwrap().contains("10 of 10"), "{shown}");
    // Or better.
    fake.finds(numbered(0..2));
    confirm(&portal, FAKE).await;
    assert_eq!((groups(&portal).await, source(&portal, FAKE).await["state"].clone()), (2, json!("fresh")));
}

#[tokio::test]
async fn a_confirmed_loss_is_not_the_loss_of_a_source_that_is_absent_at_that_moment() {
    let documents =
        |n: std::ops::Range<usize>| stream(&n.map(|i| component(&format!("c{i}"))).collect::<Vec<_>>());
    let files = Files::default();
    files.put("/all.yaml", 200, &documents(0..24));
    let base = files.serve().await;
    let target = format!("{base}/all.yaml");
    let id = format!("url:{target}");
    let portal = TestPortal::builder().url_location(&target).start().await;
    files.put("/all.yaml", 200, &documents(0..5));
    read(&portal, &id).await;
    assert_eq!(source(&portal, &id).await["state"], "held");
    files.put("/all.yaml", 404, "");
    confirm(&portal, &id).await;
    assert_eq!(
        (components(&portal).await.len(), source(&portal, &id).await["state"].clone()),
        (24, json!("gone"))
    );
    // Whoever sees that it is gone may say that it should go.
    confirm(&portal, &id).await;
    assert_eq!(components(&portal).await, Vec::<String>::new());
}

#[tokio::test]
async fn what_passes_to_another_source_is_not_lost() {
    let (folder, documents) = (Folder::new(), (0..24).map(|i| component(&format!("c{i}"))));
    let all = stream(&documents.collect::<Vec<_>>());
    folder.write("a/all.yaml", &all).write("b/none.yaml", "");
    let portal = folder.portal(&["a/*.yaml", "b/*.yaml"]).await;
    let before = portal.uid("component:default/c7").await;
    folder.write("b/all.yaml", &all).write("a/all.yaml", "");
    portal.sync().await;
    let states: Vec<Value> = portal.sources().await.iter().map(|s| s["state"].clone()).collect();
    assert_eq!((states, components(&portal).await.len()), (vec![json!("fresh"), json!("fresh")], 24));
    assert_eq!(portal.uid("component:default/c7").await, before);
}

#[tokio::test]
async fn a_source_that_leads_to_too_many_files_loses_nothing() {
    let folder = Folder::new();
    folder.write("x/a.yaml", &component("a")).write("x/b.yaml", &component("b"));
    let portal = folder.builder(&["x/*.yaml"]).most_files(2).start().await;
    assert_eq!(components(&portal).await, ["a", "b"]);
    // Sorted by name, the file of `b` is the third now.
    folder.write("x/a.yaml", "").write("x/a1.yaml", &component("c"));
    portal.sync().await;
    assert_eq!(components(&portal).await, ["a", "b", "c"]);
    let shown = portal.sources().await[0].clone();
    assert_eq!(shown["state"], "stale");
    assert!(shown["reason"].as_str().unwrap().contains("more than 2 files"), "{shown}");
    assert!(shown["problems"].to_string().contains("b.yaml") || !shown["problems"][0].is_null(), "{shown}");
    folder.remove("x/a.yaml");
    portal.sync().await;
    assert_eq!(components(&portal).await, ["b", "c"]);
    assert_eq!(portal.sources().await[0]["state"], "fresh");
}
