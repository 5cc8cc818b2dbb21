//! What happens when a source no longer says what it said, or says it wrongly.

use std::sync::Arc;

use serde_json::{Value, json};
use stagedoor_model::{Actor, Change, ChangeSet, SourceRecord, Timestamp};
use stagedoor_store::{MemoryStore, Store};
use stagedoor_store_sql::SqliteStore;
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component, component_with, encode, stream};

fn names(range: std::ops::Range<usize>) -> String {
    stream(&range.map(|i| component(&format!("c{i}"))).collect::<Vec<_>>())
}

async fn components(portal: &TestPortal) -> Vec<String> {
    portal.filtered("kind=component").await
}

/// The state of a source, its reason and its problems' texts.
async fn state(portal: &TestPortal) -> (String, Value) {
    let source = portal.sources().await[0].clone();
    (source["state"].as_str().unwrap_or_default().to_owned(), source)
}

#[tokio::test]
async fn a_removed_document_removes_its_entity() {
    let folder = Folder::new();
    folder.write("a.yaml", &stream(&[component("a"), component("b")]));
    let portal = folder.portal(&["a.yaml"]).await;
    folder.write("a.yaml", &component("b"));
    portal.sync().await;
    assert_eq!(components(&portal).await, ["component:default/b"]);
    // An empty file says nothing, and that can be read.
    folder.write("a.yaml", "");
    portal.sync().await;
    assert_eq!(components(&portal).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_removed_file_under_a_glob_removes_its_entities() {
    let folder = Folder::new();
    folder.write("x/a.yaml", &component("a")).write("x/y/b.yaml", &component("b"));
    let portal = folder.portal(&["x/**/*.yaml"]).await;
    assert_eq!(components(&portal).await.len(), 2);
    folder.remove("x/y/b.yaml");
    portal.sync().await;
    assert_eq!(components(&portal).await, ["component:default/a"]);
    folder.remove("x/a.yaml");
    portal.sync().await;
    assert_eq!((components(&portal).await, state(&portal).await.0.as_str()), (vec![], "fresh"));
}

#[tokio::test]
async fn a_fixed_file_that_is_absent_keeps_its_entities_with_the_error() {
    let folder = Folder::new();
    folder.write("a.yaml", &component("a"));
    let portal = folder.portal(&["a.yaml"]).await;
    folder.remove("a.yaml");
    portal.sync().await;
    let (state, source) = state(&portal).await;
    assert_eq!((components(&portal).await.len(), state.as_str()), (1, "gone"));
    assert!(source["problems"][0]["message"].as_str().unwrap().contains("a.yaml"), "{source}");
    folder.write("a.yaml", &component_with("a", "back: true"));
    portal.sync().await;
    let found = portal.backstage("component:default/a").await;
    assert_eq!(
        (&found["spec"]["back"], portal.sources().await[0]["state"].as_str()),
        (&json!(true), Some("fresh"))
    );
}

#[tokio::test]
async fn a_root_that_cannot_be_read_takes_nothing_away() {
    let folder = Folder::new();
    folder.write("x/a.yaml", &component("a")).write("b.yaml", &component("b"));
    let portal = folder.portal(&["x/*.yaml", "b.yaml"]).await;
    folder.rename("x", "elsewhere");
    folder.remove("b.yaml");
    // Something that is there and is no file: nobody has said that the document is absent.
    std::fs::create_dir(folder.path("b.yaml")).unwrap();
    portal.sync().await;
    assert_eq!(components(&portal).await.len(), 2);
    let sources = portal.sources().await;
    assert_eq!((&sources[0]["state"], &sources[1]["state"]), (&json!("gone"), &json!("stale")));
    folder.rename("elsewhere", "x");
    portal.sync().await;
    assert_eq!(portal.sources().await[0]["state"], "fresh");
}

#[tokio::test]
async fn a_location_document_whose_file_is_absent_keeps_that_files_entities() {
    let folder = Folder::new();
    folder.write("nested/a.yaml", &component("a"));
    let location = |targets: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: all}}\nspec: {{targets: [{targets}]}}\n"
        )
    };
    folder.write("all.yaml", &location("./nested/a.yaml"));
    let portal = folder.portal(&["all.yaml"]).await;
    assert_eq!(components(&portal).await.len(), 1);
    folder.remove("nested/a.yaml");
    portal.sync().await;
    assert_eq!(components(&portal).await.len(), 1);
    assert!(state(&portal).await.1["problems"][0]["message"].as_str().unwrap().contains("nested/a.yaml"));
    // A target that is taken out of the document is taken back.
    folder.write("all.yaml", &location(""));
    portal.sync().await;
    assert_eq!(components(&portal).await, Vec::<String>::new());
}

