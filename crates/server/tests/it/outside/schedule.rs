//! What is read when.

use std::time::Duration;

use serde_json::json;
use stagedoor_portal::Pace;
use stagedoor_testkit::TestPortal;

use super::{PATIENCE, components, read, source};
use crate::support::{Ask as _, Folder, component, eventually};
use crate::url::Files;

fn pace(poll: Option<u64>, pause: u64) -> Pace {
    let pauses = Duration::from_millis(pause);
    Pace { poll: poll.map(Duration::from_millis), first_pause: pauses, longest_pause: 8 * pauses }
}

#[tokio::test]
async fn only_what_is_asked_for_or_touched_is_read() {
    let (folder, files) = (Folder::live(), Files::default());
    folder.write("one/a.yaml", &component("a")).write("two/b.yaml", &component("b"));
    for name in ["c", "d"] {
        files.put(&format!("/{name}.yaml"), 200, &component(name));
    }
    let base = files.serve().await;
    let url = |name: &str| format!("{base}/{name}.yaml");
    let builder =
        folder.builder(&["one/*.yaml", "two/*.yaml"]).url_location(&url("c")).url_location(&url("d"));
    let portal = builder.start().await;
    assert_eq!(components(&portal).await, ["a", "b", "c", "d"]);
    assert_eq!(files.asked(), ["/c.yaml", "/d.yaml"]);
    let runs = async || {
        let sources = portal.sources().await;
        sources.iter().map(|s| s["lastRun"].clone()).collect::<Vec<_>>()
    };
    let before = runs().await;
    folder.write("one/a.yaml", &component("e"));
    eventually("the change", PATIENCE, async || components(&portal).await == ["b", "c", "d", "e"]).await;
    let after = runs().await;
    assert_ne!(after[0], before[0]);
    assert_eq!((&after[1..], files.asked()), (&before[1..], vec![]));
    read(&portal, &format!("url:{}", url("d"))).await;
    assert_eq!(files.asked(), ["/d.yaml"]);
    portal.sync().await;
    assert_eq!(files.asked(), ["/c.yaml", "/d.yaml"]);
    let unknown = portal.post("/api/stagedoor/v1/sources/url%3Ahttps%3A%2F%2Fnone/read", &json!(null)).await;
    assert_eq!(unknown.status, 404);
}

#[tokio::test]
async fn an_address_is_asked_again_after_its_time() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    let base = files.serve().await;
    let target = format!("{base}/a.yaml");
    let portal = TestPortal::builder().url_location(&target).pace(pace(Some(50), 10)).start().await;
    files.put("/a.yaml", 200, &component("b"));
    eventually("the change", PATIENCE, async || components(&portal).await == ["b"]).await;
    let parsed = portal.portal.stats().files_parsed;
    files.asked.lock().unwrap().clear();
    eventually("three more", PATIENCE, async || files.asked.lock().unwrap().len() >= 3).await;
    assert!(files.asked.lock().unwrap().iter().all(|(_, same)| *same), "each answered with 304");
    assert_eq!(portal.portal.stats().files_parsed, parsed);
    let budget = portal.get("/api/stagedoor/v1/sources").await.json()["budgets"][0].clone();
    assert!(
        budget["unchanged"].as_u64().unwrap() >= 3 && base.ends_with(budget["host"].as_str().unwrap()),
        "{budget}"
    );
}

#[tokio::test]
async fn a_reading_that_fails_is_tried_again_by_itself() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    let base = files.serve().await;
    let target = format!("{base}/a.yaml");
    let id = format!("url:{target}");
    let portal = TestPortal::builder().url_location(&target).pace(pace(Some(3_600_000), 20)).start().await;
    files.put("/a.yaml", 503, "");
    read(&portal, &id).await;
    assert_eq!(
        (components(&portal).await, source(&portal, &id).await["state"].clone()),
        (vec!["a".to_owned()], json!("stale"))
    );
    files.asked();
    eventually("several attempts", PATIENCE, async || files.asked.lock().unwrap().len() >= 3).await;
    files.put("/a.yaml", 200, &component("b"));
    eventually("its return", PATIENCE, async || components(&portal).await == ["b"]).await;
    assert_eq!(source(&portal, &id).await["state"], "fresh");
}

#[tokio::test]
async fn an_answer_without_content_takes_nothing_away() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    let base = files.serve().await;
    let target = format!("{base}/a.yaml");
    let portal = TestPortal::builder().url_location(&target).start().await;
    for empty in ["", "\n \n"] {
        files.put("/a.yaml", 200, empty);
        portal.sync().await;
        assert_eq!(components(&portal).await, ["a"]);
        assert_eq!(source(&portal, &format!("url:{target}")).await["state"], "stale");
    }
    // A person who means it says so.
    files.put("/a.yaml", 200, "# nothing here any more\n");
    portal.sync().await;
    assert_eq!(components(&portal).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_document_that_moves_between_addresses_of_one_host_keeps_its_uid() {
    let files = Files::default();
    files.put("/a.yaml", 200, &component("a"));
    files.put("/b.yaml", 200, &component("b"));
    let base = files.serve().await;
    let builder = TestPortal::builder().url_location(&format!("{base}/a.yaml"));
    let portal = builder.url_location(&format!("{base}/b.yaml")).start().await;
    let uid = portal.uid("component:default/a").await;
    files.put("/a.yaml", 200, &component("c"));
    files.put("/b.yaml", 200, &component("a"));
    portal.sync().await;
    assert_eq!(
        (components(&portal).await, portal.uid("component:default/a").await),
        (vec!["a".to_owned(), "c".into()], uid)
    );
}

#[tokio::test]
async fn documents_are_judged_again_when_there_are_other_kinds() {
    let files = Files::default();
    files.put("/a.yaml", 200, "apiVersion: stagedoor.io/v1alpha1\nkind: Box\nmetadata: {name: a}\n");
    let base = files.serve().await;
    let portal = TestPortal::builder().url_location(&format!("{base}/a.yaml")).start().await;
    assert!(portal.port("box", "a").await.is_null());
    portal.blueprint(json!({ "identifier": "box", "schema": { "properties": {} } })).await;
    portal.sync().await;
    assert_eq!(portal.port("box", "a").await["identifier"], "a");
}
