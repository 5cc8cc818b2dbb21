//! A change on disk is seen within a second.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask, Folder, component, component_with, database, eventually, stream};

/// The promise is one second; a machine that is busy with other tests gets more.
const PATIENCE: Duration = Duration::from_secs(10);

/// Waits until exactly these components are there.
async fn sees(portal: &TestPortal, what: &str, names: &[&str]) {
    let expected: Vec<String> = names.iter().map(|n| format!("component:default/{n}")).collect();
    eventually(what, PATIENCE, async || portal.filtered("kind=component").await == expected).await;
}

/// Waits until component `a` says so.
async fn says(portal: &TestPortal, what: &str, value: u64) {
    let says = async || portal.backstage("component:default/a").await["spec"]["n"] == json!(value);
    eventually(what, PATIENCE, says).await;
}

fn a(n: u64) -> String {
    component_with("a", &format!("n: {n}"))
}

#[tokio::test]
async fn a_file_that_is_written_in_place_or_replaced() {
    let folder = Folder::live();
    folder.write("a.yaml", &a(0));
    let portal = folder.portal(&["a.yaml"]).await;
    folder.write("a.yaml", &a(1));
    says(&portal, "a write", 1).await;
    // As editors save: write a new file beside it, then put it in its place.
    for n in 2..4 {
        folder.write(".a.yaml.swp", &a(n)).rename(".a.yaml.swp", "a.yaml");
        says(&portal, "a rename over it", n).await;
    }
    folder.rename("a.yaml", "a.yaml~").write("a.yaml", &a(4));
    says(&portal, "a backup and a new file", 4).await;
    // As long as before, and at once: neither size nor time tells.
    for n in 5..9 {
        folder.write("a.yaml", &a(n));
        says(&portal, "the same length", n).await;
    }
}

#[tokio::test]
async fn files_and_folders_that_come_and_go_under_a_glob() {
    let folder = Folder::live();
    folder.write("x/a.yaml", &component("a"));
    let portal = folder.portal(&["x/**/*.yaml"]).await;
    folder.write("x/b.yaml", &component("b"));
    sees(&portal, "a new file", &["a", "b"]).await;
    folder.write("x/new/deep/c.yaml", &component("c"));
    sees(&portal, "a new folder", &["a", "b", "c"]).await;
    folder.write("x/new/deep/d.yaml", &component("d"));
    sees(&portal, "a file in a new folder", &["a", "b", "c", "d"]).await;
    folder.remove("x/b.yaml");
    sees(&portal, "a removed file", &["a", "c", "d"]).await;
    folder.rename("x/new", "x/newer");
    folder.write("x/newer/deep/d.yaml", &component("e"));
    sees(&portal, "a renamed folder", &["a", "c", "e"]).await;
    std::fs::remove_dir_all(folder.path("x/newer")).unwrap();
    sees(&portal, "a removed folder", &["a"]).await;
}

#[tokio::test]
async fn a_folder_that_is_replaced_by_another_of_its_name() {
    let folder = Folder::live();
    folder.write("x/y/a.yaml", &a(1));
    let portal = folder.portal(&["x/**/*.yaml"]).await;
    for n in [2, 4] {
        std::fs::remove_dir_all(folder.path("x/y")).unwrap();
        folder.write("x/y/a.yaml", &a(n));
        says(&portal, "the new folder's file", n).await;
        folder.write("x/y/a.yaml", &a(n + 1));
        says(&portal, "a change in it", n + 1).await;
    }
}

#[tokio::test]
async fn a_file_that_appears_later() {
    let folder = Folder::live();
    let portal = folder.portal(&["deep/down/a.yaml"]).await;
    assert_eq!(portal.sources().await[0]["state"], "gone");
    folder.write("deep/down/a.yaml", &component("a"));
    sees(&portal, "the file and its folders", &["a"]).await;
    for state in ["fresh", "gone"] {
        eventually(state, PATIENCE, async || portal.sources().await[0]["state"] == state).await;
        if state == "fresh" {
            std::fs::remove_dir_all(folder.path("deep")).unwrap();
        }
    }
    folder.write("deep/down/a.yaml", &component("b"));
    sees(&portal, "its return", &["b"]).await;
}