#[tokio::test]
async fn a_location_document_that_turns_bad_keeps_what_it_led_to() {
    let folder = Folder::new();
    let location = |name: &str, targets: &str| {
        format!(
            "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {{name: {name}}}\nspec: {{targets: [{targets}]}}\n"
        )
    };
    folder
        .write("x/y/a.yaml", &component("a"))
        .write("x/y/b.yaml", &component("b"))
        .write("c.yaml", &component("c"));
    folder.write("inner.yaml", &location("inner", "./x/*/*.yaml"));
    let good = location("outer", "./inner.yaml, ./c.yaml");
    folder.write("all.yaml", &good);
    let portal = folder.portal(&["all.yaml"]).await;
    assert_eq!(components(&portal).await.len(), 3);
    for bad in [good.replace("targets", "target"), good.replace("outer", "'no name'"), "{".into()] {
        folder.write("all.yaml", &bad);
        portal.sync().await;
        assert_eq!(components(&portal).await.len(), 3, "{bad}");
    }
    folder.write("all.yaml", &good).rename("inner.yaml", "elsewhere.yaml");
    portal.sync().await;
    assert_eq!(components(&portal).await.len(), 3);
    // Its neighbours come and go as they like.
    folder.write("c.yaml", &component("d"));
    portal.sync().await;
    assert_eq!(components(&portal).await[2], "component:default/d");
    folder.rename("elsewhere.yaml", "inner.yaml").remove("x/y/b.yaml");
    portal.sync().await;
    assert_eq!(components(&portal).await, ["component:default/a", "component:default/d"]);
}

#[tokio::test]
async fn a_document_that_turns_bad_keeps_the_last_good_entity_and_shows_the_error() {
    let folder = Folder::new();
    let good = [component("x"), component_with("a", "from: good"), component("y")];
    folder.write("a.yaml", &stream(&good));
    let portal = folder.portal(&["a.yaml"]).await;
    let (a, before) = ("component:default/a", portal.backstage("component:default/a").await);
    let bad =
        [component_with("x", "new: true"), component("a").replace("  owner: team-a\n", ""), component("y")];
    folder.write("a.yaml", &stream(&bad));
    portal.sync().await;

    let mut found = portal.backstage(a).await;
    let item = found["status"]["items"][0].clone();
    let text = "/spec must have required property 'owner' - missingProperty: owner";
    assert!(item["message"].as_str().unwrap().contains(text), "{item}");
    assert_eq!((&item["type"], &item["level"]), (&json!("backstage.io/catalog-processing"), &json!("error")));
    assert!(item["error"]["name"].is_string() && item["error"]["message"].is_string());
    assert_eq!(item["error"]["cause"], json!({ "name": "TypeError", "message": text }));
    assert_ne!(found["metadata"]["etag"], before["metadata"]["etag"]);
    found.as_object_mut().unwrap().shift_remove("status");
    found["metadata"]["etag"] = before["metadata"]["etag"].clone();
    assert_eq!(found, before, "the rest is as it was");

    let problem = portal.page("component", a).await["problems"][0].clone();
    assert!(
        problem["message"].as_str().unwrap().contains(text) && problem["line"].as_u64().unwrap() > 9,
        "{problem}"
    );
    let source = state(&portal).await.1;
    assert_eq!(source["problems"].as_array().unwrap().len(), 1);
    assert_eq!(source["problems"][0]["ref"], a);
    // Its neighbours moved on.
    assert_eq!(portal.backstage("component:default/x").await["spec"]["new"], true);

    folder.write("a.yaml", &stream(&good));
    portal.sync().await;
    assert_eq!(portal.backstage(a).await, before);
}

#[tokio::test]
async fn what_cannot_be_told_apart_any_more_is_kept() {
    let folder = Folder::new();
    let good = [component("a"), component("b"), component("c")];
    let text = stream(&good);
    folder.write("a.yaml", &text);
    let portal = folder.portal(&["a.yaml"]).await;
    for (what, bad) in [
        ("broken YAML", text.replace("name: b", "name: [b")),
        ("no name", text.replace("  name: b\n", "  title: b\n")),
        ("an illegal name", text.replace("name: b", "name: 'b b'")),
        ("an unknown kind", text.replacen("kind: Component", "kind: Compnent", 1)),
        ("no map", stream(&[good[0].clone(), "just text\n".into(), good[2].clone()])),
        ("no text", "\u{0}\u{1}".to_owned()),
    ] {
        folder.write("a.yaml", &bad);
        portal.sync().await;
        assert_eq!(components(&portal).await.len(), 3, "{what}");
        assert_ne!(state(&portal).await.1["problems"], json!([]), "{what}");
    }
    std::fs::write(folder.path("a.yaml"), [0xff, 0xfe, 0x00]).unwrap();
    portal.sync().await;
    assert_eq!(components(&portal).await.len(), 3);
    folder.write("a.yaml", &text);
    portal.sync().await;
    assert_eq!(state(&portal).await.1["problems"], json!([]));
}

