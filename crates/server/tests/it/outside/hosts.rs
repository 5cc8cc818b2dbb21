//! What hosts tell by themselves, and patterns over their files.

use axum::Router;
use axum::extract::State;
use http::{StatusCode, Uri};
use serde_json::json;
use stagedoor_hosts::ProviderEvent;
use stagedoor_server::config::{Config, Outside};
use stagedoor_testkit::TestPortal;

use super::{FAKE, Fake, PATIENCE, components, group, location, source};
use crate::support::{Ask as _, component, eventually, stream};
use crate::url::Files;

/// A push to the branch `main`.
fn push(base: &str, repository: &str, paths: &[&str]) -> ProviderEvent {
    ProviderEvent::Push {
        host: base.trim_start_matches("http://").to_owned(),
        repository: repository.to_owned(),
        branch: "main".to_owned(),
        paths: Some(paths.iter().map(|p| (*p).to_owned()).collect()),
    }
}

fn file(repository: &str) -> String {
    format!("/{repository}/blob/main/catalog-info.yaml")
}

#[tokio::test]
async fn a_push_reads_only_what_it_concerns() {
    let files = Files::default();
    for name in ["a", "b"] {
        files.put(&file(&format!("acme/{name}")), 200, &component(name));
    }
    let base = files.serve().await;
    let target = |name: &str| format!("{base}{}", file(&format!("acme/{name}")));
    let portal = TestPortal::builder().url_location(&target("a")).url_location(&target("b")).start().await;
    files.asked();
    files.put(&file("acme/a"), 200, &component("a2"));
    files.put(&file("acme/b"), 200, &component("b2"));
    for other in [
        push(&base, "acme/c", &["catalog-info.yaml"]),
        push(&base, "acme/a", &["src/main.rs"]),
        push("http://elsewhere.example", "acme/a", &["catalog-info.yaml"]),
    ] {
        portal.portal.host_event(other);
    }
    portal.portal.host_event(push(&base, "Acme/a", &["README.md", "catalog-info.yaml"]));
    eventually("the push", PATIENCE, async || components(&portal).await == ["a2", "b"]).await;
    assert_eq!(files.asked(), [file("acme/a")]);
}

#[tokio::test]
async fn a_push_to_one_of_a_providers_repositories_reads_that_one_alone() {
    let files = Files::default();
    let names: Vec<String> = (0..30).map(|n| format!("r{n}")).collect();
    let base = files.serve().await;
    let mut documents = vec![group("crew")];
    for name in &names {
        files.put(&file(&format!("acme/{name}")), 200, &component(name));
        documents.push(location(name, &format!("{base}{}", file(&format!("acme/{name}")))));
    }
    let fake = Fake::finding(documents);
    let portal = TestPortal::builder().provider(fake.clone()).start().await;
    assert_eq!((components(&portal).await.len(), fake.asked(), files.asked().len()), (30, 1, 30));

    files.put(&file("acme/r7"), 200, &stream(&[component("r7"), component("new")]));
    portal.portal.host_event(push(&base, "acme/r7", &["catalog-info.yaml"]));
    eventually("a new document", PATIENCE, async || components(&portal).await.len() == 31).await;
    // The file is gone: what it said goes, and nothing else.
    files.put(&file("acme/r7"), 404, "");
    portal.portal.host_event(push(&base, "acme/r7", &["catalog-info.yaml"]));
    eventually("its end", PATIENCE, async || components(&portal).await.len() == 29).await;
    assert_eq!((fake.asked(), files.asked()), (0, vec![file("acme/r7"); 2]));
    assert_eq!(portal.filtered("kind=location").await.len(), 30);
    // An error in it is shown, and those of others stay.
    files.put(&file("acme/r8"), 200, "kind: [");
    portal.portal.host_event(push(&base, "acme/r8", &["catalog-info.yaml"]));
    let problems = async || source(&portal, FAKE).await["problems"].as_array().unwrap().len();
    eventually("the error", PATIENCE, async || problems().await == 1).await;
    assert_eq!(components(&portal).await.len(), 29);
    // What the provider itself is concerned by asks it.
    let host = base.trim_start_matches("http://").to_owned();
    portal.portal.host_event(ProviderEvent::Repositories { host, owner: "acme".into() });
    eventually("the provider", PATIENCE, async || fake.asked() == 1).await;
}

/// What of Gitea's API a pattern needs ("repoGetBranch", "GetTree" and "repoGetRawFile" in its API description): a
/// fake of it.
async fn gitea(State(files): State<Files>, uri: Uri) -> (StatusCode, String) {
    let path = uri.path();
    files.asked.lock().unwrap().push((path.to_owned(), false));
    if path.ends_with("/branches/main") {
        return (StatusCode::OK, json!({ "name": "main", "commit": { "id": "c0ffee" } }).to_string());
    }
    if path.contains("/git/trees/") {
        let tree = |path: &str| json!({ "path": path, "mode": "100644", "type": "blob", "sha": path });
        let all = json!({
            "sha": "1", "truncated": false, "page": 1, "total_count": 3,
            "tree": [tree("a/catalog-info.yaml"), tree("b/c/catalog-info.yaml"), tree("b/other.yaml")],
        });
        return (StatusCode::OK, all.to_string());
    }
    match path.contains("catalog-info") {
        true => {
            (StatusCode::OK, component(if path.contains("a%2F") || path.contains("/a/") { "a" } else { "c" }))
        }
        false => (StatusCode::NOT_FOUND, "{}".into()),
    }
}

#[tokio::test]
async fn a_pattern_over_a_repository_of_a_configured_host() {
    let files = Files::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let app = Router::new().fallback(gitea).with_state(files.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let integrations = json!({ "gitea": [{ "host": host, "baseUrl": format!("http://{host}") }] });
    let outside = Outside { integrations: Some(integrations.into()), ..Outside::default() };
    let config = Config { outside, ..Config::default() };
    let target = format!("http://{host}/acme/mono/src/branch/main/**/catalog-info.yaml");
    let portal = TestPortal::builder().config(config).url_location(&target).start().await;
    let id = format!("url:{target}");
    assert_eq!(components(&portal).await, ["a", "c"], "{}", source(&portal, &id).await);
    let place = format!("url:http://{host}/acme/mono/src/branch/main/b/c/catalog-info.yaml");
    let c = portal.backstage("component:default/c").await;
    assert_eq!(c["metadata"]["annotations"]["backstage.io/managed-by-location"], json!(place));
    assert_eq!(c["metadata"]["annotations"]["backstage.io/managed-by-origin-location"], json!(id));
    // The listing says that no file has changed: none is asked for.
    files.asked();
    portal.sync().await;
    let asked = files.asked();
    assert!(!asked.is_empty() && asked.iter().all(|path| !path.contains("/raw/")), "{asked:?}");
}
