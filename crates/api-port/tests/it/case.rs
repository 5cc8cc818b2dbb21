//! A case file: requests, and what must be answered. `tests/compat/port/README.md` has the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use axum::body::Body;
use serde_json::{Value, json};
use stagedoor_testkit::{Answer, TestPortal, yaml};

type Saved = BTreeMap<String, String>;

/// How long a step with `until` is repeated.
const PATIENCE: Duration = Duration::from_secs(10);

/// A misspelt key would demand nothing.
const KEYS: [&str; 13] = [
    "name",
    "request",
    "json",
    "text",
    "headers",
    "anonymous",
    "status",
    "body",
    "has",
    "absent",
    "ids",
    "save",
    "until",
];

/// Runs the steps of a file; tells what failed, in words.
pub(crate) async fn run(path: &Path) -> Vec<String> {
    let root = yaml(&fs::read_to_string(path).unwrap());
    let portal = TestPortal::new().await;
    let mut saved = Saved::new();
    let mut failures = Vec::new();
    for step in root["steps"].as_array().unwrap() {
        let (answer, mut problems) = ask(&portal, step, &saved).await;
        for (name, pointer) in entries(&step["save"]) {
            match answer.json().pointer(pointer.as_str().unwrap()).and_then(Value::as_str) {
                Some(text) => drop(saved.insert(name.clone(), text.to_owned())),
                None => problems.push(format!("nothing to save at {pointer}")),
            }
        }
        if !problems.is_empty() {
            let text: String = answer.text().chars().take(800).collect();
            let file = path.file_name().unwrap_or_default().display();
            failures.push(format!(
                "{file}: {}: {}\n  {} {text}",
                step["name"],
                problems.join("; "),
                answer.status
            ));
        }
    }
    failures
}

/// Sends a request and looks at the answer; with `until` again and again, for what comes about in the background.
async fn ask(portal: &TestPortal, step: &Value, saved: &Saved) -> (Answer, Vec<String>) {
    let begun = Instant::now();
    loop {
        let answer = send(portal, step, saved).await;
        let problems = check(step, &answer, saved);
        if step["until"] != true || problems.is_empty() || begun.elapsed() > PATIENCE {
            return (answer, problems);
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flatten()
}

fn fill(text: &str, saved: &Saved) -> String {
    saved.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), value))
}

async fn send(portal: &TestPortal, step: &Value, saved: &Saved) -> Answer {
    let unknown: Vec<_> = entries(step).filter(|(key, _)| !KEYS.contains(&key.as_str())).collect();
    assert!(unknown.is_empty(), "unknown keys in {}: {unknown:?}", step["name"]);
    let (method, path) = step["request"].as_str().unwrap().split_once(' ').unwrap();
    let mut request = http::Request::builder().method(method).uri(format!("/v1{}", fill(path, saved)));
    if step["anonymous"] != true {
        request = request.header("authorization", format!("Bearer {}", portal.token()));
    }
    for (name, value) in entries(&step["headers"]) {
        request = request.header(name, fill(value.as_str().unwrap(), saved));
    }
    let body = match (step.get("json"), &step["text"]) {
        (Some(json), _) => fill(&json.to_string(), saved),
        (None, text) => text.as_str().unwrap_or_default().to_owned(),
    };
    portal.send(request.body(Body::from(body)).unwrap()).await
}

fn check(step: &Value, answer: &Answer, saved: &Saved) -> Vec<String> {
    let mut problems = every_reply(answer);
    let body = answer.json();
    let mut expect = |what: &str, found: &Value, expected: &Value| {
        if found != expected {
            problems.push(format!("{what} is {found}, not {expected}"));
        }
    };
    expect("status", &answer.status.into(), step.get("status").unwrap_or(&json!(200)));
    if let Some(expected) = step.get("body") {
        expect("the body", &body, expected);
    }
    if let Some(expected) = step.get("ids") {
        let list = body["entities"].as_array().cloned().unwrap_or_default();
        expect("ids", &list.iter().map(|e| e["identifier"].clone()).collect(), expected);
    }
    if let Some(part) = step.get("has") {
        let part: Value = serde_json::from_str(&fill(&part.to_string(), saved)).unwrap();
        differences(&body, &part, "", &mut problems);
    }
    for pointer in step["absent"].as_array().into_iter().flatten() {
        if let Some(found) = body.pointer(pointer.as_str().unwrap()) {
            problems.push(format!("{pointer} is {found}, not absent"));
        }
    }
    problems
}

/// What holds for every reply of the dialect.
fn every_reply(answer: &Answer) -> Vec<String> {
    let body = answer.json();
    let mut problems = Vec::new();
    let mut demand = |holds: bool, what: &str| {
        if !holds {
            problems.push(what.to_owned());
        }
    };
    demand(answer.header("content-type") == "application/json", "not application/json");
    demand(body["ok"] == json!(matches!(answer.status, 200..=202)), "`ok` does not fit the status");
    let trace = answer.header("x-trace-id");
    let number = |name: &str| answer.header(&format!("x-ratelimit-{name}")).parse::<u64>().is_ok();
    demand(["period", "limit", "remaining", "reset"].into_iter().all(number), "no x-ratelimit-*");
    demand(!trace.is_empty() && trace.bytes().all(|b| b.is_ascii_hexdigit()), "no X-Trace-Id");
    if answer.status >= 400 {
        let code = body["error"].as_str().unwrap_or_default();
        demand(
            !code.is_empty() && code.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'),
            "no error code",
        );
        demand(body["message"].as_str().is_some_and(|m| !m.is_empty()), "no message");
    }
    problems
}

/// Where `found` lacks something that `part` has.
fn differences(found: &Value, part: &Value, place: &str, out: &mut Vec<String>) {
    match (found, part) {
        (Value::Object(found), Value::Object(part)) => {
            for (key, part) in part {
                match found.get(key) {
                    Some(found) => differences(found, part, &format!("{place}/{key}"), out),
                    None => out.push(format!("{place}/{key} is absent, not {part}")),
                }
            }
        }
        (Value::Array(found), Value::Array(part)) if found.len() == part.len() => {
            let pairs = found.iter().zip(part).enumerate();
            pairs.for_each(|(i, (found, part))| differences(found, part, &format!("{place}/{i}"), out));
        }
        _ if found == part => {}
        _ => out.push(format!("{place} is {found}, not {part}")),
    }
}
