//! Listing on a fake GitHub. The fake follows docs.github.com/rest, "Git trees".

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use stagedoor_hosts::{HostError, Priority};

use crate::fake::{Fake, FakeReply, FakeRequest};
use crate::github::{message, raw, with_token};

pub(crate) fn blob(path: &str, sha: &str) -> Value {
    json!({ "path": path, "mode": "100644", "type": "blob", "sha": sha })
}

pub(crate) fn tree(items: &[Value], truncated: bool) -> FakeReply {
    FakeReply::json(&json!({ "sha": "t", "tree": items, "truncated": truncated }))
}

#[tokio::test]
async fn wildcards_list_a_repository_once_and_read_what_has_changed() {
    let version = Arc::new(AtomicUsize::new(1));
    let current = Arc::clone(&version);
    let fake = Fake::start(move |request: &FakeRequest| {
        let version = current.load(Ordering::SeqCst);
        let tag = format!("\"t{version}\"");
        match request.path.as_str() {
            "/api/v3/repos/o/r/git/trees/main" if request.header("if-none-match") == Some(&tag) => {
                FakeReply::status(304)
            }
            "/api/v3/repos/o/r/git/trees/main" => {
                assert_eq!(request.query, "recursive=1");
                let link = json!({ "path": "x/l.yaml", "mode": "120000", "type": "blob", "sha": "l" });
                let folder = json!({ "path": "x", "mode": "040000", "type": "tree", "sha": "f" });
                let module = json!({ "path": "m.yaml", "mode": "160000", "type": "commit", "sha": "m" });
                let items = [
                    blob("a.yaml", "1"),
                    folder,
                    blob("x/b#1.yaml", &format!("b{version}")),
                    link,
                    module,
                    blob("x/http:/evil.yaml", "e"),
                    blob("y/c.txt", "3"),
                ];
                tree(&items, false).with("etag", tag)
            }
            path => raw(path),
        }
    })
    .await;
    let hosts = with_token(&fake);
    let target = fake.url("/o/r/blob/main/**/*.yaml");
    let urls = |found: &[stagedoor_hosts::Found]| {
        found.iter().map(|f| (f.url.clone(), f.unchanged)).collect::<Vec<_>>()
    };
    let found = hosts.read(&target, Priority::Poll).await.unwrap();
    let paths = ["a.yaml", "x/b%231.yaml", "x/l.yaml", "x/http:/evil.yaml"];
    let expected: Vec<_> = paths.map(|path| (fake.url(&format!("/o/r/blob/main/{path}")), false)).to_vec();
    assert_eq!(urls(&found), expected);
    assert_eq!(fake.take().len(), 5);
    // Nothing has changed: only a link's content cannot be told from its hash.
    let found = hosts.read(&target, Priority::Poll).await.unwrap();
    assert!(found.iter().all(|file| file.unchanged));
    assert_eq!(
        fake.asked(),
        [
            "GET /api/v3/repos/o/r/git/trees/main?recursive=1",
            "GET /api/v3/repos/o/r/contents/x/l.yaml?ref=main"
        ]
    );
    version.store(2, Ordering::SeqCst);
    hosts.read(&target, Priority::Poll).await.unwrap();
    assert!(fake.asked().contains(&"GET /api/v3/repos/o/r/contents/x/b%231.yaml?ref=main".to_owned()));
    // Below a folder.
    let found = hosts.read(&fake.url("/o/r/tree/main/x/*.yaml"), Priority::Poll).await.unwrap();
    assert_eq!(found.len(), 2);
}

#[tokio::test]
async fn a_tree_that_is_cut_is_walked_folder_by_folder() {
    let folder =
        |path: &str, sha: &str| json!({ "path": path, "mode": "040000", "type": "tree", "sha": sha });
    let fake = Fake::start(move |request| {
        let whole = request.query == "recursive=1";
        match request.path.rsplit('/').next().unwrap() {
            "main" if whole => tree(&[blob("a.yaml", "1")], true).with("etag", "\"t\""),
            "main" => tree(&[blob("a.yaml", "1"), folder("x", "X"), folder("y", "Y")], false),
            "X" => tree(&[blob("b.yaml", "2"), blob("z/c.yaml", "3")], false),
            "Y" if whole => tree(&[], true),
            "Y" => tree(&[blob("d.yaml", "4")], false),
            _ if request.path.contains("/contents/") => raw("x"),
            other => panic!("{other}"),
        }
    })
    .await;
    let hosts = with_token(&fake);
    let mut found: Vec<_> = hosts
        .read(&fake.url("/o/r/blob/main/**/*.yaml"), Priority::Poll)
        .await
        .unwrap()
        .into_iter()
        .map(|f| f.url)
        .collect();
    found.sort();
    let paths = ["a.yaml", "x/b.yaml", "x/z/c.yaml", "y/d.yaml"];
    assert_eq!(found, paths.map(|path| fake.url(&format!("/o/r/blob/main/{path}"))));
    fake.take();
    let found = hosts.read(&fake.url("/o/r/blob/main/x/**/*.yaml"), Priority::Poll).await.unwrap();
    assert_eq!(found.len(), 2);
    let asked = fake.asked();
    assert!(!asked.iter().any(|line| line.contains("/trees/Y")), "{asked:?}");

    // One folder that is too large by itself: an error, never a part of it.
    let fake = Fake::start(|_| tree(&[blob("a.yaml", "1")], true)).await;
    let error = with_token(&fake).read(&fake.url("/o/r/blob/main/*.yaml"), Priority::Poll).await.unwrap_err();
    assert!(matches!(error, HostError::Unreachable(_)), "{error}");
}

#[tokio::test]
async fn listings_fail_whole() {
    let fake = Fake::start(|request| match request.path.split('/').nth(5).unwrap() {
        "empty" => message(409, "Git Repository is empty."),
        "none" => message(404, "Not Found"),
        "cut" => tree(&[blob("a.yaml", "1")], false).cut(),
        "odd" => FakeReply::json(&json!({ "tree": [{ "type": "blob" }] })),
        other => panic!("{other}"),
    })
    .await;
    let hosts = with_token(&fake);
    let list = async |repo: &str| {
        hosts.read(&fake.url(&format!("/o/{repo}/blob/main/*.yaml")), Priority::Poll).await
    };
    assert_eq!(list("empty").await.unwrap().len(), 0);
    assert!(matches!(list("none").await, Err(HostError::NotFound(_))));
    for repo in ["cut", "odd"] {
        assert!(matches!(list(repo).await, Err(HostError::Unreachable(_))), "{repo}");
    }
}
