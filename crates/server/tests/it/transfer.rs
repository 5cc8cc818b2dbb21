//! Importing and exporting where the other end is wrong, slow or hostile. The other end is a fake that answers as
//! Backstage's API does, but for what a test says.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::http::{StatusCode, Uri};
use axum::response::IntoResponse as _;
use serde_json::{Value, json};
use stagedoor_server::{DatabaseOptions, ExportOptions, ImportOptions};
use stagedoor_store_sql::SqliteStore;
use stagedoor_testkit::TestPortal;

use crate::support::Ask as _;

/// A fake catalog: what it answers to a path, with its query.
async fn fake(answer: impl Fn(&str) -> (u16, Value) + Send + Sync + 'static) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    let app = Router::new().fallback(move |uri: Uri| {
        let (status, body) = answer(uri.path_and_query().map_or("", |p| p.as_str()));
        async move { (StatusCode::from_u16(status).unwrap(), axum::Json(body)).into_response() }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn entity(kind: &str, namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "backstage.io/v1alpha1", "kind": kind, "metadata": {"namespace": namespace, "name": name},
        "spec": {"type": "service", "lifecycle": "production", "owner": "a"}
    })
}

fn page(items: Vec<Value>, next: Option<&str>) -> (u16, Value) {
    (200, json!({"items": items, "totalItems": 1, "pageInfo": {"nextCursor": next}}))
}

fn database(folder: &Path) -> DatabaseOptions {
    DatabaseOptions { config: Vec::new(), data_dir: Some(folder.join("data")), database_url: None }
}

async fn export(folder: &Path, url: &str, force: bool) -> Result<(), String> {
    let options = ExportOptions {
        folder: folder.join("out"),
        force,
        from: Some(url.to_owned()),
        token: None,
        database: database(folder),
    };
    let export = move || stagedoor_server::export_backstage(&options).map_err(|error| format!("{error:#}"));
    tokio::task::spawn_blocking(export).await.unwrap()
}

async fn import(folder: &Path, url: &str) -> Result<bool, String> {
    let options = ImportOptions {
        url: url.to_owned(),
        token: Some("s3cret".into()),
        to: None,
        to_token: None,
        database: database(folder),
        without_locations: false,
        dry_run: false,
    };
    let import = move || stagedoor_server::import_backstage(&options).map_err(|error| format!("{error:#}"));
    tokio::task::spawn_blocking(import).await.unwrap()
}

/// Every path below a folder.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path.display().to_string());
        }
    }
    found.sort();
    found
}

#[tokio::test]
async fn names_of_entities_lead_nowhere_outside() {
    let names = [
        "../../evil",
        "..",
        "/etc/passwd",
        "a/../../b",
        "..\\x",
        "%2e%2e%2fx",
        "",
        "con",
        "catalog-info",
        "a\u{0}b",
        "\u{202e}gpj",
        "-rf",
    ];
    let hostile = move |path: &str| {
        if !path.starts_with("/api/catalog/entities/by-query") {
            return (404, json!({}));
        }
        let mut items: Vec<Value> = names.iter().map(|name| entity("Component", "default", name)).collect();
        items.extend(names.iter().map(|name| entity("Component", name, "x")));
        items.extend(names.iter().map(|name| entity(name, "default", "y")));
        items.extend([json!(null), json!({"metadata": "x"}), json!([1])]);
        page(items, None)
    };
    let (url, folder) = (fake(hostile).await, tempfile::tempdir().unwrap());
    // What is beside the folder, and above it.
    std::fs::write(folder.path().join("evil.yaml"), "as it was").unwrap();
    export(folder.path(), &url, false).await.unwrap();
    let all = files(folder.path());
    let out = folder.path().join("out").display().to_string();
    let outside: Vec<&String> = all.iter().filter(|path| !path.starts_with(&out)).collect();
    assert_eq!(outside, [&folder.path().join("evil.yaml").display().to_string()]);
    assert_eq!(std::fs::read_to_string(folder.path().join("evil.yaml")).unwrap(), "as it was");
    for path in all.iter().filter_map(|path| path.strip_prefix(&out)) {
        let legal = |part: &str| !part.starts_with(['.', '-']) && part.is_ascii() && !part.contains('\\');
        assert!(path.split('/').skip(1).all(legal) && path.split('/').count() <= 4, "{path}");
    }
    // Every one of them is listed.
    let list = std::fs::read_to_string(format!("{out}/component/catalog-info.yaml")).unwrap();
    assert_eq!(list.matches("- \"./").count() + list.matches("- ./").count(), 2 * names.len(), "{list}");
}

