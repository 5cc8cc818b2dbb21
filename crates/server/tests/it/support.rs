//! What several topics need: asking in each dialect, and a folder of files.

use std::fs::File;
use std::future::Future;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use http::Request;
use serde_json::{Value, json};
use stagedoor_testkit::{Answer, Builder, TestPortal};
use tempfile::TempDir;

/// A component that says as little as it may.
pub(crate) fn component(name: &str) -> String {
    component_with(name, "")
}

/// A component with more lines in its `spec`.
pub(crate) fn component_with(name: &str, spec: &str) -> String {
    let spec: String = spec.lines().map(|line| format!("  {line}\n")).collect();
    format!(
        "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\n\
         spec:\n  type: service\n  lifecycle: production\n  owner: team-a\n{spec}"
    )
}

/// Documents of one file.
pub(crate) fn stream(documents: &[String]) -> String {
    documents.join("---\n")
}

/// The blueprint of databases: a type that Backstage does not know.
pub(crate) fn database() -> Value {
    json!({
        "identifier": "database", "title": "Database",
        "schema": { "properties": {
            "engine": { "type": "string" }, "version": { "type": "number" },
            "description": { "type": "string" }, "tags": { "type": "array" }
        } },
        "relations": { "replicaOf": { "target": "database", "required": false, "many": false } }
    })
}

/// What a portal is asked in more than one topic.
pub(crate) trait Ask {
    /// The Backstage face; null when there is none.
    async fn backstage(&self, reference: &str) -> Value;
    /// The Port face; null when there is none.
    async fn port(&self, blueprint: &str, identifier: &str) -> Value;
    /// Everything of one entity's page.
    async fn page(&self, blueprint: &str, identifier: &str) -> Value;
    /// Creates or merges through Port's dialect.
    async fn merge(&self, blueprint: &str, body: Value) -> Answer;
    /// Merges into an entity through Port's dialect.
    async fn patch(&self, blueprint: &str, identifier: &str, body: Value) -> Answer;
    /// Replaces an entity through Port's dialect.
    async fn put(&self, blueprint: &str, identifier: &str, body: Value) -> Answer;
    /// Deletes through Port's dialect.
    async fn delete(&self, blueprint: &str, identifier: &str) -> Answer;
    /// Makes a blueprint.
    async fn blueprint(&self, body: Value);
    /// Documents that must all be accepted.
    async fn accept(&self, documents: &str);
    /// The references that a Backstage filter finds, sorted.
    async fn filtered(&self, filter: &str) -> Vec<String>;
    /// The uid, by reference.
    async fn uid(&self, reference: &str) -> String;
    /// The sources as the native API shows them.
    async fn sources(&self) -> Vec<Value>;
    /// The revision of the newest commit.
    fn revision(&self) -> u64;
    /// Reads the sources again.
    async fn sync(&self);
    /// Every entity of both dialects, etags and stamps included.
    async fn everything(&self) -> Value;
}

impl Ask for TestPortal {
    async fn backstage(&self, reference: &str) -> Value {
        let (kind, rest) = reference.split_once(':').unwrap();
        let (namespace, name) = rest.split_once('/').unwrap();
        let answer = self.get(&format!("/api/catalog/entities/by-name/{kind}/{namespace}/{name}")).await;
        if answer.status == 200 { answer.json() } else { Value::Null }
    }

    async fn port(&self, blueprint: &str, identifier: &str) -> Value {
        let answer = self.get(&entity_path(blueprint, identifier)).await;
        if answer.status == 200 { answer.json()["entity"].clone() } else { Value::Null }
    }

    async fn page(&self, blueprint: &str, identifier: &str) -> Value {
        let (blueprint, identifier) = (encode(blueprint), encode(identifier));
        self.get(&format!("/api/stagedoor/v1/entity?blueprint={blueprint}&identifier={identifier}"))
            .await
            .json()
    }

    async fn merge(&self, blueprint: &str, body: Value) -> Answer {
        self.post(&format!("/v1/blueprints/{}/entities?upsert=true&merge=true", encode(blueprint)), &body)
            .await
    }

    async fn patch(&self, blueprint: &str, identifier: &str, body: Value) -> Answer {
        self.request("PATCH", &entity_path(blueprint, identifier), Some(&body)).await
    }

    async fn put(&self, blueprint: &str, identifier: &str, body: Value) -> Answer {
        self.request("PUT", &entity_path(blueprint, identifier), Some(&body)).await
    }

    async fn delete(&self, blueprint: &str, identifier: &str) -> Answer {
        self.request("DELETE", &entity_path(blueprint, identifier), None).await
    }

    async fn blueprint(&self, body: Value) {
        let answer = self.post("/v1/blueprints", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.text());
    }

