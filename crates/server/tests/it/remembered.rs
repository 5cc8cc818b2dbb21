//! After a restart, files that have not changed are read, but not parsed again.

use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use serde_json::json;
use stagedoor_store::{MemoryStore, Store};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component, component_with, database, stream};

const READINGS: &str = ".data/readings";

/// Three files: two components, one component, and one that contradicts the first file.
fn three() -> Folder {
    let folder = Folder::new();
    folder.write("a.yaml", &stream(&[component("a1"), component("a2")]));
    folder.write("b.yaml", &component("b")).write("c.yaml", &component("a1"));
    folder
}

async fn start(folder: &Folder, store: &Arc<dyn Store>) -> TestPortal {
    folder.builder(&["*.yaml"]).store(Arc::clone(store)).remembering().start().await
}

fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

fn parsed(portal: &TestPortal) -> u64 {
    portal.portal.stats().files_parsed
}

/// Starts once and stops, so that there is something to remember.
async fn once(folder: &Folder, store: &Arc<dyn Store>) {
    let portal = start(folder, store).await;
    assert!(parsed(&portal) >= 3);
}

/// Starts again; how many files were parsed, and how many commits written.
async fn again(folder: &Folder, store: &Arc<dyn Store>) -> (u64, u64, TestPortal) {
    let before = store.head().unwrap();
    let portal = start(folder, store).await;
    portal.portal.flush().await;
    (parsed(&portal), store.head().unwrap() - before, portal)
}

/// The first commits of a store in another one: a backup that was made then.
fn backup(store: &Arc<dyn Store>, until: u64) -> Arc<dyn Store> {
    let old = memory();
    for commit in store.commits_since(0, usize::MAX).unwrap() {
        if commit.revision <= until {
            old.commit(commit.revision - 1, &[commit.change_set.as_ref().clone()]).unwrap();
        }
    }
    assert_eq!(old.head().unwrap(), until);
    old
}

