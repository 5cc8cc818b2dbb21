//! What operators see: names of requests, metrics, traces.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::post;
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use stagedoor_auth::{Realm, Tokens};
use stagedoor_server::config::{Config, Environment};
use stagedoor_server::{Authority, Telemetry, portal_info, trace_config, watched_app};
use stagedoor_testkit::TestPortal;
use tower::ServiceExt as _;

use crate::support::{Ask as _, component, database, send};

#[tokio::test]
async fn every_answer_names_its_request() {
    let portal = TestPortal::new().await;
    let id = async |path: &str, sent: Option<&str>| {
        let headers: Vec<_> = sent.map(|id| ("x-request-id", id)).into_iter().collect();
        let answer = send(&portal, "GET", path, &headers, Body::empty()).await;
        let trace = answer.header("x-trace-id").to_owned();
        let id = answer.header("x-request-id").to_owned();
        assert_eq!(trace, if path.starts_with("/v1/") { id.as_str() } else { "" }, "{path}");
        id
    };
    for path in ["/v1/blueprints", "/v1/nothing", "/api/catalog/entities", "/api/stagedoor/v1/session", "/x"]
    {
        let (first, second) = (id(path, None).await, id(path, None).await);
        assert_eq!((first.len(), first != second), (32, true), "{path}");
        assert_eq!(id(path, Some("from-the_proxy.1")).await, "from-the_proxy.1");
        for forged in ["", "a b", "a\"b", "x=1", &"x".repeat(65)] {
            let answered = id(path, Some(forged)).await;
            assert_eq!(answered.len(), 32, "{forged:?}: {answered}");
        }
    }
    let refused = portal.anonymous("GET", "/v1/blueprints", None).await;
    assert_eq!((refused.status, refused.header("x-trace-id").len()), (401, 32));
}

/// Series and their values.
fn series(text: &str) -> BTreeMap<String, f64> {
    let mut all = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (name, value) = line.rsplit_once(' ').unwrap();
        let value = value.parse().unwrap_or_else(|_| panic!("{line}"));
        assert!(all.insert(name.to_owned(), value).is_none(), "twice: {name}");
    }
    all
}

async fn metrics(portal: &TestPortal) -> BTreeMap<String, f64> {
    let answer = portal.get("/metrics").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"));
    series(&answer.text())
}

#[tokio::test]
async fn metrics_count_what_happened() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    portal.blueprint(database()).await;
    for _ in 0..3 {
        portal.merge("database", json!({ "identifier": "d" })).await;
    }
    portal.get("/v1/blueprints/database/entities/nothing").await;
    let got = metrics(&portal).await;
    let route = "route=\"/v1/blueprints/{blueprint}/entities\",method=\"POST\"";
    assert_eq!(got[&format!("stagedoor_http_requests_total{{{route},status=\"201\"}}")], 1.0);
    assert_eq!(got[&format!("stagedoor_http_requests_total{{{route},status=\"200\"}}")], 2.0);
    assert_eq!(got[&format!("stagedoor_http_request_duration_seconds_count{{{route}}}")], 3.0);
    assert_eq!(got[&format!("stagedoor_http_request_duration_seconds_bucket{{{route},le=\"+Inf\"}}")], 3.0);
    let missing = "route=\"/v1/blueprints/{blueprint}/entities/{*identifier}\",method=\"GET\",status=\"404\"";
    assert_eq!(got[&format!("stagedoor_http_requests_total{{{missing}}}")], 1.0);
    assert_eq!(got["stagedoor_revision"], portal.revision() as f64);
    assert_eq!(got["stagedoor_commits_total"], portal.revision() as f64);
    assert!(got["stagedoor_changes_total"] >= 4.0);
    assert_eq!(got["stagedoor_transaction_duration_seconds_count"], 3.0);
    assert_eq!((got["stagedoor_writer_queue"], got["stagedoor_store_errors_total"]), (0.0, 0.0));
    assert_eq!(got["stagedoor_entities{blueprint=\"component\"}"], 1.0);
    assert_eq!(got["stagedoor_entities{blueprint=\"database\"}"], 1.0);
    assert!(got["process_resident_memory_bytes"] > 1e6 && got["process_open_fds"] > 2.0);
}

#[tokio::test]
async fn no_caller_makes_series() {
    let portal = TestPortal::new().await;
    let hostile = async |n: usize| {
        for method in ["GET", "BREW", "X\u{2d}Y"] {
            for path in [
                format!("/v1/blueprints/b{n}/entities/e{n}"),
                format!("/v1/made-up-{n}"),
                format!("/api/catalog/made-up-{n}"),
                format!("/api/stagedoor/v1/made-up-{n}"),
                format!("/made/up/{n}"),
                format!("/metrics/{n}"),
            ] {
                send(&portal, method, &path, &[], Body::empty()).await;
            }
        }
    };
    hostile(0).await;
    let names = async || metrics(&portal).await.into_keys().collect::<Vec<_>>();
    names().await;
    let before = names().await;
    for n in 1..30 {
        hostile(n).await;
    }
    assert_eq!(names().await, before);
}

#[tokio::test]
async fn metrics_are_for_administrators() {
    let portal = TestPortal::new().await;
    portal.accept(&component("a")).await;
    let answer = portal.anonymous("GET", "/metrics", None).await;
    assert_eq!(answer.status, 401);
    assert!(!answer.text().contains("stagedoor_"), "{}", answer.text());
    assert_eq!(portal.request("POST", "/metrics", None).await.status, 405);
}

