//! Runs the request and response cases of `tests/compat/backstage`, and what cannot be said as one.
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod case;
mod files;
mod limits;
mod locations;
mod outside;
mod scaffolder;
mod scaffolder_attacks;
mod scaffolder_calls;
mod scaffolder_steps;
mod unprocessed;
mod visibility;
mod walks;
mod yaml;

use std::fs;
use std::path::PathBuf;

use stagedoor_testkit::TestPortal;

use crate::case::File;
use crate::files::Files;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/compat/backstage")
}

/// Runs one file on a portal of its own and tells every case that fails.
async fn run(name: &str) {
    let file = File::read(&folder().join(name));
    let portal = TestPortal::new().await;
    let stored = portal.documents(&fs::read_to_string(folder().join(&file.catalog)).unwrap()).await;
    assert_eq!(stored.status, 200, "{}", stored.text());
    let files = match &file.serves {
        Some(served) => Some(Files::of_folder(&folder().join(served)).serve().await),
        None => None,
    };
    let failures = file.run(&portal, files).await;
    assert!(failures.is_empty(), "{name}:\n{}", failures.join("\n"));
}

macro_rules! files {
    ($($test:ident: $name:literal,)*) => {
        const FILES: &[&str] = &[$($name),*];
        $(#[tokio::test]
        async fn $test() {
            run($name).await;
        })*
    };
}

files! {
    by_query: "by-query.yaml",
    by_refs: "by-refs.yaml",
    checks: "checks.yaml",
    conditions: "conditions.yaml",
    cursors: "cursors.yaml",
    entities: "entities.yaml",
    facets: "facets.yaml",
    fields: "fields.yaml",
    filters: "filters.yaml",
    locations_and_trials: "locations.yaml",
    predicates: "predicates.yaml",
    refusals: "refusals.yaml",
    single: "single.yaml",
    sources: "sources.yaml",
}

#[test]
fn no_file_is_forgotten() {
    let names =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut found: Vec<String> = names
        // The table of endpoints names cases and has none.
        .filter(|name| name.ends_with(".yaml") && name != "endpoints.yaml")
        .collect();
    found.sort();
    assert_eq!(found, FILES);
}
