//! The endpoint tables of the compatibility pages: made from data, and held to it, to the routes and to the cases.
//!
//! `tests/compat/{port,backstage}/endpoints.yaml` is the data. With `STAGEDOOR_WRITE` set, as by `make openapi`, the
//! pages are written; otherwise a page that is not what the data says fails.

mod cases;
mod table;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use stagedoor_testkit::TestPortal;

use cases::Cases;
use table::{Dialect, Row, State};

const PORT: Dialect =
    Dialect { name: "port", document: "port.json", prefix: "", mount: "/v1", cases: "steps" };
const BACKSTAGE: Dialect = Dialect {
    name: "backstage",
    document: "backstage.json",
    prefix: "/api/catalog",
    mount: "/api/catalog",
    cases: "cases",
};

fn assert_none(what: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{what}:\n  {}", breaches.join("\n  "));
}

#[test]
fn pages_are_current() {
    let mut stale = Vec::new();
    for dialect in [PORT, BACKSTAGE] {
        let path = dialect.page();
        let page = fs::read_to_string(&path).unwrap();
        let current = table::with_table(&page, &dialect, &dialect.groups());
        if page == current {
            continue;
        }
        if std::env::var_os("STAGEDOOR_WRITE").is_some() {
            fs::write(&path, current).unwrap();
        } else {
            stale.push(format!("docs/reference/compat-{}.md: run `make openapi`", dialect.name));
        }
    }
    assert_none("stale", &stale);
}

#[test]
fn every_route_has_one_row() {
    let mut breaches = Vec::new();
    for dialect in [PORT, BACKSTAGE] {
        let mut rows = BTreeSet::new();
        for row in dialect.rows() {
            if !rows.insert((row.method.clone(), table::shape(&row.path))) {
                breaches.push(format!("{}: {} {} has two rows", dialect.name, row.method, row.path));
            }
        }
        for (method, path) in dialect.operations() {
            if !rows.contains(&(method.clone(), table::shape(&path))) {
                breaches.push(format!("{}: {method} {path} has no row", dialect.name));
            }
        }
    }
    assert_none("routes and rows", &breaches);
}

#[test]
fn every_row_that_is_there_names_cases_that_ask_for_it() {
    let mut breaches = Vec::new();
    for dialect in [PORT, BACKSTAGE] {
        let cases = Cases::read(&dialect);
        let rows = dialect.rows();
        for row in rows.iter().filter(|row| row.state != State::NotYet) {
            let mut asked = false;
            for name in &row.cases {
                match cases.asks(name, row, &rows) {
                    Some(this) => asked |= this,
                    None => breaches.push(format!("{} {}: no case {name:?}", row.method, row.path)),
                }
            }
            if !asked {
                breaches.push(format!("{} {}: none of its cases asks for it", row.method, row.path));
            }
        }
    }
    assert_none("cases", &breaches);
}

/// Whether the router knows this method and path, whatever it answers.
async fn routed(portal: &TestPortal, dialect: &Dialect, row: &Row) -> bool {
    let path: Vec<&str> =
        row.path.split('/').map(|part| if part.starts_with('{') { "x" } else { part }).collect();
    let path = path.join("/");
    // Another plugin's path is written in full.
    let path = if path.starts_with("/api/") { path } else { format!("{}{path}", dialect.mount) };
    let answer = portal.request(&row.method, &path, None).await;
    let unknown = match dialect.name {
        "port" => answer.json()["message"].as_str().is_some_and(|text| text.starts_with("Route ")),
        _ => answer.body.is_empty(),
    };
    !(answer.status == 404 && unknown)
}

#[tokio::test]
async fn rows_say_what_is_routed() {
    let portal = TestPortal::new().await;
    let mut breaches = Vec::new();
    for dialect in [PORT, BACKSTAGE] {
        let rows = dialect.rows();
        for row in &rows {
            // `/webhooks/metadata` is also what asks for the webhook of that name.
            let other = |o: &&Row| o.state != State::NotYet && o.method == row.method && o.fits(&row.path);
            let hidden = row.state == State::NotYet && rows.iter().any(|o| other(&o));
            if hidden || !row.path.starts_with('/') {
                continue;
            }
            if routed(&portal, &dialect, row).await == (row.state == State::NotYet) {
                let say = if row.state == State::NotYet { "is routed" } else { "is not routed" };
                let state = row.state.words();
                breaches.push(format!("{}: {} {} {say} ({state})", dialect.name, row.method, row.path));
            }
        }
    }
    assert_none("rows and routes", &breaches);
}

#[test]
fn a_path_is_that_of_the_plainest_row() {
    let row = |endpoint: &str| Row::of(&serde_json::json!({ "endpoint": endpoint, "state": "same" }));
    let (one, search) =
        (row("POST /blueprints/{b}/entities/{e}"), row("POST /blueprints/{b}/entities/search"));
    let rows = [one, search];
    let asked = |path: &str| rows.iter().map(|r| cases::is_for(r, &rows, "POST", path)).collect::<Vec<_>>();
    assert_eq!(asked("/blueprints/a/entities/x?y=/z"), [true, false]);
    assert_eq!(asked("/blueprints/a/entities/search/"), [false, true]);
    assert_eq!(asked("/blueprints/a/entities"), [false, false]);
    let page = "a\n<!-- endpoints -->\nold\n<!-- end of endpoints -->\nb\n";
    let made = table::with_table(page, &PORT, &[("G".into(), Vec::new())]);
    assert!(made.starts_with("a\n<!-- endpoints -->\n") && made.ends_with("<!-- end of endpoints -->\nb\n"));
    assert!(!made.contains("old"), "{made}");
}

impl Dialect {
    /// The operations that the API description has, by method and path under the mount.
    fn operations(&self) -> Vec<(String, String)> {
        let documents = stagedoor_server::openapi().unwrap();
        let (_, text) = documents.iter().find(|(name, _)| *name == self.document).unwrap();
        let document: Value = serde_json::from_str(text).unwrap();
        let mut found = Vec::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            let path = path.strip_prefix(self.prefix).unwrap_or(path);
            found.extend(
                methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.to_owned())),
            );
        }
        found
    }
}
