//! Locations of type `url`: read from a real server, followed, kept while it is away.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use http::{HeaderMap, StatusCode, Uri};
use stagedoor_testkit::TestPortal;

use crate::support::{Ask as _, component};

/// A web server whose files can be changed, taken away and made to fail.
#[derive(Clone, Default)]
pub(crate) struct Files {
    files: Arc<Mutex<HashMap<String, (StatusCode, String)>>>,
    pub(crate) asked: Arc<Mutex<Vec<(String, bool)>>>,
}

impl Files {
    pub(crate) async fn serve(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    /// The paths that were asked for since the last time, sorted.
    pub(crate) fn asked(&self) -> Vec<String> {
        let mut asked: Vec<_> =
            std::mem::take(&mut *self.asked.lock().unwrap()).into_iter().map(|(p, _)| p).collect();
        asked.sort();
        asked
    }

    pub(crate) fn put(&self, path: &str, status: u16, text: &str) {
        let status = StatusCode::from_u16(status).unwrap();
        self.files.lock().unwrap().insert(path.to_owned(), (status, text.to_owned()));
    }
}

async fn answer(
    State(files): State<Files>,
    uri: Uri,
    headers: HeaderMap,
) -> (StatusCode, [(&'static str, String); 1], String) {
    let known = files.files.lock().unwrap().get(uri.path()).cloned();
    let (status, text) = known.unwrap_or((StatusCode::NOT_FOUND, String::new()));
    let etag = format!("\"{}-{}\"", text.len(), text.bytes().map(u64::from).sum::<u64>());
    let same = headers.get("if-none-match").is_some_and(|v| v.as_bytes() == etag.as_bytes());
    files.asked.lock().unwrap().push((uri.path().to_owned(), same));
    match status {
        StatusCode::OK if same => (StatusCode::NOT_MODIFIED, [("etag", etag)], String::new()),
        _ => (status, [("etag", etag)], text),
    }
}

async fn portal_over(files: &Files) -> TestPortal {
    let base = files.serve().await;
    TestPortal::builder().url_location(&format!("{base}/org/catalog-info.yaml")).start().await
}

const LOCATION: &str = "apiVersion: backstage.io/v1alpha1\nkind: Location\nmetadata:\n  name: root\nspec:\n  targets: [./a/one.yaml, ../two.yaml]\n";

fn served() -> Files {
    let files = Files::default();
    files.put("/org/catalog-info.yaml", 200, LOCATION);
    files.put("/org/a/one.yaml", 200, &component("one"));
    files.put("/two.yaml", 200, &component("two"));
    files
}

#[tokio::test]
async fn relative_targets_of_a_location_document_are_followed() {
    let portal = portal_over(&served()).await;
    for name in ["one", "two"] {
        assert_eq!(portal.backstage(&format!("component:default/{name}")).await["metadata"]["name"], name);
    }
}

#[tokio::test]
async fn an_unchanged_address_is_asked_conditionally_and_writes_nothing() {
    let files = served();
    let portal = portal_over(&files).await;
    let before = portal.get("/api/stagedoor/v1/session").await.json()["revision"].clone();
    files.asked.lock().unwrap().clear();
    portal.portal.sync_sources().await;
    let asked = files.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 3);
    assert!(asked.iter().all(|(_, same)| *same), "{asked:?}");
    assert_eq!(portal.get("/api/stagedoor/v1/session").await.json()["revision"], before);
}

#[tokio::test]
async fn a_change_is_taken_and_a_server_error_keeps_everything() {
    let files = served();
    let portal = portal_over(&files).await;
    files.put("/two.yaml", 200, &component("three"));
    portal.portal.sync_sources().await;
    assert!(portal.backstage("component:default/two").await.is_null());
    assert_eq!(portal.backstage("component:default/three").await["metadata"]["name"], "three");
    for broken in ["/org/catalog-info.yaml", "/two.yaml"] {
        files.put(broken, 500, "");
        portal.portal.sync_sources().await;
        for name in ["one", "three"] {
            let reference = format!("component:default/{name}");
            assert_eq!(portal.backstage(&reference).await["metadata"]["name"], name, "{broken} fails");
        }
        assert_eq!(portal.get("/api/stagedoor/v1/sources").await.json()["sources"][0]["state"], "stale");
    }
}

#[tokio::test]
async fn an_address_that_is_absent_is_gone_and_its_entities_wait() {
    let files = served();
    let portal = portal_over(&files).await;
    files.put("/org/catalog-info.yaml", 404, "");
    portal.portal.sync_sources().await;
    let source = portal.get("/api/stagedoor/v1/sources").await.json()["sources"][0].clone();
    assert_eq!(
        (&source["state"], source["problems"].as_array().unwrap().len()),
        (&"gone".into(), 1),
        "{source}"
    );
    assert_eq!(portal.backstage("component:default/one").await["metadata"]["name"], "one");
}

#[tokio::test]
async fn an_address_inside_the_network_is_refused_with_the_way_out() {
    let portal = TestPortal::builder().url_location("http://169.254.169.254/latest/meta-data").start().await;
    let source = portal.get("/api/stagedoor/v1/sources").await.json()["sources"][0].clone();
    assert_eq!(source["state"], "stale", "{source}");
    let message = source["problems"][0]["message"].as_str().unwrap();
    assert!(message.contains("STAGEDOOR_OUTBOUND_ALLOW"), "{message}");
}