#[tokio::test]
async fn an_entity_in_ports_form_that_turns_bad_is_kept_too() {
    let folder = Folder::new();
    let blueprint = json!({ "identifier": "box", "schema": { "properties": { "size": { "type": "number" } }, "required": ["size"] } });
    let boxes = |size: Value| {
        let entity = |id: &str, size: Value| json!({ "identifier": id, "blueprint": "box", "properties": { "size": size } });
        json!({ "entities": [entity("a", json!(1)), entity("b", size)] }).to_string()
    };
    folder.write("blueprint.json", &blueprint.to_string()).write("boxes.yaml", &boxes(json!(2)));
    let portal = folder.portal(&["*.json", "*.yaml"]).await;
    assert_eq!(portal.filtered("kind=box").await.len(), 2);
    for bad in [json!("large"), Value::Null] {
        folder.write("boxes.yaml", &boxes(bad.clone()));
        portal.sync().await;
        assert_eq!(portal.port("box", "b").await["properties"], json!({ "size": 2 }), "{bad}");
        assert_eq!(portal.sources().await[1]["problems"].as_array().unwrap().len(), 1);
    }
    folder.write("boxes.yaml", "entities: []\n");
    portal.sync().await;
    assert_eq!(portal.filtered("kind=box").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_blueprint_that_turns_bad_keeps_the_last_good_one() {
    let folder = Folder::new();
    folder.write(
        "bp.json",
        &json!({ "identifier": "box", "schema": { "properties": { "size": { "type": "number" } } } })
            .to_string(),
    );
    folder.write(
        "a.yaml",
        "apiVersion: stagedoor.io/v1alpha1\nkind: Box\nmetadata: {name: a}\nspec: {size: 5}\n",
    );
    let portal = folder.portal(&["*.json", "*.yaml"]).await;
    folder.write(
        "bp.json",
        &json!({ "identifier": "box", "schema": { "properties": { "size": { "type": "nonsense" } } } })
            .to_string(),
    );
    portal.sync().await;
    assert_eq!(portal.port("box", "a").await["properties"], json!({ "size": 5 }));
    assert_eq!(state(&portal).await.1["problems"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn losing_over_half_of_many_waits_for_a_person() {
    let folder = Folder::new();
    folder.write("c.yaml", &names(0..24));
    let portal = folder.portal(&["*.yaml"]).await;
    let id = encode(state(&portal).await.1["id"].as_str().unwrap());
    folder.write("c.yaml", &(names(0..6) + "---\n" + &component_with("c0new", "x: 1")));
    portal.sync().await;
    let (held, source) = state(&portal).await;
    assert_eq!((components(&portal).await.len(), held.as_str()), (25, "held"));
    assert!(source["reason"].as_str().unwrap().contains("half"), "{source}");
    let revision = portal.revision();
    portal.sync().await;
    assert_eq!(portal.revision(), revision, "waiting writes nothing");

    assert_eq!(
        portal.post("/api/stagedoor/v1/sources/confirm?id=file:nothing", &json!(null)).await.status,
        404
    );
    let answer = portal.post(&format!("/api/stagedoor/v1/sources/confirm?id={id}"), &json!(null)).await;
    assert_eq!((answer.status, &answer.json()["sources"][0]["state"]), (200, &json!("fresh")));
    assert_eq!(components(&portal).await.len(), 7);
}

#[tokio::test]
async fn a_held_source_that_comes_back_is_fresh_again() {
    let folder = Folder::new();
    folder.write("c.yaml", &names(0..24));
    let portal = folder.portal(&["*.yaml"]).await;
    let before = portal.everything().await;
    folder.write("c.yaml", "");
    portal.sync().await;
    assert_eq!(state(&portal).await.0, "held");
    folder.write("c.yaml", &names(0..24));
    portal.sync().await;
    assert_eq!((state(&portal).await.0.as_str(), portal.everything().await), ("fresh", before));
}

#[tokio::test]
async fn losing_less_than_half_or_of_few_happens_at_once() {
    let folder = Folder::new();
    folder.write("c.yaml", &names(0..30));
    let portal = folder.portal(&["*.yaml"]).await;
    folder.write("c.yaml", &names(0..16));
    portal.sync().await;
    assert_eq!(components(&portal).await.len(), 16);
    folder.write("c.yaml", &names(0..1));
    portal.sync().await;
    assert_eq!(components(&portal).await.len(), 1);
}

#[tokio::test]
async fn a_re_sync_that_changes_nothing_writes_nothing() {
    let (folder, database) = (Folder::new(), tempfile::tempdir().unwrap());
    let blueprint =
        json!({ "identifier": "box", "schema": { "properties": { "size": { "type": "number" } } } });
    folder.write(
        "a.yaml",
        &stream(&[component("a"), component_with("b", "dependsOn: ['component:x', 'box:one']")]),
    );
    folder.write("again.yaml", &component("a")).write("bad.yaml", &component("bad").replace("spec", "spek"));
    folder.write("x.json", &json!({ "blueprints": [blueprint], "entities": [
        { "identifier": "one", "blueprint": "box", "icon": "Box", "team": ["t"], "properties": { "size": 1, "more": true } }] }).to_string());
    let store = Arc::new(SqliteStore::open(&database.path().join("stagedoor.db")).unwrap());
    let targets = ["*.yaml", "*.json", "absent.yml"];
    let portal = folder.builder(&targets).store(Arc::clone(&store) as Arc<dyn Store>).start().await;
    assert_eq!(components(&portal).await.len(), 2);
    let written = (store.rows_written(), portal.revision());
    let before = portal.everything().await;
    for _ in 0..3 {
        portal.sync().await;
    }
    portal.portal.flush().await;
    assert_eq!((store.rows_written(), portal.revision()), written);
    // Nor does a new start over the same files.
    drop(portal);
    let portal = folder.builder(&targets).store(Arc::clone(&store) as Arc<dyn Store>).start().await;
    assert_eq!((store.rows_written(), portal.revision()), written);
    assert_eq!(portal.everything().await, before);
}

#[tokio::test]
async fn a_restart_gives_the_same_answers() {
    let folder = Folder::new();
    let store: Arc<dyn Store> = Arc::new(MemoryStore::new());
    folder.write(
        "a.yaml",
        &stream(&[component("a"), component_with("b", "dependsOn: ['component:a', 'database:Main']")]),
    );
    folder.write("again.yaml", &component("a"));
    let portal = folder.builder(&["*.yaml"]).store(Arc::clone(&store)).start().await;
    portal.blueprint(crate::support::database()).await;
    portal.blueprint(json!({ "identifier": "_hidden", "schema": { "properties": {} } })).await;
    for id in ["a@b", "main", "Main", "größe"] {
        portal.merge("database", json!({ "identifier": id, "team": ["t"], "properties": { "engine": "x", "odd": { "a": [] } } })).await;
    }
    portal.merge("database", json!({ "identifier": "z", "relations": { "replicaOf": "a@b" } })).await;
    portal.merge("database", json!({ "identifier": "y", "relations": { "replicaOf": "Main" } })).await;
    portal.merge("_hidden", json!({ "identifier": "h" })).await;
    portal
        .patch(
            "component",
            "component:default/a",
            json!({ "icon": "X", "properties": { "language": "rust" } }),
        )
        .await;
    portal.delete("database", "main").await;
    let before = (portal.everything().await, portal.revision());
    assert_eq!(before.0["backstage"].as_array().unwrap().len(), 8, "5 databases, 2 components, 1 location");
    drop(portal);
    let portal = folder.builder(&["*.yaml"]).store(store).start().await;
    assert_eq!((portal.everything().await, portal.revision()), before);
}

/// Moves the time since which everything absent has been absent to 1970.
fn long_ago(store: &dyn Store) {
    let mut gone = Vec::new();
    let base = store
        .load(&mut |change| {
            if let Change::PutSource(source) = change {
                gone.push(Change::PutSource(Arc::new(SourceRecord {
                    since: Timestamp(0),
                    ..source.as_ref().clone()
                })));
            }
        })
        .unwrap();
    assert_eq!(gone.len(), 1, "one thing is absent");
    let actor = Actor::new("clock", "test");
    store.commit(base, &[ChangeSet { actor, at: Timestamp(0), changes: gone }]).unwrap();
}

#[tokio::test]
async fn what_is_absent_goes_after_a_day() {
    let location = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: root\nspec:\n  targets: [./b.yaml]\n";
    // A configured file itself, and one that a Location document names.
    for (configured, absent) in [("b.yaml", "b.yaml"), ("root.yaml", "b.yaml")] {
        let (folder, store) = (Folder::new(), Arc::new(MemoryStore::new()));
        folder.write("root.yaml", location).write("b.yaml", &component("b"));
        let start = || folder.builder(&[configured]).store(Arc::clone(&store) as Arc<dyn Store>).start();
        drop(start().await);
        folder.remove(absent);
        let portal = start().await;
        assert_eq!(components(&portal).await, ["component:default/b"], "{configured}: kept for a day");
        drop(portal);
        long_ago(store.as_ref());
        let portal = start().await;
        assert_eq!(components(&portal).await, Vec::<String>::new(), "{configured}: its time is up");
    }
}