    async fn accept(&self, documents: &str) {
        let answer = self.documents(documents).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    async fn filtered(&self, filter: &str) -> Vec<String> {
        let answer = self.get(&format!("/api/catalog/entities?filter={filter}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let mut refs: Vec<_> = answer.json().as_array().unwrap().iter().map(reference_of).collect();
        refs.sort();
        refs
    }

    async fn uid(&self, reference: &str) -> String {
        self.backstage(reference).await["metadata"]["uid"].as_str().unwrap_or_default().to_owned()
    }

    async fn sources(&self) -> Vec<Value> {
        self.get("/api/stagedoor/v1/sources").await.json()["sources"].as_array().unwrap().clone()
    }

    fn revision(&self) -> u64 {
        self.portal.view(&self.viewer()).unwrap().revision()
    }

    async fn sync(&self) {
        self.portal.sync_sources().await;
    }

    async fn everything(&self) -> Value {
        let backstage = self.get("/api/catalog/entities?order=asc:metadata.uid").await.json();
        let blueprints = self.get("/v1/blueprints").await.json();
        let mut port = Vec::new();
        for blueprint in blueprints["blueprints"].as_array().unwrap() {
            let name = encode(blueprint["identifier"].as_str().unwrap());
            port.push(self.get(&format!("/v1/blueprints/{name}/entities")).await.json());
        }
        json!({ "backstage": backstage, "blueprints": blueprints, "port": port })
    }
}

/// The lower-case reference of a Backstage entity.
pub(crate) fn reference_of(entity: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("default").to_lowercase();
    let metadata = &entity["metadata"];
    format!("{}:{}/{}", text(&entity["kind"]), text(&metadata["namespace"]), text(&metadata["name"]))
}

/// A Backstage entity without what the server adds.
pub(crate) fn document_of(mut entity: Value) -> Value {
    for part in ["relations", "status"] {
        entity.as_object_mut().unwrap().shift_remove(part);
    }
    for key in ["uid", "etag"] {
        assert!(entity["metadata"][key].is_string(), "{key}");
        entity["metadata"].as_object_mut().unwrap().shift_remove(key);
    }
    entity
}

/// `type -> targetRef` of a Backstage entity, in the order answered.
pub(crate) fn relations_of(entity: &Value) -> Vec<String> {
    let text = |r: &Value| format!("{} {}", r["type"].as_str().unwrap(), r["targetRef"].as_str().unwrap());
    entity["relations"].as_array().unwrap().iter().map(text).collect()
}

fn entity_path(blueprint: &str, identifier: &str) -> String {
    format!("/v1/blueprints/{}/entities/{}", encode(blueprint), encode(identifier))
}

/// Percent-encodes a part of a path or query.
pub(crate) fn encode(text: &str) -> String {
    let byte = |b: u8| match b {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
        b => format!("%{b:02X}"),
    };
    text.bytes().map(byte).collect()
}

/// A request as administrator with any body.
pub(crate) async fn send(
    portal: &TestPortal,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    request = request.header("authorization", format!("Bearer {}", portal.token()));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    portal.send(request.body(body.into()).unwrap()).await
}

/// Asserts a refusal in the shape of the dialect at this path.
pub(crate) fn assert_shape(path: &str, status: u16, answer: &Answer) {
    let body = answer.json();
    assert_eq!(answer.status, status, "{path}: {}", answer.text());
    assert!(answer.header("content-type").starts_with("application/json"), "{path}");
    if path.starts_with("/v1/") {
        assert_eq!(body["ok"], false, "{path}: {body}");
        assert!(body["error"].is_string() && body["message"].is_string(), "{path}: {body}");
    } else if !path.starts_with("/api/stagedoor/") {
        assert_eq!(body["response"]["statusCode"], status, "{path}: {body}");
        assert!(body["error"]["name"].is_string() && body["error"]["message"].is_string(), "{path}: {body}");
        assert!(
            body["request"]["method"].is_string() && body["request"]["url"].is_string(),
            "{path}: {body}"
        );
    } else {
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{path}: {body}");
    }
}

/// A folder of files that portals read.
pub(crate) struct Folder {
    dir: Arc<TempDir>,
    /// Seconds since 1970 that the next file is dated.
    clock: Option<AtomicU64>,
}

impl Folder {
    /// Its files look as if they had been written long ago, each later than the one before: a reader may
    /// remember them.
    pub(crate) fn new() -> Self {
        Self { clock: Some(AtomicU64::new(1_000_000_000)), ..Self::live() }
    }

    /// Its files are as old as they are.
    pub(crate) fn live() -> Self {
        Self { dir: Arc::new(tempfile::tempdir().unwrap()), clock: None }
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file, and the folders that it needs.
    pub(crate) fn write(&self, name: &str, text: &str) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/"))).unwrap();
        let mut file = File::create(path).unwrap();
        file.write_all(text.as_bytes()).unwrap();
        if let Some(clock) = &self.clock {
            let seconds = clock.fetch_add(1, Ordering::Relaxed);
            file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
        }
        self
    }

    pub(crate) fn remove(&self, name: &str) -> &Self {
        std::fs::remove_file(self.path(name)).unwrap();
        self
    }

    pub(crate) fn rename(&self, from: &str, to: &str) -> &Self {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
        self
    }

    /// Describes a portal that reads these targets.
    pub(crate) fn builder(&self, targets: &[&str]) -> Builder {
        let builder = TestPortal::builder().in_folder(&self.dir);
        targets.iter().fold(builder, |builder, target| builder.location(target))
    }

    /// A portal that reads these targets.
    pub(crate) async fn portal(&self, targets: &[&str]) -> TestPortal {
        self.builder(targets).start().await
    }
}

/// Asks again and again until the answer is yes; fails when that takes longer than `limit`.
pub(crate) async fn eventually<F: Future<Output = bool>>(
    what: &str,
    limit: Duration,
    mut ask: impl FnMut() -> F,
) {
    let start = Instant::now();
    while !ask().await {
        assert!(start.elapsed() < limit, "not within {limit:?}: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
