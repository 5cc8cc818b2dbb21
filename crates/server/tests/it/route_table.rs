//! Every route by every kind of caller: `tests/compat/rights.yaml` says what comes back.
//!
//! The routes are taken from the API descriptions and from the source of the routers, so that a new one without a
//! decision fails here.

pub(crate) mod callers;
mod file;
mod routes;
mod strangers;

use std::collections::BTreeSet;

use stagedoor_testkit::TestPortal;

use callers::{CALLERS, Callers};
use file::{Expected, Row, Table};
use routes::{Route, shape};

use crate::support::{Ask, assert_shape};

fn assert_none(what: &str, breaches: &[String]) {
    assert!(breaches.is_empty(), "{what}:\n  {}", breaches.join("\n  "));
}

#[tokio::test]
async fn every_route_has_a_decision() {
    let table = Table::read();
    let portal = TestPortal::new().await;
    let decided: BTreeSet<Route> = table.rows.iter().map(|row| row.route.clone()).collect();
    assert_eq!(decided.len(), table.rows.len(), "a route has one row");
    let there = routes::all(&portal).await;
    let missing: Vec<String> = there.difference(&decided).map(Route::to_string).collect();
    assert_none("routes without a decision in tests/compat/rights.yaml", &missing);
    let gone: Vec<String> = decided.difference(&there).map(Route::to_string).collect();
    assert_none("decisions about routes that are not there", &gone);
}

/// What answers everyone is few, and written down twice.
#[test]
fn the_public_list_is_short() {
    let table = Table::read();
    let public: Vec<String> =
        table.rows.iter().filter(|row| row.who == "everyone").map(|row| row.route.to_string()).collect();
    assert_eq!(public, routes::PUBLIC);
}

#[tokio::test]
async fn every_caller_gets_what_is_decided() {
    let table = Table::read();
    let portal = TestPortal::new().await;
    table.set_up(&portal).await;
    let callers = Callers::new(&portal).await;
    let mut breaches = Vec::new();
    for row in &table.rows {
        for caller in CALLERS {
            for (credential, headers) in callers.of(caller) {
                let outcome = walk(&portal, &table, row, caller, &headers).await;
                if let Err(wrong) = outcome {
                    breaches.push(format!("{} by {credential}: {wrong}", row.route));
                }
            }
        }
    }
    assert_none("not as tests/compat/rights.yaml says", &breaches);
}

/// One route by one caller.
async fn walk(
    portal: &TestPortal,
    table: &Table,
    row: &Row,
    caller: &str,
    headers: &[(&'static str, String)],
) -> Result<(), String> {
    let expected = table.expected(row, caller);
    if expected == Expected::Ok {
        for given in &row.given {
            let (method, path, body) = given.filled(table, caller);
            let answer = portal.request(&method, &path, body.as_ref()).await;
            if answer.status >= 300 {
                return Err(format!("given {method} {path}: {} {}", answer.status, answer.text()));
            }
        }
    }
    let (method, path, body) = row.asked.filled(table, caller);
    let before = portal.revision();
    let answer = callers::ask(portal, &method, &path, headers, body.as_ref()).await;
    let status = answer.status;
    let start: String = answer.text().chars().take(200).collect();
    match expected {
        Expected::Ok if row.ok.contains(&status) => Ok(()),
        Expected::Ok => Err(format!("{method} {path}: {status} instead of {:?}: {start}", row.ok)),
        Expected::Status(refused) if refused != status => {
            Err(format!("{method} {path}: {status} instead of {refused}: {start}"))
        }
        Expected::Status(refused) => {
            if path.starts_with("/v1/") || path.starts_with("/api/") {
                assert_shape(&path, refused, &answer);
            }
            if portal.revision() == before {
                Ok(())
            } else {
                Err("a refused request changed something".into())
            }
        }
    }
}

#[test]
fn routes_compare_without_the_names_of_parameters() {
    assert_eq!(shape("/v1/a/{b}/c/{*d}"), shape("/v1/a/{x}/c/{*y}/"));
    assert_ne!(shape("/v1/a/{b}"), shape("/v1/a/b"));
}
