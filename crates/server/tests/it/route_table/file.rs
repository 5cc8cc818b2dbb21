//! `tests/compat/rights.yaml`.

use std::collections::BTreeMap;

use serde_json::Value;
use stagedoor_testkit::TestPortal;

use super::routes::Route;

/// What a caller gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// One of the statuses of the row: it was let in.
    Ok,
    /// This refusal.
    Status(u16),
}

/// The whole file.
pub(super) struct Table {
    pub(super) rows: Vec<Row>,
    decisions: BTreeMap<String, BTreeMap<String, Expected>>,
    names: BTreeMap<String, String>,
    setup: Vec<Request>,
}

/// One route.
pub(super) struct Row {
    pub(super) route: Route,
    pub(super) who: String,
    but: BTreeMap<String, Expected>,
    /// Made by an administrator before each caller who is let in.
    pub(super) given: Vec<Request>,
    pub(super) asked: Request,
    pub(super) ok: Vec<u16>,
}

/// A request, with `{caller}` and parameters in it.
pub(super) struct Request {
    method: String,
    path: String,
    body: Option<Value>,
}

impl Table {
    pub(super) fn read() -> Self {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/compat/rights.yaml");
        let value = stagedoor_testkit::yaml(&std::fs::read_to_string(file).unwrap());
        let decisions = value["decisions"].as_object().unwrap().iter();
        let names = value["names"].as_object().unwrap().iter();
        Self {
            rows: value["routes"].as_array().unwrap().iter().flat_map(rows).collect(),
            decisions: decisions.map(|(name, by)| (name.clone(), statuses(by))).collect(),
            names: names.map(|(name, v)| (name.clone(), v.as_str().unwrap().to_owned())).collect(),
            setup: value["setup"].as_array().unwrap().iter().map(Request::of).collect(),
        }
    }

    pub(super) fn expected(&self, row: &Row, caller: &str) -> Expected {
        let decision = self.decisions.get(&row.who).unwrap_or_else(|| panic!("no decision {:?}", row.who));
        let by = |all: &BTreeMap<String, Expected>| all.get(caller).copied();
        by(&row.but)
            .or_else(|| by(decision))
            .unwrap_or_else(|| panic!("{} says nothing of {caller}", row.who))
    }

    /// Makes what the requests are about.
    pub(super) async fn set_up(&self, portal: &TestPortal) {
        for request in &self.setup {
            let (method, path, body) = request.filled(self, "nobody");
            let answer = portal.request(&method, &path, body.as_ref()).await;
            assert!(answer.status < 300, "{method} {path}: {}", answer.text());
        }
    }
}

fn statuses(value: &Value) -> BTreeMap<String, Expected> {
    let one = |(caller, status): (&String, &Value)| {
        let status = match status.as_u64() {
            Some(status) => Expected::Status(u16::try_from(status).unwrap()),
            None => Expected::Ok,
        };
        (caller.clone(), status)
    };
    value.as_object().map(|all| all.iter().map(one).collect()).unwrap_or_default()
}

/// A row is for one method, or for several as in `PUT|PATCH /path`.
fn rows(value: &Value) -> Vec<Row> {
    let (methods, path) = value["route"].as_str().unwrap().split_once(' ').unwrap();
    let ok = match &value["ok"] {
        Value::Null => vec![200],
        Value::Array(all) => all.iter().filter_map(status).collect(),
        one => status(one).into_iter().collect(),
    };
    let given = value["given"].as_array().map(Vec::as_slice).unwrap_or_default();
    let one = |method: &str| Row {
        route: Route { method: method.to_owned(), path: path.to_owned() },
        who: value["who"].as_str().unwrap_or_default().to_owned(),
        but: statuses(&value["but"]),
        given: given.iter().map(Request::of).collect(),
        asked: Request {
            method: method.to_owned(),
            path: value["at"].as_str().unwrap_or(path).to_owned(),
            body: value.get("body").cloned(),
        },
        ok: ok.clone(),
    };
    methods.split('|').map(one).collect()
}

fn status(value: &Value) -> Option<u16> {
    value.as_u64().and_then(|status| u16::try_from(status).ok())
}

impl Request {
    fn of(value: &Value) -> Self {
        let (method, path) = value["ask"].as_str().unwrap().split_once(' ').unwrap();
        Self { method: method.to_owned(), path: path.to_owned(), body: value.get("body").cloned() }
    }

    /// The same request about something else: `path` in the place of its own.
    pub(super) fn about(&self, path: &str) -> (String, String, Option<Value>) {
        (self.method.clone(), path.to_owned(), self.body.clone())
    }

    /// Method, path and body for one caller.
    pub(super) fn filled(&self, table: &Table, caller: &str) -> (String, String, Option<Value>) {
        let mut path = self.path.replace("{caller}", caller);
        for (name, value) in &table.names {
            path = path.replace(&format!("{{{name}}}"), value).replace(&format!("{{*{name}}}"), value);
        }
        assert!(!path.contains('{'), "a name is missing for {path}");
        let body = self
            .body
            .as_ref()
            .map(|body| serde_json::from_str(&body.to_string().replace("{caller}", caller)).unwrap());
        (self.method.clone(), path, body)
    }
}
