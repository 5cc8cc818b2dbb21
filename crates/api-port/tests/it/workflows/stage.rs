//! What tests of workflows are made of: a receiver, workflows, and waiting for runs.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal};
use tokio::sync::{Semaphore, mpsc};

/// Longer than anything here takes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// What a receiver was sent: path, idempotency key, body.
pub(crate) type Received = (String, String, Value);

/// A receiver: `/fail` answers 500, `/hang` nothing before a permit, everything else `{"id": 7, "path"}`.
pub(crate) struct Receiver {
    pub(crate) url: String,
    pub(crate) inbox: mpsc::UnboundedReceiver<Received>,
    pub(crate) gate: Arc<Semaphore>,
}

impl Receiver {
    pub(crate) async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (told, inbox) = mpsc::unbounded_channel();
        let gate = Arc::new(Semaphore::new(0));
        let waits = Arc::clone(&gate);
        let handler = move |uri: Uri, headers: HeaderMap, body: Bytes| {
            let (told, waits) = (told.clone(), Arc::clone(&waits));
            async move {
                let key = headers.get("idempotency-key").map_or("", |key| key.to_str().unwrap()).to_owned();
                let body = serde_json::from_slice(&body).unwrap_or_default();
                let _ = told.send((uri.path().to_owned(), key, body));
                match uri.path() {
                    "/fail" => (StatusCode::INTERNAL_SERVER_ERROR, "it broke".to_owned()),
                    path => {
                        if path == "/hang" {
                            waits.acquire().await.unwrap().forget();
                        }
                        (StatusCode::OK, json!({ "id": 7, "path": path }).to_string())
                    }
                }
            }
        };
        let app = axum::Router::new().fallback(handler);
        tokio::spawn(async move { drop(axum::serve(listener, app).await) });
        Self { url, inbox, gate }
    }

    pub(crate) async fn received(&mut self) -> Received {
        tokio::time::timeout(PATIENCE, self.inbox.recv()).await.unwrap().unwrap()
    }
}

/// A workflow of nodes, one after the other where nothing else is said.
pub(crate) fn workflow(identifier: &str, nodes: Value, connections: Value) -> Value {
    let trigger = json!({"identifier": "form", "config": {"type": "SELF_SERVE_TRIGGER", "permissions": {"roles": ["Member"]},
        "userInputs": {"properties": {"env": {"type": "string"}, "name": {"type": "string", "default": "cart"}}}}});
    let mut all = vec![trigger];
    all.extend(nodes.as_array().unwrap().iter().cloned());
    let mut connections = connections.as_array().unwrap().clone();
    if connections.is_empty() {
        connections = all
            .windows(2)
            .map(|pair| json!({"sourceIdentifier": pair[0]["identifier"], "targetIdentifier": pair[1]["identifier"]}))
            .collect();
    }
    json!({"identifier": identifier, "title": identifier, "nodes": all, "connections": connections})
}

pub(crate) async fn make(portal: &TestPortal, body: &Value) {
    let answer = portal.post("/v1/workflows", body).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    let read = portal.get(&format!("/v1/workflows/{}", body["identifier"].as_str().unwrap())).await.json();
    for (key, value) in body.as_object().unwrap() {
        assert_eq!(&read["workflow"][key], value, "as it was sent");
    }
}

pub(crate) fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 202, "{}", answer.text());
    answer.json()["workflowRun"]["identifier"].as_str().unwrap().to_owned()
}

pub(crate) async fn start(portal: &TestPortal, workflow: &str, inputs: Value) -> String {
    let body = json!({ "inputs": inputs });
    id_of(&portal.post(&format!("/v1/workflows/{workflow}/runs"), &body).await)
}

/// The run, once something is so.
pub(crate) async fn until(portal: &TestPortal, id: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut changes = portal.portal.run_changes();
    let wait = async {
        loop {
            let run = portal.get(&format!("/v1/workflows/runs/{id}")).await.json()["workflowRun"].clone();
            if is(&run) {
                return run;
            }
            let _ = changes.recv().await;
        }
    };
    let found = tokio::time::timeout(PATIENCE, wait).await;
    assert!(found.is_ok(), "{}", portal.get(&format!("/v1/workflows/runs/{id}")).await.text());
    found.unwrap()
}

pub(crate) async fn ends(portal: &TestPortal, id: &str) -> Value {
    until(portal, id, |run| run["status"] == "COMPLETED").await
}

/// The run of a node in a run.
pub(crate) fn node<'r>(run: &'r Value, node: &str) -> &'r Value {
    let all = run["nodeRuns"].as_array().unwrap();
    all.iter().find(|one| one["node"]["identifier"] == node).unwrap_or(&Value::Null)
}

pub(crate) async fn blueprint(portal: &TestPortal) {
    let body = json!({"identifier": "service", "title": "Service", "schema": {"properties": {"n": {"type": "number"}, "path": {"type": "string"}}}});
    assert_eq!(portal.post("/v1/blueprints", &body).await.status, 201);
}
