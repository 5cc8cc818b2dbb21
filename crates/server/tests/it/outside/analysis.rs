//! Looking at a repository before anything of it is registered.

use axum::Router;
use axum::extract::State;
use http::{StatusCode, Uri};
use serde_json::{Value, json};
use stagedoor_server::config::{Config, Outside};
use stagedoor_testkit::TestPortal;

use crate::support::component;
use crate::url::Files;

/// What of GitHub's REST API a listing needs ("Get a tree" and "Get repository content" on docs.github.com): a fake of it.
async fn github(
    State(files): State<Files>,
    uri: Uri,
) -> (StatusCode, [(&'static str, &'static str); 1], String) {
    let (path, json_type) = (uri.path().trim_start_matches("/api"), ("content-type", "application/json"));
    files.asked.lock().unwrap().push((path.to_owned(), false));
    let tree = |path: &str| json!({ "path": path, "mode": "100644", "type": "blob", "sha": path });
    match path {
        "/repos/acme/shop/git/trees/HEAD" => {
            let all = [tree("catalog-info.yaml"), tree("docs/catalog-info.yaml"), tree("README.md")];
            (StatusCode::OK, [json_type], json!({ "sha": "1", "truncated": false, "tree": all }).to_string())
        }
        "/repos/acme/bare/git/trees/HEAD" => {
            let answer = json!({ "sha": "2", "truncated": false, "tree": [tree("README.md")] });
            (StatusCode::OK, [json_type], answer.to_string())
        }
        "/repos/acme/secret/git/trees/HEAD" => {
            (StatusCode::FORBIDDEN, [json_type], json!({ "message": "Forbidden" }).to_string())
        }
        path if path.starts_with("/repos/acme/shop/contents/") => {
            let name = if path.contains("docs") { "docs" } else { "shop" };
            (
                StatusCode::OK,
                [("content-type", "application/vnd.github.v3.raw; charset=utf-8")],
                component(name),
            )
        }
        _ => (StatusCode::NOT_FOUND, [json_type], json!({ "message": "Not Found" }).to_string()),
    }
}

async fn portal(files: &Files) -> (TestPortal, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let host = listener.local_addr().unwrap().to_string();
    let app = Router::new().fallback(github).with_state(files.clone());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let integrations =
        json!({ "github": [{ "host": host, "apiBaseUrl": format!("http://{host}/api"), "token": "t" }] });
    let outside = Outside { integrations: Some(integrations.into()), ..Outside::default() };
    let config = Config { outside, ..Config::default() };
    (TestPortal::builder().config(config).start().await, format!("http://{host}"))
}

async fn analyze(portal: &TestPortal, target: &str) -> (u16, Value) {
    let body = json!({ "location": { "type": "url", "target": target } });
    let answer = portal.post("/api/catalog/analyze-location", &body).await;
    (answer.status, answer.json())
}

#[tokio::test]
async fn files_of_a_repository_are_told_with_what_they_would_bring() {
    let (portal, base) = portal(&Files::default()).await;
    let registered =
        json!({ "type": "url", "target": format!("{base}/acme/shop/blob/main/docs/catalog-info.yaml") });
    assert_eq!(portal.post("/api/catalog/locations", &registered).await.status, 201);
    for address in ["/acme/shop", "/acme/shop/", "/acme/shop.git"] {
        let (status, answer) = analyze(&portal, &format!("{base}{address}")).await;
        assert_eq!(status, 200, "{answer}");
        assert_eq!(answer["generateEntities"], json!([]));
        let existing = answer["existingEntityFiles"].as_array().unwrap();
        let told: Vec<_> = existing
            .iter()
            .filter(|one| one["entity"]["kind"] == "Component")
            .map(|one| {
                (one["entity"]["metadata"]["name"].as_str().unwrap(), one["isRegistered"].as_bool().unwrap())
            })
            .collect();
        assert_eq!(told, [("shop", false), ("docs", true)], "{address}");
        let target = existing[0]["location"]["target"].as_str().unwrap();
        assert_eq!(target, format!("{base}/acme/shop/tree/HEAD/catalog-info.yaml"));
    }
}

#[tokio::test]
async fn a_repository_without_files_gets_a_suggestion() {
    let (portal, base) = portal(&Files::default()).await;
    for name in ["bare", "nothing"] {
        let (status, answer) = analyze(&portal, &format!("{base}/acme/{name}")).await;
        let metadata =
            json!({ "name": name, "annotations": { "github.com/project-slug": format!("acme/{name}") } });
        assert_eq!(
            (status, &answer["generateEntities"][0]["entity"]["metadata"]),
            (200, &metadata),
            "{answer}"
        );
        assert_eq!(answer["existingEntityFiles"], json!([]));
    }
    let (status, answer) = analyze(&portal, &format!("{base}/acme/secret")).await;
    assert_eq!(status, 400);
    assert!(answer["error"]["message"].as_str().unwrap().contains("integrations"), "{answer}");
}