#[tokio::test]
async fn a_file_that_a_document_pulls_in() {
    let folder = Folder::live();
    folder.write("x/a.yaml", &component_with("a", "n: {$json: ./parts/n.json}")).write("x/parts/n.json", "1");
    let portal = folder.portal(&["x/*.yaml"]).await;
    says(&portal, "the first reading", 1).await;
    folder.write("x/parts/n.json", "2");
    says(&portal, "the part", 2).await;
}

#[tokio::test]
async fn a_document_that_turns_bad_and_good_again() {
    let folder = Folder::live();
    folder.write("a.yaml", &a(1));
    let portal = folder.portal(&["*.yaml"]).await;
    let status = async || !portal.backstage("component:default/a").await["status"].is_null();
    folder.write("a.yaml", &a(2).replace("  owner: team-a\n", ""));
    eventually("its error", PATIENCE, status).await;
    assert_eq!(portal.backstage("component:default/a").await["spec"]["n"], 1);
    folder.write("a.yaml", &a(3));
    says(&portal, "the good one", 3).await;
    eventually("no error", PATIENCE, async || !status().await).await;
}

/// Does something over and over, as fast as `pause` lets it; returns how often.
fn busily(pause: Duration, mut work: impl FnMut(u64) + Send + 'static) -> impl FnOnce() -> u64 {
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = Arc::clone(&stop);
    let worker = std::thread::spawn(move || {
        let mut n = 0;
        while !stopped.load(Ordering::Relaxed) {
            n += 1;
            work(n);
            std::thread::sleep(pause);
        }
        n
    });
    move || {
        stop.store(true, Ordering::Relaxed);
        worker.join().unwrap()
    }
}

#[tokio::test]
async fn a_change_beside_another_file_that_never_rests() {
    let folder = Folder::live();
    folder.write("a.yaml", &a(0));
    let portal = folder.portal(&["*.yaml"]).await;
    let log = folder.path("build.log");
    let stop = busily(Duration::from_millis(15), move |_| std::fs::write(&log, "x").unwrap_or_default());
    folder.write("a.yaml", &a(1));
    says(&portal, "the change", 1).await;
    stop();
}

#[tokio::test]
async fn a_file_that_is_seen_half_written_loses_nothing() {
    let folder = Folder::live();
    let whole = stream(&[a(1), component("b")]);
    folder.write("a.yaml", &whole);
    let portal = folder.portal(&["*.yaml"]).await;
    let uid = portal.uid("component:default/b").await;
    // A reading now sees nothing. Dated ahead, so that the file counts as busy however slow this machine is.
    let emptied = std::fs::File::create(folder.path("a.yaml")).unwrap();
    emptied.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
    let rest = async {
        tokio::time::sleep(Duration::from_millis(40)).await;
        folder.write("a.yaml", &whole);
    };
    tokio::join!(portal.sync(), rest);
    assert_eq!(portal.uid("component:default/b").await, uid);
    folder.write("a.yaml", &a(2));
    sees(&portal, "what it says in the end", &["a"]).await;
}

#[tokio::test]
async fn a_blueprint_and_its_entities_while_others_write() {
    let folder = Folder::live();
    let portal = Arc::new(folder.portal(&["*.yaml", "*.json"]).await);
    portal.blueprint(database()).await;
    let writer = tokio::spawn({
        let portal = Arc::clone(&portal);
        async move {
            for n in 0.. {
                portal.merge("database", json!({ "identifier": "a", "properties": { "version": n } })).await;
            }
        }
    });
    folder.write("b.yaml", "apiVersion: stagedoor.io/v1alpha1\nkind: Box\nmetadata: {name: b}\n");
    folder.write("box.json", &json!({ "identifier": "box", "schema": { "properties": {} } }).to_string());
    let there = async || portal.port("box", "b").await != Value::Null;
    eventually("the box", PATIENCE, there).await;
    writer.abort();
}

#[tokio::test]
async fn a_change_while_the_first_reading_is_under_way() {
    let folder = Folder::live();
    for i in 0..50 {
        folder.write(&format!("x/{i}/c.yaml"), &component(&format!("c{i}")));
    }
    folder.write("x/0/a.yaml", &a(0));
    let path = folder.path("x/0/a.yaml");
    let stop = busily(Duration::ZERO, move |n| std::fs::write(&path, a(n)).unwrap_or_default());
    let portal = folder.portal(&["x/**/*.yaml"]).await;
    says(&portal, "the last of them", stop()).await;
}