#[tokio::test]
async fn unchanged_files_are_not_parsed_and_nothing_is_written() {
    let (folder, store) = (three(), memory());
    let portal = start(&folder, &store).await;
    portal.patch("component", "component:default/b", json!({ "properties": { "language": "rust" } })).await;
    let before = (portal.everything().await, portal.sources().await[0]["conflicts"].clone());
    assert_eq!(before.1.as_array().map(Vec::len), Some(1));
    drop(portal);
    for _ in 0..2 {
        let (parsed, written, portal) = again(&folder, &store).await;
        assert_eq!((parsed, written), (0, 0));
        assert_eq!((portal.everything().await, portal.sources().await[0]["conflicts"].clone()), before);
    }
    let mode = std::fs::metadata(folder.path(READINGS)).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_file_that_is_only_touched_is_not_parsed() {
    let (folder, store) = (three(), memory());
    once(&folder, &store).await;
    folder.write("b.yaml", &component("b"));
    let (parsed_at_start, _, portal) = again(&folder, &store).await;
    folder.write("a.yaml", &stream(&[component("a1"), component("a2")]));
    portal.sync().await;
    assert_eq!((parsed_at_start, parsed(&portal)), (0, 0));
}

#[tokio::test]
async fn a_changed_file_is_parsed_and_the_others_are_not() {
    let (folder, store) = (three(), memory());
    once(&folder, &store).await;
    // As long as before, and one document less in the other.
    folder.write("b.yaml", &component("B"));
    let (parsed, _, portal) = again(&folder, &store).await;
    assert_eq!(parsed, 1);
    assert_eq!(portal.backstage("component:default/b").await["metadata"]["name"], "B");
    drop(portal);
    folder.write("a.yaml", &component("a2")).write("d.yaml", &component("d"));
    let (parsed, _, portal) = again(&folder, &store).await;
    assert_eq!(parsed, 2);
    let names = ["a1", "a2", "b", "d"].map(|n| format!("component:default/{n}"));
    assert_eq!(portal.filtered("kind=component").await, names);
    assert_eq!(portal.sources().await[0]["conflicts"], json!([]), "the one that waited has it now");
    drop(portal);
    folder.remove("b.yaml").remove("c.yaml");
    let (parsed, _, portal) = again(&folder, &store).await;
    assert_eq!(parsed, 0, "nobody parses what is gone");
    assert_eq!(portal.filtered("kind=component").await, ["component:default/a2", "component:default/d"]);
}

#[tokio::test]
async fn what_is_remembered_badly_is_ignored() {
    let (folder, store) = (three(), memory());
    once(&folder, &store).await;
    let good = std::fs::read(folder.path(READINGS)).unwrap();
    let mut flipped = good.clone();
    flipped.iter_mut().skip(21).step_by(32).for_each(|b| *b ^= 1);
    let other = [b"stagedoor readings 9\n", good.get(21..).unwrap()].concat();
    let bad: [&[u8]; 6] =
        [b"", b"stagedoor readings 1\n", b"\xff nonsense \0", &good[..50], &flipped, &other];
    for bytes in bad {
        std::fs::write(folder.path(READINGS), bytes).unwrap();
        let (parsed, written, _) = again(&folder, &store).await;
        assert_eq!((parsed, written), (3, 0), "{bytes:?}");
        let mended = std::fs::read(folder.path(READINGS)).unwrap();
        assert_eq!(mended.len(), good.len());
    }
    folder.remove(READINGS);
    std::fs::create_dir(folder.path(READINGS)).unwrap();
    let (parsed, written, portal) = again(&folder, &store).await;
    assert_eq!((parsed, written), (3, 0), "a folder in its place");
    assert_eq!(portal.filtered("kind=component").await.len(), 3);
}

#[tokio::test]
async fn a_database_that_is_older_than_what_is_remembered_is_brought_up_to_date() {
    let (folder, store) = (three(), memory());
    once(&folder, &store).await;
    let then = store.head().unwrap();
    folder.write("b.yaml", &component_with("b", "n: 2")).write("d.yaml", &component("d"));
    folder.write("c.yaml", &component_with("a1", "n: 2"));
    drop(start(&folder, &store).await);
    for until in 0..=then {
        let keep = std::fs::read(folder.path(READINGS)).unwrap();
        let old = backup(&store, until);
        let (parsed, _, portal) = again(&folder, &old).await;
        // What the backup has just as the files have it need not be parsed.
        assert_eq!(parsed, if until == then { 3 } else { 4 }, "{until}");
        assert_eq!(portal.backstage("component:default/b").await["spec"]["n"], 2);
        let names = ["a1", "a2", "b", "d"].map(|n| format!("component:default/{n}"));
        assert_eq!(portal.filtered("kind=component").await, names);
        // The claim that waits is of today as well.
        folder.write("a.yaml", &component("a2"));
        portal.sync().await;
        assert_eq!(portal.backstage("component:default/a1").await["spec"]["n"], 2);
        drop(portal);
        folder.write("a.yaml", &stream(&[component("a1"), component("a2")]));
        std::fs::write(folder.path(READINGS), keep).unwrap();
    }
}

#[tokio::test]
async fn changed_rules_are_honoured() {
    let (folder, store) = (three(), memory());
    folder.write(
        "system.yaml",
        "apiVersion: backstage.io/v1alpha1\nkind: System\nmetadata: {name: s}\nspec: {owner: x}\n",
    );
    once(&folder, &store).await;
    let builder = || folder.builder(&["*.yaml"]).store(Arc::clone(&store)).remembering();
    let portal = builder().default_rules().start().await;
    assert!(parsed(&portal) >= 4);
    assert_eq!(portal.filtered("kind=system").await, Vec::<String>::new());
    drop(portal);
    let portal = builder().default_rules().start().await;
    assert!(parsed(&portal) >= 1, "what is refused is parsed, and refused, every time");
    assert_eq!(portal.sources().await[0]["problems"].as_array().map(Vec::len), Some(1));
    drop(portal);
    let portal = builder().start().await;
    assert_eq!(portal.filtered("kind=system").await, ["system:default/s"]);
}

#[tokio::test]
async fn new_kinds_and_what_files_pull_in_are_honoured() {
    let (folder, store) = (Folder::new(), memory());
    folder.write("all.yml", "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata: {name: l}\nspec: {type: file, targets: [./a.yaml, ./k.yaml]}\n");
    folder.write("a.yaml", &component_with("a", "n: {$json: ./parts/n.json}")).write("parts/n.json", "1");
    folder.write("k.yaml", &component("k").replace("kind: Component", "kind: Database"));
    let builder = || folder.builder(&["all.yml"]).store(Arc::clone(&store)).remembering();
    let portal = builder().start().await;
    assert_eq!(portal.filtered("kind=database").await, Vec::<String>::new());
    portal.blueprint(database()).await;
    drop(portal);
    folder.write("parts/n.json", "2");
    let portal = builder().start().await;
    assert_eq!(portal.filtered("kind=database").await, ["database:default/k"]);
    assert_eq!(portal.backstage("component:default/a").await["spec"]["n"], 2);
    drop(portal);
    let before = store.head().unwrap();
    let portal = builder().start().await;
    portal.portal.flush().await;
    assert_eq!(store.head().unwrap(), before);
    assert_eq!(portal.filtered("kind").await.len(), 4);
}

#[tokio::test]
async fn without_a_folder_everything_is_parsed() {
    let (folder, store) = (three(), memory());
    let builder = || folder.builder(&["*.yaml"]).store(Arc::clone(&store));
    drop(builder().start().await);
    assert_eq!(parsed(&builder().start().await), 3);
}

#[tokio::test]
async fn two_sources_that_read_one_file_are_two() {
    let (folder, store) = (three(), memory());
    let builder = || folder.builder(&["*.yaml", "b.yaml"]).store(Arc::clone(&store)).remembering();
    let portal = builder().start().await;
    let before = (portal.everything().await, portal.sources().await[1]["conflicts"].clone());
    assert_eq!(before.1.as_array().map(Vec::len), Some(1));
    drop(portal);
    let (then, portal) = (store.head().unwrap(), builder().start().await);
    assert_eq!((parsed(&portal), store.head().unwrap()), (0, then));
    assert_eq!((portal.everything().await, portal.sources().await[1]["conflicts"].clone()), before);
    drop(portal);
    folder.write("b.yaml", &component("other"));
    let portal = builder().start().await;
    assert_eq!(parsed(&portal), 2);
    let names = ["a1", "a2", "other"].map(|n| format!("component:default/{n}"));
    assert_eq!(portal.filtered("kind=component").await, names);
}
