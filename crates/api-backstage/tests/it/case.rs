//! A case file: requests, and what must be answered. `tests/compat/backstage/README.md` has the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::Value;
use stagedoor_testkit::{Answer, TestPortal};

use crate::yaml;

pub(crate) struct File {
    pub(crate) catalog: String,
    /// A folder that is served as `{files}`.
    pub(crate) serves: Option<String>,
    cases: Vec<Value>,
}

type Saved = BTreeMap<String, String>;

/// A misspelt key would demand nothing.
const KEYS: &[&str] = &[
    "name",
    "request",
    "json",
    "text",
    "headers",
    "anonymous",
    "status",
    "refs",
    "at",
    "absent",
    "body",
    "empty",
    "error",
    "answers",
    "save",
];

impl File {
    pub(crate) fn read(path: &Path) -> Self {
        let root = yaml::read(&fs::read_to_string(path).unwrap());
        let catalog = root["catalog"].as_str().unwrap().to_owned();
        let serves = root["serves"].as_str().map(str::to_owned);
        let cases = root["cases"].as_array().unwrap().clone();
        for (case, key) in cases.iter().flat_map(|case| entries(case).map(move |(key, _)| (case, key))) {
            assert!(
                KEYS.contains(&key.as_str()),
                "{}: unknown key {key} in {}",
                path.display(),
                case["name"]
            );
        }
        Self { catalog, serves, cases }
    }

    /// What failed, in words.
    pub(crate) async fn run(&self, portal: &TestPortal, files: Option<String>) -> Vec<String> {
        let mut saved: Saved = files.into_iter().map(|address| ("files".to_owned(), address)).collect();
        let mut failures = Vec::new();
        for case in &self.cases {
            let answer = send(portal, case, &saved).await;
            let mut problems = check(case, &answer, &saved);
            for (name, pointer) in entries(&case["save"]) {
                let pointer = pointer.as_str().unwrap();
                match text_at(&answer, pointer) {
                    Some(text) => drop(saved.insert(name.clone(), text)),
                    None => problems.push(format!("nothing to save at {pointer}")),
                }
            }
            if !problems.is_empty() {
                let body: String = answer.text().chars().take(600).collect();
                failures.push(format!(
                    "- {}: {}\n  {} {body}",
                    case["name"],
                    problems.join("; "),
                    answer.status
                ));
            }
        }
        failures
    }
}

fn entries(map: &Value) -> impl Iterator<Item = (&String, &Value)> {
    map.as_object().into_iter().flatten()
}

async fn send(portal: &TestPortal, case: &Value, saved: &Saved) -> Answer {
    let request = case["request"].as_str().unwrap();
    let (method, path) = request.split_once(' ').unwrap();
    // A saved path is used as it is, anything else becomes part of one.
    let path = match path.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
        Some(name) => saved[name].clone(),
        None => fill(path, saved, percent_encoded),
    };
    let mut request = http::Request::builder().method(method).uri(format!("/api/catalog{path}"));
    for (name, value) in entries(&case["headers"]) {
        request = request.header(name, fill(value.as_str().unwrap(), saved, str::to_owned));
    }
    let body = match (&case["json"], &case["text"]) {
        (Value::Null, text) => text.as_str().unwrap_or_default().to_owned(),
        (json, _) => {
            request = request.header("content-type", "application/json");
            fill(&json.to_string(), saved, str::to_owned)
        }
    };
    if case["anonymous"] != true {
        request = request.header("authorization", format!("Bearer {}", portal.token()));
    }
    portal.send(request.body(body.into()).unwrap()).await
}

/// Puts saved texts in for `{name}`.
fn fill(text: &str, saved: &Saved, encode: impl Fn(&str) -> String) -> String {
    saved
        .iter()
        .fold(text.to_owned(), |text, (name, value)| text.replace(&format!("{{{name}}}"), &encode(value)))
}

fn percent_encoded(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// The text at a JSON pointer, or of a header; of a link its address.
fn text_at(answer: &Answer, place: &str) -> Option<String> {
    let Some(header) = place.strip_prefix("header:") else {
        return answer.json().pointer(place).and_then(Value::as_str).map(str::to_owned);
    };
    let value = answer.headers.get(header)?.to_str().ok()?;
    let address = value.strip_prefix('<').and_then(|rest| rest.split_once('>'));
    Some(address.map_or(value, |(address, _)| address).to_owned())
}

fn check(case: &Value, answer: &Answer, saved: &Saved) -> Vec<String> {
    let mut problems = Vec::new();
    let mut expect = |what: &str, found: &Value, expected: &Value| {
        if found != expected {
            problems.push(format!("{what} is {found}, not {expected}"));
        }
    };
    let body = answer.json();
    expect("status", &answer.status.into(), case.get("status").unwrap_or(&200.into()));
    if case["empty"] == true {
        expect("the body's length", &answer.body.len().into(), &0.into());
    }
    if let Some(refs) = case.get("refs") {
        expect("refs", &refs_of(&body), refs);
    }
    let filled =
        |value: &Value| serde_json::from_str(&fill(&value.to_string(), saved, str::to_owned)).unwrap();
    if let Some(expected) = case.get("body") {
        expect("the body", &body, &filled(expected));
    }
    for (pointer, expected) in entries(&case["at"]) {
        expect(pointer, body.pointer(pointer).unwrap_or(&Value::Null), &filled(expected));
    }
    for pointer in case["absent"].as_array().into_iter().flatten() {
        let pointer = pointer.as_str().unwrap();
        expect(pointer, body.pointer(pointer).unwrap_or(&Value::Null), &Value::Null);
    }
    for (name, expected) in entries(&case["answers"]) {
        let found = answer.headers.get(name).and_then(|value| value.to_str().ok());
        expect(name, &found.map_or(Value::Null, Into::into), expected);
    }
    if let Some(error) = case.get("error") {
        expect("error.name", &body["error"]["name"], &error["name"]);
        let message = body["error"]["message"].as_str().unwrap_or_default();
        if let Some(expected) = error["message"].as_str() {
            expect("error.message", &message.into(), &fill(expected, saved, str::to_owned).into());
        }
        if let Some(start) = error["starts"].as_str() {
            expect("the start of error.message", &message.starts_with(start).into(), &true.into());
        }
    }
    problems
}

/// The references of a list, a page or a single entity.
fn refs_of(body: &Value) -> Value {
    let items = body.get("items").unwrap_or(body).as_array().cloned().unwrap_or_default();
    let reference = |entity: &Value| {
        let part = |value: &Value| value.as_str().unwrap_or("?").to_lowercase();
        let metadata = &entity["metadata"];
        match entity {
            Value::Null => Value::Null,
            _ => format!(
                "{}:{}/{}",
                part(&entity["kind"]),
                part(&metadata["namespace"]),
                part(&metadata["name"])
            )
            .into(),
        }
    };
    items.iter().map(reference).collect()
}