#[tokio::test]
async fn a_page_that_does_not_come_is_no_end() {
    let broken = |path: &str| match path {
        p if p.contains("cursor=next") => (500, json!({"error": {"message": "no page today"}})),
        p if p.starts_with("/api/catalog/entities/by-query") => {
            page(vec![entity("Component", "default", "a")], Some("next"))
        }
        _ => (404, json!({})),
    };
    let (url, folder) = (fake(broken).await, tempfile::tempdir().unwrap());
    let error = export(folder.path(), &url, false).await.unwrap_err();
    assert!(error.contains("500") && error.contains("no page today"), "{error}");
    assert!(!folder.path().join("out/catalog-info.yaml").exists(), "it is not complete");
    assert!(import(folder.path(), &url).await.unwrap_err().contains("no page today"));
    // The same page again and again.
    let endless = |path: &str| match path.starts_with("/api/catalog/entities/by-query") {
        true => page(vec![entity("Component", "default", "a")], Some("same")),
        false => (404, json!({})),
    };
    let url = fake(endless).await;
    assert!(import(folder.path(), &url).await.unwrap_err().contains("for ever"));
    for (status, body, says) in [
        (200, json!("<html>"), "no list of entities"),
        (403, json!({"error": {"message": "not for you"}}), "not for you"),
        (401, json!({}), "BACKSTAGE_TOKEN"),
        (404, json!({}), "backend"),
    ] {
        let url = fake(move |_| (status, body.clone())).await;
        let error = import(folder.path(), &url).await.unwrap_err();
        assert!(error.contains(says) && !error.contains("s3cret"), "{status}: {error}");
    }
}

#[tokio::test]
async fn a_server_that_is_busy_is_asked_again() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let busy = move |path: &str| match path.starts_with("/api/catalog/entities/by-query") {
        true if count.fetch_add(1, Ordering::Relaxed) == 0 => (503, json!({})),
        true => page(vec![entity("Component", "default", "a")], None),
        false => (404, json!({})),
    };
    let (url, folder) = (fake(busy).await, tempfile::tempdir().unwrap());
    assert_eq!(import(folder.path(), &url).await, Ok(true));
    assert_eq!(asked.load(Ordering::Relaxed), 2);
}

fn from(origin: &str, name: &str) -> Value {
    let mut entity = entity("Component", "default", name);
    entity["metadata"]["annotations"] = json!({"backstage.io/managed-by-origin-location": origin});
    entity
}

#[tokio::test]
async fn registered_locations_are_read_here_and_not_copied() {
    let own = Arc::new(std::sync::OnceLock::<String>::new());
    let known = Arc::clone(&own);
    let answers = move |path: &str| {
        let url = known.get().cloned().unwrap_or_default();
        let listed = |kind: &str, target: &str| json!({"data": {"id": "1", "type": kind, "target": target}});
        match path {
            "/a.yaml" => (200, entity("Component", "default", "read")),
            "/api/catalog/locations" => {
                (200, json!([listed("url", &format!("{url}/a.yaml")), listed("file", "/srv/all.yaml")]))
            }
            p if p.starts_with("/api/catalog/entities/by-query") => {
                let mut location = entity("Location", "default", "generated-1");
                location["spec"] = json!({"type": "url", "target": format!("{url}/a.yaml")});
                let read = from(&format!("url:{url}/a.yaml"), "read");
                page(vec![location, read, from("file:/srv/all.yaml", "b"), from("ldap://x", "c")], None)
            }
            _ => (404, json!({})),
        }
    };
    let (url, folder) = (fake(answers).await, tempfile::tempdir().unwrap());
    own.set(url.clone()).unwrap();
    for _ in 0..2 {
        assert_eq!(import(folder.path(), &url).await, Ok(true));
    }
    let start = || async {
        let store = SqliteStore::open(&folder.path().join("data/stagedoor.db")).unwrap();
        TestPortal::builder().store(Arc::new(store)).start().await
    };
    let portal = start().await;
    let locations = portal.get("/api/catalog/locations").await.json();
    assert_eq!(locations.as_array().unwrap().len(), 1, "{locations}");
    assert_eq!(locations[0]["data"]["target"], format!("{url}/a.yaml"));
    let names = portal.filtered("kind=component").await;
    assert_eq!(names, ["component:default/b", "component:default/c", "component:default/read"]);
    // What is copied belongs to nobody, what is read to its location.
    assert_eq!(portal.delete("component", "component:default/b").await.status, 200);
    assert_eq!(portal.delete("component", "component:default/read").await.status, 422);
}
