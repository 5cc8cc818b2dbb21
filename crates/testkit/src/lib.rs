//! One line to a portal, for tests.
//!
//! ```no_run
//! # async fn example() {
//! let portal = stagedoor_testkit::TestPortal::new().await;
//! portal.documents("apiVersion: backstage.io/v1alpha1\nkind: Component\n...").await;
//! let answer = portal.get("/api/catalog/entities").await;
//! assert_eq!(answer.status, 200);
//! # }
//! ```
//!
//! It is the whole application on the in-memory store, asked without a socket.

mod answer;
mod builder;
mod people;

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use serde_json::Value;
use stagedoor_auth::Viewer;
use stagedoor_portal::Portal;
use stagedoor_server::Authority;
use stagedoor_store::Store;
use tower::ServiceExt as _;

pub use answer::Answer;
pub use builder::Builder;
pub use people::Person;
pub use stagedoor_server::config;
pub use stagedoor_store::MemoryStore;

/// Client id of the administrator's credential in tests.
pub const CLIENT_ID: &str = "test-client";
/// Its secret.
pub const CLIENT_SECRET: &str = "test-secret";

/// A portal with an administrator's token at hand.
pub struct TestPortal {
    /// The portal itself, for what has no route.
    pub portal: Portal,
    /// Its database.
    pub store: Arc<dyn Store>,
    app: Router,
    authority: Arc<Authority>,
    token: String,
    #[expect(dead_code, reason = "keeps the folder of the files that are read")]
    folder: Arc<tempfile::TempDir>,
}

impl TestPortal {
    /// An empty portal.
    pub async fn new() -> Self {
        Builder::default().start().await
    }

    /// A portal that reads files: see [`Builder`].
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    async fn over(
        portal: Portal,
        store: Arc<dyn Store>,
        app: Router,
        authority: Arc<Authority>,
        folder: Arc<tempfile::TempDir>,
    ) -> Self {
        let mut test = Self { portal, store, app, authority, token: String::new(), folder };
        let body = serde_json::json!({ "clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET });
        let answer = test.anonymous("POST", "/v1/auth/access_token", Some(&body)).await;
        test.token = answer.json()["accessToken"].as_str().unwrap_or_default().to_owned();
        test
    }

    /// The administrator.
    #[must_use]
    pub fn viewer(&self) -> Viewer {
        Viewer::machine(CLIENT_ID)
    }

    /// The administrator's token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The whole application, to be served on a socket.
    pub fn router(&self) -> Router {
        self.app.clone()
    }

    /// A request as administrator.
    pub async fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("authorization", format!("Bearer {}", self.token));
        self.send(json_request(request, body)).await
    }

    /// A request without any credential.
    pub async fn anonymous(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.send(json_request(Request::builder().method(method).uri(path), body)).await
    }

    /// A response whose body has not been read: it may be a stream that goes on.
    pub async fn respond(&self, request: Request<Body>) -> Response<Body> {
        self.app.clone().oneshot(request).await.unwrap_or_else(|never| match never {})
    }

    /// A request as it stands.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.respond(request).await.into_parts();
        let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body: body.to_vec() }
    }

    /// `GET` as administrator.
    pub async fn get(&self, path: &str) -> Answer {
        self.request("GET", path, None).await
    }

    /// `POST` as administrator.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.request("POST", path, Some(body)).await
    }

    /// Hands over documents as YAML.
    pub async fn documents(&self, yaml: &str) -> Answer {
        let request = Request::builder()
            .method("POST")
            .uri("/api/stagedoor/v1/documents")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/yaml")
            .body(Body::from(yaml.to_owned()));
        self.send(request.unwrap_or_default()).await
    }
}

/// Reads a file of cases.
///
/// # Panics
/// When it is not YAML: the case file is wrong, not the program.
#[must_use]
pub fn yaml(text: &str) -> Value {
    let read = stagedoor_ingest::yaml::parse_one(text);
    assert!(read.is_ok(), "{read:?}");
    read.map(|node| node.to_value()).unwrap_or_default()
}

fn json_request(request: http::request::Builder, body: Option<&Value>) -> Request<Body> {
    let request = match body {
        Some(body) => request.header("content-type", "application/json").body(Body::from(body.to_string())),
        None => request.body(Body::empty()),
    };
    // A path that is no URI is a mistake in the test; it then fails on the answer.
    request.unwrap_or_default()
}