#[tokio::test]
async fn members_get_changes_and_no_metrics() {
    let portal = TestPortal::new().await;
    let tokens = || Tokens::new([1; 32], realm());
    let authority = Arc::new(Authority::new(tokens(), None, false));
    let telemetry = Telemetry::new(portal.portal.clone(), None);
    let info = portal_info(&Config::default(), false);
    let app = watched_app(portal.portal.clone(), authority, info, telemetry);
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let now = stagedoor_model::Timestamp(i64::try_from(now).unwrap());
    let (member, administrator) =
        (portal.member("elsa@larkfell.example").await, portal.administrator("ada@larkfell.example").await);
    for (person, statuses) in [(member, [403, 200, 200]), (administrator, [200, 200, 200])] {
        let token = tokens().issue(&person.viewer, now).unwrap().token;
        let status = async |path: &str, accept: &str| {
            let request = Request::get(path).header("authorization", format!("Bearer {token}"));
            let request = request.header("accept", accept).body(Body::empty()).unwrap();
            app.clone().oneshot(request).await.unwrap().status().as_u16()
        };
        let changes = "/api/stagedoor/v1/changes";
        let found = [
            status("/metrics", "*/*").await,
            status(changes, "application/json").await,
            status(changes, "text/event-stream").await,
        ];
        assert_eq!(found, statuses, "{}", person.viewer.name());
    }
}

fn realm() -> Realm {
    Realm {
        issuer: "stagedoor".into(),
        audience: String::new(),
        organization_id: String::new(),
        organization_name: String::new(),
    }
}

/// A collector that keeps what it is sent.
async fn collector() -> (String, tokio::sync::mpsc::UnboundedReceiver<(HeaderMap, Value)>) {
    let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
    let take = async move |headers: HeaderMap, body: Bytes| {
        sender.send((headers, serde_json::from_slice(&body).unwrap())).unwrap();
        "{}"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().route("/v1/traces", post(take));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (format!("http://{address}"), receiver)
}

fn traced(portal: &TestPortal, variables: &[(&str, &str)]) -> Router {
    let environment: Environment =
        variables.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    let telemetry = Telemetry::new(portal.portal.clone(), trace_config(&environment).unwrap());
    let authority = Authority::new(Tokens::new([1; 32], realm()), None, true);
    let info = portal_info(&Config::default(), true);
    watched_app(portal.portal.clone(), Arc::new(authority), info, telemetry)
}

async fn ask(app: &Router, path: &str, headers: &[(&str, &str)]) -> String {
    let mut request = Request::get(path).header("host", "localhost");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = app.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

#[tokio::test]
async fn traces_reach_the_collector_that_the_environment_names() {
    let portal = TestPortal::new().await;
    let (url, mut received) = collector().await;
    let variables =
        [("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str()), ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=s3cret")];
    let app = traced(&portal, &variables);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    ask(&app, "/v1/blueprints?access_token=hidden", &[("traceparent", parent), ("x-request-id", "mine")])
        .await;
    let (headers, body) =
        tokio::time::timeout(Duration::from_secs(10), received.recv()).await.unwrap().unwrap();
    assert_eq!(
        (&headers["content-type"], &headers["x-key"]),
        (&"application/json".parse().unwrap(), &"s3cret".parse().unwrap())
    );
    let resource = &body["resourceSpans"][0];
    assert_eq!(resource["resource"]["attributes"][0]["value"]["stringValue"], "stagedoor");
    let span = &resource["scopeSpans"][0]["spans"][0];
    assert_eq!(span["traceId"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(
        (&span["parentSpanId"], &span["name"], &span["kind"]),
        (&json!("00f067aa0ba902b7"), &json!("GET /v1/blueprints"), &json!(2))
    );
    assert_eq!(span["attributes"][2]["value"]["intValue"], "200");
    assert_eq!(span["attributes"][3]["value"]["stringValue"], "mine");
    let time = |key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"));
    assert!(!body.to_string().contains("hidden"), "{body}");
    // A caller that does not keep its trace is not kept here.
    let unsampled = parent.replace("-01", "-00");
    ask(&app, "/v1/blueprints", &[("traceparent", &unsampled)]).await;
    ask(&app, "/api/catalog/entities", &[]).await;
    let (_, body) = tokio::time::timeout(Duration::from_secs(10), received.recv()).await.unwrap().unwrap();
    let spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone();
    assert_eq!((spans.len(), &spans[0]["name"]), (1, &json!("GET /api/catalog/entities")));
}

#[tokio::test]
async fn a_collector_that_is_away_costs_its_traces_and_nothing_else() {
    let portal = TestPortal::new().await;
    // Nothing listens there.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let app = traced(&portal, &[("OTEL_EXPORTER_OTLP_ENDPOINT", url.as_str())]);
    for _ in 0..5_000 {
        ask(&app, "/api/stagedoor/v1/nothing", &[]).await;
    }
    let mut dropped = 0.0;
    for _ in 0..2_000 {
        dropped = series(&ask(&app, "/metrics", &[]).await)["stagedoor_traces_dropped_total"];
        if dropped > 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(dropped > 0.0);
}
